"""How does a flow end while nobody can say how its payment stands?

Money may have been spent, and nothing is paid again.
"""

from __future__ import annotations

from l402tui.flow.endings.words import (
    FOLLOW,
    ends,
    handle,
    money,
    state_of,
)
from l402tui.flow.model import (
    Ending,
    Intent,
    IntentState,
    Money,
    Outcome,
)
from l402tui.protocol.text import Shown, say


def open_payment(intent: Intent) -> Ending:
    """A payment is open and this run may not follow it."""
    if intent.state is IntentState.RESERVED:
        return Ending(
            Outcome.UNSETTLED,
            Money.NONE,
            say("Another run of this program is about to pay this very invoice."),
            todo=say("Wait for it to end, then run the request again."),
            payment_hash=intent.payment_hash,
        )
    return Ending(
        Outcome.UNSETTLED,
        Money.PERHAPS,
        say("A payment of {} for this request is not finished.", money(intent.amount)),
        say("It stands at: {}. Paying is switched off, so it was not followed.", state_of(intent)),
        FOLLOW,
        payment_hash=intent.payment_hash,
    )


def unsettled(intent: Intent, why: Shown) -> Ending:
    """Nobody can say now."""
    what = say("It is not known whether the payment of {} went through.", money(intent.amount))
    if intent.state is IntentState.HELD:
        what = say("The payment of {} is held up on its way.", money(intent.amount))
    return Ending(
        Outcome.UNSETTLED,
        Money.PERHAPS,
        what,
        say("{} {}", why, ends(intent)) if intent.latest_end else why,
        FOLLOW,
        payment_hash=intent.payment_hash,
    )


def not_sent_again(intent: Intent, why: Shown) -> Ending:
    """The wallet has never seen an old payment, and it was not begun anew."""
    return Ending(
        Outcome.UNSETTLED,
        Money.PERHAPS,
        say("An earlier payment of {} was not sent again.", money(intent.amount)),
        why,
        say("The wallet has not seen it so far. It is closed for good after its invoice expires."),
        payment_hash=intent.payment_hash,
    )


def no_proof(intent: Intent) -> Ending:
    """The wallet says paid, but its preimage is not of this hash."""
    return Ending(
        Outcome.UNSETTLED,
        Money.PERHAPS,
        say("The wallet says that it paid {}, and has no proof of it.", money(intent.amount)),
        say("Only a preimage whose SHA-256 is the payment hash proves a payment; there is none."),
        say(
            "Look for the preimage in the wallet's own list of payments and bring it: "
            "l402tui payments settle {}. This invoice is not paid again.",
            handle(intent.payment_hash),
        ),
        payment_hash=intent.payment_hash,
    )


def forgotten(intent: Intent) -> Ending:
    """The wallet had the payment and does not know it any more."""
    return Ending(
        Outcome.UNSETTLED,
        Money.PERHAPS,
        say("The wallet does not know a payment that it had accepted."),
        say('Its records were deleted, or it was restored. That never means "not paid".'),
        say(
            "Look at your node's channels; a preimage found there still counts: "
            "l402tui payments settle {}. This invoice is not paid again.",
            handle(intent.payment_hash),
        ),
        payment_hash=intent.payment_hash,
    )


def too_early_to_say(intent: Intent, margin: float) -> Ending:
    """Sent or not, the invoice has only just expired."""
    return Ending(
        Outcome.UNSETTLED,
        Money.PERHAPS,
        say("It is too early to say whether the payment of {} was sent.", money(intent.amount)),
        say("The wallet has not seen it, and the invoice has just expired."),
        say("Run the same request again in {} seconds.", int(margin)),
        payment_hash=intent.payment_hash,
    )
