"""What does a macaroon say, byte by byte, and is its signature the one a root key makes?

A macaroon is a location, an identifier, a list of caveats and one 32-byte signature. The signature
is a chain: each caveat is signed with the signature before it, so that anyone can add a caveat and
nobody can take one away. The codec is strict: whatever :meth:`Macaroon.decode` accepts, it emits
again byte for byte, and it remembers where every part stood.

Sources: libmacaroons ``doc/format.txt`` (formats), ``macaroons.c`` (key derivation and chain).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final, NamedTuple

from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon_bytes import (
    Caveat,
    Parts,
    decode_v1,
    decode_v2,
    encode_v1,
    encode_v2,
    entry_v1,
    entry_v2,
    tail_v1,
    tail_v2,
)
from l402tui.protocol.spelling import Spelling, unspell

__all__ = ["MAX_BYTES", "Caveat", "Format", "Macaroon", "Spelling", "Token"]

MAX_BYTES: Final = 65_536
"""The longest macaroon that is read or made, in bytes."""

_KEY_GENERATOR: Final = b"macaroons-key-generator"


class Format(Enum):
    """How a macaroon is laid out in bytes."""

    V1 = 1
    """Text packets: ``0011location loc\\n``."""
    V2 = 2
    """Tagged fields after a first byte 2."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Macaroon:
    """A decoded macaroon. Two are equal when their bytes are."""

    format: Format
    raw: bytes
    """The whole macaroon, exactly as it was read."""
    location: bytes | None
    """A hint where it is used, not covered by the signature. None: the field is absent."""
    identifier: bytes
    caveats: tuple[Caveat, ...]
    signature: bytes
    """32 bytes: the end of the HMAC chain."""
    location_start: int
    identifier_start: int

    @staticmethod
    def decode(raw: bytes) -> Macaroon:
        """Read one macaroon from exactly these bytes (v1 or v2 binary, at most 64 KiB).

        Raises MacaroonError with the byte offset for anything else: unknown or misplaced fields,
        lengths that are too long or not in their shortest form, a signature that is not 32 bytes,
        and bytes after the signature.
        """
        if len(raw) > MAX_BYTES:
            raise MacaroonError("it is longer than 64 KiB", MAX_BYTES)
        format = _FORMATS.get(raw[0]) if raw else None
        if format is None:
            raise MacaroonError("these bytes begin neither as a v2 nor as a v1 macaroon", 0)
        try:
            parts = _CODECS[format].decode(raw)
        except IndexError:
            raise MacaroonError("it ends in the middle", len(raw)) from None
        return Macaroon(format, raw, *parts)

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
        MacaroonError where the result would be too long.
        """
        added = tuple(Caveat(cid, None, None, 0, 0, 0) for cid in caveats)
        signature = _chain(root_key, identifier, added)[-1]
        return cls.decode(_CODECS[format].encode(location, identifier, added, signature))

    def encode(self) -> bytes:
        """The bytes, built anew from the fields. Always equal to :attr:`raw`."""
        codec = _CODECS[self.format]
        return codec.encode(self.location, self.identifier, self.caveats, self.signature)

    def with_caveat(self, cid: bytes) -> Macaroon:
        """The same macaroon with one more first-party caveat, in the same format.

        No key is needed: the new signature is HMAC-SHA256(old signature, cid). Nothing is refused
        but a result that is too long for the format or for 64 KiB (MacaroonError).
        """
        signature = hmac.digest(self.signature, cid, "sha256")
        codec = _CODECS[self.format]
        kept, entry = self.raw[: -codec.tail_size], codec.entry(cid)
        raw = kept + entry + codec.tail(signature)
        if len(raw) > MAX_BYTES:
            raise MacaroonError("with this caveat it is longer than 64 KiB", MAX_BYTES)
        end = len(kept) + len(entry)
        added = Caveat(cid, None, None, len(kept), end, end - 1 - len(cid))
        return replace(self, raw=raw, caveats=(*self.caveats, added), signature=signature)

    def signature_chain(self, root_key: bytes) -> tuple[bytes, ...]:
        """Every step of the HMAC chain from ``root_key``: after the identifier, then after each
        caveat. The last one is what the signature should be."""
        return _chain(root_key, self.identifier, self.caveats)

    def verify_signature(self, root_key: bytes) -> bool:
        """Whether ``root_key`` made this macaroon (compared in constant time).

        This says nothing about whether the caveats hold, nor about discharges of third parties.
        """
        return hmac.compare_digest(self.signature_chain(root_key)[-1], self.signature)

    @property
    def signature_start(self) -> int:
        """Where the 32 signature bytes begin in :attr:`raw`."""
        return len(self.raw) - (32 if self.format is Format.V2 else 33)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Macaroon) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return f"<Macaroon {self.format.name}, {len(self.caveats)} caveats, {len(self.raw)} bytes>"


class _Codec(NamedTuple):
    """One binary format. JSON would be another."""

    decode: Callable[[bytes], Parts]
    encode: Callable[[bytes | None, bytes, Sequence[Caveat], bytes], bytes]
    entry: Callable[[bytes], bytes]
    """One first-party caveat."""
    tail: Callable[[bytes], bytes]
    """Everything after the last caveat, given the signature."""
    tail_size: int


_CODECS: Final = {
    Format.V1: _Codec(decode_v1, encode_v1, entry_v1, tail_v1, len(tail_v1(bytes(32)))),
    Format.V2: _Codec(decode_v2, encode_v2, entry_v2, tail_v2, len(tail_v2(bytes(32)))),
}
_FORMATS: Final = {2: Format.V2, **dict.fromkeys(b"0123456789abcdef", Format.V1)}
"""Which format it is, by the first byte."""


def _chain(root_key: bytes, identifier: bytes, caveats: Iterable[Caveat]) -> tuple[bytes, ...]:
    key = hmac.digest(_KEY_GENERATOR, root_key, "sha256")
    signature = hmac.digest(key, identifier, "sha256")
    steps = [signature]
    for caveat in caveats:
        signed = caveat.cid
        if caveat.vid is not None:
            # Both parts are hashed on their own first, so that neither can pass for the other.
            signed = hmac.digest(signature, caveat.vid, "sha256") + hmac.digest(
                signature, signed, "sha256"
            )
        signature = hmac.digest(signature, signed, "sha256")
        steps.append(signature)
    return tuple(steps)


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
        """Read a token spelled in base64 (any alphabet, padded or not) or hex.

        Strict: one alphabet, exact padding, no white space, no left-over bits. Raises
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
