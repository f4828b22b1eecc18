"""``python -m tests.fuzz NAME|all [--runs N] [--seed S] [--random] [--input FILE]``, ``--list``."""

from __future__ import annotations

import argparse
import importlib.util
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

from tests.differential.running import processors

SECONDS_FOR_ONE = 10
"""An input that takes longer is a failure: readers take milliseconds."""
MEGABYTES = 1_024
"""A process that needs more is a failure."""
LONGEST = 8_192
"""Bytes of an input."""
NO_ATHERIS = (
    "atheris is not installed. It is there for Linux and Python 3.11: pip install '.[fuzz]'. "
    "Elsewhere: --random, which changes the seeds at random and learns nothing from it."
)


def fuzz_one(name: str, runs: int, seed: int, folder: Path) -> int:
    """Fuzz one target in a process of its own, because libFuzzer ends the one it runs in."""
    corpus, finds = folder / "corpus" / name, folder / "finds"
    corpus.mkdir(parents=True, exist_ok=True)
    finds.mkdir(exist_ok=True)
    words = [sys.executable, "-m", "tests.fuzz.one", name, str(corpus)]
    words += [
        f"-runs={runs}",
        f"-seed={seed}",
        f"-max_len={LONGEST}",
        f"-timeout={SECONDS_FOR_ONE}",
    ]
    words += [
        f"-rss_limit_mb={MEGABYTES}",
        f"-artifact_prefix={finds}/{name}-",
        "-print_final_stats=1",
    ]
    start = perf_counter()
    ran = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    told = ran.stdout.decode(errors="backslashreplace")
    executed = next((s.split()[-1] for s in told.splitlines() if "executed_units" in s), "?")
    word = "ok" if ran.returncode == 0 else f"FAILED (exit code {ran.returncode})"
    print(f"{name:12} {executed:>7} runs  {perf_counter() - start:6.1f} s  {word}", flush=True)
    if ran.returncode:
        print(told[-8_000:])
        for path in sorted(finds.glob(f"{name}-*")):
            print(f"the input, kept in {path}: {path.read_bytes()!r}")
    return ran.returncode


def try_at_random(name: str, runs: int, seed: int) -> int:
    """Read random changes of the seeds in this process."""
    from tests.fuzz.mutate import mutations
    from tests.fuzz.targets import TARGETS

    target = TARGETS[name]
    start, count = perf_counter(), 0
    for data in mutations(target.seeds(), runs, seed):
        try:
            target.read(data)
        except Exception:
            print(f"{name} FAILED on: {data!r}")
            raise
        count += 1
    print(f"{name:12} {count:7} runs  {perf_counter() - start:6.1f} s  ok (at random)", flush=True)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz; the exit code is 1 where a promise was broken, 2 where atheris is missing."""
    from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("name", nargs="?", choices=(*TARGETS, "all"))
    parser.add_argument("--runs", type=int, default=100_000, help="inputs for each (100,000)")
    parser.add_argument("--seed", type=int, help="where the random numbers begin")
    parser.add_argument("--jobs", type=int, default=processors(), help="at a time (one a core)")
    parser.add_argument("--random", action="store_true", help="without atheris")
    parser.add_argument("--input", type=Path, help="read this file once and stop")
    parser.add_argument("--folder", type=Path, help="keep what was learned and found here")
    parser.add_argument("--list", action="store_true", help="what there is to fuzz")
    given = parser.parse_args(arguments)
    if given.list or given.name is None:
        for name, target in TARGETS.items():
            print(f"{name:12} {target.about}")
        return 0
    names = list(TARGETS) if given.name == "all" else [given.name]
    if given.input is not None:
        for name in names:
            TARGETS[name].read(given.input.read_bytes())
        return 0
    seed = secrets.randbelow(2**31) + 1 if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    if given.random:
        return max(try_at_random(name, given.runs, seed) for name in names)
    if importlib.util.find_spec("atheris") is None:
        print(NO_ATHERIS, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as passing:
        folder = given.folder or Path(passing)
        with ThreadPoolExecutor(given.jobs) as pool:  # each waits for a process of its own
            codes = list(pool.map(lambda name: fuzz_one(name, given.runs, seed, folder), names))
    return int(any(codes))


if __name__ == "__main__":
    raise SystemExit(main())
