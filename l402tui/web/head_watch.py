"""Is the head of this answer exactly what HTTP/1.1 allows, and small enough?

It is looked at byte by byte as it comes in, before h11 reads it: h11 joins folded lines, takes a
bare line feed for a line's end and two equal ``Content-Length`` for one, and two readers who differ
about where a message ends can be played off against each other. Here there is one reading: RFC 9112
without its obsolete forms. A head that never ends, or informational answers that never end, are
stopped while they come.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

import httpcore

from l402tui.flow.events import Fault

__all__ = ["HEADER_LIMIT", "LINE_LIMIT", "MAX_HEADERS", "MAX_INFORMATIONAL", "HeadRefused"]
__all__ += ["HeadWatch"]

HEADER_LIMIT: Final = 64 * 1024
"""Bytes of an answer's head altogether, informational answers before it included."""
LINE_LIMIT: Final = 32 * 1024
"""Bytes of one header line: twice what check C06 takes for a challenge, so that it can say so."""
MAX_HEADERS: Final = 256
"""Header lines of one head."""
MAX_INFORMATIONAL: Final = 8
"""Informational answers (1xx) before the real one."""

_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [\t \x21-\x7e\x80-\xff]*)?")
_END: Final = re.compile(rb"(\r?)\n(\r?)\n")
"""Where a head ends for h11, which does without the carriage returns, too."""
_DIGITS: Final = re.compile(rb"[0-9]{1,18}")
_HALF: Final = "a line of its head ends with half a line end"
_NO_BODY: Final = frozenset({204, 304})


class HeadRefused(httpcore.RemoteProtocolError):
    """A head that is not read on. The message says what is wrong with it, in words of ours."""

    def __init__(self, fault: Fault, why: str) -> None:
        super().__init__(why)
        self.fault = fault
        self.why = why


class _At(Enum):
    HEAD = auto()
    BODY = auto()


class HeadWatch:
    """What one connection has brought so far; feed it all that leaves and all that comes."""

    def __init__(self) -> None:
        self._at = _At.BODY
        self._head = bytearray()
        self._whole = 0
        self._informational = 0
        self._bodiless = False
        self._left: int | None = None
        """Bytes of the body that are still to come; None where only h11 knows its end."""

    @property
    def reusable(self) -> bool:
        """Whether the next request may use this connection.

        Only after a body of a told length and not one byte more: what is left over from one answer
        would be read as the next one, past this watch.
        """
        return self._at is _At.BODY and self._left == 0

    def leaves(self, data: bytes) -> None:
        """Bytes of a request are about to be sent."""
        if self._at is _At.BODY:  # the first ones of a new request
            self._at, self._head, self._whole, self._informational = _At.HEAD, bytearray(), 0, 0
            self._bodiless = data.startswith(b"HEAD ")

    def comes(self, data: bytes) -> None:
        """Bytes of an answer have arrived. Raises HeadRefused."""
        while data and self._at is _At.HEAD:
            data = self._head_comes(data)
        if self._left is not None:
            # More than was announced makes it negative, and it never gets back to 0.
            self._left -= len(data)

    def _head_comes(self, data: bytes) -> bytes:
        """Take the head out of it; what is left belongs to what follows."""
        looked = max(0, len(self._head) - 3)
        self._head += data
        found = _END.search(self._head, looked)
        size = found.end() if found is not None else len(self._head)
        if self._whole + size > HEADER_LIMIT:
            raise HeadRefused(Fault.TOO_LARGE, f"they are more than {HEADER_LIMIT:,} bytes")
        if found is None:
            return b""
        if not (found[1] and found[2]):
            raise HeadRefused(Fault.PROTOCOL, _HALF)
        end = found.start()
        rest = bytes(self._head[size:])
        self._whole += size
        lines = bytes(self._head[:end]).split(b"\r\n")
        self._head = bytearray()
        status = _status(lines[0])
        lengths = _headers(lines[1:])
        if status < 200:
            self._informational += 1
            if self._informational > MAX_INFORMATIONAL:
                why = f"more than {MAX_INFORMATIONAL} informational answers come before it"
                raise HeadRefused(Fault.PROTOCOL, why)
        else:
            self._at = _At.BODY
            self._left = 0 if self._bodiless or status in _NO_BODY else lengths
        return rest


def _status(line: bytes) -> int:
    found = _STATUS.fullmatch(line)
    if found is None:
        raise HeadRefused(Fault.PROTOCOL, "it does not begin with a status line of HTTP/1.1")
    status = int(found[1])
    if status == 101:
        raise HeadRefused(Fault.PROTOCOL, "it changes to another protocol, which nobody asked for")
    return status


def _headers(lines: list[bytes]) -> int | None:
    """Look at each line; the length of the body, where it is told."""
    if len(lines) > MAX_HEADERS:
        raise HeadRefused(Fault.TOO_LARGE, f"there are more than {MAX_HEADERS} of them")
    length: int | None = None
    chunked = False
    for line in lines:
        _look_at(line)
        name, _, value = line.partition(b":")
        match name.lower():
            case b"content-length":
                if length is not None:
                    raise HeadRefused(Fault.PROTOCOL, "Content-Length is there twice")
                if _DIGITS.fullmatch(value.strip(b" \t")) is None:
                    raise HeadRefused(Fault.PROTOCOL, "its Content-Length is no number")
                length = int(value)
            case b"transfer-encoding":
                chunked = True
    if chunked and length is not None:
        why = "it has both a Content-Length and a Transfer-Encoding"
        raise HeadRefused(Fault.PROTOCOL, why)
    return length


def _look_at(line: bytes) -> None:
    if len(line) > LINE_LIMIT:
        raise HeadRefused(Fault.TOO_LARGE, f"one of them is longer than {LINE_LIMIT:,} bytes")
    if line[:1] in (b" ", b"\t"):
        raise HeadRefused(Fault.PROTOCOL, "a header goes on in the next line, which is obsolete")
    if b"\n" in line or b"\r" in line:
        raise HeadRefused(Fault.PROTOCOL, _HALF)
    if b"\0" in line:
        raise HeadRefused(Fault.PROTOCOL, "there is a NUL byte in a header")
