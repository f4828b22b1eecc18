"""``python -m tests.faults table|try|kill``."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from time import perf_counter

from tests.differential.running import processors

from .killing import Tally, kill_share
from .points import Fault
from .scenarios import SCENARIOS
from .table import Table, discover, printed
from .trial import Lane, quick_folder


def kill(table: Table, runs: int, seed: int) -> int:
    """Random kills, on all processors; the exit code."""
    jobs = min(processors(), max(1, runs // 10))
    print(f"{runs:,} runs, seed {seed}, {jobs} processes", flush=True)
    start = perf_counter()
    tally = Tally()
    share = [runs // jobs + (number < runs % jobs) for number in range(jobs)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = [
            pool.submit(kill_share, dict(table.visits), size, f"{seed}/{number}")
            for number, size in enumerate(share)
        ]
        for one in waiting:
            tally += one.result()
    print(f"kill -9: {tally}, {perf_counter() - start:.0f} s")
    for wrong in tally.wrong:
        print(wrong)
    return 1 if tally.wrong else 0


async def try_all(table: Table, chosen: str, *, every: bool) -> int:
    """All cases but the kills; the exit code."""
    tried = failed = 0
    with quick_folder() as folder:
        async with Lane.open(folder) as lane:
            for case in table.cases(every=every):
                if case.fault is Fault.KILL:
                    continue
                if chosen not in (case.fault.value, case.scenario, "all"):
                    continue
                trial = await lane.trial(SCENARIOS[case.scenario], case.point.name, case.fault)
                tried += 1
                failed += bool(trial.wrong)
                for wrong in trial.wrong:
                    line = f"{case.scenario}, {case.point.name}, {case.fault.value}: {wrong}"
                    print(line, flush=True)
    print(f"{tried:,} cases, {failed} failed")
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    deeds = parser.add_subparsers(dest="deed", required=True)
    deeds.add_parser("table", help="print the points and what is tried at each")
    trying = deeds.add_parser("try", help="try what is in the table, all but the kills")
    trying.add_argument("chosen", nargs="?", default="all", help="a fault or a scenario")
    trying.add_argument("--every", action="store_true", help="each point in every scenario")
    killing = deeds.add_parser("kill", help="kill that many processes at random moments")
    killing.add_argument("--runs", type=int, default=2_000)
    killing.add_argument("--seed", type=int, default=None)
    chosen = parser.parse_args()
    table = asyncio.run(discover())
    if chosen.deed == "table":
        for line in printed(table):
            print(line)
        return 0
    if chosen.deed == "try":
        return asyncio.run(try_all(table, chosen.chosen, every=chosen.every))
    seed = secrets.randbelow(2**32) if chosen.seed is None else chosen.seed
    return kill(table, chosen.runs, seed)


if __name__ == "__main__":
    sys.exit(main())
