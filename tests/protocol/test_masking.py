"""What is masked by its name, by its look, and what stays."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.crash import frames, told_error
from l402tui.protocol.masking import (
    MASK,
    is_secret_name,
    masked_fields,
    masked_header,
    masked_text,
    masked_url,
    shown_url,
)
from l402tui.protocol.url import Url

HEX = "00112233445566778899aabbccddeeff" * 2
KEY = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "Proxy-Authorization",
        "Cookie",
        "Set-Cookie",
        "X-Api-Key",
        "api_key",
        "apiKey",
        "API-KEY",
        "X-Auth-Token",
        "access_token",
        "Macaroon",
        "Grpc-Metadata-Macaroon",
        "X-Payment",
        "X-Cashu",
        "Mcp-Session-Id",
        "X-Amz-Signature",
        "client_secret",
        "privateKey",
        "password",
        "payment_preimage",
        "X-Csrf-Token",
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)
    assert masked_header(name.encode(), b"value") == MASK.encode()
    assert masked_fields(f'{{"{name}": "value", "city": "Oslo"}}') == (
        f'{{"{name}": {MASK}, "city": "Oslo"}}'
    )


@pytest.mark.parametrize(
    "name",
    [
        "Idempotency-Key",
        "WWW-Authenticate",
        "Content-Type",
        "payment_hash",
        "preimage_hash",
        "Sec-WebSocket-Key",
        "Host",
        "author",
        "ETag",
        "public_key",
        "token_type",
        "Access-Control-Allow-Headers",
    ],
)
def test_names_of_other_things(name: str) -> None:
    assert not is_secret_name(name)
    assert masked_header(name.encode(), b"value") == b"value"


def test_the_scheme_of_an_authorization_stays() -> None:
    assert masked_header(b"Authorization", b"Bearer abc") == b"Bearer (secret)"
    assert masked_header(b"authorization", b"abc") == b"(secret)"
    assert masked_header(b"Proxy-Authorization", b"Basic a b") == b"Basic (secret)"


def test_what_a_server_asks_for_is_no_secret() -> None:
    assert masked_header(b"Token", b"abc", received=True) == b"abc"
    assert masked_header(b"Token", b"abc") == b"(secret)"


def test_an_address_in_a_header() -> None:
    assert masked_header(b"Location", b"/a?token=abc&b=1") == b"/a?token=(secret)&b=1"
    assert masked_header(b"Referer", b"https://me:pw@host/") == b"https://(secret)@host/"


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://a/b?city=Oslo", "https://a/b?city=Oslo"),
        ("https://a/b?api_key=x&city=Oslo", "https://a/b?api_key=(secret)&city=Oslo"),
        ("https://a/b?c=1;sig=abcdef#x", "https://a/b?c=1;sig=(secret)#x"),
        (f"https://a/b?q={KEY}", "https://a/b?q=(secret)"),
        ("https://a/b?id=123e4567-e89b-12d3-a456-426614174000",) * 2,
        ("https://a/b?key=1",) * 2,
        ("https://a/b?key=abcdefgh", "https://a/b?key=(secret)"),
        ("https://a/?token=%41%42", "https://a/?token=(secret)"),
        (f"https://a/preimage={HEX}", "(secret)"),
    ],
)
def test_an_address(url: str, masked: str) -> None:
    assert masked_url(url) == masked
    if "#" not in url:
        assert shown_url(Url.parse(url)).text == masked
        assert repr(Url.parse(url)) == f"<Url {masked}>"
        assert str(Url.parse(url)) == url  # the way out needs all of it


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"it is {HEX}", "it is (secret)"),
        (f"payment hash: {HEX}",) * 2,
        (f"key {KEY} does not work", "key (secret) does not work"),
        ("Authorization: Bearer a b c\nHost: x", "Authorization: (secret)\nHost: x"),
        ("headers [('Cookie', 'a=b'), ('Host', 'x')]",
         "headers [('Cookie', (secret)), ('Host', 'x')]"),
        ("{'password': 'p', 'n': 1}", "{'password': (secret), 'n': 1}"),
        ("password=p and more", "password=(secret) and more"),
        ("got b'0123456789abcdef'", "got (bytes)"),
        ("token: 160 bytes, 2 caveats",) * 2,
        ("[Errno 2] No such file: '/usr/lib/python3.11/site-packages/thing/file.py'",) * 2,
        ("pay lnbcrt100n1" + "q" * 200, "pay lnbcrt100n1q…qqqqqq"),
        ("nostr+walletconnect://ab?secret=cd", "(secret)"),
        ("The preimage is right: 10 sat were paid.",) * 2,
    ],
)  # fmt: skip
def test_a_sentence(text: str, masked: str) -> None:
    assert masked_text(text) == masked


@given(st.binary(min_size=24, max_size=64), st.sampled_from(["hex", "url", "repr"]))
def test_nothing_random_stays(raw: bytes, form: str) -> None:
    raw = secrets.token_bytes(len(raw))
    word = {"hex": raw.hex(), "url": _text(raw), "repr": repr(raw)}[form]
    assert word not in masked_text(f"it has said {word} just now")


def _text(raw: bytes) -> str:
    return secrets.token_urlsafe(len(raw))


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    masked_text(text)
    masked_fields(text)
    masked_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "ab:", "b'", "a", "token:'", "A1", "?a=b&", "\\x41", "auth: ", " ", "://",
    ],
    ids=lambda text: text[:8],
)  # fmt: skip
def test_long_texts_take_no_longer_than_their_length(text: str) -> None:
    masked_text(text)  # seconds or minutes where the time is not linear


def test_an_exception_is_told_without_secrets_and_without_values() -> None:
    local = "a variable"
    try:
        try:
            raise KeyError(f"token={KEY}")
        except KeyError as error:
            raise ValueError(f"\x1b[31m {HEX}") from error
    except ValueError as error:
        told = told_error(error).text
        lines = [line.text for line in frames(error)]
    assert told.startswith("ValueError in test_an_exception_is_told_without")
    assert told.endswith("of protocol/test_masking.py: \\x1b[31m (secret)")
    assert any(line.startswith("KeyError in ") for line in lines)
    everything = "\n".join(lines)
    assert local not in everything
    assert KEY not in everything
    assert HEX not in everything


def test_an_exception_that_cannot_be_told() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert told_error(Mute()).text == "Mute"
