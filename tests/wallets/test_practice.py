"""The practice wallet says what the practice node says, and nothing it does not know."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from l402tui.flow.events import (
    PaymentFailed,
    PaymentNotFound,
    PaymentProgressed,
    PaymentSettled,
    PaymentUnknown,
    WalletEvent,
)
from l402tui.flow.model import Intent, IntentState, Request
from l402tui.practice.invoices import PracticeInvoice
from l402tui.practice.node import Failure, PracticeNode
from l402tui.practice.run import PracticeServer
from l402tui.protocol.amount import Msat, sat
from l402tui.protocol.credential import preimage_matches
from l402tui.protocol.network import Network
from l402tui.protocol.secret import Secret
from l402tui.protocol.url import Url, UrlError
from l402tui.wallets.practice import PracticeWallet
from tests.web.raw_server import listening


class TurnClock:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def clock() -> TurnClock:
    return TurnClock()


@pytest.fixture
async def server(clock: TurnClock) -> AsyncIterator[PracticeServer]:
    async with PracticeServer.start(clock=clock) as running:
        yield running


@pytest.fixture
def node(server: PracticeServer) -> PracticeNode:
    return server.node


@pytest.fixture
async def wallet(server: PracticeServer) -> AsyncIterator[PracticeWallet]:
    made = PracticeWallet(server.url)
    yield made
    await made.close()


def intent_for(invoice: PracticeInvoice) -> Intent:
    return Intent(
        payment_hash=invoice.payment_hash,
        state=IntentState.SENDING,
        request=Request(Url.parse("http://127.0.0.1/weather")),
        scheme="L402",
        token=Secret("token"),
        invoice=invoice.text,
        amount=invoice.amount,
        fee_cap=sat(10),
        wallet="practice:-",
        created=0.0,
        expires=invoice.expires,
    )


def bill(node: PracticeNode) -> Intent:
    return intent_for(node.invoice(sat(10), "x"))


async def pay(wallet: PracticeWallet, intent: Intent) -> list[WalletEvent]:
    return [event async for event in wallet.pay(intent)]


async def track(wallet: PracticeWallet, intent: Intent) -> list[WalletEvent]:
    return [event async for event in wallet.track(intent)]


def kinds(events: list[WalletEvent]) -> list[type]:
    return [type(event) for event in events]


async def test_facts(wallet: PracticeWallet, node: PracticeNode) -> None:
    facts = await wallet.facts()
    assert (facts.name, facts.network, facts.balance) == ("practice", Network.REGTEST, sat(50_000))
    assert facts.node_id == node.payer_id() != node.node_id
    assert facts.ready
    assert facts.proves_payment
    assert not facts.real_money


async def test_a_payment_settles_with_its_proof(wallet: PracticeWallet, node: PracticeNode) -> None:
    intent = bill(node)
    events = await pay(wallet, intent)
    assert kinds(events) == [PaymentProgressed, PaymentSettled]
    last = events[-1]
    assert isinstance(last, PaymentSettled)
    assert preimage_matches(last.preimage, intent.payment_hash)
    assert last.fee == sat(1)
    assert kinds(await track(wallet, intent)) == [PaymentSettled]
    balance = (await wallet.facts()).balance
    assert balance == sat(50_000 - 11)


async def test_an_invoice_that_is_already_paid_is_settled_not_paid_again(
    wallet: PracticeWallet, node: PracticeNode
) -> None:
    intent = bill(node)
    await pay(wallet, intent)
    assert kinds(await pay(wallet, intent)) == [PaymentSettled]
    assert len(node.payments()) == 1


async def test_one_that_was_paid_and_has_expired_is_settled_too(
    wallet: PracticeWallet, node: PracticeNode, clock: TurnClock
) -> None:
    intent = bill(node)
    await pay(wallet, intent)
    clock.time += 3600
    assert kinds(await pay(wallet, intent)) == [PaymentSettled]


async def test_one_that_has_expired_unpaid_fails(
    wallet: PracticeWallet, node: PracticeNode, clock: TurnClock
) -> None:
    intent = bill(node)
    clock.time += 3600
    (only,) = await pay(wallet, intent)
    assert isinstance(only, PaymentFailed)
    assert "the invoice has expired" in only.why.text
    assert kinds(await track(wallet, intent)) == [PaymentNotFound]


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (Failure.NO_ROUTE, "no way to the payee"),
        (Failure.INSUFFICIENT_BALANCE, "too little play money"),
        (Failure.INCORRECT_PAYMENT_DETAILS, "did not take"),
        (Failure.CANCELED, "sent the payment back"),
    ],
)
async def test_failures_have_a_sentence(
    wallet: PracticeWallet, node: PracticeNode, failure: Failure, words: str
) -> None:
    node.failure = failure
    last = (await pay(wallet, bill(node)))[-1]
    assert isinstance(last, PaymentFailed)
    assert words in last.why.text


async def test_the_fee_cap_goes_along(wallet: PracticeWallet, node: PracticeNode) -> None:
    intent = replace(bill(node), fee_cap=Msat(999))
    assert kinds(await pay(wallet, intent)) == [PaymentProgressed, PaymentFailed]
    again = replace(intent, fee_cap=Msat(1_000))
    assert kinds(await pay(wallet, again)) == [PaymentProgressed, PaymentSettled]


async def test_an_invoice_of_another_network_fails(wallet: PracticeWallet) -> None:
    elsewhere = PracticeNode(bytes(32)).invoice(sat(10), "x")
    (only,) = await pay(wallet, intent_for(elsewhere))
    assert isinstance(only, PaymentFailed)
    assert "its own practice server" in only.why.text


async def test_a_hash_nobody_has_seen_is_not_found(
    wallet: PracticeWallet, node: PracticeNode
) -> None:
    assert kinds(await track(wallet, bill(node))) == [PaymentNotFound]


async def test_tracking_a_held_payment_sees_it_arrive(
    wallet: PracticeWallet, node: PracticeNode
) -> None:
    intent = bill(node)
    node.hold = True
    paying = wallet.pay(intent)
    assert isinstance(await anext(paying), PaymentProgressed)
    await paying.aclose()
    tracking = wallet.track(intent)
    assert isinstance(await anext(tracking), PaymentProgressed)
    node.settle(intent.payment_hash)
    assert isinstance(await anext(tracking), PaymentSettled)
    await tracking.aclose()


async def test_a_second_call_while_in_flight_follows_the_first(
    wallet: PracticeWallet, node: PracticeNode
) -> None:
    intent = bill(node)
    node.hold = True
    first = wallet.pay(intent)
    await anext(first)
    second = wallet.pay(intent)
    assert isinstance(await anext(second), PaymentProgressed)
    node.settle(intent.payment_hash)
    assert isinstance(await anext(second), PaymentSettled)
    assert len(node.payments()) == 1
    await second.aclose()
    await first.aclose()


async def test_silence_means_unknown(server: PracticeServer, node: PracticeNode) -> None:
    wallet = PracticeWallet(server.url, patience=0.2)
    intent = bill(node)
    node.hold = True
    assert kinds(await pay(wallet, intent)) == [PaymentProgressed, PaymentUnknown]
    assert kinds(await track(wallet, intent)) == [PaymentProgressed, PaymentUnknown]
    await wallet.close()


async def test_a_node_that_stops_on_the_way_means_unknown(clock: TurnClock) -> None:
    async with PracticeServer.start(clock=clock) as server:
        wallet = PracticeWallet(server.url)
        intent = bill(server.node)
        server.node.hold = True
        paying = wallet.pay(intent)
        assert isinstance(await anext(paying), PaymentProgressed)
    assert kinds([event async for event in paying]) == [PaymentUnknown]
    await wallet.close()


async def test_a_node_that_is_not_there(clock: TurnClock) -> None:
    async with PracticeServer.start(clock=clock) as server:
        intent = bill(server.node)
    wallet = PracticeWallet(server.url)
    facts = await wallet.facts()
    assert not facts.ready
    assert facts.trouble
    (failed,) = await pay(wallet, intent)
    assert isinstance(failed, PaymentFailed)
    assert "nothing was sent" in failed.why.text
    assert kinds(await track(wallet, intent)) == [PaymentUnknown]
    await wallet.close()


@asynccontextmanager
async def replying(reply: bytes) -> AsyncIterator[PracticeWallet]:
    """A wallet whose node answers every question with these bytes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)

    async with listening(answer) as port:
        wallet = PracticeWallet(f"http://127.0.0.1:{port}")
        yield wallet
        await wallet.close()


IN_FLIGHT = json.dumps({"status": "IN_FLIGHT"}).encode() + b"\n"


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nnot json\n",
        b"HTTP/1.1 200 OK\r\n\r\n[]\n",
        b'HTTP/1.1 200 OK\r\n\r\n{"status": "SOMETHING"}\n',
        b'HTTP/1.1 200 OK\r\n\r\n{"status": "SUCCEEDED"}\n',
        b'HTTP/1.1 200 OK\r\n\r\n{"status": "SUCCEEDED", "payment_preimage": "xx"}\n',
        b'HTTP/1.1 200 OK\r\n\r\n{"status": "FAILED", "failure": "NO_ROUTE"}',
        b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000,
        b"HTTP/1.1 500 Broken\r\n\r\n",
        b"HTTP/1.1 404 Nothing\r\n\r\n",
        b"HTTP/1.1 409 Conflict\r\n\r\n",
        b'HTTP/1.1 409 Conflict\r\n\r\n{"refused": "EXPIRED"}',
    ],
)
async def test_what_is_no_final_word_means_unknown(reply: bytes) -> None:
    intent = intent_for(PracticeNode().invoice(sat(10), "x"))
    async with replying(reply) as wallet:
        assert kinds(await pay(wallet, intent)) == [PaymentUnknown]
        assert kinds(await track(wallet, intent)) == [PaymentUnknown]
        assert not (await wallet.facts()).ready


async def test_a_connection_lost_on_the_way_means_unknown() -> None:
    intent = intent_for(PracticeNode().invoice(sat(10), "x"))
    async with replying(b"HTTP/1.1 200 OK\r\n\r\n" + IN_FLIGHT) as wallet:
        assert kinds(await pay(wallet, intent)) == [PaymentProgressed, PaymentUnknown]


async def test_a_line_without_end_is_given_up() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 20_000)
        await reader.read()  # until the wallet hangs up

    intent = intent_for(PracticeNode().invoice(sat(10), "x"))
    async with listening(drip) as port, asyncio.timeout(10):
        wallet = PracticeWallet(f"http://127.0.0.1:{port}")
        assert kinds(await track(wallet, intent)) == [PaymentUnknown]
        await wallet.close()


@pytest.mark.parametrize(
    "url", ["http://example.com", "http://10.0.0.1:80", "https://127.0.0.1", "http://127.0.0.1@x/"]
)
def test_it_talks_only_to_this_machine(url: str) -> None:
    with pytest.raises((ValueError, UrlError)):
        PracticeWallet(url)
