"""Does the token belong to the invoice, and will it open anything? C12 and C25."""

from __future__ import annotations

from typing import Final

from l402tui.flow.checks.making import NEW_BILL, check, lasting, ok
from l402tui.flow.findings import Answer, Facts, Severity
from l402tui.protocol.caveats import Outcome, effective, effective_expiry, services, widenings
from l402tui.protocol.identifier import Form
from l402tui.protocol.macaroon import Caveat
from l402tui.protocol.text import Shown, say, shown

__all__ = ["belong_together", "caveats"]

TICKET_ENDS_SOON: Final = 300
"""Seconds a ticket should be good for."""


@check("C12", "token and invoice belong together")
def belong_together(facts: Facts) -> Answer:
    """The token commits to one payment hash; only the preimage of that one makes a credential."""
    bill = facts.bill
    if facts.invoice is None:
        return None
    if bill.identifier is None or bill.identifier.payment_hash is None:
        sentence = say(
            "The token does not say which payment it belongs to, so this cannot be checked."
        )
        return Severity.ASK, sentence
    if bill.identifier.payment_hash != facts.invoice.payment_hash:
        sentence = say("Ticket and bill do not belong together: paying would buy nothing.")
        return Severity.BLOCK, sentence, NEW_BILL
    raw = bill.identifier.form is Form.RAW_HASH
    how = "The token's identifier is the" if raw else "The token commits to the invoice's"
    return ok(how + " payment hash {}….", shown(facts.invoice.payment_hash.hex()[:16]))


@check("C25", "the ticket's own limits")
def caveats(facts: Facts) -> Answer:
    """A ticket that ends before it can be used is not worth its price."""
    token = facts.bill.token
    if facts.bill.challenge is None:
        return None
    if token is None:
        return Severity.ASK, say("The token is not a macaroon that can be read here.")
    named = token.macaroon.caveats
    if any(caveat.vid is not None for caveat in named):
        return Severity.ASK, say(
            "The token needs another party's discharge; it cannot be used alone."
        )
    left = None
    end = effective_expiry(named)
    if end is not None:
        left = int(end.at - facts.now)
        if left <= 0 and end.otherwise is None:
            return Severity.BLOCK, say("The ticket has expired already."), NEW_BILL
        if left <= 0:
            return Severity.ASK, say(
                "The ticket has expired already, if its end is counted in {}.", say(end.unit.value)
            )
    for group in effective(named):
        if group.outcome is Outcome.IMPOSSIBLE:
            # Its maker may be a server that skips such conditions.
            return Severity.ASK, say("The ticket may open nothing: {}", group.why)
        if group.key and group.end is not None and group.end.passed(facts.now):
            return Severity.ASK, say(
                "What the ticket says in {} is over; it may be what you want to buy.",
                shown(group.key, 60),
            )
    odd = _odd(named)
    if odd is not None:
        return Severity.WARN, odd
    if left is not None and left < TICKET_ENDS_SOON:
        return Severity.WARN, say("The ticket is good for {} only.", lasting(left))
    return ok("{}", _what_for(named))


def _odd(named: tuple[Caveat, ...]) -> Shown | None:
    """What a verifier may refuse, or understand otherwise than it is shown."""
    wider = widenings(named)
    if wider:
        return say(
            "Caveat {} allows more than caveat {} did, and a caveat may only restrict; the server "
            "may refuse the ticket.",
            wider[0].index + 1, wider[0].earlier + 1,
        )  # fmt: skip
    allowed = services(named)
    if allowed is not None and not any(service.name for service in allowed):
        return say("The ticket names no service that it is for.")
    return None


def _what_for(named: tuple[Caveat, ...]) -> Shown:
    allowed = services(named)
    if allowed:
        return say("The ticket is for: {}.", shown(b", ".join(one.name for one in allowed)))
    return say("The ticket carries {} caveats.", len(named))
