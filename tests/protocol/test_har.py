"""Are the exchanges of a recording that have to do with payment given, and only those?"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.errors import DecodeError
from l402tui.protocol.har import MAX_BODY, MAX_CHOSEN, MAX_HAR, is_har, read_har
from tests.protocol.tokens import INVOICE, PREIMAGE, TOKEN

BILL = f'L402 macaroon="{TOKEN.text}", invoice="{INVOICE}"'


def headers(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def exchange(
    status: int = 200,
    asked: list[dict[str, str]] | None = None,
    answered: list[dict[str, str]] | None = None,
    content: dict[str, Any] | None = None,
    **request: Any,
) -> dict[str, Any]:
    """One entry of a recording."""
    return {
        "startedDateTime": "2026-01-01T00:00:00.000Z",
        "time": 1,
        "request": {
            "method": "GET",
            "url": "https://h.example/x?y=1",
            "httpVersion": "HTTP/2.0",
            "cookies": [],
            "headers": asked or [],
            **request,
        },
        "response": {
            "status": status,
            "statusText": "",
            "httpVersion": "h2",
            "headers": answered or [],
            "content": content or {"size": 0, "mimeType": ""},
        },
    }


def har(*entries: Any) -> bytes:
    """A recording of them."""
    return json.dumps({"log": {"version": "1.2", "entries": list(entries)}}).encode()


def test_only_what_has_to_do_with_payment() -> None:
    found = read_har(
        har(
            exchange(),
            exchange(402, answered=headers(("WWW-Authenticate", BILL))),
            exchange(404, answered=headers(("www-authenticate", 'Basic realm="x"'))),
            exchange(401),
            exchange(asked=headers(("authorization", f"L402 {TOKEN.text}:{PREIMAGE.hex()}"))),
            exchange(asked=headers(("Grpc-Metadata-Macaroon", "0201"))),
            exchange(asked=headers(("Authorization", "Bearer x"))),
            exchange(content={"text": json.dumps({"pay": INVOICE})}),
        )
    )
    assert (found.total, found.chosen, found.telling) == (8, 5, True)
    assert [m.path for m in found.messages[::2]] == [
        f"log.entries[{number}].request" for number in (1, 3, 4, 5, 7)
    ]


def test_messages_as_they_went_over_the_wire() -> None:
    posted = {"mimeType": "application/json", "text": '{"a": 1}'}
    entry = exchange(
        402,
        headers((":authority", "h.example"), ("content-type", "application/json")),
        headers(
            ("www-authenticate", f"{BILL.replace('L402', 'LSAT')}\n{BILL}"),
            ("x", "é"),
            ("a b", "c"),
        ),
        {"text": b64encode(b"\x00\xffpay").decode(), "encoding": "base64"},
        method="POST",
        postData=posted,
    )
    entry["response"]["statusText"] = "Payment\r\nRequired"
    request, response = read_har(har(entry)).messages
    assert request.start_line == b"POST https://h.example/x?y=1 HTTP/2"
    assert request.headers == ((b"content-type", b"application/json"),)
    assert request.body == b'{"a": 1}'
    assert response.start_line == b"HTTP/2 402 Payment Required"
    assert response.path == "log.entries[0].response"
    assert response.headers == (
        (b"www-authenticate", BILL.replace("L402", "LSAT").encode()),
        (b"www-authenticate", BILL.encode()),
        (b"x", "é".encode()),
    )
    assert response.body == b"\x00\xffpay"


@pytest.mark.parametrize(
    ("said", "version"),
    [("HTTP/1.0", b"HTTP/1.0"), ("http/1.1", b"HTTP/1.1"), ("h3", b"HTTP/3"), ("", b"HTTP/1.1")],
)
def test_versions(said: str, version: bytes) -> None:
    entry = exchange(402)
    entry["response"]["httpVersion"] = said
    assert read_har(har(entry)).messages[1].start_line == version + b" 402"


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        ({"text": "!", "encoding": "base64"}, "base64"),
        ({"text": "x", "encoding": "gzip"}, "encoding"),
        ({"text": "x" * (MAX_BODY + 1)}, "262,145 bytes"),
    ],
)
def test_a_body_that_is_not_here(content: dict[str, str], trouble: str) -> None:
    response = read_har(har(exchange(402, content=content))).messages[1]
    assert response.body == b""
    assert trouble in response.trouble


def test_where_nothing_tells_all_are_given() -> None:
    found = read_har(har(exchange(), exchange(500)))
    assert (found.chosen, found.telling, len(found.messages)) == (2, False, 4)


def test_so_many_and_no_more() -> None:
    found = read_har(har(*[exchange(402)] * (MAX_CHOSEN + 5)))
    assert (found.chosen, len(found.messages)) == (MAX_CHOSEN + 5, 2 * MAX_CHOSEN)


def test_what_a_recording_lacks_is_left_out() -> None:
    entry = exchange(402)
    del entry["request"]
    found = read_har(har(entry, None, {}, {"response": 7}, {"request": {"headers": [3]}}))
    assert [m.path for m in found.messages] == ["log.entries[0].response"]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"{", "no JSON"),
        (b"\xff", "UTF-8"),
        (b'{"log": {"entries": [NaN]}}', "NaN"),
        (b'{"log": {"entries": [], "entries": []}}', "same name twice"),
        (b'{"log": {"entries": ' + b"[" * 100_000, "nested"),
        (b'{"log": {"entries": [' + b"1" * 5_000 + b"]}}", "too long"),
        (b'{"log": {"entries": {}}}', "log.entries"),
        (b'{"log": 1}', "log.entries"),
        (b"[]", "log.entries"),
        (b" " * (MAX_HAR + 1), "16 MiB"),
    ],
)
def test_what_is_no_recording(raw: bytes, why: str) -> None:
    with pytest.raises(DecodeError, match=why):
        read_har(raw)


def test_a_recording_of_nothing_but_brackets_is_refused_before_it_is_parsed() -> None:
    entries = b",".join([b"[]"] * 2_000_001)
    with pytest.raises(DecodeError, match="far too many parts"):
        read_har(b'{"log":{"entries":[' + entries + b"]}}")


def test_how_a_recording_begins() -> None:
    assert is_har(har())
    assert is_har(b'\xef\xbb\xbf\r\n{ "log" :\t{')
    assert not is_har(b'{"invoice": "x", "log": {}}')
    assert not is_har(b'{"log": []}')


_NAMES = (*exchange(), *exchange()["response"], *exchange(postData="")["request"], "name", "value")
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.just(BILL),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_NAMES),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(st.lists(_ANY, max_size=4))
def test_any_entries(entries: list[Any]) -> None:
    found = read_har(har(*entries))
    assert found.total == len(entries)
    for message in found.messages:
        assert b"\n" not in message.start_line
        assert not any(b"\n" in name + value for name, value in message.headers)


@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode()))
def test_any_bytes(raw: bytes) -> None:
    with pytest.raises(DecodeError) as refused:
        read_har(b'{"log": {' + raw)
    assert str(refused.value).isprintable()
