"""Does a whole flow work with the real parts: practice server, wallet, HTTP, vault?

Nothing is replaced: the requests go over loopback sockets and the vault is a file.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path

import pytest

from l402tui.flow import events as e
from l402tui.flow.commands import Command
from l402tui.flow.findings import Finding, Severity
from l402tui.flow.model import Intent, IntentState, Money, Outcome, Quote, Request
from l402tui.flow.moves import rules
from l402tui.practice.node import Failure, Status
from l402tui.practice.run import PracticeServer
from l402tui.practice.switches import Switch, Switches
from l402tui.protocol.amount import sat
from l402tui.protocol.text import say
from l402tui.protocol.url import Url
from l402tui.settings import LimitSettings, Settings
from l402tui.wallets.practice import PracticeWallet
from l402tui.wiring import Session, open_session

PRICE, FEE = sat(10), sat(1)


class Yes:
    """Approves everything, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[Quote] = []

    async def approve(self, quote: Quote, findings: Sequence[Finding]) -> e.Approved | e.Declined:
        self.asked.append(quote)
        return e.Approved(quote.digest, say("a test"))


class Bench:
    """A server, and sessions on one vault."""

    def __init__(self, server: PracticeServer, home: Path) -> None:
        self.server = server
        self.approver = Yes()
        self._settings = Settings(wallet="practice", limits=LimitSettings(), home=home)

    def request(self, path: str = "/weather", method: str = "GET", body: bytes = b"") -> Request:
        return Request(Url.parse(self.server.url + path), method, (), body)

    @asynccontextmanager
    async def session(self, wallet: str = "practice") -> AsyncIterator[Session]:
        url = Url.parse(self.server.url)
        async with open_session(self._settings, wallet, url=url) as opened:
            yield opened

    async def run(
        self,
        request: Request | None = None,
        *,
        wallet: str = "practice",
        until: type[e.Event] | None = None,
    ) -> list[e.Event]:
        """All events; or those up to the first of a kind, where watching stops."""
        seen: list[e.Event] = []
        async with self.session(wallet) as session:
            runner = session.runner(self.approver)
            async with aclosing(runner.run(request or self.request())) as events:
                async for event in events:
                    seen.append(event)
                    if until is not None and isinstance(event, until):
                        break
        return seen

    @property
    def payments(self) -> int:
        """What the node itself has in its list."""
        return sum(one.status is not Status.FAILED for one in self.server.node.payments())


@asynccontextmanager
async def bench(home: Path, *switches: Switch) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            PracticeServer.start(switches=Switches.of(*switches))
        )
        yield Bench(server, home)


def ending(events: list[e.Event]) -> tuple[Outcome, Money]:
    last = events[-1]
    assert isinstance(last, e.Finished)
    return last.ending.outcome, last.ending.money


def names(events: list[e.Event]) -> list[str]:
    return [type(event).__name__ for event in events]


async def test_the_whole_way(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        events = await on.run()
        assert names(events) == [
            "Found",
            "Requested",
            "Challenged",
            "Decoded",
            "TurnTaken",
            "Checked",
            "ApprovalAsked",
            "Approved",
            "Reserved",
            "PaymentSent",
            "PaymentProgressed",
            "ResultStored",
            "PaymentSettled",
            "PaidStored",
            "Retried",
            "Answered",
            "ResultStored",
            "Finished",
        ]
        assert ending(events) == (Outcome.PAID, Money.SPENT)
        answered = events[-3]
        assert isinstance(answered, e.Answered)
        assert b'"city": "Oslo"' in answered.response.body
        stamps = [event.at for event in events]
        assert stamps == sorted(stamps)
        assert stamps[0] > 0
        assert on.payments == 1
        assert on.server.node.payments()[0].amount == PRICE


async def test_the_second_time_the_credential_is_used_again(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        await on.run()
        events = await on.run()
        assert ending(events) == (Outcome.REUSED, Money.EARLIER)
        assert len(on.approver.asked) == 1
        assert on.payments == 1


@pytest.mark.parametrize(
    "stop",
    [e.PaymentSent, e.PaymentProgressed, e.PaymentSettled, e.PaidStored, e.Retried, e.Answered],
)
async def test_whoever_stops_watching_while_paying_does_not_pay_twice(
    tmp_path: Path, stop: type[e.Event]
) -> None:
    async with bench(tmp_path) as on:
        await on.run(until=stop)
        events = await on.run()
        assert ending(events)[0] in (Outcome.PAID, Outcome.REUSED)
        assert on.payments == 1
        assert len(on.approver.asked) == 1


@pytest.mark.parametrize("stop", [e.Found, e.Challenged, e.Checked, e.Approved, e.Reserved])
async def test_whoever_stops_before_anything_was_sent_begins_anew(
    tmp_path: Path, stop: type[e.Event]
) -> None:
    async with bench(tmp_path) as on:
        await on.run(until=stop)
        assert on.payments == 0
        assert ending(await on.run()) == (Outcome.PAID, Money.SPENT)
        assert on.payments == 1


async def test_a_held_payment_is_followed_by_the_next_run(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        on.server.node.hold = True
        await on.run(until=e.PaymentProgressed)
        (payment,) = on.server.node.payments()
        on.server.node.settle(payment.payment_hash)
        events = await on.run()
        assert ending(events) == (Outcome.PAID, Money.EARLIER)
        assert "Checked" not in names(events)
        assert on.payments == 1


async def test_no_pay_asks_nobody_and_writes_no_intent(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        events = await on.run(wallet="none")
        assert ending(events) == (Outcome.PREVIEWED, Money.NONE)
        assert not on.approver.asked
        assert on.payments == 0
        async with on.session() as session:
            assert session.vault.unfinished(on.request()) is None


async def test_a_failed_payment_frees_the_money_and_can_be_tried_anew(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        on.server.node.failure = Failure.NO_ROUTE
        assert ending(await on.run()) == (Outcome.NOT_PAID, Money.NONE)
        on.server.node.failure = None
        assert ending(await on.run()) == (Outcome.PAID, Money.SPENT)
        async with on.session() as session:
            spent = session.vault.spending(on.request().url.origin, 2**31)
        assert spent.day == 0  # long ago, seen from there
        assert on.server.node.balance() == sat(50_000) - PRICE - FEE


async def test_a_bill_that_does_not_fit_is_not_paid(tmp_path: Path) -> None:
    async with bench(tmp_path, Switch.WRONG_HASH) as on:
        assert ending(await on.run()) == (Outcome.REFUSED, Money.NONE)
        assert on.payments == 0


async def test_a_server_that_never_accepts_is_paid_once(tmp_path: Path) -> None:
    async with bench(tmp_path, Switch.REJECT_AFTER_PAYMENT) as on:
        events = await on.run()
        assert ending(events) == (Outcome.REJECTED, Money.SPENT)
        assert names(events).count("Retried") == 2
        assert on.payments == 1
        checked = next(one for one in await on.run() if isinstance(one, e.Checked))
        assert "C22" in {one.check for one in checked.findings if one.severity.value == "ask"}


async def test_what_was_paid_and_refused_is_kept(tmp_path: Path) -> None:
    async with bench(tmp_path, Switch.REJECT_AFTER_PAYMENT) as on:
        events = await on.run()
        last = events[-1]
        assert isinstance(last, e.Finished)
        assert last.ending.payment_hash is not None
        async with on.session() as session:
            intent = session.vault.intent(last.ending.payment_hash)
        assert intent is not None
        assert intent.state is IntentState.REJECTED
        assert intent.preimage is not None


async def test_a_body_is_sent_again_with_the_credential(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        events = await on.run(on.request("/forecast", "POST", b"hello"))
        assert ending(events) == (Outcome.PAID, Money.SPENT)
        answered = next(one for one in events if isinstance(one, e.Answered))
        assert b"You sent 5 bytes: hello" in answered.response.body


async def test_step_mode_waits_before_each_step_a_person_watches(tmp_path: Path) -> None:
    waited: list[str] = []

    async def gate(command: Command) -> None:
        waited.append(type(command).__name__)

    async with bench(tmp_path) as on, on.session() as session:
        async for _ in session.runner(on.approver, gate).run(on.request()):
            pass
    assert waited == ["Send", "Decode", "Check", "Ask", "Reserve", "Retry"]


async def test_the_history_has_a_row_for_each_run(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        await on.run()
        await on.run(until=e.Requested)
        async with on.session() as session:
            stopped, first = session.vault.exchanges()
    assert (first.outcome, first.cost, first.status) == (Outcome.PAID, PRICE + FEE, 200)
    assert stopped.outcome is None


async def test_two_runs_of_one_request_make_one_payment(tmp_path: Path) -> None:
    """Both have asked their person; the second yes finds what the first has written."""
    both = asyncio.Barrier(2)

    class YesTogether(Yes):
        async def approve(self, quote: Quote, findings: Sequence[Finding]) -> e.Approved:
            await both.wait()
            return e.Approved(quote.digest, say("a test"))

    async with bench(tmp_path) as on:
        on.approver = YesTogether()
        ends = [ending(events) for events in await asyncio.gather(on.run(), on.run())]
        assert sorted(money.name for _, money in ends) == ["EARLIER", "SPENT"]
        assert {outcome for outcome, _ in ends} == {Outcome.PAID}
        assert on.payments == 1


async def test_a_bill_behind_a_redirect_is_not_paid(tmp_path: Path) -> None:
    """The credential would go to the address that was asked, and be of no use there."""
    async with bench(tmp_path) as on, PracticeServer.start() as shop:

        async def lead_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            head = f"HTTP/1.1 302 Found\r\nLocation: {shop.url}/weather\r\nContent-Length: 0\r\n"
            writer.write(f"{head}Connection: close\r\n\r\n".encode())
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(lead_away, "127.0.0.1", 0) as front:
            port = front.sockets[0].getsockname()[1]
            events = await on.run(Request(Url.parse(f"http://127.0.0.1:{port}/")))
        checked = next(event for event in events if isinstance(event, e.Checked))
        blocks = [one.check for one in checked.findings if one.severity is Severity.BLOCK]
        assert blocks == ["C04"]
        assert ending(events) == (Outcome.REFUSED, Money.NONE)
        assert not shop.node.payments()


async def test_a_wallet_that_breaks_leaves_a_payment_that_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaking(self: PracticeWallet, intent: Intent) -> AsyncIterator[e.WalletEvent]:
        yield e.PaymentProgressed(say("on its way"))
        raise OverflowError("a number that is too large")

    async with bench(tmp_path) as on:
        with monkeypatch.context() as patch:
            patch.setattr(PracticeWallet, "pay", breaking)
            patch.setattr(PracticeWallet, "track", breaking)
            patch.setattr(rules, "ATTEMPTS", 1)
            assert ending(await on.run()) == (Outcome.UNSETTLED, Money.PERHAPS)
        # It never reached the node, and the wallet had said it did: nothing is sent again.
        assert ending(await on.run()) == (Outcome.UNSETTLED, Money.PERHAPS)
        assert on.payments == 0
