"""How does the rest of the program reach the vault?

:class:`SqliteVault` is the ``Vault`` port: every method is one transaction, and a write about money
is on disk (``synchronous=FULL``) when it returns. Notes about which no money hangs outlive the
program at once, and a power cut from the next such write on. Writers of several processes take
turns: a write takes its lock at once (``BEGIN IMMEDIATE``) and waits for a while where another
holds it. What the tables mean is in the modules beside this one.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Concatenate, Final, ParamSpec, Self, TypeVar

from l402tui.flow.model import (
    Ending,
    Exchange,
    Held,
    Intent,
    IntentState,
    LatestEnd,
    Limits,
    LogLine,
    Memory,
    Request,
    Spending,
    Timing,
)
from l402tui.flow.ports import VaultError
from l402tui.protocol.amount import Msat
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.secret import Secret
from l402tui.vault import credentials, history, intents, listing, memory, schema
from l402tui.vault import limits as limits_used
from l402tui.vault.faults import told
from l402tui.vault.files import prepare

__all__ = ["ROOM", "SqliteVault"]

ROOM: Final = 16 * 1024 * 1024
"""Bytes that must be free on the disk before anything is paid."""
PATIENCE: Final = 5.0
"""Seconds to wait for another process's write."""

T = TypeVar("T")
P = ParamSpec("P")
Work = Callable[Concatenate[sqlite3.Connection, P], T]


class SqliteVault:
    """What is remembered, in ``vault.db`` of a folder. Also a context manager that closes itself.

    Every method raises VaultError where the file cannot be read or written; nothing is half
    written then. One object may be used from several threads, they take turns.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db = connection
        self._path = path
        self._lock = threading.RLock()

    @classmethod
    def open(cls, folder: Path, *, patience: float = PATIENCE) -> Self:
        """Open the vault in ``folder``, making both where they are missing.

        ``patience`` is how many seconds to wait for another process's write. Raises VaultError
        where folder or files are not private, and where the database is damaged, of a newer
        program or of another one.
        """
        path = prepare(folder)
        with told(path):
            db = _connect(path, patience)
            try:
                _set_up(db, path, patience)
            except BaseException:
                db.close()
                raise
        return cls(db, path)

    def close(self) -> None:
        """Close the file. The vault cannot be used any more."""
        with self._lock, told(self._path):
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- how work gets done -----------------------------------------------------------------------

    def _read(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._lock, told(self._path):
            return work(self._db, *args, **kwargs)

    def _write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._lock, told(self._path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                result = work(self._db, *args, **kwargs)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # SQLite has ended it itself where the disk is full
                    self._db.execute("ROLLBACK")
                raise
            return result

    def _note(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """A write about which no money hangs: the program may die after it, the power may not.

        It waits for no disk. The next payment's write brings it there, too, in order.
        """
        with self._lock, told(self._path):
            self._db.execute("PRAGMA synchronous = NORMAL")
            try:
                return self._write(work, *args, **kwargs)
            finally:
                self._db.execute("PRAGMA synchronous = FULL")

    # --- the port ---------------------------------------------------------------------------------

    def writable(self) -> bool:
        """Whether a write would go through now: 16 MiB are free, and one just did."""
        try:
            if shutil.disk_usage(self._path.parent).free < ROOM:
                return False
            self._note(_probe)
        except (OSError, VaultError):
            return False
        return True

    def unfinished(self, request: Request) -> Intent | None:
        """The newest open intent for exactly this request (same fingerprint)."""
        return self._read(intents.unfinished, request)

    def open_at(self, origin: str) -> Sequence[Intent]:
        """Intents at this origin for which money may still move, oldest first."""
        return self._read(intents.moving, origin)

    def intent(self, payment_hash: bytes) -> Intent | None:
        """The one intent for this hash."""
        return self._read(intents.find, payment_hash)

    def credentials(self, request: Request) -> Sequence[Held]:
        """At most three credentials that may open this request, best first."""
        return self._read(credentials.for_request, request)

    def spending(self, origin: str, now: float) -> Spending:
        """What is spent or reserved (msat): in the hour and the day before ``now``, and ever."""
        return self._read(limits_used.spending, origin, now)

    def timing(self, request: Request, now: float) -> Timing:
        """What happened lately for this method, origin and path."""
        return self._read(memory.timing, request, now)

    def memory(self, request: Request, invoice: Invoice, now: float) -> Memory:
        """What is known about this payee, this price and this bill."""
        return self._read(memory.recall, request, invoice, now)

    def remember(self, request: Request, invoice: Invoice, at: float) -> None:
        """Write that a bill was shown. Nothing hangs on it but later warnings."""
        self._note(memory.remember, request, invoice, at)

    def reserve(self, intent: Intent, limits: Limits | None = None) -> Intent | None:
        """Write a new intent. If its hash is known, or its request has an unfinished payment: write
        nothing and return the known one. Raises OverLimit.

        A RELEASED intent, for which nothing was ever sent, is taken up again with the new terms.
        """
        return self._write(intents.reserve, intent, limits)

    def record(
        self,
        payment_hash: bytes,
        state: IntentState,
        *,
        at: float,
        reason: str = "",
        fee: Msat | None = None,
        exchange: int | None = None,
        latest_end: LatestEnd | None = None,
    ) -> Intent:
        """Write a new state; the intent as it stands then. ``exchange`` is the history row whose
        payment this is: it is linked in the same transaction.

        News that is overtaken by better (an unproven state for a proven payment) is dropped, and
        the answer is what is known. Raises VaultError for SENDING where the payment must not be
        sent, for RELEASED where it may have been, for a proven state without a preimage (only
        :meth:`store_paid` begins one), and for a hash that was never reserved.
        """
        # The wallet or the server says these again when it is asked again; after SENDING nothing
        # is sent to another wallet whether they are known or not.
        told_again = state.proven or state in (IntentState.IN_FLIGHT, IntentState.HELD)
        write = self._note if told_again else self._write

        def work(db: sqlite3.Connection) -> Intent:
            intent = intents.record(
                db, payment_hash, state, at=at, reason=reason, fee=fee, latest_end=latest_end
            )
            if exchange is not None:
                history.link(db, exchange, payment_hash)
            return intent

        return write(work)

    def payments(self, *, every: bool = False) -> Sequence[Intent]:
        """The payments that are not finished, or every one, oldest first."""
        return self._read(listing.every if every else listing.open_ones)

    def alike(self, digits: str) -> Sequence[Intent]:
        """At most two payments whose hash begins with these hex digits. Raises ValueError."""
        low, high = (bytes.fromhex(digits.ljust(64, fill)) for fill in "0f")
        if not digits or len(low) != 32:
            raise ValueError("a payment hash has 1 to 64 hex digits")
        return self._read(listing.alike, low, high)

    def log(self, payment_hash: bytes) -> Sequence[LogLine]:
        """What became of a payment, step by step, oldest first."""
        return self._read(listing.log, payment_hash)

    def store_paid(
        self, payment_hash: bytes, preimage: Secret, *, at: float, fee: Msat | None
    ) -> Held:
        """Write PAID and the credential. Raises ValueError for a preimage not of this hash."""
        return self._write(intents.store_paid, payment_hash, preimage, at=at, fee=fee)

    def used(self, held: Held, request: Request, *, accepted: bool, at: float) -> None:
        """Remember whether the server took a credential for this address. Deletes nothing."""
        self._note(credentials.remember, held, request, accepted=accepted, at=at)

    def open_exchange(self, request: Request, at: float) -> int:
        """Begin a history row; its number is what ``replay N`` takes."""
        return self._note(history.begin, request, at)

    def close_exchange(self, number: int, ending: Ending, status: int | None, at: float) -> None:
        """Write how it ended; ``status`` is the last HTTP status seen."""
        self._note(history.end, number, ending, status, at)

    def exchanges(self, limit: int = 50) -> Sequence[Exchange]:
        """The newest history rows, newest first. Bodies over 1 MiB may be missing, and say so."""
        return self._read(history.latest, limit)

    def exchange(self, number: int) -> Exchange | None:
        """One history row. Raises VaultError where its body was too long to keep."""
        return self._read(history.one, number)


def _connect(path: Path, patience: float) -> sqlite3.Connection:
    return sqlite3.connect(
        path,
        timeout=patience,
        isolation_level=None,  # transactions are begun and ended here, in plain sight
        check_same_thread=False,  # the vault's own lock makes threads take turns
    )


def _set_up(db: sqlite3.Connection, path: Path, patience: float) -> None:
    # Looked at before anything is changed: the file of another or a newer program stays as it is.
    schema.examine(db, path)
    _use_wal(db, patience)
    for pragma in (
        "synchronous = FULL",  # a commit is on disk when it returns
        "fullfsync = ON",  # on macOS too, where fsync alone does not reach the disk
        "foreign_keys = ON",
        "recursive_triggers = ON",  # so that INSERT OR REPLACE cannot pass the delete triggers by
    ):
        db.execute(f"PRAGMA {pragma}")
    schema.migrate(db, path)


def _use_wal(db: sqlite3.Connection, patience: float) -> None:
    # Two processes that switch a new file at the same time get "locked" at once, without the wait
    # that other statements have: SQLite sees that neither could ever go first.
    deadline = time.monotonic() + patience
    while True:
        try:
            with closing(db.execute("PRAGMA journal_mode = WAL")) as answer:
                answer.fetchone()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _probe(db: sqlite3.Connection) -> None:
    db.execute("UPDATE write_probe SET written = written + 1")
