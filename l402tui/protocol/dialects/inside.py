"""What do the dialects carry inside one another?

JSON in base64 in a header, and Lightning invoices in JSON. Both are read here, with the places and
the reasons that a tree needs.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Final

from l402tui.protocol.body_challenge import read_hash
from l402tui.protocol.dialects.kinds import DialectError
from l402tui.protocol.dialects.located import Item, Number, read_json
from l402tui.protocol.errors import DecodeError, InvoiceError
from l402tui.protocol.invoice import Invoice, strip_uri

__all__ = [
    "MAX_BODY",
    "Bolt11",
    "Reader",
    "from_base64",
    "json_from_base64",
    "read_invoice",
]

MAX_BODY: Final = 65_536
"""Bytes of a JSON body that are looked at; a longer one is not."""

_ALPHABET: Final = re.compile(rb"[A-Za-z0-9+/\-_]*+")


@dataclass(frozen=True, slots=True)
class Bolt11:
    """An invoice that stood in another protocol's text."""

    text: str
    at: Item
    invoice: Invoice | None
    """None where it cannot be read for certain."""
    error: InvoiceError | None

    def disagrees(
        self, msat: int | None = None, payment_hash: str | None = None, network: str | None = None
    ) -> str:
        """Why the invoice is not the one that the text around it describes; empty where it is.

        ``payment_hash`` in hex or base64; ``network`` is a word such as ``regtest``. What is None
        is not compared.
        """
        if self.invoice is None:
            return ""
        if msat is not None and self.invoice.amount not in (None, msat):
            return "the invoice asks for another amount"
        if payment_hash is not None and read_hash(payment_hash) != self.invoice.payment_hash:
            if read_hash(payment_hash) is None:
                return "what is called its payment hash is no hash of 32 bytes"
            return "the invoice has another payment hash"
        if network is not None and network != self.invoice.network.word:
            return "the invoice is of another network"
        return ""


def read_invoice(item: Item) -> Bolt11:
    """Decode an invoice. ``item`` holds text. Never raises: the error is in the result."""
    text = str(item.value)
    try:
        return Bolt11(text, item, Invoice.decode(strip_uri(text), lenient_features=True), None)
    except InvoiceError as error:
        return Bolt11(text, item, None, error)


def from_base64(raw: bytes) -> tuple[bytes, tuple[DialectError, ...]]:
    """Read either alphabet of base64, with padding or without, and say what is wrong with it.

    What stands before a foreign character is read. Never raises.
    """
    problems: list[DialectError] = []
    match = _ALPHABET.match(raw)
    end = 0 if match is None else match.end()
    rest = raw[end:]
    if rest.strip(b"="):
        problems.append(DialectError("this is no character of base64", end))
    elif len(rest) not in (0, -end % 4):
        problems.append(DialectError("the padding is not as long as it should be", end))
    if end % 4 == 1:
        problems.append(DialectError("a base64 text cannot be this long: one character over", end))
        end -= 1
    body = raw[:end].translate(bytes.maketrans(b"-_", b"+/"))
    return base64.b64decode(body + b"=" * (-end % 4)), tuple(problems)


def json_from_base64(raw: bytes) -> tuple[bytes, Item | None, tuple[DialectError, ...]]:
    """The bytes that base64 carries, the JSON in them as far as it reads, and what is wrong.

    Offsets of problems count in the header's value for base64, in the decoded bytes for JSON.
    """
    if len(raw) > MAX_BODY:
        return b"", None, (DialectError("it is longer than 64 KiB", MAX_BODY),)
    data, problems = from_base64(raw)
    item, error = read_json(data)
    if error is not None:
        problems = (*problems, DialectError(f"in the decoded text: {error.why}", error.offset))
    return data, item, problems


@dataclass(slots=True)
class Reader:
    """Takes the members of one object by name and type, and notes what is not as it should be."""

    item: Item
    problems: list[DialectError] = field(default_factory=list)

    def need(self, *names: str) -> None:
        """Note which of these members are missing."""
        for name in names:
            if self.item.get(name) is None:
                self.problems.append(DialectError(f"{name} is missing", self.item.start))

    def text(self, name: str) -> str | None:
        """A member that should be text."""
        found = self.item.get(name)
        if found is None:
            return None
        if isinstance(found.value, str) and not isinstance(found.value, Number):
            return found.value
        self.problems.append(DialectError(f"{name} should be text", found.start))
        return None

    def whole(self, name: str, *, most: int = 2**256 - 1) -> int | None:
        """A member that should be a whole number, in digits or as a number, from 0 to ``most``."""
        found = self.item.get(name)
        if found is None:
            return None
        value = found.value
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 78:
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most:
            return value
        self.problems.append(DialectError(f"{name} should be a whole number", found.start))
        return None

    def texts(self, name: str) -> tuple[str, ...]:
        """A member that should be a list of texts; other elements are left out."""
        found = self.item.get(name)
        if found is None:
            return ()
        values = tuple(e.value for e in found.elements)
        texts = tuple(v for v in values if isinstance(v, str) and not isinstance(v, Number))
        if not isinstance(found.value, tuple) or len(texts) < len(values):
            self.problems.append(DialectError(f"{name} should be a list of texts", found.start))
        return texts

    def objects(self, name: str) -> tuple[Item, ...]:
        """A member that should be a list of objects; other elements are left out."""
        found = self.item.get(name)
        if found is None:
            return ()
        objects = tuple(e for e in found.elements if isinstance(e.value, dict))
        if not isinstance(found.value, tuple) or len(objects) < len(found.elements):
            self.problems.append(DialectError(f"{name} should be a list of objects", found.start))
        return objects

    def invoice(self, name: str) -> Bolt11 | None:
        """A member that should be a BOLT-11 invoice."""
        text = self.text(name)
        found = self.item.get(name)
        if text is None or found is None:
            return None
        bolt11 = read_invoice(found)
        if bolt11.error is not None:
            self.problems.append(DialectError(_unreadable(bolt11.error), found.start))
        return bolt11


def _unreadable(error: DecodeError) -> str:
    return f"the invoice cannot be read for certain: {error.why}"
