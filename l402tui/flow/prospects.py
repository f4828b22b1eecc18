"""How does each payment stand, and what happens next, in words?

For whoever lists payments, in any face: a state is a word, and the sentence beside it says what the
next run would do, what a person can do, and whether money was spent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from l402tui.flow.endings import ends, lasting
from l402tui.flow.model import Intent, IntentState, Money
from l402tui.flow.moves.rules import HELD_AFTER, NEVER_SENT_AFTER
from l402tui.protocol.text import Shown, say, shown

__all__ = ["Prospect", "prospect", "standing"]

_S: Final = IntentState


@dataclass(frozen=True, slots=True)
class Prospect:
    """One payment as a person reads of it."""

    state: IntentState
    next: Shown
    """What happens next, and what can be done."""
    money: Money
    age: Shown
    """``5 min``: since it was approved."""


def standing(intent: Intent, now: float) -> IntentState:
    """Its state; what has been in flight for long is held, even where nobody looked since."""
    begun = intent.created if intent.sent is None else intent.sent
    slow = intent.state is _S.IN_FLIGHT and now - begun > HELD_AFTER
    return _S.HELD if slow else intent.state


def prospect(intent: Intent, now: float) -> Prospect:
    """What a person should know of it at ``now`` (unix seconds)."""
    stands = standing(intent, now)
    age = lasting(max(0.0, now - intent.created))
    return Prospect(stands, _next(replace(intent, state=stands), now), _money(stands), age)


def _money(state: IntentState) -> Money:
    if state.proven:
        return Money.SPENT
    moved = state.moving or state is _S.PAID_NO_PREIMAGE
    return Money.PERHAPS if moved else Money.NONE


def _next(intent: Intent, now: float) -> Shown:
    if intent.external and intent.state in (_S.SENDING, _S.UNKNOWN):
        return _elsewhere(intent, now)
    if intent.state is _S.SENDING:
        return _sending(intent, now)
    if intent.state is _S.HELD:
        known = ends(intent)
        after = say("{} {}", known, _FOLLOW) if known else _FOLLOW
        return say("The wallet has had it for long; it stays reserved. {}", after)
    if intent.state is _S.REDEEMING and not intent.request.repeatable:
        return _ASK_FIRST
    if not intent.state.holds_money:
        return shown(intent.reason, 300) if intent.reason else _OVER
    return _NEXT[intent.state]


def _sending(intent: Intent, now: float) -> Shown:
    if now < intent.expires:
        return say(
            "It may have been sent. The next run asks the wallet; only where that has never seen "
            "it, and the yes is fresh or given once more, the same invoice goes to it again."
        )
    if now < intent.expires + NEVER_SENT_AFTER:
        return say("It may have been sent, and the invoice has just expired. Ask in two minutes.")
    return say(
        "It may have been sent. The next run asks the wallet, and closes it where that has never "
        "seen it: the invoice has expired."
    )


def _elsewhere(intent: Intent, now: float) -> Shown:
    left = intent.expires - now
    when = say("The invoice is good for {}.", lasting(left))
    if left <= 0:
        when = say("The invoice expired {} ago.", lasting(-left))
    return say(
        "Your own wallet was shown the invoice; whether it paid, only you can say. Paid: bring the "
        "preimage (settle). Not paid: give-up frees the money. {}",
        when,
    )


_FOLLOW: Final = say("resume follows it to its end.")
_OVER: Final = say("Nothing was paid, and nothing will be.")
_ASK_FIRST: Final = say(
    "Paid, and the request left with its credential; no answer is known, and it must not be sent "
    "twice by itself. resume asks you, then sends it again and pays nothing."
)
_NEXT: Final = {
    _S.RESERVED: say("Nothing was sent. The next run of this request gives the money free."),
    _S.IN_FLIGHT: say("The wallet has it. {}", _FOLLOW),
    _S.UNKNOWN: say(
        "The wallet had it and does not know it any more, so nobody can say. It is not paid again. "
        "A preimage counts (settle); after the invoice's expiry it can be given up."
    ),
    _S.PAID_NO_PREIMAGE: say(
        "LOOK AT THIS: the wallet says that it paid, and has no proof. Find the preimage in the "
        "wallet's own list and bring it: settle. It is not paid again."
    ),
    _S.PAID: say("Paid, and not handed in yet. resume does that, and pays nothing."),
    _S.REDEEMING: say("Paid; the request has left. resume sends it again, and pays nothing."),
    _S.REDEEM_RETRY: say(
        "Paid, not delivered. The same request again, or resume, uses the credential that is kept; "
        "nothing is paid again."
    ),
    _S.ACTIVE: say("Paid and delivered. The credential is kept and goes with the next request."),
    _S.REJECTED: say(
        "Paid, and the server refused the credential. Everything is kept as evidence; resume tries "
        "the credential once more, and pays nothing."
    ),
}
