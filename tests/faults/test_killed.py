"""Does everything come right after ``kill -9`` at a random moment?

200 runs here; ``python -m tests.faults kill --runs 2000`` makes more. A run that fails names its
seed, which repeats the runs that are killed at a point; one that is killed by the clock is not the
same twice.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .killing import kill_at_random
from .table import Table

RUNS, SHARES = 200, 4


@pytest.mark.parametrize("share", range(SHARES))
async def test_killed_at_random(table: Table, share: int, count: Callable[..., None]) -> None:
    tally = await kill_at_random(table.visits, RUNS // SHARES, f"tests/{share}")
    count(runs=tally.runs, doubles=tally.doubles, lost=tally.lost)
    assert tally.wrong == []
    assert tally.runs == RUNS // SHARES <= tally.kills
    assert tally.doubles == tally.lost == 0


def test_the_command_kills_as_many_as_it_is_told() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.faults", "kill", "--runs", "4", "--seed", "7"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "kill -9: 4 runs" in ran.stdout
    assert "0 double payments, 0 lost preimages" in ran.stdout
