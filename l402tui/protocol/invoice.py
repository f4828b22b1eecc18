"""What does a Lightning invoice ask for, and did its payee really sign that?

A strict reader of BOLT-11. What it returns was read for certain: the checksum is right, every
character belongs to exactly one :class:`Field`, the payee's key was recovered from the signature
or the signature was checked against the key the invoice names. What it cannot read for certain it
refuses with :class:`~l402tui.protocol.errors.InvoiceError`, because an invoice is paid only once.

Where BOLT-11 leaves a choice, the rule here is: of a field that may be there once, the first
counts and a later one is kept as ``REPEATED``; an unknown field, one of the fields with a fixed
length that has another length, and a fallback of an unknown version are kept as ``SKIPPED``;
padding must be zero; amounts must be written without leading zeros.

An invoice without an ``n`` field does not say who signed it. Whoever changes such an invoice and
writes a new checksum gets an invoice that reads well and belongs to another, random key, which no
node holds. So a payee that nobody named is no evidence of anything by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from l402tui.protocol.amount import Msat
from l402tui.protocol.errors import InvoiceError
from l402tui.protocol.features import Features
from l402tui.protocol.invoice_parts import (
    FIELD_NAMES,
    MAX_CHARACTERS,
    Field,
    FieldState,
    Parts,
    split_invoice,
)
from l402tui.protocol.invoice_values import (
    Fallback,
    Hop,
    read_bytes,
    read_fallback,
    read_features,
    read_number,
    read_route_hint,
    read_signature,
    read_text,
)
from l402tui.protocol.network import Network
from l402tui.protocol.signature import recover_key, signed_by

__all__ = [
    "DEFAULT_EXPIRY",
    "DEFAULT_MIN_FINAL_CLTV_EXPIRY",
    "MAX_CHARACTERS",
    "Fallback",
    "Features",
    "Field",
    "FieldState",
    "Hop",
    "Invoice",
    "Network",
    "strip_uri",
]

DEFAULT_EXPIRY: Final = 3_600
"""Seconds an invoice is good for where it does not say (BOLT-11, field ``x``)."""
DEFAULT_MIN_FINAL_CLTV_EXPIRY: Final = 18
"""Blocks the last hop keeps for itself where the invoice does not say (BOLT-11, field ``c``)."""

_SCHEME: Final = re.compile(r"lightning:(?://)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Invoice:
    """A BOLT-11 invoice whose checksum and signature are right. Only :meth:`decode` makes it."""

    text: str
    """The invoice in lower case; :attr:`Field.start` and ``end`` count in it."""
    network: Network
    amount: Msat | None
    """None: the payer chooses."""
    created: int
    """Seconds since 1970 (UTC)."""
    expiry: int
    """Seconds after :attr:`created`."""
    payment_hash: bytes
    """32 bytes: the SHA-256 of the preimage that the payment buys."""
    payment_secret: bytes
    """32 bytes. In spite of its name it is public with the invoice."""
    description: bytes | None
    """UTF-8, as the payee wrote it: show it through ``shown()`` only."""
    description_hash: bytes | None
    """32 bytes; exactly one of the two descriptions is there."""
    payee: bytes
    """A compressed public key, 33 bytes: named by field ``n``, else recovered."""
    payee_named: bool
    """Whether field ``n`` names the payee. Where not, see the module's text."""
    min_final_cltv_expiry: int
    """Blocks."""
    route_hints: tuple[tuple[Hop, ...], ...]
    fallbacks: tuple[Fallback, ...]
    features: Features
    metadata: bytes | None
    signature: bytes
    """64 bytes: r and s."""
    recovery_id: int
    """0 to 3: which of the keys that fit the signature is meant."""
    fields: tuple[Field, ...]
    """All parts in order; together they cover every character of :attr:`text` once."""

    @property
    def expires_at(self) -> int:
        """Seconds since 1970 (UTC); may lie beyond any calendar."""
        return self.created + self.expiry

    @property
    def repeated(self) -> tuple[str, ...]:
        """Letters of fields that came again though only the first may count: a reason to ask."""
        return tuple(f.tag for f in self.fields if f.state is FieldState.REPEATED)

    @classmethod
    def decode(cls, text: str, *, lenient_features: bool = False) -> Invoice:
        """Read an invoice, all lower or all upper case, and nothing around it (BOLT-11, BIP-173).

        ``lenient_features`` is for looking, never for paying: it lets through an invoice that
        requires features unknown to this program; :attr:`Features.unknown_required` names them.
        Raises InvoiceError, whose offset is a character of ``text``, and nothing else.
        """
        parts = split_invoice(text)
        fields, digits = _Fields(parts), parts.digits
        signature, recovery_id = read_signature(digits, parts.signature_start)
        named = fields.optional("n")
        return cls(
            text=parts.text,
            network=parts.network,
            amount=parts.amount,
            created=int(digits[parts.data_start : parts.fields_start], 32),
            expiry=fields.number("x", DEFAULT_EXPIRY),
            payment_hash=fields.required("p"),
            payment_secret=fields.required("s"),
            description=fields.description(),
            description_hash=fields.optional("h"),
            payee=_payee(parts, signature, recovery_id, named),
            payee_named=named is not None,
            min_final_cltv_expiry=fields.number("c", DEFAULT_MIN_FINAL_CLTV_EXPIRY),
            route_hints=tuple(read_route_hint(f, digits) for f in fields.all_of("r")),
            fallbacks=tuple(read_fallback(f, digits, parts.network) for f in fields.all_of("f")),
            features=fields.features(lenient_features),
            metadata=fields.optional("m"),
            signature=signature,
            recovery_id=recovery_id,
            fields=parts.layout(),
        )


def strip_uri(text: str) -> str:
    """What a person pasted, without the white space around it and without ``lightning:``."""
    bare = text.strip()
    scheme = _SCHEME.match(bare)
    return bare[scheme.end() :] if scheme else bare


class _Fields:
    """The fields that count, and which of them must be there. Every method raises InvoiceError."""

    __slots__ = ("_by_tag", "_parts")

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._by_tag: dict[str, list[Field]] = {}
        for field in parts.tagged:
            if field.state is FieldState.READ:
                self._by_tag.setdefault(field.tag, []).append(field)

    def all_of(self, tag: str) -> list[Field]:
        return self._by_tag.get(tag, [])

    def only(self, tag: str) -> Field | None:
        found = self._by_tag.get(tag)
        return found[0] if found else None

    def optional(self, tag: str) -> bytes | None:
        field = self.only(tag)
        return None if field is None else read_bytes(field, self._parts.digits)

    def required(self, tag: str) -> bytes:
        field = self.only(tag)
        if field is None:
            why = f"it has no {FIELD_NAMES[tag]} (field {tag})"
            raise InvoiceError(why)
        return read_bytes(field, self._parts.digits)

    def description(self) -> bytes | None:
        described, hashed = self.only("d"), self.only("h")
        if described is None:
            if hashed is None:
                raise InvoiceError("it has neither a description nor a description hash")
            return None
        if hashed is not None:
            late = max(described.start, hashed.start)
            raise InvoiceError("it has both a description and a description hash", late)
        return read_text(described, self._parts.digits)

    def number(self, tag: str, default: int) -> int:
        field = self.only(tag)
        return default if field is None else read_number(field, self._parts.digits)

    def features(self, lenient: bool) -> Features:
        field = self.only("9")
        if field is None:
            return Features()
        return read_features(field, self._parts.digits, lenient=lenient)


def _payee(parts: Parts, signature: bytes, recovery_id: int, named: bytes | None) -> bytes:
    """The key that signed: the one the invoice names, if it did, else the recovered one.

    BOLT-11 wants the plain check where a key is named, and with it the lower of the two values that
    s can have; for recovery either will do.
    """
    # Signed are the prefix as it is written and the data's bits, filled up with zeros to a byte.
    data = parts.digits[parts.data_start : parts.signature_start]
    bits = 5 * len(data)
    message = parts.prefix.encode()
    message += (int(data, 32) << -bits % 8).to_bytes(-(-bits // 8), "big")
    try:
        if named is None:
            return recover_key(message, signature, recovery_id)
        right = signed_by(named, message, signature)
    except ValueError:
        why = "the signature fits no key" if named is None else "the payee it names is no key"
        raise InvoiceError(why, parts.signature_start) from None
    if not right:
        why = "the signature is not by the payee it names, or not in its one lawful form"
        raise InvoiceError(why, parts.signature_start)
    return named
