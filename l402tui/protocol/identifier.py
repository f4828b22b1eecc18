"""Which payment does a macaroon commit to?

The server writes the invoice's payment hash into the macaroon's identifier before it signs, so the
token opens something only together with the preimage of that one invoice. This reader knows the
forms in which a hash can be read for certain; of any other identifier nothing can be checked, and
it says so with an IdentifierError instead of guessing.

Source: L402 protocol specification, "macaroon identifier" (version, payment hash, token id).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from l402tui.protocol.errors import IdentifierError

__all__ = ["HASH_SIZE", "FieldSpan", "Form", "Identifier", "read_identifier"]

HASH_SIZE: Final = 32
_L402_SIZE: Final = 66


class Form(Enum):
    """How the identifier is written."""

    L402 = "version, payment hash, token id"
    """66 bytes: u16 version (big endian, 0), 32 bytes payment hash, 32 bytes token id."""
    RAW_HASH = "payment hash alone"
    """32 bytes: the payment hash and nothing else."""


class FieldSpan(NamedTuple):
    """Where a field stands in the identifier's bytes."""

    name: str
    start: int
    end: int


_SPANS: Final = {
    Form.L402: (
        FieldSpan("version", 0, 2),
        FieldSpan("payment hash", 2, 34),
        FieldSpan("token id", 34, 66),
    ),
    Form.RAW_HASH: (FieldSpan("payment hash", 0, 32),),
}


@dataclass(frozen=True, slots=True)
class Identifier:
    """What an identifier says."""

    version: int | None
    """0 in the form that has one."""
    payment_hash: bytes
    """32 bytes: SHA-256 of the preimage that paying the invoice reveals."""
    token_id: bytes | None
    """32 bytes by which the server tells its tokens apart, where the form has them."""
    form: Form

    @property
    def spans(self) -> tuple[FieldSpan, ...]:
        """The fields in order, with their offsets in the identifier."""
        return _SPANS[self.form]


def read_identifier(raw: bytes) -> Identifier:
    """Read the identifier of a macaroon.

    Raises IdentifierError where it commits to nothing that can be checked: another length than 66
    or 32 bytes, or a version other than 0.
    """
    if len(raw) == HASH_SIZE:
        return Identifier(None, raw, None, Form.RAW_HASH)
    if len(raw) != _L402_SIZE:
        raise IdentifierError(f"{len(raw)} bytes are neither the 66 of L402 nor a 32-byte hash")
    version = int.from_bytes(raw[:2], "big")
    if version != 0:
        raise IdentifierError(f"version {version} is not known, only version 0 is", 0)
    return Identifier(version, raw[2:34], raw[34:], Form.L402)
