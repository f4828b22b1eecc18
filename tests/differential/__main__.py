"""``python -m tests.differential invoices|macaroons [N] [--seed S] [--jobs J]``."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Sequence
from typing import Any

from tests.differential import invoices, macaroons
from tests.differential.running import Compare, processors, report_run
from tests.differential.table import Row

KINDS: dict[str, tuple[Compare, Sequence[Row[Any]]]] = {
    "invoices": (invoices.compare_random, invoices.TABLE),
    "macaroons": (macaroons.compare_random, macaroons.TABLE),
}


def main() -> int:
    """Run one comparison; the exit code is 1 where a difference is not explained."""
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("count", nargs="?", type=int, default=100_000, help="inputs (100,000)")
    parser.add_argument("--seed", type=int, help="repeats a run exactly (a new one each time)")
    parser.add_argument("--jobs", type=int, default=processors(), help="processes (one a core)")
    arguments = parser.parse_args()
    seed = secrets.randbelow(2**32) if arguments.seed is None else arguments.seed
    compare, table = KINDS[arguments.kind]
    return report_run(arguments.kind, compare, table, arguments.count, seed, arguments.jobs)


if __name__ == "__main__":
    raise SystemExit(main())
