"""Which HTTP messages stand in what a person copied out of a terminal?

Reads the output of ``curl -i`` (several responses in a row too, after ``-L``, ``100 Continue`` or
a proxy's ``CONNECT``), the transcript of ``curl -v``, raw dumps of requests and responses, and the
metadata that ``grpcurl -v`` prints. Lines may end in LF or CRLF. What is between the messages
(the command itself, TLS chatter, a progress meter) is left out; what cannot be told apart for
certain is refused.

Source: RFC 9112 (the messages), curl's manual (``--include``, ``--verbose``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple

from l402tui.protocol.errors import DecodeError

__all__ = ["MAX_HEADERS", "MAX_MESSAGES", "HttpMessage", "has_http", "read_http"]

MAX_MESSAGES: Final = 64
"""Messages that are read out of one text; what follows is not."""
MAX_HEADERS: Final = 1_000
"""Header lines in one message; one with more is refused."""
_LATEST_START: Final = 65_536
"""Bytes of chatter that may be before the first message."""
_LOOK: Final = 16_384
"""Bytes behind a body that are looked at to see whether it really ends there."""

_STATUS: Final = rb"HTTP/[1-9](?:\.\d)?[ \t]+\d{3}(?:[ \t][^\r\n]*+)?+"
_REQUEST: Final = rb"[A-Z]{3,16}+ [^ \t\r\n]++ HTTP/[1-9](?:\.\d)?[ \t]*+"
_START: Final = re.compile(rb"%s|%s" % (_STATUS, _REQUEST))
_MARKED: Final = re.compile(rb"< %s|> %s" % (_STATUS, _REQUEST))
_ANY_MARKED: Final = re.compile(rb"^(?:< %s|> %s)\r?$" % (_STATUS, _REQUEST), re.MULTILINE)
# Within a body a line that looks like a start line begins a message only if a head follows.
_NEXT: Final = re.compile(
    rb"^(?:%s|%s)\r?(?:\n(?=\r?\n|[!#-'*+.^`|~\w-]++:)|\Z)" % (_STATUS, _REQUEST), re.MULTILINE
)
_HEADER: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]++):[ \t]*+(.*)", re.DOTALL)
_DIGITS: Final = re.compile(rb"\d{1,9}")
# What people and programs write before the first message.
_PROMPT: Final = re.compile(
    rb"(?:[$#%>][ \t]|[^ \t]{0,60}[$#%] |(?:curl|http|https|xh|wget)[ \t])[^\r\n]*+"
)
_METER: Final = re.compile(
    rb"[ \t]*(?:% Total|Dload|\d+[ \t]+[\d.]+[kMG]?[ \t]+\d)[^\n]*+|[{}] \[\d+ bytes data\]"
)
_LEFT_INTACT: Final = re.compile(
    rb"\* (?:Connection #\d+ to host [^ \r\n]++ left intact|Closing connection(?: \d+)?)[ \t]*\Z"
)
_GRPC_HEADERS: Final = b"Response headers received:"
_GRPC_TRAILERS: Final = b"Response trailers received:"
_GRPC_SECTION: Final = re.compile(
    rb"(?:Response (?:headers|trailers) received|Response contents|Request metadata to send"
    rb"|Resolved method descriptor|ERROR):[ \t]*|Sent \d+ requests?[ \t][^\r\n]*+"
)
_GRPC_CODE: Final = re.compile(rb"[ \t]+Code:[ \t]*([A-Za-z]+)[ \t]*")
_GRPC_MESSAGE: Final = re.compile(rb"[ \t]+Message:[ \t]*(.*)", re.DOTALL)
_GRPC_CODES: Final = (
    b"OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied "
    b"ResourceExhausted FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable "
    b"DataLoss Unauthenticated".split()
)


@dataclass(frozen=True, slots=True)
class HttpMessage:
    """One request or response, as :func:`~l402tui.protocol.dissect.dissect_message` takes it."""

    start_line: bytes
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    body: bytes = field(repr=False)
    start: int
    end: int
    """It stands in the bytes ``start`` to ``end`` of the text."""
    line: int
    """The line of the text on which it begins, from 1."""

    @property
    def is_response(self) -> bool:
        """Whether it is a response and no request."""
        return self.start_line.startswith(b"HTTP/")


class _Line(NamedTuple):
    """One line of the text."""

    text: bytes
    """Without its line break."""
    start: int
    end: int
    """Behind the line break."""


def has_http(raw: bytes) -> bool:
    """Whether this is meant as HTTP messages: then :func:`read_http` is the one to ask."""
    return _first_start(raw) is not None or _marked(raw) or _is_grpc(raw)


def read_http(raw: bytes) -> tuple[HttpMessage, ...]:
    """The messages in ``raw``, in order, at most :data:`MAX_MESSAGES`.

    Raises DecodeError, with the byte offset, where there is no message, where a line among the
    headers is no header, or where a message has more than :data:`MAX_HEADERS` of them.
    """
    if _marked(raw):
        found = list(islice(_transcript(raw), MAX_MESSAGES))
    elif _is_grpc(raw):
        found = [_grpc(raw)]
    else:
        found = list(islice(_plain(raw), MAX_MESSAGES))
    if not found:
        raise DecodeError("there is no HTTP message in it", 0)
    return tuple(found)


def _lines(raw: bytes, start: int = 0) -> Iterator[_Line]:
    while start < len(raw):
        stop = raw.find(b"\n", start)
        end = len(raw) if stop < 0 else stop + 1
        yield _Line(raw[start : len(raw) if stop < 0 else stop].removesuffix(b"\r"), start, end)
        start = end


def _marked(raw: bytes) -> bool:
    return _ANY_MARKED.search(raw) is not None


def _is_grpc(raw: bytes) -> bool:
    return _GRPC_TRAILERS in raw and _GRPC_HEADERS in raw


def _first_start(raw: bytes) -> int | None:
    """Where the first message begins, if only chatter is before it."""
    goes_on = False
    for line in _lines(raw):
        if _START.fullmatch(line.text):
            return line.start
        text = _last_drawn(line.text)
        chatter = not text.strip() or _PROMPT.fullmatch(text) or _METER.fullmatch(text)
        if not (goes_on or chatter) or line.start > _LATEST_START:
            return None
        goes_on = text.endswith(b"\\")
    return None


def _last_drawn(line: bytes) -> bytes:
    """A progress meter draws its lines over each other."""
    return line.rpartition(b"\r")[2]


def _number(raw: bytes, offset: int) -> int:
    return raw.count(b"\n", 0, offset) + 1


# --- curl -i, and raw messages -------------------------------------------------------------------


def _plain(raw: bytes) -> Iterator[HttpMessage]:
    start = _first_start(raw)
    while start is not None:
        begin = next(_lines(raw, start))
        headers, body_start = _head(raw, begin.end)
        length = _length(raw, body_start, begin.text, headers)
        if length is None:
            following = _NEXT.search(raw, body_start)
            end = len(raw) if following is None else following.start()
            body = raw[body_start:end]
            body = body if body.strip(b"\r\n") else b""
        else:
            end = body_start + length
            body = raw[body_start:end]
        yield HttpMessage(begin.text.rstrip(), headers, body, start, end, _number(raw, start))
        while raw[end : end + 1] in (b"\r", b"\n"):
            end += 1
        start = end if _NEXT.match(raw[end : end + _LOOK]) else None


def _head(raw: bytes, start: int) -> tuple[tuple[tuple[bytes, bytes], ...], int]:
    """The headers from ``start`` on, and where the body begins."""
    headers = _Headers(raw)
    for line in _lines(raw, start):
        if not line.text:
            return tuple(headers.pairs), line.end
        if _START.fullmatch(line.text):  # the blank line was lost
            return tuple(headers.pairs), line.start
        headers.add(line)
    return tuple(headers.pairs), len(raw)


class _Headers:
    """The headers of one message while they are being read."""

    def __init__(self, raw: bytes) -> None:
        self.pairs: list[tuple[bytes, bytes]] = []
        self._raw = raw
        self._lines = 0

    def add(self, line: _Line, prefix: int = 0) -> None:
        """Read one line behind its prefix. One that begins with white space continues the last
        (RFC 9112 section 5.2)."""
        text = line.text[prefix:]
        self._lines += 1
        if self._lines > MAX_HEADERS:
            raise DecodeError(f"there are more than {MAX_HEADERS:,} header lines", line.start)
        if text[:1] in (b" ", b"\t") and self.pairs:
            name, value = self.pairs[-1]
            self.pairs[-1] = name, value + b" " + text.strip()
            return
        match = _HEADER.fullmatch(text)
        if match is None:
            number = _number(self._raw, line.start)
            why = f"line {number} should be a header (name: value) and is none"
            raise DecodeError(why, line.start + prefix)
        self.pairs.append((match[1], match[2].rstrip(b" \t")))


def _length(
    raw: bytes, start: int, start_line: bytes, headers: tuple[tuple[bytes, bytes], ...]
) -> int | None:
    """The length in bytes of the body at ``start``, where its message says it and what stands
    behind it is the end or another message. Copying changes line breaks, so it may not fit."""
    parts = start_line.split()
    if start_line.startswith(b"HTTP/") and (parts[1][:1] == b"1" or parts[1] in (b"204", b"304")):
        return 0
    said = {value for name, value in headers if name.lower() == b"content-length"}
    if len(said) != 1 or not _DIGITS.fullmatch(value := said.pop()):
        return None
    length = int(value)
    if start + length > len(raw):
        return None
    rest = raw[start + length : start + length + _LOOK].lstrip(b"\r\n")
    return length if not rest or _NEXT.match(rest) else None


# --- curl -v -------------------------------------------------------------------------------------


class _Draft:
    """A message of a transcript while it is being read."""

    def __init__(self, raw: bytes, line: _Line) -> None:
        self.raw = raw
        self.mark = line.text[:1]
        self.start = line.start
        self.end = line.end
        self.start_line = line.text[2:].rstrip()
        self.headers = _Headers(raw)
        self.in_head = True
        self.doubled = False
        """With ``-i -v`` curl prints each line of a response's head twice."""
        self.body: list[_Line] = []

    def take(self, line: _Line) -> None:
        """Read a line behind the first."""
        if not self.in_head:
            if self.doubled and not line.text:
                self.doubled = False
            elif self.body or not _is_certain_chatter(line):
                self.body.append(line)
            return
        if line.text.rstrip() == self.mark:
            self.in_head = False
        elif line.text.startswith(self.mark + b" "):
            self.headers.add(line, 2)
        elif line.text and not _is_chatter(line):
            self.doubled = True
        self.end = line.end

    def _drop_head(self) -> None:
        """Take the head away that ``-i`` printed again before the body."""
        for number, line in enumerate(self.body):
            if not line.text:
                del self.body[: number + 1]
                return

    def done(self) -> HttpMessage:
        """The message. What curl sends as a body it does not print."""
        body = b""
        while self.body and _is_chatter(self.body[-1]):
            self.body.pop()
        if self.body and self.body[0].text.rstrip() == self.start_line:
            self._drop_head()
        if self.body and self.mark == b"<":
            body_start, self.end = self.body[0].start, self.body[-1].end
            body = self.raw[body_start : self.end]
            # A body that does not end its last line is followed at once by curl's last words.
            glued = _LEFT_INTACT.search(self.body[-1].text)
            if glued is not None:
                body = self.raw[body_start : self.body[-1].start + glued.start()]
        number = _number(self.raw, self.start)
        return HttpMessage(
            self.start_line, tuple(self.headers.pairs), body, self.start, self.end, number
        )


def _is_chatter(line: _Line) -> bool:
    """Whether curl says this beside the messages, as the last of a body's lines."""
    return line.text[:2] == b"* " or _is_certain_chatter(line)


def _is_certain_chatter(line: _Line) -> bool:
    """Whether this is curl's wherever it stands. Where both its outputs go into one file, what it
    says last may come first."""
    text = _last_drawn(line.text)
    return (_METER.fullmatch(text) or _LEFT_INTACT.fullmatch(text)) is not None


def _transcript(raw: bytes) -> Iterator[HttpMessage]:
    draft: _Draft | None = None
    for line in _lines(raw):
        if _MARKED.fullmatch(line.text):
            if draft is not None:
                yield draft.done()
            draft = _Draft(raw, line)
        elif draft is not None:
            draft.take(line)
    if draft is not None:
        yield draft.done()


# --- grpcurl -v ----------------------------------------------------------------------------------


def _grpc(raw: bytes) -> HttpMessage:
    """Headers and trailers as one response: that is how HTTP/2 carries them."""
    headers = _Headers(raw)
    section, begin, end = b"", len(raw), 0
    for line in _lines(raw):
        if _GRPC_SECTION.fullmatch(line.text):
            section = line.text.rstrip()
            begin = min(begin, line.start) if section == _GRPC_HEADERS else begin
        elif not line.text.strip():
            continue
        elif section in (_GRPC_HEADERS, _GRPC_TRAILERS):
            if line.text.strip() != b"(empty)":
                headers.add(line)
            end = line.end
        elif section == b"ERROR:":
            headers.pairs += _grpc_status(line)
            end = line.end
    kinds = [value for name, value in headers.pairs if name.lower() == b"content-type"]
    if not kinds or not kinds[0].startswith(b"application/grpc"):
        raise DecodeError("it looks like what grpcurl prints, but is no gRPC response", begin)
    return HttpMessage(b"HTTP/2 200", tuple(headers.pairs), b"", begin, end, _number(raw, begin))


def _grpc_status(line: _Line) -> list[tuple[bytes, bytes]]:
    """How the call ended, as the trailers had it; grpcurl prints it in words."""
    code, message = _GRPC_CODE.fullmatch(line.text), _GRPC_MESSAGE.fullmatch(line.text)
    if code is not None and code[1] in _GRPC_CODES:
        return [(b"grpc-status", b"%d" % _GRPC_CODES.index(code[1]))]
    return [] if message is None else [(b"grpc-message", message[1].strip())]
