"""What does a rune allow?

A rune is 32 bytes of authentication code and a list of restrictions as text. Like a macaroon it can
be narrowed by whoever holds it, and by nobody widened: the code is a SHA-256 over the server's
secret and every restriction, each padded to whole blocks, so that adding one only means to go on
hashing.

A rune without restrictions is 32 bytes like any others, and no reader can tell it from them. So
only what has restrictions that really parse is called a rune here.

Source: "Rune Language", "Rune Authorization" and "Rune Encoding" of the runes specification
(R. Russell); Core Lightning's ``createrune`` for the field ``time``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from l402tui.protocol.errors import DecodeError

__all__ = ["CODE_SIZE", "Alternative", "Compare", "Restriction", "Rune", "read_rune"]

CODE_SIZE: Final = 32
"""Bytes of the authentication code in front of the restrictions."""


class Compare(Enum):
    """How an alternative compares the field with its value."""

    MISSING = "!"
    IS = "="
    IS_NOT = "/"
    BEGINS = "^"
    ENDS = "$"
    CONTAINS = "~"
    LESS = "<"
    MORE = ">"
    BEFORE = "{"
    AFTER = "}"
    COMMENT = "#"


@dataclass(frozen=True, slots=True)
class Alternative:
    """One condition. ``raw[start:end]`` of the rune are its bytes."""

    field: bytes
    """What is compared; empty for the rune's own id."""
    compare: Compare
    value: bytes
    """Without the backslashes that protect ``&``, ``|`` and itself."""
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Restriction:
    """Alternatives of which at least one has to hold. ``raw[start:end]`` are its bytes."""

    alternatives: tuple[Alternative, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Rune:
    """A decoded rune."""

    code: bytes
    """32 bytes: the SHA-256 state after the last restriction."""
    restrictions: tuple[Restriction, ...]
    """All of them have to hold. The first may be the rune's id."""


_ALTERNATIVE: Final = re.compile(rb"([^\x00-/:-@\[-^`{-\x7f]*)([!=/^$~<>{}#])((?:[^\\&|]|\\.)*)")
"""Field, test, value. A field has no punctuation in it, except ``_``."""
_ESCAPE: Final = re.compile(rb"\\(.)")
_ONLY_ID: Final = re.compile(rb"=[0-9]+(?:-[0-9]+)?")
_FEWEST: Final = 10
"""Bytes of restrictions below which random bytes look like them too often (an id aside)."""
_MOST_LETTERS: Final = 26
"""Of the 32 bytes of a SHA-256, about 12 look like letters; this many mean that it is a text."""


def read_rune(raw: bytes) -> Rune:
    """Read the bytes of a rune: 32 bytes and at least one restriction.

    Raises DecodeError with the byte offset for anything that could as well be something else.
    """
    if len(raw) <= CODE_SIZE:
        raise DecodeError("there is no restriction behind the first 32 bytes", len(raw))
    code, text = raw[:CODE_SIZE], raw[CODE_SIZE:]
    if sum(0x20 <= byte < 0x7F for byte in code) >= _MOST_LETTERS:
        raise DecodeError("it begins with text, not with an authentication code", 0)
    try:
        readable = text.decode("utf-8").isprintable()
    except UnicodeDecodeError:
        readable = False
    if not readable:
        raise DecodeError("what follows the first 32 bytes is no text", CODE_SIZE)
    if len(text) < _FEWEST and not _ONLY_ID.fullmatch(text):
        raise DecodeError("the text behind the first 32 bytes is too short to be sure", CODE_SIZE)
    return Rune(code, _restrictions(raw))


def _restrictions(raw: bytes) -> tuple[Restriction, ...]:
    found: list[Restriction] = []
    pos = CODE_SIZE - 1
    while pos < len(raw):
        # On a separator, or just in front of the first restriction.
        start = pos + 1
        alternatives: list[Alternative] = []
        while True:
            alternatives.append(_alternative(raw, pos + 1))
            pos = alternatives[-1].end
            if raw[pos : pos + 1] != b"|":
                break
        for alternative in alternatives:
            own_id = not found and len(alternatives) == 1 and alternative.compare is Compare.IS
            if not alternative.field and not own_id:
                raise DecodeError("a restriction names no field", alternative.start)
        found.append(Restriction(tuple(alternatives), start, pos))
    return tuple(found)


def _alternative(raw: bytes, at: int) -> Alternative:
    match = _ALTERNATIVE.match(raw, at)
    if match is None:
        raise DecodeError("no restriction begins here", at)
    if raw[match.end() : match.end() + 1] not in (b"", b"&", b"|"):
        raise DecodeError("a backslash stands before nothing", match.end())
    field, compare, value = match.groups()
    unescaped = _ESCAPE.sub(rb"\1", value)
    return Alternative(field, Compare(compare.decode("ascii")), unescaped, at, match.end())
