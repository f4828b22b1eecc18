"""How is a macaroon written in JSON?

Two forms. v1: ``{"caveats": [{"cid", "vid", "cl"}], "location", "identifier", "signature"}``, the
signature in hex, ``vid`` in base64, everything else text. v2: ``{"v": 2, "l", "i", "c": [{"i",
"v", "l"}], "s"}``, where every value but the version may be base64 instead, under its name and
``64``. The reader knows nothing but these names, so there is nothing to nest: what it accepts has
one meaning, and every value knows where its text stands. The writer is
:mod:`~l402tui.protocol.macaroon_json_writer`.

Sources: libmacaroons ``doc/format.txt`` (JSON Format) for v2, what libmacaroons, pymacaroons and
Go's macaroon.v2 write for v1; RFC 8259.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon_json_reader import JsonReader, Member, Members, Name, Read
from l402tui.protocol.macaroon_json_writer import json_entry, unpadded
from l402tui.protocol.macaroon_parts import (
    SIGNATURE_SIZE,
    Caveat,
    CaveatSpans,
    Format,
    Parts,
    Range,
    Spans,
)
from l402tui.protocol.spelling import unbase64

__all__ = [
    "add_caveat",
    "caveat_spans",
    "decode_json",
    "json_list",
    "json_spans",
    "replace_signature",
]

_HEX_SIGNATURE: Final = re.compile(rb"[0-9a-fA-F]{64}")


def _value(member: Member | None) -> bytes | None:
    return None if member is None else member.value


def _range(member: Member | None) -> Range | None:
    return None if member is None else member.range


# --- what a value may be -------------------------------------------------------------------------


def _base64(reader: JsonReader) -> Member:
    text = reader.string()
    try:
        spelling, value = unbase64(text.value.decode())
    except MacaroonError as error:
        # Without escapes the text's own offset is known; with them, the string it is in.
        exact = text.end - text.start == len(text.value) and error.offset is not None
        at = text.start + (error.offset or 0 if exact else 0)
        raise MacaroonError(error.why, at) from None
    text.value, text.spelling = value, spelling
    return text


def _sized(text: Member) -> Member:
    if len(text.value) != SIGNATURE_SIZE:
        raise MacaroonError("the signature is not 32 bytes long", text.start)
    return text


def _hex_signature(reader: JsonReader) -> Member:
    text = reader.string()
    if not _HEX_SIGNATURE.fullmatch(text.value):
        raise MacaroonError("the signature is not 64 characters of hex", text.start)
    text.value = bytes.fromhex(text.value.decode())
    return text


def _version(reader: JsonReader) -> Member:
    """The number 2, or the same in quotes: the specification says one, most write the other."""
    for text in (b'"2"', b"2"):
        reader.skip()
        start = reader.pos
        if reader.raw.startswith(text, start):
            reader.pos += len(text)
            return Member((0, 0), start, reader.pos, text)
    raise MacaroonError("its version is not 2", reader.pos)


def _caveats(names: Mapping[bytes, Name], plain: re.Pattern[bytes]) -> Read:
    """The list of caveats. ``plain`` matches one that has nothing but its text, with what follows
    it: nearly all are read by that alone."""

    def read(reader: JsonReader) -> Member:
        caveats: list[Caveat] = []
        reader.expect(b"[")
        start, raw = reader.pos - 1, reader.raw
        going_on = not reader.take(b"]")
        while going_on:
            match = plain.match(raw, reader.pos)
            if match is not None:
                caveats.append(Caveat(match[2], None, None, *match.span(1), match.start(2)))
                reader.pos = match.end()
                going_on = match[3] == b","
                continue
            caveats.append(_caveat(reader, names))
            going_on = reader.take(b",")
            if not going_on:
                reader.expect(b"]")
        return Member((0, 0), start, reader.pos, b"", caveats=tuple(caveats))

    return read


def _caveat(reader: JsonReader, names: Mapping[bytes, Name]) -> Caveat:
    """Any caveat, member by member."""
    reader.skip()
    start = reader.pos
    members = reader.members(names)
    cid, vid, place = (members.get(name) for name in ("cid", "vid", "location"))
    if cid is None:
        raise MacaroonError("a caveat has no identifier", start)
    if vid is not None and not vid.value:
        raise MacaroonError("a third-party caveat has an empty verification key", vid.start)
    if vid is None and place is not None:
        raise MacaroonError("a first-party caveat has a location", place.key[0])
    where = start, reader.pos, cid.start
    return Caveat(cid.value, _value(vid), _value(place), *where)


def _plain(name: bytes) -> re.Pattern[bytes]:
    blank, text = rb"[ \t\r\n]*+", rb'"([^"\\\x00-\x1f]*+)"'
    entry = blank.join((rb"\{", b'"%b"' % name, b":", text, rb"\}"))
    return re.compile(blank + b"(" + entry + b")" + blank + rb"([,\]])")


_CAVEAT_V1: Final[dict[bytes, Name]] = {
    b"cid": ("cid", JsonReader.string),
    b"vid": ("vid", _base64),
    b"cl": ("location", JsonReader.string),
}
_CAVEAT_V2: Final[dict[bytes, Name]] = {
    b"i": ("cid", JsonReader.string),
    b"i64": ("cid", _base64),
    b"v": ("vid", JsonReader.string),
    b"v64": ("vid", _base64),
    b"l": ("location", JsonReader.string),
    b"l64": ("location", _base64),
}
_V1: Final[dict[bytes, Name]] = {
    b"location": ("location", JsonReader.string),
    b"identifier": ("identifier", JsonReader.string),
    b"caveats": ("caveats", _caveats(_CAVEAT_V1, _plain(b"cid"))),
    b"signature": ("signature", _hex_signature),
}
_V2: Final[dict[bytes, Name]] = {
    b"v": ("version", _version),
    b"l": ("location", JsonReader.string),
    b"l64": ("location", _base64),
    b"i": ("identifier", JsonReader.string),
    b"i64": ("identifier", _base64),
    b"c": ("caveats", _caveats(_CAVEAT_V2, _plain(b"i"))),
    b"s": ("signature", lambda reader: _sized(reader.string())),
    b"s64": ("signature", lambda reader: _sized(_base64(reader))),
}


# --- the whole -----------------------------------------------------------------------------------


def _object(reader: JsonReader) -> tuple[Format, Members]:
    """One macaroon: its form, which the first name decides, and its members."""
    reader.skip()
    start = reader.pos
    reader.expect(b"{")
    format = Format.JSON_V1 if reader.string().value in _V1 else Format.JSON_V2
    reader.pos = start
    members = reader.members(_V1 if format is Format.JSON_V1 else _V2)
    for name in ("identifier", "signature"):
        if name not in members:
            raise MacaroonError(f"it has no {name}", reader.pos)
    return format, members


def _read(raw: bytes) -> tuple[Format, Members]:
    reader = JsonReader(_utf8(raw))
    format, members = _object(reader)
    _at_end(reader)
    return format, members


def _utf8(raw: bytes) -> bytes:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MacaroonError("its JSON is not UTF-8", error.start) from None
    return raw


def _at_end(reader: JsonReader) -> None:
    reader.skip()
    if reader.pos != len(reader.raw):
        raise MacaroonError("there is more after its JSON", reader.pos)


def decode_json(raw: bytes) -> Parts:
    """Read a macaroon in JSON. Raises MacaroonError for everything that is not exactly one."""
    format, members = _read(raw)
    identifier, location = members["identifier"], members.get("location")
    listed = members.get("caveats")
    return (
        format,
        _value(location),
        identifier.value,
        () if listed is None else listed.caveats,
        members["signature"].value,
        0 if location is None else location.start,
        identifier.start,
    )


def json_list(raw: bytes) -> tuple[Range, ...]:
    """Where the items of a list of macaroons stand: objects, and strings (without their quotes).

    Raises MacaroonError for anything else, and for a string with escapes.
    """
    reader, items = JsonReader(_utf8(raw)), list[Range]()
    reader.expect(b"[")
    while not items or reader.take(b","):
        reader.skip()
        start = reader.pos
        if raw[start : start + 1] == b'"':
            text = reader.string()
            if text.value != raw[text.start : text.end]:
                raise MacaroonError("there is an escape in it", text.start)
            items.append(text.range)
        else:
            _object(reader)
            items.append((start, reader.pos))
    reader.expect(b"]")
    _at_end(reader)
    return tuple(items)


def json_spans(raw: bytes) -> Spans:
    """Where the parts of a macaroon stand that was read from ``raw``."""
    _, members = _read(raw)
    place = _range(members.get("location"))
    return Spans(place, members["identifier"].range, members["signature"].range)


def caveat_spans(format: Format, raw: bytes, caveat: Caveat) -> CaveatSpans:
    """Where the parts of a caveat stand that was read from ``raw``."""
    names = _CAVEAT_V1 if format is Format.JSON_V1 else _CAVEAT_V2
    members = JsonReader(raw, caveat.start).members(names)
    vid, place = _range(members.get("vid")), _range(members.get("location"))
    return CaveatSpans(members["cid"].range, vid, place)


def add_caveat(raw: bytes, cid: bytes, signature: bytes) -> bytes:
    """The text with one more caveat and another signature, and nothing else changed.

    The caveat goes behind the last one; where there is no list yet, one is put before the
    signature.
    """
    format, members = _read(raw)
    listed, key = members.get("caveats"), members["signature"].key[0]
    entry = json_entry(format, cid)
    if listed is None:
        name = b"caveats" if format is Format.JSON_V1 else b"c"
        edit = key, key, b'"%b":[%b],' % (name, entry)
    else:
        at = listed.caveats[-1].end if listed.caveats else listed.start + 1
        edit = at, at, b"," + entry if listed.caveats else entry
    return _edited(raw, [edit, *_signature_edits(format, members, raw, signature)])


def replace_signature(raw: bytes, signature: bytes) -> bytes:
    """The text with another signature, and nothing else changed."""
    format, members = _read(raw)
    return _edited(raw, _signature_edits(format, members, raw, signature))


_Edit: TypeAlias = tuple[int, int, bytes]


def _signature_edits(format: Format, members: Members, raw: bytes, signature: bytes) -> list[_Edit]:
    """The signature keeps its letters: hex, or the kind of base64 it was in."""
    old = members["signature"]
    if format is Format.JSON_V1:
        text = signature.hex()
        upper = raw[old.start : old.end].isupper()
        return [(old.start, old.end, (text.upper() if upper else text).encode())]
    if old.spelling is not None:
        return [(old.start, old.end, old.spelling.spell(signature).encode())]
    return [(*old.key, b'"s64"'), (old.start, old.end, unpadded(signature))]


def _edited(raw: bytes, edits: list[_Edit]) -> bytes:
    for start, end, text in sorted(edits, reverse=True):
        raw = raw[:start] + text + raw[end:]
    return raw
