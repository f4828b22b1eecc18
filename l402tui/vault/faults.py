"""What went wrong with the vault, and what can a person do about it?

SQLite's result codes (https://www.sqlite.org/rescode.html) and the system's become sentences, each
with its cure. Every one of them ends before anything was written: SQLite rolls back as a whole.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from l402tui.flow.ports import VaultError
from l402tui.protocol.text import shown

__all__ = ["explain", "named", "told", "understood"]

_DAMAGED: Final = (
    "The vault {} is damaged, or it is no vault. It may hold paid credentials: do not delete it. "
    "Move it away together with its -wal and -shm files (a new vault is then begun), and try "
    "`sqlite3 vault.db .recover` on a copy, or a backup."
)
_READ_ONLY: Final = (
    "The vault {} cannot be written: the file, its folder or the whole disk is read-only. Make it "
    "writable, or point L402TUI_HOME to a folder that is."
)
_LOCKED: Final = (
    "The vault {} was locked by another program for too long. Close the other program that uses it "
    "and try again."
)
_SENTENCES: Final = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_FULL: (
        "The disk is full: the vault {} could not be written. Free some space and try again; what "
        "it held before is untouched."
    ),
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CANTOPEN: (
        "The vault {} cannot be opened. See that its folder is there and belongs to you."
    ),
    sqlite3.SQLITE_IOERR: (
        "The disk did not read or write the vault {} as it should. See that it is still there and "
        "in order, and try again."
    ),
}
_PRIMARY: Final = 0xFF
"""Extended result codes carry the primary one in their lowest byte."""


def named(path: Path) -> str:
    """A path, safe to put into a sentence."""
    return shown(str(path), 400).text


def explain(error: sqlite3.Error, path: Path) -> VaultError:
    """The sentence for what SQLite said about the database at ``path``."""
    # Errors of Python's own module (a closed connection) carry no code.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY
    if code in _SENTENCES:
        return VaultError(_SENTENCES[code].format(named(path)))
    said = shown(str(error)).text
    if code == sqlite3.SQLITE_CONSTRAINT:
        return VaultError(f"The vault refused a change that breaks its rules ({said}).")
    return VaultError(f"The vault {named(path)} could not be used: {said}.")


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite raises inside into :class:`VaultError`."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(error, path) from error


@contextmanager
def understood() -> Iterator[None]:
    """Turn what is raised inside by a row that makes no sense into :class:`VaultError`."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise VaultError(
            f"The vault holds something that this l402tui does not understand "
            f"({type(error).__name__}). Update l402tui; keep a copy of the file as it is."
        ) from error
