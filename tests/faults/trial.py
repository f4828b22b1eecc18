"""How is one case run, from the fault to the verdict?

A :class:`Lane` has a server of its own. :meth:`Lane.trial` lets a scenario run into a fault, starts
everything anew, runs the same request again and ``payments resume`` where something is open, and
says what is wrong then.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from l402tui.flow.model import Outcome
from l402tui.flow.ports import VaultError
from l402tui.practice.node import Payment, PracticeNode, Status
from l402tui.practice.run import PracticeServer
from l402tui.vault import SqliteVault

from .disk import disk_watched
from .points import FLOW, Fault, Interrupted, Kind, Mistake, Point
from .scenarios import Goal, Scenario
from .truth import ledger_wrong, standing, words_wrong
from .world import MovingClock, Told, World

__all__ = ["Lane", "Trial", "perform", "quick_folder"]

PATIENCE: Final = 30.0
"""Real seconds after which something is stuck; nothing takes one."""
STARTS: Final = 6
"""Times that a person runs the same request again, five minutes apart."""
_GOT: Final = (Outcome.PAID, Outcome.REUSED)


@dataclass
class Trial:
    """One case and what came of it."""

    scenario: str
    hit: Point | None = None
    wrong: list[str] = field(default_factory=list)
    seen: Sequence[Point] = ()
    payments: int = 0


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A folder in memory where there is one: thousands of vaults are made, and nothing here cuts
    the power."""
    memory = Path("/dev/shm")
    usable = memory.is_dir() and os.access(memory, os.W_OK)
    with tempfile.TemporaryDirectory(prefix="l402tui-", dir=memory if usable else None) as name:
        yield Path(name)


async def perform(work: Callable[[], Awaitable[object]], world: World) -> BaseException | None:
    """Do it in a task of its own, with the disk watched; what it was ended by."""

    async def act() -> None:
        FLOW.set(asyncio.current_task())
        await work()

    with disk_watched(world.points):
        task = asyncio.ensure_future(act())
        done, _ = await asyncio.wait({task}, timeout=PATIENCE)
        if not done:
            task.cancel()
            return TimeoutError("it is stuck")
    return asyncio.CancelledError() if task.cancelled() else task.exception()


class Lane:
    """One server, and one case after the other."""

    def __init__(self, server: PracticeServer, clock: MovingClock, folder: Path) -> None:
        self.server = server
        self.node = server.node
        self.clock = clock
        self._folder = folder
        self._number = 0
        self._empty: Path | None = None
        self.fill: Callable[[], None] | None = None
        """Makes the disk full, where ``folder`` is on one that is small enough for that."""
        self.clear: Callable[[], None] | None = None
        _let_go_when_asked(self.node)

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[Lane]:
        """With a server that runs until the block ends."""
        clock = MovingClock()
        async with PracticeServer.start(clock=clock) as server:
            yield cls(server, clock, folder)

    def world(self, scenario: Scenario, *, fresh: bool = True) -> World:
        """A person nobody knows yet. ``fresh``: without a vault, so that it is made first."""
        self._number += 1
        name = f"case-{self._number}"
        home = self._folder / name
        home.mkdir(mode=0o700)
        request = scenario.request(self.server.url)
        world = World(self.server.url, name, home, self.clock, request)
        world.external = scenario.external
        if not fresh:
            shutil.copytree(self._vault(), world.vault)
        return world

    def _vault(self) -> Path:
        """An empty vault, to be copied: making one takes longer than all that follows."""
        if self._empty is None:
            self._empty = self._folder / "empty"
            SqliteVault.open(self._empty).close()
        return self._empty

    async def prepare(self, scenario: Scenario, *, fresh: bool = True) -> World:
        """A world in which ``before`` has happened."""
        world = self.world(scenario, fresh=fresh)
        self.node.hold = scenario.held
        before = scenario.before
        if before is not None:
            with world.points.resting():
                await before(world)
            world.told.clear()
        return world

    async def look(self, scenario: Scenario) -> Trial:
        """Run it without any fault: its points, and whether all is well even so."""
        return await self.trial(scenario, None, None)

    async def trial(
        self, scenario: Scenario, where: str | int | None, fault: Fault | None
    ) -> Trial:
        """One case."""
        fresh = where is None or (isinstance(where, str) and where.startswith("vault.open"))
        world = await self.prepare(scenario, fresh=fresh)
        if where is not None and fault is not None:
            world.points.arm(where, fault)
        world.points.full = self.fill
        before = standing(self.node, world.payer)
        error = await perform(lambda: scenario.act(world), world)
        if self.clear is not None:
            self.clear()
        trial = Trial(scenario.name, world.points.hit, seen=tuple(world.points.seen))
        if fault is not None and trial.hit is None:
            trial.wrong.append(f"{where} was not reached")
        trial.wrong += _escapes(error, world.told, trial.hit, fault)
        after = standing(self.node, world.payer)
        trial.wrong += words_wrong(world.told, before, after, external=world.external)
        await self.reconcile(world, scenario, trial)
        return trial

    async def reconcile(self, world: World, scenario: Scenario, trial: Trial) -> None:
        """Start again, as often as a person would; then look at everything."""
        self.node.hold = False
        with world.points.resting():
            await self._start_again(world, scenario, trial)
        trial.wrong += ledger_wrong(world, scenario, self.node)
        if scenario.file and not _in_file(world, scenario):
            trial.wrong.append("the file is not there")
        trial.payments = len(_paid(self.node, world.payer))
        shutil.rmtree(world.home)

    async def _start_again(self, world: World, scenario: Scenario, trial: Trial) -> None:
        resume_first = self._number % 2 == 0
        got = False
        for _ in range(STARTS):
            if resume_first:
                got |= await self._resume_all(world, scenario, trial)
            resume_first = False
            got |= await self._again(world, scenario, trial)
            if world.open_payments():
                got |= await self._resume_all(world, scenario, trial)
            elif got:
                break
            self.clock.pass_by(300)
        else:
            trial.wrong.append("it does not come to an end")

    async def _resume_all(self, world: World, scenario: Scenario, trial: Trial) -> bool:
        got = False
        for intent in world.open_payments():
            work = partial(world.resume, intent)
            got |= await self._checked(work, world, scenario, trial)
        return got

    async def _again(self, world: World, scenario: Scenario, trial: Trial) -> bool:
        def work() -> Awaitable[Told]:
            return world.fetch(resume=True) if scenario.file else world.buy()

        return await self._checked(work, world, scenario, trial)

    async def _checked(
        self,
        work: Callable[[], Awaitable[Told]],
        world: World,
        scenario: Scenario,
        trial: Trial,
    ) -> bool:
        """Whether that run came to the goal; what it said wrongly goes into the trial."""
        world.told.clear()
        before = standing(self.node, world.payer)
        error = await perform(work, world)
        if error is not None:
            trial.wrong.append(f"after the fault: {error!r}")
            return False
        after = standing(self.node, world.payer)
        trial.wrong += words_wrong(world.told, before, after, external=world.external)
        return any(_came_to(scenario, told) for told in world.told)


def _in_file(world: World, scenario: Scenario) -> bool:
    return world.file.exists() and scenario.content in world.file.read_bytes()


def _came_to(scenario: Scenario, told: Told) -> bool:
    ending, response = told.seen.ending, told.seen.response
    if ending is None:
        return False
    if scenario.goal is Goal.REJECTED:
        return ending.outcome in (Outcome.REJECTED, Outcome.DECLINED)
    if ending.outcome not in _GOT or response is None or response.status != 200:
        return False
    return response.saved is not None or scenario.content in response.body


def _escapes(
    error: BaseException | None, told: Sequence[Told], hit: Point | None, fault: Fault | None
) -> list[str]:
    """What should have been an event. What nobody can foresee may come out as it is; what a disk,
    a network or a person does on a normal day may not."""
    allowed: tuple[type[BaseException], ...] = ()
    if fault is Fault.MISTAKE:
        allowed = (Mistake,)
    elif fault in (Fault.CANCEL, Fault.SILENCE):
        allowed = (asyncio.CancelledError, Interrupted)
    elif fault is Fault.IO and hit is not None and hit.kind is Kind.AWAIT:
        allowed = (OSError,)  # a port that breaks its promise
    found = [one.escaped for one in told if one.escaped is not None]
    wrong = [f"out of the runner came {one!r}" for one in found if not isinstance(one, allowed)]
    outside = (*allowed, VaultError, *((OSError,) if hit and hit.kind is Kind.FILE else ()))
    if error is not None and error not in found and not isinstance(error, outside):
        wrong.append(f"it was ended by {error!r}")
    return wrong


def _let_go_when_asked(node: PracticeNode) -> None:
    """A payment that is held goes on once somebody asks about it."""
    real, asked = node.follow, set[tuple[bytes, str]]()

    def follow(payment_hash: bytes, payer: str) -> object:
        news = real(payment_hash, payer)
        if (payment_hash, payer) in asked:
            node.settle(payment_hash, payer)
        asked.add((payment_hash, payer))
        return news

    node.follow = follow  # type: ignore[method-assign,assignment]  # the node has no such knob


def _paid(node: PracticeNode, payer: str) -> tuple[Payment, ...]:
    return tuple(one for one in node.payments(payer) if one.status is Status.SUCCEEDED)
