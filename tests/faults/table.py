"""Which points are there, and what is tried at each of them?

Nobody writes them down: they are what all scenarios come past when nothing goes wrong. Each is
tried in the scenario that comes past it first; those about which money hangs, in one more, and
those where one flow waits for another, where two run at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from .points import FAULTS_OF, Fault, Point
from .scenarios import SCENARIOS
from .trial import Lane, Trial, quick_folder

__all__ = ["Case", "Table", "discover", "printed"]

_MONEY: Final = re.compile(
    r"vault\.(reserve|record\[(sending|in flight|released|failed)\]|store_paid)(:|/COMMIT)"
    r"|wallet\.(pay|track):|told:(PaymentSent|PaymentSettled|PaidStored)"
)
_TURNS: Final = re.compile(
    r"turns\.|approver\.|gate:Reserve|wallet\.pay:|told:(TurnTaken|Reserved)"
)


@dataclass(frozen=True)
class Case:
    """One fault at one point of one scenario."""

    scenario: str
    point: Point
    fault: Fault


@dataclass(frozen=True)
class Table:
    """What was found."""

    seen: Mapping[str, Sequence[Point]]
    """The distinct points of each scenario, in order; and whether it went well without a fault."""
    wrong: Mapping[str, Sequence[str]]
    visits: Mapping[str, int]
    """How many points each scenario comes past."""

    @property
    def points(self) -> Mapping[Point, Sequence[str]]:
        """Every point, and the scenarios that come past it."""
        found: dict[Point, list[str]] = {}
        for scenario, points in self.seen.items():
            for point in points:
                found.setdefault(point, []).append(scenario)
        return found

    def cases(self, *, every: bool = False) -> Iterator[Case]:
        """What is tried; with ``every``, each point in every scenario."""
        for point, scenarios in self.points.items():
            for scenario in scenarios if every else _chosen(point, scenarios):
                for fault in FAULTS_OF[point.kind]:
                    yield Case(scenario, point, fault)


def _chosen(point: Point, scenarios: Sequence[str]) -> Sequence[str]:
    chosen = [scenarios[0]]
    if _MONEY.search(point.name):
        # Not the second in each case, but another one for each point.
        chosen.append(scenarios[crc32(point.name.encode()) % len(scenarios)])
    if _TURNS.match(point.name):
        chosen.append("two at once")
    return tuple(name for name in dict.fromkeys(chosen) if name in scenarios)


async def discover() -> Table:
    """Watch every scenario run, with nothing going wrong."""
    trials: list[Trial] = []
    with quick_folder() as folder:
        async with Lane.open(folder) as lane:
            for scenario in SCENARIOS.values():
                trials.append(await lane.look(scenario))
    return Table(
        {one.scenario: tuple(dict.fromkeys(one.seen)) for one in trials},
        {one.scenario: one.wrong for one in trials},
        {one.scenario: len(one.seen) for one in trials},
    )


def printed(table: Table) -> Iterator[str]:
    """The points and what is tried at each, a line each."""
    heads = [fault.value for fault in Fault]
    width = max(len(point.name) for point in table.points)
    yield f"{'point':{width}}  {'kind':6}  " + "  ".join(heads) + "  in"
    cases = list(table.cases())
    for point, scenarios in table.points.items():
        marks = "  ".join(
            f"{'x' if fault in FAULTS_OF[point.kind] else '':^{len(fault.value)}}"
            for fault in Fault
        )
        tried = len(dict.fromkeys(one.scenario for one in cases if one.point == point))
        more = "" if tried == 1 else f" and {tried - 1} more"
        yield f"{point.name:{width}}  {point.kind.value:6}  {marks}  {scenarios[0]}{more}"
    faults = len({case.fault for case in cases})
    yield f"{len(table.points)} points x {faults} faults, {len(cases)} cases"
