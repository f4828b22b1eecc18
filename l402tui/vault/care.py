"""How does a person look after the vault: where is it, who can read it, how is it kept?

:func:`look` changes nothing and needs no key. :func:`seal` and :func:`unseal` turn all secrets over
in one transaction, so that whatever stops them leaves the vault either as it was or as it was
meant; a key is in the keyring before anything is sealed with it, and is never taken out again,
because a backup may need it. :func:`backup` copies a vault as it is, sealed or not.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Final

from l402tui.flow.ports import VaultError
from l402tui.vault import keyrings, opening, resealing, schema
from l402tui.vault.faults import named, told
from l402tui.vault.files import DATABASE, flush_folder, prepare
from l402tui.vault.sealing import PLAIN, Book, Seal, Standing, standing

__all__ = ["Facts", "Sealed", "backup", "look", "seal", "unseal"]

PATIENCE: Final = 5.0
"""Seconds to wait for another process's write."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A vault as it is found."""

    path: Path
    mode: int
    folder_mode: int
    schema: int
    standing: Standing
    payments: int
    """Payments that were ever decided on."""
    open: int
    """Those of them that are not finished."""
    credentials: int
    requests: int
    """Entries of the history."""
    size: int
    """Bytes, what is not yet in its place included."""

    @property
    def sealed(self) -> bool:
        """Whether the secrets in it are encrypted."""
        return self.standing.key_id is not None


class Sealed(Enum):
    """What came of it."""

    DONE = "done"
    ALREADY = "already"
    """It was so before."""
    UNSWEPT = "unswept"
    """Done, but what is in no row any more could not be taken out of the file."""


def look(folder: Path) -> Facts | None:
    """What there is to know about the vault in this folder; None where there is none.

    Raises VaultError where it cannot be read.
    """
    path = folder / DATABASE
    with told(path), _there(path):
        if not path.exists() or path.stat().st_size == 0:
            return None
        with closing(opening.connect(path, PATIENCE)) as db:
            db.execute("PRAGMA query_only = ON")
            version = schema.examine(db, path)
            db.execute("BEGIN")  # all of one moment
            return Facts(
                path=path,
                mode=stat.S_IMODE(path.stat().st_mode),
                folder_mode=stat.S_IMODE(folder.stat().st_mode),
                schema=version,
                standing=standing(db) if version >= schema.SEALS else Standing(),
                payments=_count(db, "SELECT count(*) FROM intents"),
                open=_count(
                    db,
                    "SELECT count(*) FROM intents WHERE state NOT IN"
                    " ('active', 'rejected', 'failed', 'released')",
                ),
                credentials=_count(db, "SELECT count(*) FROM credentials"),
                requests=_count(db, "SELECT count(*) FROM exchanges"),
                size=sum(
                    part.stat().st_size
                    for part in (path, path.with_name(f"{path.name}-wal"))
                    if part.exists()
                ),
            )


def seal(folder: Path) -> Sealed:
    """Encrypt the secrets of the vault in this folder.

    Raises KeyringTrouble where no keyring takes a key, and VaultError; the vault is then as it was.
    """
    path = prepare(folder)
    with _opened(path) as db:
        if standing(db).key_id is None:
            new = keyrings.begin()
            if not resealing.turn(db, PLAIN, new.seal, new.standing(swept=False)):
                keyrings.forget(new)  # another process was first
        elif standing(db).swept:
            return Sealed.ALREADY
        with suppress(sqlite3.Error):
            if opening.sweep(db):
                return Sealed.DONE
        return Sealed.UNSWEPT


def unseal(folder: Path) -> Sealed:
    """Take the encryption off the vault in this folder; the key stays in the keyring.

    Raises VaultError, also where the key is not to be had; the vault is then as it was.
    """
    path = prepare(folder)
    with _opened(path) as db:
        now = standing(db)
        if now.key_id is None:
            return Sealed.ALREADY
        old: Seal = keyrings.seal_of(now, named(path))
        # Noted before: if this is stopped half way, what is left of it in the file is swept out.
        if not resealing.note(db, replace(now, swept=False)):
            return Sealed.ALREADY
        return Sealed.DONE if resealing.turn(db, old, PLAIN, Standing()) else Sealed.ALREADY


def backup(folder: Path, to: Path) -> bool:
    """Copy the vault into a new file that only its owner can read, as it is at this moment.

    It is sealed if the vault is, with the same key; the answer is whether it is. Raises VaultError;
    a file that is there already is left alone.
    """
    path = folder / DATABASE
    where = named(to)
    if not path.exists():
        raise VaultError(f"There is no vault in {named(folder)} yet, so there is nothing to copy.")
    with told(path), _there(to), closing(opening.connect(path, PATIENCE)) as db:
        version = schema.examine(db, path)
        try:
            handle = os.open(to, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise VaultError(
                f"{where} is there already, and a backup never replaces one. Choose another name."
            ) from None
        try:
            db.execute("VACUUM INTO ?", (os.fspath(to),))
            os.fsync(handle)
        except BaseException:
            to.unlink()
            raise
        finally:
            os.close(handle)
        flush_folder(to.absolute().parent)
    with told(to), closing(opening.connect(to, PATIENCE)) as copy:
        return version >= schema.SEALS and standing(copy).key_id is not None


@contextmanager
def _opened(path: Path) -> Iterator[Book]:
    with told(path), closing(opening.connect(path, PATIENCE)) as db:
        opening.set_up(db, path, PATIENCE)
        yield db


@contextmanager
def _there(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise VaultError(f"{named(path)} cannot be used: {why}.") from error


def _count(db: Book, question: str) -> int:
    (number,) = db.execute(question).fetchone()
    return int(number)
