"""What does a macaroon identifier say that a Go program wrote with ``encoding/gob``?

Some servers write their identifier structure as a gob stream: messages that describe types, then
one that holds the value. This reads exactly that one structure (a version, a payment hash of 32
bytes, a token id of 32 bytes) and refuses whatever is more, less or written in another way than Go
writes it. Every number in it has one spelling, so nothing can be read in two ways.

Source: the documentation of Go's package ``encoding/gob``, "Encoding Details".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from l402tui.protocol.errors import IdentifierError

__all__ = ["GobIdentifier", "read_gob"]

_MOST_BYTES: Final = 1_024
_NAME_LIMIT: Final = 64
_UINT: Final = 3
"""The id of unsigned integers; bytes inside an array are such."""
_FIRST_OWN_TYPE: Final = 64
"""Smaller ids belong to the types that gob knows by itself."""
_ARRAY_TYPE, _STRUCT_TYPE = 1, 3
"""Fields of the structure by which gob describes a type."""
_HASH: Final = 32
_FIELDS: Final = (
    (b"Version", b"PaymentHash", b"TokenId"),
    (b"Version", b"PaymentHash", b"TokenID"),
)


class GobIdentifier(NamedTuple):
    """The fields, and where the spelling of each begins and ends."""

    version: int
    version_span: tuple[int, int] | None
    """None: gob leaves a zero out."""
    payment_hash: bytes
    payment_hash_span: tuple[int, int]
    token_id: bytes
    token_id_span: tuple[int, int]


def read_gob(raw: bytes) -> GobIdentifier:
    """Read the one structure. Raises IdentifierError with the byte offset for anything else."""
    if len(raw) > _MOST_BYTES:
        raise IdentifierError("it is longer than such a gob stream", _MOST_BYTES)
    return _Stream(raw).identifier()


class _Stream:
    """A position in the bytes, and the types described so far."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0
        self._end = len(raw)
        """Where the message ends."""
        self._arrays: set[int] = set()
        self._struct: tuple[int, tuple[bytes, ...], tuple[int, ...]] | None = None

    def identifier(self) -> GobIdentifier:
        while True:
            self._end = len(self._raw)
            start = self._at
            size = self._uint()
            if self._at + size > len(self._raw):
                raise IdentifierError("a gob message is longer than what is there", start)
            self._end = self._at + size
            type_id = self._int()
            if type_id > 0:
                return self._value(type_id)
            if type_id > -_FIRST_OWN_TYPE:
                raise IdentifierError("a gob type has an id that is not its own", start)
            self._described(-type_id)
            self._finished("a gob type")

    # --- types ---

    def _described(self, type_id: int) -> None:
        start = self._at
        kind = self._uint()
        if type_id in self._arrays or (self._struct and self._struct[0] == type_id):
            raise IdentifierError("a gob type is described twice", start)
        if kind == _ARRAY_TYPE:
            self._array(type_id)
        elif kind == _STRUCT_TYPE and self._struct is None:
            self._structure(type_id)
        else:
            raise IdentifierError("gob types that an identifier does not have", start)
        if self._uint() != 0:
            raise IdentifierError("a gob type goes on where it should end", self._at - 1)

    def _common(self, type_id: int) -> None:
        """A type's name and its id."""
        for number in self._record(2):
            start = self._at
            if number == 1:
                self._text()
            elif self._int() != type_id:
                raise IdentifierError("a gob type has two different ids", start)

    def _array(self, type_id: int) -> None:
        start = self._at
        said: dict[int, int] = {}
        for number in self._record(3):
            if number == 1:
                self._common(type_id)
            else:
                said[number] = self._int()
        if said != {2: _UINT, 3: _HASH}:
            raise IdentifierError("a gob array that is not 32 bytes", start)
        self._arrays.add(type_id)

    def _structure(self, type_id: int) -> None:
        start = self._at
        names: list[bytes] = []
        types: list[int] = []
        for number in self._record(2):
            if number == 1:
                self._common(type_id)
                continue
            if self._uint() != len(_FIELDS[0]):
                raise IdentifierError("a gob structure that is no identifier", start)
            for _ in _FIELDS[0]:
                said: dict[int, bytes | int] = {}
                for part in self._record(2):
                    said[part] = self._text() if part == 1 else self._int()
                name, kind = said.get(1, b""), said.get(2, 0)
                if isinstance(name, bytes) and isinstance(kind, int):
                    names.append(name)
                    types.append(kind)
        if tuple(names) not in _FIELDS or types[0] != _UINT:
            raise IdentifierError("a gob structure that is no identifier", start)
        self._struct = type_id, tuple(names), tuple(types)

    # --- the value ---

    def _value(self, type_id: int) -> GobIdentifier:
        struct, start = self._struct, self._at
        if struct is None or struct[0] != type_id or set(struct[2][1:]) != self._arrays:
            raise IdentifierError("a gob value whose type is not described", start)
        version, version_span = 0, None
        hashes: dict[int, tuple[bytes, tuple[int, int]]] = {}
        for number in self._record(3):
            at = self._at
            if number > 1:
                hashes[number] = self._hash()
                continue
            version, version_span = self._uint(), (at, self._at)
            if version == 0:
                raise IdentifierError("a zero that gob would leave out", at)
        self._finished("the gob value")
        if self._at != len(self._raw):
            raise IdentifierError("there are bytes after the gob value", self._at)
        if len(hashes) != 2:
            raise IdentifierError("a hash is missing in the gob value", start)
        return GobIdentifier(version, version_span, *hashes[2], *hashes[3])

    def _hash(self) -> tuple[bytes, tuple[int, int]]:
        start = self._at
        if self._uint() != _HASH:
            raise IdentifierError("a gob array that does not hold 32 bytes", start)
        first = self._at
        numbers = [self._uint() for _ in range(_HASH)]
        if max(numbers) > 0xFF:
            raise IdentifierError("a gob array holds more than bytes", first)
        return bytes(numbers), (first, self._at)

    # --- what everything is made of ---

    def _record(self, most: int) -> Iterator[int]:
        """The numbers of a structure's fields, from 1; each is read by the caller in between."""
        number = 0
        while True:
            start = self._at
            step = self._uint()
            if step == 0:
                return
            number += step
            if number > most:
                raise IdentifierError("a gob field that an identifier does not have", start)
            yield number

    def _finished(self, what: str) -> None:
        if self._at != self._end:
            raise IdentifierError(f"{what} ends before its message does", self._at)

    def _take(self, size: int) -> bytes:
        start, self._at = self._at, self._at + size
        if self._at > self._end:
            raise IdentifierError("the gob stream ends in the middle", len(self._raw))
        return self._raw[start : self._at]

    def _uint(self) -> int:
        """Below 128 in one byte; else the negated count of bytes, then those, big endian."""
        start = self._at
        first = self._take(1)[0]
        if first < 0x80:
            return first
        size = 0x100 - first
        if size > 8:
            raise IdentifierError("a gob number of more than 8 bytes", start)
        digits = self._take(size)
        number = int.from_bytes(digits, "big")
        if number < 0x80 or digits[0] == 0:
            raise IdentifierError("a gob number is not in its shortest form", start)
        return number

    def _int(self) -> int:
        """The lowest bit says that the others are to be complemented."""
        number = self._uint()
        return ~(number >> 1) if number & 1 else number >> 1

    def _text(self) -> bytes:
        start = self._at
        size = self._uint()
        if size > _NAME_LIMIT:
            raise IdentifierError("a gob name longer than 64 bytes", start)
        return self._take(size)
