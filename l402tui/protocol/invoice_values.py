"""What does each tagged field of an invoice hold?

The second half of reading an invoice, after :mod:`~l402tui.protocol.invoice_parts` has cut it up.
One function for each kind of field turns its characters into a value or raises InvoiceError;
``digits`` are always those of the whole invoice (:attr:`~l402tui.protocol.invoice_parts.Parts`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from l402tui.protocol.bech32 import NotWholeBytesError, whole_bytes
from l402tui.protocol.errors import InvoiceError
from l402tui.protocol.features import Features
from l402tui.protocol.invoice_parts import HEADER, SIGNATURE, Field
from l402tui.protocol.network import Network, address

__all__ = [
    "HOP_BYTES",
    "Fallback",
    "Hop",
    "read_bytes",
    "read_fallback",
    "read_features",
    "read_number",
    "read_route_hint",
    "read_signature",
    "read_text",
]

HOP_BYTES: Final = 51
"""How long one hop of a route hint is (BOLT-11, field ``r``)."""

_MAX_NUMBER: Final = 2**64
_MAX_RECOVERY_ID: Final = 3


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


def read_bytes(field: Field, digits: bytes, skip: int = 0) -> bytes:
    """The bytes of a field, after ``skip`` characters. Bits to spare must be zero."""
    try:
        return whole_bytes(digits[field.start + HEADER + skip : field.end])
    except NotWholeBytesError:
        why = f"the {field.name} has spare bits that are not zero"
        raise InvoiceError(why, field.start) from None


def read_text(field: Field, digits: bytes) -> bytes:
    """A description: bytes that are UTF-8."""
    text = read_bytes(field, digits)
    try:
        text.decode()
    except UnicodeDecodeError:
        raise InvoiceError("the description is not UTF-8", field.start) from None
    return text


def read_number(field: Field, digits: bytes) -> int:
    """An expiry or a CLTV expiry; no digits at all are 0."""
    number = _number(field, digits)
    if number >= _MAX_NUMBER:
        raise InvoiceError(f"the {field.name} does not fit into 64 bits", field.start)
    return number


def read_features(field: Field, digits: bytes, *, lenient: bool) -> Features:
    """Feature bits. Unless ``lenient``, none that is required may be unknown."""
    features = Features(_number(field, digits))
    unknown = () if lenient else features.unknown_required
    if unknown:
        bits = ", ".join(map(str, unknown[:3])) + (", …" if unknown[3:] else "")
        why = f"it requires features that are unknown here (bits {bits})"
        raise InvoiceError(why, field.start)
    return features


def read_route_hint(field: Field, digits: bytes) -> tuple[Hop, ...]:
    """The hops of one route, at least one."""
    data = read_bytes(field, digits)
    if not data or len(data) % HOP_BYTES:
        raise InvoiceError("a route hint is not made of whole hops", field.start)
    return tuple(_hop(data[at : at + HOP_BYTES]) for at in range(0, len(data), HOP_BYTES))


def read_fallback(field: Field, digits: bytes, network: Network) -> Fallback:
    """A fallback, and its address as it is written on ``network``."""
    body = field.start + HEADER
    version = int(digits[body : body + 1], 32)
    program = read_bytes(field, digits, skip=1)
    try:
        return Fallback(version, program, address(network, version, program))
    except ValueError as error:
        raise InvoiceError(f"a fallback address is wrong: {error}", field.start) from None


def read_signature(digits: bytes, start: int) -> tuple[bytes, int]:
    """The 64 bytes of the signature that begins at ``start``, and the recovery id behind them."""
    data = whole_bytes(digits[start : start + SIGNATURE])
    if data[64] > _MAX_RECOVERY_ID:
        raise InvoiceError("the signature's recovery id is not 0 to 3", start + SIGNATURE - 1)
    return data[:64], data[64]


def _number(field: Field, digits: bytes) -> int:
    return int(digits[field.start + HEADER : field.end] or b"0", 32)


def _hop(data: bytes) -> Hop:
    ends = ((33, 41), (41, 45), (45, 49), (49, 51))
    return Hop(data[:33], *(int.from_bytes(data[start:end], "big") for start, end in ends))
