"""H87-H91: can a web page, a neighbour or a smuggled request spend through a port of this program?

There is no gateway for agents yet. The only port that this program ever opens is that of the
practice server, so its guard is what these cases try, and that nothing else opens one at all.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from l402tui.cli.exits import Exit
from l402tui.practice.run import PracticeServer
from tests.tui.explorer import shop as practice_shop
from tests.tui.explorer import visiting

from .verdicts import paid
from .world import World, answer

PATHS = ("/", "/free", "/weather", "/_node/info", "/_node/payments")
EVIL = b"https://evil.example"


@pytest.fixture(scope="module")
def server() -> Iterator[PracticeServer]:
    with PracticeServer.in_thread() as opened:
        yield opened


def port_of(server: PracticeServer) -> int:
    return int(server.url.rpartition(":")[2])


def raw(server: PracticeServer, data: bytes, *, over: bool = True) -> bytes:
    """Everything that is answered to these bytes; ``over``: and nothing more will come."""
    with socket.create_connection(("127.0.0.1", port_of(server)), timeout=10) as line:
        line.sendall(data)
        if over:
            line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65_536), b""))


def statuses(heard: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"^HTTP/1\.1 ([0-9]{3}) ", heard, re.MULTILINE)]


def ask(
    server: PracticeServer,
    target: str,
    *lines: bytes,
    method: str = "GET",
    host: bytes | None = None,
    body: bytes = b"",
) -> bytes:
    """One request, with this Host (none where it is empty)."""
    ours = b"127.0.0.1:%d" % port_of(server)
    host = ours if host is None else host
    head = [f"{method} {target} HTTP/1.1".encode(), *([b"Host: " + host] if host else []), *lines]
    if body:
        head.append(b"Content-Length: %d" % len(body))
    return raw(server, b"\r\n".join([*head, b"Connection: close", b"", body]), over=False)


def bill(server: PracticeServer) -> str:
    """A bill of the practice server that its node would pay."""
    found = re.search(rb'invoice="(\w+)"', ask(server, "/weather"))
    assert found is not None
    return found[1].decode()


def order(server: PracticeServer) -> bytes:
    return json.dumps({"invoice": bill(server), "fee_cap_msat": 10_000}).encode()


@contextmanager
def nothing_paid(server: PracticeServer) -> Iterator[None]:
    before = server.node.payments()
    yield
    assert server.node.payments() == before


# --- H87: another Host ----------------------------------------------------------------------------

HOSTS = (
    b"evil.example",
    b"127.0.0.1.evil.example",
    b"localhost.evil.example:80",
    b"evil.example:127.0.0.1",
    b"127.0.0.2",
    b"127.0.0.1@evil.example",
    b"0.0.0.0",
    b"10.0.0.1",
    b"[::ffff:127.0.0.1]",
    b"[::1].evil.example",
    b"127.0.0.1:80:80",
    b"127.0.0.1:",
    b"localhost.",
    b"LOCALHOST.EVIL.EXAMPLE",
    b"",
)


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.decode() or "none")
def test_h087_a_name_that_is_not_this_machines_gets_nothing(
    server: PracticeServer, host: bytes
) -> None:
    """A page whose name is made to lead here (DNS rebinding) still asks under its own name."""
    what = order(server)
    with nothing_paid(server):
        for path in PATHS:
            heard = ask(server, path, host=host)
            assert statuses(heard) in ([421], [400]), path
            assert b"invoice" not in heard
            assert b"balance" not in heard
        assert statuses(ask(server, "/_node/pay", method="POST", host=host, body=what)) in (
            [421],
            [400],
        )


@pytest.mark.parametrize("host", [b"127.0.0.1", b"localhost", b"LocalHost:1", b"[::1]:8402"])
def test_h087_this_machines_own_names_are_answered(server: PracticeServer, host: bytes) -> None:
    assert statuses(ask(server, "/free", host=host)) == [200]
    assert statuses(ask(server, "/weather", host=host)) == [402]


def test_h087_two_hosts_are_none(server: PracticeServer) -> None:
    assert statuses(ask(server, "/free", b"Host: evil.example")) == [400]


# --- H88: another Origin --------------------------------------------------------------------------


@pytest.mark.parametrize("origin", [EVIL, b"null", b"http://127.0.0.1", b"http://localhost:1", b""])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT"])
def test_h088_no_page_may_use_the_wallet(
    server: PracticeServer, method: str, origin: bytes
) -> None:
    """Whatever page it is: no browser has any business there, and a preflight gets no permission.
    421 and not 403: it is the same answer as for every other stranger."""
    what = order(server)
    with nothing_paid(server):
        for path in ("/_node/pay", "/_node/info", "/_node/payments", f"/_node/track/{'00' * 32}"):
            preflight = (b"Access-Control-Request-Method: POST",) if method == "OPTIONS" else ()
            body = what if method in ("POST", "PUT") else b""
            heard = ask(server, path, b"Origin: " + origin, *preflight, method=method, body=body)
            assert statuses(heard) == [421]
            assert b"access-control" not in heard.lower()


@pytest.mark.parametrize("path", PATHS)
def test_h088_nothing_is_ever_shared_with_a_page(server: PracticeServer, path: str) -> None:
    for method in ("GET", "OPTIONS"):
        heard = ask(server, path, b"Origin: " + EVIL, method=method)
        assert b"access-control" not in heard.lower()


def test_h088_the_wallet_of_a_program_is_served(server: PracticeServer) -> None:
    """The twin: the same order without an Origin pays."""
    before = len(server.node.payments())
    heard = ask(server, "/_node/pay", method="POST", body=order(server))
    assert statuses(heard) == [200]
    assert len(server.node.payments()) == before + 1


# --- H89: without a key, or with another's --------------------------------------------------------


def good_credential(server: PracticeServer) -> str:
    heard = ask(server, "/weather").decode("latin-1")
    token, invoice = re.findall(r'L402 macaroon="([^"]+)", invoice="([^"]+)"', heard)[0]
    what = json.dumps({"invoice": invoice, "fee_cap_msat": 10_000}).encode()
    told = ask(server, "/_node/pay", method="POST", body=what).decode("latin-1")
    preimage = re.findall(r'preimage": "([0-9a-f]{64})"', told)[-1]
    return f"{token}:{preimage}"


FALSE: dict[str, Any] = {
    "none": lambda good: None,
    "empty": lambda good: "L402 ",
    "of another scheme": lambda good: f"Bearer {good}",
    "no preimage": lambda good: f"L402 {good.partition(':')[0]}",
    "zeros": lambda good: f"L402 {good.partition(':')[0]}:{'00' * 32}",
    "one bit": lambda good: f"L402 {good[:-1]}{'0' if good[-1] != '0' else '1'}",
    "a shorter preimage": lambda good: f"L402 {good[:-2]}",
    "a longer preimage": lambda good: f"L402 {good}00",
    "another token": lambda good: f"L402 {'A' * 8}{good[8:]}",
    "a token cut off": lambda good: f"L402 {good[4:]}",
    "twice in one": lambda good: f"L402 {good},{good}",
}


@pytest.mark.parametrize("which", FALSE)
def test_h089_who_has_no_key_learns_nothing(server: PracticeServer, which: str) -> None:
    """There are no agents with keys; a key is the credential here. Every wrong one gets the same
    answer, which is a new bill and no reason, so that nobody can feel their way to a right one."""
    good = good_credential(server)
    header = FALSE[which](good)
    lines = () if header is None else (f"Authorization: {header}".encode(),)
    heard = ask(server, "/weather", *lines)
    assert statuses(heard) == [402]
    assert heard.endswith(b"\r\n\r\npayment required\n")
    assert statuses(ask(server, "/weather", f"Authorization: L402 {good}".encode())) == [200]


def test_h089_a_payer_sees_their_own_payments_only(server: PracticeServer) -> None:
    good_credential(server)
    mine = ask(server, "/_node/payments")
    others = ask(server, "/_node/payments?payer=somebody")
    assert b"payment_hash" in mine
    assert b'{"payments": []}' in others


# --- H90, H91: requests that are two, or that are meant for another -------------------------------


def host_line(server: PracticeServer) -> bytes:
    return b"Host: 127.0.0.1:%d\r\n" % port_of(server)


@pytest.fixture
def bystander() -> Iterator[socket.socket]:
    """Somebody else's port on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


def not_led(listener: socket.socket) -> None:
    with pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.parametrize("place", ["evil.example:443", "127.0.0.1:{port}", "localhost:{port}", "*"])
def test_h090_connect_leads_nowhere(
    server: PracticeServer, bystander: socket.socket, place: str
) -> None:
    place = place.format(port=bystander.getsockname()[1])
    heard = raw(server, f"CONNECT {place} HTTP/1.1\r\n".encode() + host_line(server) + b"\r\n")
    assert statuses(heard) == [400]
    not_led(bystander)


@pytest.mark.parametrize("path", ["free", "weather", "_node/info", "_node/payments"])
@pytest.mark.parametrize("place", ["evil.example", "127.0.0.1:{port}", "{own}"])
def test_h090_a_whole_address_is_for_proxies(
    server: PracticeServer, bystander: socket.socket, place: str, path: str
) -> None:
    place = place.format(port=bystander.getsockname()[1], own=f"127.0.0.1:{port_of(server)}")
    heard = ask(server, f"http://{place}/{path}")
    assert statuses(heard) == [400]
    assert b"balance" not in heard
    not_led(bystander)


SMUGGLED: dict[str, bytes] = {
    "two lengths": b"Content-Length: 4\r\nContent-Length: 60\r\n\r\n0000",
    "a length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "chunks, and not": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunks behind a blank": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a length below zero": b"Content-Length: -1\r\n\r\n",
    "a length with a sign": b"Content-Length: +4\r\n\r\n0000",
    "a folded length": b"X: y\r\n Content-Length: 4\r\nContent-Length: x\r\n\r\n0000",
}


@pytest.mark.parametrize("how", SMUGGLED)
def test_h090_a_request_within_a_request_is_not_heard(server: PracticeServer, how: str) -> None:
    what = order(server)
    inner = b"POST /_node/pay HTTP/1.1\r\n" + host_line(server)
    inner += b"Content-Length: %d\r\n\r\n" % len(what) + what
    with nothing_paid(server):
        outer = b"POST /forecast HTTP/1.1\r\n" + host_line(server) + SMUGGLED[how]
        assert statuses(raw(server, outer + inner)) == [400]


def test_h090_two_requests_that_end_where_they_say_are_two(server: PracticeServer) -> None:
    one = b"GET /free HTTP/1.1\r\n" + host_line(server) + b"\r\n"
    assert statuses(raw(server, one + one)) == [200, 200]
    chunked = b"POST /forecast HTTP/1.1\r\n" + host_line(server)
    chunked += b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    assert statuses(raw(server, chunked)) == [402]


@pytest.mark.parametrize("status", [302, 307, 308])
def test_h091_a_server_does_not_lead_to_the_wallet_of_the_practice_server(
    world: World, server: PracticeServer, status: int
) -> None:
    shop = world.shop()
    with nothing_paid(server):
        shop.says(answer(status, b"", ("Location", f"{server.url}/_node/pay")))
        words = ("-X", "POST", "-d", order(server).decode())
        told = world.get(f"{shop.url}/weather", *words, person=["yes"])
    assert told.code == Exit.UNREACHABLE
    assert "No money was spent." in told.text
    assert ("127.0.0.1", port_of(server)) not in world.street.dialed


@pytest.mark.parametrize("target", ["/_node/pay", "/with/slow/../_node/pay", "/_node/../_node/pay"])
def test_h091_nor_does_the_practice_server_ask_itself(server: PracticeServer, target: str) -> None:
    """It makes no requests at all: what is sold is made on the spot."""
    with nothing_paid(server):
        assert set(statuses(ask(server, f"/weather?city={server.url}{target}"))) == {402}
        assert statuses(ask(server, target)) in ([404], [405])


# --- and no other port ----------------------------------------------------------------------------


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The sockets that somebody listens at, from now on."""
    listening: list[Any] = []
    listen = socket.socket.listen

    def noted(self: socket.socket, *more: int) -> None:
        listening.append(self.getsockname())
        listen(self, *more)

    monkeypatch.setattr(socket.socket, "listen", noted)
    return listening


def test_h091_the_trap_would_snap(opened: list[Any]) -> None:
    with PracticeServer.in_thread() as one:
        assert set(opened) == {("127.0.0.1", port_of(one))}


@pytest.mark.parametrize("local", [True, False])
def test_h091_get_and_payments_open_no_port(
    world: World, request: pytest.FixtureRequest, local: bool
) -> None:
    shop = world.local_shop() if local else world.shop()
    sold = shop.sells(world.bill())
    opened: list[Any] = request.getfixturevalue("opened")
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    assert world.run("payments", "--all").code == Exit.OK
    assert world.run("history").code == Exit.OK
    assert opened == []


async def test_h091_nor_does_the_explorer(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    async with practice_shop(tmp_path) as shop:
        opened: list[Any] = request.getfixturevalue("opened")
        async with visiting(shop, url=f"{shop.server.url}/weather") as explorer:
            await explorer.to_question()
            await explorer.press("y")
            await explorer.to_end()
            await explorer.press("3")
            await explorer.pilot.pause()
        assert [one.state.value for one in await _bought(shop)] == ["active"]
        assert opened == []


async def _bought(shop: Any) -> Any:
    async with shop.open("none") as session:
        return session.vault.payments(every=True)
