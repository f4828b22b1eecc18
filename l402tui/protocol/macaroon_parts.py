"""What is a macaroon made of, whatever it is written in, and where did each part stand?

The formats, the caveat, and the places of the parts in the bytes they were read from. Every codec
of this room fills these; :mod:`~l402tui.protocol.macaroon` puts them together.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple, TypeAlias

__all__ = [
    "SIGNATURE_SIZE",
    "Caveat",
    "CaveatSpans",
    "Format",
    "Parts",
    "Range",
    "Spans",
    "part_of",
]

SIGNATURE_SIZE: Final = 32
"""Bytes of HMAC-SHA256."""

Range: TypeAlias = tuple[int, int]
"""Where something stands: the first offset, and the one behind the last."""


class Format(Enum):
    """How a macaroon is laid out in bytes."""

    V1 = 1
    """Text packets: ``0011location loc\\n``."""
    V2 = 2
    """Tagged fields after a first byte 2."""
    JSON_V1 = 3
    """A JSON object with ``identifier``, ``caveats``, ``signature`` in hex: the fields of v1."""
    JSON_V2 = 4
    """A JSON object with ``i``, ``c``, ``s64`` and so on: the fields of v2."""

    @property
    def json(self) -> bool:
        """Whether it is text in JSON."""
        return self in (Format.JSON_V1, Format.JSON_V2)

    @property
    def version(self) -> int:
        """1 or 2, as the specification counts: JSON is another spelling of the same version."""
        return 1 if self in (Format.V1, Format.JSON_V1) else 2

    @property
    def title(self) -> str:
        """What people call it: ``v2``, ``JSON v1``."""
        return f"JSON v{self.version}" if self.json else f"v{self.version}"


class Caveat(NamedTuple):
    """One condition on the token, and the bytes it was read from.

    For where its other parts stand, in any format: ``macaroon.caveat_spans(caveat)``.
    """

    cid: bytes
    """The condition itself; for a third-party caveat, what that party is asked to confirm."""
    vid: bytes | None
    """Third-party caveats only: the discharge key, encrypted for the verifier."""
    location: bytes | None
    """Third-party caveats only: where to ask."""
    start: int
    end: int
    """``raw[start:end]`` is the whole entry (in JSON: the object with its braces)."""
    cid_start: int
    """Where :attr:`cid` begins in the macaroon's bytes. In JSON its text may be longer than
    the value (escapes, base64): take both ends from ``macaroon.caveat_spans(caveat).cid``."""

    @property
    def third_party(self) -> bool:
        """Whether somebody else has to confirm it with a discharge macaroon."""
        return self.vid is not None


class Spans(NamedTuple):
    """Where the parts of a macaroon stand in its bytes. In JSON: the text between the quotes."""

    location: Range | None
    identifier: Range
    signature: Range


class CaveatSpans(NamedTuple):
    """Where the parts of one caveat stand in the macaroon's bytes."""

    cid: Range
    vid: Range | None
    location: Range | None


Parts: TypeAlias = tuple[Format, bytes | None, bytes, tuple[Caveat, ...], bytes, int, int]
"""Format, location, identifier, caveats, signature; where location and identifier begin."""


def part_of(raw: bytes, whole: Range, value: bytes, first: int, last: int) -> Range:
    """Where ``value[first:last]`` stands in ``raw``, given that ``value`` stands at ``whole``.

    Exact where the bytes are the value's own. For base64 the characters that carry those bytes
    (a character may carry bits of a neighbour too); where neither can be said, all of ``whole``.
    """
    start, end = whole
    if raw[start:end] == value:
        return start + first, start + last
    if len(raw[start:end].rstrip(b"=")) == -(-len(value) * 4 // 3) and b"\\" not in raw[start:end]:
        return start + first * 4 // 3, start + -(-last * 4 // 3)
    return whole
