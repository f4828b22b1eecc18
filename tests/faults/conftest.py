"""What do the tests of faults count, and who prints it?

A test that tried cases puts their numbers into its report (``user_properties``, which also come
over from the processes of xdist); one line at the end of the run sums them up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from .table import Table, discover

_KEY = "faults"


@pytest.fixture(scope="session")
def table() -> Table:
    """What there is to try; found once in each process."""
    with ThreadPoolExecutor(1) as elsewhere:  # this thread's event loop is pytest's
        return elsewhere.submit(lambda: asyncio.run(discover())).result()


@pytest.fixture
def count(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Add numbers to the line at the end: ``count(cases=3)``."""

    def add(**numbers: int) -> None:
        request.node.user_properties += [(f"{_KEY}.{name}", n) for name, n in numbers.items()]

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The one line."""
    sums: dict[str, int] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                for name, number in getattr(report, "user_properties", ()):
                    if name.startswith(f"{_KEY}."):
                        sums[name] = sums.get(name, 0) + number
    if not sums:
        return
    points, faults, cases, killed, runs, doubles, lost, disks = (
        sums.get(f"{_KEY}.{name}", 0)
        for name in ("points", "faults", "cases", "killed", "runs", "doubles", "lost", "disks")
    )
    told = f"faults: {points} points x {faults} faults, {cases + killed:,} cases"
    told += f"; {disks} on a disk that is really full" if disks else ""
    told += f"; kill -9: {killed:,} at points, {runs:,} at random, "
    told += f"{doubles} double payments, {lost} lost preimages"
    terminalreporter.write_line(told)
