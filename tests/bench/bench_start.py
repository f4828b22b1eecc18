"""How long does it take to start?

Run it: ``python -m tests.bench.bench_start``. Each command runs as a process of its own, in turns,
so that a busy moment hits all of them. An empty Python is measured beside them. It prints medians
and the budget; nothing here fails on a slow machine.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from tests.protocol.invoice_writer import own_vectors

ROUNDS = 15
LAUNCH = [sys.executable, "-m", "l402tui"]


def seconds(words: list[str], home: str) -> float:
    start = perf_counter()
    subprocess.run(
        words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        env={"L402TUI_HOME": home, "PATH": ""},
        check=False,
        start_new_session=True,
    )
    return perf_counter() - start


def main() -> None:
    invoices = (vector["invoice"] for vector in own_vectors()["valid"])
    invoice = min(invoices, key=lambda text: abs(len(text) - 600))
    commands = {
        "python -c pass": ([sys.executable, "-c", "pass"], None),
        "l402tui --version": ([*LAUNCH, "--version"], 120),
        "l402tui --help": ([*LAUNCH, "--help"], None),
        f"l402tui inspect ({len(invoice)} characters)": ([*LAUNCH, "inspect", invoice], 150),
        "l402tui history": ([*LAUNCH, "history"], None),
        "l402tui get (nobody there)": ([*LAUNCH, "get", "http://127.0.0.1:9/", "--no-pay"], None),
        "l402tui demo --plain (whole flow)": ([*LAUNCH, "demo", "--plain"], None),
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        home = str(Path(folder) / "home")
        for words, _ in commands.values():  # compile what is not compiled yet
            seconds(words, home)
        for _ in range(ROUNDS):
            for name, (words, _budget) in commands.items():
                taken[name].append(seconds(words, home))
    for name, (_, budget) in commands.items():
        wanted = "" if budget is None else f"  (budget {budget} ms)"
        print(f"{name:34} {median(taken[name]) * 1e3:6.0f} ms{wanted}")


if __name__ == "__main__":
    main()
