"""Does the LND wallet say of a real payment what the real node says of it?

The rule: each test pays, or tries to, through `LndWallet`, and then asks the node itself.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

import pytest

from l402tui.flow.events import (
    PaymentFailed,
    PaymentNotFound,
    PaymentProgressed,
    PaymentSettled,
    PaymentUnknown,
)
from l402tui.protocol.macaroon import Macaroon
from l402tui.protocol.network import Network as Chain
from l402tui.wallets import lnd, lnd_calls
from l402tui.wallets.lnd import LndWallet
from l402tui.wallets.lnd_words import FAILURES

from .network import CAPACITY_SAT
from .node import BASE_FEE_MSAT, Node
from .payer import RIGHTS, intent_to_pay, payments_of, settings
from .processes import wait_until
from .watching import held, result, said

NO_ROUTE, INCORRECT_DETAILS, INSUFFICIENT_BALANCE = FAILURES[2], FAILURES[4], FAILURES[5]

Connect = Callable[..., LndWallet]


@pytest.fixture
async def connect(alice: Node, tmp_path: Path) -> AsyncIterator[Connect]:
    """Makes wallets on alice, with the rights of a macaroon, that are closed at the end."""
    async with AsyncExitStack() as stack:

        def make(macaroon: bytes | None = None, *, search_s: int = 15) -> LndWallet:
            wallet = LndWallet.connect(settings(alice, tmp_path, macaroon, search_s=search_s))
            stack.push_async_callback(wallet.close)
            return wallet

        yield make


@pytest.fixture
def wallet(connect: Connect) -> LndWallet:
    return connect()


# --- the node ------------------------------------------------------------------------------------


async def test_it_knows_its_node_its_network_and_what_it_can_send(
    wallet: LndWallet, alice: Node
) -> None:
    facts = await wallet.facts()
    assert (facts.ready, facts.trouble) == (True, None)
    assert facts.network is Chain.REGTEST
    assert not facts.real_money
    assert facts.identity == f"lnd:{alice.pubkey}"
    assert str(facts.alias) == "alice"
    assert facts.balance == alice.client.balance().local_msat > 0


async def test_another_nodes_certificate_is_refused(alice: Node, bob: Node, tmp_path: Path) -> None:
    given = settings(alice, tmp_path)
    mixed_up = type(given)(given.rpcserver, str(bob.tls), given.macaroonpath)
    wallet = LndWallet.connect(mixed_up)
    facts = await wallet.facts()
    assert not facts.ready
    assert "another certificate" in str(facts.trouble)
    await wallet.close()


async def test_another_nodes_macaroon_is_not_accepted(connect: Connect, bob: Node) -> None:
    facts = await connect(bob.client.bake_macaroon(*RIGHTS)).facts()
    assert not facts.ready
    assert "not accept the macaroon" in str(facts.trouble)


@pytest.mark.parametrize(
    ("caveat", "ready"),
    [
        (b"ipaddr 127.0.0.1", True),
        (b"ipaddr 10.1.1.1", False),
        (b"time-before 2099-01-01T00:00:00Z", True),
        (b"time-before 2020-01-01T00:00:00Z", False),
        (b"no such condition", False),
    ],
)
async def test_a_narrowed_macaroon_is_worth_what_the_node_says(
    connect: Connect, alice: Node, caveat: bytes, ready: bool
) -> None:
    whole = Macaroon.decode(alice.client.bake_macaroon(*RIGHTS))
    facts = await connect(whole.with_caveat(caveat).raw).facts()
    assert facts.ready is ready
    assert ("not accept the macaroon" in str(facts.trouble)) is not ready


# --- rights --------------------------------------------------------------------------------------


async def test_four_rights_are_enough(wallet: LndWallet, alice: Node, bob: Node) -> None:
    invoice = bob.client.add_invoice(100)
    assert (await wallet.facts()).ready
    assert isinstance(await result(wallet.pay(intent_to_pay(alice, invoice))), PaymentSettled)
    assert isinstance(await result(wallet.track(intent_to_pay(alice, invoice))), PaymentSettled)


async def test_without_the_balance_it_is_ready_all_the_same(connect: Connect, alice: Node) -> None:
    facts = await connect(alice.client.bake_macaroon(*RIGHTS[:3])).facts()
    assert (facts.ready, facts.balance) == (True, None)


@pytest.mark.parametrize("missing", [RIGHTS[1], RIGHTS[2]])
async def test_without_tracking_or_identity_it_is_not_ready(
    connect: Connect, alice: Node, missing: str
) -> None:
    rights = [each for each in RIGHTS if each != missing]
    facts = await connect(alice.client.bake_macaroon(*rights)).facts()
    assert not facts.ready
    assert "does not allow this" in str(facts.trouble)


async def test_without_the_right_to_pay_nothing_is_paid(
    connect: Connect, alice: Node, bob: Node
) -> None:
    wallet = connect(alice.client.bake_macaroon(*RIGHTS[1:]))
    invoice = bob.client.add_invoice(100)
    failed = await result(wallet.pay(intent_to_pay(alice, invoice)))
    assert isinstance(failed, PaymentFailed)
    assert "does not allow this" in str(failed.why)
    assert payments_of(alice, invoice.payment_hash) == []


# --- paying --------------------------------------------------------------------------------------


async def test_it_pays_and_says_what_the_route_cost(
    wallet: LndWallet, alice: Node, bob: Node
) -> None:
    invoice = bob.client.add_invoice(100)
    *progress, paid = await said(wallet.pay(intent_to_pay(alice, invoice, BASE_FEE_MSAT)))
    assert progress
    assert all(isinstance(event, PaymentProgressed) for event in progress)
    assert isinstance(paid, PaymentSettled)
    assert (paid.preimage.reveal(), paid.fee) == (invoice.preimage, BASE_FEE_MSAT)
    assert [each.fee_msat for each in payments_of(alice, invoice.payment_hash)] == [BASE_FEE_MSAT]


@pytest.mark.parametrize("cap", [0, BASE_FEE_MSAT - 1])
async def test_a_fee_cap_too_small_fails_and_the_invoice_stays_payable(
    wallet: LndWallet, alice: Node, bob: Node, cap: int
) -> None:
    invoice = bob.client.add_invoice(100)
    failed = await result(wallet.pay(intent_to_pay(alice, invoice, cap)))
    assert isinstance(failed, PaymentFailed)
    assert (failed.why, failed.todo) == (NO_ROUTE.why, NO_ROUTE.todo)
    tracked = await result(wallet.track(intent_to_pay(alice, invoice, cap)))
    assert isinstance(tracked, PaymentFailed)
    assert isinstance(await result(wallet.pay(intent_to_pay(alice, invoice))), PaymentSettled)


async def test_a_route_that_locks_money_for_too_long_is_not_taken(
    wallet: LndWallet, alice: Node, bob: Node
) -> None:
    """The payee asks for 80 blocks and the node adds three; each hop on the way adds its own."""
    invoice = bob.client.add_invoice(100)
    tight = LndWallet(wallet._calls, 15, cltv_limit=84)
    failed = await result(tight.pay(intent_to_pay(alice, invoice)))
    assert isinstance(failed, PaymentFailed)
    assert (failed.why, failed.todo) == (NO_ROUTE.why, NO_ROUTE.todo)
    assert isinstance(await result(wallet.pay(intent_to_pay(alice, invoice))), PaymentSettled)


@pytest.mark.parametrize("blocks", [83, 2017], ids=["less than the payee asks", "over the node's"])
async def test_a_limit_for_locks_that_the_node_does_not_take_is_told(
    wallet: LndWallet, alice: Node, bob: Node, blocks: int
) -> None:
    invoice = bob.client.add_invoice(100)
    refused = await result(
        LndWallet(wallet._calls, 15, cltv_limit=blocks).pay(intent_to_pay(alice, invoice))
    )
    assert isinstance(refused, PaymentFailed)
    assert "lnd.cltv_limit" in refused.todo.text
    assert isinstance(await result(wallet.pay(intent_to_pay(alice, invoice))), PaymentSettled)


async def test_more_than_the_channel_holds_fails(wallet: LndWallet, alice: Node, bob: Node) -> None:
    invoice = bob.client.add_invoice(CAPACITY_SAT)
    failed = await result(wallet.pay(intent_to_pay(alice, invoice)))
    assert isinstance(failed, PaymentFailed)
    assert failed.why == INSUFFICIENT_BALANCE.why


async def test_a_hash_the_node_has_never_seen_is_not_found(
    wallet: LndWallet, alice: Node, bob: Node
) -> None:
    stranger = intent_to_pay(alice, bob.client.add_invoice(100))
    assert isinstance(await result(wallet.track(stranger)), PaymentNotFound)


async def test_the_same_invoice_twice_is_one_payment(
    wallet: LndWallet, alice: Node, bob: Node
) -> None:
    invoice = bob.client.add_invoice(100)
    intent = intent_to_pay(alice, invoice)
    outcomes = [await result(wallet.pay(intent)) for _ in range(2)]
    assert {type(each) for each in outcomes} == {PaymentSettled}
    (payment,) = payments_of(alice, invoice.payment_hash)
    assert (payment.status, payment.attempts) == ("SUCCEEDED", 1)


async def test_two_at_once_are_one_payment(wallet: LndWallet, alice: Node, bob: Node) -> None:
    invoice = bob.client.add_invoice(100)
    intent = intent_to_pay(alice, invoice)
    outcomes = await asyncio.gather(*(result(wallet.pay(intent)) for _ in range(3)))
    assert {type(each) for each in outcomes} == {PaymentSettled}
    (payment,) = payments_of(alice, invoice.payment_hash)
    assert payment.attempts == 1


async def test_paid_and_expired_since_is_still_paid(
    wallet: LndWallet, alice: Node, bob: Node
) -> None:
    invoice, late = bob.client.add_invoice(100, expiry_s=2), bob.client.add_invoice(100, expiry_s=1)
    ends = time.time() + 3
    assert isinstance(await result(wallet.pay(intent_to_pay(alice, invoice))), PaymentSettled)
    await asyncio.to_thread(wait_until, "both have expired", lambda: time.time() > ends)
    assert isinstance(await result(wallet.pay(intent_to_pay(alice, invoice))), PaymentSettled)
    failed = await result(wallet.pay(intent_to_pay(alice, late)))
    assert isinstance(failed, PaymentFailed)
    assert "expired" in str(failed.why)


# --- held ----------------------------------------------------------------------------------------


async def test_who_stops_watching_finds_the_payment_again(
    wallet: LndWallet, alice: Node, bob: Node
) -> None:
    invoice = bob.client.add_hold_invoice(100)
    assert isinstance(await held(wallet, alice, bob, invoice), PaymentProgressed)
    async with aclosing(wallet.track(intent_to_pay(alice, invoice))) as events:
        assert isinstance(await anext(events), PaymentProgressed)
        bob.client.settle(invoice)
        rest = [event async for event in events]
    assert isinstance(rest[-1], PaymentSettled)
    assert rest[-1].preimage.reveal() == invoice.preimage
    assert len(payments_of(alice, invoice.payment_hash)) == 1


async def test_paying_what_is_in_flight_follows_it(
    wallet: LndWallet, alice: Node, bob: Node
) -> None:
    invoice = bob.client.add_hold_invoice(100)
    await held(wallet, alice, bob, invoice)
    async with aclosing(wallet.pay(intent_to_pay(alice, invoice))) as events:
        assert isinstance(await anext(events), PaymentProgressed)
        bob.client.settle(invoice)
        rest = [event async for event in events]
    assert isinstance(rest[-1], PaymentSettled)
    assert len(payments_of(alice, invoice.payment_hash)) == 1


async def test_held_for_longer_than_it_is_watched_is_unknown_and_then_given_back(
    connect: Connect, alice: Node, bob: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lnd, "_GRACE", 0.0)
    wallet, invoice = connect(search_s=1), bob.client.add_hold_invoice(100)
    unknown = await result(wallet.pay(intent_to_pay(alice, invoice)))
    assert isinstance(unknown, PaymentUnknown)
    assert not unknown.ask_again
    assert "on its way" in str(unknown.why)
    bob.client.wait_for_invoice(invoice.payment_hash, "ACCEPTED")
    bob.client.cancel(invoice)
    failed = await result(wallet.track(intent_to_pay(alice, invoice)))
    assert isinstance(failed, PaymentFailed)
    assert failed.why == INCORRECT_DETAILS.why


# --- the node goes away --------------------------------------------------------------------------


async def test_a_node_that_is_down_is_unknown_and_the_same_wallet_goes_on_afterwards(
    wallet: LndWallet, alice: Node, bob: Node
) -> None:
    intent = intent_to_pay(alice, bob.client.add_invoice(100))
    assert (await wallet.facts()).ready
    await asyncio.to_thread(alice.stop)
    facts = await wallet.facts()
    assert (facts.ready, facts.node_id) == (False, None)
    assert "cannot be reached" in str(facts.trouble)
    for stream in (wallet.pay(intent), wallet.track(intent)):
        event = await result(stream)
        assert isinstance(event, PaymentUnknown)
        assert event.ask_again
    await asyncio.to_thread(alice.start)
    assert isinstance(await result(wallet.track(intent)), PaymentNotFound)
    assert isinstance(await result(wallet.pay(intent)), PaymentSettled)


async def test_a_power_cut_on_the_way_is_unknown_and_the_payment_is_found_again(
    wallet: LndWallet, alice: Node, bob: Node
) -> None:
    invoice = bob.client.add_hold_invoice(100)
    intent = intent_to_pay(alice, invoice)
    async with aclosing(wallet.pay(intent)) as events:
        assert isinstance(await anext(events), PaymentProgressed)
        await asyncio.to_thread(bob.client.wait_for_invoice, invoice.payment_hash, "ACCEPTED")
        alice.kill()
        rest = [event async for event in events]
    assert isinstance(rest[-1], PaymentUnknown)
    await asyncio.to_thread(alice.start)
    bob.client.settle(invoice)
    assert isinstance(await result(wallet.track(intent)), PaymentSettled)


async def test_a_node_that_hangs_while_it_is_told_to_pay_pays_once(
    wallet: LndWallet, alice: Node, bob: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = bob.client.add_invoice(100)
    intent = intent_to_pay(alice, invoice)
    assert (await wallet.facts()).ready
    with monkeypatch.context() as hurried, alice.frozen():
        hurried.setattr(lnd_calls, "ASK_SECONDS", 0.3)
        unknown = await result(wallet.pay(intent))
    assert isinstance(unknown, PaymentUnknown)
    assert unknown.ask_again
    assert isinstance(await result(wallet.pay(intent)), PaymentSettled)
    (payment,) = payments_of(alice, invoice.payment_hash)
    assert (payment.status, payment.attempts) == ("SUCCEEDED", 1)
