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

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from l402tui.protocol.errors import MacaroonError
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
from l402tui.protocol.spelling import Spelling, unbase64

__all__ = [
    "add_caveat",
    "caveat_spans",
    "decode_json",
    "json_spans",
]

_BLANK: Final = re.compile(rb"[ \t\r\n]*+")
_STRING: Final = re.compile(
    rb'"([^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+)"'
)
_STRING_PART: Final = re.compile(rb'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+')
# A pair of surrogates, half of one (in the group), or any other escape.
_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u([dD][89a-fA-F])|.)", re.DOTALL
)
_HEX_SIGNATURE: Final = re.compile(rb"[0-9a-fA-F]{64}")


@dataclass(slots=True)
class _Value:
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


def _value(member: _Value | None) -> bytes | None:
    return None if member is None else member.value


def _range(member: _Value | None) -> Range | None:
    return None if member is None else member.range


_Members: TypeAlias = dict[str, _Value]
"""By what they are: ``identifier``, whether it was called ``i`` or ``i64`` or ``identifier``."""


class _Reader:
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
        if not self.take(char):
            if self.pos == len(self.raw):
                raise MacaroonError("its JSON ends in the middle", self.pos)
            raise MacaroonError(f"its JSON should have {char.decode()} here", self.pos)

    def string(self) -> _Value:
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
        return _Value((start - 1, end + 1), start, end, value)

    def _no_string(self) -> MacaroonError:
        part = _STRING_PART.match(self.raw, self.pos)
        if part is None:
            if self.pos == len(self.raw):
                return MacaroonError("its JSON ends in the middle", self.pos)
            return MacaroonError("its JSON should have a string here", self.pos)
        if part.end() == len(self.raw):
            return MacaroonError("its JSON ends in the middle", part.end())
        return MacaroonError("this is not allowed in a JSON string", part.end())

    def members(self, names: Mapping[bytes, _Name]) -> _Members:
        """An object whose members are some of ``names``, none of them twice."""
        found: _Members = {}
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


# --- what a value may be -------------------------------------------------------------------------


def _base64(reader: _Reader) -> _Value:
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


def _sized(text: _Value) -> _Value:
    if len(text.value) != SIGNATURE_SIZE:
        raise MacaroonError("the signature is not 32 bytes long", text.start)
    return text


def _hex_signature(reader: _Reader) -> _Value:
    text = reader.string()
    if not _HEX_SIGNATURE.fullmatch(text.value):
        raise MacaroonError("the signature is not 64 characters of hex", text.start)
    text.value = bytes.fromhex(text.value.decode())
    return text


def _version(reader: _Reader) -> _Value:
    """The number 2, or the same in quotes: the specification says one, most write the other."""
    for text in (b'"2"', b"2"):
        reader.skip()
        start = reader.pos
        if reader.raw.startswith(text, start):
            reader.pos += len(text)
            return _Value((0, 0), start, reader.pos, text)
    raise MacaroonError("its version is not 2", reader.pos)


def _caveats(names: Mapping[bytes, _Name], plain: re.Pattern[bytes]) -> _Read:
    """The list of caveats. ``plain`` matches one that has nothing but its text, with what follows
    it: nearly all are read by that alone."""

    def read(reader: _Reader) -> _Value:
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
        return _Value((0, 0), start, reader.pos, b"", caveats=tuple(caveats))

    return read


def _caveat(reader: _Reader, names: Mapping[bytes, _Name]) -> Caveat:
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


_Read: TypeAlias = Callable[[_Reader], _Value]
_Name: TypeAlias = tuple[str, _Read]
_CAVEAT_V1: Final[dict[bytes, _Name]] = {
    b"cid": ("cid", _Reader.string),
    b"vid": ("vid", _base64),
    b"cl": ("location", _Reader.string),
}
_CAVEAT_V2: Final[dict[bytes, _Name]] = {
    b"i": ("cid", _Reader.string),
    b"i64": ("cid", _base64),
    b"v": ("vid", _Reader.string),
    b"v64": ("vid", _base64),
    b"l": ("location", _Reader.string),
    b"l64": ("location", _base64),
}
_V1: Final[dict[bytes, _Name]] = {
    b"location": ("location", _Reader.string),
    b"identifier": ("identifier", _Reader.string),
    b"caveats": ("caveats", _caveats(_CAVEAT_V1, _plain(b"cid"))),
    b"signature": ("signature", _hex_signature),
}
_V2: Final[dict[bytes, _Name]] = {
    b"v": ("version", _version),
    b"l": ("location", _Reader.string),
    b"l64": ("location", _base64),
    b"i": ("identifier", _Reader.string),
    b"i64": ("identifier", _base64),
    b"c": ("caveats", _caveats(_CAVEAT_V2, _plain(b"i"))),
    b"s": ("signature", lambda reader: _sized(reader.string())),
    b"s64": ("signature", lambda reader: _sized(_base64(reader))),
}


# --- the whole -----------------------------------------------------------------------------------


def _read(raw: bytes) -> tuple[Format, _Members]:
    """The form, which the first name decides, and the members."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MacaroonError("its JSON is not UTF-8", error.start) from None
    first = _Reader(raw)
    first.expect(b"{")
    format = Format.JSON_V1 if first.string().value in _V1 else Format.JSON_V2
    reader = _Reader(raw)
    members = reader.members(_V1 if format is Format.JSON_V1 else _V2)
    reader.skip()
    if reader.pos != len(raw):
        raise MacaroonError("there is more after the JSON object", reader.pos)
    for name in ("identifier", "signature"):
        if name not in members:
            raise MacaroonError(f"it has no {name}", reader.pos)
    return format, members


def decode_json(raw: bytes) -> tuple[Format, Parts]:
    """Read a macaroon in JSON. Raises MacaroonError for everything that is not exactly one."""
    format, members = _read(raw)
    identifier, location = members["identifier"], members.get("location")
    listed = members.get("caveats")
    return format, (
        None if location is None else location.value,
        identifier.value,
        listed.caveats if listed is not None else (),
        members["signature"].value,
        0 if location is None else location.start,
        identifier.start,
    )


def json_spans(raw: bytes) -> Spans:
    """Where the parts of a macaroon stand that was read from ``raw``."""
    _, members = _read(raw)
    place = _range(members.get("location"))
    return Spans(place, members["identifier"].range, members["signature"].range)


def caveat_spans(format: Format, raw: bytes, caveat: Caveat) -> CaveatSpans:
    """Where the parts of a caveat stand that was read from ``raw``."""
    names = _CAVEAT_V1 if format is Format.JSON_V1 else _CAVEAT_V2
    members = _Reader(raw, caveat.start).members(names)
    vid, place = _range(members.get("vid")), _range(members.get("location"))
    return CaveatSpans(members["cid"].range, vid, place)


def add_caveat(raw: bytes, cid: bytes, signature: bytes) -> bytes:
    """The text with one more caveat and another signature, and nothing else changed.

    The caveat goes behind the last one; where there is no list yet, one is put before the
    signature. The signature keeps its letters: hex, or the kind of base64 it was in.
    """
    format, members = _read(raw)
    old, listed = members["signature"], members.get("caveats")
    entry = json_entry(format, cid)
    if listed is None:
        name = b"caveats" if format is Format.JSON_V1 else b"c"
        edits = [(old.key[0], old.key[0], b'"%b":[%b],' % (name, entry))]
    else:
        at = listed.caveats[-1].end if listed.caveats else listed.start + 1
        edits = [(at, at, b"," + entry if listed.caveats else entry)]
    if format is Format.JSON_V1:
        text = signature.hex()
        upper = raw[old.start : old.end].isupper()
        edits.append((old.start, old.end, (text.upper() if upper else text).encode()))
    elif old.spelling is not None:
        edits.append((old.start, old.end, old.spelling.spell(signature).encode()))
    else:
        edits += [(*old.key, b'"s64"'), (old.start, old.end, unpadded(signature))]
    for start, end, text_bytes in sorted(edits, reverse=True):
        raw = raw[:start] + text_bytes + raw[end:]
    return raw
