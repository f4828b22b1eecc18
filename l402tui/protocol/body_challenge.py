"""Does the body of a 402 say what has to be paid, and does it say the same as the header?

Many servers repeat the bill in a JSON body, for people and for clients that read no headers; some
give it there alone. The names of the fields differ from server to server, so each is known by what
it means. What could be read two ways is refused: a name that is given twice, and two names for one
thing that disagree.

The header is the bill (L402 protocol specification, HTTP protocol flow). Whatever the body says
besides is held against it by :func:`agree`.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from l402tui.protocol.amount import MAX_MSAT, Msat, format_msat
from l402tui.protocol.auth_header import IN_BODY, AuthChallenge, AuthParam, Deviation, Quoting
from l402tui.protocol.challenge import (
    MAX_INVOICE,
    MAX_TOKEN,
    L402Challenge,
    TokenParam,
    sendable,
)
from l402tui.protocol.errors import ChallengeError, DecodeError, InvoiceError
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.json_spans import Entry, JsonText
from l402tui.protocol.text import Shown, say, shown

__all__ = [
    "MAX_BODY",
    "BodyChallenge",
    "BodyField",
    "Means",
    "agree",
    "read_body_challenge",
    "read_hash",
]

MAX_BODY: Final = 65_536
"""Bytes of a body that are read; a longer one is not looked at."""


class Means(Enum):
    """What a field of the body is for."""

    TOKEN = "token"
    INVOICE = "invoice"
    HASH = "payment hash"
    AMOUNT = "amount"
    EXPIRY = "expiry"
    FORMAT = "token format"
    PROTOCOL = "protocol"


# Names without case, - and _. Amounts also say how many msat one of them is.
_MSAT: Final = {
    "amountsats": 1_000, "amountsat": 1_000, "pricesats": 1_000, "pricesat": 1_000,
    "sats": 1_000, "amountmsats": 1, "amountmsat": 1, "pricemsats": 1, "pricemsat": 1,
}  # fmt: skip
_MEANINGS: Final = {
    "macaroon": Means.TOKEN,
    "token": Means.TOKEN,
    "invoice": Means.INVOICE,
    "paymentrequest": Means.INVOICE,
    "lightninginvoice": Means.INVOICE,
    "bolt11": Means.INVOICE,
    "paymenthash": Means.HASH,
    "rhash": Means.HASH,
    **dict.fromkeys(_MSAT, Means.AMOUNT),
    "expiresinseconds": Means.EXPIRY,
    "expiresin": Means.EXPIRY,
    "tokenexpiryseconds": Means.EXPIRY,
    "tokenformat": Means.FORMAT,
    "protocol": Means.PROTOCOL,
}
_ONCE: Final = (Means.TOKEN, Means.INVOICE, Means.HASH, Means.AMOUNT)
_READ_TYPES: Final = (b"json", b"text/plain", b"octet-stream")
_NAMED: Final = re.compile(rb'"(?:macaroon|invoice|payment_?request|bolt11)"', re.IGNORECASE)
_DIGITS: Final = re.compile(r"\d{1,19}", re.ASCII)
_HEX_HASH: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_BASE64_HASH: Final = re.compile(r"[A-Za-z0-9+/_-]{43}=", re.ASCII)


class BodyField(NamedTuple):
    """One field of the body that says something about the payment."""

    name: str
    """As written."""
    means: Means
    value: str | int
    """Text as JSON has it, or a number."""
    start: int
    end: int
    """``body[start:end]`` is the value, inside its quotes where it has some."""

    @property
    def raw(self) -> bytes:
        """The value in UTF-8, escapes undone."""
        return str(self.value).encode("utf-8", "surrogatepass")

    @property
    def plain_name(self) -> str:
        """Its name without case, ``-`` and ``_``."""
        return _plain(self.name)


@dataclass(frozen=True, slots=True)
class BodyChallenge:
    """What a JSON body says about a payment. Only :func:`read_body_challenge` makes it."""

    body: bytes = field(repr=False)
    fields: tuple[BodyField, ...]
    """Those whose meaning is known, in order."""
    troubles: tuple[ChallengeError, ...]
    """Why it cannot be used; the offsets are bytes of the body."""

    def meaning(self, means: Means) -> BodyField | None:
        """The first field that means this."""
        return next((found for found in self.fields if found.means is means), None)

    @property
    def payment_hash(self) -> bytes | None:
        """32 bytes, out of hex or base64; None where it names none that can be read."""
        found = self.meaning(Means.HASH)
        return None if found is None else read_hash(found.value)

    @property
    def amount(self) -> Msat | None:
        """The price it names (msat); None where it names none that can be read."""
        found = self.meaning(Means.AMOUNT)
        return None if found is None else _msat(found)

    @property
    def expires_in(self) -> int | None:
        """Seconds for which it says the offer or the token is good."""
        found = self.meaning(Means.EXPIRY)
        return None if found is None else _number(found.value)

    def as_challenge(self) -> L402Challenge:
        """The bill it presents, marked with ``Deviation.IN_BODY``.

        Raises ChallengeError where it has no token or no invoice, and where it says two things.
        """
        if self.troubles:
            raise self.troubles[0]
        token, invoice = self.meaning(Means.TOKEN), self.meaning(Means.INVOICE)
        if token is None or invoice is None:
            missing = [w for w, have in (("token", token), ("invoice", invoice)) if have is None]
            raise ChallengeError(f"the body has no {' and no '.join(missing)}")
        read = sendable(token.raw, "token", MAX_TOKEN, token.start)
        bill = sendable(invoice.raw, "invoice", MAX_INVOICE, invoice.start)
        params = tuple(
            AuthParam(f.name, f.raw, Quoting.DOUBLE, f.start, f.end, f.start, f.end)
            for f in (token, invoice)
        )
        deviations = (Deviation.IN_BODY,)
        source = AuthChallenge("L402", params, None, IN_BODY, 0, len(self.body), deviations)
        return L402Challenge("L402", read, self._param(), bill, None, (), deviations, source)

    def _param(self) -> TokenParam:
        names = {found.plain_name for found in self.fields if found.means is Means.TOKEN}
        if len(names) > 1:
            return "both"
        return "token" if "token" in names else "macaroon"


def read_body_challenge(body: bytes, content_type: bytes | None = None) -> BodyChallenge | None:
    """What a 402's JSON body says about the payment.

    None where it is no JSON object or names neither an invoice nor a macaroon. ``content_type`` is
    the header's value: a body that is said to be a page or a picture is not looked at. Never
    raises: what is wrong with it is in :attr:`BodyChallenge.troubles`.
    """
    if len(body) > MAX_BODY or not body.lstrip(b" \t\r\n").startswith(b"{"):
        return None
    if content_type is not None and not any(t in content_type.lower() for t in _READ_TYPES):
        return None
    try:
        text = JsonText(body)
        entries = text.inside(text.top)
    except DecodeError as error:
        if not _NAMED.search(body):
            return None
        return BodyChallenge(body, (), (ChallengeError(error.why, error.offset),))
    fields = tuple(read for read in map(_field, entries) if read is not None)
    told = {found.means for found in fields}
    named = any(found.plain_name == "macaroon" for found in fields)
    if Means.INVOICE not in told and not named:
        return None
    return BodyChallenge(body, fields, tuple(_contradictions(fields)))


def agree(header: L402Challenge | None, body: BodyChallenge) -> tuple[Shown, ...]:
    """In what the body differs from the header, and from the invoice; a sentence each.

    With None for ``header`` the body is held against its own invoice.
    """
    told: list[Shown] = []
    token, invoice = body.meaning(Means.TOKEN), body.meaning(Means.INVOICE)
    if header is not None and token is not None and token.value != header.token:
        told.append(say("The token in the body is another one than in the header."))
    text = None if invoice is None else str(invoice.value)
    if header is not None:
        if text is not None and text.lower() != header.invoice.lower():
            told.append(say("The invoice in the body is another one than in the header."))
        text = header.invoice
    try:
        bill = None if text is None else Invoice.decode(text, lenient_features=True)
    except InvoiceError:
        bill = None
    return (*told, *_against_invoice(body, bill))


def _against_invoice(body: BodyChallenge, bill: Invoice | None) -> list[Shown]:
    told: list[Shown] = []
    named, amount = body.meaning(Means.HASH), body.meaning(Means.AMOUNT)
    if named is not None and body.payment_hash is None:
        told.append(say("What the body calls {} is no hash of 32 bytes.", shown(named.name, 40)))
    elif named is not None and bill is not None and body.payment_hash != bill.payment_hash:
        told.append(
            say("The body names another payment hash than the invoice, which has {}.",
                shown(bill.payment_hash.hex()))
        )  # fmt: skip
    if amount is not None and body.amount is None:
        told.append(say("What the body calls {} is no amount.", shown(amount.name, 40)))
    elif body.amount is not None and bill is not None and body.amount != bill.amount:
        asked = "leaves the amount open" if bill.amount is None else None
        told.append(
            say("The body says {}, the invoice {}.", say(format_msat(body.amount)),
                say(asked or format_msat(bill.amount or 0)))
        )  # fmt: skip
    return told


def _field(entry: Entry) -> BodyField | None:
    means = _MEANINGS.get(_plain(entry.name))
    value, start, end = entry.value, entry.start, entry.end
    if isinstance(value, str):
        start, end = start + 1, end - 1
    elif type(value) is not int or means in (Means.TOKEN, Means.INVOICE):
        return None
    return None if means is None else BodyField(entry.name, means, value, start, end)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _contradictions(fields: tuple[BodyField, ...]) -> list[ChallengeError]:
    """Two fields that mean one thing must say one thing."""
    troubles: list[ChallengeError] = []
    first: dict[Means, BodyField] = {}
    for found in fields:
        if found.means not in _ONCE:
            continue
        before = first.setdefault(found.means, found)
        if before is not found and _worth(before) != _worth(found):
            why = f"the body names its {found.means.value} twice, and they differ"
            troubles.append(ChallengeError(why, found.start))
    return troubles


def _worth(found: BodyField) -> object:
    """The value by which two fields of one meaning are compared."""
    if found.means is Means.AMOUNT:
        return _msat(found)
    if found.means is Means.HASH:
        return read_hash(found.value) or found.value
    return found.value


def _number(value: str | int) -> int | None:
    if isinstance(value, str):
        return int(value) if _DIGITS.fullmatch(value) else None
    return value if value >= 0 else None


def _msat(found: BodyField) -> Msat | None:
    number = _number(found.value)
    if number is None or number * _MSAT[found.plain_name] > MAX_MSAT:
        return None
    return Msat(number * _MSAT[found.plain_name])


def read_hash(value: str | int) -> bytes | None:
    """32 bytes as servers write them in JSON: in hex, or (as lnd does) in base64; None for anything
    else."""
    if not isinstance(value, str):
        return None
    if _HEX_HASH.fullmatch(value):
        return bytes.fromhex(value)
    if not _BASE64_HASH.fullmatch(value):
        return None
    try:
        raw = b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
    except Base64Error:
        return None
    return raw if len(raw) == 32 else None
