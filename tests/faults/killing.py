"""What is left when the program is killed, at any moment?

The server lives here, the program in a process of its own that dies by SIGKILL: at a point that was
chosen, or whenever a random time is over. Sometimes the next start is killed, too. Then this
process starts it once more, and everything must come right.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .points import Point
from .scenarios import SCENARIOS, Goal, Scenario
from .trial import Lane, Trial, quick_folder
from .world import World

__all__ = ["Killer", "Tally", "kill_at", "kill_at_random", "kill_share"]

TWICE: Final = 0.3
"""The share of random runs in which the second start is killed, too."""
BY_THE_CLOCK: Final = 0.5
"""The share that is killed whenever a time is over, and not at a point."""
LONGEST: Final = 0.12
"""Seconds after which a run is killed at the latest: most have ended by then."""


@dataclass
class Tally:
    """What came of many runs."""

    runs: int = 0
    kills: int = 0
    doubles: int = 0
    lost: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, trial: Trial, kills: int, what: str) -> None:
        self.runs += 1
        self.kills += kills
        self.doubles += trial.payments > 1
        self.lost += any("a preimage is lost" in one for one in trial.wrong)
        self.wrong += [f"{what}: {one}" for one in trial.wrong]

    def __iadd__(self, other: Tally) -> Tally:
        self.runs += other.runs
        self.kills += other.kills
        self.doubles += other.doubles
        self.lost += other.lost
        self.wrong += other.wrong
        return self

    def __str__(self) -> str:
        return (
            f"{self.runs:,} runs, {self.kills:,} kills, {self.doubles} double payments, "
            f"{self.lost} lost preimages"
        )


class Killer:
    """One lane, and the process that forks for it."""

    def __init__(self, lane: Lane, process: asyncio.subprocess.Process) -> None:
        self.lane = lane
        self._process = process

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Killer]:
        """With both running until the block ends."""
        with quick_folder() as folder:
            async with Lane.open(folder) as lane:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "tests.faults.child",
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    cwd=Path(__file__).parents[2],
                )
                try:
                    yield cls(lane, process)
                finally:
                    assert process.stdin is not None
                    process.stdin.close()
                    await process.wait()

    async def trial(
        self, scenario: Scenario, where: str | int | None, *, rng: random.Random | None = None
    ) -> tuple[Trial, int]:
        """One scenario, killed at ``where`` or at random; and how many kills there were."""
        fresh = isinstance(where, str) and where.startswith("vault.open")
        world = await self.lane.prepare(scenario, fresh=fresh)
        told = await self._send(scenario, world, where, rng=rng)
        kills = int(told["killed"])
        if kills and rng is not None and scenario.goal is Goal.DELIVERED and rng.random() < TWICE:
            self.lane.node.hold = False
            told = await self._send(scenario, world, rng.randrange(100), rng=None, again=True)
            kills += told["killed"]
        trial = Trial(scenario.name)
        if rng is None and not kills:
            trial.wrong.append(f"{where} was not reached")
        await self.lane.reconcile(world, scenario, trial)
        return trial, kills

    async def _send(
        self,
        scenario: Scenario,
        world: World,
        where: str | int | None,
        *,
        rng: random.Random | None,
        again: bool = False,
    ) -> dict[str, Any]:
        errand = {
            "scenario": scenario.name,
            "url": world.url,
            "payer": world.payer,
            "home": str(world.home),
            "later": self.lane.clock.later,
            "where": where,
            "again": again,
            "seconds": rng.uniform(0, LONGEST) if rng is not None and where is None else None,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(errand).encode() + b"\n")
        await self._process.stdin.drain()
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the forking process has ended")
        told: dict[str, Any] = json.loads(line)
        return told


async def kill_at(points: Sequence[tuple[str, Point]]) -> Tally:
    """Once at each of these: (scenario, point)."""
    tally = Tally()
    async with Killer.open() as killer:
        for name, point in points:
            trial, kills = await killer.trial(SCENARIOS[name], point.name)
            tally.add(trial, kills, f"{name}, {point.name}")
    return tally


async def kill_at_random(
    visits: Mapping[str, int],
    runs: int,
    seed: str,
    tell: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """So many runs that were really killed, spread over all scenarios.

    ``visits`` is how many points each of them comes past.
    """
    tally = Tally()
    names = list(SCENARIOS)
    async with Killer.open() as killer:
        attempt = 0
        while tally.runs < runs:
            attempt += 1
            rng = random.Random(f"{seed}/{attempt}")
            name = rng.choice(names)
            where = None if rng.random() < BY_THE_CLOCK else rng.randrange(visits[name])
            trial, kills = await killer.trial(SCENARIOS[name], where, rng=rng)
            if kills or trial.wrong:  # one that was over before does not count
                tally.add(trial, kills, f"seed {seed}, attempt {attempt}, {name}, at {where}")
                tell(tally)
    return tally


def kill_share(visits: Mapping[str, int], runs: int, seed: str) -> Tally:
    """The same, for a process that does nothing else."""
    return asyncio.run(kill_at_random(visits, runs, seed))
