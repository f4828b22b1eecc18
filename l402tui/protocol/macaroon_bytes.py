"""How is a macaroon laid out in bytes?

The two binary formats, read strictly and written the one way they can be read: v2 (a first byte 2,
then fields with a tag and a length) and v1 (text packets). Each has a function from bytes to
:data:`Parts` and one back. Running over the end shows as IndexError, which
:meth:`~l402tui.protocol.macaroon.Macaroon.decode` turns into its own error.

Source: libmacaroons ``doc/format.txt``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import repeat
from typing import Final

from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon_parts import SIGNATURE_SIZE, Caveat, CaveatSpans, Format, Parts

__all__ = [
    "decode_v1",
    "decode_v2",
    "encode_v1",
    "encode_v2",
    "end_v1",
    "end_v2",
    "entry_v1",
    "entry_v2",
    "spans_v1",
    "spans_v2",
    "tail_v1",
    "tail_v2",
]

# Caveat._make without a Python frame of its own: there may be thousands of caveats.
_make_caveat = tuple.__new__

_V1, _V2 = Format.V1, Format.V2
# v2 field tags.
_END, _LOCATION, _IDENTIFIER, _VID, _SIGNATURE = 0, 1, 2, 4, 6
# v1: four lower-case hex digits count the whole packet, themselves and the newline included.
_V1_SIZE: Final = re.compile(rb"[0-9a-f]{4}")
_V1_MAX_PACKET: Final = 0xFFFF
_NEWLINE: Final = 0x0A
# What short packets begin with, worked out once.
_SIZES: Final = {b"%04x" % size: size for size in range(256)}
_CID_HEADS: Final = [b"%04xcid " % (size + 1) for size in range(256)]
"""By the packet's length without its newline."""
_V1_SIGNATURE: Final = b"002fsignature "
_V1_TAIL: Final = len(_V1_SIGNATURE) + SIGNATURE_SIZE + 1
"""Bytes of the last packet, which is always as long."""

# --- v2: one byte version, then tag, length, value; 0 ends a section -----------------------------


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _length(raw: bytes, at: int) -> tuple[int, int]:
    """A length and the offset behind it. Its shortest form only, at most three bytes."""
    size = shift = 0
    for pos in range(at, at + 3):
        byte = raw[pos]
        size |= (byte & 0x7F) << shift
        if byte < 0x80:
            if byte == 0 and shift:
                raise MacaroonError("a length is not written in its shortest form", at)
            return size, pos + 1
        shift += 7
    raise MacaroonError("a length is beyond 64 KiB", at)


def _expect(raw: bytes, at: int, tag: int, what: str) -> None:
    if raw[at] != tag:
        raise MacaroonError(f"{what} should stand here, not a field {raw[at]}", at)


def decode_v2(raw: bytes) -> Parts:
    """Read a v2 macaroon. Raises MacaroonError, and IndexError where it ends too early."""
    location: bytes | None = None
    pos = location_start = 1
    if raw[pos] == _LOCATION:
        size, location_start = _length(raw, pos + 1)
        pos = location_start + size
        location = raw[location_start:pos]
    _expect(raw, pos, _IDENTIFIER, "the identifier")
    size, identifier_start = _length(raw, pos + 1)
    pos = identifier_start + size
    identifier = raw[identifier_start:pos]
    _expect(raw, pos, _END, "the end of the header")
    caveats, pos = _caveats_v2(raw, pos + 1)
    _expect(raw, pos, _SIGNATURE, "the signature")
    if raw[pos + 1] != SIGNATURE_SIZE:
        raise MacaroonError("the signature is not 32 bytes long", pos + 1)
    pos += 2
    if len(raw) != pos + SIGNATURE_SIZE:
        if len(raw) < pos + SIGNATURE_SIZE:
            raise IndexError
        raise MacaroonError("there are bytes after the signature", pos + SIGNATURE_SIZE)
    return _V2, location, identifier, caveats, raw[pos:], location_start, identifier_start


def _caveats_v2(raw: bytes, pos: int) -> tuple[tuple[Caveat, ...], int]:
    """The caveats from ``pos`` on, and the offset behind the byte that ends them.

    Written out without helper calls for short first-party caveats: nearly all are.
    A value that runs over the end is noticed by the tag that must follow it (IndexError).
    """
    caveats: list[tuple[bytes, bytes | None, bytes | None, int, int, int]] = []
    while (tag := raw[pos]) != _END:
        start = pos
        location = vid = None
        if tag == _LOCATION:
            size, at = _length(raw, pos + 1)
            pos = at + size
            location = raw[at:pos]
            tag = raw[pos]
        if tag != _IDENTIFIER:
            raise MacaroonError(f"a caveat's identifier should stand here, not a field {tag}", pos)
        size, cid_start = raw[pos + 1], pos + 2
        if size > 0x7F:
            size, cid_start = _length(raw, pos + 1)
        pos = cid_start + size
        cid = raw[cid_start:pos]
        if raw[pos] == _VID:
            size, at = _length(raw, pos + 1)
            if not size:
                raise MacaroonError("a third-party caveat has an empty verification key", pos)
            pos = at + size
            vid = raw[at:pos]
        elif location is not None:
            raise MacaroonError("a first-party caveat has a location", start)
        if raw[pos] != _END:
            raise MacaroonError(f"the caveat should end here, not go on with {raw[pos]}", pos)
        pos += 1
        caveats.append((cid, vid, location, start, pos, cid_start))
    return tuple(map(_make_caveat, repeat(Caveat), caveats)), pos + 1


def spans_v2(raw: bytes, caveat: Caveat) -> CaveatSpans:
    """Where the parts of a caveat stand that was read from ``raw``."""
    cid = caveat.cid_start, caveat.cid_start + len(caveat.cid)
    vid = place = None
    if caveat.vid is not None:
        vid = caveat.end - 1 - len(caveat.vid), caveat.end - 1
    if caveat.location is not None:
        _, start = _length(raw, caveat.start + 1)
        place = start, start + len(caveat.location)
    return CaveatSpans(cid, vid, place)


def end_v2(raw: bytes, at: int) -> int:
    """Where the macaroon that begins at ``at`` ends, by its lengths alone.

    Raises MacaroonError or IndexError where that cannot be found.
    """
    pos = _section_end(raw, at + 1)
    while raw[pos] != _END:
        pos = _section_end(raw, pos)
    size, start = _length(raw, pos + 2)
    return start + size


def _section_end(raw: bytes, pos: int) -> int:
    while raw[pos] != _END:
        size, start = _length(raw, pos + 1)
        pos = start + size
    return pos + 1


def _field(tag: int, value: bytes | None) -> bytes:
    return b"" if value is None else b"%c%b%b" % (tag, _varint(len(value)), value)


def entry_v2(cid: bytes) -> bytes:
    """One first-party caveat."""
    return _field(_IDENTIFIER, cid) + b"\0"


def tail_v2(signature: bytes) -> bytes:
    """What follows the last caveat: the end of the list, and the signature."""
    return b"\0" + _field(_SIGNATURE, signature)


def encode_v2(
    location: bytes | None, identifier: bytes, caveats: Sequence[Caveat], signature: bytes
) -> bytes:
    """The parts as v2 bytes."""
    out = [b"\x02", _field(_LOCATION, location), _field(_IDENTIFIER, identifier), b"\0"]
    for cid, vid, place, *_ in caveats:
        out += _field(_LOCATION, place), _field(_IDENTIFIER, cid), _field(_VID, vid), b"\0"
    out.append(tail_v2(signature))
    return b"".join(out)


# --- v1: packets of text -------------------------------------------------------------------------


def _packet(key: bytes, value: bytes) -> bytes:
    size = 4 + len(key) + 1 + len(value) + 1
    if size > _V1_MAX_PACKET:
        raise MacaroonError("a v1 packet cannot be longer than 65,535 bytes")
    return b"%04x%b %b\n" % (size, key, value)


def _read_packet(raw: bytes, at: int, name: bytes) -> tuple[int, int]:
    """Where the value of the packet ``name`` at ``at`` begins, and where the next packet does.

    ``name`` has a space behind it."""
    start = at + 4 + len(name)
    if raw[at + 4 : start] != name:
        if len(raw) < start and name.startswith(raw[at + 4 :]):
            raise IndexError
        raise MacaroonError(f"the packet {name[:-1].decode()} should begin here", at)
    size = _SIZES.get(raw[at : at + 4])
    if size is None:
        if not _V1_SIZE.match(raw, at):
            raise MacaroonError("no v1 packet begins here", at)
        size = int(raw[at : at + 4], 16)
    end = at + size
    if end <= start:
        raise MacaroonError("a packet's length is too small for what it holds", at)
    if raw[end - 1] != _NEWLINE:
        raise MacaroonError("a packet does not end with a newline", end - 1)
    return start, end


def decode_v1(raw: bytes) -> Parts:
    """Read a v1 macaroon. Raises MacaroonError, and IndexError where it ends too early."""
    location_start, pos = _read_packet(raw, 0, b"location ")
    location = raw[location_start : pos - 1]
    identifier_start, end = _read_packet(raw, pos, b"identifier ")
    identifier = raw[identifier_start : end - 1]
    caveats, at = _caveats_v1(raw, end)
    start = at + len(_V1_SIGNATURE)
    if raw[at:start] != _V1_SIGNATURE:
        start, end = _read_packet(raw, at, b"signature ")
        raise MacaroonError("the signature is not 32 bytes long", start)
    end = start + SIGNATURE_SIZE
    if raw[end] != _NEWLINE:
        raise MacaroonError("a packet does not end with a newline", end)
    if len(raw) != end + 1:
        raise MacaroonError("there are bytes after the signature", end + 1)
    return _V1, location, identifier, caveats, raw[start:end], location_start, identifier_start


def _caveats_v1(raw: bytes, at: int) -> tuple[tuple[Caveat, ...], int]:
    """The caveats from ``at`` on, and where the first packet begins that is none.

    Nearly all are short first-party caveats without a newline in them: those are lines, and a line
    that begins with its own length is a whole packet. The first other one ends this quick way.
    """
    found: list[Caveat] = []
    heads, make = _CID_HEADS, _make_caveat
    try:
        for line in raw[at:-_V1_TAIL].split(b"\n"):
            size = len(line)
            cid = line.removeprefix(heads[size])
            if len(cid) == size:
                break
            end = at + size + 1
            found.append(make(Caveat, (cid, None, None, at, end, at + 8)))
            at = end
    except IndexError:  # a line longer than the prepared heads
        pass
    if found and raw[at + 4 : at + 8] == b"vid ":
        at = found.pop().start  # a third party's after all: read it again, with what follows
    while raw[at + 4 : at + 8] == b"cid ":
        entry = _caveat_v1(raw, at)
        found.append(entry)
        at = entry.end
    return tuple(found), at


def _caveat_v1(raw: bytes, at: int) -> Caveat:
    """Any caveat, packet by packet."""
    start, pos = _read_packet(raw, at, b"cid ")
    cid, vid, place = raw[start : pos - 1], None, None
    if raw[pos + 4 : pos + 8] == b"vid ":
        vid_start, end = _read_packet(raw, pos, b"vid ")
        vid = raw[vid_start : end - 1]
        if not vid:
            raise MacaroonError("a third-party caveat has an empty verification key", pos)
        pos = end
        if raw[pos + 4 : pos + 7] == b"cl ":
            place_start, end = _read_packet(raw, pos, b"cl ")
            place, pos = raw[place_start : end - 1], end
    return Caveat(cid, vid, place, at, pos, start)


def end_v1(raw: bytes, at: int) -> int:
    """Where the macaroon that begins at ``at`` ends, by its lengths alone.

    Raises MacaroonError or IndexError where that cannot be found.
    """
    while at < len(raw):
        if not _V1_SIZE.match(raw, at):
            raise MacaroonError("no v1 packet begins here", at)
        start, at = at, at + int(raw[at : at + 4], 16)
        if at <= start + 4:
            raise MacaroonError("a packet's length is too small for what it holds", start)
        if raw.startswith(b"signature ", start + 4):
            return at
    raise IndexError


def spans_v1(raw: bytes, caveat: Caveat) -> CaveatSpans:
    """Where the parts of a caveat stand that was read from ``raw``."""
    start, pos = _read_packet(raw, caveat.start, b"cid ")
    vid = place = None
    cid = start, pos - 1
    if caveat.vid is not None:
        start, end = _read_packet(raw, pos, b"vid ")
        vid, pos = (start, end - 1), end
    if caveat.location is not None:
        start, end = _read_packet(raw, pos, b"cl ")
        place = start, end - 1
    return CaveatSpans(cid, vid, place)


def entry_v1(cid: bytes) -> bytes:
    """One first-party caveat."""
    return _packet(b"cid", cid)


def tail_v1(signature: bytes) -> bytes:
    """What follows the last caveat: the signature."""
    return _packet(b"signature", signature)


def encode_v1(
    location: bytes | None, identifier: bytes, caveats: Sequence[Caveat], signature: bytes
) -> bytes:
    """The parts as v1 bytes. An absent location is written as an empty one."""
    out = [_packet(b"location", location or b""), _packet(b"identifier", identifier)]
    for cid, vid, place, *_ in caveats:
        out.append(entry_v1(cid))
        if vid is not None:
            out.append(_packet(b"vid", vid))
        if place is not None:
            out.append(_packet(b"cl", place))
    out.append(tail_v1(signature))
    return b"".join(out)
