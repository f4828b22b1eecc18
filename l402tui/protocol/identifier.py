"""Which payment does a macaroon commit to?

The server writes the invoice's payment hash into the macaroon's identifier before it signs, so the
token opens something only together with the preimage of that one invoice. This reader knows the
forms in which a hash can be read for certain; of any other identifier nothing can be checked, and
it says so with an IdentifierError, and what it looks like, instead of guessing.

Source: L402 protocol specification, "macaroon identifier" (version, payment hash, token id).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from l402tui.protocol.errors import IdentifierError
from l402tui.protocol.gob import read_gob
from l402tui.protocol.node_macaroon import read_node_identifier
from l402tui.protocol.protobuf import read_fields

__all__ = ["HASH_SIZE", "FieldSpan", "Form", "Identifier", "read_identifier"]

HASH_SIZE: Final = 32
_L402_SIZE: Final = 66
_MARK: Final = 0xFF
_GOB_HINT: Final = b"PaymentHash"
"""Gob writes the names of the fields into the stream."""
_HEX: Final = re.compile(rb"(?:[0-9a-f]{2})+|(?:[0-9A-F]{2})+")
_SHOWN_AS_TEXT: Final = 4_096
"""Bytes that are looked at to say what an unknown identifier looks like."""


class Form(Enum):
    """How the identifier is written."""

    L402 = "version, payment hash, token id"
    """66 bytes: u16 version (big endian, 0), 32 bytes payment hash, 32 bytes token id."""
    RAW_HASH = "payment hash alone"
    """32 bytes: the payment hash and nothing else."""
    MARKED_HASH = "0xff, payment hash"
    """33 bytes: a byte 0xff, then the payment hash."""
    HEX_L402 = "version, payment hash, token id, as hex"
    """132 hex characters: the 66 bytes of :attr:`L402`."""
    HEX_HASH = "payment hash alone, as hex"
    """64 hex characters: the payment hash."""
    GOB = "version, payment hash, token id, as Go gob"
    """A gob stream of a structure with these three fields."""


class FieldSpan(NamedTuple):
    """Where a field stands in the identifier's bytes: where it is spelled, so that for 32 bytes
    written as hex these are 64 characters."""

    name: str
    start: int
    end: int


_TEXT_LETTERS: Final = 26
_SAME_BYTES: Final = 8
"""So many letters, or so many equal bytes, do not come about by chance among 32."""
_FIELDS: Final = (
    FieldSpan("version", 0, 2),
    FieldSpan("payment hash", 2, 34),
    FieldSpan("token id", 34, 66),
)
_SPANS: Final = {
    Form.L402: _FIELDS,
    Form.RAW_HASH: (FieldSpan("payment hash", 0, 32),),
    Form.MARKED_HASH: (FieldSpan("payment hash", 1, 33),),
    Form.HEX_L402: tuple(FieldSpan(name, 2 * start, 2 * end) for name, start, end in _FIELDS),
    Form.HEX_HASH: (FieldSpan("payment hash", 0, 64),),
}


@dataclass(frozen=True, slots=True)
class Identifier:
    """What an identifier says."""

    version: int | None
    """0 in the forms that have one."""
    payment_hash: bytes
    """32 bytes: SHA-256 of the preimage that paying the invoice reveals."""
    token_id: bytes | None
    """32 bytes by which the server tells its tokens apart, where the form has them."""
    form: Form
    placed: tuple[FieldSpan, ...] = field(default=(), repr=False, compare=False)
    """The spans, where they are not the same in every identifier of this form."""

    @property
    def spans(self) -> tuple[FieldSpan, ...]:
        """The fields in order, with their offsets in the identifier. A field that the form does
        not write out (a gob version of 0) has none."""
        return self.placed or _SPANS[self.form]


def read_identifier(raw: bytes) -> Identifier:
    """Read the identifier of a macaroon.

    Raises IdentifierError where it commits to nothing that can be checked: it is in none of the
    forms, or has a version other than 0. The error says what it looks like instead.
    """
    if _HEX.fullmatch(raw):
        return _from_hex(raw)
    # 32 characters a person could type are a name; no hash looks like that.
    if len(raw) in (HASH_SIZE, _L402_SIZE) and _printable(raw):
        raise IdentifierError(_looks_like(raw))
    if len(raw) == HASH_SIZE:
        _check_hash(raw)
        return Identifier(None, raw, None, Form.RAW_HASH)
    if len(raw) == HASH_SIZE + 1 and raw[0] == _MARK:
        _check_hash(raw[1:])
        return Identifier(None, raw[1:], None, Form.MARKED_HASH)
    if len(raw) == _L402_SIZE:
        return _from_l402(raw, Form.L402)
    if _GOB_HINT in raw[:_SHOWN_AS_TEXT] and not _printable(raw):
        return _from_gob(raw)
    raise IdentifierError(_looks_like(raw))


def _from_l402(raw: bytes, form: Form) -> Identifier:
    version = int.from_bytes(raw[:2], "big")
    _check_version(version, 0)
    _check_hash(raw[2:34])
    return Identifier(version, raw[2:34], raw[34:], form)


def _from_hex(raw: bytes) -> Identifier:
    if len(raw) == 2 * HASH_SIZE:
        read = bytes.fromhex(raw.decode("ascii"))
        _check_hash(read)
        return Identifier(None, read, None, Form.HEX_HASH)
    if len(raw) == 2 * _L402_SIZE:
        return _from_l402(bytes.fromhex(raw.decode("ascii")), Form.HEX_L402)
    raise IdentifierError(
        f"{len(raw)} hex characters are neither the 132 of L402 nor the 64 of a hash"
    )


def _from_gob(raw: bytes) -> Identifier:
    try:
        read = read_gob(raw)
    except IdentifierError as error:
        why = f"it looks like a Go gob stream, but not one that is known: {error.why}"
        raise IdentifierError(why, error.offset) from None
    _check_version(read.version, read.version_span and read.version_span[0])
    spans = (
        FieldSpan("payment hash", *read.payment_hash_span),
        FieldSpan("token id", *read.token_id_span),
    )
    return Identifier(read.version, read.payment_hash, read.token_id, Form.GOB, spans)


def _check_hash(raw: bytes) -> None:
    """Refuse 32 bytes that are padded, repeated or nearly all text: they were written by somebody.
    Of real hashes not one in 10 million looks like that."""
    letters = sum(0x20 <= byte < 0x7F for byte in raw)
    if letters >= _TEXT_LETTERS or max(map(raw.count, set(raw))) >= _SAME_BYTES:
        raise IdentifierError("where a payment hash would stand are bytes that look like no hash")


def _check_version(version: int, offset: int | None) -> None:
    if version != 0:
        raise IdentifierError(f"version {version} is not known, only version 0 is", offset)


# --- what it looks like, where it is none of them -------------------------------------------------


def _printable(raw: bytes) -> bool:
    try:
        return raw[:_SHOWN_AS_TEXT].decode("utf-8").isprintable()
    except UnicodeDecodeError as error:
        # The cut may have split the last character.
        return error.start > _SHOWN_AS_TEXT - 4 and raw[: error.start].decode().isprintable()


def _looks_like(raw: bytes) -> str:
    size = len(raw)
    if not raw:
        return "it is empty"
    if _printable(raw):
        if raw[:1] in (b"{", b"["):
            return f"it looks like JSON text of {size} bytes, and no form of it is known"
        return f"it is free text of {size} bytes, not a payment hash"
    if _is_node(raw):
        return "it is the identifier of a node's own macaroon, which is no L402 token"
    if _is_protobuf(raw):
        return f"it looks like protobuf of {size} bytes, and what the fields mean is not known"
    return f"{size} bytes are neither the 66 of L402 nor a 32-byte hash"


def _is_node(raw: bytes) -> bool:
    try:
        read_node_identifier(raw)
    except IdentifierError:
        return False
    return True


def _is_protobuf(raw: bytes) -> bool:
    try:
        return len(read_fields(raw, 0, len(raw))) > 1
    except IdentifierError:
        return False
