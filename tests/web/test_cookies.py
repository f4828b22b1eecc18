"""Cookies live for one flow, at one origin, and there are few of them."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from l402tui.flow.events import Answered
from l402tui.flow.message import Request
from l402tui.protocol.secret import Secret
from l402tui.protocol.url import Url
from l402tui.web.cookies import COOKIE_LIMIT, JAR_LIMIT, MAX_COOKIES, Jar
from l402tui.web.transport import HttpTransport
from tests.web.internet import Internet
from tests.web.raw_server import OK, raw_server

URL = Url.parse("https://example.com/a/b")
CREDENTIAL = Secret("L402 dG9rZW4=:" + "ab" * 32)


def after(*lines: bytes, url: Url = URL) -> Jar:
    jar = Jar()
    jar.take(url, lines)
    return jar


def setting(*cookies: str, location: str = "", status: str = "200 OK") -> bytes:
    lines = "".join(f"Set-Cookie: {cookie}\r\n" for cookie in cookies)
    if location:
        status, lines = "302 Go", f"{lines}Location: {location}\r\n"
    return f"HTTP/1.1 {status}\r\n{lines}Content-Length: 0\r\n\r\n".encode()


def cookies(heads: Iterable[bytes]) -> list[bytes]:
    found = []
    for head in heads:
        lines = [line[8:] for line in head.split(b"\r\n") if line.startswith(b"Cookie: ")]
        assert len(lines) <= 1
        found.append(b"".join(lines))
    return found


async def send(transport: HttpTransport, url: Url, *headers: tuple[str, str]) -> None:
    assert isinstance(await transport.send(Request(url, headers=headers), None), Answered)


async def test_they_go_back_within_a_flow_and_are_shown(transport: HttpTransport) -> None:
    flow = transport.for_one_flow()
    async with raw_server(setting("node=7; Path=/; HttpOnly", "x=y")) as server:
        request = Request(server.url)
        await flow.send(request, None)
        shown = flow.prepare(request, CREDENTIAL).head
        await flow.send(request, CREDENTIAL)
        assert cookies(server.heard) == [b"", b"node=7; x=y"]
        assert server.heard[1] == shown


async def test_another_flow_has_none_of_them(transport: HttpTransport) -> None:
    one, other = transport.for_one_flow(), transport.for_one_flow()
    async with raw_server(setting("node=7")) as server:
        await send(one, server.url)
        await send(other, server.url)
        await send(transport.for_one_flow(), server.url)
        await send(one, server.url)
        assert cookies(server.heard) == [b"", b"", b"", b"node=7"]
        assert server.connections == 1  # the connection is shared, the memory is not


async def test_a_persons_own_header_wins(transport: HttpTransport) -> None:
    async with raw_server(setting("node=7")) as server:
        await send(transport, server.url)
        await send(transport, server.url, ("COOKIE", "mine=1"))
        assert b"COOKIE: mine=1\r\n" in server.heard[1]
        assert b"node" not in server.heard[1]


async def test_a_redirect_at_home_carries_them_along(transport: HttpTransport) -> None:
    async with raw_server() as server:
        server.reply = lambda head: OK if b"GET /b" in head else setting("seen=1", location="/b")
        await send(transport, server.url.join("/a"))
        assert cookies(server.heard) == [b"", b"seen=1"]


async def test_a_stranger_gets_none_and_sets_none() -> None:
    net = Internet({"a.example": ["93.184.215.14"], "b.example": ["93.184.215.14"]})
    async with raw_server() as server, net.transport() as transport:
        home = Url.parse(f"http://a.example:{server.port}/")
        away = f"http://b.example:{server.port}/"
        steps = {
            b"GET / HTTP/1.1\r\nHost: a": setting("home=1; Domain=example", location=away),
            b"GET / HTTP/1.1\r\nHost: b": setting("away=1", location=f"{home}1"),
            b"GET /1 HTTP/1.1\r\nHost: a"[:23]: setting("late=1", location=f"{home}2"),
        }
        server.reply = lambda head: steps.get(head[:23], OK)
        await send(transport, home)
        assert len(server.heard) == 4
        # Once it has led away, a redirect does not bring anything back.
        assert cookies(server.heard) == [b""] * 4
        server.reply = OK
        await send(transport, home)
        await send(transport, Url.parse(away))
    assert cookies(server.heard[4:]) == [b"home=1", b""]


async def test_another_port_is_a_stranger(transport: HttpTransport) -> None:
    async with raw_server() as other, raw_server(setting("a=1", location=str(other.url))) as server:
        await send(transport, server.url)
        assert cookies(other.heard) == [b""]


async def test_a_thousand_are_as_good_as_the_first_few(transport: HttpTransport) -> None:
    many = [f"c{n}={n}" for n in range(200)]
    async with raw_server(setting(*many)) as server:
        for _ in range(6):
            await send(transport, server.url)
        sent = cookies(server.heard)[-1]
    assert sent == "; ".join(many[:MAX_COOKIES]).encode()


def test_their_size_is_limited() -> None:
    big = b"x" * (COOKIE_LIMIT - 1)
    assert after(b"a=" + big + b"x").value(URL) is None
    jar = after(b"a=" + big, b"b=" + big, b"c=1")
    assert jar.value(URL) == b"a=" + big + b"; b=" + big  # JAR_LIMIT is full
    assert 2 * COOKIE_LIMIT == JAR_LIMIT


@pytest.mark.parametrize(
    "line",
    [b"", b"a", b"=b", b"a b=c", b"a=b\x1bc", b"a=b\tc", b"a=b,c", b'a="b', b"a=b\\c", b"; a=b"],
)
def test_what_is_no_cookie(line: bytes) -> None:
    assert after(line).value(URL) is None


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b"a=b", b"a=b"),
        (b" a = b ; Secure", b"a=b"),
        (b"a=", b"a="),
        (b'a="b c"', None),
        (b'a="b,c"', b'a="b,c"'),
        (b"a=b=c", b"a=b=c"),
        (b"a=b; Max-Age=10", b"a=b"),
        (b"a=b; Max-Age=0", None),
        (b"a=b; Max-Age=-1", None),
        (b"a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", None),
        (b"a=b; Expires=Thu, 01 Jan 2970 00:00:00 GMT", b"a=b"),
        (b"a=b; Expires=nonsense", b"a=b"),
        (b"a=b; Path=/", b"a=b"),
        (b"a=b; Path=/a", b"a=b"),
        (b"a=b; Path=/a/b", b"a=b"),
        (b"a=b; Path=/a/b/c", None),
        (b"a=b; Path=/aa", None),
        (b"a=b; Path=a", b"a=b"),
    ],
)
def test_the_attributes_that_count(line: bytes, value: bytes | None) -> None:
    assert after(line).value(URL) == value


def test_a_cookie_is_replaced_and_deleted() -> None:
    jar = after(b"a=1", b"b=2", b"a=3")
    assert jar.value(URL) == b"b=2; a=3"
    jar.take(URL, [b"b=; Max-Age=0"])
    assert jar.value(URL) == b"a=3"


def test_the_nearest_comes_first() -> None:
    assert after(b"a=1; Path=/", b"a=2; Path=/a/b").value(URL) == b"a=2; a=1"


def test_a_secure_one_is_not_taken_over_http() -> None:
    plain = Url.parse("http://example.com/")
    assert after(b"a=b; Secure", url=plain).value(plain) is None
    assert after(b"a=b", url=plain).value(plain) == b"a=b"


def test_without_a_path_it_belongs_to_the_folder() -> None:
    jar = after(b"a=b")
    assert jar.value(URL.join("/a/c")) == b"a=b"
    assert jar.value(URL.join("/c")) is None
    assert jar.value(URL.join("/ab")) is None
