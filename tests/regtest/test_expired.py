"""What is believed where the node says "invoice expired"?

The rule: never that nothing was paid. An lnd node looks at the expiry first, and says the same of
an invoice that it has paid, or is paying. So the hash is asked about, and only a node that has
never seen it ends the payment. Our own clock is behind in these tests, or ahead, so that nobody
waits: the node's is right.
"""

import asyncio
import signal
import time

import pytest

from l402tui.flow import events as e
from l402tui.flow.model import IntentState, Money, Outcome
from l402tui.flow.moves import rules

from .customer import Customer, FastClock, Guard, Yes, ending, request, run
from .lnd_client import Invoice
from .node import Node
from .payer import Purse
from .processes import wait_until
from .till import Till

BOTH_LINES = pytest.mark.parametrize("customer", ["grpc", "rest"], indirect=True)
PRICE_SAT = 100
BEHIND = -300.0


async def gone(*invoices: Invoice, node: Node) -> None:
    """Wait until these have expired, by the node's clock."""
    made = time.time()
    longest = max(node.client.decode(each.bolt11).expiry_s for each in invoices)
    await asyncio.to_thread(wait_until, "it expired", lambda: time.time() > made + longest + 0.2)


@BOTH_LINES
async def test_expired_and_really_unpaid_is_closed_after_a_look(
    customer: Customer, till: Till, purse: Purse, bob: Node
) -> None:
    invoice, url = bob.client.add_invoice(PRICE_SAT, expiry_s=1), f"{till.url}/paper"
    till.asks(invoice.bolt11, invoice.payment_hash)
    await gone(invoice, node=bob)
    async with customer.session(FastClock(BEHIND), Guard) as session:
        events = await run(session.runner(Yes()).run(request(url)))
        (intent,) = session.vault.payments(every=True)
        assert isinstance(session.wallet, Guard)
        assert session.wallet.calls == ["pay"]
        spending = session.vault.spending(intent.request.url.origin, intent.updated)
    assert (ending(events).outcome, ending(events).money) == (Outcome.NOT_PAID, Money.NONE)
    assert "the invoice has expired" in ending(events).why.text
    assert (intent.state, spending.day) == (IntentState.FAILED, 0)
    assert purse.payments == []


async def test_expired_and_paid_is_delivered_and_not_sent_again(
    customer: Customer, till: Till, purse: Purse, alice: Node, bob: Node
) -> None:
    """The vault does not know it (an older copy), so the call does leave; the node refuses it."""
    invoice, url = bob.client.add_invoice(PRICE_SAT, expiry_s=2), f"{till.url}/paper"
    till.asks(invoice.bolt11, invoice.payment_hash)
    assert alice.client.pay(invoice.bolt11).status == "SUCCEEDED"
    await gone(invoice, node=bob)
    async with customer.session(FastClock(BEHIND), Guard) as session:
        events = await run(session.runner(Yes()).run(request(url)))
        (intent,) = session.vault.payments(every=True)
    assert ending(events).outcome is Outcome.PAID, ending(events)
    assert intent.state is IntentState.ACTIVE
    (payment,) = purse.payments
    assert (payment.status, payment.attempts) == ("SUCCEEDED", 1)
    assert len(till.delivered) == 1


@pytest.mark.parametrize("customer", ["rest"], indirect=True)
async def test_expired_and_on_hold_is_followed(
    customer: Customer, till: Till, purse: Purse, alice: Node, bob: Node
) -> None:
    invoice, url = bob.client.add_hold_invoice(PRICE_SAT, expiry_s=2), f"{till.url}/paper"
    till.asks(invoice.bolt11, invoice.payment_hash)
    next(alice.client.paying(invoice.bolt11))
    bob.client.wait_for_invoice(invoice.payment_hash, "ACCEPTED")
    await gone(invoice, node=bob)
    async with customer.session(FastClock(BEHIND), Guard) as session:
        flow = session.runner(Yes()).run(request(url))
        events = await run(flow, until=e.ResultStored)
        assert isinstance(events[-1], e.ResultStored)
        assert events[-1].intent.state is IntentState.IN_FLIGHT
        bob.client.settle(invoice)
        events = await run(session.runner(Yes()).run(request(url)))
    assert (ending(events).outcome, ending(events).money) == (Outcome.PAID, Money.EARLIER)
    (payment,) = purse.payments
    assert (payment.status, payment.attempts) == ("SUCCEEDED", 1)


async def test_paid_and_unheard_then_expired_is_found_by_a_look(
    customer: Customer, till: Till, purse: Purse, bob: Node
) -> None:
    invoice, url = bob.client.add_invoice(PRICE_SAT, expiry_s=45), f"{till.url}/paper"
    till.asks(invoice.bolt11, invoice.payment_hash)
    buying = customer.begin_to_buy(url)
    buying.until("payment_sent")
    await asyncio.to_thread(bob.client.wait_for_invoice, invoice.payment_hash, "SETTLED")
    buying.signal(signal.SIGKILL)
    buying.end()
    ahead = FastClock(45.0 + rules.NEVER_SENT_AFTER + 60)
    async with customer.session(ahead, Guard) as session:
        before = session.vault.intent(invoice.payment_hash)
        events = await run(session.runner(Yes()).run(request(url)))
        assert isinstance(session.wallet, Guard)
        paid_before = before is not None and before.state.proven  # it may have heard just in time
        assert session.wallet.calls == ([] if paid_before else ["track"])
    assert ending(events).outcome in (Outcome.PAID, Outcome.REUSED), ending(events)
    assert ending(events).money is Money.EARLIER
    assert purse.states == ["SUCCEEDED"]
    assert len(till.delivered) >= 1


@pytest.mark.parametrize("after", ["its expiry", "two minutes more"])
async def test_never_sent_and_expired_is_closed_only_when_it_cannot_come_any_more(
    customer: Customer, till: Till, purse: Purse, bob: Node, after: str
) -> None:
    invoice, url = bob.client.add_invoice(PRICE_SAT), f"{till.url}/paper"
    till.asks(invoice.bolt11, invoice.payment_hash)
    clock = FastClock()
    async with customer.session(clock, Guard) as session:
        await run(session.runner(Yes()).run(request(url)), until=e.PaymentSent)
        (intent,) = session.vault.payments()
        assert intent.state is IntentState.SENDING
        ran_out = intent.expires - clock.now() + 1
        clock.later += ran_out + (rules.NEVER_SENT_AFTER if after != "its expiry" else 0.0)
        runner = session.runner(Yes())
        events = await run(runner.run(request(url), follow=invoice.payment_hash))
        assert isinstance(session.wallet, Guard)
        assert session.wallet.calls == ["track"]  # the node has the word, before anything is closed
        (intent,) = session.vault.payments(every=True)
    if after == "its expiry":
        assert (ending(events).outcome, ending(events).money) == (
            Outcome.UNSETTLED,
            Money.PERHAPS,
        )
        assert "too early to say" in ending(events).what.text
        assert intent.state is IntentState.SENDING
    else:
        assert (ending(events).outcome, ending(events).money) == (Outcome.NOT_PAID, Money.NONE)
        assert "never reached the wallet" in ending(events).why.text
        assert intent.state is IntentState.FAILED
    assert purse.payments == []
