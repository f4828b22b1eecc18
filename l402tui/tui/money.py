"""Was anything paid, and can anything be paid now?

The one line at the bottom of the flow screen that is never silent about money.
"""

from __future__ import annotations

from typing import Final

from l402tui.flow import events as e
from l402tui.flow.model import Money
from l402tui.protocol.amount import format_msat
from l402tui.protocol.text import Shown, say, shown
from l402tui.tui.watch import Watch

__all__ = ["NOT_STARTED", "money_line"]

NOT_STARTED: Final = say(
    "Nothing is sent before you press s, and nothing is paid before you say yes."
)


def money_line(watch: Watch) -> Shown:
    """The line for a flow that was begun."""
    ending = watch.ending
    if ending is not None:
        if ending.money is Money.SPENT and ending.cost:
            cost = shown(format_msat(ending.cost))
            return say("{} Spent: {}, fee included.", ending.what, cost)
        return say("{} {}", ending.what, Shown(ending.money.value))
    if watch.intent is not None:
        amount = shown(format_msat(watch.intent.amount))
        return say("Waiting for the preimage of {}. i shows the invoice, v enters it.", amount)
    if watch.question is not None:
        quote = watch.question.quote
        return say(
            "Waiting for you: {} + fee <= {}. Nothing is paid until you press p and then y.",
            shown(format_msat(quote.amount)),
            shown(format_msat(quote.fee_cap)),
        )
    if watch.money_moving:
        return say("A payment is under way. It is written down: leaving only stops watching.")
    if isinstance(watch.events[-1] if watch.events else None, e.Approved | e.Reserved):
        return say("You said yes. Nothing was paid yet; the next step pays.")
    paid = watch.paid
    if paid is not None:
        held = paid.held
        cost = shown(format_msat(held.amount + held.fee))
        return say("Paid: {}, fee included. The credential is kept.", cost)
    if watch.session.wallet is None:
        return say("Paying is switched off: nothing was paid, and nothing can be.")
    return say("Nothing was paid so far. Nothing is paid before you say yes.")
