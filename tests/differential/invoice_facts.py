"""What is really in an invoice's text?

A third reader, as plain as can be and on top of the ``bech32`` package, so that a row of the table
can look at an input without trusting either of the two that are compared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bech32 import CHARSET, bech32_decode

_PREFIX = re.compile(r"ln(bcrt|bc|tbs|tb|sb)(.*)", re.DOTALL)
_FIXED = {"p": 52, "s": 52, "h": 52, "n": 53}
_HOP_BITS = 51 * 8

Quintets = tuple[int, ...]


@dataclass(frozen=True)
class Facts:
    """One text, however broken."""

    text: str

    @cached_property
    def _decoded(self) -> tuple[str, list[int]]:
        prefix, values = bech32_decode(self.text.lower())
        return prefix or "", values or []

    @property
    def prefix(self) -> str:
        """The readable part; empty where the checksum is wrong."""
        return self._decoded[0]

    @cached_property
    def network(self) -> str:
        """The network's letters; empty for an unknown network."""
        match = _PREFIX.fullmatch(self.prefix)
        return match[1] if match else ""

    @cached_property
    def amount(self) -> str:
        """What stands between the network and the separator."""
        match = _PREFIX.fullmatch(self.prefix)
        return match[2] if match else ""

    @cached_property
    def fields(self) -> tuple[tuple[str, Quintets], ...]:
        """The tagged fields, up to the first that is not whole."""
        values = self._decoded[1][7:-104]
        fields = []
        while len(values) >= 3:
            size = values[1] << 5 | values[2]
            if len(values) < 3 + size:
                break
            fields.append((CHARSET[values[0]], tuple(values[3 : 3 + size])))
            values = values[3 + size :]
        return tuple(fields)

    def signature(self) -> bytes:
        """r, s and the recovery id: 65 bytes."""
        return as_bytes(tuple(self._decoded[1][-104:]))

    def counted(self, tag: str) -> list[Quintets]:
        """What the fields of this letter hold, without those that BOLT-11 has readers skip."""
        size = _FIXED.get(tag)
        return [
            values
            for letter, values in self.fields
            if letter == tag
            and (size is None or len(values) == size)
            and (tag != "f" or (values and values[0] <= 18))
        ]

    def first(self, tag: str) -> Quintets | None:
        """The one that counts of a field that may be there once."""
        found = self.counted(tag)
        return found[0] if found else None

    def number(self, tag: str) -> int:
        """The first field of this letter as a number; 0 where there is none."""
        return as_number(self.first(tag) or ())

    def fallbacks(self) -> list[tuple[int, bytes]]:
        """Version and program of every fallback that is not to be skipped."""
        return [(values[0], as_bytes(values[1:])) for values in self.counted("f")]

    def route_hints(self) -> list[list[tuple[Any, ...]]]:
        """Every hop of every hint, numbers without a sign (BOLT-11, BOLT-7)."""
        hints = []
        for values in self.counted("r"):
            data = as_bytes(values)
            hints.append([_hop(data[at : at + 51]) for at in range(0, len(data) - 50, 51)])
        return hints

    def padding_is_wrong(self) -> bool:
        """Whether a counting field made of bytes has spare bits that are set, or five or more."""
        single = [self.first(tag) for tag in "pshndm"]
        several = [*self.counted("r"), *(values[1:] for values in self.counted("f"))]
        return any(_badly_padded(values) for values in [*single, *several] if values is not None)


def as_number(values: Quintets) -> int:
    """Five-bit values as one number."""
    number = 0
    for value in values:
        number = number << 5 | value
    return number


def as_bytes(values: Quintets) -> bytes:
    """The whole bytes in five-bit values; what does not fill a byte is left out."""
    bits = 5 * len(values)
    return (as_number(values) >> bits % 8).to_bytes(bits // 8, "big")


def _badly_padded(values: Quintets) -> bool:
    spare = 5 * len(values) % 8
    return spare > 4 or as_number(values) & ((1 << spare) - 1) != 0


def _hop(data: bytes) -> tuple[Any, ...]:
    numbers = (data[33:41], data[41:45], data[45:49], data[49:51])
    return (data[:33].hex(), *(int.from_bytes(number, "big") for number in numbers))
