"""Redirects are followed by our rules, and nothing private goes along."""

from __future__ import annotations

import pytest

from l402tui.flow.events import Answered, Fault, Unreachable
from l402tui.flow.model import Hop, Request
from l402tui.protocol.secret import Secret
from l402tui.protocol.url import Url
from l402tui.web.redirects import Journey, RedirectRefused, follow
from l402tui.web.transport import HttpTransport
from tests.web.internet import Internet
from tests.web.raw_server import OK, RawServer, raw_server

CREDENTIAL = Secret("L402 dG9rZW4=:" + "ab" * 32)
PRIVATE = (
    ("Authorization", "Bearer mine"),
    ("Cookie", "a=b"),
    ("X-Api-Key", "mine"),
    ("Macaroon", "mine"),
    ("Grpc-Metadata-Macaroon", "mine"),
    ("Proxy-Authorization", "mine"),
    ("X-Payment", "mine"),
    ("X-Cashu", "mine"),
    ("Payment-Signature", "mine"),
    ("X-Whatever", "mine"),
    ("Referer", "mine"),
)
MINE = len(PRIVATE) - 1  # a cookie has a name of its own


def to(place: object, status: int = 302) -> bytes:
    head = f"HTTP/1.1 {status} Moved\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n"
    return head.encode()


def path(head: bytes) -> str:
    return head.split(b" ")[1].decode()


async def ask(
    transport: HttpTransport,
    server: RawServer,
    where: str,
    *,
    method: str = "GET",
    body: bytes = b"",
    headers: tuple[tuple[str, str], ...] = (),
    credential: Secret | None = CREDENTIAL,
) -> Answered | Unreachable:
    request = Request(server.url.join(where), method, headers, body)
    event = await transport.send(request, credential)
    assert isinstance(event, Answered | Unreachable)
    return event


async def test_the_hops_are_listed(transport: HttpTransport) -> None:
    steps = {"/a": to("b?x=1", 301), "/b?x=1": to("/c", 307), "/c": to("./d", 308)}
    async with raw_server(lambda head: steps.get(path(head), OK)) as server:
        event = await ask(transport, server, "/a")
        assert isinstance(event, Answered)
        where = server.url.join
        assert event.response.url == where("/d")
        assert event.response.hops == (
            Hop(301, where("/b?x=1")),
            Hop(307, where("/c")),
            Hop(308, where("/d")),
        )
        assert all(CREDENTIAL.reveal() in head for head in server.heard)


@pytest.mark.parametrize(("hops", "followed"), [(5, True), (6, False)])
async def test_at_most_five_hops(transport: HttpTransport, hops: int, followed: bool) -> None:
    steps = {f"/{n}": to(f"/{n + 1}") for n in range(hops)}
    async with raw_server(lambda head: steps.get(path(head), OK)) as server:
        event = await ask(transport, server, "/0")
    if followed:
        assert isinstance(event, Answered)
        assert len(event.response.hops) == 5
    else:
        assert isinstance(event, Unreachable)
        assert event.fault is Fault.REDIRECT
        assert event.maybe_received
        assert event.why.text == "The server redirected more than 5 times."


async def test_nothing_private_goes_to_another_origin_or_comes_back(
    transport: HttpTransport,
) -> None:
    async with raw_server() as home, raw_server() as other:
        home.reply = lambda head: OK if path(head) == "/back" else to(f"{other.url}away")
        other.reply = to(f"{home.url}back")
        public = (("Accept-Language", "nb"), ("User-Agent", "me"))
        event = await ask(transport, home, "/", headers=PRIVATE + public)
    assert isinstance(event, Answered)
    assert len(event.response.hops) == 2
    first, back = home.heard
    (away,) = other.heard
    assert CREDENTIAL.reveal() in first
    assert first.count(b"mine") == MINE
    for head in (away, back):
        assert b"Accept-Language: nb\r\n" in head
        assert b"User-Agent: me\r\n" in head
        assert b"mine" not in head
        assert b"a=b" not in head
        assert b"authorization" not in head.lower()


async def test_another_name_is_another_origin() -> None:
    net = Internet({"a.example": ["93.184.215.14"], "b.example": ["93.184.215.14"]})
    async with raw_server() as server, net.transport() as transport:
        there = f"http://b.example:{server.port}/there"
        server.reply = lambda head: OK if path(head) == "/there" else to(there)
        url = Url.parse(f"http://a.example:{server.port}/")
        event = await transport.send(Request(url, headers=PRIVATE), CREDENTIAL)
        assert isinstance(event, Answered)
        assert event.response.url == Url.parse(there)
        first, second = server.heard
        assert first.count(b"mine") == MINE
        assert CREDENTIAL.reveal() in first
        assert b"mine" not in second
        assert CREDENTIAL.reveal() not in second


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_what_changes_something_is_not_passed_on_to_another_origin(
    transport: HttpTransport, method: str, status: int
) -> None:
    async with raw_server() as other, raw_server(to(other.url, status)) as server:
        event = await ask(transport, server, "/", method=method, body=b"x")
        assert other.connections == 0
    assert isinstance(event, Unreachable)
    assert event.fault is Fault.REDIRECT
    assert event.maybe_received
    assert method in event.why.text


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "DELETE", "GET"),
        (301, "PUT", "PUT"),
        (307, "POST", "POST"),
        (308, "PATCH", "PATCH"),
        (303, "HEAD", "HEAD"),
        (302, "GET", "GET"),
    ],
)
async def test_the_method_after_a_redirect(
    transport: HttpTransport, status: int, method: str, then: str
) -> None:
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    async with raw_server(lambda h: reply if path(h) == "/b" else to("/b", status)) as server:
        headers = (("Content-Type", "text/plain"), ("X-Mine", "1"))
        event = await ask(transport, server, "/a", method=method, body=b"body", headers=headers)
        assert isinstance(event, Answered)
        second = server.heard[1]
    assert second.startswith(f"{then} /b HTTP/1.1\r\n".encode())
    assert second.endswith(b"body") is (then == method)
    assert (b"Content-Type" in second) is (then == method)
    assert b"X-Mine: 1\r\n" in second


@pytest.mark.parametrize(
    "place",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://user:word@example.com/",
        "http://2130706433/",
        "http://",
        "http://[::1",
        "/a b",
        "/a\x1b[2J",
        "/\xe4",
        "http://example.com:99999/",
    ],
)
async def test_a_place_we_do_not_open(transport: HttpTransport, place: str) -> None:
    async with raw_server(to(place).replace(b"\xc3\xa4", b"\xe4")) as server:
        event = await ask(transport, server, "/")
    assert isinstance(event, Unreachable)
    assert event.fault is Fault.REDIRECT
    assert "\x1b" not in event.why.text


async def test_two_different_places(transport: HttpTransport) -> None:
    reply = b"HTTP/1.1 302 Moved\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    async with raw_server(reply) as server:
        event = await ask(transport, server, "/")
    assert isinstance(event, Unreachable)
    assert event.fault is Fault.REDIRECT


@pytest.mark.parametrize("status", [300, 304, 200, 402])
async def test_what_is_no_redirect_is_an_answer(transport: HttpTransport, status: int) -> None:
    async with raw_server(to("/elsewhere", status)) as server:
        event = await transport.send(Request(server.url), None)
        assert not isinstance(event, Unreachable)
        assert event.response.status == status


async def test_a_server_that_redirected_has_seen_the_request(transport: HttpTransport) -> None:
    async with raw_server() as gone:
        closed = gone.url
    async with raw_server(to(closed)) as server:
        event = await ask(transport, server, "/")
    assert isinstance(event, Unreachable)
    assert event.fault is Fault.CONNECT
    assert event.maybe_received


def test_https_never_becomes_http() -> None:
    journey = Journey(Request(Url.parse("https://example.com/a")), CREDENTIAL)
    for place in (b"http://example.com/a", b"http://localhost/"):
        with pytest.raises(RedirectRefused, match="from https to http://"):
            follow(journey, 302, (place,))


def test_http_may_become_https_without_the_credential() -> None:
    journey = Journey(Request(Url.parse("http://example.com/a")), CREDENTIAL)
    onward = follow(journey, 308, (b"https://example.com/a",))
    assert onward is not None
    assert onward.authorization is None
