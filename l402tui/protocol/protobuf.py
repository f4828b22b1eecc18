"""Which fields does a protobuf message have, and where do their bytes stand?

Only the outermost grammar (numbers, wire types, lengths), read strictly and without recursion. What
the fields mean is up to the caller. Anything that is not certainly such a message is refused: most
random bytes are.

Source: protobuf.dev, "Encoding".
"""

from __future__ import annotations

from typing import Final, NamedTuple

from l402tui.protocol.errors import IdentifierError

__all__ = ["LENGTH", "VARINT", "Field", "read_fields"]

VARINT: Final = 0
LENGTH: Final = 2
"""Wire type of byte strings, texts and messages inside."""
_FIXED: Final = {1: 8, 5: 4}
_LARGEST_NUMBER: Final = (1 << 29) - 1


class Field(NamedTuple):
    """One field; ``raw[start:end]`` is its value without number and length."""

    number: int
    wire: int
    start: int
    end: int


def read_fields(raw: bytes, start: int, end: int) -> tuple[Field, ...]:
    """The fields of the message in ``raw[start:end]``, in order.

    Raises IdentifierError with the offset in ``raw``: groups, numbers that are not in their
    shortest form, and values that run over the end.
    """
    fields: list[Field] = []
    at = start
    while at < end:
        key, value = _varint(raw, at, end)
        number, wire = key >> 3, key & 7
        if not 1 <= number <= _LARGEST_NUMBER:
            raise IdentifierError("a protobuf field has an impossible number", at)
        if wire == VARINT:
            stop = _varint(raw, value, end)[1]
        elif wire == LENGTH:
            size, value = _varint(raw, value, end)
            stop = value + size
        elif wire in _FIXED:
            stop = value + _FIXED[wire]
        else:
            raise IdentifierError("a protobuf field has an unknown wire type", at)
        if stop > end:
            raise IdentifierError("a protobuf field runs over the end", at)
        fields.append(Field(number, wire, value, stop))
        at = stop
    return tuple(fields)


def _varint(raw: bytes, at: int, end: int) -> tuple[int, int]:
    """A number of at most 64 bits and the offset behind it."""
    number = shift = 0
    for pos in range(at, min(end, at + 10)):
        byte = raw[pos]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            if (byte == 0 and shift) or number >= 1 << 64:
                break
            return number, pos + 1
        shift += 7
    raise IdentifierError("a protobuf number is cut off, too large or not in its shortest form", at)
