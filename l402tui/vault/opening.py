"""How is a vault's file opened, begun, and cleaned of what was in it before?

What every connection needs is set here, in the order that SQLite wants it; an empty file becomes a
vault, sealed from its first row where that is wished and a keyring takes the key. Sealing a vault
that has rows is in :mod:`~l402tui.vault.care`; sweeping the file afterwards is here, because
opening makes up for it where the program was stopped before.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from l402tui.vault import schema
from l402tui.vault.sealing import Book, standing

if TYPE_CHECKING:
    from l402tui.vault.keyrings import New

__all__ = ["connect", "set_up", "sweep", "sweep_what_is_left", "writing"]


def connect(path: Path, patience: float) -> Book:
    """A connection on which nothing is set yet. ``patience``: seconds to wait for other writers."""
    return sqlite3.connect(
        path,
        timeout=patience,
        isolation_level=None,  # transactions are begun and ended by us, in plain sight
        check_same_thread=False,  # the vault's own lock makes threads take turns
        factory=Book,
    )


def set_up(db: Book, path: Path, patience: float, *, seal: bool = False) -> None:
    """Set what every connection needs, and bring the file to the newest schema.

    ``seal``: one that is begun here is sealed where a keyring takes its key. Raises VaultError.
    """
    # Looked at before anything is changed: the file of another or a newer program stays as it is.
    version = schema.examine(db, path)
    _use_wal(db, patience)
    for pragma in (
        "synchronous = FULL",  # a commit is on disk when it returns
        "fullfsync = ON",  # on macOS too, where fsync alone does not reach the disk
        "recursive_triggers = ON",  # so that INSERT OR REPLACE cannot pass the delete triggers by
    ):
        db.execute(f"PRAGMA {pragma}")
    if version == 0 and seal:
        _begin_sealed(db, path)
    else:
        schema.migrate(db, path)
    db.execute("PRAGMA foreign_keys = ON")


def _begin_sealed(db: Book, path: Path) -> None:
    from l402tui.vault import keyrings

    # Before the transaction: a keyring may wait for a person, and other processes must not.
    new: New | None = None
    with suppress(keyrings.KeyringTrouble):
        new = keyrings.begin()
    used = False

    def newborn(db: sqlite3.Connection) -> None:
        nonlocal used
        if new is not None:
            new.standing(swept=True).write(db)
            used = True

    schema.migrate(db, path, newborn=newborn)
    if new is not None and not used:  # another process has begun it meanwhile
        keyrings.forget(new)


def _use_wal(db: Book, patience: float) -> None:
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


def sweep(db: Book) -> bool:
    """Write the file anew, so that nothing stays in it that is in no row any more.

    False where another process reads it just now: then old pages stay, and so does the note that
    they do. Raises sqlite3.Error (also where the disk has no room for a second copy).
    """
    if not _checkpoint(db):
        return False
    db.execute("VACUUM")
    if not _checkpoint(db):
        return False
    with writing(db):
        replace(standing(db), swept=True).write(db)
    return True


@contextmanager
def writing(db: Book) -> Iterator[None]:
    """One transaction: all of what is written inside, or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite has ended it itself where the disk is full
            db.execute("ROLLBACK")
        raise


def sweep_what_is_left(db: Book) -> None:
    """Sweep where that was not done or not finished, unless somebody else is at it."""
    if standing(db).swept:
        return
    (patience,) = db.execute("PRAGMA busy_timeout").fetchone()
    db.execute("PRAGMA busy_timeout = 0")
    try:
        with suppress(sqlite3.Error):
            sweep(db)
    finally:
        db.execute(f"PRAGMA busy_timeout = {int(patience):d}")


def _checkpoint(db: Book) -> bool:
    """Bring the write-ahead log into the file and empty it. False: somebody still reads from it."""
    busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy
