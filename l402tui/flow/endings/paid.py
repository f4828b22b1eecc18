"""How does a flow end that has paid?

Delivered, refused, or not delivered yet; the credential is kept in any case.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from l402tui.flow.endings.words import (
    SAME_AGAIN,
    handle,
    lasting,
    money,
    status,
)
from l402tui.flow.events import Fault, Unreachable
from l402tui.flow.model import (
    Ending,
    Held,
    Intent,
    Money,
    Outcome,
    Response,
)
from l402tui.protocol.amount import Msat
from l402tui.protocol.text import Shown, say, shown


def delivered(
    response: Response, held: Held, *, resumed: bool, spent: Msat, fee_cap: Msat
) -> Ending:
    """Paid for and answered. ``fee_cap`` is what routing was to cost at most (msat)."""
    what = say("Paid, and the server answered {}.", status(response))
    why = say("It cost {}: {} and {} routing fee.", *map(money, _parts(held)))
    if not held.fee:  # none, or one that only the person's own wallet knows
        why = say("It cost {}.", money(held.amount))
    elif held.fee > fee_cap:
        beyond = "{} The fee is more than the limit of {}: look why the wallet did not keep to it."
        why = say(beyond, why, money(fee_cap))
    ending = Ending(
        Outcome.PAID, Money.SPENT, what, why, payment_hash=held.payment_hash, cost=spent
    )
    if resumed:
        what = say("Paid earlier; now the server answered {}.", status(response))
        ending = replace(ending, what=what, money=Money.EARLIER)
    if not response.complete:
        return replace(
            ending,
            outcome=Outcome.UNDELIVERED,
            what=say("Paid, but the answer ended early."),
            todo=SAME_AGAIN,
        )
    if response.status >= 400:
        todo = say("The payment was accepted, the request was not. The credential is kept.")
        return replace(ending, todo=todo)
    if not response.size and response.status not in _WITHOUT_BODY:
        todo = say("The answer is empty. If you expected more, ask the seller. It is paid for.")
        return replace(ending, todo=todo)
    return ending


_WITHOUT_BODY: Final = frozenset({204, 205})
"""Answers that have no body by right (RFC 9110 sections 15.3.5 and 15.3.6)."""


def rejected(response: Response, held: Held, *, resumed: bool, spent: Msat) -> Ending:
    """Paid, and the server asks again."""
    return Ending(
        Outcome.REJECTED,
        Money.EARLIER if resumed else Money.SPENT,
        say("The server answered {} to a credential that was just paid for.", status(response)),
        say("The preimage fits the invoice, so the payment of {} did happen.", money(held.amount)),
        say("Nothing more is paid here by itself. Bill, token and preimage are kept as evidence."),
        payment_hash=held.payment_hash,
        cost=spent,
    )


def undelivered_status(response: Response, held: Held, spent: Msat, *, resumed: bool) -> Ending:
    """Paid, and the server is in trouble."""
    what = say("Paid, but not delivered: the server answered {}.", status(response))
    return _undelivered(what, Shown(""), held, spent, resumed=resumed)


def undelivered_silence(event: Unreachable, held: Held, spent: Msat, *, resumed: bool) -> Ending:
    """Paid, and there is no answer."""
    what = say("Paid, but not delivered: {}.", Shown(event.fault.value))
    return _undelivered(what, event.why, held, spent, resumed=resumed)


def _undelivered(what: Shown, why: Shown, held: Held, spent: Msat, *, resumed: bool) -> Ending:
    return Ending(
        Outcome.UNDELIVERED,
        Money.EARLIER if resumed else Money.SPENT,
        what,
        why,
        SAME_AGAIN,
        payment_hash=held.payment_hash,
        cost=spent,
    )


def perhaps_delivered(intent: Intent) -> Ending:
    """An earlier run has sent a request that must not be sent twice, and knows no answer."""
    return Ending(
        Outcome.UNDELIVERED,
        Money.EARLIER,
        say("Paid earlier, and the {} left with its credential.", shown(intent.request.method, 20)),
        say("Its answer was lost, so the server may have acted on it already."),
        say(
            "Find that out first. To send it again, with the same credential: "
            "l402tui payments resume {}. Nothing is paid again.",
            handle(intent.payment_hash),
        ),
        payment_hash=intent.payment_hash,
    )


def ask_before_repeating(ending: Ending, held: Held) -> Ending:
    """The server may have acted on a request that must not be sent twice."""
    todo = say(
        "The server may have acted on it all the same, so it is not sent again by itself. Find "
        "out, then: l402tui payments resume {} asks, and sends it with the same credential.",
        handle(held.payment_hash),
    )
    return replace(ending, todo=todo)


_CURES: Final = {
    Fault.REFUSED_ADDRESS: say("Find out why the address leads there now before you ask again."),
    Fault.REDIRECT: say("The credential goes to no other place than the one it was bought for."),
}
_TELL_SELLER: Final = say("Whoever runs the server can mend that: tell them.")


def not_taken(ending: Ending, fault: Fault) -> Ending:
    """An answer that this program refuses, today and tomorrow: it is not asked for again."""
    cure = _CURES.get(fault, _TELL_SELLER)
    todo = say("It is not tried again by itself: this program refuses it. {} {}", cure, SAME_AGAIN)
    return replace(ending, todo=todo)


def come_back(ending: Ending, seconds: float) -> Ending:
    """The server wants a longer pause than anybody waits for."""
    todo = say("The server asks to come back in {}. {}", lasting(seconds), SAME_AGAIN)
    return replace(ending, todo=todo)


def not_recorded(ending: Ending, why: Shown) -> Ending:
    """It ended as it did, but the vault does not know."""
    note = say("This could not be written to the vault: {} {}", why, ending.todo)
    return replace(ending, todo=note)


def only_in_memory(ending: Ending, intent: Intent, why: Shown) -> Ending:
    """The disk has not taken the preimage; it is lost here when the program ends."""
    keeper = say("The wallet still has it: once there is room, the same request fetches it again")
    if intent.external:
        keeper = say("Your wallet still shows it: once there is room, bring it again")
    todo = say(
        "The preimage could not be written: {} {}, or l402tui payments resume {}. "
        "Nothing is paid again.",
        why,
        keeper,
        handle(intent.payment_hash),
    )
    return replace(ending, todo=todo)


def _parts(held: Held) -> tuple[int, int, int]:
    return held.amount + held.fee, held.amount, held.fee
