"""What is a token made of that is no macaroon?

The shapes in which :mod:`~l402tui.protocol.token` hands out what servers put where a macaroon
belongs: the kind, who could have made it, and every field with the bytes it was read from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from l402tui.protocol.caveats import Condition, Expiry, Unit, expiry_of, read_condition
from l402tui.protocol.conditions import counted
from l402tui.protocol.json_spans import Entry

__all__ = [
    "CONDITIONS",
    "DIGEST",
    "Block",
    "Foreign",
    "Part",
    "Role",
    "TokenKind",
    "Trust",
    "condition_part",
    "json_part",
    "moment_of",
    "opaque",
    "role_of",
]

DIGEST: Final = (
    "What stands in the place of the signature is the plain SHA-256 of the payload, which needs "
    "no key."
)


class Trust(Enum):
    """Who could have made a token, and whether its holder can narrow it."""

    CHAIN = "signed chain"
    """Made by the server; every holder can add a condition, and nobody can take one away."""
    BLOB = "signed blob, cannot be attenuated"
    """Made by the server as a whole; nobody else can change anything in it."""
    UNSIGNED = "unsigned, anyone can forge this"
    """Nothing in it needs a key."""
    UNKNOWN = "unknown, nothing in it shows who made it"
    """It is opaque, or what it says is readable and how it is protected is not."""


class TokenKind(Enum):
    """What a token is, judged by its structure and never by what it is called."""

    MACAROON = "macaroon"
    UNSIGNED_JSON = "unsigned JSON"
    """An object of plain facts: a payment hash, a time, a resource, and no signature."""
    CHAINED_JSON = "JSON with chained caveats"
    """``{"id","location","caveats":[{"key","value"}],"signature"}``, SettleGrid's form."""
    SIGNED_JSON = "signed JSON"
    """``{"payload":"…","sig":"hex"}``, cashu-l402's form: one signature over the payload text."""
    PAYLOAD_HMAC = "payload and HMAC"
    """``base64url(JSON).hex(HMAC-SHA256)``, the form of the Alby 402 proxy and of bolthub."""
    RUNE = "rune"
    """32 bytes of authentication code and restrictions."""
    JWT = "JWT"
    """``header.claims.signature`` (RFC 7519)."""
    JSON = "JSON of an unknown form"
    OPAQUE = "opaque token"


class Role(Enum):
    """What a field is there for."""

    PAYMENT_HASH = "payment hash"
    EXPIRY = "expiry"
    ISSUED = "issued"
    NOT_BEFORE = "not before"
    RESOURCE = "resource"
    AMOUNT = "amount"
    LOCATION = "location"
    ID = "id"
    ALGORITHM = "algorithm"
    PREIMAGE = "preimage"
    SIGNATURE = "signature"
    CAVEATS = "caveats"
    CAVEAT = "caveat"
    PAYLOAD = "payload"
    RESTRICTION = "restriction"
    """One of a rune's; with several alternatives they are its parts."""
    FIELD = "field"
    """Anything else."""


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a token. Name and value come from outside."""

    role: Role
    name: str
    value: bytes = field(repr=False)
    """As it means: a JSON string without its quotes and escapes, anything else as written."""
    start: int
    end: int
    """The block's bytes ``start`` to ``end`` are the value as it is written."""
    parts: tuple[Part, ...] = ()
    expiry: Expiry | None = None
    """The moment an expiry (or another time) names; None where it names none."""
    compare: str = "="
    """How a rune's restriction compares the field with the value."""

    def walk(self) -> Iterator[Part]:
        """This part and everything below it."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True, slots=True)
class Block:
    """Bytes that were decoded in one piece, and the fields in them."""

    name: str
    """A word of ours."""
    raw: bytes = field(repr=False)
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Foreign:
    """A token that is no macaroon."""

    kind: TokenKind
    trust: Trust
    text: str = field(repr=False)
    """Exactly as it came; it goes back to the server like this."""
    written: str
    """In which letters it came, in words of ours."""
    blocks: tuple[Block, ...] = ()
    note: str = ""
    """Sentences of ours about this one token: why it is unsigned, or what was tried."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """All its fields, those inside others after them."""
        return tuple(
            inner for block in self.blocks for part in block.parts for inner in part.walk()
        )

    @property
    def payment_hash(self) -> bytes | None:
        """The 32 bytes it names as payment hash; None where it names none, or two."""
        named = {bytes.fromhex(p.value.decode()) for p in self._all(Role.PAYMENT_HASH)}
        return named.pop() if len(named) == 1 else None

    @property
    def expiry(self) -> Expiry | None:
        """The earliest end it names."""
        ends = (part.expiry for part in self._all(Role.EXPIRY))
        return min((end for end in ends if end is not None), key=lambda end: end.at, default=None)

    def _all(self, role: Role) -> Iterator[Part]:
        return (part for part in self.parts if part.role is role)


_HASH: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_NAMES: Final = {
    Role.PAYMENT_HASH: "paymentHash payment_hash rHash r_hash",
    Role.EXPIRY: "exp expiresAt expires_at expires expiry expiration validUntil valid_until",
    Role.ISSUED: "iat issuedAt issued_at createdAt created_at",
    Role.NOT_BEFORE: "nbf",
    Role.RESOURCE: "resource url path endpoint service method aud",
    Role.AMOUNT: "amount amount_sats amountSats amount_msat price price_sats priceSats",
    Role.LOCATION: "location iss",
    Role.ID: "id jti identifier",
    Role.PREIMAGE: "preimage payment_preimage paymentPreimage",
    Role.SIGNATURE: "signature sig hmac mac",
}
_ROLES: Final = {name: role for role, names in _NAMES.items() for name in names.split()}
_TIMES: Final = (Role.EXPIRY, Role.ISSUED, Role.NOT_BEFORE)
CONDITIONS: Final = (*_TIMES, Role.PAYMENT_HASH, Role.PREIMAGE, Role.RESOURCE, Role.AMOUNT)
"""What a caveat can be besides a plain condition."""
_NUMBERS: Final = (*_TIMES, Role.AMOUNT)
_LARGEST: Final = 10**20
"""No time is written with more than 20 digits; infinity is beyond it too."""


def json_part(entry: Entry, raw: bytes, unit: Unit = Unit.BY_SIZE) -> Part:
    """One field of a JSON object, with the role that its name and its value agree on.

    ``unit`` says in what a time counts where it is written as a number.
    """
    role, value = _ROLES.get(entry.name, Role.FIELD), entry.value
    text = isinstance(value, str)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (text or (number and role in _NUMBERS)):
        role = Role.FIELD
    if role is Role.PAYMENT_HASH and not _HASH.fullmatch(value):
        role = Role.FIELD
    moment = moment_of(value, unit) if role in _TIMES else None
    if text:
        plain = value.encode("utf-8", "surrogatepass")
        return Part(role, entry.name, plain, entry.start + 1, entry.end - 1, expiry=moment)
    start, end = entry.start, entry.end
    return Part(role, entry.name, raw[start:end], start, end, expiry=moment)


def moment_of(value: object, unit: Unit = Unit.BY_SIZE) -> Expiry | None:
    """The moment that a number (in ``unit``) or a text (the same, or an RFC 3339 date) names."""
    if isinstance(value, str):
        if not value.isascii() or len(value) > 40:
            return None
        if not value.isdigit():
            return expiry_of(Condition(b"valid_until", value.encode("ascii"), False))
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 <= value < _LARGEST:
        return None
    return counted(int(value), unit, 0)


def condition_part(cid: bytes, start: int, end: int) -> Part:
    """A caveat written ``key=value``, over the bytes ``start`` to ``end``."""
    condition = read_condition(cid)
    if condition is None:
        return Part(Role.CAVEAT, "caveat", cid, start, end)
    name = condition.key.decode("utf-8", "replace")
    role = role_of(name, condition.value)
    expiry = expiry_of(condition)
    if expiry is not None:
        role = Role.EXPIRY
    return Part(role, name, condition.value, start, end, expiry=expiry)


def role_of(name: str, value: bytes) -> Role:
    """The role of a condition, where its name and its value agree on one."""
    role = _ROLES.get(name, Role.CAVEAT)
    if role is Role.PAYMENT_HASH:
        return role if _HASH.fullmatch(value.decode("latin-1")) else Role.CAVEAT
    return role if role in CONDITIONS and role not in _TIMES else Role.CAVEAT


def opaque(text: str, written: str, tried: str) -> Foreign:
    """A token of which nothing can be read. ``tried`` says, in words of ours, as what."""
    return Foreign(TokenKind.OPAQUE, Trust.UNKNOWN, text, written, note=f"Tried: {tried}.")
