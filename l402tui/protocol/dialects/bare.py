"""Is there an invoice in the body, and no token with it?

Some servers give ``{"invoice": ..., "payment_hash": ...}`` and later let in whoever names the
payment hash. The invoice is decoded and held against the hash beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from l402tui.protocol.dialects.evidence import Evidence
from l402tui.protocol.dialects.inside import Bolt11, Reader
from l402tui.protocol.dialects.kinds import Demand, DialectError, Difference, Kind, Words

__all__ = ["BareInvoice", "decode"]

_WORDS: Final = Words(
    "It gives a Lightning invoice but no token: the server goes by the payment hash.",
    "Any Lightning wallet could pay it, but the receipt would prove nothing to the server.",
    Difference(
        "How often the payment hash is accepted is up to the server.",
        "There is no token to narrow; the hash itself works for everyone who sees the invoice.",
        "The server has to be trusted to remember what was paid.",
        "The payment hash is no secret, as a preimage is, and proves nothing.",
    ),
)
_INVOICE: Final = ("invoice", "payment_request", "paymentRequest", "bolt11")
_HASH: Final = ("payment_hash", "paymentHash", "r_hash")


@dataclass(frozen=True, slots=True, kw_only=True)
class BareInvoice(Demand):
    """An invoice and what stood beside it."""

    invoice: Bolt11
    payment_hash: str | None
    agrees: bool | None
    """Whether that hash is the invoice's; None where one of them cannot be read."""


def decode(evidence: Evidence) -> BareInvoice | None:
    """The invoice in the body; None where there is none."""
    item = evidence.json
    if item is None:
        return None
    fields = Reader(item)
    name = next((name for name in _INVOICE if item.text(name) is not None), None)
    invoice = None if name is None else fields.invoice(name)
    if invoice is None:
        return None
    named = next((name for name in _HASH if item.text(name) is not None), None)
    payment_hash = None if named is None else item.text(named)
    agrees = None
    if payment_hash is not None and invoice.invoice is not None:
        wrong = invoice.disagrees(payment_hash=payment_hash)
        agrees = not wrong
        found = item.get(named or "")
        if wrong and found is not None:
            fields.problems.append(DialectError(wrong, found.start))
    return BareInvoice(
        kind=Kind.INVOICE_ONLY,
        words=_WORDS,
        source=evidence.source(),
        invoice=invoice,
        payment_hash=payment_hash,
        agrees=agrees,
        problems=(*evidence.problems, *fields.problems),
    )
