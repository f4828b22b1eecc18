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
from typing import Final, NamedTuple

from l402tui.protocol.amount import Msat
from l402tui.protocol.bech32 import NotWholeBytesError, whole_bytes
from l402tui.protocol.errors import InvoiceError
from l402tui.protocol.features import Features
from l402tui.protocol.invoice_parts import (
    FIELD_NAMES,
    HEADER,
    MAX_CHARACTERS,
    SIGNATURE,
    Field,
    FieldState,
    Parts,
    split_invoice,
)
from l402tui.protocol.network import Network, address
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

_HOP_BYTES: Final = 51
_MAX_NUMBER: Final = 2**64
_MAX_RECOVERY_ID: Final = 3
_SCHEME: Final = re.compile(r"lightning:(?://)?", re.IGNORECASE)


class Hop(NamedTuple):
    """One channel of a private route to the payee (BOLT-11, field ``r``)."""

    node_id: bytes
    """The node at the channel's start: a compressed public key, 33 bytes."""
    short_channel_id: int
    fee_base_msat: int
    fee_ppm: int
    """Millionths of the amount."""
    cltv_delta: int
    """Blocks."""

    @property
    def channel(self) -> str:
        """The channel as ``block x transaction x output``: ``700000x1x0`` (BOLT-7)."""
        scid = self.short_channel_id
        return f"{scid >> 40}x{scid >> 16 & 0xFFFFFF}x{scid & 0xFFFF}"


class Fallback(NamedTuple):
    """An on-chain address that would do instead (BOLT-11, field ``f``)."""

    version: int
    """0 to 16: witness version; 17: pay to public key hash; 18: pay to script hash."""
    program: bytes
    address: str


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
        values = _Values(parts)
        signature, recovery_id = values.signature()
        named = values.optional_bytes("n")
        return cls(
            text=parts.text,
            network=parts.network,
            amount=parts.amount,
            created=int(parts.digits[parts.data_start : parts.fields_start], 32),
            expiry=values.number("x", DEFAULT_EXPIRY),
            payment_hash=values.required_bytes("p"),
            payment_secret=values.required_bytes("s"),
            description=values.description(),
            description_hash=values.optional_bytes("h"),
            payee=_payee(parts, signature, recovery_id, named),
            payee_named=named is not None,
            min_final_cltv_expiry=values.number("c", DEFAULT_MIN_FINAL_CLTV_EXPIRY),
            route_hints=tuple(values.route_hint(field) for field in values.all_of("r")),
            fallbacks=tuple(values.fallback(field) for field in values.all_of("f")),
            features=values.features(lenient_features),
            metadata=values.optional_bytes("m"),
            signature=signature,
            recovery_id=recovery_id,
            fields=parts.layout(),
        )


def strip_uri(text: str) -> str:
    """What a person pasted, without the white space around it and without ``lightning:``."""
    bare = text.strip()
    scheme = _SCHEME.match(bare)
    return bare[scheme.end() :] if scheme else bare


class _Values:
    """What the fields hold, by type. Every method raises InvoiceError."""

    __slots__ = ("_counting", "_parts")

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._counting = [f for f in parts.tagged if f.state is FieldState.READ]

    def all_of(self, tag: str) -> list[Field]:
        return [field for field in self._counting if field.tag == tag]

    def only(self, tag: str) -> Field | None:
        for field in self._counting:
            if field.tag == tag:
                return field
        return None

    def optional_bytes(self, tag: str) -> bytes | None:
        field = self.only(tag)
        return None if field is None else self._bytes(field)

    def required_bytes(self, tag: str) -> bytes:
        field = self.only(tag)
        if field is None:
            why = f"it has no {FIELD_NAMES[tag]} (field {tag})"
            raise InvoiceError(why, self._parts.fields_start)
        return self._bytes(field)

    def description(self) -> bytes | None:
        described, hashed = self.only("d"), self.only("h")
        if described is None:
            if hashed is None:
                why = "it has neither a description nor a description hash"
                raise InvoiceError(why, self._parts.fields_start)
            return None
        if hashed is not None:
            late = max(described.start, hashed.start)
            raise InvoiceError("it has both a description and a description hash", late)
        text = self._bytes(described)
        try:
            text.decode()
        except UnicodeDecodeError:
            raise InvoiceError("the description is not UTF-8", described.start) from None
        return text

    def number(self, tag: str, default: int) -> int:
        field = self.only(tag)
        if field is None:
            return default
        number = self._number(field)
        if number >= _MAX_NUMBER:
            raise InvoiceError(f"the {field.name} does not fit into 64 bits", field.start)
        return number

    def features(self, lenient: bool) -> Features:
        field = self.only("9")
        if field is None:
            return Features()
        features = Features(self._number(field))
        unknown = () if lenient else features.unknown_required
        if unknown:
            bits = ", ".join(map(str, unknown[:3])) + (", …" if unknown[3:] else "")
            why = f"it requires features that are unknown here (bits {bits})"
            raise InvoiceError(why, field.start)
        return features

    def route_hint(self, field: Field) -> tuple[Hop, ...]:
        data = self._bytes(field)
        if not data or len(data) % _HOP_BYTES:
            raise InvoiceError("a route hint is not made of whole hops", field.start)
        return tuple(_hop(data[at : at + _HOP_BYTES]) for at in range(0, len(data), _HOP_BYTES))

    def fallback(self, field: Field) -> Fallback:
        body = field.start + HEADER
        version = int(self._parts.digits[body : body + 1], 32)
        program = self._bytes(field, skip=1)
        try:
            return Fallback(version, program, address(self._parts.network, version, program))
        except ValueError as error:
            raise InvoiceError(f"a fallback address is wrong: {error}", field.start) from None

    def signature(self) -> tuple[bytes, int]:
        """The 64 bytes of the signature and the recovery id behind them."""
        start = self._parts.signature_start
        data = whole_bytes(self._parts.digits[start : start + SIGNATURE])
        if data[64] > _MAX_RECOVERY_ID:
            raise InvoiceError("the signature's recovery id is not 0 to 3", start + SIGNATURE - 1)
        return data[:64], data[64]

    def _number(self, field: Field) -> int:
        return int(self._parts.digits[field.start + HEADER : field.end] or b"0", 32)

    def _bytes(self, field: Field, skip: int = 0) -> bytes:
        try:
            return whole_bytes(self._parts.digits[field.start + HEADER + skip : field.end])
        except NotWholeBytesError:
            why = f"the {field.name} has spare bits that are not zero"
            raise InvoiceError(why, field.start) from None


def _hop(data: bytes) -> Hop:
    ends = ((33, 41), (41, 45), (45, 49), (49, 51))
    return Hop(data[:33], *(int.from_bytes(data[start:end], "big") for start, end in ends))


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
