"""What can still be read of a macaroon that is broken?

Most broken macaroons were cut off, and what stands before the cut is as readable as ever. This
reader names every field that is whole before the place where reading stops. Nothing of it is
certain: a damaged token proves nothing, and is never used for anything but looking at it.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple

__all__ = ["Remain", "What", "leading_bytes", "remains"]

_V2_TAGS: Final = {1: "location", 2: "identifier", 4: "vid", 6: "signature"}
_PACKET: Final = re.compile(rb"([0-9a-f]{4})(location|identifier|cid|vid|cl|signature) ")
_LONGEST: Final = 3
"""Bytes of a length that stays below 64 KiB."""


class What(Enum):
    """Which field of a macaroon it is."""

    LOCATION = "location"
    IDENTIFIER = "identifier"
    CAVEAT = "caveat"
    KEY = "key"
    ASKED = "third-party location"
    SIGNATURE = "signature"


class Remain(NamedTuple):
    """A field that is whole. ``raw[start:end]`` is its value."""

    what: What
    start: int
    end: int


def remains(raw: bytes) -> tuple[Remain, ...]:
    """The whole fields at the beginning of a broken macaroon in a binary format, in order."""
    return tuple(_v2(raw) if raw[:1] == b"\x02" else _v1(raw))


def leading_bytes(text: str) -> bytes:
    """What the part of a text before the first wrong letter means, in hex or else in base64."""
    hexadecimal = re.match(r"(?:[0-9a-fA-F]{2})*", text)
    base64 = re.match(r"[A-Za-z0-9+/_-]*", text)
    if hexadecimal and hexadecimal.end() >= 24:
        return bytes.fromhex(hexadecimal[0])
    letters = "" if base64 is None else base64[0].replace("-", "+").replace("_", "/")
    return a2b_base64(letters[: len(letters) // 4 * 4])


def _v2(raw: bytes) -> Iterator[Remain]:
    pos, in_caveats = 1, False
    while pos < len(raw):
        tag = raw[pos]
        if tag == 0:
            in_caveats, pos = True, pos + 1
            continue
        if tag not in _V2_TAGS:
            return
        size = shift = 0
        for at in range(pos + 1, pos + 1 + _LONGEST):
            if at >= len(raw):
                return
            size |= (raw[at] & 0x7F) << shift
            shift += 7
            if raw[at] < 0x80:
                break
        else:
            return
        start, pos = at + 1, at + 1 + size
        if pos > len(raw):
            return
        yield Remain(_what(_V2_TAGS[tag], in_caveats), start, pos)


def _v1(raw: bytes) -> Iterator[Remain]:
    pos = 0
    while match := _PACKET.match(raw, pos):
        start, pos = match.end(), pos + int(match[1], 16)
        if pos > len(raw) or pos <= start or raw[pos - 1 : pos] != b"\n":
            return
        name = match[2].decode("ascii")
        yield Remain(_what(name, name not in ("location", "identifier")), start, pos - 1)


def _what(name: str, in_caveats: bool) -> What:
    if name == "signature":
        return What.SIGNATURE
    if not in_caveats:
        return What(name) if name in ("location", "identifier") else What.KEY
    places = {"location": What.ASKED, "cl": What.ASKED, "vid": What.KEY}
    return places.get(name, What.CAVEAT)
