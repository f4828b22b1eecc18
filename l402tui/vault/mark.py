"""Is this vault an older copy of itself?

A small file beside the database says how many payments the vault has begun. It is no part of the
database, so a database that is put back is behind it. What is missing is written down with the
moment since when, when the next payment begins, and stays so until somebody has looked (``payments
reconcile``): new payments do not make up for it.

The mark is written after the commit, so it is never ahead of what was there; whether something is
missing is decided inside the transaction that begins a payment. Where the mark cannot be written or
read, nothing is claimed: it warns, and guards nothing. Whoever puts the whole folder back puts the
mark back, too.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["NAME", "Mark", "begun", "gap", "move", "newest", "read", "settle"]

NAME: Final = "vault.mark"
_LONGEST: Final = 60
_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class Mark:
    """What the file says."""

    number: int = 0
    """The newest payment that was begun."""
    missing: int = 0
    """Payments that a later look found missing."""
    since: int = 0
    """Unix seconds of the newest payment before those."""

    def behind(self, number: int) -> int:
        """How many payments are missing in a database whose newest has this number."""
        return self.missing + max(0, self.number - number)


def begun(db: sqlite3.Connection) -> int:
    """The number of the newest payment in the database; 0 where there is none."""
    (number,) = db.execute("SELECT coalesce(max(number), 0) FROM intents").fetchone()
    return int(number)


def newest(db: sqlite3.Connection) -> int:
    """When the newest payment was begun, in unix seconds; 0 where there is none."""
    (created,) = db.execute("SELECT coalesce(max(created), 0) FROM intents").fetchone()
    return int(created)


def read(folder: Path) -> Mark:
    """What the file says; nothing where it cannot be read."""
    try:
        with open(folder / NAME, "rb") as file:
            words = file.read(_LONGEST + 1).split()
    except OSError:
        return Mark()
    if len(words) != 3 or not all(word.isdigit() and len(word) <= _DIGITS for word in words):
        return Mark()
    return Mark(*map(int, words))


def gap(folder: Path, number: int) -> int:
    """How many payments a database whose newest has this number has lost since the mark was
    written. Asked inside the transaction that begins the next one."""
    return max(0, read(folder).number - number)


def move(folder: Path, number: int, lost: int, since: int) -> None:
    """A payment was begun, and has this number; ``lost`` were found missing before it, all of them
    later than ``since``."""
    known = read(folder)
    earliest = min(known.since, since) if known.missing else since
    with suppress(OSError):
        _write(folder, Mark(number, known.missing + lost, earliest if known.missing + lost else 0))


def settle(folder: Path, number: int) -> None:
    """Somebody has looked: nothing is missing any more. Raises OSError."""
    _write(folder, Mark(number))


def _write(folder: Path, mark: Mark) -> None:
    new = folder / f"{NAME}.{os.getpid()}"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, 0o600)  # a umask can only have taken away
        file.write(b"%d %d %d\n" % (mark.number, mark.missing, mark.since))
    os.replace(new, folder / NAME)
