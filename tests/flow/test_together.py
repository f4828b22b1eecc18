"""Many want the same at the same moment, in one process and in several: one payment.

Nothing is replaced: practice server, sockets, a vault on disk.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing
from itertools import chain
from pathlib import Path

import pytest

from l402tui.cli.approving import YesOption
from l402tui.flow import events as e
from l402tui.flow.findings import Finding, Severity
from l402tui.flow.model import Ending, IntentState, Money, Outcome, Quote, Request
from l402tui.practice.switches import Switch
from l402tui.protocol.text import say
from l402tui.wiring import Session
from tests.flow.test_runner import FEE, PRICE, Bench, Yes, bench, ending

MANY = 200


async def end_of(session: Session, request: Request, approver: Yes) -> Ending:
    last: e.Event | None = None
    async for event in session.runner(approver).run(request):
        last = event
    assert isinstance(last, e.Finished)
    return last.ending


async def until(true: Callable[[], bool]) -> None:
    """Let the others run until it is."""
    while not true():  # noqa: ASYNC110 - it comes about in other tasks, threads and processes
        await asyncio.sleep(0)


def states(session: Session) -> list[IntentState]:
    return [intent.state for intent in session.vault.payments()]


def counted(endings: Sequence[Ending]) -> Counter[tuple[Outcome, Money]]:
    return Counter((ending.outcome, ending.money) for ending in endings)


async def test_two_hundred_requests_make_one_payment_and_two_hundred_answers(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as on, on.session() as session:
        runs = [end_of(session, on.request(), on.approver) for _ in range(MANY)]
        endings = await asyncio.gather(*runs)
        assert counted(endings) == {
            (Outcome.PAID, Money.SPENT): 1,
            (Outcome.REUSED, Money.EARLIER): MANY - 1,
        }
        assert sum(ending.cost for ending in endings) == PRICE + FEE
        assert len(on.server.node.payments()) == 1
        assert len(on.approver.asked) == 1
        rows = session.vault.exchanges(MANY)
        assert Counter(row.status for row in rows) == {200: MANY}
        assert sum(row.cost for row in rows) == PRICE + FEE


async def test_what_differs_only_in_its_query_is_bought_together(tmp_path: Path) -> None:
    async with bench(tmp_path) as on, on.session() as session:
        requests = [on.request(f"/weather?city={number}") for number in range(20)]
        await asyncio.gather(*(end_of(session, one, on.approver) for one in requests))
        assert len(on.server.node.payments()) == 1


async def test_different_things_do_not_wait_for_each_other(tmp_path: Path) -> None:
    async with bench(tmp_path) as on, on.session() as session:
        on.server.node.hold = True
        slow = asyncio.ensure_future(end_of(session, on.request(), on.approver))
        await until(lambda: states(session) == [IntentState.IN_FLIGHT])
        on.server.node.hold = False
        other = await end_of(session, on.request("/forecast"), on.approver)
        assert other.outcome is Outcome.PAID
        assert not slow.done()
        on.server.node.settle(on.server.node.payments()[0].payment_hash)
        assert (await slow).outcome is Outcome.PAID


class Hesitating(Yes):
    """Waits before it answers, so that others queue up behind it."""

    def __init__(self, *answers: bool) -> None:
        super().__init__()
        self.answers = list(answers)
        self.go = asyncio.Event()

    async def approve(self, quote: Quote, findings: Sequence[Finding]) -> e.Approved | e.Declined:
        self.asked.append(quote)
        await self.go.wait()
        if not self.answers or self.answers.pop(0):
            return e.Approved(quote.digest, say("a test"))
        return e.Declined(say("too dear"))


async def queue_up(session: Session, request: Request, approver: Yes, many: int) -> list[
    asyncio.Task[Ending]
]:  # fmt: skip
    """One run asks its person, and the others wait for it."""
    queued = 0

    async def run() -> Ending:
        nonlocal queued
        last: e.Event | None = None
        async with aclosing(session.runner(approver).run(request)) as events:
            async for event in events:
                queued += isinstance(event, e.Queued)
                last = event
        assert isinstance(last, e.Finished)
        return last.ending

    tasks = [asyncio.ensure_future(run()) for _ in range(many)]
    await until(lambda: queued == many - 1 and bool(approver.asked))
    return tasks


async def test_a_no_to_one_is_a_no_to_all_and_nobody_else_is_asked(tmp_path: Path) -> None:
    async with bench(tmp_path) as on, on.session() as session:
        person = Hesitating(False)
        tasks = await queue_up(session, on.request(), person, 5)
        person.go.set()
        endings = await asyncio.gather(*tasks)
        assert counted(endings) == {(Outcome.DECLINED, Money.NONE): 5}
        assert len(person.asked) == 1
        assert on.payments == 0
        # It holds for those who waited; whoever comes later is asked.
        assert (await end_of(session, on.request(), person)).outcome is Outcome.PAID


async def test_a_follower_that_is_cancelled_disturbs_nobody(tmp_path: Path) -> None:
    async with bench(tmp_path) as on, on.session() as session:
        person = Hesitating()
        tasks = await queue_up(session, on.request(), person, 4)
        tasks[2].cancel()
        person.go.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(done[2], asyncio.CancelledError)
        endings = [one for one in done if isinstance(one, Ending)]
        assert counted(endings) == {
            (Outcome.PAID, Money.SPENT): 1,
            (Outcome.REUSED, Money.EARLIER): 2,
        }
        assert on.payments == 1


async def test_a_leader_that_is_cancelled_before_paying_hands_over(tmp_path: Path) -> None:
    async with bench(tmp_path) as on, on.session() as session:
        person = Hesitating()
        tasks = await queue_up(session, on.request(), person, 3)
        tasks[0].cancel()
        person.go.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(done[0], asyncio.CancelledError)
        assert counted([one for one in done if isinstance(one, Ending)]) == {
            (Outcome.PAID, Money.SPENT): 1,
            (Outcome.REUSED, Money.EARLIER): 1,
        }
        assert len(person.asked) == 2  # the first one's answer was never heard
        assert on.payments == 1


async def test_a_leader_that_is_cancelled_while_paying_hands_its_payment_over(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as on, on.session() as session:
        on.server.node.hold = True
        person = Hesitating()
        tasks = await queue_up(session, on.request(), person, 3)
        person.go.set()
        await until(lambda: states(session) == [IntentState.IN_FLIGHT])
        tasks[0].cancel()
        on.server.node.settle(on.server.node.payments()[0].payment_hash)
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(done[0], asyncio.CancelledError)
        assert {one.outcome for one in done if isinstance(one, Ending)} <= {
            Outcome.PAID,
            Outcome.REUSED,
        }
        assert len(person.asked) == 1
        assert on.payments == 1


async def test_a_server_that_takes_money_and_gives_nothing_is_paid_once_for_all(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path, Switch.REJECT_AFTER_PAYMENT) as on, on.session() as session:
        runs = [end_of(session, on.request(), on.approver) for _ in range(20)]
        endings = await asyncio.gather(*runs)
        assert {ending.outcome for ending in endings} == {Outcome.REJECTED}
        assert on.payments == 1
        assert len(on.approver.asked) == 1


# --- two runs that do not know each other: each has a session, and its own hold of the vault ----


class AtOnce(Yes):
    """The first two questions are answered in the same moment; later ones as ``--yes`` does."""

    def __init__(self) -> None:
        super().__init__()
        self.both = asyncio.Barrier(2)
        self.late = asyncio.Event()
        """Until then the second of them thinks. (Set: not at all.)"""
        self.late.set()
        self.found: list[Sequence[Finding]] = []

    async def approve(self, quote: Quote, findings: Sequence[Finding]) -> e.Approved | e.Declined:
        self.asked.append(quote)
        self.found.append(findings)
        number = len(self.asked)
        if number <= 2:
            await self.both.wait()
            if number == 2:
                await self.late.wait()
            return e.Approved(quote.digest, say("a test"))
        return await YesOption(None).approve(quote, findings)


async def watched(on: Bench, request: Request, events: list[e.Event]) -> None:
    """A run in a session of its own, whose events can be looked at while it goes on."""
    async with on.session() as session:
        async for event in session.runner(on.approver).run(request):
            events.append(event)


@pytest.mark.parametrize("way", ["at once", "while it is under way", "after it was paid"])
async def test_two_that_were_asked_in_the_same_moment_buy_one_thing_once(
    tmp_path: Path, way: str
) -> None:
    """Whenever the second says yes."""
    async with bench(tmp_path) as on:
        on.approver = approver = AtOnce()
        on.server.node.hold = slow = way == "while it is under way"
        if way == "after it was paid":
            approver.late.clear()
        told: tuple[list[e.Event], list[e.Event]] = ([], [])
        wanted = [on.request(f"/weather?city={number}") for number in range(2)]
        runs = [
            asyncio.ensure_future(watched(on, request, events))
            for request, events in zip(wanted, told, strict=True)
        ]
        if slow:
            await until(lambda: any(isinstance(one, e.Waiting) for one in chain(*told)))
            on.server.node.settle(on.server.node.payments()[0].payment_hash)
        await asyncio.wait(runs, return_when=asyncio.FIRST_COMPLETED)
        approver.late.set()
        await asyncio.gather(*runs)
        ends = [ending(events) for events in told]
        assert sorted(money.name for _, money in ends) == ["EARLIER", "SPENT"]
        assert {outcome for outcome, _ in ends} == {Outcome.PAID, Outcome.REUSED}
        assert len(on.server.node.payments()) == 1
        assert len(approver.asked) == 2


async def test_two_that_buy_different_things_in_one_moment_are_told_of_each_other(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as on:
        on.approver = approver = AtOnce()
        on.server.node.hold = True
        runs = [
            asyncio.ensure_future(on.run(on.request(path))) for path in ("/weather", "/forecast")
        ]
        await asyncio.wait(runs, return_when=asyncio.FIRST_COMPLETED)
        on.server.node.settle(on.server.node.payments()[0].payment_hash)
        ends = [ending(events) for events in await asyncio.gather(*runs)]
        assert sorted(ends, key=str) == [
            (Outcome.DECLINED, Money.NONE),
            (Outcome.PAID, Money.SPENT),
        ]
        assert len(on.server.node.payments()) == 1
        (told,) = [one for one in approver.found[2] if one.severity is Severity.ASK]
        assert (told.check, "is not finished" in told.sentence.text) == ("C14", True)
        async with on.session() as session:
            (kept,) = session.vault.payments(every=True)
        assert kept.state is IntentState.ACTIVE


# --- several processes -------------------------------------------------------------------------


class Process:
    """``l402tui get --yes`` as a process of its own."""

    def __init__(self, home: Path, address: str) -> None:
        self.events: list[dict[str, object]] = []
        self._words = ["-m", "l402tui", "get", address, "--yes", "--wallet", "practice", "--json"]
        self._home = home
        self.code = asyncio.ensure_future(self._run())

    @property
    def names(self) -> list[object]:
        return [event["event"] for event in self.events]

    async def _run(self) -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._words,
            env={"L402TUI_HOME": str(self._home), "PATH": ""},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 20,
        )
        assert process.stdout is not None
        async for line in process.stdout:
            self.events.append(json.loads(line))
        return await process.wait()


@pytest.mark.parametrize(
    ("queries", "waits"),
    [(("", ""), "payment_progressed"), (("?city=1", "?city=2"), "waiting")],
    ids=["same", "alike"],
)
async def test_a_second_process_waits_for_the_first_and_uses_what_it_bought(
    tmp_path: Path, queries: tuple[str, str], waits: str
) -> None:
    home = tmp_path / "home"
    async with bench(home) as on:
        on.server.node.hold = True
        first = Process(home, f"{on.server.url}/weather{queries[0]}")
        await until(lambda: "result_stored" in first.names)
        second = Process(home, f"{on.server.url}/weather{queries[1]}")
        await until(lambda: waits in second.names)
        on.server.node.settle(on.server.node.payments()[0].payment_hash)
        assert [await first.code, await second.code] == [0, 0]
        assert [one.events[-1]["money"] for one in (first, second)] == ["spent", "earlier"]
        assert len(on.server.node.payments()) == 1


async def test_processes_that_begin_together_make_one_payment_for_what_is_alike(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    async with bench(home) as on:
        many = [Process(home, f"{on.server.url}/weather?city={number}") for number in range(4)]
        assert [await one.code for one in many] == [0] * 4
        assert sorted(str(one.events[-1]["money"]) for one in many) == ["earlier"] * 3 + ["spent"]
        assert len(on.server.node.payments()) == 1
