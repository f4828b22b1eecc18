"""Which payment hash does an invoice carry that is refused?

An invoice is refused as a whole: an older one without a payment secret must not be paid, and is yet
the bill its token was made for. So that the two can be held against each other, the hash is read on
its own here, where the checksum shows that no character of it was changed. Whoever signed it is
not asked, so nothing from here may ever reach a payment.
"""

from __future__ import annotations

from l402tui.protocol.errors import InvoiceError
from l402tui.protocol.invoice_parts import FieldState, split_invoice
from l402tui.protocol.invoice_values import read_bytes

__all__ = ["glimpsed_hash", "lacks_secret"]


def glimpsed_hash(text: str) -> bytes | None:
    """The 32 bytes in the first payment hash field; None where that cannot be read for certain."""
    return _field(text, "p")


def lacks_secret(text: str) -> bool:
    """Whether it is written as invoices were before payment secrets: its checksum is right, it has
    a payment hash, and no payment secret."""
    return _field(text, "p") is not None and _field(text, "s") is None


def _field(text: str, tag: str) -> bytes | None:
    try:
        parts = split_invoice(text)
        found = (f for f in parts.tagged if f.tag == tag and f.state is FieldState.READ)
        field = next(found, None)
        return None if field is None else read_bytes(field, parts.digits)
    except InvoiceError:
        return None
