"""What becomes of a payment that its payee holds for an hour?

The rule: the node, the locks and the money are real, and only our own hour is not: the flow goes by
a clock that lets each pause pass at once. It is held, and said to be, with the block at which it
ends at the latest; its money stays reserved; and it is followed until the node has the last word.
"""

import time

import pytest

from l402tui.cli.exits import Exit
from l402tui.flow import events as e
from l402tui.flow.model import Intent, IntentState, Money, Outcome
from l402tui.wallets import lnd

from .customer import Customer, FastClock, Guard, Yes, ending, request, run
from .node import BASE_FEE_MSAT, Node
from .payer import Purse
from .till import Till

BOTH_LINES = pytest.mark.parametrize("customer", ["grpc", "rest"], indirect=True)
PRICE_SAT = 100
HOUR = 3600.0
PAUSE = 300.0
BLOCK = 600.0


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wallet watches for a moment at a time, so that the pauses come soon."""
    monkeypatch.setattr(lnd, "_GRACE", -14.8)  # of the 15 s that the node looks for routes


@BOTH_LINES
async def test_held_for_an_hour_and_then_settled_it_is_delivered(
    customer: Customer, till: Till, purse: Purse, alice: Node, bob: Node
) -> None:
    invoice, url = bob.client.add_hold_invoice(PRICE_SAT), f"{till.url}/paper"
    till.asks(invoice.bolt11, invoice.payment_hash)
    clock, approver = FastClock(at_least=PAUSE), Yes()
    begun, half_way = clock.now(), list[tuple[str, Intent]]()

    def in_a_pause(now: float) -> None:
        if HOUR / 2 <= now - begun < HOUR / 2 + PAUSE:
            with customer.vault() as vault:
                (held,) = vault.payments()
            half_way.append((customer.run("payments").out.decode(), held))
        if now - begun >= HOUR:
            bob.client.settle(invoice)

    async with customer.session(clock, Guard) as session:
        first = await run(session.runner(approver).run(request(url)))
        assert (ending(first).outcome, ending(first).money) == (Outcome.UNSETTLED, Money.PERHAPS)
        bob.client.wait_for_invoice(invoice.payment_hash, "ACCEPTED")
        lock = alice.client.locked_until(invoice.payment_hash)
        assert lock is not None
        clock.in_a_pause = in_a_pause
        runner = session.runner(approver)
        events = await run(runner.run(request(url), follow=invoice.payment_hash))
        (intent,) = session.vault.payments(every=True)
        log = session.vault.log(invoice.payment_hash)
        assert isinstance(session.wallet, Guard)
        assert session.wallet.calls.count("pay") == 1

    assert (ending(events).outcome, ending(events).money) == (Outcome.PAID, Money.EARLIER)
    assert clock.now() - begun >= HOUR
    states = {line.state: line.at - begun for line in reversed(log)}
    assert [line.state for line in log] == [
        IntentState.RESERVED,
        IntentState.SENDING,
        IntentState.IN_FLIGHT,
        IntentState.HELD,
        IntentState.PAID,
        IntentState.ACTIVE,
    ]
    assert 600 < states[IntentState.HELD] <= 600 + 2 * PAUSE
    assert states[IntentState.PAID] >= HOUR
    assert (intent.state, intent.latest_end) == (IntentState.ACTIVE, None)

    ((table, held),) = half_way
    assert held.latest_end is not None
    assert "held" in table
    assert f"It ends by itself at block {held.latest_end.block} at the latest" in table
    assert held.latest_end.block == lock
    blocks_left = lock - alice.client.info().block_height
    assert held.latest_end.at == pytest.approx(time.time() + blocks_left * BLOCK, abs=60)

    assert len(approver.asked) == 1
    (payment,) = purse.payments
    assert (payment.status, payment.attempts) == ("SUCCEEDED", 1)
    (delivery,) = till.delivered
    assert str(delivery.authorization).endswith(invoice.preimage.hex())


async def test_held_and_then_cancelled_its_money_is_free_and_a_fresh_bill_is_paid(
    customer: Customer, till: Till, purse: Purse, bob: Node
) -> None:
    invoice, url = bob.client.add_hold_invoice(PRICE_SAT), f"{till.url}/paper"
    till.asks(invoice.bolt11, invoice.payment_hash)
    clock, origin = FastClock(at_least=PAUSE), request(url).url.origin
    begun, reserved = clock.now(), list[int]()

    def in_a_pause(now: float) -> None:
        with customer.vault() as vault:
            reserved.append(vault.spending(origin, now).day)
        if now - begun >= HOUR:
            bob.client.cancel(invoice)

    async with customer.session(clock) as session:
        await run(session.runner(Yes()).run(request(url)), until=e.ResultStored)
        bob.client.wait_for_invoice(invoice.payment_hash, "ACCEPTED")
        clock.in_a_pause = in_a_pause
        runner = session.runner(Yes())
        events = await run(runner.run(request(url), follow=invoice.payment_hash))
        assert (ending(events).outcome, ending(events).money) == (Outcome.NOT_PAID, Money.NONE)
        (intent,) = session.vault.payments(every=True)
        assert intent.state is IntentState.FAILED
        assert session.vault.spending(origin, clock.now()).day == 0
    assert set(reserved) == {PRICE_SAT * 1000 + intent.fee_cap}  # all the time
    assert len(reserved) >= HOUR / PAUSE - 1

    same = customer.buy(url)
    assert same.code == Exit.REFUSED, same.err
    assert "This invoice was tried before and failed." in same.err
    fresh = bob.client.add_invoice(PRICE_SAT)
    till.asks(fresh.bolt11, fresh.payment_hash)
    bought = customer.buy(url)
    assert bought.code == Exit.OK, bought.err
    assert [(each.payment_hash, each.status, each.fee_msat) for each in purse.payments] == [
        (invoice.payment_hash, "FAILED", 0),
        (fresh.payment_hash, "SUCCEEDED", BASE_FEE_MSAT),
    ]
    assert len(till.delivered) == 1


def test_whoever_runs_it_again_after_a_cancel_buys_by_a_fresh_bill(
    customer: Customer, till: Till, purse: Purse, bob: Node
) -> None:
    """The person still wants the paper: the first payment is closed, and then they are asked."""
    invoice, url = bob.client.add_hold_invoice(PRICE_SAT), f"{till.url}/paper"
    till.asks(invoice.bolt11, invoice.payment_hash)
    buying = customer.begin_to_buy(url)
    buying.until("result_stored")
    bob.client.wait_for_invoice(invoice.payment_hash, "ACCEPTED")
    buying.process.kill()
    buying.end()
    fresh = bob.client.add_invoice(PRICE_SAT)
    till.asks(fresh.bolt11, fresh.payment_hash)
    again = customer.begin_to_buy(url)
    again.until("payment_progressed")
    assert purse.states == ["IN_FLIGHT"]  # it follows, and does not look at the fresh bill
    bob.client.cancel(invoice)
    done = again.end()
    assert done.code == Exit.OK, done.err
    assert purse.states == ["FAILED", "SUCCEEDED"]
    rows = customer.rows("--all")
    assert [row["state"] for row in rows] == ["failed", "active"]
    assert [row["money"] for row in rows] == ["none", "spent"]
    assert len(till.delivered) == 1
