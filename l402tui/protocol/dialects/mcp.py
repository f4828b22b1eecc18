"""Does a JSON-RPC message of the Model Context Protocol ask for payment?

MCP has no status codes, so the request for payment stands in the result of a tool: for x402 under
``structuredContent`` (or as text in ``content``) or ``paymentRequired``, for the Payment scheme in
an error with code -32042, for bolthub's profile under ``_meta["ai.bolthub/payment"]``.

Sources: x402 transport for MCP, draft-payment-transport-mcp, the Tool Payment Profile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from l402tui.protocol.dialects.amounts import currency_words
from l402tui.protocol.dialects.evidence import Evidence
from l402tui.protocol.dialects.inside import Bolt11, Reader
from l402tui.protocol.dialects.kinds import (
    Demand,
    DialectError,
    Difference,
    Kind,
    Source,
    Where,
    Words,
)
from l402tui.protocol.dialects.located import Item, read_json
from l402tui.protocol.dialects.x402 import X402, read_x402
from l402tui.protocol.text import Shown

__all__ = ["McpPayment", "RpcChallenge", "ToolOffer", "decode"]

PAYMENT_REQUIRED: Final = -32_042
"""The JSON-RPC error code of the Payment scheme."""
TPP: Final = "ai.bolthub/payment"
_MOST: Final = 32

_X402: Final = Words(
    "A tool of an MCP server asks for an x402 payment. This is no HTTP 402: the message is the "
    "result of a call.",
    "An MCP client with an x402 wallet could pay it, with the payment under _meta of the next "
    "call.",
    Difference(
        "It buys one call of a tool.",
        "There is no token that could be narrowed or handed on.",
        "The chain has to be trusted, and usually a facilitator that brings the signed "
        "transfer there.",
        "The proof is an entry on a chain that everyone can read.",
    ),
)
_MPP: Final = Words(
    "A JSON-RPC server asks for a payment by the Payment scheme. This is no HTTP 402: the message "
    "is an error with code -32042.",
    "A client for that scheme and the named method could pay it.",
    Difference(
        "A charge is good for one call.",
        "There is no macaroon: nothing can be narrowed or handed on.",
        "Who is between payer and server depends on the method.",
        "The proof is that of the method; with lightning it is the preimage.",
    ),
)
_TPP: Final = Words(
    "A tool of an MCP server asks for a payment by bolthub's Tool Payment Profile. This is no HTTP "
    "402: the message is the result of a call.",
    "Where an offer has scheme l402, a Lightning wallet could pay its invoice; the token and the "
    "preimage then go under _meta of the next call.",
    Difference(
        "The token is good for as long as the server says.",
        "It can be handed on, but it is signed by the server alone: no caveat can be added to it.",
        "Nobody has to be trusted for the payment; the server for what the token opens.",
        "The preimage is the proof, as in L402.",
    ),
)


@dataclass(frozen=True, slots=True)
class RpcChallenge:
    """A challenge of the Payment scheme as JSON-RPC carries it."""

    at: Item
    id: str | None
    method: str | None
    intent: str | None
    amount: int | None
    currency: str | None

    def amount_words(self) -> Shown | None:
        """The amount with its unit; None where either is missing."""
        if self.amount is None or self.currency is None:
            return None
        return currency_words(self.amount, self.currency)


@dataclass(frozen=True, slots=True)
class ToolOffer:
    """One way to pay for a call of a tool (TPP)."""

    at: Item
    scheme: str | None
    amount: int | None
    asset: str | None
    invoice: Bolt11 | None

    def amount_words(self) -> Shown | None:
        """The amount with its unit; None where either is missing."""
        if self.amount is None or self.asset is None:
            return None
        return currency_words(self.amount, self.asset)


@dataclass(frozen=True, slots=True, kw_only=True)
class McpPayment(Demand):
    """What the message asks for; one of the three is there."""

    x402: X402 | None = None
    challenges: tuple[RpcChallenge, ...] = ()
    offers: tuple[ToolOffer, ...] = ()


def decode(evidence: Evidence) -> McpPayment | None:
    """The request for payment in a JSON-RPC message or a tool's result; None where none is."""
    item = evidence.json
    if item is None:
        return None
    result = item.get("result") or item
    source = evidence.source()
    return (
        _by_error(item, source, evidence)
        or _by_profile(result, source, evidence)
        or _by_x402(result, source, evidence)
    )


def _by_error(item: Item, source: Source, evidence: Evidence) -> McpPayment | None:
    code, data = item.get("error", "code"), item.get("error", "data")
    if code is None or code.value != PAYMENT_REQUIRED or data is None:
        return None
    fields = Reader(data)
    fields.need("challenges")
    found = tuple(_challenge(entry, fields) for entry in fields.objects("challenges")[:_MOST])
    return McpPayment(
        kind=Kind.MCP_MPP, words=_MPP, source=source, challenges=found,
        problems=(*evidence.problems, *fields.problems),
    )  # fmt: skip


def _challenge(entry: Item, fields: Reader) -> RpcChallenge:
    mine = Reader(entry, fields.problems)
    mine.need("id", "realm", "method", "intent", "request")
    request = entry.get("request")
    inner = None if request is None else Reader(request, fields.problems)
    return RpcChallenge(
        at=entry,
        id=mine.text("id"),
        method=mine.text("method"),
        intent=mine.text("intent"),
        amount=None if inner is None else inner.whole("amount"),
        currency=None if inner is None else inner.text("currency"),
    )


def _by_profile(result: Item, source: Source, evidence: Evidence) -> McpPayment | None:
    found = result.get("_meta", TPP)
    if found is None or found.text("status") != "payment_required":
        return None
    fields = Reader(found)
    offers = tuple(_offer(entry, fields) for entry in fields.objects("offers")[:_MOST])
    return McpPayment(
        kind=Kind.MCP_TPP, words=_TPP, source=source, offers=offers,
        problems=(*evidence.problems, *fields.problems),
    )  # fmt: skip


def _offer(entry: Item, fields: Reader) -> ToolOffer:
    mine = Reader(entry, fields.problems)
    amount, asset = mine.whole("amount"), mine.text("asset")
    invoice = mine.invoice("invoice")
    if invoice is not None:
        wrong = invoice.disagrees(amount * 1_000 if amount and asset == "sat" else None)
        if wrong:
            fields.problems.append(DialectError(wrong, invoice.at.start))
    return ToolOffer(entry, mine.text("scheme"), amount, asset, invoice)


def _by_x402(result: Item, source: Source, evidence: Evidence) -> McpPayment | None:
    found = result.get("paymentRequired")
    failed = result.get("isError")
    if found is None and failed is not None and failed.value is True:
        found = result.get("structuredContent")
        if found is None or found.get("x402Version") is None:
            found, source = _from_text(result, source)
    if found is None or found.get("x402Version") is None or found.get("accepts") is None:
        return None
    x402 = read_x402(source, found, evidence.problems, Kind.X402_V2)
    words = _X402 if x402.kind is not Kind.X402_LIGHTNING else replace_payers(x402.words)
    return McpPayment(
        kind=Kind.MCP_X402, words=words, source=source, problems=x402.problems, x402=x402
    )


def replace_payers(words: Words) -> Words:
    """The words for a tool that is paid over Lightning by way of x402."""
    return Words(_X402.asks, words.could_pay, words.different)


def _from_text(result: Item, source: Source) -> tuple[Item | None, Source]:
    """The same object as text, for clients that have no structured content."""
    content = result.get("content")
    for element in () if content is None else content.elements:
        text = element.text("text")
        if text is not None and "x402Version" in text:
            data = text.encode("utf-8", "surrogatepass")
            item, _ = read_json(data)
            return item, replace(source, where=Where.HEADER, name="text", data=data, item=item)
    return None, source
