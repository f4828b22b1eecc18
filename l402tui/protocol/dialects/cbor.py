"""What does a CBOR map say, and where does each value stand?

A reader for the part of RFC 8949 that Cashu's payment requests use: whole numbers, text, bytes,
arrays, maps with names as text, true, false, null, and floating-point numbers, which are kept as
written because nothing here is an amount in a float. Tags and indefinite lengths are refused: what
they would turn a value into is not needed, and every value keeps its place in the bytes.
"""

from __future__ import annotations

import struct
from typing import Final

from l402tui.protocol.dialects.located import MAX_DEPTH, MAX_ITEMS, Item, Number, StopReading
from l402tui.protocol.errors import DecodeError

__all__ = ["read_cbor"]

_ARGUMENT_BYTES: Final = {24: 1, 25: 2, 26: 4, 27: 8}
_FLOATS: Final = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE: Final[dict[int, bool | None]] = {20: False, 21: True, 22: None, 23: None}


def read_cbor(raw: bytes) -> tuple[Item | None, DecodeError | None]:
    """Read one CBOR value and nothing else.

    Returns what was read and, where reading had to stop, why and at which byte; then the value is
    what stood before that place. Never raises.
    """
    reader = _Cbor(raw)
    try:
        item = reader.value(0, 0)
    except StopReading as stop:
        return reader.partial, DecodeError(stop.why, stop.offset)
    if item.end < len(raw):
        return item, DecodeError("something follows the CBOR value", item.end)
    return item, None


class _Cbor:
    """One text, and how much of it was read when something was wrong."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._items = 0
        self.partial: Item | None = None

    def value(self, pos: int, depth: int) -> Item:
        self.partial = None
        self._items += 1
        if self._items > MAX_ITEMS:
            raise StopReading(f"there are more than {MAX_ITEMS:,} values", pos)
        major, number, after = self._head(pos)
        if major in (0, 1):
            return Item(number if major == 0 else -1 - number, pos, after)
        if major in (2, 3):
            return self._string(major == 3, pos, after, number)
        if major in (4, 5):
            if depth == MAX_DEPTH:
                raise StopReading(f"it is nested more than {MAX_DEPTH} deep", pos)
            return (self._map if major == 5 else self._array)(pos, after, number, depth)
        if major == 6:
            raise StopReading("a tag stands here; payment requests have none", pos)
        return self._simple(pos, number, after)

    def _head(self, pos: int) -> tuple[int, int, int]:
        """Major type, argument, and where the head ends (RFC 8949 section 3)."""
        if pos >= len(self._raw):
            raise StopReading("it ends too early", pos)
        major, low = self._raw[pos] >> 5, self._raw[pos] & 31
        if low < 24:
            return major, low, pos + 1
        size = _ARGUMENT_BYTES.get(low)
        if size is None:
            why = "an indefinite length stands here" if low == 31 else "there is no such value"
            raise StopReading(why, pos)
        argument = self._raw[pos + 1 : pos + 1 + size]
        if len(argument) < size:
            raise StopReading("it ends too early", len(self._raw))
        return major, int.from_bytes(argument, "big"), pos + 1 + size

    def _string(self, text: bool, start: int, pos: int, size: int) -> Item:
        data = self._raw[pos : pos + size]
        if len(data) < size:
            raise StopReading("it is said to be longer than what is there", start)
        try:
            return Item(data.decode("utf-8") if text else data, start, pos + size)
        except UnicodeDecodeError as error:
            raise StopReading("this is no UTF-8", pos + error.start) from None

    def _array(self, start: int, pos: int, count: int, depth: int) -> Item:
        elements: list[Item] = []
        try:
            for _ in range(count):
                elements.append(self.value(pos, depth + 1))
                pos = elements[-1].end
        except StopReading:
            if self.partial is not None:
                elements.append(self.partial)
            self.partial = Item(tuple(elements), start, len(self._raw))
            raise
        return Item(tuple(elements), start, pos)

    def _map(self, start: int, pos: int, count: int, depth: int) -> Item:
        members: dict[str, Item] = {}
        name: str | None = None
        try:
            for _ in range(count):
                key = self.value(pos, depth + 1)
                if not isinstance(key.value, str) or isinstance(key.value, Number):
                    self.partial = None
                    raise StopReading("a name as text should stand here", pos)
                if key.value in members:
                    raise StopReading("this name is given twice", pos)
                name = key.value
                members[name] = found = self.value(key.end, depth + 1)
                pos, name = found.end, None
        except StopReading:
            if name is not None and self.partial is not None:
                members[name] = self.partial
            self.partial = Item(members, start, len(self._raw))
            raise
        return Item(members, start, pos)

    def _simple(self, pos: int, number: int, after: int) -> Item:
        low = self._raw[pos] & 31
        if low in _FLOATS:
            (value,) = struct.unpack(_FLOATS[low], self._raw[pos + 1 : after])
            return Item(Number(repr(value)), pos, after)
        if low not in _SIMPLE:
            raise StopReading("there is no such value", pos)
        return Item(_SIMPLE[low], pos, after)
