"""Is this vault an older copy of itself?

A small file beside the database says how many payments the vault has begun. It is no part of the
database, so a copy that is put back is behind it. The mark never goes back by itself: while the
vault is behind, each new payment moves the mark on as well, so that what is missing stays missing
until somebody has looked (``payments reconcile``). Where the mark cannot be written or read,
nothing is claimed: it warns, and guards nothing.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["begun", "behind", "move", "settle"]

NAME: Final = "vault.mark"
_LONGEST: Final = 20
"""Digits of a number that SQLite counts rows with."""


def begun(db: sqlite3.Connection) -> int:
    """The number of the newest payment in the database; 0 where there is none."""
    (number,) = db.execute("SELECT coalesce(max(number), 0) FROM intents").fetchone()
    return int(number)


def behind(folder: Path, number: int) -> int:
    """How many payments are missing in a database whose newest has this number."""
    return max(0, _read(folder) - number)


def move(folder: Path, number: int) -> None:
    """A payment was begun, and has this number."""
    missing = behind(folder, number - 1)
    _write(folder, number + missing)


def settle(folder: Path, number: int) -> None:
    """Somebody has looked: nothing is missing any more."""
    _write(folder, number)


def _read(folder: Path) -> int:
    try:
        with open(folder / NAME, "rb") as file:
            text = file.read(_LONGEST + 1).strip()
    except OSError:
        return 0
    return int(text) if text.isdigit() and len(text) <= _LONGEST else 0


def _write(folder: Path, number: int) -> None:
    new = folder / f"{NAME}.{os.getpid()}"
    with suppress(OSError):
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)  # a umask can only have taken away
            file.write(b"%d\n" % number)
        os.replace(new, folder / NAME)
