"""How is a macaroon written in JSON?

Two forms. v1: ``{"caveats": [{"cid", "vid", "cl"}], "location", "identifier", "signature"}``, the
signature in hex, ``vid`` in base64, everything else text. v2: ``{"v": 2, "l", "i", "c": [{"i",
"v", "l"}], "s"}``, where every value but the version may be base64 instead, under its name and
``64``. The reader knows nothing but these names, so there is nothing to nest: what it accepts has
one meaning, and every value knows where its text stands.

Sources: libmacaroons ``doc/format.txt`` (JSON Format) for v2, what libmacaroons, pymacaroons and
Go's macaroon.v2 write for v1; RFC 8259.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from l402tui.protocol.errors import MacaroonError
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
    "encode_json",
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


class _Value(NamedTuple):
    """One member of an object."""

    key: Range
    """Its name, with the quotes."""
    start: int
    end: int
    """Its text: without the quotes of a string, with the brackets of an array."""
    value: bytes
    spelling: Spelling | None = None
    """Of base64."""
    caveats: tuple[_Entry, ...] = ()

    @property
    def range(self) -> Range:
        return self.start, self.end


_Members: TypeAlias = dict[str, _Value]
"""By what they are: ``identifier``, whether it was called ``i`` or ``i64`` or ``identifier``."""


class _Entry(NamedTuple):
    """One caveat."""

    start: int
    end: int
    members: _Members

    def caveat(self) -> Caveat:
        cid, vid, place = (self.members.get(name) for name in ("cid", "vid", "location"))
        if cid is None:
            raise MacaroonError("a caveat has no identifier", self.start)
        if vid is not None and not vid.value:
            raise MacaroonError("a third-party caveat has an empty verification key", vid.start)
        if vid is None and place is not None:
            raise MacaroonError("a first-party caveat has a location", place.key[0])
        return Caveat(
            cid.value, vid and vid.value, place and place.value, self.start, self.end, cid.start
        )


class _Reader:
    """The JSON text and how far it was read."""

    def __init__(self, raw: bytes, pos: int = 0) -> None:
        self._raw = raw
        self.pos = pos

    def skip(self) -> None:
        """Over white space."""
        blank = _BLANK.match(self._raw, self.pos)
        self.pos = blank.end() if blank else self.pos

    def take(self, char: bytes) -> bool:
        """Whether ``char`` comes next; then it is read."""
        self.skip()
        if self._raw[self.pos : self.pos + 1] != char:
            return False
        self.pos += 1
        return True

    def expect(self, char: bytes) -> None:
        if not self.take(char):
            if self.pos == len(self._raw):
                raise MacaroonError("its JSON ends in the middle", self.pos)
            raise MacaroonError(f"its JSON should have {char.decode()} here", self.pos)

    def string(self) -> _Value:
        """A string, its escapes resolved."""
        self.skip()
        match = _STRING.match(self._raw, self.pos)
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
        part = _STRING_PART.match(self._raw, self.pos)
        if part is None:
            if self.pos == len(self._raw):
                return MacaroonError("its JSON ends in the middle", self.pos)
            return MacaroonError("its JSON should have a string here", self.pos)
        if part.end() == len(self._raw):
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
            found[what] = read(self)._replace(key=key.key)
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
    return text._replace(value=value, spelling=spelling)


def _sized(text: _Value) -> _Value:
    if len(text.value) != SIGNATURE_SIZE:
        raise MacaroonError("the signature is not 32 bytes long", text.start)
    return text


def _hex_signature(reader: _Reader) -> _Value:
    text = reader.string()
    if not _HEX_SIGNATURE.fullmatch(text.value):
        raise MacaroonError("the signature is not 64 characters of hex", text.start)
    return text._replace(value=bytes.fromhex(text.value.decode()))


def _version(reader: _Reader) -> _Value:
    """The number 2, or the same in quotes: the specification says one, most write the other."""
    for text in (b'"2"', b"2"):
        reader.skip()
        start = reader.pos
        if reader._raw.startswith(text, start):
            reader.pos += len(text)
            return _Value((0, 0), start, reader.pos, text)
    raise MacaroonError("its version is not 2", reader.pos)


def _caveats(names: Mapping[bytes, _Name]) -> Callable[[_Reader], _Value]:
    def read(reader: _Reader) -> _Value:
        entries: list[_Entry] = []
        reader.expect(b"[")
        start = reader.pos - 1
        while not (reader.take(b"]") if not entries else not reader.take(b",")):
            reader.skip()
            at = reader.pos
            members = reader.members(names)
            entries.append(_Entry(at, reader.pos, members))
        if entries:
            reader.expect(b"]")
        return _Value((0, 0), start, reader.pos, b"", caveats=tuple(entries))

    return read


_Name: TypeAlias = tuple[str, Callable[[_Reader], _Value]]
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
    b"caveats": ("caveats", _caveats(_CAVEAT_V1)),
    b"signature": ("signature", _hex_signature),
}
_V2: Final[dict[bytes, _Name]] = {
    b"v": ("version", _version),
    b"l": ("location", _Reader.string),
    b"l64": ("location", _base64),
    b"i": ("identifier", _Reader.string),
    b"i64": ("identifier", _base64),
    b"c": ("caveats", _caveats(_CAVEAT_V2)),
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
    entries = members["caveats"].caveats if "caveats" in members else ()
    return format, (
        None if location is None else location.value,
        identifier.value,
        tuple(entry.caveat() for entry in entries),
        members["signature"].value,
        0 if location is None else location.start,
        identifier.start,
    )


def json_spans(raw: bytes) -> Spans:
    """Where the parts of a macaroon stand that was read from ``raw``."""
    _, members = _read(raw)
    location = members.get("location")
    return Spans(
        location and location.range, members["identifier"].range, members["signature"].range
    )


def caveat_spans(format: Format, raw: bytes, caveat: Caveat) -> CaveatSpans:
    """Where the parts of a caveat stand that was read from ``raw``."""
    names = _CAVEAT_V1 if format is Format.JSON_V1 else _CAVEAT_V2
    members = _Reader(raw, caveat.start).members(names)
    vid, place = members.get("vid"), members.get("location")
    return CaveatSpans(members["cid"].range, vid and vid.range, place and place.range)


def add_caveat(raw: bytes, cid: bytes, signature: bytes) -> bytes:
    """The text with one more caveat and another signature, and nothing else changed.

    The caveat goes behind the last one; where there is no list yet, one is put before the
    signature. The signature keeps its letters: hex, or the kind of base64 it was in.
    """
    format, members = _read(raw)
    old, listed = members["signature"], members.get("caveats")
    entry = _entry(format, cid, None, None)
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
        edits += [(*old.key, b'"s64"'), (old.start, old.end, _unpadded(signature))]
    for start, end, text_bytes in sorted(edits, reverse=True):
        raw = raw[:start] + text_bytes + raw[end:]
    return raw


# --- writing -------------------------------------------------------------------------------------


def _unpadded(value: bytes) -> bytes:
    return Spelling.URL_SAFE_UNPADDED.spell(value).encode()


def _text(value: bytes) -> bytes:
    try:
        return json.dumps(value.decode(), ensure_ascii=False).encode()
    except UnicodeDecodeError:
        raise MacaroonError("JSON v1 can hold nothing but UTF-8 text") from None


def _either(name: bytes, value: bytes) -> bytes:
    """A v2 member: text, or base64 where it is none or would need escapes."""
    try:
        text = _text(value)
    except MacaroonError:
        text = b""
    if len(text) == len(value) + 2:
        return b'"%b":%b' % (name, text)
    return b'"%b64":"%b"' % (name, _unpadded(value))


def _entry(format: Format, cid: bytes, vid: bytes | None, place: bytes | None) -> bytes:
    if format is Format.JSON_V1:
        out = [b'"cid":' + _text(cid)]
        if vid is not None:
            out.append(b'"vid":"%b"' % _unpadded(vid))
        if place is not None:
            out.append(b'"cl":' + _text(place))
    else:
        out = [_either(b"i", cid)]
        if vid is not None:
            out.append(b'"v64":"%b"' % _unpadded(vid))
        if place is not None:
            out.append(_either(b"l", place))
    return b"{%b}" % b",".join(out)


def encode_json(
    format: Format,
    location: bytes | None,
    identifier: bytes,
    caveats: Sequence[Caveat],
    signature: bytes,
) -> bytes:
    """The parts as JSON, in the one spelling that this program writes.

    No white space, members in the order of the module's first paragraph, the list of caveats also
    when it is empty, url-safe base64 without padding. In v2 a value is text where that needs no
    escapes and base64 otherwise; keys and signatures are always base64.
    """
    entries = b",".join(_entry(format, cid, vid, place) for cid, vid, place, *_ in caveats)
    if format is Format.JSON_V1:
        where = b"" if location is None else b',"location":' + _text(location)
        head = b'{"caveats":[%b]%b,"identifier":%b' % (entries, where, _text(identifier))
        return b'%b,"signature":"%b"}' % (head, signature.hex().encode())
    where = b"" if location is None else _either(b"l", location) + b","
    head = b'{"v":2,%b%b,"c":[%b]' % (where, _either(b"i", identifier), entries)
    return b'%b,"s64":"%b"}' % (head, _unpadded(signature))
