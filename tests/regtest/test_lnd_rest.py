"""Does the LND wallet say the same over REST, of real payments by the real node?

The rule: each test pays, or tries to, through `LndWallet` over REST, and then asks the node itself
over gRPC. What both lines share is tested here again where REST carries it in another way.
"""

import asyncio
import json
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from l402tui.cli.exits import Exit
from l402tui.flow.events import (
    PaymentFailed,
    PaymentNotFound,
    PaymentProgressed,
    PaymentSettled,
    PaymentUnknown,
)
from l402tui.flow.restored import CannotTell
from l402tui.protocol.macaroon import Macaroon
from l402tui.settings import LndSettings
from l402tui.wallets import lnd, lnd_calls, lnd_listing
from l402tui.wallets.lnd import LndWallet
from l402tui.wallets.lnd_rights import CALLS, LIST_PAYMENTS
from l402tui.wallets.lnd_words import FAILURES

from .network import CAPACITY_SAT, Network
from .node import BASE_FEE_MSAT, Node
from .payer import RIGHTS, Person, intent_to_pay, over_rest, payments_of, settings
from .processes import HOST, Process, free_ports, wait_until
from .service import RecordingService
from .watching import held, result, said

NO_ROUTE, INCORRECT_DETAILS, INSUFFICIENT_BALANCE = FAILURES[2], FAILURES[4], FAILURES[5]

Connect = Callable[..., LndWallet]


@pytest.fixture
async def connect(alice: Node, tmp_path: Path) -> AsyncIterator[Connect]:
    """Makes wallets on alice, with the rights of a macaroon, that are closed at the end."""
    async with AsyncExitStack() as stack:

        def make(macaroon: bytes | None = None, *, search_s: int = 15) -> LndWallet:
            wallet = LndWallet.connect(over_rest(alice, tmp_path, macaroon, search_s=search_s))
            stack.push_async_callback(wallet.close)
            return wallet

        yield make


@pytest.fixture
def wallet(connect: Connect) -> LndWallet:
    return connect()


@pytest.fixture
async def over_grpc(alice: Node, tmp_path: Path) -> AsyncIterator[LndWallet]:
    """The same node and the same rights, over gRPC."""
    wallet = LndWallet.connect(settings(alice, tmp_path))
    yield wallet
    await wallet.close()


# --- the node ------------------------------------------------------------------------------------


async def test_both_lines_tell_the_same_of_the_node(
    wallet: LndWallet, over_grpc: LndWallet, alice: Node
) -> None:
    facts = await wallet.facts()
    assert facts.ready
    assert facts.identity == f"lnd:{alice.pubkey}"
    assert facts.balance == alice.client.balance().local_msat > 0
    assert facts == await over_grpc.facts()


async def test_another_nodes_certificate_is_refused(alice: Node, bob: Node, tmp_path: Path) -> None:
    mixed_up = replace(over_rest(alice, tmp_path), tlscertpath=str(bob.tls))
    wallet = LndWallet.connect(mixed_up)
    facts = await wallet.facts()
    assert not facts.ready
    assert "another certificate" in str(facts.trouble)
    await wallet.close()


async def test_the_other_port_is_told_from_the_right_one(alice: Node, tmp_path: Path) -> None:
    given = settings(alice, tmp_path)
    for address in (f"https://{alice.rpc}", alice.rest.removeprefix("https://")):
        wallet = LndWallet.connect(replace(given, rpcserver=address))
        facts = await wallet.facts()
        assert not facts.ready
        assert "port" in str(facts.trouble)
        await wallet.close()


# --- rights --------------------------------------------------------------------------------------


async def test_the_calls_of_the_recipe_are_enough_and_there_is_nothing_to_advise(
    connect: Connect, alice: Node, bob: Node
) -> None:
    assert RIGHTS == CALLS
    recipe = Macaroon.decode(alice.client.bake(*(("uri", call) for call in CALLS), root_key_id=402))
    wallet = connect(
        recipe.with_caveat(b"time-before 2099-01-01T00:00:00Z").with_caveat(b"ipaddr 127.0.0.1").raw
    )
    facts = await wallet.facts()
    assert (facts.ready, facts.advice) == (True, None)
    intent = intent_to_pay(alice, bob.client.add_invoice(100))
    assert isinstance(await result(wallet.pay(intent)), PaymentSettled)
    assert isinstance(await result(wallet.track(intent)), PaymentSettled)


async def test_the_nodes_own_macaroon_is_pointed_out(connect: Connect, alice: Node) -> None:
    facts = await connect(alice.macaroon.read_bytes()).facts()
    assert facts.ready
    assert facts.advice is not None
    assert facts.advice.serious
    assert "admin.macaroon" in str(facts.advice.what)
    assert "make macaroons with any permission" in str(facts.advice.what)


@pytest.mark.parametrize(
    "caveat", [b"ipaddr 10.1.1.1", b"time-before 2020-01-01T00:00:00Z", b"no such condition"]
)
async def test_a_narrowed_macaroon_is_worth_what_the_node_says(
    connect: Connect, alice: Node, caveat: bytes
) -> None:
    whole = Macaroon.decode(alice.client.bake_macaroon(*RIGHTS))
    facts = await connect(whole.with_caveat(caveat).raw).facts()
    assert not facts.ready
    assert "not accept the macaroon" in str(facts.trouble)


async def test_another_nodes_macaroon_is_not_accepted(connect: Connect, bob: Node) -> None:
    facts = await connect(bob.client.bake_macaroon(*RIGHTS)).facts()
    assert "not accept the macaroon" in str(facts.trouble)


@pytest.mark.parametrize("missing", [RIGHTS[1], RIGHTS[2]])
async def test_without_tracking_or_identity_it_is_not_ready(
    connect: Connect, alice: Node, missing: str
) -> None:
    facts = await connect(
        alice.client.bake_macaroon(*(each for each in RIGHTS if each != missing))
    ).facts()
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


# --- what was paid -------------------------------------------------------------------------------


@pytest.mark.parametrize("line", [settings, over_rest], ids=["grpc", "rest"])
async def test_it_lists_what_the_node_has_paid_and_what_is_under_way(
    wallet: LndWallet,
    alice: Node,
    bob: Node,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: Callable[..., LndSettings],
) -> None:
    monkeypatch.setattr(lnd_listing, "PAGE", 2)
    began = time.time()
    first, second, hold = (
        bob.client.add_invoice(101),
        bob.client.add_invoice(102),
        bob.client.add_hold_invoice(103),
    )
    too_much = bob.client.add_invoice(CAPACITY_SAT + 1)
    for invoice in (first, too_much, second):
        await result(wallet.pay(intent_to_pay(alice, invoice, BASE_FEE_MSAT)))
    await held(wallet, alice, bob, hold)
    right = alice.client.bake_macaroon(LIST_PAYMENTS)
    lister = LndWallet.connect(line(alice, tmp_path, right))
    ours = {each.payment_hash: each for each in (first, too_much, second, hold)}
    told = [one for one in await lister.paid_since(began) if one.payment_hash in ours]
    assert [one.payment_hash for one in told] == [
        each.payment_hash for each in (first, second, hold)
    ]
    assert [one.amount for one in told] == [101_000, 102_000, 103_000]
    assert [one.settled for one in told] == [True, True, None]
    assert all(began - 1 < one.at < time.time() + 1 for one in told)
    assert told[0].fee == payments_of(alice, first.payment_hash)[0].fee_msat
    bob.client.settle(hold)
    await result(wallet.track(intent_to_pay(alice, hold)))
    (last,) = [
        one for one in await lister.paid_since(began) if one.payment_hash == told[2].payment_hash
    ]
    assert last.settled is True
    assert list(await lister.paid_since(time.time() + 60)) == []
    await lister.close()


@pytest.mark.parametrize("line", [settings, over_rest], ids=["grpc", "rest"])
async def test_without_the_right_to_list_it_says_which_one_it_needs(
    alice: Node, tmp_path: Path, line: Callable[..., LndSettings]
) -> None:
    wallet = LndWallet.connect(line(alice, tmp_path))
    with pytest.raises(CannotTell) as caught:
        await wallet.paid_since(time.time())
    assert LIST_PAYMENTS in str(caught.value.why)
    await wallet.close()


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


async def test_more_than_the_channel_holds_fails(wallet: LndWallet, alice: Node, bob: Node) -> None:
    invoice = bob.client.add_invoice(CAPACITY_SAT)
    failed = await result(wallet.pay(intent_to_pay(alice, invoice)))
    assert isinstance(failed, PaymentFailed)
    assert failed.why == INSUFFICIENT_BALANCE.why


async def test_its_own_invoice_is_refused(wallet: LndWallet, alice: Node) -> None:
    own = alice.client.add_invoice(100)
    failed = await result(wallet.pay(intent_to_pay(alice, own)))
    assert isinstance(failed, PaymentFailed)
    assert "is its own" in str(failed.why)
    assert alice.client.invoice_state(own.payment_hash) == "OPEN"


async def test_a_hash_the_node_has_never_seen_is_not_found(
    wallet: LndWallet, alice: Node, bob: Node
) -> None:
    stranger = intent_to_pay(alice, bob.client.add_invoice(100))
    assert isinstance(await result(wallet.track(stranger)), PaymentNotFound)


async def test_every_hash_can_be_asked_for(wallet: LndWallet, alice: Node, bob: Node) -> None:
    """Whatever letters it has in an address: + and / of base64 stand for others there."""
    intent = intent_to_pay(alice, bob.client.add_invoice(100))
    for payment_hash in (b"\xff" * 32, b"\xfb\xef\xbe" * 10 + b"\xfb\xef", bytes(32)):
        stranger = replace(intent, payment_hash=payment_hash)
        assert isinstance(await result(wallet.track(stranger)), PaymentNotFound)


# --- again ---------------------------------------------------------------------------------------


async def test_already_paid_is_one_payment(wallet: LndWallet, alice: Node, bob: Node) -> None:
    invoice = bob.client.add_invoice(100)
    intent = intent_to_pay(alice, invoice)
    outcomes = [await result(wallet.pay(intent)) for _ in range(2)]
    assert {type(each) for each in outcomes} == {PaymentSettled}
    (payment,) = payments_of(alice, invoice.payment_hash)
    assert (payment.status, payment.attempts) == ("SUCCEEDED", 1)


async def test_three_at_once_over_both_lines_are_one_payment(
    wallet: LndWallet, over_grpc: LndWallet, alice: Node, bob: Node
) -> None:
    invoice = bob.client.add_invoice(100)
    intent = intent_to_pay(alice, invoice)
    outcomes = await asyncio.gather(*(result(each.pay(intent)) for each in (wallet, over_grpc) * 2))
    assert {type(each) for each in outcomes} == {PaymentSettled}
    (payment,) = payments_of(alice, invoice.payment_hash)
    assert payment.attempts == 1


async def test_in_transition_is_followed(wallet: LndWallet, alice: Node, bob: Node) -> None:
    invoice = bob.client.add_hold_invoice(100)
    await held(wallet, alice, bob, invoice)
    async with aclosing(wallet.pay(intent_to_pay(alice, invoice))) as events:
        assert isinstance(await anext(events), PaymentProgressed)
        bob.client.settle(invoice)
        rest = [event async for event in events]
    assert isinstance(rest[-1], PaymentSettled)
    assert rest[-1].preimage.reveal() == invoice.preimage
    assert len(payments_of(alice, invoice.payment_hash)) == 1


async def test_expired_is_asked_about_before_it_is_believed(
    wallet: LndWallet, alice: Node, bob: Node
) -> None:
    paid, held_back = (
        bob.client.add_invoice(100, expiry_s=3),
        bob.client.add_hold_invoice(100, expiry_s=3),
    )
    late = bob.client.add_invoice(100, expiry_s=1)
    ends = time.time() + 4
    assert isinstance(await result(wallet.pay(intent_to_pay(alice, paid))), PaymentSettled)
    await held(wallet, alice, bob, held_back)
    await asyncio.to_thread(wait_until, "all have expired", lambda: time.time() > ends)
    assert isinstance(await result(wallet.pay(intent_to_pay(alice, paid))), PaymentSettled)
    async with aclosing(wallet.pay(intent_to_pay(alice, held_back))) as events:
        assert isinstance(await anext(events), PaymentProgressed)
        bob.client.cancel(held_back)
        rest = [event async for event in events]
    assert isinstance(rest[-1], PaymentFailed)
    assert rest[-1].why == INCORRECT_DETAILS.why
    failed = await result(wallet.pay(intent_to_pay(alice, late)))
    assert isinstance(failed, PaymentFailed)
    assert "expired" in str(failed.why)
    assert payments_of(alice, late.payment_hash) == []


# --- held ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("settles", [True, False], ids=["settled", "cancelled"])
async def test_who_hangs_up_ends_nothing_and_finds_the_payment_again(
    wallet: LndWallet, over_grpc: LndWallet, alice: Node, bob: Node, settles: bool
) -> None:
    invoice = bob.client.add_hold_invoice(100)
    assert isinstance(await held(wallet, alice, bob, invoice), PaymentProgressed)
    (payment,) = payments_of(alice, invoice.payment_hash)
    assert (payment.status, payment.preimage) == ("IN_FLIGHT", "00" * 32)
    async with aclosing(wallet.track(intent_to_pay(alice, invoice))) as events:
        assert isinstance(await anext(events), PaymentProgressed)
        (bob.client.settle if settles else bob.client.cancel)(invoice)
        *_, last = [event async for event in events]
    if settles:
        assert isinstance(last, PaymentSettled)
        assert last.preimage.reveal() == invoice.preimage
    else:
        assert isinstance(last, PaymentFailed)
        assert last.why == INCORRECT_DETAILS.why
    again = await result(over_grpc.track(intent_to_pay(alice, invoice)))
    assert again == last


async def test_held_for_longer_than_it_is_watched_is_unknown(
    connect: Connect, alice: Node, bob: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lnd, "_GRACE", 0.0)
    wallet, invoice = connect(search_s=1), bob.client.add_hold_invoice(100)
    unknown = await result(wallet.pay(intent_to_pay(alice, invoice)))
    assert isinstance(unknown, PaymentUnknown)
    assert not unknown.ask_again
    bob.client.wait_for_invoice(invoice.payment_hash, "ACCEPTED")
    bob.client.settle(invoice)
    assert isinstance(await result(wallet.track(intent_to_pay(alice, invoice))), PaymentSettled)


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


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_node_that_ends_on_the_way_is_unknown_and_the_payment_is_found_again(
    wallet: LndWallet, alice: Node, bob: Node, end: str
) -> None:
    invoice = bob.client.add_hold_invoice(100)
    intent = intent_to_pay(alice, invoice)
    async with aclosing(wallet.pay(intent)) as events:
        assert isinstance(await anext(events), PaymentProgressed)
        await asyncio.to_thread(bob.client.wait_for_invoice, invoice.payment_hash, "ACCEPTED")
        await asyncio.to_thread(getattr(alice, end))
        rest = [event async for event in events]
    assert isinstance(rest[-1], PaymentUnknown)
    await asyncio.to_thread(alice.start)
    async with aclosing(wallet.pay(intent)) as events:  # as somebody might who has forgotten
        assert isinstance(await anext(events), PaymentProgressed)
        bob.client.settle(invoice)
        *_, last = [event async for event in events]
    assert isinstance(last, PaymentSettled)
    assert last.preimage.reveal() == invoice.preimage
    assert len(payments_of(alice, invoice.payment_hash)) == 1


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


@pytest.fixture
def empty(alice: Node, tmp_path: Path) -> Iterator[LndSettings]:
    """A node that waits for its wallet to be made, and does nothing before."""
    folder = tmp_path / "empty"
    folder.mkdir()
    rpc, rest, peer = free_ports(3)
    changed = {
        "--lnddir": str(folder),
        "--listen": f"{HOST}:{peer}",
        "--rpclisten": f"{HOST}:{rpc}",
        "--restlisten": f"{HOST}:{rest}",
    }
    command = [
        "=".join((name, changed.get(name, value))) if value else name
        for name, _, value in (each.partition("=") for each in alice.process.command)
        if name != "--noseedbackup"
    ]
    process = Process("empty", command, folder)
    process.start()
    try:
        process.wait_until("it listens", lambda: _listens(rest))
        yield replace(
            over_rest(alice, tmp_path),
            rpcserver=f"https://{HOST}:{rest}",
            tlscertpath=str(folder / "tls.cert"),
        )
    finally:
        process.kill()


def _listens(port: int) -> bool:
    with socket.create_connection((HOST, port), 1):
        return True


async def test_a_node_that_serves_no_payments_has_not_forgotten_them(
    empty: LndSettings, alice: Node, bob: Node
) -> None:
    wallet = LndWallet.connect(empty)
    intent = intent_to_pay(alice, bob.client.add_invoice(100))
    facts = await wallet.facts()
    while "still starting" in str(facts.trouble):
        facts = await wallet.facts()
    assert "lncli create" in str(facts.trouble)
    for stream in (wallet.track(intent), wallet.pay(intent)):
        event = await result(stream)
        assert isinstance(event, PaymentUnknown)
        assert "has no wallet" in str(event.why)
    await wallet.close()


# --- from end to end -----------------------------------------------------------------------------


def test_the_program_buys_from_aperture_over_rest_and_only_once(
    alice: Node, network: Network, service: RecordingService, tmp_path: Path
) -> None:
    person = Person(tmp_path / "home", over_rest(alice, tmp_path))
    url = network.url("weather", f"/{secrets.token_hex(4)}")
    before = len(alice.client.payments())
    for _ in range(2):
        service.clear()
        ran = person.run("get", url, "--wallet", "lnd", "--yes")
        assert ran.code == Exit.OK, ran.words
        (seen,) = service.requests
        assert json.loads(ran.data) == {"method": "GET", "path": seen.path}
    assert [each.status for each in alice.client.payments()[before:]] == ["SUCCEEDED"]
