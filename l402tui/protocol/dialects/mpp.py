"""What does a challenge of the ``Payment`` scheme want, and is it written as the draft says?

The IETF draft has ``WWW-Authenticate: Payment id, realm, method, intent, request``; ``request`` is
canonical JSON (RFC 8785) in base64url, and what stands in it depends on the method. Its invoice is
decoded and compared with what stands beside it. Two other ways to write the scheme are told apart
from that: a simplified form with ``invoice=`` in the header, and scheme ``MPP``.

Sources: draft-httpauth-payment, its ``charge`` and ``session`` intents, its lightning, tempo and
stripe methods; RFC 3339 (times), RFC 9530 (digests).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from l402tui.protocol.auth_header import AuthChallenge
from l402tui.protocol.dialects.amounts import currency_words, msat_per, token_words
from l402tui.protocol.dialects.canonical import not_canonical
from l402tui.protocol.dialects.evidence import Evidence
from l402tui.protocol.dialects.inside import Bolt11, Reader, json_from_base64, read_invoice
from l402tui.protocol.dialects.kinds import (
    Demand,
    DialectError,
    Difference,
    Kind,
    Source,
    Where,
    Words,
)
from l402tui.protocol.dialects.located import Item
from l402tui.protocol.dialects.rails import lists_rails
from l402tui.protocol.text import Shown, say, shown

__all__ = [
    "INTENTS",
    "METHODS",
    "MppBill",
    "PaymentChallenge",
    "decode",
    "method_words",
    "way_words",
]

METHODS: Final = {
    "lightning": "A Lightning wallet could pay the invoice; the preimage then goes back in "
    "Authorization: Payment, so it takes a client for this scheme to collect the answer.",
    "tempo": "A wallet for the chain Tempo that holds the named token could pay it; a Lightning "
    "wallet cannot.",
    "stripe": "A client with an account at Stripe could pay it, by card or what else is named; a "
    "Lightning wallet cannot.",
    "evm": "A wallet for an Ethereum-like chain could pay it; a Lightning wallet cannot.",
    "usdc": "A wallet that holds USDC could pay it; a Lightning wallet cannot.",
    "solana": "A wallet for Solana could pay it; a Lightning wallet cannot.",
    "card": "A client that may use a payment card could pay it; a Lightning wallet cannot.",
}
"""What could pay each method."""
INTENTS: Final = {
    "charge": "One payment for one answer.",
    "session": "A deposit from which many answers are paid; what is left comes back at the end.",
    "subscription": "The same amount again in every period, until somebody ends it.",
    "authorize": "A permission to charge later.",
}
_DIFFERENT: Final = Difference(
    "A charge is good for one request; a session is used until its deposit is spent or refunded.",
    "There is no macaroon: nothing can be narrowed or handed on.",
    "The server has to be trusted with a session's deposit, and with other methods "
    "than lightning the payment company or the chain.",
    "With method lightning the preimage is the proof, else what the company or the chain says.",
)
_ASKS: Final = "It uses the Payment scheme, which can carry many ways of paying."
_GENERAL: Final = Words(
    _ASKS, "A client for that scheme and the named method could pay it.", _DIFFERENT
)
_SIMPLE: Final = Words(
    "It names an invoice in the Payment scheme, in a shorter form than the IETF draft has.",
    "A Lightning wallet could pay the invoice; a client that knows this form sends the preimage "
    "back.",
    Difference(
        "It is good for one request.",
        "There is no token that could be narrowed or handed on.",
        "The server has to be trusted to remember what the invoice was for: nothing "
        "ties the preimage to the request.",
        "The preimage is the proof.",
    ),
)
_ELSEWHERE: Final = (
    "There is no invoice in it that a Lightning wallet could pay; the server would have to give "
    "one elsewhere."
)
_SIMPLE_ELSEWHERE: Final = Words(
    "It uses the Payment scheme in a shorter form than the IETF draft has, and names an invoice "
    "that cannot be read.",
    _ELSEWHERE,
    _SIMPLE.different,
)
_REQUIRED: Final = ("id", "realm", "method", "intent", "request")
# RFC 3339 section 5.6; what fromisoformat of Python 3.11 reads is wider.
_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DIGEST: Final = re.compile(
    r"(?:sha-256|sha-512)=:[A-Za-z0-9+/]+={0,2}:(?:, ?(?:sha-256|sha-512)=:[A-Za-z0-9+/]+={0,2}:)*"
)
_NETWORKS: Final = {"mainnet": "bitcoin", "regtest": "regtest", "signet": "signet"}


@dataclass(frozen=True, slots=True)
class PaymentChallenge:
    """One ``Payment`` challenge."""

    source: AuthChallenge
    id: str | None
    realm: str | None
    method: str | None
    intent: str | None
    expires: float | None
    """Unix seconds."""
    digest: str | None
    description: str | None
    request: Source | None
    """The decoded JSON; offsets of :attr:`request_problems` count in it."""
    request_problems: tuple[DialectError, ...]
    opaque: Source | None
    amount: int | None
    """In the smallest unit of :attr:`currency`."""
    currency: str | None
    invoice: Bolt11 | None
    problems: tuple[DialectError, ...]
    """Offsets count in the header line."""

    def amount_words(self) -> Shown | None:
        """The amount with its unit, as far as that is certain."""
        if self.amount is None or self.currency is None:
            return None
        if self.currency.startswith("0x"):
            number = token_words(self.amount, None, None, "")
            return say("{} of the token {}", number, shown(self.currency, 60))
        return currency_words(self.amount, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class MppBill(Demand):
    """Every challenge of the scheme in a response; a client chooses one."""

    challenges: tuple[PaymentChallenge, ...]
    problem: Item | None = None
    """The body, where it is RFC 9457 problem details."""


def method_words(method: str | None) -> str:
    """What could pay a method; a general sentence for one that is not known here."""
    return METHODS.get(method or "", _GENERAL.could_pay)


def decode(evidence: Evidence) -> MppBill | None:
    """The challenges of scheme Payment or MPP; None where there is none."""
    found = [c for c in evidence.challenges("payment", "mpp") if not lists_rails(c)]
    if not found:
        return None
    challenges = tuple(_challenge(challenge) for challenge in found)
    problems = tuple(error for c in challenges for error in (*c.problems, *c.request_problems))
    simple = all(challenge.request is None for challenge in challenges)
    if simple and any(challenge.invoice is not None for challenge in challenges):
        kind = Kind.MPP_SIMPLE
        words = _SIMPLE if any(map(_payable, challenges)) else _SIMPLE_ELSEWHERE
    else:
        kind = Kind.MPP
        ways = {way_words(challenge) for challenge in challenges}
        words = Words(_ASKS, " ".join(sorted(ways)), _DIFFERENT)
    title = None if evidence.json is None else evidence.json.text("type")
    return MppBill(
        kind=kind,
        words=words,
        source=evidence.source() if title is not None else None,
        problems=problems,
        challenges=challenges,
        problem=evidence.json if title is not None else None,
    )


def _payable(challenge: PaymentChallenge) -> bool:
    """Whether there is an invoice in it that can be read."""
    return challenge.invoice is not None and challenge.invoice.invoice is not None


def way_words(challenge: PaymentChallenge) -> str:
    """What could pay this challenge, by its method and by the invoice in it."""
    if challenge.method == "lightning" and not _payable(challenge):
        return _ELSEWHERE
    return method_words(challenge.method)


def _challenge(challenge: AuthChallenge) -> PaymentChallenge:
    values = {p.name.lower(): (p.value, p.value_start) for p in reversed(challenge.params)}
    text = {name: value.decode("utf-8", "replace") for name, (value, _) in values.items()}
    starts = {name: start for name, (_, start) in values.items()}
    problems: list[DialectError] = []
    simple = "request" not in values and "invoice" in values
    if not simple:
        for name in _REQUIRED:
            if not text.get(name):
                problems.append(DialectError(f"{name} is missing or empty", challenge.start))
    if challenge.scheme.lower() == "mpp":
        problems.append(DialectError("the scheme's name is Payment", challenge.start))
    expires = _moment(text.get("expires"), starts.get("expires", 0), problems)
    digest = text.get("digest")
    if digest is not None and not _DIGEST.fullmatch(digest):
        why = "the digest is not written as RFC 9530 says"
        problems.append(DialectError(why, starts["digest"]))
    read = PaymentChallenge(
        challenge, text.get("id"), text.get("realm"), text.get("method"), text.get("intent"),
        expires, digest, text.get("description"), None, (), None, None, None, None, (),
    )  # fmt: skip
    if simple:
        read = _simple(read, text, starts, problems)
    elif "request" in values:
        read = _request(read, values["request"][0], starts["request"], problems)
    opaque = None
    if "opaque" in values:
        opaque, wrong = _encoded("opaque", values["opaque"][0])
        problems += [DialectError(f"opaque: {error.why}", starts["opaque"]) for error in wrong]
        if opaque.item is not None and not _flat(opaque.item):
            why = "opaque should be an object whose values are texts"
            problems.append(DialectError(why, starts["opaque"]))
    return replace(read, opaque=opaque, problems=tuple(problems))


def _moment(text: str | None, start: int, problems: list[DialectError]) -> float | None:
    if text is None:
        return None
    if _TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper()).timestamp()
        except (ValueError, OverflowError):
            pass  # there is no such day or hour: said below
    problems.append(DialectError("expires is no moment as RFC 3339 writes it", start))
    return None


def _encoded(name: str, value: bytes) -> tuple[Source, tuple[DialectError, ...]]:
    """Canonical JSON in base64url, as the draft has it twice."""
    data, item, problems = json_from_base64(value)
    if item is not None and not problems:
        fault = not_canonical(data, item)
        if fault is not None:
            problems = (fault,)
    if b"=" in value:
        why = "padding stands at its end, which the draft does not have"
        problems = (*problems, DialectError(why, None))
    if b"+" in value or b"/" in value:
        why = "it is written in the other alphabet of base64 than the draft has"
        problems = (*problems, DialectError(why, None))
    return Source(Where.HEADER, name, data, item), problems


def _flat(item: Item) -> bool:
    return isinstance(item.value, dict) and all(
        isinstance(member.value, str) for member in item.members.values()
    )


def _simple(
    read: PaymentChallenge,
    text: dict[str, str],
    starts: dict[str, int],
    problems: list[DialectError],
) -> PaymentChallenge:
    start = starts["invoice"]
    bolt11 = read_invoice(Item(text["invoice"], start, start + len(text["invoice"])))
    if bolt11.error is not None:
        elsewhere = text["invoice"].startswith("<")
        why = (
            "a placeholder stands in place of the invoice, which must be fetched elsewhere"
            if elsewhere
            else f"the invoice cannot be read for certain: {bolt11.error.why}"
        )
        problems.append(DialectError(why, start))
    amount = text.get("amount")
    digits = amount is not None and amount.isascii() and amount.isdigit() and len(amount) <= 78
    number = int(amount) if amount is not None and digits else None
    if amount is not None and number is None:
        problems.append(DialectError("amount should be a whole number", starts["amount"]))
    currency = text.get("currency")
    read = replace(read, amount=number, currency=currency, invoice=bolt11)
    _compare(read, None, None, lambda why: problems.append(DialectError(why, start)))
    return read


def _request(
    read: PaymentChallenge, value: bytes, start: int, problems: list[DialectError]
) -> PaymentChallenge:
    source, wrong = _encoded("request", value)
    item = source.item
    if item is None or not isinstance(item.value, dict):
        problems.append(DialectError("request holds no JSON object", start))
        return replace(read, request=source, request_problems=wrong)
    fields = Reader(item, list(wrong))
    fields.need("amount", "currency")
    details = item.get("methodDetails")
    amount, currency = fields.whole("amount"), fields.text("currency")
    invoice = None
    if read.method == "lightning":
        session = read.intent == "session"
        inner = Reader(details, fields.problems) if details is not None else None
        if session:
            invoice = fields.invoice("depositInvoice")
        elif inner is not None:
            inner.need("invoice")
            invoice = inner.invoice("invoice")
        else:
            fields.need("methodDetails")
    read = replace(read, request=source, amount=amount, currency=currency, invoice=invoice)
    where = item if read.intent == "session" else details
    if invoice is not None and where is not None:
        place = invoice.at.start
        _compare(
            read,
            where.text("paymentHash"),
            _NETWORKS.get(where.text("network") or ""),
            lambda why: fields.problems.append(DialectError(why, place)),
        )
    return replace(read, request_problems=tuple(fields.problems))


def _compare(
    read: PaymentChallenge,
    payment_hash: str | None,
    network: str | None,
    note: Callable[[str], None],
) -> None:
    """An invoice is what counts; whatever stands beside it must say the same."""
    if read.invoice is None:
        return
    msat = None
    # In a session the amount is the price of a unit and not that of the deposit.
    per = msat_per(read.currency or "")
    if read.amount is not None and per is not None and read.intent != "session":
        msat = read.amount * per
    why = read.invoice.disagrees(msat, payment_hash, network)
    if why:
        note(why)
