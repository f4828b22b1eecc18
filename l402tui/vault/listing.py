"""Which payments are there, for a person who wants to look at them?

What a flow asks about one payment is in :mod:`~l402tui.vault.intents`; here they are listed, found
by the beginning of their hash, and their log is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from l402tui.flow.model import Intent, IntentState, LogLine
from l402tui.vault import intents
from l402tui.vault.faults import understood
from l402tui.vault.sealing import Book

__all__ = ["alike", "every", "log", "open_ones"]

_NEWEST_LAST: Final = "ORDER BY i.created, i.rowid"


def open_ones(db: Book) -> Sequence[Intent]:
    """Payments that are not finished, oldest first."""
    # The condition is that of the index, word for word, so that it is used.
    rows = db.execute(
        f"{intents.SELECT} WHERE i.state NOT IN ('active', 'rejected', 'failed', 'released')"
        f" {_NEWEST_LAST}"
    )
    return tuple(intents.read(db.seal, row) for row in rows)


def every(db: Book) -> Sequence[Intent]:
    """All payments, oldest first."""
    rows = db.execute(f"{intents.SELECT} {_NEWEST_LAST}")
    return tuple(intents.read(db.seal, row) for row in rows)


def alike(db: Book, low: bytes, high: bytes) -> Sequence[Intent]:
    """At most two payments whose hashes lie between these (32 bytes each, both included)."""
    rows = db.execute(f"{intents.SELECT} WHERE i.payment_hash BETWEEN ? AND ? LIMIT 2", (low, high))
    return tuple(intents.read(db.seal, row) for row in rows)


def log(db: Book, payment_hash: bytes) -> Sequence[LogLine]:
    """What became of a payment, oldest first."""
    rows = db.execute(
        "SELECT at, state, reason FROM intent_log WHERE payment_hash = ? ORDER BY id",
        (payment_hash,),
    )
    with understood():
        return tuple(LogLine(at, IntentState(state), reason) for at, state, reason in rows)
