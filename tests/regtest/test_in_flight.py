"""Is a payment made once, and found again, whoever dies while it is on its way?

The rule: the program runs as processes that are killed, the node is killed as a power cut would,
and the payee holds the money as long as the test wants. What happened is then asked of the node's
own list, of the vault, and of the words that a person reads.
"""

import asyncio
import signal
from contextlib import aclosing

import pytest

from l402tui.cli.exits import Exit
from l402tui.flow import events as e
from l402tui.flow.model import Intent, IntentState, Money, Outcome
from l402tui.flow.moves import rules
from l402tui.flow.ports import Wallet
from tests.cli.command import Running

from .customer import Customer, FastClock, Guard, Yes, ending, request, run
from .lnd_client import Invoice
from .node import Node
from .payer import Purse
from .till import Till

BOTH_LINES = pytest.mark.parametrize("customer", ["grpc", "rest"], indirect=True)
PRICE_SAT = 100


def on_hold(till: Till, bob: Node) -> Invoice:
    """Have the till ask for an invoice whose payment bob holds."""
    invoice = bob.client.add_hold_invoice(PRICE_SAT)
    till.asks(invoice.bolt11, invoice.payment_hash)
    return invoice


def sent(customer: Customer, url: str, bob: Node, invoice: Invoice) -> Running:
    """Begin to buy, until bob holds the money and the vault knows that it is under way."""
    buying = customer.begin_to_buy(url)
    stored = buying.until("result_stored")
    assert stored["state"] == "in flight"
    bob.client.wait_for_invoice(invoice.payment_hash, "ACCEPTED")
    return buying


def killed(running: Running) -> None:
    """Kill our own process, and wait until it is gone."""
    running.signal(signal.SIGKILL)
    assert running.end().code == -signal.SIGKILL


def paid_once(purse: Purse, invoice: Invoice) -> bool:
    """Whether the node has begun exactly one payment, of this invoice, and it arrived."""
    (payment,) = purse.payments
    return (payment.payment_hash, payment.status, payment.attempts) == (
        invoice.payment_hash,
        "SUCCEEDED",
        1,
    )


def delivered_once(till: Till, invoice: Invoice) -> bool:
    """Whether the till was shown the preimage, in one request."""
    (asked,) = till.delivered
    return str(asked.authorization).endswith(f":{invoice.preimage.hex()}")


# --- the program is killed -----------------------------------------------------------------------


@BOTH_LINES
def test_killed_in_flight_it_is_listed_then_followed_to_its_end(
    customer: Customer, till: Till, purse: Purse, alice: Node, bob: Node
) -> None:
    invoice, url = on_hold(till, bob), f"{till.url}/paper"
    killed(sent(customer, url, bob, invoice))
    (row,) = customer.rows()
    payment = invoice.payment_hash.hex()
    assert (row["payment_hash"], row["state"], row["money"]) == (payment, "in flight", "perhaps")
    assert row["ends_at_block"] == alice.client.locked_until(invoice.payment_hash)
    assert [step["state"] for step in row["log"]] == ["reserved", "sending", "in flight"]
    listed = customer.run("payments").out.decode()
    for words in (payment[:12], "in flight", "100 sat", f"GET {url}", "resume follows it"):
        assert words in listed

    following = customer.begin_to_resume(payment[:12])
    following.until("payment_progressed")
    bob.client.settle(invoice)
    done = following.end()
    assert done.code == Exit.OK, done.err
    assert "payment_sent" not in done.names
    assert done.events[-1]["money"] == "earlier"
    assert paid_once(purse, invoice)
    assert delivered_once(till, invoice)
    assert customer.rows() == []
    (row,) = customer.rows("--all")
    assert (row["state"], row["money"], row["fee_msat"]) == ("active", "spent", 1000)


def test_while_one_is_in_flight_nothing_else_is_bought_and_nothing_is_given_up(
    customer: Customer, till: Till, purse: Purse, bob: Node
) -> None:
    invoice, url = on_hold(till, bob), f"{till.url}/paper"
    killed(sent(customer, url, bob, invoice))
    other = bob.client.add_invoice(PRICE_SAT)
    till.asks(other.bolt11, other.payment_hash)

    elsewhere = customer.buy(f"{till.url}/other")
    assert elsewhere.code == Exit.DECLINED, elsewhere.err
    assert "could pay twice" in elsewhere.err
    looked = customer.run("get", url, "--no-pay")
    assert looked.code == Exit.UNSETTLED, looked.err
    assert "not finished" in looked.err
    payment = invoice.payment_hash.hex()
    given_up = customer.run("payments", "give-up", payment)
    assert given_up.code == Exit.UNSETTLED, given_up.err
    assert "Not given up." in given_up.err
    assert [each.payment_hash for each in purse.payments] == [invoice.payment_hash]

    bob.client.settle(invoice)
    again = customer.buy(url)  # it follows the old bill, whatever the till asks for by now
    assert again.code == Exit.OK, again.err
    assert "No money was spent now; it was paid earlier." in again.err
    assert paid_once(purse, invoice)
    assert delivered_once(till, invoice)


# --- the node is killed --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("customer", "settled"),
    [("grpc", "meanwhile"), ("rest", "afterwards")],
    indirect=["customer"],
)
def test_a_node_killed_in_flight_is_waited_for_and_nothing_is_sent_again(
    customer: Customer, till: Till, purse: Purse, alice: Node, bob: Node, settled: str
) -> None:
    invoice, url = on_hold(till, bob), f"{till.url}/paper"
    killed(sent(customer, url, bob, invoice))
    following = customer.begin_to_resume(invoice.payment_hash.hex())
    following.until("payment_progressed")
    alice.kill()
    unknown = following.until("payment_unknown")
    assert unknown["ask_again"] is True
    following.until("waiting")
    (row,) = customer.rows()
    assert (row["state"], row["money"]) == ("in flight", "perhaps")  # an outage changes nothing
    if settled == "meanwhile":
        bob.client.settle(invoice)
    alice.start()
    if settled == "afterwards":
        following.until("payment_progressed")
        bob.client.settle(invoice)
    done = following.end()
    assert done.code == Exit.OK, done.err
    assert "payment_sent" not in done.names
    assert paid_once(purse, invoice)
    assert delivered_once(till, invoice)
    (row,) = customer.rows("--all")
    assert [step["state"] for step in row["log"]] == [
        *("reserved", "sending", "in flight", "paid", "active")
    ]


async def test_a_node_that_stays_away_ends_the_run_with_a_perhaps(
    customer: Customer, till: Till, purse: Purse, alice: Node, bob: Node
) -> None:
    invoice, url = on_hold(till, bob), f"{till.url}/paper"
    clock, seen = FastClock(), list[e.Event]()
    async with customer.session(clock, Guard) as session:
        async with aclosing(session.runner(Yes()).run(request(url))) as events:
            async for event in events:
                seen.append(event)
                if isinstance(event, e.ResultStored) and alice.process.running:
                    await asyncio.to_thread(
                        bob.client.wait_for_invoice, invoice.payment_hash, "ACCEPTED"
                    )
                    await asyncio.to_thread(alice.kill)
        assert isinstance(session.wallet, Guard)
        assert session.wallet.calls == ["pay", *["track"] * (rules.ATTEMPTS - 1)]
        (intent,) = session.vault.payments()
    assert (ending(seen).outcome, ending(seen).money) == (Outcome.UNSETTLED, Money.PERHAPS)
    assert "The node cannot be reached." in ending(seen).why.text
    assert "never paid twice" in ending(seen).todo.text
    assert clock.slept == [rules.backoff(attempt) for attempt in range(1, rules.ATTEMPTS)]
    assert intent.state is IntentState.IN_FLIGHT
    await asyncio.to_thread(alice.start)
    bob.client.settle(invoice)
    again = await asyncio.to_thread(customer.buy, url)
    assert again.code == Exit.OK, again.err
    assert paid_once(purse, invoice)
    assert delivered_once(till, invoice)


@pytest.mark.parametrize(
    ("customer", "back"),
    [("grpc", "before the call"), ("rest", "after the call")],
    indirect=["customer"],
)
async def test_a_node_killed_between_reservation_and_sending_is_paid_through_once(
    customer: Customer, till: Till, purse: Purse, alice: Node, bob: Node, back: str
) -> None:
    """It is on disk that the call may leave; then it finds another run of the node, or none."""
    invoice = bob.client.add_invoice(PRICE_SAT)
    till.asks(invoice.bolt11, invoice.payment_hash)
    clock, approver = FastClock(), Yes()
    guards: list[Guard] = []
    stood: list[Intent] = []

    def power_cut() -> None:
        with customer.vault() as vault:
            stood.extend(vault.payments())
        if guards[0].calls.count("pay") == 1:
            alice.kill()
            if back == "before the call":
                alice.start()

    def guard(real: Wallet) -> Guard:
        guards.append(Guard(real, power_cut))
        return guards[0]

    def back_again(_: float) -> None:
        if not alice.process.running:
            alice.start()

    clock.in_a_pause = back_again
    async with customer.session(clock, guard) as session:
        events = await run(session.runner(approver).run(request(f"{till.url}/paper")))
        (intent,) = session.vault.payments(every=True)
    assert ending(events).outcome is Outcome.PAID, ending(events)
    assert ending(events).money is Money.SPENT
    assert {each.state for each in stood} == {IntentState.SENDING}
    sends = ["pay"] if back == "before the call" else ["pay", "track", "pay"]
    assert guards[0].calls == sends  # a second call only after the node's own "never seen"
    assert len(approver.asked) == 1
    assert intent.state is IntentState.ACTIVE
    assert paid_once(purse, invoice)
    assert delivered_once(till, invoice)
    if back == "after the call":
        assert any(isinstance(event, e.PaymentNotFound) for event in events)
