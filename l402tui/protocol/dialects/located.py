"""Where in a JSON or CBOR text does each value stand?

The values of other protocols are shown with the bytes they were read from, so the readers here
keep every value's place. They are strict and bounded: depth, number of values and length are
limited, a name that comes twice ends the reading, and what was read up to a mistake is kept.

Sources: RFC 8259 (JSON), RFC 8949 (CBOR; see :mod:`~l402tui.protocol.dialects.cbor`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from l402tui.protocol.errors import DecodeError

__all__ = [
    "MAX_DEPTH",
    "MAX_DIGITS",
    "MAX_ITEMS",
    "Item",
    "Number",
    "StopReading",
    "Value",
    "plain",
    "read_json",
]

MAX_DEPTH: Final = 32
"""Objects and arrays inside one another."""
MAX_ITEMS: Final = 4_096
"""Values in one text."""
MAX_DIGITS: Final = 78
"""Digits of a whole number that is read as one: those of the largest 256-bit number."""


class Number(str):
    """A number with a fraction, an exponent or too many digits, as written. No amount is that."""

    __slots__ = ()


Value: TypeAlias = "bool | int | Number | str | bytes | tuple[Item, ...] | dict[str, Item] | None"


@dataclass(frozen=True, slots=True)
class Item:
    """A value and the bytes ``start`` (included) to ``end`` (excluded) it was read from."""

    value: Value
    start: int
    end: int

    @property
    def members(self) -> Mapping[str, Item]:
        """The members of an object or map; none where it is something else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def elements(self) -> tuple[Item, ...]:
        """The elements of an array; none where it is something else."""
        return self.value if isinstance(self.value, tuple) else ()

    def get(self, *path: str) -> Item | None:
        """The member of a member of ...; None where one is missing or null."""
        here = self
        for name in path:
            found = here.members.get(name)
            if found is None or found.value is None:
                return None
            here = found
        return here

    def text(self, *path: str) -> str | None:
        """The same, where it is text."""
        found = self.get(*path)
        value = None if found is None else found.value
        return value if isinstance(value, str) and not isinstance(value, Number) else None

    def array(self, name: str) -> tuple[Item, ...]:
        """The elements of a member that is an array; none where it is something else."""
        found = self.members.get(name)
        return () if found is None else found.elements


class StopReading(Exception):
    """Why and where a text stops being what it should be."""

    def __init__(self, why: str, offset: int) -> None:
        self.why, self.offset = why, offset
        super().__init__(why)


def plain(item: Item) -> object:
    """The bare value as :func:`json.loads` would give it, all unusual numbers as float.

    Raises ValueError for bytes, which JSON does not have.
    """
    value = item.value
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, tuple):
        return [plain(element) for element in value]
    if isinstance(value, Number):
        return float(value)
    if isinstance(value, bytes):
        raise ValueError("bytes")
    return value


# RFC 8259 sections 2, 6 and 7. Anchored and possessive: linear in the length of the text.
_SPACE: Final = re.compile(rb"[ \t\r\n]*+")
_STRING: Final = re.compile(
    rb'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
)
_NUMBER: Final = re.compile(rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")
_WORD: Final[dict[bytes, tuple[bytes, bool | None]]] = {
    b"t": (b"true", True),
    b"f": (b"false", False),
    b"n": (b"null", None),
}


def read_json(raw: bytes) -> tuple[Item | None, DecodeError | None]:
    """Read one JSON value and nothing else.

    Returns what was read and, where reading had to stop, why and at which byte; then the value is
    what stood before that place. Never raises.
    """
    reader = _Json(raw)
    try:
        item = reader.value(reader.space(0), 0)
        end = reader.space(item.end)
        if end < len(raw):
            return item, DecodeError("something follows the JSON value", end)
    except StopReading as stop:
        return reader.partial, DecodeError(stop.why, stop.offset)
    return item, None


class _Json:
    """One text, and how much of it was read when something was wrong."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._items = 0
        self.partial: Item | None = None

    def space(self, pos: int) -> int:
        match = _SPACE.match(self._raw, pos)
        return pos if match is None else match.end()

    def value(self, pos: int, depth: int) -> Item:
        self.partial = None
        self._items += 1
        if self._items > MAX_ITEMS:
            raise StopReading(f"there are more than {MAX_ITEMS:,} values", pos)
        first = self._raw[pos : pos + 1]
        if first in (b"{", b"["):
            if depth == MAX_DEPTH:
                raise StopReading(f"it is nested more than {MAX_DEPTH} deep", pos)
            return self._object(pos, depth) if first == b"{" else self._array(pos, depth)
        if first == b'"':
            return self._string(pos)
        if first in _WORD:
            word, meant = _WORD[first]
            if self._raw.startswith(word, pos):
                return Item(meant, pos, pos + len(word))
        match = _NUMBER.match(self._raw, pos)
        if match is None:
            raise StopReading("a JSON value should stand here", pos)
        return Item(_number(match[0].decode("ascii")), pos, match.end())

    def _object(self, start: int, depth: int) -> Item:
        members: dict[str, Item] = {}
        pos, name = self.space(start + 1), None
        try:
            while self._raw[pos : pos + 1] != b"}" or members:
                if self._raw[pos : pos + 1] != b'"':
                    raise StopReading("a name in quotes should stand here", pos)
                key = self._string(pos)
                name = str(key.value)
                if name in members:
                    name, again = None, pos
                    raise StopReading("this name is given twice", again)
                pos = self._expect(b":", key.end, "a colon")
                members[name] = found = self.value(self.space(pos), depth + 1)
                name = None
                pos = self.space(found.end)
                if self._raw[pos : pos + 1] == b"}":
                    break
                pos = self.space(self._expect(b",", pos, "a comma or }"))
        except StopReading:
            if name is not None and self.partial is not None:
                members[name] = self.partial
            self.partial = Item(members, start, len(self._raw))
            raise
        return Item(members, start, pos + 1)

    def _array(self, start: int, depth: int) -> Item:
        elements: list[Item] = []
        pos = self.space(start + 1)
        try:
            while self._raw[pos : pos + 1] != b"]" or elements:
                elements.append(self.value(pos, depth + 1))
                pos = self.space(elements[-1].end)
                if self._raw[pos : pos + 1] == b"]":
                    break
                pos = self.space(self._expect(b",", pos, "a comma or ]"))
        except StopReading:
            if self.partial is not None:
                elements.append(self.partial)
            self.partial = Item(tuple(elements), start, len(self._raw))
            raise
        return Item(tuple(elements), start, pos + 1)

    def _expect(self, char: bytes, pos: int, what: str) -> int:
        pos = self.space(pos)
        if self._raw[pos : pos + 1] != char:
            self.partial = None
            raise StopReading(f"{what} should stand here", pos)
        return pos + 1

    def _string(self, pos: int) -> Item:
        self.partial = None
        match = _STRING.match(self._raw, pos)
        if match is None:
            why = "this text is not closed, or holds a control character or a wrong escape"
            raise StopReading(why, pos)
        try:
            text = match[0].decode("utf-8")
        except UnicodeDecodeError as error:
            raise StopReading("this is no UTF-8", pos + error.start) from None
        return Item(json.loads(text) if "\\" in text else text[1:-1], pos, match.end())


def _number(text: str) -> int | Number:
    digits = text.removeprefix("-")
    whole = digits.isdigit() and len(digits) <= MAX_DIGITS and text != "-0"
    return int(text) if whole else Number(text)
