"""What does it cost to gather what the vault knows about one bill, with years of payments in it?

Run it: ``python -m tests.bench.bench_memory [PAYMENTS...]``. It fills a vault with so many payments
(and as many bills that were only shown) in three shapes, of which the last two are the worst: all
at one place, and all at places of their own. 5 % are not finished. Then it times the questions that
come before one payment, and the reservation. It prints medians (ms); nothing here fails on a slow
machine.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from statistics import median
from time import perf_counter

from l402tui.flow.model import IntentState, Limits, Request
from l402tui.protocol.amount import sat
from l402tui.protocol.url import Url
from l402tui.vault import SqliteVault
from l402tui.vault.requests import keep
from l402tui.vault.sealing import Book
from tests.vault.makers import NOW, billed, invoice, node

ROUNDS = 200
STATES = ["active"] * 90 + ["failed"] * 5 + ["held", "unknown", "sending", "in flight", "reserved"]
LIMITS = Limits(sat(1_000), sat(10), *(sat(10**9) for _ in range(6)))
SHAPES: dict[str, Callable[[int], str]] = {
    "20 servers": lambda n: f"https://shop{n % 20}.example/goods/{n % 300}?q={n}",
    "one place": lambda n: f"https://shop0.example/goods/0?q={n}",
    "all apart": lambda n: f"https://shop{n}.example/goods/{n}",
}


def fill(db: Book, payments: int, where: Callable[[int], str]) -> None:
    """So many payments within a year, each with a bill that was only shown beside it."""
    chance = random.Random(7)
    payees = [node(f"shop{number}") for number in range(40)]
    db.execute("BEGIN IMMEDIATE")
    for number in range(payments):
        url = Url.parse(where(number))
        state = chance.choice(STATES)
        proof = sha256(b"%d" % number).digest()
        created = NOW - chance.uniform(61, 365 * 86_400)
        payee = payees[number % 20 if url.host == "shop0.example" else chance.randrange(40)]
        db.execute(
            "INSERT INTO intents (payment_hash, state, reason, request_id, origin, path, payee,"
            " scheme, token, challenge, invoice, amount_msat, fee_cap_msat, fee_msat, wallet,"
            " created, expires, updated, sent, preimage)"
            " VALUES (?, ?, '', ?, ?, ?, ?, 'L402', ?, ?, ?, 10000, 1000, 0, 'lnd:-',"
            " ?, ?, ?, ?, ?)",
            (
                sha256(proof).digest(),
                state,
                keep(db, Request(url), whole=True),
                url.origin,
                url.path,
                payee,
                b"t" * 240,
                b"c" * 700,
                "i" * 400,
                created,
                created + 3_600,
                created,
                created,
                proof if IntentState(state).proven else None,
            ),
        )
        db.execute(
            "INSERT INTO bills_seen VALUES (?, ?, ?, 10000, ?, ?, ?)",
            (proof, url.origin, url.path, payee, NOW - 500_000 + number * 40, NOW + 10**7),
        )
    db.execute("COMMIT")


def measure(payments: int, shape: str) -> None:
    """One line of the table."""
    with (
        tempfile.TemporaryDirectory() as folder,
        SqliteVault.open(Path(folder) / "vault") as vault,
    ):
        fill(vault._db, payments, SHAPES[shape])
        asked = Request(Url.parse("https://shop0.example/goods/0"))
        bill = invoice(10**6, to="shop0")
        origin = asked.url.origin

        def gather() -> None:
            vault.spending(origin, NOW)
            vault.timing(asked, NOW)
            vault.memory(asked, bill, NOW)
            vault.intent(bill.payment_hash)
            vault.open_at(origin)

        questions: dict[str, Callable[[], object]] = {
            "spending": lambda: vault.spending(origin, NOW),
            "timing": lambda: vault.timing(asked, NOW),
            "memory": lambda: vault.memory(asked, bill, NOW),
            "open_at": lambda: vault.open_at(origin),
            "all facts": gather,
        }
        told = [f"{name} {timed(question):6.3f}" for name, question in questions.items()]
        told.append(f"remember {timed(remembering(vault, asked)):6.3f}")
        told.append(f"reserve {timed(reserving(vault)):6.3f}")
        print(f"{payments:>7} {shape:<11}", "  ".join(told))


def remembering(vault: SqliteVault, asked: Request) -> Callable[[], object]:
    fresh = iter([invoice(2 * 10**6 + number) for number in range(ROUNDS)])
    return lambda: vault.remember(asked, next(fresh), NOW)


def reserving(vault: SqliteVault) -> Callable[[], object]:
    fresh = iter([billed(3 * 10**6 + number, to="none") for number in range(ROUNDS)])
    return lambda: vault.reserve(next(fresh), LIMITS)


def timed(question: Callable[[], object]) -> float:
    """The median of some rounds (ms)."""
    took = []
    for _ in range(ROUNDS):
        start = perf_counter()
        question()
        took.append(perf_counter() - start)
    return median(took) * 1_000


if __name__ == "__main__":
    for count in [int(argument) for argument in sys.argv[1:] if argument.isdigit()] or [10_000]:
        for name in SHAPES:
            measure(count, name)
