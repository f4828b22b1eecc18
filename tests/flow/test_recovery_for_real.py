"""What was cut off, restored, moved or does not fit on the disk, with the real parts.

Practice server and wallet over sockets, and a vault on disk. Where the wallet must say what the
practice node never says, it alone is replaced.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from l402tui.flow import events as e
from l402tui.flow.model import (
    Ending,
    Intent,
    IntentState,
    Money,
    Outcome,
    Request,
    Response,
    WalletFacts,
)
from l402tui.flow.moves import rules
from l402tui.flow.ports import Wallet
from l402tui.flow.runner import Runner
from l402tui.practice.run import PracticeServer
from l402tui.practice.switches import Switch
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import say
from l402tui.vault.turns import LocalTurns
from l402tui.wallets.practice import PracticeWallet
from l402tui.wiring import Session
from tests.flow.test_runner import FEE, PRICE, Bench, Yes, bench, ending, names

S = IntentState


class Hurried:
    """The real time, without its pauses; more can be added to it."""

    def __init__(self) -> None:
        self.later = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        from time import time

        return time() + self.later

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def runner(session: Session, approver: Yes, **other: object) -> Runner:
    parts = {
        "transport": session.transport,
        "vault": session.vault,
        "clock": Hurried(),
        "approver": approver,
        "wallet": session.wallet,
        "limits": session.limits,
        "turns": LocalTurns(),
    }
    return Runner(**{**parts, **other})  # type: ignore[arg-type]  # the names are the parameters


async def run(flow: AsyncGenerator[e.Event, None]) -> list[e.Event]:
    return [event async for event in flow]


def said(events: Sequence[e.Event]) -> Ending:
    last = events[-1]
    assert isinstance(last, e.Finished)
    return last.ending


async def begun(on: Bench) -> Intent:
    """A payment that stays in flight, and that its run has left."""
    on.server.node.hold = True
    await on.run(until=e.ResultStored)
    async with on.session() as session:
        (intent,) = session.vault.payments()
    return intent


# --- slow --------------------------------------------------------------------------------------


async def test_in_flight_for_an_hour_then_paid_is_held_then_delivered(tmp_path: Path) -> None:
    async with bench(tmp_path) as on, on.session() as session:
        intent = await begun(on)
        clock = Hurried()
        clock.later = 3_700.0  # past the invoice's expiry, too
        flow = runner(session, on.approver, clock=clock).run(on.request())
        async with aclosing(flow) as events:
            async for event in events:
                if isinstance(event, e.ResultStored):
                    break
        (held,) = session.vault.payments()
        assert held.state is S.HELD
        assert session.vault.spending(intent.request.url.origin, clock.now()).day > 0
        on.server.node.settle(intent.payment_hash)
        done = await run(runner(session, on.approver, clock=clock).run(on.request()))
        assert ending(done) == (Outcome.PAID, Money.EARLIER)
        assert on.payments == 1
        assert len(on.approver.asked) == 1


# --- another node, an older vault --------------------------------------------------------------


async def test_a_node_that_is_another_one_now_freezes_the_payment(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        intent = await begun(on)
        port = urlsplit(on.server.url).port
        assert port is not None
        address = on.server.url
    async with PracticeServer.start(port=port) as other:
        assert other.url == address
        moved = Bench(other, tmp_path)
        events = await moved.run()
        assert ending(events) == (Outcome.UNSETTLED, Money.PERHAPS)
        assert "another one now" in said(events).why.text
        assert "payments settle or give-up" in said(events).why.text
        assert not other.node.payments()
        async with moved.session() as session:
            assert session.vault.intent(intent.payment_hash) == intent


async def test_a_payment_that_an_older_vault_does_not_know_is_tracked_and_not_made_again(
    tmp_path: Path,
) -> None:
    """The wallet answers "already paid" to the same invoice: that is an end of its own."""
    async with bench(tmp_path / "newer") as on:
        events = await on.run(until=e.PaymentSettled)
        bill = next(event for event in events if isinstance(event, e.Challenged))
        older = Bench(on.server, tmp_path / "older")
        async with older.session() as session:
            again = SameBill(session, bill.response)
            events = await run(runner(session, on.approver, transport=again).run(on.request()))
        assert ending(events) == (Outcome.PAID, Money.SPENT)
        assert on.payments == 1
        assert on.server.node.balance() == 50_000_000 - PRICE - FEE


async def test_a_payment_under_way_that_an_older_vault_does_not_know_is_followed(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path / "newer") as on:
        on.server.node.hold = True
        events = await on.run(until=e.PaymentProgressed)
        bill = next(event for event in events if isinstance(event, e.Challenged))
        older = Bench(on.server, tmp_path / "older")
        async with older.session() as session:
            again = SameBill(session, bill.response)
            flow = runner(session, on.approver, transport=again).run(on.request())
            async with aclosing(flow) as watched:
                async for event in watched:
                    if isinstance(event, e.ResultStored):
                        break
            (intent,) = session.vault.payments()
            assert intent.state is S.IN_FLIGHT  # pending stays pending, and reserved
            assert session.vault.spending(intent.request.url.origin, intent.created).day > PRICE
            on.server.node.settle(intent.payment_hash)
            events = await run(runner(session, on.approver).run(on.request()))
        assert ending(events) == (Outcome.PAID, Money.EARLIER)
        assert on.payments == 1


async def test_a_copy_of_the_vault_from_before_the_end_finds_the_end(tmp_path: Path) -> None:
    async with bench(tmp_path / "home") as on:
        await on.run(until=e.PaymentSent)
        shutil.copytree(tmp_path / "home", tmp_path / "copy")
        assert ending(await on.run())[0] is Outcome.PAID
        restored = Bench(on.server, tmp_path / "copy")
        assert ending(await restored.run())[0] is Outcome.PAID
        assert on.payments == 1
        assert not restored.approver.asked


class SameBill:
    """A server that shows the bill of an earlier answer again; all else is the real one."""

    def __init__(self, session: Session, response: Response) -> None:
        self._real = session.transport
        self._response = response

    def for_one_flow(self) -> SameBill:
        return self

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    async def send(self, request: Request, authorization: Secret | None) -> object:
        if authorization is None:
            return e.Challenged(self._response)
        return await self._real.send(request, authorization)


# --- a wallet that says what the practice node never says --------------------------------------


class Saying:
    """The practice wallet, with words of its own for one question."""

    def __init__(self, real: Wallet, *words: e.WalletEvent, track: bool = False) -> None:
        self._real = real
        self._words = words
        self._track = track
        self.sent = 0

    async def facts(self) -> WalletFacts:
        return await self._real.facts()

    async def pay(self, intent: Intent) -> AsyncGenerator[e.WalletEvent, None]:
        self.sent += 1
        for word in self._words:
            yield word

    async def track(self, intent: Intent) -> AsyncGenerator[e.WalletEvent, None]:
        for word in self._words:
            yield word

    async def close(self) -> None: ...


WRONG = e.PaymentSettled(Secret(bytes(32)))
ZEROS_THEN_UNKNOWN = (e.PaymentProgressed(say("on its way")), WRONG)


async def test_paid_without_a_proof_stays_open_and_is_not_paid_again(tmp_path: Path) -> None:
    async with bench(tmp_path) as on, on.session() as session:
        assert session.wallet is not None
        wallet = Saying(session.wallet, WRONG)
        for _ in range(2):
            events = await run(runner(session, on.approver, wallet=wallet).run(on.request()))
            assert ending(events) == (Outcome.UNSETTLED, Money.PERHAPS)
            assert "no proof" in said(events).what.text
        (intent,) = session.vault.payments()
        assert intent.state is S.PAID_NO_PREIMAGE
        assert intent.preimage is None
        assert wallet.sent == 1
        assert session.vault.credentials(on.request()) == ()
        assert session.vault.spending(intent.request.url.origin, intent.created).day > PRICE


async def test_unseen_after_it_was_in_flight_is_unknown_for_good(tmp_path: Path) -> None:
    async with bench(tmp_path) as on, on.session() as session:
        await begun(on)
        assert session.wallet is not None
        for later in (0.0, 10_000.0):
            clock = Hurried()
            clock.later = later
            wallet = Saying(session.wallet, e.PaymentNotFound())
            events = await run(
                runner(session, on.approver, wallet=wallet, clock=clock).run(on.request())
            )
            assert ending(events) == (Outcome.UNSETTLED, Money.PERHAPS)
            assert wallet.sent == 0
            assert [one.state for one in session.vault.payments()] == [S.UNKNOWN]


async def test_a_stream_that_ends_after_in_flight_is_asked_about_again(tmp_path: Path) -> None:
    async with bench(tmp_path) as on, on.session() as session:
        assert session.wallet is not None
        wallet = Saying(session.wallet, e.PaymentProgressed(say("on its way")))
        clock = Hurried()
        flow = runner(session, on.approver, wallet=wallet, clock=clock).run(on.request())
        assert ending(await run(flow)) == (Outcome.UNSETTLED, Money.PERHAPS)
        assert wallet.sent == 1
        assert clock.slept == [rules.backoff(n) for n in range(1, rules.ATTEMPTS)]
        (intent,) = session.vault.payments()
        assert intent.state is S.IN_FLIGHT


async def test_never_sent_and_expired_is_closed_and_a_new_bill_is_paid(tmp_path: Path) -> None:
    async with bench(tmp_path) as on, on.session() as session:
        await on.run(until=e.PaymentSent)
        (intent,) = session.vault.payments()
        assert intent.state is S.SENDING
        assert on.payments == 0
        clock = Hurried()
        clock.later = intent.expires - intent.created + rules.NEVER_SENT_AFTER + 1
        wallet = PracticeWallet(on.server.url)
        events = await run(
            runner(session, on.approver, wallet=wallet, clock=clock).run(on.request())
        )
        await wallet.close()
        # The new invoice is made by the real clock, so it has expired here; the old one is closed.
        assert "PaymentNotFound" in names(events)
        closed = session.vault.intent(intent.payment_hash)
        assert closed is not None
        assert closed.state is S.FAILED
        assert on.payments == 0


# --- after the payment -------------------------------------------------------------------------


async def test_a_server_that_stays_in_trouble_is_asked_eight_times_and_paid_once(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path, Switch.ALWAYS_ERROR_AFTER_PAYMENT) as on, on.session() as session:
        clock = Hurried()
        events = await run(runner(session, on.approver, clock=clock).run(on.request()))
        assert ending(events) == (Outcome.UNDELIVERED, Money.SPENT)
        assert names(events).count("Retried") == rules.DELIVERIES == 8
        assert clock.slept == [1, 2, 4, 8, 16, 32, 64]
        assert on.payments == 1
        (intent,) = session.vault.payments()
        assert intent.state is S.REDEEM_RETRY
        waits = [event for event in events if isinstance(event, e.Waiting)]
        assert "503" in waits[0].why.text
        assert replace(intent, state=S.PAID).preimage is not None
