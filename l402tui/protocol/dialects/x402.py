"""What does an x402 server want, on which chain, and could a Lightning wallet pay it?

Version 1 puts a JSON object into the body, version 2 puts it as base64 into the header
``PAYMENT-REQUIRED``. Both list choices under ``accepts``. Where a choice is on Bitcoin and carries
an invoice, the invoice is decoded too and compared with what the choice says about it.

Sources: x402 specification versions 1 and 2, its HTTP transport, CAIP-2; for Lightning the drafts
in which ``network`` is ``bip122:...`` or ``lightning:...``, ``amount`` counts millisatoshi and
``extra.invoice`` is a BOLT-11 invoice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from l402tui.protocol.dialects.amounts import (
    Chain,
    bitcoin_words,
    chain,
    number_words,
    token_words,
)
from l402tui.protocol.dialects.evidence import Evidence
from l402tui.protocol.dialects.inside import Bolt11, Reader, json_from_base64
from l402tui.protocol.dialects.kinds import (
    Demand,
    DialectError,
    Difference,
    Kind,
    Source,
    Where,
    Words,
)
from l402tui.protocol.dialects.located import Item, plain
from l402tui.protocol.text import Shown, say, shown

__all__ = ["MOST_CHOICES", "X402", "Choice", "decode", "read_x402"]

MOST_CHOICES: Final = 32
"""Entries of ``accepts`` that are decoded; the others are only shown."""

_DIFFERENT: Final = Difference(
    "It buys one answer and cannot be used again.",
    "There is no token that could be narrowed or handed on.",
    "The chain has to be trusted, and usually a facilitator that checks the signed "
    "transfer and brings it there.",
    "The proof is an entry on a chain that everyone can read.",
)
_LIGHTNING_DIFFERENT: Final = Difference(
    "It buys one answer and cannot be used again.",
    "There is no token that could be narrowed or handed on.",
    "The server has to be trusted to remember what was paid, and that it was used up.",
    "The preimage proves the payment, as in L402, but no token is tied to it.",
)
_WORDS: Final = {
    Kind.X402_V1: Words(
        "It asks for a payment in a token on a public chain, usually a stablecoin; the choices "
        "are in the JSON body.",
        "An x402 wallet that holds the token could pay it; a Lightning wallet cannot.",
        _DIFFERENT,
    ),
    Kind.X402_V2: Words(
        "It asks for a payment in a token on a public chain, usually a stablecoin; the choices "
        "are in the PAYMENT-REQUIRED header.",
        "An x402 wallet that holds the token could pay it; a Lightning wallet cannot.",
        _DIFFERENT,
    ),
    Kind.X402_OTHER: Words(
        "It speaks a version of x402 that is not known here.",
        "A wallet for that version could pay it.",
        _DIFFERENT,
    ),
    Kind.X402_LIGHTNING: Words(
        "It speaks x402, and at least one of its choices is paid over Lightning with the invoice "
        "it brings.",
        "A Lightning wallet could pay that invoice; to collect the answer it takes an x402 client "
        "that sends the preimage back.",
        _LIGHTNING_DIFFERENT,
    ),
}

_WITHOUT_INVOICE: Final = Words(
    "It speaks x402, and at least one of its choices is paid over Lightning; there is no invoice "
    "in it that can be read.",
    "An x402 client that knows how to get the invoice could pay it; a Lightning wallet alone "
    "cannot.",
    _LIGHTNING_DIFFERENT,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of ``accepts``."""

    at: Item
    scheme: str | None
    network: Chain | None
    amount: int | None
    """Base units of the asset; of BTC on Lightning they are millisatoshi."""
    asset: str | None
    asset_name: str | None
    """What the token calls itself (``extra.name``)."""
    pay_to: str | None
    timeout: int | None
    """Seconds the payment may take."""
    invoice: Bolt11 | None

    @property
    def lightning(self) -> bool:
        """Whether it is paid over Lightning."""
        if self.network is None:
            return False
        return self.network.lightning or (self.network.bitcoin and self.invoice is not None)

    @property
    def _in_bitcoin(self) -> bool:
        """Whether the asset is bitcoin itself: only of that it is known what the amount counts."""
        return self.asset is not None and self.asset.upper() == "BTC"

    @property
    def msat(self) -> int | None:
        """What has to be paid over Lightning in millisatoshi; None where that is not certain."""
        return self.amount if self.lightning and self._in_bitcoin else None

    def amount_words(self) -> Shown | None:
        """The amount with its unit, as far as that is certain; None where there is none."""
        if self.amount is None:
            return None
        if self.lightning and self._in_bitcoin:
            return bitcoin_words(self.amount)
        if self.lightning and self.asset:
            return say("{} base units of {}", number_words(self.amount), shown(self.asset, 60))
        return token_words(self.amount, self.network, self.asset, self.asset_name or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class X402(Demand):
    """A PaymentRequired object."""

    version: int | None
    reason: str | None
    """Why payment is required, in the server's words."""
    resource: str | None
    choices: tuple[Choice, ...]


def decode(evidence: Evidence) -> X402 | None:
    """The demand in the header or, where there is none, in the body; None where it is no x402."""
    header = evidence.first("payment-required")
    if header is not None:
        data, item, problems = json_from_base64(header)
        source = Source(Where.HEADER, "payment-required", data, item)
        twice = len(evidence.headers["payment-required"]) > 1
        if twice:
            problems = (*problems, DialectError("the header is there more than once", None))
        demand = read_x402(source, item, problems, Kind.X402_V2)
        return _with_body(demand, evidence, item)
    marked = evidence.first("payment-protocol") or b""
    if _is_x402(evidence.json) or marked.strip().lower() == b"x402":
        source = evidence.source()
        return read_x402(source, evidence.json, evidence.problems, Kind.X402_V1)
    return None


def _is_x402(item: Item | None) -> bool:
    if item is None:
        return False
    version = item.get("x402Version")
    if version is not None and isinstance(version.value, int):
        return not isinstance(version.value, bool)
    accepts = item.get("accepts")
    return accepts is not None and any(
        entry.text("scheme") and (entry.text("network") or entry.text("payTo"))
        for entry in accepts.elements
    )


def read_x402(
    source: Source, item: Item | None, problems: tuple[DialectError, ...], default: Kind
) -> X402:
    """Decode a PaymentRequired object; ``default`` is the version where it names none."""
    if item is None or not isinstance(item.value, dict):
        why = DialectError("there is no JSON object in it", 0)
        problems = problems or (why,)
        return X402(
            kind=default, words=_WORDS[default], source=source, problems=problems,
            version=None, reason=None, resource=None, choices=(),
        )  # fmt: skip
    fields = Reader(item)
    version = fields.whole("x402Version", most=1_000_000)
    entries = fields.objects("accepts")
    fields.need("accepts")
    choices = tuple(_choice(entry, fields) for entry in entries[:MOST_CHOICES])
    kind = _kind(version, default)
    if any(choice.lightning for choice in choices):
        kind = Kind.X402_LIGHTNING
    words = _WORDS[kind]
    invoices = [choice.invoice.invoice for choice in choices if choice.invoice is not None]
    if kind is Kind.X402_LIGHTNING and not any(invoices):
        words = _WITHOUT_INVOICE
    resource = item.text("resource", "url") or item.text("resource")
    return X402(
        kind=kind,
        words=words,
        source=source,
        problems=(*problems, *fields.problems),
        version=version,
        reason=item.text("error"),
        resource=resource,
        choices=choices,
    )


def _kind(version: int | None, default: Kind) -> Kind:
    if version is None:
        return default
    return {1: Kind.X402_V1, 2: Kind.X402_V2}.get(version, Kind.X402_OTHER)


def _choice(entry: Item, fields: Reader) -> Choice:
    """One entry. Both versions' names are read; where both stand there the later version counts."""
    mine = Reader(entry, fields.problems)
    network = mine.text("network")
    old = entry.get("amount") is None and entry.get("maxAmountRequired") is not None
    extra = entry.get("extra")
    more = Reader(extra, fields.problems) if extra is not None else None
    choice = Choice(
        at=entry,
        scheme=mine.text("scheme"),
        network=None if network is None else chain(network),
        amount=mine.whole("maxAmountRequired" if old else "amount"),
        asset=mine.text("asset"),
        asset_name=None if extra is None else extra.text("name"),
        pay_to=mine.text("payTo"),
        timeout=mine.whole("maxTimeoutSeconds", most=2**53),
        invoice=None if more is None or not _carries_invoice(network) else more.invoice("invoice"),
    )
    if choice.invoice is not None:
        wrong = choice.invoice.disagrees(choice.msat, entry.text("extra", "paymentHash"))
        if wrong:
            fields.problems.append(DialectError(wrong, choice.invoice.at.start))
    return choice


def _carries_invoice(network: str | None) -> bool:
    """Whether ``extra.invoice`` on this network is an invoice of Lightning."""
    return network is not None and chain(network).bitcoin


def _with_body(demand: X402, evidence: Evidence, item: Item | None) -> X402:
    """Where the body says it again and says something else, nobody knows which is meant."""
    mine, other = None if item is None else item.get("accepts"), evidence.json
    theirs = None if other is None else other.get("accepts")
    if mine is None or theirs is None or plain(mine) == plain(theirs):
        return demand
    why = DialectError("the body lists other choices than the header", None)
    return replace(demand, problems=(*demand.problems, why))
