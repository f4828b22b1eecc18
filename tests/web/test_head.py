"""What is shown before sending is what leaves, byte for byte."""

from __future__ import annotations

import pytest

from l402tui import __version__
from l402tui.flow.events import Answered, Fault, Unreachable
from l402tui.flow.model import Request
from l402tui.protocol.secret import Secret
from l402tui.protocol.url import Url
from l402tui.web.transport import HttpTransport
from tests.web.raw_server import raw_server

CREDENTIAL = Secret("L402 dG9rZW4=:" + "ab" * 32)
Pairs = tuple[tuple[str, str], ...]


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "credential"),
    [
        ("GET", "/", (), b"", None),
        ("GET", "/weather?city=Oslo", (), b"", CREDENTIAL),
        ("GET", "/a/../b%2Fc/./d;x?y='%41'&z=[1]&&=", (), b"", None),
        ("GET", "/ä?ö=ü", (), b"", None),
        ("get", "/", (("x-Odd-CASE", "1"), ("X-Two", "b"), ("X-Two", "a")), b"", CREDENTIAL),
        ("POST", "/", (("Content-Type", "text/plain"),), b"some\r\nbody\0", CREDENTIAL),
        ("POST", "/", (), b"", None),
        ("PUT", "/", (("Authorization", "Bearer x"),), b"1", CREDENTIAL),
        ("GET", "/", (("USER-AGENT", "me"), ("accept", "text/*")), b"", None),
        ("GET", "/", (("X-Text", " grüße\t \udcff"),), b"", None),
        ("DELETE", "/", (("X-Empty", ""),), b"", None),
        ("OPTIONS", "/", (), b"with a body", None),
    ],
)
async def test_prepared_and_sent_are_the_same(
    transport: HttpTransport,
    method: str,
    path: str,
    headers: Pairs,
    body: bytes,
    credential: Secret | None,
) -> None:
    async with raw_server() as server:
        # Parsed, not joined: joining would already have resolved the dots.
        request = Request(Url.parse(server.url.origin + path), method, headers, body)
        shown = transport.prepare(request, credential).head
        assert isinstance(await transport.send(request, credential), Answered)
        assert server.heard == [shown + body]


def test_order_and_names() -> None:
    request = Request(
        Url.parse("https://Example.com:443/x?y"),
        headers=(("Accept", "text/plain"), ("X-One", "1"), ("X-two", "2")),
    )
    assert HttpTransport().prepare(request, CREDENTIAL).head.decode().split("\r\n") == [
        "GET /x?y HTTP/1.1",
        "Host: example.com",
        f"User-Agent: l402tui/{__version__}",
        "Accept-Encoding: identity",
        "Accept: text/plain",
        "X-One: 1",
        "X-two: 2",
        f"Authorization: {CREDENTIAL.reveal().decode()}",
        "",
        "",
    ]


def authorizations(given: str, credential: Secret | None) -> list[bytes]:
    request = Request(Url.parse("http://localhost/"), headers=(("Authorization", given),))
    head = HttpTransport().prepare(request, credential).head
    return [line[15:] for line in head.split(b"\r\n") if line.startswith(b"Authorization: ")]


def test_a_credential_given_by_hand_makes_way_for_ours() -> None:
    ours = CREDENTIAL.reveal()
    assert authorizations("lsat old:00", CREDENTIAL) == [ours]
    assert authorizations("L402 old:00", None) == [b"L402 old:00"]
    assert authorizations("Bearer mine", CREDENTIAL) == [b"Bearer mine", ours]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X", "a\r\nHost: b"),
        ("X", "a\nb"),
        ("X", "a\rb"),
        ("X", "a\0b"),
        ("X", "a\x1bb"),
        ("X", "a\ud800b"),
        ("X\r\nY", "a"),
        ("X Y", "a"),
        ("X:", "a"),
        ("Ü", "a"),
        ("", "a"),
        ("Host", "example.com"),
        ("host", "example.com"),
        ("Content-Length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "close"),
        ("Upgrade", "websocket"),
        ("TE", "trailers"),
    ],
)
async def test_a_header_that_must_not_leave_is_refused_before_anything_does(
    transport: HttpTransport, name: str, value: str
) -> None:
    async with raw_server() as server:
        request = Request(server.url, headers=((name, value),))
        assert transport.prepare(request, CREDENTIAL).head == b""
        answer = await transport.send(request, CREDENTIAL)
        assert isinstance(answer, Unreachable)
        assert answer.fault is Fault.REFUSED_ADDRESS
        assert answer.why.text.startswith("The request was not sent: ")
        assert not answer.maybe_received
        assert server.connections == 0


@pytest.mark.parametrize("method", ["", "GET /", "GE\r\nT", "CONNECT", "connect", "MÉTHODE"])
async def test_a_method_that_is_none_is_refused(transport: HttpTransport, method: str) -> None:
    answer = await transport.send(Request(Url.parse("http://127.0.0.1:1/"), method), None)
    assert isinstance(answer, Unreachable)
    assert answer.fault is Fault.REFUSED_ADDRESS


async def test_a_credential_with_a_line_break_is_refused(transport: HttpTransport) -> None:
    request = Request(Url.parse("http://127.0.0.1:1/"))
    answer = await transport.send(request, Secret("L402 a\r\nX: b:00"))
    assert isinstance(answer, Unreachable)
    assert answer.fault is Fault.REFUSED_ADDRESS
    assert "X: b" not in answer.why.text
