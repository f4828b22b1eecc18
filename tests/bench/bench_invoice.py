"""How fast is an invoice decoded, beside the ``bolt11`` package in the same run?

Run it: ``python -m tests.bench.bench_invoice``. Both decode the same invoice and recover the
payee's key from its signature. It prints medians and their ratio; nothing here fails on a slow
machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import bolt11

from l402tui.protocol.dissect.invoice import dissect_invoice
from l402tui.protocol.invoice import Invoice

VECTORS = Path(__file__).parents[1] / "protocol" / "vectors" / "bolt11-own.json"
ROUNDS = 15


def seconds_per_call(work: Callable[[], object], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        work()
    return (perf_counter() - start) / calls


def compare(text: str) -> None:
    """Rounds alternate between the two, so that a busy moment hits both."""
    invoice = Invoice.decode(text)
    ours, theirs, tree = [], [], []
    for _ in range(ROUNDS):
        ours.append(seconds_per_call(lambda: Invoice.decode(text), 200))
        theirs.append(seconds_per_call(lambda: bolt11.decode(text), 20))
        tree.append(seconds_per_call(lambda: dissect_invoice(invoice), 50))
    ratio = median(their / our for our, their in zip(ours, theirs, strict=True))
    print(
        f"invoice of {len(text):4} characters: decode {median(ours) * 1e6:6.0f} µs, "
        f"bolt11 {median(theirs) * 1e6:6.0f} µs, ratio {ratio:5.1f}x; "
        f"tree {median(tree) * 1e6:5.0f} µs"
    )


def main() -> None:
    vectors = {v["name"]: v["invoice"] for v in json.loads(VECTORS.read_text())["valid"]}
    for name in ("net-regtest", "route-hint-4-hops"):
        compare(vectors[name])


if __name__ == "__main__":
    main()
