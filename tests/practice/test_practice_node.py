"""The practice node answers as a Lightning node does."""

from __future__ import annotations

import asyncio
from hashlib import sha256

import pytest

from l402tui.practice.invoices import DEMO_SEED, PracticeInvoice
from l402tui.practice.node import (
    Failure,
    NodeRefusal,
    Payment,
    PracticeNode,
    Refusal,
    Status,
)
from l402tui.protocol.amount import Msat, sat
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.network import Network

NOON = 1_800_000_000.0
CAP = sat(10)


class HandClock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.time = NOON
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def node(clock: HandClock) -> PracticeNode:
    return PracticeNode(clock=clock)


def bill(node: PracticeNode) -> PracticeInvoice:
    return node.invoice(sat(10), "Weather report")


async def paid(node: PracticeNode, invoice: PracticeInvoice, **terms: object) -> list[Payment]:
    begun = node.send(invoice.text, CAP)
    return [begun, *[one async for one in node.follow(begun.payment_hash)]]


def refusal(node: PracticeNode, invoice: str) -> Refusal:
    with pytest.raises(NodeRefusal) as caught:
        node.send(invoice, CAP)
    return caught.value.refusal


def test_an_invoice_is_a_real_one(node: PracticeNode) -> None:
    made = node.invoice(sat(10), "Weather report", expiry=600, age=60)
    read = Invoice.decode(made.text)
    assert read.network is Network.REGTEST
    assert read.amount == sat(10)
    assert read.description == b"Weather report"
    assert read.payee == node.node_id
    assert read.payment_hash == made.payment_hash == sha256(made.preimage.reveal()).digest()
    assert (read.created, read.expires_at) == (NOON - 60, NOON + 540)
    assert made.expires == NOON + 540


def test_the_same_seed_and_clock_give_the_same_bytes() -> None:
    def invoices(seed: bytes) -> list[str]:
        node = PracticeNode(seed, clock=HandClock())
        return [bill(node).text for _ in range(3)]

    assert invoices(DEMO_SEED) == invoices(DEMO_SEED)
    assert len(set(invoices(DEMO_SEED) + invoices(bytes(32)))) == 6


def test_payer_and_payee_are_different_nodes(node: PracticeNode) -> None:
    keys = {node.node_id, node.payer_id(), node.payer_id("someone")}
    assert len(keys) == 3
    assert {len(key) for key in keys} == {33}


async def test_a_payment_arrives(node: PracticeNode) -> None:
    invoice = bill(node)
    story = await paid(node, invoice)
    assert [one.status for one in story] == [Status.IN_FLIGHT, Status.IN_FLIGHT, Status.SUCCEEDED]
    assert story[0].preimage is None
    assert story[-1].preimage == invoice.preimage
    assert story[-1].fee == sat(1)
    assert node.balance() == sat(50_000 - 11)
    assert node.settled(invoice.payment_hash)
    assert node.payments() == (story[-1],)


async def test_the_fee_respects_the_cap(node: PracticeNode) -> None:
    invoice = bill(node)
    node.send(invoice.text, Msat(999))
    *_, last = [one async for one in node.follow(invoice.payment_hash)]
    assert (last.status, last.failure) == (Status.FAILED, Failure.NO_ROUTE)
    assert node.balance() == sat(50_000)
    node.send(invoice.text, Msat(1_000))
    *_, last = [one async for one in node.follow(invoice.payment_hash)]
    assert last.status is Status.SUCCEEDED


async def test_more_than_the_balance_fails(clock: HandClock) -> None:
    node = PracticeNode(clock=clock, balance=sat(10))
    *_, last = await paid(node, bill(node))
    assert (last.status, last.failure) == (Status.FAILED, Failure.INSUFFICIENT_BALANCE)
    assert node.balance() == sat(10)


async def test_the_same_invoice_is_never_paid_twice(node: PracticeNode) -> None:
    invoice = bill(node)
    node.hold = True
    node.send(invoice.text, CAP)
    assert refusal(node, invoice.text) is Refusal.IN_TRANSITION
    node.settle(invoice.payment_hash)
    *_, last = [one async for one in node.follow(invoice.payment_hash)]
    assert last.status is Status.SUCCEEDED
    assert refusal(node, invoice.text) is Refusal.ALREADY_PAID
    assert len(node.payments()) == 1


async def test_an_expired_invoice_is_refused_even_when_it_was_paid(
    node: PracticeNode, clock: HandClock
) -> None:
    paid_one, fresh = bill(node), bill(node)
    await paid(node, paid_one)
    clock.time += 3600
    assert refusal(node, paid_one.text) is Refusal.EXPIRED
    assert refusal(node, fresh.text) is Refusal.EXPIRED


async def test_an_invoice_of_somebody_else_is_refused(node: PracticeNode) -> None:
    other = bill(PracticeNode(bytes(32), clock=HandClock()))
    assert refusal(node, other.text) is Refusal.UNKNOWN_INVOICE


async def test_an_unknown_hash_is_not_found(node: PracticeNode) -> None:
    invoice = bill(node)
    with pytest.raises(NodeRefusal, match="isn't initiated"):
        node.follow(invoice.payment_hash)


async def test_a_held_payment_keeps_its_money_until_it_comes_back(node: PracticeNode) -> None:
    invoice = bill(node)
    node.hold = True
    node.send(invoice.text, CAP)
    assert node.balance() == sat(50_000 - 11)
    node.cancel(invoice.payment_hash)
    *_, last = [one async for one in node.follow(invoice.payment_hash)]
    assert (last.status, last.failure) == (Status.FAILED, Failure.CANCELED)
    assert node.balance() == sat(50_000)


async def test_delay_and_failure_are_knobs(node: PracticeNode, clock: HandClock) -> None:
    node.delay, node.failure = 4.0, Failure.NO_ROUTE
    *_, last = await paid(node, bill(node))
    assert clock.slept == [4.0]
    assert last.failure is Failure.NO_ROUTE


async def test_payers_have_their_own_lists_and_one_invoice_pays_once(node: PracticeNode) -> None:
    invoice = bill(node)
    await paid(node, invoice)
    node.send(invoice.text, CAP, "someone")
    *_, last = [one async for one in node.follow(invoice.payment_hash, "someone")]
    assert last.failure is Failure.INCORRECT_PAYMENT_DETAILS
    assert node.balance("someone") == sat(50_000)
    assert len(node.payments()) == len(node.payments("someone")) == 1


async def test_who_leaves_does_not_stop_the_payment(node: PracticeNode) -> None:
    invoice = bill(node)
    node.hold = True
    node.send(invoice.text, CAP)

    async def watch() -> None:
        async for _ in node.follow(invoice.payment_hash):
            pass

    watcher = asyncio.create_task(watch())
    await asyncio.sleep(0)
    watcher.cancel()
    node.settle(invoice.payment_hash)
    *_, last = [one async for one in node.follow(invoice.payment_hash)]
    assert last.status is Status.SUCCEEDED


async def test_closing_ends_the_news_without_a_final_word(node: PracticeNode) -> None:
    invoice = bill(node)
    node.hold = True
    node.send(invoice.text, CAP)
    news = node.follow(invoice.payment_hash)
    await anext(news)
    node.close()
    assert [one async for one in news] == []
