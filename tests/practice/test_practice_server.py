"""The practice server's addresses, its guard, and its life inside another program."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import threading

import httpx
import pytest

from l402tui.practice.closing import Closing
from l402tui.practice.invoices import DEMO_SEED
from l402tui.practice.run import PracticeServer
from l402tui.practice.switches import Switch
from tests.practice.customer import Customer


async def test_the_front_page_lists_everything(customer: Customer) -> None:
    page = (await customer.get("/")).body.decode()
    for word in ("/weather", "10 sat", "/forecast", "25 sat", "/free"):
        assert word in page
    for switch in Switch:
        assert switch.value in page


async def test_free_costs_nothing(customer: Customer) -> None:
    assert (await customer.get("/free")).status == 200


@pytest.mark.parametrize("path", ["/nothing", "/with/slow/nothing", "/with/fast/weather", "/_node"])
async def test_what_is_not_there_is_404(customer: Customer, path: str) -> None:
    assert (await customer.get(path)).status == 404


async def test_a_method_that_is_not_sold_is_405(customer: Customer) -> None:
    answer = await customer.get("/weather", method="DELETE")
    assert answer.status == 405
    assert answer.values(b"allow") == (b"GET, HEAD",)


async def test_a_head_request_asks_for_money_too(customer: Customer) -> None:
    answer = await customer.get("/weather", method="HEAD")
    assert (answer.status, answer.body) == (402, b"")
    assert len(answer.values(b"www-authenticate")) == 2


async def test_a_body_that_is_too_long_is_refused_after_payment(customer: Customer) -> None:
    credential = await customer.buy("/forecast")
    body = bytes(64 * 1024 + 1)
    assert (await customer.get("/forecast", credential.header_value(), "POST", body)).status == 413


async def raw(server: PracticeServer, text: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    writer.write(text.replace("\n", "\r\n").encode())
    status = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return status.split()[1]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET /free HTTP/1.1\nHost: 127.0.0.1:80\n\n", b"200"),
        ("GET /free HTTP/1.1\nHost: localhost\n\n", b"200"),
        ("GET /free HTTP/1.1\nHost: LOCALHOST:1\n\n", b"200"),
        ("GET /free HTTP/1.1\nHost: [::1]:80\n\n", b"200"),
        ("GET /free HTTP/1.1\nHost: example.com\n\n", b"421"),
        ("GET /free HTTP/1.1\nHost: 127.0.0.1.example.com:80\n\n", b"421"),
        ("GET /free HTTP/1.1\nHost: 10.0.0.1:80\n\n", b"421"),
        ("GET /free HTTP/1.1\nHost:\n\n", b"421"),
        ("GET /free HTTP/1.0\n\n", b"421"),
        ("GET /_node/info HTTP/1.1\nHost: 127.0.0.1\n\n", b"200"),
        ("GET /_node/info HTTP/1.1\nHost: 127.0.0.1\nOrigin: null\n\n", b"421"),
    ],
)
async def test_only_this_machine_by_name_is_answered(
    server: PracticeServer, head: str, status: bytes
) -> None:
    assert await raw(server, head) == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"invoice": 1, "fee_cap_msat": 1}',
        b'{"invoice": "x", "fee_cap_msat": -1}',
        b'{"invoice": "x", "fee_cap_msat": true}',
        b'{"invoice": "x", "fee_cap_msat": 1.5}',
        b" " * 20_000,
    ],
)
async def test_the_node_refuses_nonsense(customer: Customer, body: bytes) -> None:
    assert (await customer.get("/_node/pay", method="POST", body=body)).status == 400


async def test_the_node_refuses_what_is_no_hash(customer: Customer) -> None:
    assert (await customer.get("/_node/track/xyz")).status == 400
    assert (await customer.get(f"/_node/track/{'00' * 32}")).status == 404


async def test_the_node_lists_payments(customer: Customer) -> None:
    await customer.buy("/weather")
    body = (await customer.get("/_node/payments")).body
    assert b'"status": "SUCCEEDED"' in body
    assert body.count(b"payment_hash") == 1


async def test_it_leaves_signals_and_the_port_alone() -> None:
    handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    async with PracticeServer.start() as server:
        assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == handlers
    port = int(server.url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        pass


TALK = """
import socket
from l402tui.practice.run import PracticeServer
with PracticeServer.in_thread() as server:
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(b"nonsense\\r\\n\\r\\n")
        assert b" 400 " in line.recv(99)
"""


def test_it_prints_nothing() -> None:
    # In a process of its own, since pytest has already taken over what loggers say.
    done = subprocess.run([sys.executable, "-c", TALK], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


async def test_answers_leave_without_delay(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_on: list[int] = []
    monkeypatch.setattr("asyncio.base_events._set_nodelay", lambda sock: set_on.append(sock.proto))
    await customer.get("/free")
    assert socket.IPPROTO_TCP in set_on
    assert 0 not in set_on


async def test_a_taken_port_is_an_error() -> None:
    async with PracticeServer.start() as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            async with PracticeServer.start(port=port):
                pass
        with pytest.raises(OSError, match="in use"), PracticeServer.in_thread(port=port):
            pass


async def test_a_slow_answer_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    arrived = asyncio.Event()
    real = Closing.pause

    async def pause(self: Closing, seconds: float) -> None:
        arrived.set()
        await real(self, 3600)

    monkeypatch.setattr(Closing, "pause", pause)
    async with asyncio.timeout(10):
        async with PracticeServer.start() as server:
            head = "GET /with/slow/weather HTTP/1.1\nHost: 127.0.0.1\n\n"
            asking = asyncio.create_task(raw(server, head))
            await arrived.wait()
        assert await asking == b"402"


async def test_a_held_payment_does_not_hold_up_the_end(customer: Customer) -> None:
    bill = await customer.bill("/weather")
    customer.server.node.hold = True
    paying = customer.wallet.pay(customer.intent(bill))
    await anext(paying)
    await paying.aclose()  # the fixtures end the server, with the payment still in flight


async def test_the_demo_seed_repeats_everything_and_no_seed_nothing() -> None:
    async def hash_of(seed: bytes | None) -> bytes:
        async with PracticeServer.start(seed=seed) as server:
            return server.node.invoice(1_000, "x").payment_hash  # type: ignore[arg-type]  # msat

    assert await hash_of(DEMO_SEED) == await hash_of(DEMO_SEED)
    assert await hash_of(None) != await hash_of(None)


def test_it_runs_in_a_thread_of_its_own() -> None:
    before = threading.active_count()
    with PracticeServer.in_thread() as server:
        assert httpx.get(f"{server.url}/free", trust_env=False).status_code == 200
        assert httpx.get(f"{server.url}/weather", trust_env=False).status_code == 402
    assert threading.active_count() == before
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/free", trust_env=False)


def test_a_held_payment_is_settled_from_outside_the_thread() -> None:
    with PracticeServer.in_thread() as server:
        invoice = server.node.invoice(1_000, "x")  # type: ignore[arg-type]  # msat
        server.node.hold = True
        question = {"invoice": invoice.text, "fee_cap_msat": 1_000}
        url = f"{server.url}/_node/pay"
        with httpx.stream("POST", url, json=question, trust_env=False) as answer:
            lines = answer.iter_lines()
            assert "IN_FLIGHT" in next(lines)
            server.node.settle(invoice.payment_hash)
            assert "SUCCEEDED" in next(lines)
