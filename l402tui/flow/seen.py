"""A flow has been stopped, by ctrl+c or by a mistake: was money spent?

What was seen of it so far answers that. The vault needs nothing from here: whatever a flow has
begun is on disk, and the next run of the same request finds it.
"""

from __future__ import annotations

from dataclasses import dataclass

from l402tui.flow import events as e
from l402tui.flow.model import Ending, Intent, IntentState, Money, Response
from l402tui.protocol.amount import format_msat
from l402tui.protocol.text import Shown, say, shown

__all__ = ["Seen"]


def _may_have_moved(intent: Intent) -> bool:
    return intent.state.moving or intent.state is IntentState.PAID_NO_PREIMAGE


@dataclass(slots=True)
class Seen:
    """What matters of the events so far."""

    ending: Ending | None = None
    response: Response | None = None
    """The last answer that is no 402."""
    intent: Intent | None = None
    """A payment that may have been sent and has not ended."""
    payment: Intent | None = None
    """The payment that this is about, as it was first seen; whether it has ended or not."""
    paid: bool = False
    earlier: bool = False
    """A payment of an earlier run is being redeemed."""
    unheard: bool = False
    """Nobody reads what is told any more."""

    def note(self, event: e.Event) -> None:
        """Take an event in."""
        match event:
            case e.Finished(ending=ending):
                self.ending = ending
            case e.Answered(response=response):
                self.response = response
            case e.PaymentSent(intent=intent):
                self.intent = self.payment = intent
            case (
                e.Found(unfinished=intent) | e.Checked(known=intent) | e.Outstanding(intent=intent)
            ) if intent is not None:
                self.intent = intent if _may_have_moved(intent) else None
                self.earlier = intent.state.proven
                self.payment = intent if self.intent or self.earlier else None
            case e.PaymentSettled() | e.PaidStored():
                self.paid = True
            case e.PaymentFailed() | e.Requested():
                # A resumed flow that asks the server anew has found that nothing was paid.
                self.intent = self.payment = None
            case _:
                pass

    @property
    def money(self) -> Money:
        """Whether money was spent, as far as can be said now."""
        if self.ending is not None:
            return self.ending.money
        if self.paid:
            return Money.SPENT
        if self.intent is not None:
            return Money.PERHAPS
        return Money.EARLIER if self.earlier else Money.NONE

    def stopped(self) -> Shown:
        """The last words about a flow that has not come to its end."""
        if self.ending is not None:
            return say("Stopped. {}", Shown(self.money.value))
        if self.paid:
            return say(
                "Stopped after paying. Money was spent, and the credential is kept: the same "
                "command again uses it and pays nothing."
            )
        if self.intent is not None:
            return say(
                "Stopped while a payment of {} is under way. Money may have been spent. The same "
                "command again follows this payment; it is never paid twice.",
                shown(format_msat(self.intent.amount)),
            )
        if self.earlier:
            return say(
                "Stopped. No money was spent now; it was paid earlier, and the credential is kept."
            )
        return say("Stopped before anything was paid. No money was spent.")
