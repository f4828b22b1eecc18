"""What happened with this bill, this server and this node before? C14, C15, C19 and C22."""

from __future__ import annotations

from typing import Final

from l402tui.flow.checks.making import NEW_BILL, ago, check, lasting, money, ok, together
from l402tui.flow.findings import Answer, Facts, Severity
from l402tui.flow.model import IntentState
from l402tui.protocol.text import Shown, say, shown

__all__ = ["circle", "known_hash", "payee", "shown_before"]

AGAIN: Final = 2
"""Payments for the same thing within 10 minutes that make a person look."""
AT_ONCE: Final = 60
"""Seconds after a payment within which the very same request should not cost again."""
REJECTION_LASTS: Final = 86_400
"""Seconds for which a rejected payment makes a person look."""


@check("C14", "not paid before")
def known_hash(facts: Facts) -> Answer:
    """One payment hash is paid once, for ever; a second payment of it buys nothing."""
    known, here = facts.known, facts.request.url.origin
    if known is None or known.state is IntentState.RELEASED:
        if facts.open_here:
            sentence = say(
                "{} to this server is not finished; another could pay twice for the same thing.",
                money(sum(intent.amount for intent in facts.open_here)),
            )
            return Severity.ASK, sentence, say("Finish it first: run that request again.")
        return ok("This invoice is new.")
    if known.request.url.origin != here:
        return Severity.BLOCK, say(
            "This invoice was shown by {} before.", shown(known.request.url.origin)
        )
    if known.state is IntentState.REJECTED:
        sentence = say("This invoice is paid, and the server did not accept it.")
        return Severity.BLOCK, sentence, NEW_BILL
    if known.state is IntentState.FAILED:
        return Severity.BLOCK, say("This invoice was tried before and failed."), NEW_BILL
    if known.state.proven:
        return Severity.INFO, say("This invoice is paid already; the credential you hold is used.")
    others = [one.amount for one in facts.open_here if one.payment_hash != known.payment_hash]
    if others and known.state is IntentState.SENDING:
        return Severity.ASK, say(
            "This invoice is being paid already, and {} in other payments to this server is not "
            "finished.",
            money(sum(others)),
        )
    return Severity.INFO, say("This invoice is being paid already; that payment is followed.")


@check("C15", "shown to you here alone")
def shown_before(facts: Facts) -> Answer:
    """A shop can pass on another shop's invoice, and what is paid then is bought elsewhere."""
    if facts.invoice is None:
        return None
    memory = facts.memory
    if memory.shown_by is not None:
        sentence = say("The same invoice was shown by {}.", shown(memory.shown_by))
        return Severity.ASK, sentence, say("Pay it only where you want what is sold.")
    if memory.changed:
        sentence = say("The same payment hash was shown here for another amount or payee.")
        return Severity.ASK, sentence, NEW_BILL
    return ok("No other server has shown you this invoice.")


@check("C19", "the node that is paid")
def payee(facts: Facts) -> Answer:
    """A server that is suddenly paid through another node may not be the same one any more."""
    if facts.invoice is None:
        return None
    known, asked = facts.memory.payee, facts.invoice.payee
    if known.known_here:
        return ok("You have paid this node here before.")
    odd: list[Shown] = []
    if known.last_here is not None:
        odd.append(
            say("You paid node {} here {}; this bill pays node {}.",
                _node(known.last_here), ago(known.last_at, facts.now), _node(asked))
        )  # fmt: skip
    if known.elsewhere is not None:
        odd.append(say("This is the node you paid at {}.", shown(known.elsewhere)))
    if not odd:
        return ok("You have not paid here before.")
    severity = Severity.ASK if facts.agent else Severity.WARN
    return severity, together(odd), say("If you did not expect that, ask the seller.")


def _node(key: bytes) -> Shown:
    return say("{}…", shown(key.hex()[:16]))


@check("C22", "not in a circle")
def circle(facts: Facts) -> Answer:
    """A server that takes money and asks again drains a wallet in small steps."""
    timing, now = facts.timing, facts.now
    severity = Severity.BLOCK if facts.agent else Severity.ASK
    if timing.rejected_at is not None and now - timing.rejected_at < REJECTION_LASTS:
        when = lasting(now - timing.rejected_at)
        return severity, say("This server took money {} ago and gave nothing.", when)
    if timing.paid_recently >= AGAIN:
        return severity, say("You paid for this {} times in 10 minutes.", timing.paid_recently)
    if timing.paid_at is not None and now - timing.paid_at < AT_ONCE:
        when = lasting(now - timing.paid_at)
        return severity, say("You paid for this very request {} ago; it asks again.", when)
    refused = facts.refused
    if refused is not None:
        paid, path = money(refused.amount + refused.fee), shown(refused.path, 60)
        if refused.path != facts.request.url.path:
            return Severity.INFO, say("What you bought for {} does not open this.", path)
        return Severity.WARN, say("The server did not accept the credential that cost {}.", paid)
    return ok("You have not just paid for this.")
