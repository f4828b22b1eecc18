"""Where in a JSON text does each value stand?

A reader for JSON whose names are all known beforehand: it goes through objects member by member,
refuses every name it was not given and every one that comes twice, and keeps the place of each
value. What an object may hold is said by the caller, so nothing can nest deeper than that.

Source: RFC 8259.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon_parts import Caveat, Range
from l402tui.protocol.spelling import Spelling

__all__ = ["JsonReader", "Member", "Members", "Name", "Read"]

_BLANK: Final = re.compile(rb"[ \t\r\n]*+")
_STRING: Final = re.compile(
    rb'"([^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+)"'
)
_STRING_PART: Final = re.compile(rb'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+')
# A pair of surrogates, half of one (in the group), or any other escape.
_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u([dD][89a-fA-F])|.)", re.DOTALL
)


@dataclass(slots=True)
class Member:
    """One member of an object."""

    key: Range
    """Its name, with the quotes."""
    start: int
    end: int
    """Its text: without the quotes of a string, with the brackets of an array."""
    value: bytes
    spelling: Spelling | None = None
    """Of base64."""
    caveats: tuple[Caveat, ...] = ()

    @property
    def range(self) -> Range:
        """Where its text stands."""
        return self.start, self.end


Members: TypeAlias = dict[str, Member]
"""By what they are: ``identifier``, whether it was called ``i`` or ``i64`` or ``identifier``."""


class JsonReader:
    """The JSON text and how far it was read."""

    def __init__(self, raw: bytes, pos: int = 0) -> None:
        self.raw = raw
        self.pos = pos

    def skip(self) -> None:
        """Over white space."""
        blank = _BLANK.match(self.raw, self.pos)
        self.pos = blank.end() if blank else self.pos

    def take(self, char: bytes) -> bool:
        """Whether ``char`` comes next; then it is read."""
        if self.raw[self.pos : self.pos + 1] != char:
            self.skip()
            if self.raw[self.pos : self.pos + 1] != char:
                return False
        self.pos += 1
        return True

    def expect(self, char: bytes) -> None:
        """Read ``char``. Raises MacaroonError where something else comes next."""
        if not self.take(char):
            if self.pos == len(self.raw):
                raise MacaroonError("its JSON ends in the middle", self.pos)
            raise MacaroonError(f"its JSON should have {char.decode()} here", self.pos)

    def string(self) -> Member:
        """A string, its escapes resolved."""
        match = _STRING.match(self.raw, self.pos)
        if match is None:
            self.skip()
            match = _STRING.match(self.raw, self.pos)
            if match is None:
                raise self._no_string()
        self.pos = match.end()
        start, end = match.span(1)
        value = match[1]
        if b"\\" in value:
            for escape in _ESCAPE.finditer(value):
                if escape[1]:
                    raise MacaroonError("half of a surrogate pair", start + escape.start())
            value = json.loads(match[0]).encode()
        return Member((start - 1, end + 1), start, end, value)

    def _no_string(self) -> MacaroonError:
        part = _STRING_PART.match(self.raw, self.pos)
        if part is None:
            if self.pos == len(self.raw):
                return MacaroonError("its JSON ends in the middle", self.pos)
            return MacaroonError("its JSON should have a string here", self.pos)
        if part.end() == len(self.raw):
            return MacaroonError("its JSON ends in the middle", part.end())
        return MacaroonError("this is not allowed in a JSON string", part.end())

    def members(self, names: Mapping[bytes, Name]) -> Members:
        """An object whose members are some of ``names``, none of them twice."""
        found: Members = {}
        self.expect(b"{")
        if self.take(b"}"):
            return found
        while True:
            key = self.string()
            name = names.get(key.value)
            if name is None:
                raise MacaroonError("a macaroon has no field of this name", key.start - 1)
            what, read = name
            if what in found:
                raise MacaroonError(f"the {what} is given twice", key.start - 1)
            self.expect(b":")
            found[what] = value = read(self)
            value.key = key.key
            if not self.take(b","):
                self.expect(b"}")
                return found


Read: TypeAlias = Callable[[JsonReader], Member]
"""Reads the value of one member."""
Name: TypeAlias = tuple[str, Read]
"""What a member is, and how its value is read."""
