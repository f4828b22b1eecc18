"""Where does a body go that is larger than memory, and how does it go on after a break?

Into ``FILE.part``, readable by its owner alone, until it is whole; only then it takes its place.
While it is written it is locked, so that two runs never mix. What is needed to go on later stands
beside it in ``FILE.part.json``: which request it was, and the server's own word (RFC 9110 section
8.8) for "still the same thing". Without such a word a download begins anew; that costs no money.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import stat
from dataclasses import asdict, dataclass, replace
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Self

from l402tui.flow.message import Request, Response, Saved
from l402tui.protocol.url import Url

__all__ = ["DISK_FLOOR", "Admit", "Part", "PartBusy"]

DISK_FLOOR: Final = 64 * 1024 * 1024
"""Bytes of disk that are left free: payments have to be written down, too."""

_LOOK_AT_DISK: Final = 16 * 1024 * 1024
_PIECE: Final = 1024 * 1024
_RANGE: Final = re.compile(rb"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)")
_STRONG: Final = re.compile(rb'"[\x21\x23-\x7e]{0,200}"')
_STRONG_DATE: Final = 60.0
"""Seconds a file's date must be past before nobody changes it within the same second."""


class PartBusy(Exception):
    """FILE.part is not there for us; the message says why, and quotes nothing."""


class Admit(Enum):
    """What becomes of the body of an answer."""

    HERE = auto()
    """It goes to the file, from the beginning."""
    REST = auto()
    """It goes on where the file ends: ``take_up`` comes first."""
    ELSEWHERE = auto()
    """It is nothing to keep in a file: a bill, an error."""
    ANEW = auto()
    """It is a rest that does not fit: ask again, for all of it."""


@dataclass(frozen=True, slots=True)
class _Origin:
    """What a part is a part of."""

    request: str
    """The request's fingerprint."""
    place: str
    """SHA-256 of where the body came from, without the query, which may be signed anew."""
    validator: str
    """An ETag, or a date."""
    size: int | None
    """Bytes of the whole, where the server told."""


class Part:
    """One file on its way. ``close`` it at the end; what was kept and is not whole stays."""

    def __init__(self, target: Path, descriptor: int, *, resume: bool) -> None:
        self.target = target
        self.trouble: OSError | None = None
        """Why it could not be written."""
        self._path, self._note = _beside(target, ".part"), _beside(target, ".part.json")
        self._file: int | None = descriptor
        self._hash = sha256()
        self._size = self._looked_at = 0
        self._end: int | None = None
        self._begun = False
        self._origin = self._remembered() if resume else None

    @classmethod
    def open(cls, target: Path, *, resume: bool = False) -> Self:
        """Begin ``FILE.part`` for this file, or take up the one that is there: with ``resume`` to
        go on with it, else to write it anew once something comes.

        Raises OSError, and PartBusy where the file is somebody else's or another run writes it.
        """
        return cls(target, _own(_beside(target, ".part")), resume=resume)

    @property
    def path(self) -> Path:
        """Where it is now."""
        return self._path

    @property
    def kept(self) -> int:
        """Bytes that are in FILE.part."""
        return 0 if self._file is None else os.fstat(self._file).st_size

    @property
    def touched(self) -> bool:
        """Whether something of this run is in it."""
        return self._begun

    @property
    def resumable(self) -> bool:
        """Whether a later run can go on where this one stopped."""
        return self._origin is not None and self.kept > 0

    def rest_of(self, request: Request, url: Url) -> tuple[tuple[bytes, bytes], ...]:
        """The headers that ask for the rest only (RFC 9110 sections 13.1.5 and 14.2), where this
        is the request and ``url`` the place that the part came from."""
        origin = self._origin
        if origin is None or request.fingerprint != origin.request:
            return ()
        if _place(url) != origin.place or (origin.size is not None and self.kept >= origin.size):
            return ()
        rest = b"bytes=%d-" % self.kept
        return ((b"Range", rest), (b"If-Range", origin.validator.encode("ascii")))

    def admit(self, request: Request, head: Response, *, asked: bool) -> Admit:
        """Look at the head of an answer, whose body is still to come, and make room for it.

        ``asked``: only the rest was asked for. What was there before is gone when HERE is the
        answer to a body that begins at its beginning. Raises OSError.
        """
        if asked and head.status in (206, 416):
            if head.status == 416 or not self._continues(head):
                self._origin = None
                return Admit.ANEW
            return Admit.REST
        if not 200 <= head.status < 300:
            return Admit.ELSEWHERE
        self._begin(request, head)
        return Admit.HERE

    def take_up(self) -> None:
        """Read what is there, for its hash, and stand at its end. Raises OSError."""
        assert self._file is not None, "nothing comes after the end"
        os.lseek(self._file, 0, os.SEEK_SET)
        self._hash, self._size, self._begun = sha256(), 0, True
        while piece := os.read(self._file, _PIECE):
            self._hash.update(piece)
            self._size += len(piece)

    def write(self, piece: bytes) -> bool:
        """Append it; False where that went wrong, which :attr:`trouble` explains."""
        try:
            self._write(piece)
        except OSError as error:
            self.trouble = error
            return False
        return True

    def saved(self) -> Saved:
        """What is there so far."""
        return Saved(str(self.target), self._size, self._hash.hexdigest())

    @property
    def whole(self) -> bool:
        """Whether all is there that the server told of, in this answer and in the first one."""
        size = self._origin.size if self._origin is not None else None
        return all(end in (None, self._size) for end in (self._end, size))

    def finish(self, mode: int) -> None:
        """It is whole: put it in its place, with the mode of what was there before, else with
        this one. Raises OSError."""
        assert self._file is not None, "it is finished once"
        try:
            mode = stat.S_IMODE(self.target.stat().st_mode)
        except FileNotFoundError:
            pass
        os.fsync(self._file)
        os.fchmod(self._file, mode)
        os.replace(self._path, self.target)
        self._note.unlink(missing_ok=True)
        os.close(self._file)
        self._file = None

    def close(self) -> None:
        """Leave it as it is. An empty one is removed, and so is a note about nothing."""
        if self._file is None:
            return
        if self.kept == 0:
            self._path.unlink(missing_ok=True)
            self._note.unlink(missing_ok=True)
        os.close(self._file)
        self._file = None

    # --- on the disk ---------------------------------------------------------------------------

    def _remembered(self) -> _Origin | None:
        try:
            noted: Any = json.loads(self._note.read_bytes()[:10_000])
            texts = [noted[name] for name in ("request", "place", "validator")]
            size = noted["size"]
        except (OSError, ValueError, TypeError, KeyError):
            return None
        if not all(type(text) is str and text.isascii() and text.isprintable() for text in texts):
            return None
        if self.kept == 0 or not (size is None or type(size) is int):
            return None
        return _Origin(texts[0], texts[1], texts[2], size)

    def _begin(self, request: Request, head: Response) -> None:
        assert self._file is not None, "nothing comes after the end"
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        self._hash, self._size, self._end = sha256(), 0, None
        self._begun = True
        self._origin = _origin(request, head)
        if self._origin is None:
            self._note.unlink(missing_ok=True)
            return
        opened = os.open(self._note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(opened, "w") as note:
            json.dump(asdict(self._origin), note)

    def _write(self, piece: bytes) -> None:
        assert self._file is not None, "nothing comes after the end"
        if self._size >= self._looked_at:
            self._looked_at = self._size + _LOOK_AT_DISK
            disk = os.fstatvfs(self._file)
            if disk.f_bavail * disk.f_frsize < DISK_FLOOR + len(piece):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        view = memoryview(piece)
        while view:
            written = os.write(self._file, view)
            self._hash.update(view[:written])
            self._size += written
            view = view[written:]

    def _continues(self, head: Response) -> bool:
        """Whether this is the rest of what is here."""
        origin, ranges = self._origin, head.values(b"content-range")
        found = _RANGE.fullmatch(ranges[0].strip()) if len(ranges) == 1 else None
        if origin is None or found is None or head.values(b"content-encoding"):
            return False
        first, last, total = int(found[1]), int(found[2]), found[3]
        size = None if total == b"*" else int(total)
        if first != self.kept or last < first or (size is not None and last >= size):
            return False
        tags = head.values(b"etag")
        if tags and origin.validator[:1] == '"' and tags != (origin.validator.encode("ascii"),):
            return False
        if None not in (origin.size, size) and origin.size != size:
            return False
        self._end = last + 1
        self._origin = replace(origin, size=size or origin.size)
        return True


def _beside(target: Path, ending: str) -> Path:
    return target.with_name(target.name + ending)


def _own(path: Path) -> int:
    """A descriptor of a file that is ours alone, locked. Raises OSError and PartBusy."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK  # it might be a link, or a pipe
    for _ in range(10):
        try:
            opened = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            try:
                opened = os.open(path, flags)
            except FileNotFoundError:
                continue  # just now it was
            except OSError as error:
                raise PartBusy("it is there already, and is no file to write to") from error
        try:
            if _locked(path, opened):
                return opened
        except BaseException:
            os.close(opened)
            raise
        os.close(opened)
    raise PartBusy("it comes and goes")


def _locked(path: Path, opened: int) -> bool:
    """Lock it; False where it has moved away meanwhile."""
    about = os.fstat(opened)
    if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or about.st_nlink > 1:
        raise PartBusy("it is there already, and is not a file of yours alone")
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise PartBusy("another run is writing it") from None
    except OSError:
        pass  # a file system without locks
    try:
        there = os.lstat(path)
    except FileNotFoundError:
        return False
    if not os.path.samestat(os.fstat(opened), there):
        return False
    os.fchmod(opened, 0o600)
    return True


def _origin(request: Request, head: Response) -> _Origin | None:
    """What to ask for when this breaks off; None where that cannot work."""
    if request.method.upper() != "GET" or head.status != 200 or head.values(b"content-encoding"):
        return None
    if any(value.strip().lower() == b"none" for value in head.values(b"accept-ranges")):
        return None
    if any(name.lower() in ("range", "if-range") for name, _ in request.headers):
        return None
    validator = _validator(head)
    if validator is None:
        return None
    lengths = head.values(b"content-length")
    size = int(lengths[0]) if lengths and lengths[0].isdigit() else None
    return _Origin(request.fingerprint, _place(head.url), validator.decode("ascii"), size)


def _validator(head: Response) -> bytes | None:
    """A strong one: an ETag that is not weak, or a date that is well past (RFC 9110, 8.8.2.2)."""
    tags, dates = head.values(b"etag"), head.values(b"last-modified")
    if tags:
        return tags[0] if len(tags) == 1 and _STRONG.fullmatch(tags[0]) else None
    try:
        (changed,), (now,) = dates, head.values(b"date")
        seconds = parsedate_to_datetime(now.decode("ascii")) - parsedate_to_datetime(
            changed.decode("ascii")
        )
        return changed if seconds.total_seconds() >= _STRONG_DATE else None
    except (ValueError, OverflowError, TypeError):
        return None


def _place(url: Url) -> str:
    return sha256(f"{url.origin}{url.path}".encode()).hexdigest()
