"""Where can something go wrong, and what happens there?

A :class:`Points` is there for one run: it writes down every point that the run comes past, and at
the one it was armed for it lets the fault happen. The wrappers (``parts``, ``wires``, ``disk``) ask
it by :meth:`~Points.at` before an await and by :meth:`~Points.here` where nothing awaits.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from typing import Final

import httpcore

from l402tui.flow.ports import VaultError

__all__ = [
    "FAULTS_OF",
    "FLOW",
    "HOUR",
    "Fault",
    "Interrupted",
    "Kind",
    "Mistake",
    "Point",
    "Points",
]

HOUR: Final = 3_700.0
"""Seconds of silence: longer than an invoice of the practice server is good for."""


class Fault(Enum):
    """What happens."""

    MISTAKE = "exception"
    """A mistake of ours: an exception that nobody expects."""
    IO = "I/O error"
    FULL = "disk full"
    """And it stays full until the program is started again."""
    SILENCE = "timeout"
    """The call never comes back. An hour later its caller gives up."""
    CANCEL = "cancel"
    KILL = "kill -9"


class Kind(Enum):
    """What a point is a point of; that decides what can happen there."""

    AWAIT = "await"
    """The call of a port, or of a face."""
    SOCKET = "socket"
    VAULT = "vault"
    """The call of the vault as a whole, which awaits nothing."""
    READ = "read"
    """A statement of SQL that writes nothing."""
    WRITE = "write"
    """A statement of SQL that writes, and the commit."""
    FILE = "file"
    """A system call that changes a file."""
    TURN = "turn"


FAULTS_OF: Final[dict[Kind, tuple[Fault, ...]]] = {
    Kind.AWAIT: (Fault.MISTAKE, Fault.IO, Fault.SILENCE, Fault.CANCEL, Fault.KILL),
    Kind.SOCKET: (Fault.MISTAKE, Fault.IO, Fault.SILENCE, Fault.CANCEL, Fault.KILL),
    Kind.VAULT: (Fault.MISTAKE, Fault.IO, Fault.CANCEL, Fault.KILL),
    Kind.READ: (Fault.IO,),  # all else is the same as before and after the call of the vault
    Kind.WRITE: tuple(Fault),
    Kind.FILE: (Fault.MISTAKE, Fault.IO, Fault.FULL, Fault.CANCEL, Fault.KILL),
    Kind.TURN: (Fault.MISTAKE, Fault.CANCEL, Fault.KILL),
}

FLOW: ContextVar[asyncio.Task[None] | None] = ContextVar("FLOW", default=None)
"""The task that a person cancels, whichever task of its own comes past a point."""


class Mistake(RuntimeError):
    """An exception that nobody expects."""


class Interrupted(BaseException):
    """As KeyboardInterrupt, which comes between two statements where no loop handles SIGINT; but
    asyncio lets it pass through the loop of the tests, too, so it is one of our own."""


@dataclass(frozen=True, slots=True)
class Point:
    """One name, and what it is a point of."""

    name: str
    kind: Kind


class Points:
    """The points of one run. ``later`` is told of time that goes by in silence (seconds)."""

    def __init__(self, later: Callable[[float], None] = lambda seconds: None) -> None:
        self.seen: list[Point] = []
        """Every point that was passed, in order, as often as it was."""
        self.hit: Point | None = None
        """Where the fault happened."""
        self.full: Callable[[], None] | None = None
        """Fills a real disk, where one is there for it."""
        self._later = later
        self._name: str | None = None
        self._number: int | None = None
        self._fault: Fault | None = None
        self._asleep = 0

    def arm(self, where: str | int, fault: Fault) -> None:
        """Let it happen when the point of this name is passed first, or at that many points from
        now on."""
        self._fault = fault
        if isinstance(where, str):
            self._name = where
        else:
            self._number = len(self.seen) + where

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Within this nothing happens and nothing is written down."""
        self._asleep += 1
        try:
            yield
        finally:
            self._asleep -= 1

    async def at(self, name: str, kind: Kind = Kind.AWAIT) -> None:
        """A point in front of an await."""
        fault = self._due(Point(name, kind))
        if fault in (Fault.SILENCE, Fault.CANCEL) and kind is not Kind.SOCKET:
            if fault is Fault.SILENCE:
                self._later(HOUR)
            await _cancelled()
        elif fault is Fault.CANCEL:
            await _cancelled()
        elif fault is not None:
            raise self._error(fault, Point(name, kind))

    def here(self, name: str, kind: Kind) -> None:
        """A point where nothing awaits."""
        point = Point(name, kind)
        fault = self._due(point)
        if fault is Fault.FULL and self.full is not None:
            self.full()
        elif fault is Fault.CANCEL and kind not in (Kind.READ, Kind.WRITE):
            flow = FLOW.get()
            if flow is not None:
                flow.cancel()  # which arrives at the next await
        elif fault is not None:
            raise self._error(fault, point)

    def _due(self, point: Point) -> Fault | None:
        if self._asleep:
            return None
        self.seen.append(point)
        if self.hit is not None:
            full = self._fault is Fault.FULL and self.full is None
            return Fault.FULL if full and point.kind in (Kind.WRITE, Kind.FILE) else None
        if point.name != self._name and len(self.seen) - 1 != self._number:
            return None
        self.hit = point
        if self._fault is Fault.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        return self._fault

    def _error(self, fault: Fault, point: Point) -> BaseException:
        if fault is Fault.MISTAKE:
            return Mistake(point.name)
        if fault is Fault.CANCEL:
            return Interrupted(point.name)
        number = errno.ENOSPC if fault is Fault.FULL else errno.EIO
        match point.kind:
            case Kind.READ | Kind.WRITE:
                return _sql_error(fault)
            case Kind.VAULT:
                return VaultError("The disk did not read or write the vault as it should.")
            case Kind.SOCKET:
                return _socket_error(fault, point.name)
            case _:
                return OSError(number, os.strerror(number))


async def _cancelled() -> None:
    flow = FLOW.get()
    assert flow is not None, "only a flow can be cancelled"
    flow.cancel()
    await asyncio.get_running_loop().create_future()


_SQL: Final = {
    Fault.IO: ("disk I/O error", sqlite3.SQLITE_IOERR),
    Fault.FULL: ("database or disk is full", sqlite3.SQLITE_FULL),
    Fault.SILENCE: ("database is locked", sqlite3.SQLITE_BUSY),
}


def _sql_error(fault: Fault) -> sqlite3.Error:
    words, code = _SQL[fault]
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    return error


def _socket_error(fault: Fault, name: str) -> Exception:
    """As the backend itself tells it: for a silence, what it says once its patience is over."""
    _, _, step = name.partition("/")
    silent = fault is Fault.SILENCE
    if step.startswith("connect"):
        return httpcore.ConnectTimeout() if silent else httpcore.ConnectError("broken")
    if step.startswith("write"):
        return httpcore.WriteTimeout() if silent else httpcore.WriteError("broken")
    return httpcore.ReadTimeout() if silent else httpcore.ReadError("broken")
