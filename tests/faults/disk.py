"""Where can a write to the disk fail?

Every statement of SQL is a point, named by what it does (``INSERT intents``, ``COMMIT``) and by the
call of the vault that it is part of; so is every system call with which the vault and a download
make and change their files. The two seams are ``sqlite3.connect``, and the name ``os`` in the two
modules that handle files.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final
from unittest import mock

from l402tui.vault import files
from l402tui.web import part

from .points import Kind, Points

__all__ = ["CALL", "disk_watched", "named"]

CALL: ContextVar[str] = ContextVar("CALL", default="vault.open")
"""The call of the vault that is being carried out."""

_CHANGES: Final = frozenset(
    {"open", "write", "ftruncate", "fsync", "fchmod", "chmod", "replace", "mkdir"}
)
_TABLE: Final = re.compile(
    r"\b(?:FROM|INTO|UPDATE|TABLE|INDEX|TRIGGER)\s+([a-z_0-9]+)", re.IGNORECASE
)
_WRITING: Final = frozenset({"INSERT", "UPDATE", "DELETE", "COMMIT"})


def named(statement: str) -> tuple[str, Kind]:
    """What a statement does, and to what: ``INSERT intents``."""
    text = re.sub(r"--[^\n]*", "", statement).strip()
    verb = text.split(None, 1)[0].upper().rstrip(";")
    if verb == "BEGIN":
        return " ".join(text.split()).upper(), Kind.WRITE if "IMMEDIATE" in text else Kind.READ
    kind = Kind.WRITE if verb in _WRITING else Kind.READ
    if verb in ("CREATE", "ALTER", "DROP"):  # of the making of a vault, one of each is enough
        return f"{verb} {text.split()[1].upper()}", Kind.WRITE
    if verb == "PRAGMA":
        words = text.replace("=", " ").split()
        return f"PRAGMA {words[1]}", Kind.READ
    found = _TABLE.search(text)
    return (f"{verb} {found[1]}" if found else verb), kind


def _watched(base: type[sqlite3.Connection], points: Points) -> type[sqlite3.Connection]:
    """A connection whose statements are points; all else is as the vault made it."""

    class Watched(base):  # type: ignore[valid-type,misc]  # which class it is, the vault decides
        writing = False

        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            what, kind = named(statement)
            if what.startswith("BEGIN"):
                self.writing = kind is Kind.WRITE
            elif what == "COMMIT" and not self.writing:
                kind = Kind.READ
            if what != "ROLLBACK":  # it mends, and must not be what is broken
                points.here(f"{CALL.get()}/{what}", kind)
            return super().execute(statement, *values)  # type: ignore[no-any-return]  # see base

    return Watched


class _Os:
    """The module ``os``, with points where files are changed."""

    def __init__(self, whose: str, points: Points) -> None:
        self._whose = whose
        self._points = points

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in _CHANGES:
            return real

        def called(*args: Any, **named: Any) -> Any:
            self._points.here(f"{self._whose}/os.{name}", Kind.FILE)
            return real(*args, **named)

        return called


@contextmanager
def disk_watched(points: Points) -> Iterator[None]:
    """Within this, whatever goes to the disk comes past a point."""
    real = sqlite3.connect

    def connect(*args: Any, **options: Any) -> Any:
        points.here("vault.open/connect", Kind.READ)
        base = options.pop("factory", sqlite3.Connection)
        return real(*args, **options, factory=_watched(base, points))

    with (
        mock.patch.object(sqlite3, "connect", connect),
        mock.patch.object(files, "os", _Os("vault.open", points)),
        mock.patch.object(part, "os", _Os("part", points)),
    ):
        yield
