"""What does one event say, to a person and to a program?

``--plain``, the wire log, the notebook and the rail all take their words from :func:`tell`, and
``--json`` its lines from :func:`as_json`, so that every face tells the same story.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from l402tui.flow import events as e
from l402tui.flow.endings import lasting
from l402tui.flow.findings import Finding, Severity
from l402tui.flow.model import Outcome, Response
from l402tui.protocol.amount import format_msat
from l402tui.protocol.masking import shown_url
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Mark

__all__ = ["Progress", "Station", "Stop", "Told", "rail", "tell"]


class Station(Enum):
    """The seven stations of a flow, in order."""

    REQUEST = "Request"
    CHALLENGE = "402"
    DECODE = "Decode"
    CHECK = "Check"
    PAY = "Pay"
    RETRY = "Retry"
    RESULT = "Result"


class Progress(Enum):
    """How far a station is. The value is the word shown for it."""

    AHEAD = "-"
    NOW = "..."
    WAITING = "WAIT"
    OK = "ok"
    WARN = "warn"
    WRONG = "no"
    SKIPPED = "skip"


@dataclass(frozen=True, slots=True)
class Told:
    """One event in words."""

    station: Station
    mark: Mark
    headline: Shown
    details: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """One station of the rail and how far it is."""

    station: Station
    progress: Progress


def tell(event: e.Event) -> Told | None:
    """Say what happened; None for events that are book-keeping only."""
    match event:
        case e.Requested(request=request, reused=reused, past_caches=fresh):
            extra = [say("with a credential that was paid for earlier")] if reused else []
            if fresh:
                extra.append(say("past every cache: the bill came out of one"))
            line = say("{} {}", shown(request.method), shown_url(request.url))
            return Told(Station.REQUEST, Mark.PLAIN, line, tuple(extra))
        case e.Challenged(response=response):
            return Told(Station.CHALLENGE, Mark.PLAIN, _status(response), _hops(response))
        case e.Answered(response=response):
            mark = Mark.GOOD if response.status < 400 else Mark.WARN
            return Told(Station.RESULT, mark, _status(response), _hops(response))
        case e.Unreachable(fault=fault, why=why):
            return Told(Station.RESULT, Mark.BAD, Shown(fault.value), (why,))
        case e.Decoded():
            return _tell_decoded(event)
        case e.Checked():
            return _tell_checked(event)
        case e.Finished(ending=ending):
            mark = _ENDING_MARK.get(ending.outcome, Mark.BAD)
            what, *rest = ending.sentences()
            return Told(Station.RESULT, mark, what, tuple(rest))
        case e.Retried(request=request, attempt=attempt):
            line = say("{} {}", shown(request.method), shown_url(request.url))
            again = say("with the credential, attempt {}", attempt)
            return Told(Station.RETRY, Mark.PLAIN, line, (again,))
        case _:
            return _tell_payment(event)


def _tell_payment(event: e.Event) -> Told | None:
    match event:
        case e.Found(unfinished=intent) if intent is not None:
            line = say(
                "An earlier payment of {} for this request stands at: {}.",
                shown(format_msat(intent.amount)),
                Shown(intent.state.value),
            )
            return Told(Station.PAY, Mark.NOTE, line)
        case e.ApprovalAsked(quote=quote):
            line = say("Pay {}?", shown(format_msat(quote.amount)))
            fee = say("and at most {} routing fee", shown(format_msat(quote.fee_cap)))
            if not quote.wallet.proves_payment:
                line = say("Show the invoice over {}?", shown(format_msat(quote.amount)))
                fee = say("by your own wallet, which also decides the routing fee")
            return Told(Station.PAY, Mark.NOTE, line, (fee,))
        case e.Approved(by=by):
            return Told(Station.PAY, Mark.PLAIN, say("Approved by {}.", by))
        case e.Declined(why=why):
            return Told(Station.PAY, Mark.WARN, say("Not approved."), (why,))
        case e.PaymentSent(intent=intent):
            paying = "Asking for {}." if intent.wallet.startswith("external:") else "Paying {}."
            line = say(paying, shown(format_msat(intent.amount)))
            return Told(Station.PAY, Mark.PLAIN, line, (say("Written down before it is sent."),))
        case e.PaymentProgressed(what=what):
            return Told(Station.PAY, Mark.PLAIN, what)
        case e.PaymentSettled(fee=fee):
            line = say("The wallet says that it has paid.")
            cost = (say("Routing fee: {}.", shown(format_msat(fee))),) if fee is not None else ()
            return Told(Station.PAY, Mark.GOOD, line, cost)
        case e.PaymentFailed(why=why, todo=todo):
            details = tuple(part for part in (why, todo) if part)
            return Told(Station.PAY, Mark.BAD, say("Not paid."), details)
        case e.PaymentUnknown(why=why):
            return Told(
                Station.PAY, Mark.WARN, say("It is not known how the payment stands."), (why,)
            )
        case e.Waiting(seconds=seconds, why=why):
            line = say("Waiting {}.", lasting(seconds))
            return Told(Station.PAY, Mark.NOTE, line, (why,))
        case e.Queued():
            line = say("Another request pays for the same right now; waiting for it.")
            return Told(Station.PAY, Mark.NOTE, line)
        case e.PaymentNotFound():
            return Told(Station.PAY, Mark.NOTE, say("The wallet has never seen this payment."))
        case e.PaidStored(held=held):
            proof = say(
                "SHA-256 of the preimage is {}…, the payment hash.", _hash(held.payment_hash)
            )
            return Told(Station.PAY, Mark.GOOD, say("Paid. The credential is kept."), (proof,))
        case e.Outstanding(intent=None, why=why):
            line = say("A limit would be passed by now; looking again.")
            return Told(Station.PAY, Mark.WARN, line, (say("{}.", why),) if why else ())
        case e.Outstanding():
            line = say("Another payment to this server was faster; looking again.")
            return Told(Station.PAY, Mark.WARN, line)
        case e.Failed(why=why):
            return Told(Station.RESULT, Mark.BAD, say("The vault does not work."), (why,))
        case _:
            return None


def _tell_decoded(event: e.Decoded) -> Told:
    bill = event.bill
    if bill.dialect is not None:
        return Told(Station.DECODE, Mark.WARN, bill.dialect.name, (bill.dialect.sentence,))
    details = [shown(str(problem)) for problem in bill.problems]
    if bill.token is not None:
        macaroon = bill.token.macaroon
        details.append(say("token: {} bytes, {} caveats", len(macaroon.raw), len(macaroon.caveats)))
        details += [say("caveat: {}", shown(caveat.cid)) for caveat in macaroon.caveats[:8]]
    invoice = bill.invoice
    if invoice is not None:
        amount = format_msat(invoice.amount) if invoice.amount is not None else "no amount"
        details.append(say("invoice: {} on {}", shown(amount), shown(invoice.network.word)))
        details.append(say("payment hash: {}", shown(invoice.payment_hash.hex())))
    mark = Mark.BAD if bill.problems else Mark.GOOD
    headline = (
        say("The bill cannot be read whole.") if bill.problems else say("The bill is readable.")
    )
    return Told(Station.DECODE, mark, headline, tuple(details))


def _tell_checked(event: e.Checked) -> Told:
    worst = max(
        (found.severity for found in event.findings),
        key=list(Severity).index,
        default=Severity.PASS,
    )
    details = tuple(
        say("{} {}: {}", Shown(found.check), Shown(f"{found.severity.value:7}"), found.sentence)
        for found in event.findings
    )
    mark = {Severity.BLOCK: Mark.BAD, Severity.ASK: Mark.WARN, Severity.WARN: Mark.WARN}.get(
        worst, Mark.GOOD
    )
    return Told(Station.CHECK, mark, _verdict(event.findings), details)


def _verdict(findings: Sequence[Finding]) -> Shown:
    made, tally = len(findings), Counter(found.severity for found in findings)
    if tally[Severity.BLOCK]:
        return say("{} checks were made, and {} said no.", made, tally[Severity.BLOCK])
    if tally[Severity.ASK]:
        return say("{} checks were made, and {} want a human to look.", made, tally[Severity.ASK])
    if tally[Severity.WARN]:
        return say("{} checks were made, with {} warnings.", made, tally[Severity.WARN])
    return say("{} checks were made.", made)


def _status(response: Response) -> Shown:
    return say(
        "{} {}, {} bytes",
        shown(response.version),
        shown(b"%d %s" % (response.status, response.reason), 60),
        response.size,
    )


def _hops(response: Response) -> tuple[Shown, ...]:
    return tuple(
        say("redirected ({}) to {}", hop.status, shown_url(hop.url)) for hop in response.hops
    )


def _hash(payment_hash: bytes) -> Shown:
    return Shown(payment_hash.hex()[:16])


_ENDING_MARK = {
    Outcome.FREE: Mark.GOOD,
    Outcome.PAID: Mark.GOOD,
    Outcome.REUSED: Mark.GOOD,
    Outcome.PREVIEWED: Mark.NOTE,
    Outcome.DECLINED: Mark.NOTE,
    Outcome.UNSETTLED: Mark.WARN,
    Outcome.UNDELIVERED: Mark.WARN,
}


def rail(events: Iterable[e.Event]) -> tuple[Stop, ...]:
    """How far the flow is, station by station."""
    at = dict.fromkeys(Station, Progress.AHEAD)
    for event in events:
        _advance(at, event)
    return tuple(Stop(station, progress) for station, progress in at.items())


def _advance(at: dict[Station, Progress], event: e.Event) -> None:
    match event:
        case e.Requested():
            at[Station.REQUEST] = Progress.NOW
        case e.Challenged() if at[Station.RETRY] is Progress.NOW:
            at[Station.RETRY] = Progress.WRONG
        case e.Challenged():
            at[Station.REQUEST] = at[Station.CHALLENGE] = Progress.OK
        case e.Answered() if at[Station.RETRY] is Progress.AHEAD:
            at[Station.REQUEST] = Progress.OK
        case e.Answered(response=response):
            at[Station.RETRY] = Progress.OK if response.status < 500 else Progress.WARN
        case e.Unreachable() if at[Station.RETRY] is Progress.AHEAD:
            at[Station.REQUEST] = Progress.WRONG
        case e.Unreachable():
            at[Station.RETRY] = Progress.WARN
        case e.Decoded(bill=bill):
            at[Station.DECODE] = Progress.WRONG if bill.problems or bill.dialect else Progress.OK
        case e.Checked(findings=findings):
            worst = {found.severity for found in findings}
            if Severity.BLOCK in worst:
                at[Station.CHECK] = Progress.WRONG
            else:
                warned = worst & {Severity.ASK, Severity.WARN}
                at[Station.CHECK] = Progress.WARN if warned else Progress.OK
        case e.ApprovalAsked():
            at[Station.PAY] = Progress.WAITING
        case e.Approved() | e.PaymentSent() | e.PaymentProgressed():
            at[Station.PAY] = Progress.NOW
        case e.Declined() | e.PaymentFailed():
            at[Station.PAY] = Progress.WRONG
        case e.PaymentUnknown():
            at[Station.PAY] = Progress.WARN
        case e.PaidStored():
            at[Station.PAY] = Progress.OK
        case e.Retried():
            at[Station.RETRY] = Progress.NOW
        case e.Finished(ending=ending):
            _arrive(at, ending.outcome)
        case _:
            pass


def _arrive(at: dict[Station, Progress], outcome: Outcome) -> None:
    good = outcome in (Outcome.FREE, Outcome.PAID, Outcome.REUSED, Outcome.PREVIEWED)
    mild = outcome in (Outcome.DECLINED, Outcome.UNSETTLED, Outcome.UNDELIVERED)
    at[Station.RESULT] = Progress.OK if good else Progress.WARN if mild else Progress.WRONG
    for station in list(Station)[:-1]:
        if at[station] is Progress.AHEAD:
            at[station] = Progress.SKIPPED
