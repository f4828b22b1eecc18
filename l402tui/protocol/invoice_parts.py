"""Where in an invoice's text does each part stand?

The first half of reading an invoice (:mod:`~l402tui.protocol.invoice` is the second): the letters,
the checksum, the network and the amount, and then which characters belong to which field. What the
fields hold is not looked at here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple

from l402tui.protocol.amount import Msat, hrp_amount
from l402tui.protocol.bech32 import BECH32, CHECKSUM, residue, to_base32, to_quintets
from l402tui.protocol.errors import AmountError, InvoiceError
from l402tui.protocol.network import P2SH, Network

__all__ = [
    "FIELD_NAMES",
    "HEAD",
    "HEADER",
    "MAX_CHARACTERS",
    "SIGNATURE",
    "TIMESTAMP",
    "Field",
    "FieldState",
    "Parts",
    "split_invoice",
    "tagged_fields",
]

MAX_CHARACTERS: Final = 7_089
"""The most a QR code holds (digits only, version 40, level L); no invoice needs to be longer."""
TIMESTAMP: Final = 7
"""Characters of the timestamp."""
SIGNATURE: Final = 104
"""Characters of the signature and its recovery id."""
HEADER: Final = 3
"""Characters of a tagged field before its data: the letter, and two for the length."""
FIELD_NAMES: Final = {
    "p": "payment hash",
    "s": "payment secret",
    "d": "description",
    "h": "description hash",
    "n": "payee",
    "x": "expiry",
    "c": "min final CLTV expiry",
    "f": "fallback address",
    "r": "route hint",
    "9": "features",
    "m": "metadata",
}
_FIXED_LENGTH: Final = {"p": 52, "h": 52, "s": 52, "n": 53}
_MAY_REPEAT: Final = frozenset("fr")
HEAD: Final = re.compile(r"ln([a-z]+)(.*)", re.DOTALL)
"""What stands before the separator: the network's letters, then the amount."""
_OTHER_KINDS: Final = {
    "lno": "this is a BOLT-12 offer, which is another protocol",
    "lnr": "this is a BOLT-12 invoice request, which is another protocol",
    "lni": "this is a BOLT-12 invoice, which is another protocol",
    "lnurl": "this is an LNURL, which names a web page and not a payment",
}


class FieldState(Enum):
    """What the reader did with a field."""

    READ = "read"
    SKIPPED = "skipped"
    """Unknown, or of a form that BOLT-11 tells readers to pass over."""
    REPEATED = "repeated"
    """It came before, and the first one counts."""


class Field(NamedTuple):
    """A part of the invoice's text, from character ``start`` (included) to ``end`` (excluded)."""

    tag: str
    """The field's letter; empty for the parts that every invoice has in a fixed place."""
    name: str
    """``payment hash``, ``route hint``, ``checksum``; ``unknown`` for an unknown letter."""
    data: str
    """Its characters, five bits each, without the letter and the length before them."""
    start: int
    end: int
    state: FieldState = FieldState.READ


class Parts(NamedTuple):
    """An invoice's text, cut up."""

    text: str
    """In lower case."""
    digits: bytes
    """Its characters as base-32 digits, each in the same place as in :attr:`text`."""
    network: Network
    amount: Msat | None
    prefix: str
    """All before the separator; the signature covers it as it is written."""
    data_start: int
    """Where the timestamp begins."""
    fields_start: int
    signature_start: int
    tagged: tuple[Field, ...]

    def layout(self) -> tuple[Field, ...]:
        """Every part of the text in order, also those that stand in a fixed place."""
        text, separator = self.text, self.data_start - 1

        def part(name: str, start: int, end: int) -> Field:
            return Field("", name, text[start:end], start, end)

        amount = 2 + len(self.network.value)
        return (
            part("prefix", 0, amount),
            *((part("amount", amount, separator),) if amount < separator else ()),
            part("separator", separator, self.data_start),
            part("timestamp", self.data_start, self.fields_start),
            *self.tagged,
            part("signature", self.signature_start, self.signature_start + SIGNATURE),
            part("checksum", len(text) - CHECKSUM, len(text)),
        )


def split_invoice(text: str) -> Parts:
    """Check the checksum and cut the invoice up. Raises InvoiceError."""
    text = _canonical(text)
    separator, network, amount = _head(text)
    digits = to_base32(text.encode())
    data_start = separator + 1
    fields_start = data_start + TIMESTAMP
    signature_start = len(text) - CHECKSUM - SIGNATURE
    return Parts(
        text,
        digits,
        network,
        amount,
        text[:separator],
        data_start,
        fields_start,
        signature_start,
        tuple(tagged_fields(text, digits, fields_start, signature_start)),
    )


def _canonical(text: str) -> str:
    """The invoice in lower case, after everything that can be said without decoding it."""
    if len(text) > MAX_CHARACTERS:
        raise InvoiceError(f"it is longer than {MAX_CHARACTERS} characters", MAX_CHARACTERS)
    if not text.isascii():
        raise InvoiceError("it holds a character that is not ASCII", _first_outside_ascii(text))
    lower = text.lower()
    if text not in (lower, text.upper()):
        first = next(char for char in text if char.isalpha()).islower()
        place = next(at for at, c in enumerate(text) if c.isalpha() and c.islower() != first)
        raise InvoiceError("it mixes upper and lower case", place)
    return lower


def _first_outside_ascii(text: str) -> int:
    return next(at for at, char in enumerate(text) if not char.isascii())


def _head(text: str) -> tuple[int, Network, Msat | None]:
    """The separator's place, the network and the amount, once the checksum is known to be right."""
    separator = text.rfind("1")
    head = HEAD.fullmatch(text[:separator]) if separator >= 0 else None
    if head is None:
        raise InvoiceError("it does not begin like a Lightning invoice (lnbc…)", 0)
    known_as = _OTHER_KINDS.get(text[:separator])
    if known_as is not None:
        raise InvoiceError(known_as, 0)
    if len(text) - separator - 1 < TIMESTAMP + SIGNATURE + CHECKSUM:
        raise InvoiceError("it is too short: something is cut off", len(text))
    try:
        values = to_quintets(text[separator + 1 :].encode())
    except ValueError as bad:
        place = separator + 1 + int(bad.args[0])
        raise InvoiceError("it holds a character that invoices do not use", place) from None
    if residue(text[:separator].encode(), values) != BECH32:
        raise InvoiceError("the checksum is wrong: a character was changed or lost")
    try:
        network = Network(head[1])
    except ValueError:
        raise InvoiceError("its network is unknown", 2) from None
    try:
        return separator, network, hrp_amount(head[2]) if head[2] else None
    except AmountError as error:
        raise InvoiceError(error.why, head.start(2)) from None


def tagged_fields(text: str, digits: bytes, start: int, end: int) -> Iterator[Field]:
    """The tagged fields from ``start`` to ``end``, in order.

    Raises InvoiceError where one runs beyond the end, after those before it were given.
    """
    seen: set[str] = set()
    at = start
    while at < end:
        body = at + HEADER
        stop = body + int(digits[at + 1 : body] or b"0", 32)
        if stop > end:
            raise InvoiceError("a field runs into the signature", at)
        tag = text[at]
        state = FieldState.READ
        if _passed_over(tag, digits[body:stop]):
            state = FieldState.SKIPPED
        elif tag in seen and tag not in _MAY_REPEAT:
            state = FieldState.REPEATED
        else:
            seen.add(tag)
        yield Field(tag, FIELD_NAMES.get(tag, "unknown"), text[body:stop], at, stop, state)
        at = stop


def _passed_over(tag: str, digits: bytes) -> bool:
    """Whether readers must take no notice of such a field (BOLT-11, requirements for a reader)."""
    if tag in _FIXED_LENGTH:
        return len(digits) != _FIXED_LENGTH[tag]
    if tag == "f":
        return int(digits[:1] or b"v", 32) > P2SH
    return tag not in FIELD_NAMES
