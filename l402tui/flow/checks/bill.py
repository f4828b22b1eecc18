"""Is there one bill, and does it say one thing? C06, C07 and C13."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from l402tui.flow.checks.making import NEW_BILL, check, money, ok, together
from l402tui.flow.findings import Answer, Facts, Severity
from l402tui.flow.model import Response
from l402tui.protocol.body_challenge import Means, agree, read_body_challenge
from l402tui.protocol.challenge import L402Challenge
from l402tui.protocol.errors import ChallengeError
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.network import Network
from l402tui.protocol.text import Shown, say, shown

if TYPE_CHECKING:
    from l402tui.protocol.dialects.evidence import Evidence
    from l402tui.protocol.dialects.mpp import PaymentChallenge

__all__ = ["contradictions", "elsewhere", "one_challenge"]

_BODY_BILL: Final = say(
    "Whoever runs the server has to send it as a WWW-Authenticate header. To look at it: "
    "l402tui inspect."
)


@check("C06", "one readable challenge")
def one_challenge(facts: Facts) -> Answer:
    """Two different bills, or one that cannot be read, leave open what is being bought."""
    if facts.bill.in_body:
        sentence = "The bill stands in the body alone; only one in the header is paid."
        return Severity.BLOCK, say(sentence), _BODY_BILL
    if facts.bill.challenge is not None:
        return ok("There is exactly one L402 challenge to choose from.")
    for problem in facts.bill.problems:
        if isinstance(problem, ChallengeError):
            return Severity.BLOCK, say("The bill cannot be read: {}.", shown(problem.why)), NEW_BILL
    return Severity.BLOCK, say("There is no L402 challenge in the answer."), NEW_BILL


@check("C07", "no contradictions")
def contradictions(facts: Facts) -> Answer:
    """token= and macaroon= name the same thing; where they differ, one of them is a lie."""
    challenge = facts.bill.challenge
    if challenge is None:
        return None  # C06 has said it
    version = challenge.version
    if version not in (None, "0"):
        sentence = say("The challenge is version {}; only 0 is known.", shown(version or ""))
        return Severity.ASK, sentence
    return ok("Its parameters agree with each other.")


# --- C13: what the same answer says in other places ---------------------------------------------

_ORDER: Final = list(Severity)
_UNITS: Final = {"sat": 1_000, "sats": 1_000, "msat": 1, "msats": 1}
_NETWORKS: Final = {"mainnet": Network.MAINNET, **{network.word: network for network in Network}}
_Found = Iterator[tuple[Severity, Shown]]


@check("C13", "the same price everywhere")
def elsewhere(facts: Facts) -> Answer:
    """A price that is named twice and differs is a trap, or a mistake that would cost money."""
    bill, invoice = facts.bill, facts.invoice
    if bill.challenge is None or bill.in_body or invoice is None:
        return None  # C06 and C08 have said it
    response = bill.response
    found = list(_body(response, bill.challenge))
    payment = any(other.scheme.lower() in ("payment", "mpp") for other in bill.reading.others)
    if payment or response.body.lstrip(b" \t\r\n").startswith(b"{"):
        # Loaded here: most 402s speak of their price in one place only.
        from l402tui.protocol.dialects.evidence import Evidence

        evidence = Evidence.of(response.status, response.headers, response.body)
        found += [*_fields(evidence, invoice), *_payment(evidence, invoice)]
    if not found:
        return ok("Nothing in the answer names another price, hash or network.")
    worst = max((severity for severity, _ in found), key=_ORDER.index)
    told = dict.fromkeys(sentence for severity, sentence in found if severity is worst)
    return worst, together(list(told)[:3]), NEW_BILL if worst is Severity.BLOCK else Shown("")


def _body(response: Response, challenge: L402Challenge) -> _Found:
    """A bill in the JSON body beside the one in the header."""
    types = response.values(b"content-type")
    body = read_body_challenge(response.body, types[0] if types else None)
    if body is None:
        return
    for trouble in body.troubles:
        why = shown(trouble.why)
        if not body.fields:
            yield Severity.WARN, say("The body names a bill, too, and cannot be read: {}.", why)
        else:
            yield Severity.BLOCK, say("The body contradicts itself: {}.", why)
    told = agree(challenge, body)
    unread = (
        body.meaning(Means.HASH) is not None and body.payment_hash is None,
        body.meaning(Means.AMOUNT) is not None and body.amount is None,
    )
    severity = Severity.BLOCK if len(told) > sum(unread) else Severity.ASK
    yield from ((severity, sentence) for sentence in told)


def _fields(evidence: Evidence, invoice: Invoice) -> _Found:
    """``amount`` with a unit, and ``network``, in a JSON body of no protocol in particular."""
    from l402tui.protocol.dialects.inside import Reader

    item = evidence.json
    if item is None:
        return
    per = _UNITS.get((item.text("currency") or item.text("unit") or "").lower())
    amount = Reader(item).whole("amount")
    if per is not None and amount is not None and amount * per != invoice.amount:
        yield Severity.BLOCK, _prices("body", amount * per, invoice)
    yield from _network("body", item.text("network"), invoice)


def _payment(evidence: Evidence, invoice: Invoice) -> _Found:
    """Challenges of scheme Payment that are paid over Lightning."""
    from l402tui.protocol.dialects import mpp

    bill = mpp.decode(evidence)
    for challenge in () if bill is None else bill.challenges:
        if challenge.method == "lightning" or challenge.request is None:
            yield from _offer(challenge, invoice)


def _offer(challenge: PaymentChallenge, invoice: Invoice) -> _Found:
    """One of them. It may bring an invoice of its own, which is another way to pay the same price;
    what it says about its invoice must be true all the same."""
    own = challenge.invoice
    if own is not None and own.invoice is None:
        yield Severity.WARN, say("The invoice of its Payment challenge cannot be read.")
    target = invoice if own is None or own.invoice is None else own.invoice
    request = None if challenge.request is None else challenge.request.item
    session = challenge.intent == "session"
    details = request if request is None or session else request.get("methodDetails")
    if details is not None:
        hashed = details.text("paymentHash")
        if hashed is not None and hashed.lower() != target.payment_hash.hex():
            told = say("The Payment challenge names another payment hash than its invoice has.")
            yield Severity.BLOCK, told
        yield from _network("Payment challenge", details.text("network"), invoice)
    if target.network is not invoice.network:
        yield Severity.BLOCK, say("The Payment challenge brings an invoice of another network.")
    # In a session the amount is that of one unit, and the invoice that of the deposit.
    if session:
        return
    if challenge.amount is None:
        named = request.get("amount") if request else challenge.source.named("amount")
        if named:
            yield Severity.ASK, say("The Payment challenge names an amount that cannot be read.")
        return
    if challenge.currency != "sat":
        unit = shown(challenge.currency or "no currency", 40)
        yield Severity.BLOCK, say("The Payment challenge counts in {}, the invoice in sat.", unit)
    elif challenge.amount * 1_000 != invoice.amount:
        yield Severity.BLOCK, _prices("Payment challenge", challenge.amount * 1_000, invoice)
    elif target.amount != invoice.amount:
        yield Severity.BLOCK, say("The Payment challenge brings an invoice of another amount.")


def _prices(where: str, msat: int, invoice: Invoice) -> Shown:
    asked = say("no amount") if invoice.amount is None else money(invoice.amount)
    return say("The {} says {}, the invoice {}.", Shown(where), money(msat), asked)


def _network(where: str, named: str | None, invoice: Invoice) -> _Found:
    network = _NETWORKS.get((named or "").lower())
    if network is not None and network is not invoice.network:
        told = "The {} names the network {}, the invoice is for {}."
        words = shown(network.word), shown(invoice.network.word)
        yield Severity.BLOCK, say(told, Shown(where), *words)
