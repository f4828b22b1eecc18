"""Are the messages in what curl prints read as they were sent?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.errors import DecodeError
from l402tui.protocol.http_text import (
    MAX_HEADERS,
    MAX_MESSAGES,
    HttpMessage,
    has_http,
    read_http,
)
from tests.protocol.tokens import INVOICE, TOKEN

BILL = f'L402 macaroon="{TOKEN.text}", invoice="{INVOICE}"'.encode()


def only(raw: bytes) -> HttpMessage:
    (message,) = read_http(raw)
    return message


def lines_of(raw: bytes) -> list[bytes]:
    return [message.start_line for message in read_http(raw)]


# --- curl -i, and raw messages -------------------------------------------------------------------


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("version", [b"HTTP/1.1", b"HTTP/2", b"HTTP/3", b"HTTP/1.0"])
def test_one_response(version: bytes, end: bytes) -> None:
    head = [version + b" 402 ", b"content-type: text/plain", b"www-authenticate: " + BILL, b""]
    message = only(end.join(head) + end + b"payment required\n")
    assert message.start_line == version + b" 402"
    assert message.is_response
    assert message.headers == ((b"content-type", b"text/plain"), (b"www-authenticate", BILL))
    assert message.body == b"payment required\n"
    assert (message.start, message.line) == (0, 1)


def test_a_request_and_its_response() -> None:
    raw = b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na\nb\nHTTP/1.1 402 Pay\r\n\r\n"
    request, response = read_http(raw)
    assert (request.start_line, request.body) == (b"POST /x HTTP/1.1", b"a\nb\n")
    assert not request.is_response
    assert (response.start_line, response.body) == (b"HTTP/1.1 402 Pay", b"")
    assert raw[response.start : response.end] == b"HTTP/1.1 402 Pay\r\n\r\n"


def test_several_responses_in_a_row() -> None:
    raw = (
        b"HTTP/1.1 200 Connection established\r\n\r\n"
        b"HTTP/1.1 100 Continue\r\n\r\n"
        b"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n"
        b"HTTP/2 402 \r\nWWW-Authenticate: " + BILL + b"\r\n\r\npay\n"
    )
    messages = read_http(raw)
    assert [m.start_line.split()[1] for m in messages] == [b"200", b"100", b"302", b"402"]
    assert [m.body for m in messages] == [b"", b"", b"", b"pay\n"]
    assert [m.line for m in messages] == [1, 3, 5, 9]


def test_bodies_end_where_their_length_says() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 402 Pay\r\nA: b\r\n\r\nxyz"
    first, second = read_http(raw)
    assert (first.body, second.body) == (b"abc", b"xyz")


def test_a_length_that_does_not_fit_is_not_believed() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc\nHTTP/1.1 402 Pay\r\nA: b\r\n\r\n"
    assert [m.body for m in read_http(raw)] == [b"abc\n", b""]


def test_a_body_may_speak_of_http() -> None:
    raw = b"HTTP/1.1 200 OK\n\nThe answer is\nHTTP/1.1 402 Payment Required\nand no header.\n"
    assert only(raw).body.endswith(b"no header.\n")


def test_what_a_person_copies_along() -> None:
    raw = (
        b"# what the server says\n"
        b"$ curl -i \\\n   -H 'Accept: */*' \\\n   https://h/x\n"
        b"  % Total    % Received % Xferd  Average Speed\n"
        b"                                 Dload  Upload\n"
        b"\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0\n"
        b"HTTP/2 402 \nx: y\n\n"
    )
    message = only(raw)
    assert (message.start_line, message.headers) == (b"HTTP/2 402", ((b"x", b"y"),))
    assert message.line == 8


def test_a_folded_header_is_one_header() -> None:
    message = only(b"HTTP/1.1 402 Pay\nWWW-Authenticate: L402 a=b,\n  c=d\nX: y\n\n")
    assert message.headers == ((b"WWW-Authenticate", b"L402 a=b, c=d"), (b"X", b"y"))


def test_a_line_that_is_no_header_is_refused_with_its_place() -> None:
    raw = b"HTTP/1.1 402 Pay\nA: b\nnonsense\n\n"
    assert has_http(raw)
    with pytest.raises(DecodeError, match="line 3") as refused:
        read_http(raw)
    assert refused.value.offset == raw.index(b"nonsense")


def test_too_many_headers_are_refused() -> None:
    head = b"HTTP/1.1 402 Pay\n"
    assert len(only(head + b"a: b\n" * MAX_HEADERS).headers) == MAX_HEADERS
    for line in (b"a: b\n", b" folded\n"):
        with pytest.raises(DecodeError, match="header lines"):
            read_http(head + b"a: b\n" + line * MAX_HEADERS)


def test_so_many_messages_and_no_more() -> None:
    assert len(read_http(b"HTTP/1.1 402 Pay\n\n" * (MAX_MESSAGES + 9))) == MAX_MESSAGES


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"hello\nHTTP/1.1 402 Payment Required\nA: b\n\n",
        b"HTTP 402",
        b"HTTP/1.1 4022 x",
        b"Get /x HTTP/1.1",
        b"> HTTP/1.1 402 quoted in a mail\n> A: b\n",
    ],
)
def test_what_is_no_http(raw: bytes) -> None:
    assert not has_http(raw)
    with pytest.raises(DecodeError):
        read_http(raw)


# --- curl -v -------------------------------------------------------------------------------------

VERBOSE = b"""\
* Host h:443 was resolved.
*   Trying 127.0.0.1:443...
* TLSv1.3 (OUT), TLS handshake, Client hello (1):
} [1569 bytes data]
* [HTTP/2] [1] [authorization: L402 not-for-you]
> GET /x HTTP/2
> Host: h
> Accept: */*
>\x20
* Request completely sent off
< HTTP/2 402\x20
< content-type: text/plain
< www-authenticate: LSAT a="b"
* Added cookie x="y" for domain h
< www-authenticate: L402 a="b"
<\x20
{ [17 bytes data]
* a list item
payment required
* Connection #0 to host h left intact
"""


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_transcript(end: bytes) -> None:
    request, response = read_http(VERBOSE.replace(b"\n", end))
    assert request.start_line == b"GET /x HTTP/2"
    assert request.headers == ((b"Host", b"h"), (b"Accept", b"*/*"))
    assert request.body == b""
    assert request.line == 6
    assert response.start_line == b"HTTP/2 402"
    assert [value for name, value in response.headers if name == b"www-authenticate"] == [
        b'LSAT a="b"',
        b'L402 a="b"',
    ]
    assert response.body == b"* a list item\npayment required\n".replace(b"\n", end)


def test_curls_last_words_are_no_body() -> None:
    raw = b"< HTTP/1.1 402 Pay\n< a: b\n<\n{}* Connection #12 to host h.example left intact\n"
    assert only(raw).body == b"{}"


def test_a_transcript_with_redirects() -> None:
    raw = (
        b"> GET / HTTP/1.1\n> Host: h\n>\n< HTTP/1.1 302 Found\n< Location: /x\n<\n"
        b"* Ignoring the response-body\n* Connection #0 to host h left intact\n"
        b"* Issue another request to this URL: 'http://h/x'\n"
        b"> GET /x HTTP/1.1\n> Host: h\n>\n< HTTP/1.1 402 Pay\n<\npay\n"
    )
    assert lines_of(raw) == [
        b"GET / HTTP/1.1",
        b"HTTP/1.1 302 Found",
        b"GET /x HTTP/1.1",
        b"HTTP/1.1 402 Pay",
    ]
    assert [m.body for m in read_http(raw)] == [b"", b"", b"", b"pay\n"]


def test_heads_that_curl_prints_twice() -> None:
    raw = (
        b"< HTTP/1.1 402 Pay\r\nHTTP/1.1 402 Pay\r\n< A: b\r\nA: b\r\n< \r\n\r\npay\n"
        b"* Connection #0 to host h left intact\n"
    )
    message = only(raw)
    assert message.headers == ((b"A", b"b"),)
    assert message.body == b"pay\n"


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 402 Pay\r\nA: b\r\n\r\n"])
def test_both_outputs_in_one_file(head: bytes) -> None:
    raw = (
        b"< HTTP/1.1 402 Pay\r\n< A: b\r\n< \r\n{ [4 bytes data]\n"
        b"* Connection #0 to host h left intact\n" + head + b"pay\n"
    )
    message = only(raw)
    assert (message.headers, message.body) == (((b"A", b"b"),), b"pay\n")


# --- grpcurl -v ----------------------------------------------------------------------------------

GRPC = b"""\
Resolved method descriptor:
rpc Get ( .a.Request ) returns ( .a.Response );

Request metadata to send:
(empty)

Response headers received:
content-type: application/grpc

Response trailers received:
www-authenticate: LSAT a="b"
www-authenticate: L402 a="b"
Sent 1 request and received 0 responses
ERROR:
  Code: Internal
  Message: payment required
"""


def test_what_grpcurl_prints() -> None:
    message = only(GRPC)
    assert message.start_line == b"HTTP/2 200"
    assert message.headers == (
        (b"content-type", b"application/grpc"),
        (b"www-authenticate", b'LSAT a="b"'),
        (b"www-authenticate", b'L402 a="b"'),
        (b"grpc-status", b"13"),
        (b"grpc-message", b"payment required"),
    )


def test_what_may_be_something_else_is_refused() -> None:
    with pytest.raises(DecodeError, match="grpcurl"):
        read_http(GRPC.replace(b"application/grpc", b"text/plain"))


# --- anything ------------------------------------------------------------------------------------

_PIECES = [
    b"HTTP/1.1 402 Pay\r\n", b"GET / HTTP/1.1\n", b"< HTTP/2 402\n", b"> GET / HTTP/1.1\n", b"\n",
    b"\r\n", b"a: b\n", b"< a: b\n", b"<\n", b"> \n", b"* x\n", b"Content-Length: 3\n", b"abc",
    b"Response headers received:\n", b"Response trailers received:\n", b"ERROR:\n", b" folded\n",
    b"content-type: application/grpc\n", b"$ curl\n",
]  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES) | st.binary(max_size=12), max_size=30).map(b"".join))
def test_any_text(raw: bytes) -> None:
    try:
        messages = read_http(raw)
    except DecodeError:
        return
    assert has_http(raw)
    assert len(messages) <= MAX_MESSAGES
    ends = [0]
    for message in messages:
        assert ends[-1] <= message.start <= message.end <= len(raw)
        assert message.start_line in raw
        assert message.body in raw[message.start : message.end]
        ends.append(message.end)


@given(
    st.sampled_from([b"HTTP/1.1 402 Pay", b"GET /x HTTP/1.1"]),
    st.lists(
        st.tuples(
            st.from_regex(rb"[A-Za-z][A-Za-z-]{0,9}", fullmatch=True),
            st.from_regex(rb"(?:[!-~](?:[ -~]{0,20}[!-~])?)?", fullmatch=True),
        ).filter(lambda pair: pair[0].lower() != b"content-length"),
        max_size=5,
    ),
    st.binary(max_size=40).filter(lambda body: b"HTTP/" not in body and bool(body.strip(b"\r\n"))),
)
def test_what_is_written_is_read(
    line: bytes, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    raw = b"\r\n".join([line, *(n + b": " + v for n, v in headers)]) + b"\r\n\r\n" + body
    message = only(raw)
    assert (message.start_line, message.headers, message.body) == (line, tuple(headers), body)
