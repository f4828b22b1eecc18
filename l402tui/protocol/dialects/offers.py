"""What does a server sell that lists offers in version 0.2.2 of a protocol also called L402?

The body names a payment address and a list of offers, each with an amount in the smallest unit of
a currency. Only buying one of them brings an invoice, a checkout page or an address.

Source: l402-protocol/l402, response format 0.2.2 and its page on currencies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from l402tui.protocol.dialects.amounts import currency_words
from l402tui.protocol.dialects.evidence import Evidence
from l402tui.protocol.dialects.inside import Reader
from l402tui.protocol.dialects.kinds import Demand, Difference, Kind, Words
from l402tui.protocol.dialects.located import Item
from l402tui.protocol.text import Shown

__all__ = ["MOST_OFFERS", "Offer", "Offers", "decode"]

_VERSION: Final = "0.2.2"
MOST_OFFERS: Final = 64
"""Offers that are decoded; the others are only shown."""

_WORDS: Final = Words(
    "It lists offers that are bought on the server's own payment page; which way to pay is chosen "
    "there.",
    "A client for these offers could pay it. Where an offer names lightning, the page gives an "
    "invoice that a Lightning wallet could pay.",
    Difference(
        "How long it lasts is up to the offer: once, a balance, or a time.",
        "It has the name of L402 and is another protocol: there is no macaroon, so "
        "nothing can be narrowed or handed on.",
        "The server has to be trusted to remember what was paid.",
        "No preimage is shown: the server's own memory is the proof.",
    ),
)


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing for sale."""

    at: Item
    id: str | None
    title: str | None
    type: str | None
    """``one-time``, ``subscription`` or ``top-up``."""
    amount: int | None
    """In the smallest unit of :attr:`currency`."""
    currency: str | None
    methods: tuple[str, ...]

    def amount_words(self) -> Shown | None:
        """The amount with its unit; None where either is missing."""
        if self.amount is None or self.currency is None:
            return None
        return currency_words(self.amount, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers(Demand):
    """The whole list."""

    version: str | None
    payment_url: str | None
    offers: tuple[Offer, ...]


def decode(evidence: Evidence) -> Offers | None:
    """The offers in the body; None where there is no list of them."""
    item = evidence.json
    listed = None if item is None else item.get("offers")
    if item is None or listed is None or not isinstance(listed.value, tuple):
        return None
    if item.text("payment_request_url") is None and item.text("version") != _VERSION:
        return None  # many things have offers
    fields = Reader(item)
    fields.need("payment_request_url", "payment_context_token")
    return Offers(
        kind=Kind.OFFERS,
        words=_WORDS,
        source=evidence.source(),
        version=fields.text("version"),
        payment_url=fields.text("payment_request_url"),
        offers=tuple(_offer(entry, fields) for entry in fields.objects("offers")[:MOST_OFFERS]),
        problems=(*evidence.problems, *fields.problems),
    )


def _offer(entry: Item, fields: Reader) -> Offer:
    mine = Reader(entry, fields.problems)
    mine.need("id", "amount", "currency")
    return Offer(
        at=entry,
        id=mine.text("id"),
        title=mine.text("title"),
        type=mine.text("type"),
        amount=mine.whole("amount"),
        currency=mine.text("currency"),
        methods=mine.texts("payment_methods"),
    )
