"""Is the vault quick enough to stand before every payment?

Run it: ``python -m tests.bench.bench_vault``. It makes a vault with 10,000 payments, 500 of them
open, and prints how long ``payments`` and the first ``get`` take with it, how long a reservation
takes while 100 requests come at once (no network), and what the journal costs for each flow beyond
SQLite's own commits. Then the vault is sealed, and all of it is measured once more; the key is in a
keyring that answers at once, through the same library. Nothing here fails on a slow machine.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, thread_time
from typing import Any, Literal, cast

from l402tui.flow.model import Ending, IntentState, Limits, Money, Outcome, Request
from l402tui.practice.run import PracticeServer
from l402tui.protocol.amount import sat
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import say
from l402tui.protocol.url import Url
from l402tui.vault import SqliteVault, care
from l402tui.vault.sealing import Book
from tests.flow import makers as m
from tests.vault.rings import Ring, ring_of_this_test

PAYMENTS, OPEN = 10_000, 500
CROWD, ROUNDS = 100, 20
FLOWS = 300
LIMITS = Limits(
    payment=sat(1_000), fee=sat(10), origin_day=sat(10**9), day=sat(10**9), hour=sat(10**9)
)
END = Ending(Outcome.PAID, Money.SPENT, say("Paid, and the server answered 200 OK."))


def preimage(number: int) -> Secret:
    return Secret(sha256(b"bench %d" % number).digest())


def hash_of(number: int) -> bytes:
    return sha256(preimage(number).reveal()).digest()


def request(number: int, origin: str = "https://api.example") -> Request:
    return Request(Url.parse(f"{origin}/things/{number}?page={number % 7}"))


def fill(vault: SqliteVault) -> None:
    """All in one transaction, as no run would; the rows are those of real runs."""
    db = vault._db
    db.execute("PRAGMA synchronous = OFF")
    for number in range(PAYMENTS):
        at = m.NOW + number
        intent = replace(
            m.RESERVED,
            payment_hash=hash_of(number),
            request=request(number, f"https://shop{number % 200}.example"),
            invoice=f"lnbcrt{number}",
            payee=None,  # nobody: so nobody has too much in flight
            created=at,
            updated=at,
            expires=at + 3_600,
        )
        assert vault.reserve(intent) is None
        if number % (PAYMENTS // OPEN):
            vault.store_paid(hash_of(number), preimage(number), at=at, fee=sat(1))
            vault.record(hash_of(number), IntentState.ACTIVE, at=at)
        else:
            vault.record(hash_of(number), IntentState.SENDING, at=at)
            vault.record(hash_of(number), IntentState.IN_FLIGHT, at=at)
        row = vault.open_exchange(intent.request, at)
        vault.close_exchange(row, replace(END, payment_hash=hash_of(number)), 200, at)
    db.execute("PRAGMA synchronous = FULL")


WITH_KEY = """
import os, sys
import keyring
from l402tui.__main__ import main
from l402tui.vault import keyrings
from tests.vault.rings import Ring, name_of

ring = Ring()
user, key = sys.argv.pop(1), sys.argv.pop(1)
ring.kept["l402tui", user] = key
keyring.set_keyring(ring)
del os.environ["PYTHON_KEYRING_BACKEND"]
keyrings.ALLOWED[name_of(Ring)] = "a keyring"
sys.exit(main())
"""


def command(home: Path, ring: Ring | None, *words: str) -> float:
    """Seconds from the start of the process to its end."""
    program = ["-m", "l402tui"]
    env = {**os.environ, "L402TUI_HOME": str(home)}
    if ring is not None:
        (((_, user), key),) = ring.kept.items()
        program = ["-c", WITH_KEY, user, key]
    start = perf_counter()
    done = subprocess.run(
        [sys.executable, *program, *words],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    taken = perf_counter() - start
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout
    return taken


def start_up(home: Path, ring: Ring | None) -> None:
    def middle(what: Callable[[], float]) -> float:
        return median(what() for _ in range(5))

    with SqliteVault.open(home) as vault:
        start = perf_counter()
        assert len(vault.payments()) == OPEN
        listed = perf_counter() - start
        start = perf_counter()
        vault.unfinished(request(1))
        vault.credentials(request(1))
        looked_up = perf_counter() - start
    with PracticeServer.in_thread() as server:
        get = ("get", f"{server.url}/free", "--wallet", "practice")
        got = middle(lambda: command(home, ring, *get))
    listing = middle(lambda: command(home, ring, "payments"))
    print(f"{PAYMENTS:,} payments, {OPEN} open (wanted: usable within 2 s)")
    print(f"  l402tui payments       {listing:6.2f} s, of that reading them {listed * 1e3:.1f} ms")
    print(f"  l402tui get            {got:6.2f} s, of that looking it up {looked_up * 1e3:.2f} ms")


async def crowd(vault: SqliteVault) -> None:
    """Each asks what is spent and reserves, with the disk's own flush, as a flow does."""
    times: list[float] = []
    number = PAYMENTS

    async def one(mine: int, came: float) -> None:
        intent = replace(
            m.RESERVED,
            payment_hash=hash_of(mine),
            request=request(mine),
            created=m.NOW + mine,
            updated=m.NOW + mine,
        )
        start = perf_counter()
        assert vault.reserve(intent, LIMITS) is None
        times.append(perf_counter() - start)
        queued.append(perf_counter() - came)
        await asyncio.sleep(0)

    queued: list[float] = []
    for _ in range(ROUNDS):
        came = perf_counter()
        await asyncio.gather(*(one(number + each, came) for each in range(CROWD)))
        number += CROWD
    for name, taken in (("each", times), ("with its place in the queue", queued)):
        cuts = quantiles(taken, n=100)
        print(
            f"  {name:28} p50 {median(taken) * 1e3:6.2f} ms   p99 {cuts[98] * 1e3:6.2f} ms",
        )


class Timed:
    """A connection that adds up what its commits take: seconds, and seconds of the processor."""

    def __init__(self, real: Book) -> None:
        self._real = real
        self.committing = self.working = 0.0

    def execute(self, sql: str, *values: Any) -> Any:
        if sql != "COMMIT":
            return self._real.execute(sql, *values)
        start, work = perf_counter(), thread_time()
        try:
            return self._real.execute(sql)
        finally:
            self.committing += perf_counter() - start
            self.working += thread_time() - work

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def journal(home: Path, keyring: Literal["auto", "never"]) -> None:
    """All that is written for one paid flow, and how much of it SQLite's commits take."""
    whole: list[float] = []
    beyond: list[float] = []
    work: list[float] = []
    with SqliteVault.open(home, keyring=keyring) as vault:
        timed = Timed(vault._db)
        vault._db = cast(Book, timed)
        for number in range(FLOWS):
            timed.committing = timed.working = 0.0
            taken, worked = flow(vault, number)
            whole.append(taken)
            beyond.append(taken - timed.committing)
            work.append(worked - timed.working)
    print("the journal of one paid flow (wanted: at most 1 ms beyond SQLite's own commits)")
    print(
        f"  p50 {median(whole) * 1e3:.2f} ms, beyond the commits {median(beyond) * 1e3:.2f} ms "
        f"({median(work) * 1e3:.2f} ms of the processor)",
    )


def flow(vault: SqliteVault, number: int) -> tuple[float, float]:
    """Every write of a flow that pays and is delivered: seconds, and those of the processor."""
    wanted, at = request(number), m.NOW + number
    key, proof = hash_of(number), preimage(number)
    intent = replace(m.RESERVED, payment_hash=key, request=wanted, created=at, updated=at)
    end = replace(END, payment_hash=key)
    start, work = perf_counter(), thread_time()
    row = vault.open_exchange(wanted, at)
    vault.reserve(intent, LIMITS)
    vault.record(key, IntentState.SENDING, at=at, exchange=row)
    vault.record(key, IntentState.IN_FLIGHT, at=at)
    held = vault.store_paid(key, proof, at=at, fee=sat(1))
    vault.used(held, wanted, accepted=True, at=at)
    vault.record(key, IntentState.ACTIVE, at=at)
    vault.close_exchange(row, end, 200, at)
    return perf_counter() - start, thread_time() - work


def measure(home: Path, ring: Ring | None) -> None:
    """How a start and a crowd fare with this vault."""
    start_up(home, ring)
    print(f"a reservation while {CROWD} come at once (wanted: p99 under 50 ms)")
    with SqliteVault.open(home) as vault:
        asyncio.run(crowd(vault))


def main() -> None:
    with tempfile.TemporaryDirectory() as name, ring_of_this_test() as ring:
        folder = Path(name)
        home = folder / "home"
        with SqliteVault.open(home) as vault:
            fill(vault)
        same = shutil.copytree(home, folder / "sealed")
        print("--- plain")
        measure(home, None)
        journal(folder / "journal", "never")
        start = perf_counter()
        assert care.seal(same) is care.Sealed.DONE
        print(f"--- sealed (which took {perf_counter() - start:.2f} s)")
        measure(same, ring)
        journal(folder / "sealed journal", "auto")


if __name__ == "__main__":
    main()
