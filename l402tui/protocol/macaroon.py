"""What does a macaroon say, byte by byte, and is its signature the one a root key makes?

A macaroon is a location, an identifier, a list of caveats and one 32-byte signature. The signature
is a chain: each caveat is signed with the signature before it, so that anyone can add a caveat and
nobody can take one away. The codecs are strict, and keep the bytes they read
(:attr:`Macaroon.raw`) and where every part stood in them; in the binary formats the fields give
exactly those bytes again.

Sources: libmacaroons ``doc/format.txt`` (formats), ``macaroons.c`` (key derivation and chain).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon_bytes import (
    decode_v1,
    decode_v2,
    encode_v1,
    encode_v2,
    entry_v1,
    entry_v2,
    spans_v1,
    spans_v2,
    tail_v1,
    tail_v2,
)
from l402tui.protocol.macaroon_chain import chain, derive_key, next_signature
from l402tui.protocol.macaroon_json import (
    add_caveat,
    caveat_spans,
    decode_json,
    json_spans,
    replace_signature,
)
from l402tui.protocol.macaroon_json_writer import encode_json
from l402tui.protocol.macaroon_parts import (
    Caveat,
    CaveatSpans,
    Format,
    Parts,
    Range,
    Spans,
    part_of,
)
from l402tui.protocol.spelling import Spelling, unspell

__all__ = [
    "MAX_BYTES",
    "Caveat",
    "CaveatSpans",
    "Format",
    "Macaroon",
    "Range",
    "Spans",
    "Spelling",
    "Token",
]

MAX_BYTES: Final = 65_536
"""The longest macaroon that is read or made, in bytes."""


@dataclass(frozen=True, eq=False, repr=False)
class Macaroon:
    """A decoded macaroon. Two are equal when their bytes are.

    For where a part stands in :attr:`raw`, in every format: :attr:`spans`, :meth:`caveat_spans`
    and, for a piece of a part, :meth:`part`.
    """

    format: Format
    raw: bytes = field(repr=False)
    """The whole macaroon, exactly as it was read."""
    location: bytes | None
    """A hint where it is used, not covered by the signature. None: the field is absent."""
    identifier: bytes
    caveats: tuple[Caveat, ...]
    signature: bytes = field(repr=False)
    """32 bytes: the end of the HMAC chain."""
    location_start: int
    identifier_start: int

    @staticmethod
    def decode(raw: bytes) -> Macaroon:
        """Read one macaroon from exactly these bytes (at most 64 KiB).

        v1 and v2 binary by their first byte, and JSON v1 and v2. Raises MacaroonError with the
        byte offset for anything else: unknown, repeated or misplaced fields, lengths that are too
        long or not in their shortest form, a signature that is not 32 bytes, and bytes after the
        end. In JSON only white space is free.
        """
        if len(raw) > MAX_BYTES:
            raise MacaroonError("it is longer than 64 KiB", MAX_BYTES)
        decode = _BY_FIRST_BYTE.get(raw[0]) if raw else None
        if decode is None:
            raise MacaroonError("these bytes begin as no macaroon does", 0)
        try:
            format, location, identifier, caveats, signature, at, start = decode(raw)
        except IndexError:
            raise MacaroonError("it ends in the middle", len(raw)) from None
        macaroon = object.__new__(Macaroon)
        # The __init__ of a frozen class sets field by field, which for a short macaroon would take
        # a fifth of the time.
        macaroon.__dict__.update(
            format=format,
            raw=raw,
            location=location,
            identifier=identifier,
            caveats=caveats,
            signature=signature,
            location_start=at,
            identifier_start=start,
        )
        return macaroon

    @classmethod
    def mint(
        cls,
        root_key: bytes,
        identifier: bytes,
        location: bytes | None = None,
        caveats: Iterable[bytes] = (),
        format: Format = Format.V2,
    ) -> Macaroon:
        """Make a new macaroon with first-party ``caveats``.

        v1 has no way to leave the location out, so there None is written as empty. Raises
        MacaroonError where the result would be too long, and for JSON v1 where something is not
        UTF-8 text.
        """
        added = tuple(Caveat(cid, None, None, 0, 0, 0) for cid in caveats)
        signature = chain(derive_key(root_key), identifier, added)[-1]
        return cls.decode(_encode(format, location, identifier, added, signature))

    def encode(self) -> bytes:
        """The bytes, built anew from the fields.

        In the binary formats always equal to :attr:`raw`. JSON has many spellings: :attr:`raw` is
        the one that was read, this is the one that :mod:`~l402tui.protocol.macaroon_json_writer`
        writes; decoding it gives the same fields, and encoding those gives the same bytes.
        """
        return _encode(self.format, self.location, self.identifier, self.caveats, self.signature)

    def with_caveat(self, cid: bytes) -> Macaroon:
        """The same macaroon with one more first-party caveat, in the same format.

        No key is needed: the new signature is HMAC-SHA256(old signature, cid). All other bytes
        stay as they were, in JSON too. Nothing is refused but a result that is too long for the
        format or for 64 KiB, and in JSON v1 a caveat that is not UTF-8 (MacaroonError).
        """
        signature = next_signature(self.signature, cid)
        if self.format.json:
            raw = _fitting(add_caveat(self.raw, cid, signature))
            return Macaroon.decode(raw)
        codec = _CODECS[self.format]
        kept, entry = self.raw[: -codec.tail_size], codec.entry(cid)
        raw = _fitting(kept + entry + codec.tail(signature))
        end = len(kept) + len(entry)
        added = Caveat(cid, None, None, len(kept), end, end - 1 - len(cid))
        return self._changed(raw=raw, caveats=(*self.caveats, added), signature=signature)

    def with_third_party_caveat(self, cid: bytes, vid: bytes, location: bytes) -> Macaroon:
        """The same macaroon with one more third-party caveat, in the same format.

        ``vid`` is the key that the third party shares, sealed with this macaroon's signature; see
        :mod:`~l402tui.protocol.third_party`. In JSON everything is written anew. Raises
        MacaroonError as :meth:`with_caveat` does.
        """
        caveats = (*self.caveats, Caveat(cid, vid, location, 0, 0, 0))
        signature = next_signature(self.signature, cid, vid)
        raw = _encode(self.format, self.location, self.identifier, caveats, signature)
        return Macaroon.decode(_fitting(raw))

    def with_signature(self, signature: bytes) -> Macaroon:
        """The same macaroon with another signature of 32 bytes, and no other byte changed.

        For binding a discharge to the token it goes with; see
        :func:`~l402tui.protocol.discharge.bind`.
        """
        if self.format.json:
            return Macaroon.decode(replace_signature(self.raw, signature))
        codec = _CODECS[self.format]
        raw = self.raw[: -codec.tail_size] + codec.tail(signature)
        return self._changed(raw=raw, signature=signature)

    def _changed(self, **fields: object) -> Macaroon:
        """The same with other fields. (dataclasses.replace would set each of them by itself, which
        for a short macaroon takes as long as the rest of the work.)"""
        other = object.__new__(Macaroon)
        other.__dict__.update(self.__dict__, **fields)
        return other

    @property
    def spans(self) -> Spans:
        """Where location, identifier and signature stand in :attr:`raw`, in every format.

        In JSON that is the text between the quotes, which is longer than the value where it has
        escapes or is base64 or hex. Worked out when asked for.
        """
        if self.format.json:
            return json_spans(self.raw)
        location, start = self.location, self.signature_start
        return Spans(
            None
            if location is None
            else (self.location_start, self.location_start + len(location)),
            (self.identifier_start, self.identifier_start + len(self.identifier)),
            (start, start + len(self.signature)),
        )

    def caveat_spans(self, caveat: Caveat) -> CaveatSpans:
        """Where the parts of one of :attr:`caveats` stand in :attr:`raw`, in every format."""
        if self.format.json:
            return caveat_spans(self.format, self.raw, caveat)
        return _CODECS[self.format].spans(self.raw, caveat)

    def part(self, whole: Range, value: bytes, first: int, last: int) -> Range:
        """Where ``value[first:last]`` stands in :attr:`raw`, given that ``value`` is at ``whole``.

        For a field inside the identifier: ``part(macaroon.spans.identifier, macaroon.identifier,
        first, last)``. In base64 the characters that carry those bytes; where that cannot be said,
        all of ``whole``.
        """
        return part_of(self.raw, whole, value, first, last)

    def signature_chain(self, root_key: bytes) -> tuple[bytes, ...]:
        """Every step of the HMAC chain from ``root_key``: after the identifier, then after each
        caveat. The last one is what the signature should be."""
        return chain(derive_key(root_key), self.identifier, self.caveats)

    def verify_signature(self, root_key: bytes) -> bool:
        """Whether ``root_key`` made this macaroon (compared in constant time).

        This says nothing about whether the caveats hold, nor about discharges of third parties.
        """
        return hmac.compare_digest(self.signature_chain(root_key)[-1], self.signature)

    @property
    def signature_start(self) -> int:
        """Where the signature begins in :attr:`raw`."""
        if self.format.json:
            return self.spans.signature[0]
        return len(self.raw) - (32 if self.format is Format.V2 else 33)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Macaroon) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return f"<Macaroon {self.format.name}, {len(self.caveats)} caveats, {len(self.raw)} bytes>"


class _Codec(NamedTuple):
    """One binary format."""

    encode: Callable[[bytes | None, bytes, Sequence[Caveat], bytes], bytes]
    entry: Callable[[bytes], bytes]
    """One first-party caveat."""
    tail: Callable[[bytes], bytes]
    """Everything after the last caveat, given the signature."""
    tail_size: int
    spans: Callable[[bytes, Caveat], CaveatSpans]


_CODECS: Final = {
    Format.V1: _Codec(encode_v1, entry_v1, tail_v1, len(tail_v1(bytes(32))), spans_v1),
    Format.V2: _Codec(encode_v2, entry_v2, tail_v2, len(tail_v2(bytes(32))), spans_v2),
}
_BY_FIRST_BYTE: Final[dict[int, Callable[[bytes], Parts]]] = {
    2: decode_v2,
    **dict.fromkeys(b"0123456789abcdef", decode_v1),
    **dict.fromkeys(b"{ \t\r\n", decode_json),
}


def _encode(
    format: Format,
    location: bytes | None,
    identifier: bytes,
    caveats: Sequence[Caveat],
    signature: bytes,
) -> bytes:
    if format.json:
        return encode_json(format, location, identifier, caveats, signature)
    return _CODECS[format].encode(location, identifier, caveats, signature)


def _fitting(raw: bytes) -> bytes:
    if len(raw) > MAX_BYTES:
        raise MacaroonError("with this caveat it is longer than 64 KiB", MAX_BYTES)
    return raw


@dataclass(frozen=True, slots=True)
class Token:
    """A macaroon together with the exact text it came as.

    Servers compare and cache tokens as text, so it goes back to them in :attr:`text`, never
    encoded anew, unless a caveat was added.
    """

    text: str = field(repr=False)
    spelling: Spelling
    macaroon: Macaroon

    @classmethod
    def read(cls, text: str) -> Token:
        """Read a token spelled in base64 (any alphabet, padded or not), in hex, or as JSON text.

        Strict: one alphabet, exact padding, no white space (but in JSON), no left-over bits. Raises
        MacaroonError; its offset is a character of the text or a byte of what it decodes to.
        """
        if not text:
            raise MacaroonError("it is empty", 0)
        if len(text) > 2 * MAX_BYTES:
            raise MacaroonError("its text is longer than 128 KiB", 2 * MAX_BYTES)
        spelling, raw = unspell(text)
        return cls(text, spelling, Macaroon.decode(raw))

    def attenuate(self, cid: bytes) -> Token:
        """This token with one more caveat, spelled as the server spelled it.

        Raises MacaroonError where it would become too long.
        """
        macaroon = self.macaroon.with_caveat(cid)
        return Token(self.spelling.spell(macaroon.raw), self.spelling, macaroon)
