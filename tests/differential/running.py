"""How are so many inputs gone through in little time, and always the same ones?

The inputs are cut into pieces of a fixed size, each with a random generator of its own seeded by
the run's seed and the piece's number. So the inputs depend on the seed and their number only, not
on how many processes share the work.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from time import perf_counter
from typing import Any

from tests.differential.table import Report, Row

PIECE = 250
"""Inputs in one piece."""

Compare = Callable[[random.Random, int], Report]


def piece(compare: Compare, seed: int, number: int, count: int) -> Report:
    """One piece of a run."""
    return compare(random.Random(f"{seed}/{number}"), count)


def run(compare: Compare, count: int, seed: int, jobs: int) -> Report:
    """Go through ``count`` inputs in ``jobs`` processes; 1 means in this one."""
    sizes = [min(PIECE, count - start) for start in range(0, count, PIECE)]
    report = Report()
    if jobs == 1:
        for number, size in enumerate(sizes):
            report.add(piece(compare, seed, number, size))
        return report
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = [
            pool.submit(piece, compare, seed, number, size) for number, size in enumerate(sizes)
        ]
        for each in waiting:
            report.add(each.result())
    return report


def processors() -> int:
    """How many processes can run at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def report_run(
    name: str, compare: Compare, table: Sequence[Row[Any]], count: int, seed: int, jobs: int
) -> int:
    """Run, print what came of it, and return the exit code: 1 where something is unexplained."""
    print(f"{name}: {count:,} inputs, seed {seed}, {jobs} processes", flush=True)
    start = perf_counter()
    report = run(compare, count, seed, jobs)
    seconds = perf_counter() - start
    for kind, number in sorted(report.cases.items()):
        print(f"  {number:9,}  {kind}")
    print("  differences, each explained by a rule of ours:")
    for row in table:
        print(f"  {report.rows[row.name]:9,}  {row.name}: {row.rule}")
    for text in report.failures:
        print(f"UNEXPLAINED: {text}", file=sys.stderr)
    print(f"  {report.failed:9,}  unexplained    ({seconds:.1f} s)", flush=True)
    return 1 if report.failed else 0
