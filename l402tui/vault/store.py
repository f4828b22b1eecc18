"""How does the rest of the program reach the vault?

:class:`SqliteVault` is the ``Vault`` port: every method is one transaction, and a write about money
is on disk (``synchronous=FULL``) when it returns. Notes about which no money hangs outlive the
program at once, and a power cut from the next such write on. Writers of several processes take
turns: a write takes its lock at once (``BEGIN IMMEDIATE``) and waits for a while where another
holds it. What the tables mean is in the modules beside this one.

Whether secrets are sealed is looked up in every transaction, because another process may seal or
unseal the vault at any time (:mod:`~l402tui.vault.care`).
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Concatenate, Final, Literal, ParamSpec, Self, TypeVar

from l402tui.flow.lineage import Delegation, NewDelegation, Rehearsed
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
    Moving,
    Request,
    Seen,
    Spending,
    Timing,
)
from l402tui.flow.ports import VaultError
from l402tui.protocol.amount import Msat
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.secret import Secret
from l402tui.vault import (
    credentials,
    history,
    intents,
    lineage,
    listing,
    mark,
    memory,
    opening,
)
from l402tui.vault import limits as limits_used
from l402tui.vault.faults import named, told
from l402tui.vault.files import prepare
from l402tui.vault.sealing import Book, Standing, standing

__all__ = ["ROOM", "SqliteVault"]

ROOM: Final = 16 * 1024 * 1024
"""Bytes that must be free on the disk before anything is paid."""
PATIENCE: Final = 5.0
"""Seconds to wait for another process's write."""

T = TypeVar("T")
P = ParamSpec("P")
Work = Callable[Concatenate[Book, P], T]


class SqliteVault:
    """What is remembered, in ``vault.db`` of a folder. Also a context manager that closes itself.

    Every method raises VaultError where the file cannot be read or written; nothing is half
    written then. One object may be used from several threads, they take turns.
    """

    def __init__(self, connection: Book, path: Path) -> None:
        self._db = connection
        self._path = path
        self._lock = threading.RLock()

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        patience: float = PATIENCE,
        keyring: Literal["auto", "never"] = "never",
    ) -> Self:
        """Open the vault in ``folder``, making both where they are missing.

        ``patience`` is how many seconds to wait for another process's write. With ``keyring``
        ``auto`` a vault that is made here is sealed where a keyring takes its key. Raises
        VaultError where folder or files are not private, where the database is damaged, of a newer
        program or of another one, and where it is sealed and its key is not to be had.
        """
        path = prepare(folder)
        with told(path):
            db = opening.connect(path, patience)
            vault = cls(db, path)
            try:
                opening.set_up(db, path, patience, seal=keyring == "auto")
                vault._take(standing(db))
                opening.sweep_what_is_left(db)
            except BaseException:
                db.close()
                raise
        return vault

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
        return self._transact("BEGIN", work, *args, **kwargs)

    def _write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return self._transact("BEGIN IMMEDIATE", work, *args, **kwargs)

    def _transact(self, begin: str, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._lock, told(self._path):
            while True:
                self._db.execute(begin)
                try:
                    (key_id,) = self._db.execute("SELECT key_id FROM vault_seal").fetchone()
                    if key_id == self._db.seal.key_id:
                        result = work(self._db, *args, **kwargs)
                        self._db.execute("COMMIT")
                        return result
                    now = standing(self._db)
                    self._db.execute("ROLLBACK")
                except BaseException:
                    if self._db.in_transaction:  # SQLite has ended it itself where the disk is full
                        self._db.execute("ROLLBACK")
                    raise
                # Another process has sealed or unsealed it. Asked outside of the transaction: a
                # keyring may wait for a person, and nobody else should have to.
                self._take(now)

    def _take(self, now: Standing) -> None:
        if now.key_id is not None or self._db.seal.key_id is not None:
            # Imported here: a vault that is not sealed opens without it.
            from l402tui.vault.keyrings import seal_of

            self._db.seal = seal_of(now, named(self._path))

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

    def open_at(self, origin: str) -> Sequence[Moving]:
        """Payments at this origin for which money may still move, oldest first."""
        return self._read(intents.moving, origin)

    def intent(self, payment_hash: bytes) -> Intent | None:
        """The one intent for this hash."""
        return self._read(intents.find, payment_hash)

    def line(self) -> int:
        """How far the log of payments goes."""
        return self._read(intents.line)

    def bought_since(self, request: Request, line: int) -> Intent | None:
        """A payment for the same purpose that was proven after that line of the log."""
        return self._read(intents.bought_since, request, line)

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

    def reserve(
        self, intent: Intent, limits: Limits | None = None, seen: Seen | None = None
    ) -> Intent | None:
        """Write a new intent. If its hash is known, or its request has an unfinished payment: write
        nothing and return the known one. Raises OverLimit, and Overtaken where another payment at
        its origin is not in ``seen``.

        A RELEASED intent, for which nothing was ever sent, is taken up again with the new terms.
        """
        folder = self._path.parent

        def work(db: Book) -> tuple[Intent | None, int, int, int]:
            before = mark.begun(db)
            lost, since = mark.gap(folder, before), mark.newest(db)
            known = intents.reserve(db, intent, limits, seen)
            after = mark.begun(db)
            return known, after if after > before else 0, lost, since

        known, number, lost, since = self._write(work)
        if number:
            # One after the other, for which the lock of the database is good; the payment is
            # reserved already, and must not fail for a mark.
            with suppress(VaultError):
                self._write(lambda db: mark.move(folder, number, lost, since))
        return known

    def behind(self) -> int:
        """How many payments were begun that are not in this vault: it is an older copy. 0: none."""
        return mark.read(self._path.parent).behind(self._read(mark.begun))

    def missing_since(self) -> float:
        """Unix seconds: what is missing was begun later. Where nothing is, the newest payment."""
        known = mark.read(self._path.parent)
        return float(known.since) if known.missing else float(self._read(mark.newest))

    def reconciled(self) -> None:
        """Somebody has looked what is missing: this is how it stands now."""
        try:
            mark.settle(self._path.parent, self._read(mark.begun))
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise VaultError(
                f"It could not be written down beside {named(self._path)}: {why}."
            ) from None

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
        seen: Seen | None = None,
    ) -> Intent:
        """Write a new state; the intent as it stands then. ``exchange`` is the history row whose
        payment this is: it is linked in the same transaction.

        News that is overtaken by better (an unproven state for a proven payment) is dropped, and
        the answer is what is known. Raises VaultError for SENDING where the payment must not be
        sent, for RELEASED where it may have been, for a proven state without a preimage (only
        :meth:`store_paid` begins one), and for a hash that was never reserved; Overtaken for
        SENDING where another payment at its origin is not in ``seen``.
        """
        # The wallet or the server says these again when it is asked again; after SENDING nothing
        # is sent to another wallet whether they are known or not.
        told_again = state.proven or state in (IntentState.IN_FLIGHT, IntentState.HELD)
        write = self._note if told_again else self._write

        def work(db: Book) -> Intent:
            intent = intents.record(
                db, payment_hash, state, at=at, reason=reason, fee=fee, latest_end=latest_end,
                seen=seen,
            )  # fmt: skip
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

    # --- tokens that were handed out --------------------------------------------------------------

    def delegated(self, new: NewDelegation) -> int:
        """Write a child, and before it a parent from outside; the child's number. The same child
        again is the one that is there."""
        return self._write(lineage.remember, new)

    def delegations(self) -> Sequence[Delegation]:
        """Every token that was handed out or narrowed, parents before children."""
        return self._read(lineage.every)

    def delegation(self, number: int) -> Delegation | None:
        """One of them."""
        return self._read(lineage.one, number)

    def delegation_of(self, token: Secret) -> Delegation | None:
        """The one that is this very token, in any spelling."""
        return self._read(lineage.of_token, token)

    def rehearsed(self, token: Secret, seen: Rehearsed) -> bool:
        """Write what a server did with a token; False where it is not one of them."""
        return self._write(lineage.saw, token, seen)


def _probe(db: sqlite3.Connection) -> None:
    db.execute("UPDATE write_probe SET written = written + 1")
