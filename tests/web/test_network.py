"""A connection goes where a person sent it, to the address that was looked at, and nowhere else."""

from __future__ import annotations

import asyncio
import socket
import ssl

import pytest
import trustme

from l402tui.flow.events import Answered, Fault, Unreachable
from l402tui.flow.message import Request
from l402tui.protocol.url import Url
from l402tui.web.network import Network
from l402tui.web.transport import HttpTransport
from tests.web.internet import Internet
from tests.web.raw_server import OK, raw_server

PUBLIC = "93.184.215.14"
ALSO = "2606:2800:21f::1"


async def get(transport: HttpTransport, url: str) -> Answered | Unreachable:
    event = await transport.send(Request(Url.parse(url)), None)
    assert isinstance(event, Answered | Unreachable)
    return event


def refused(event: Answered | Unreachable) -> Unreachable:
    assert isinstance(event, Unreachable)
    assert event.fault is Fault.REFUSED_ADDRESS
    return event


async def test_what_a_person_typed_is_opened(transport: HttpTransport) -> None:
    async with raw_server() as server:
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
            event = await get(transport, f"http://{host}:{server.port}/")
            assert isinstance(event, Answered), event
        assert len(server.heard) == 3


async def test_a_name_is_resolved_once_and_exactly_that_address_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nobody(*_: object, **__: object) -> object:
        raise AssertionError("a second resolution")

    net = Internet({"shop.example": [PUBLIC]})
    async with raw_server() as server, net.transport() as transport:
        monkeypatch.setattr(socket, "getaddrinfo", nobody)
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nobody, raising=False)
        event = await get(transport, f"http://shop.example:{server.port}/")
    assert isinstance(event, Answered), event
    assert (net.resolved, net.dialed) == (["shop.example"], [PUBLIC])
    assert f"Host: shop.example:{server.port}".encode() in server.heard[0]


async def test_the_system_is_asked_for_a_name() -> None:
    async with raw_server() as server:
        stream = await Network(anywhere=True).connect_tcp("localhost", server.port)
        await stream.aclose()
        with pytest.raises(Exception, match="this machine itself"):
            await Network(anywhere=False).connect_tcp("localhost", server.port)
        assert server.connections == 1


@pytest.mark.parametrize(
    ("addresses", "where"),
    [
        (["127.0.0.1"], "this machine itself"),
        (["::1"], "this machine itself"),
        (["10.1.2.3"], "a private network"),
        (["169.254.169.254"], "the metadata of a cloud's machine"),
        (["::ffff:127.0.0.1"], "this machine itself"),
        (["64:ff9b::7f00:1"], "this machine itself"),
        ([PUBLIC, "192.168.0.7"], "a private network"),
    ],
)
async def test_a_public_name_may_not_lead_inside(addresses: list[str], where: str) -> None:
    net = Internet({"shop.example": addresses})
    async with raw_server() as server, net.transport() as transport:
        event = refused(await get(transport, f"http://shop.example:{server.port}/"))
        assert (net.dialed, server.connections) == ([], 0)
    assert not event.maybe_received
    assert event.why.text == (
        f"The name shop.example leads to {addresses[-1]}, which is {where}. If you mean that, ask "
        "for the address itself, or write the name into private_hosts in settings.toml."
    )


@pytest.mark.parametrize("name", ["localhost", "printer", "nas.local", "shop.test"])
async def test_a_local_name_may(name: str) -> None:
    net = Internet({name: ["192.168.0.7"]})
    async with raw_server() as server, net.transport() as transport:
        assert isinstance(await get(transport, f"http://{name}:{server.port}/"), Answered)


async def test_a_name_that_was_allowed_may() -> None:
    net = Internet({"api.corp.example": ["10.0.0.7"], "other.example": ["10.0.0.7"]})
    allowed = net.transport(private_hosts=["api.corp.example"])
    async with raw_server() as server, allowed as transport:
        port = server.port
        assert isinstance(await get(transport, f"http://api.corp.example:{port}/"), Answered)
        refused(await get(transport, f"http://other.example:{port}/"))


async def test_a_name_is_looked_at_each_time_anew() -> None:
    net = Internet({"shop.example": [PUBLIC]})
    async with raw_server(b"HTTP/1.1 200 OK\r\n\r\n") as server, net.transport() as transport:
        url = f"http://shop.example:{server.port}/"
        assert isinstance(await get(transport, url), Answered)
        net.names["shop.example"] = ["127.0.0.1"]
        refused(await get(transport, url))
        assert server.connections == 1


# Redirects.


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.2",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "10.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "[fe80::1]",
        "[64:ff9b::7f00:1]",
        "localhost",
        "printer",
        "rebound.example",
        "allowed.example",
    ],
)
async def test_a_redirect_may_not_lead_inside(host: str) -> None:
    loop = ["127.0.0.1"]
    names = {"localhost": loop, "printer": ["10.0.0.9"], "rebound.example": loop}
    net = Internet({"shop.example": [PUBLIC], "allowed.example": loop, **names})
    async with raw_server() as server:
        head = f"HTTP/1.1 302 Go\r\nLocation: http://{host}:{server.port}/secret\r\n"
        server.reply = head.encode() + b"Content-Length: 0\r\n\r\n"
        async with net.transport(private_hosts=["allowed.example"]) as transport:
            event = refused(await get(transport, f"http://shop.example:{server.port}/"))
        assert len(server.heard) == 1
        assert net.dialed == [PUBLIC]
    assert event.maybe_received


@pytest.mark.parametrize("number", ["0x7f000001", "2130706433", "0177.0.0.1", "127.1"])
async def test_numbers_that_only_some_read_as_an_address(number: str) -> None:
    net = Internet({"shop.example": [PUBLIC]})
    async with raw_server() as server, net.transport() as transport:
        head = f"HTTP/1.1 302 Go\r\nLocation: http://{number}:{server.port}/\r\n"
        server.reply = head.encode() + b"Content-Length: 0\r\n\r\n"
        event = await get(transport, f"http://shop.example:{server.port}/")
        assert isinstance(event, Unreachable)
        assert event.fault is Fault.REDIRECT
        assert net.dialed == [PUBLIC]


async def test_an_open_connection_to_the_inside_is_not_found_by_a_redirect() -> None:
    net = Internet({"shop.example": [PUBLIC]})
    async with raw_server() as server, net.transport() as transport:
        private = f"http://127.0.0.1:{server.port}/"
        assert isinstance(await get(transport, private), Answered)
        go = f"HTTP/1.1 302 Go\r\nLocation: {private}\r\nContent-Length: 0\r\n\r\n"
        server.reply = lambda head: go.encode() if b"Host: shop" in head else OK
        refused(await get(transport, f"http://shop.example:{server.port}/"))
        assert len(server.heard) == 2


async def test_a_host_that_nobody_typed_may_not_even_redirect_to_itself() -> None:
    net = Internet({"shop.example": [PUBLIC], "nas.lan": [PUBLIC]})
    async with raw_server() as server, net.transport() as transport:

        def rebinding(head: bytes) -> bytes:
            if b"Host: nas" in head:
                net.names["nas.lan"] = ["192.168.0.7"]
            # Without a length, so that the next step needs a connection of its own.
            return f"HTTP/1.1 302 Go\r\nLocation: http://nas.lan:{server.port}/\r\n\r\n".encode()

        server.reply = rebinding
        refused(await get(transport, f"http://shop.example:{server.port}/"))
        assert net.dialed == [PUBLIC, PUBLIC]


async def test_a_host_may_redirect_to_itself(transport: HttpTransport) -> None:
    async with raw_server() as there:
        go = f"HTTP/1.1 302 Go\r\nLocation: {there.url}\r\nContent-Length: 0\r\n\r\n"
        async with raw_server(go.encode()) as server:
            assert isinstance(await get(transport, str(server.url)), Answered)


# Several addresses.


async def test_the_next_address_is_tried() -> None:
    net = Internet({"shop.example": [PUBLIC, "93.184.215.15", ALSO]})
    net.dead = {PUBLIC}
    async with raw_server() as server, net.transport() as transport:
        assert isinstance(await get(transport, f"http://shop.example:{server.port}/"), Answered)
    assert net.dialed == [PUBLIC, ALSO]  # the other kind comes second


async def test_an_address_that_says_nothing_is_left_behind() -> None:
    class Mute(Internet):
        left: bool = False

        async def connect_tcp(self, host: str, port: int, *more: object, **_: object):  # type: ignore[no-untyped-def]  # as it is called
            if host != PUBLIC:
                return await super().connect_tcp(host, port)
            self.dialed.append(host)
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self.left = True

    net = Mute({"shop.example": [PUBLIC, ALSO]})
    async with raw_server() as server, net.transport() as transport:
        assert isinstance(await get(transport, f"http://shop.example:{server.port}/"), Answered)
    assert net.dialed == [PUBLIC, ALSO]
    assert net.left


async def test_no_address_answers() -> None:
    net = Internet({"shop.example": [PUBLIC, ALSO]})
    net.dead = {PUBLIC, ALSO}
    async with net.transport() as transport:
        event = await get(transport, "http://shop.example:1/")
    assert isinstance(event, Unreachable)
    assert event.fault is Fault.CONNECT
    assert event.why.text == "The connection was refused: nothing listens at shop.example:1."


async def test_a_name_without_an_address() -> None:
    async with Internet({"shop.example": []}).transport() as transport:
        event = await get(transport, "http://shop.example:1/")
    assert isinstance(event, Unreachable)
    assert event.fault is Fault.CONNECT


async def test_a_resolver_that_never_answers() -> None:
    async def never(host: str, port: int) -> list[str]:
        await asyncio.get_running_loop().create_future()
        return []

    for idle, deadline in ((3600.0, 0.1), (0.1, 3600.0)):
        transport = HttpTransport(resolve=never, idle=idle, deadline=deadline)
        event = await get(transport, "http://shop.example/")
        await transport.close()
        assert isinstance(event, Unreachable)
        assert event.fault is Fault.TIMEOUT
        assert not event.maybe_received


# Encryption goes by the name, not by the address, and what it hides is watched.


async def test_the_certificate_is_held_against_the_name() -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("shop.example").configure_cert(context)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    net = Internet({"shop.example": [PUBLIC], "other.example": [PUBLIC]})
    async with raw_server(tls=context) as server, net.transport(tls=trusted) as transport:
        good = await get(transport, f"https://shop.example:{server.port}/")
        bad = await get(transport, f"https://other.example:{server.port}/")
        assert len(server.heard) == 1
        server.reply = b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"
        folded = await get(transport, f"https://shop.example:{server.port}/")
        await transport.close()  # here, since TLS says goodbye on both sides
    assert isinstance(good, Answered)
    assert isinstance(bad, Unreachable)
    assert bad.fault is Fault.TLS
    assert isinstance(folded, Unreachable)
    assert folded.fault is Fault.PROTOCOL
