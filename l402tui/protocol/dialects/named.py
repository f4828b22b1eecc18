"""What else is named here, without being decoded to the end?

L402 in other places than its header: an ``Accept-Payment`` line, a dry run, a manifest of prices.
And payment protocols that are out of scope: those are recognised by marks that nothing else has,
named, and left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from l402tui.protocol.amount import MAX_MSAT
from l402tui.protocol.auth_header import AuthChallenge, read_line
from l402tui.protocol.dialects.evidence import Evidence
from l402tui.protocol.dialects.inside import Bolt11, Reader, read_invoice
from l402tui.protocol.dialects.kinds import Demand, DialectError, Difference, Kind, Words
from l402tui.protocol.dialects.located import Item

__all__ = [
    "AcceptPayment",
    "DryRun",
    "Endpoint",
    "Manifest",
    "NamedOnly",
    "accept_payment",
    "dry_run",
    "manifest",
    "named",
]

_ACCEPT: Final = Words(
    "It gives an invoice and a token for L402, in a header named Accept-Payment.",
    "A Lightning wallet could pay the invoice. Only a client that reads this header can go on; "
    "this program pays what stands in WWW-Authenticate.",
    Difference(
        "As with L402: for as long as the token is good.",
        "Whether the token can be narrowed depends on what it is.",
        "The server has to be trusted for what the token opens.",
        "The preimage is the proof, as in L402.",
    ),
)
_DRY: Final = Words(
    "It asks for nothing: it lets the request through and says what it would have asked for. A "
    "challenge in such a header is an example, not a bill.",
    "Nothing has to be paid.",
    None,
)
_MANIFEST: Final = Words(
    "It asks for nothing yet: it is a price list of endpoints that ask for L402.",
    "A Lightning wallet could pay the endpoints it lists. Each gives its own bill when it is "
    "asked, and that bill is what counts.",
    None,
)
_NAMED: Final = Words(
    "It wants a payment by another protocol, which is only named here.",
    "A client for that protocol could pay it; a Lightning wallet cannot.",
    Difference(
        "That depends on the permission that the payer gave.",
        "There is no macaroon: nothing can be narrowed without whoever signed it.",
        "Those in between have to be trusted: card networks, payment companies, wallets.",
        "The proof is in the books of those in between.",
    ),
)
_PROTOCOLS: Final = {
    "ap2": "AP2 (Agent Payments Protocol)",
    "acp": "ACP (Agentic Commerce Protocol)",
    "ucp": "UCP (Universal Commerce Protocol)",
    "kyapay": "KYAPay",
    "visa-tap": "Visa TAP (Trusted Agent Protocol)",
    "mastercard-vi": "Mastercard's agent payments",
    "circle-nano": "Circle's nanopayments",
    "alipay": "Alipay's ACTP",
    "emvco": "EMVCo's agent payments",
    "drain": "DRAIN",
}
"""What a field or header ``protocol`` may say."""
_MOST: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptPayment(Demand):
    """A challenge in an ``Accept-Payment`` header of a response."""

    challenge: AuthChallenge
    price: str | None
    """As written."""
    token: str | None
    invoice: Bolt11 | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun(Demand):
    """What would have been asked for."""

    price: int | None
    """Millisatoshi."""
    challenge: bytes | None
    """The header's value, for whoever wants to read it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One line of a price list."""

    at: Item
    path: str | None
    method: str | None
    price: int | None
    """Satoshi."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest(Demand):
    """A price list."""

    service: str | None
    default_price: int | None
    """Satoshi."""
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedOnly(Demand):
    """A protocol that is named and not decoded."""

    name: str
    """Ours."""


def accept_payment(evidence: Evidence) -> AcceptPayment | None:
    """The challenge in ``Accept-Payment``; None where that header says something else.

    In requests of the Payment scheme the same header lists preferences.
    """
    value = evidence.first("accept-payment")
    if value is None or value[:5].upper() not in (b"L402 ", b"LSAT "):
        return None
    found, stopped = read_line(value, 0, 1)
    partial = None if stopped is None else stopped.partial
    challenge = found[0] if found else partial
    if challenge is None:
        return None
    problems = [] if stopped is None else [DialectError(stopped.error.why, stopped.error.offset)]
    text = {p.name.lower(): p.value.decode("utf-8", "replace") for p in challenge.params}
    invoice = None
    for param in challenge.named("invoice")[:1]:
        invoice = read_invoice(Item(text["invoice"], param.value_start, param.value_end))
        if invoice.error is not None:
            why = f"the invoice cannot be read for certain: {invoice.error.why}"
            problems.append(DialectError(why, param.value_start))
    return AcceptPayment(
        kind=Kind.ACCEPT_PAYMENT,
        words=_ACCEPT,
        problems=tuple(problems),
        challenge=challenge,
        price=text.get("price"),
        token=text.get("macaroon") or text.get("token"),
        invoice=invoice,
    )


def dry_run(evidence: Evidence) -> DryRun | None:
    """The headers of a dry run; None where there are none."""
    if evidence.first("x-l402-dry-run") is None:
        return None
    price = evidence.first("x-l402-dry-run-price-msat")
    digits = price is not None and price.isdigit() and len(price) <= 20
    amount = int(price) if price is not None and digits else None
    problems = []
    if price is not None and (amount is None or amount > MAX_MSAT):
        amount = None
        problems.append(DialectError("the price should be a whole number of msat", 0))
    return DryRun(
        kind=Kind.DRY_RUN,
        words=_DRY,
        problems=tuple(problems),
        price=amount,
        challenge=evidence.first("x-l402-dry-run-challenge"),
    )


def manifest(evidence: Evidence) -> Manifest | None:
    """The price list in the body; None where the body is none."""
    item = evidence.json
    if item is None:
        return None
    service, endpoints = item.get("service"), item.get("endpoints")
    ours = item.get("l402") is not None or (
        endpoints is not None and any(e.get("l402_enabled") for e in endpoints.elements)
    )
    if service is None or endpoints is None or not ours:
        return None
    fields = Reader(item)
    l402 = item.get("l402")
    default = None
    if l402 is not None:
        default = Reader(l402, fields.problems).whole("default_price_sats", most=MAX_MSAT // 1_000)
    return Manifest(
        kind=Kind.MANIFEST,
        words=_MANIFEST,
        source=evidence.source(),
        service=item.text("service", "name"),
        default_price=default,
        endpoints=tuple(_endpoint(e, fields) for e in fields.objects("endpoints")[:_MOST]),
        problems=(*evidence.problems, *fields.problems),
    )


def _endpoint(entry: Item, fields: Reader) -> Endpoint:
    pricing = entry.get("pricing")
    price = None
    if pricing is not None:
        price = Reader(pricing, fields.problems).whole("base_price_sats", most=MAX_MSAT // 1_000)
    return Endpoint(entry, entry.text("path"), entry.text("method"), price)


def named(evidence: Evidence) -> NamedOnly | None:
    """A protocol known by name only; None where no certain mark is there."""
    item = evidence.json
    marks = [(evidence.first("x-settlegrid-protocol") or b"").decode("latin-1")]
    if item is not None:
        marks.append(item.text("protocol") or "")
        if any(name.startswith("ap2.mandates.") for name in item.members):
            marks.append("ap2")
        if item.get("ucp", "version") is not None:
            marks.append("ucp")
    name = next((_PROTOCOLS[m.lower()] for m in marks if m.lower() in _PROTOCOLS), None)
    if name is None:
        return None
    return NamedOnly(
        kind=Kind.NAMED,
        words=_NAMED,
        source=evidence.source() if item is not None else None,
        problems=evidence.problems,
        name=name,
    )
