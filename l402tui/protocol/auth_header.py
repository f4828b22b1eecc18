"""What does a ``WWW-Authenticate`` header say, whatever scheme it is for?

RFC 9110 section 11 first: a line holds any number of challenges, each a scheme followed by
parameters or by one token68. On top of that grammar a few ways to write it differently are read,
each noted as a :class:`Deviation` where nothing else can be meant. Where something else could be
meant, reading stops there. Every part keeps its place in the line.

Time is linear in the length of the line: every pattern is anchored and none can backtrack.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from l402tui.protocol.errors import ChallengeError

__all__ = [
    "IN_BODY",
    "MAX_PARAMS",
    "AuthChallenge",
    "AuthParam",
    "Deviation",
    "Quoting",
    "Stop",
    "is_token",
    "read_line",
]

IN_BODY: Final = -1
"""The :attr:`AuthChallenge.line` of a challenge that stands in no header line but in the body."""
MAX_PARAMS: Final = 100
"""Parameters of one challenge that are read; those in use have fewer than ten."""


class Deviation(Enum):
    """A way of writing that the grammar or the specification does not have, but that is read."""

    UNQUOTED = "not quoted, though it holds characters that need quotes"
    BARE = "not quoted, as RFC 9110 allows and the specification does not"
    SINGLE_QUOTED = "single quotes"
    NO_COMMA = "no comma between parameters"
    SPACES_AROUND_EQUALS = "spaces around ="
    LOWER_CASE_SCHEME = "scheme not in capitals"
    POSITIONAL = "the token stands first, without a name"
    STRAY_QUOTE = "a stray quote before the name of a parameter"
    IN_BODY = "it stands in the body, not in the header"


class Quoting(Enum):
    """What stood around a value."""

    DOUBLE = '"'
    SINGLE = "'"
    NONE = ""


class AuthParam(NamedTuple):
    """One ``name=value``."""

    name: str
    """As written."""
    value: bytes
    """Without quotes and backslashes."""
    quoting: Quoting
    start: int
    end: int
    """``line[start:end]`` is the whole parameter."""
    value_start: int
    value_end: int
    """The value as it stands in the line, inside its quotes."""


@dataclass(frozen=True, slots=True)
class AuthChallenge:
    """One challenge of any scheme."""

    scheme: str
    """As written; schemes are compared without regard to case."""
    params: tuple[AuthParam, ...]
    token68: tuple[int, int] | None
    """Where in the line the token68 stands, in schemes that have one (``Negotiate abc==``)."""
    line: int
    """Which header line, from 0; :data:`IN_BODY` where the places are those of a body."""
    start: int
    end: int
    deviations: tuple[Deviation, ...]

    def named(self, name: str) -> tuple[AuthParam, ...]:
        """All parameters of that name (lower case), in order; more than one is a mistake."""
        return tuple(param for param in self.params if param.name.lower() == name)


class Stop(NamedTuple):
    """Why and where the reading of a line had to stop."""

    error: ChallengeError
    partial: AuthChallenge | None
    """The challenge in which it stopped, as far as it was read. It says nothing for certain and is
    there to be looked at only."""
    limit: bool = False
    """Nothing is wrong there: it is more than is read."""


class _LimitError(ChallengeError):
    """There is more than is read."""

    def plain(self) -> ChallengeError:
        return ChallengeError(self.why, self.offset)


@dataclass(slots=True)
class _Draft:
    """A challenge while it is being read."""

    scheme: str
    start: int
    end: int
    params: list[AuthParam] = field(default_factory=list)
    token68: tuple[int, int] | None = None
    deviations: list[Deviation] = field(default_factory=list)

    def note(self, deviation: Deviation) -> None:
        if deviation not in self.deviations:
            self.deviations.append(deviation)

    def done(self, line: int) -> AuthChallenge:
        return AuthChallenge(
            self.scheme, tuple(self.params), self.token68, line, self.start, self.end,
            tuple(self.deviations),
        )  # fmt: skip


# RFC 9110 sections 5.6.2 (token), 5.6.3 (white space), 5.6.4 (quoted-string), 11.2 (token68).
_SEPARATOR: Final = re.compile(rb"[ \t,]*+")
_SPACE: Final = re.compile(rb"[ \t]*+")
_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++")
_TOKEN68: Final = re.compile(rb"[A-Za-z0-9\-._~+/]++=*+(?=[ \t]*+(?:,|\Z))")
_EQUALS: Final = re.compile(rb"[ \t]*+=[ \t]*+")
_QUOTED: Final = re.compile(
    rb'"([\t !\x23-\x5b\x5d-\x7e\x80-\xff]*+(?:\\[\t -\x7e\x80-\xff]'
    rb'[\t !\x23-\x5b\x5d-\x7e\x80-\xff]*+)*+)"'
)
_SINGLE: Final = re.compile(rb"'([^'\", \t\x00-\x1f\x7f]*+)'(?=[ \t]*+(?:,|\Z)|[ \t])")
# What a value without quotes may hold here: everything that cannot end it or begin another.
_BARE: Final = re.compile(rb"""[^"', \t\x00-\x1f\x7f\\]++""")
_ESCAPE: Final = re.compile(rb"\\(.)", re.DOTALL)


def read_line(
    raw: bytes, line: int = 0, most: int = 8
) -> tuple[tuple[AuthChallenge, ...], Stop | None]:
    """Read the challenges of one header value, at most ``most`` of them.

    Returns those that are whole and, where reading had to stop, why and where.
    """
    done: list[AuthChallenge] = []
    draft: _Draft | None = None
    pos = _skip(_SEPARATOR, raw, 0)
    try:
        while pos < len(raw):
            if draft is not None and _begins_param(raw, pos):
                pos = _read_param(raw, pos, draft)
            elif draft is not None and _stray_quote(raw, pos):
                _look_past_quote(raw, pos, draft)
                raise ChallengeError("a stray quote: what it encloses is not certain", pos)
            else:
                if draft is not None:
                    if b"," not in raw[draft.end : pos]:
                        raise ChallengeError("a comma should stand before this", pos)
                    done.append(draft.done(line))
                    draft = None
                if len(done) == most:
                    raise _LimitError(f"more than {most} challenges: the rest is not read", pos)
                draft = _read_scheme(raw, pos)
                pos = draft.end
            if draft.params and raw[pos : pos + 1] not in (b"", b",", b" ", b"\t"):
                raise ChallengeError("something follows the value without a comma", pos)
            pos = _next(raw, pos, draft)
    except _LimitError as error:
        partial = None if draft is None else draft.done(line)
        return tuple(done), Stop(error.plain(), partial, limit=True)
    except ChallengeError as error:
        return tuple(done), Stop(error, None if draft is None else draft.done(line))
    if draft is not None:
        done.append(draft.done(line))
    return tuple(done), None


def _skip(pattern: re.Pattern[bytes], raw: bytes, pos: int) -> int:
    match = pattern.match(raw, pos)
    return pos if match is None else match.end()


def _next(raw: bytes, pos: int, draft: _Draft) -> int:
    """Where the next element begins. A parameter without a comma before it is noted."""
    after = _skip(_SEPARATOR, raw, pos)
    missing = draft.params and after < len(raw) and b"," not in raw[pos:after]
    if missing and _begins_param(raw, after):
        draft.note(Deviation.NO_COMMA)
    return after


def _begins_param(raw: bytes, pos: int) -> bool:
    """``name =``: with anything else a new challenge begins."""
    name = _TOKEN.match(raw, pos)
    return name is not None and _EQUALS.match(raw, name.end()) is not None


def is_token(value: bytes) -> bool:
    """Whether RFC 9110 lets this value stand without quotes (section 5.6.2)."""
    return _TOKEN.fullmatch(value) is not None


def _stray_quote(raw: bytes, pos: int) -> bool:
    """A quote where a parameter's name should begin."""
    return raw[pos : pos + 1] == b'"' and _begins_param(raw, pos + 1)


def _look_past_quote(raw: bytes, pos: int, draft: _Draft) -> None:
    """Read what stands behind a stray quote, so that it can be looked at; it is never used."""
    draft.note(Deviation.STRAY_QUOTE)
    pos += 1
    try:
        while _begins_param(raw, pos):
            pos = _next(raw, _read_param(raw, pos, draft), draft)
    except ChallengeError:
        return  # The quote itself is the mistake that is told.


def _read_scheme(raw: bytes, pos: int) -> _Draft:
    name = _TOKEN.match(raw, pos)
    if name is None:
        raise ChallengeError("the name of a scheme should stand here", pos)
    draft = _Draft(name[0].decode("ascii"), pos, name.end())
    after = _skip(_SPACE, raw, name.end())
    if after == name.end() or after >= len(raw):
        if raw[after : after + 1] not in (b"", b","):
            raise ChallengeError("a space should stand after the scheme", after)
        return draft
    token68 = _TOKEN68.match(raw, after)
    if token68 is not None:
        draft.token68, draft.end = token68.span(), token68.end()
    elif raw[after : after + 1] != b"," and not (
        _begins_param(raw, after) or _stray_quote(raw, after)
    ):
        raise ChallengeError("a parameter should stand here", after)
    else:
        draft.end = name.end()
    return draft


def _read_param(raw: bytes, pos: int, draft: _Draft) -> int:
    name, equals = _TOKEN.match(raw, pos), None
    if name is not None:
        equals = _EQUALS.match(raw, name.end())
    if name is None or equals is None:
        raise ChallengeError("a parameter should stand here", pos)
    if len(draft.params) == MAX_PARAMS:
        raise _LimitError(f"more than {MAX_PARAMS} parameters: the rest is not read", pos)
    if len(equals[0]) > 1:
        draft.note(Deviation.SPACES_AROUND_EQUALS)
    at = equals.end()
    value, quoting, inner, end = _read_value(raw, at)
    if quoting is Quoting.SINGLE:
        draft.note(Deviation.SINGLE_QUOTED)
    elif quoting is Quoting.NONE and not is_token(value):
        draft.note(Deviation.UNQUOTED)
    draft.params.append(AuthParam(name[0].decode("ascii"), value, quoting, pos, end, *inner))
    draft.end = end
    return end


def _read_value(raw: bytes, at: int) -> tuple[bytes, Quoting, tuple[int, int], int]:
    """The value, what stood around it, where it stands inside that, and where it all ends."""
    first = raw[at : at + 1]
    if first == b'"':
        match = _QUOTED.match(raw, at)
        if match is None:
            raise ChallengeError("this quote is never closed, or a control character is in it", at)
        return _ESCAPE.sub(rb"\1", match[1]), Quoting.DOUBLE, match.span(1), match.end()
    if first == b"'":
        match = _SINGLE.match(raw, at)
        if match is None:
            raise ChallengeError("this single quote is not closed before the value ends", at)
        return match[1], Quoting.SINGLE, match.span(1), match.end()
    match = _BARE.match(raw, at)
    if match is None:
        raise ChallengeError("a value should stand here", at)
    return match[0], Quoting.NONE, match.span(), match.end()
