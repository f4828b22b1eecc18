"""Does every fault at every point leave the money where it belongs?

The cases of the table, in shares, so that they run beside each other. See ``trial`` for what is
looked at after each.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .killing import kill_at
from .points import Fault
from .scenarios import SCENARIOS
from .table import Case, Table
from .trial import Lane, quick_folder

SHARES = 4
TOGETHER = [fault for fault in Fault if fault is not Fault.KILL]


def share_of(table: Table, fault: Fault, share: int) -> list[Case]:
    return [case for case in table.cases() if case.fault is fault][share::SHARES]


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("fault", TOGETHER, ids=lambda fault: fault.value)
async def test_a_fault_at_a_point(
    table: Table, fault: Fault, share: int, count: Callable[..., None]
) -> None:
    cases, wrong = share_of(table, fault, share), []
    with quick_folder() as folder:
        async with Lane.open(folder) as lane:
            for case in cases:
                trial = await lane.trial(SCENARIOS[case.scenario], case.point.name, fault)
                wrong += [f"{case.scenario}, {case.point.name}: {one}" for one in trial.wrong]
    assert wrong == []
    count(cases=len(cases))


@pytest.mark.parametrize("share", range(SHARES))
async def test_killed_at_a_point(table: Table, share: int, count: Callable[..., None]) -> None:
    cases = share_of(table, Fault.KILL, share)
    tally = await kill_at([(case.scenario, case.point) for case in cases])
    assert tally.wrong == []
    assert tally.kills == len(cases)
    count(killed=len(cases), doubles=tally.doubles, lost=tally.lost)
