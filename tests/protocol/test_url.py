"""An address leads where it says, or is not opened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.url import Url, UrlError


@pytest.mark.parametrize(
    ("text", "origin", "target"),
    [
        ("https://Example.COM", "https://example.com", "/"),
        ("https://example.com.:443/a?b=c#d", "https://example.com", "/a?b=c"),
        ("http://example.com:443/", "http://example.com:443", "/"),
        ("http://127.0.0.1:8402/weather?city=Oslo", "http://127.0.0.1:8402", "/weather?city=Oslo"),
        ("http://[::1]:80/", "http://[::1]", "/"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example", "/%C3%A4"),
        ("https://example.com/a%2Fb", "https://example.com", "/a%2Fb"),
    ],
)
def test_one_way_to_write_it(text: str, origin: str, target: str) -> None:
    url = Url.parse(text)
    assert (url.origin, url.target) == (origin, target)


@pytest.mark.parametrize(
    "text",
    [
        "example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://good.example@evil.example/",
        "https://user:pass@good.example/",
        "https://exa mple.com/",
        "https://example.com/%00",
        "https://example.com\\@evil.example/",
        "https://example.com/\x1b[2J",
        "https://example.com/\u00a0",
        "https://example.com/\udc83",
        "https:///path",
        "https://example.com:99999/",
        "https://[::1%25eth0]/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://127.1/",
        "https://-bad-.example/",
        "https://" + "a" * 300 + "/",
        "https://example.com/" + "a" * 9000,
    ],
)
def test_not_opened(text: str) -> None:
    with pytest.raises(UrlError):
        Url.parse(text)


@pytest.mark.parametrize(
    ("text", "loopback", "encrypted"),
    [
        ("http://127.9.9.9/", True, False),
        ("http://localhost/", True, False),
        ("http://[::1]/", True, False),
        ("http://[::ffff:127.0.0.1]/", True, False),
        ("http://10.0.0.1/", False, False),
        ("https://example.com/", False, True),
        ("http://abc.onion/", False, False),
        ("http://x.localhost/", False, False),
        ("http://localhost.example.com/", False, False),
    ],
)
def test_where_it_leads(text: str, loopback: bool, encrypted: bool) -> None:
    url = Url.parse(text)
    assert (url.loopback, url.encrypted) == (loopback, encrypted)


def test_letters_of_other_scripts_are_told() -> None:
    url = Url.parse("https://ex\u0430mple.com/")  # a Cyrillic a
    assert url.host.startswith("xn--")
    assert url.unicode_host == "ex\u0430mple.com"
    assert Url.parse("https://example.com/").unicode_host is None


def test_locations() -> None:
    here = Url.parse("https://example.com/a/b?c")
    assert str(here.join("/x")) == "https://example.com/x"
    assert str(here.join("d")) == "https://example.com/a/d"
    assert str(here.join("//other.example/x")) == "https://other.example/x"
    for bad in ("file:///x", "https://a@b/", "\x00", "http://[::1"):
        with pytest.raises(UrlError):
            here.join(bad)


@given(st.text(max_size=60))
def test_nothing_but_an_address_or_a_reason(text: str) -> None:
    try:
        url = Url.parse("http://" + text)
    except UrlError:
        return
    assert Url.parse(str(url)) == url
    assert str(url).isascii()
