"""Was anything paid, and can anything be paid now?

The one line at the bottom of the flow screen that is never silent about money, and the line that
the shell keeps after the program has ended. Money comes first in both: a narrow terminal cuts ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from l402tui.flow import events as e
from l402tui.flow.model import Ending, Intent, Money, Quote
from l402tui.protocol.amount import format_msat
from l402tui.protocol.text import Shown, say, shown
from l402tui.tui.watch import Watch

__all__ = ["NOT_STARTED", "budget", "closing", "fee_part", "money_line", "so_far", "spent"]

NOT_STARTED: Final = say(
    "No money spent. Nothing is sent before you press s, or paid before your yes."
)
_NONE: Final = say("No money spent.")


def fee_part(quote: Quote) -> Shown:
    """What comes on top of the amount. Another wallet's routing fee is not ours to cap."""
    if not quote.wallet.proves_payment:
        return say("the routing fee is up to your wallet")
    return say("plus at most {} fee", shown(format_msat(quote.fee_cap)))


def budget(quote: Quote) -> Iterator[Shown]:
    """Every limit there is, a line each: what is spent, and how far this payment would go."""
    limits, spending = quote.limits, quote.spending
    words = "at most {} a payment"
    if limits.at_most is not None:
        words += ", fee included" if limits.at_most <= limits.payment else ""
    yield say(words, shown(format_msat(limits.one)))
    caps = list(limits.caps(spending))
    cost = quote.amount + quote.fee_cap
    for cap in caps:
        yield say(
            "{}: spent {}, then ≤ {} of {}",
            shown(cap.words),
            shown(format_msat(cap.spent)),
            shown(format_msat(cap.spent + cost)),
            shown(format_msat(cap.most)),
        )
    if limits.unsettled is not None:
        most = shown(format_msat(limits.unsettled))
        yield say("at most {} in payments that have not ended", most)
    if not caps:
        today = shown(format_msat(spending.day))
        yield say("{} spent in 24 hours, and no limit for several payments", today)


def _price(quote: Quote) -> Shown:
    """What saying yes may cost."""
    return say("{}, {}", shown(format_msat(quote.amount)), fee_part(quote))


def money_line(watch: Watch, *, asking: bool = False) -> Shown:
    """The line for a flow that was begun. ``asking``: its payment question is on the screen."""
    if watch.ending is not None:
        return say("{} {}", _spent(watch, watch.ending), watch.ending.what)
    return say("{} {}", so_far(watch), _now(watch, asking=asking))


def closing(watch: Watch, before: int) -> Shown:
    """What the shell's last line says. ``before`` is what earlier flows of this session have spent
    (msat)."""
    ending = watch.ending
    if ending is not None:
        parts = [_spent(watch, ending), *(part for part in ending.sentences()[:-1])]
    else:
        parts = [so_far(watch), _left(watch)]
    if before:
        parts.append(say("Before that, {} was spent.", shown(format_msat(before))))
    return say(" ".join(["{}"] * len(parts)), *parts)


def spent(watch: Watch) -> int:
    """What this flow has spent for certain (msat)."""
    if watch.ending is not None:
        return watch.ending.cost if watch.ending.money is Money.SPENT else 0
    paid = watch.paid if watch.resumed is None else None
    return paid.held.amount + paid.held.fee if paid is not None else 0


def _spent(watch: Watch, ending: Ending) -> Shown:
    match ending.money:
        case Money.NONE:
            return _NONE
        case Money.SPENT if ending.cost:
            return say("Spent {}.", shown(format_msat(ending.cost)))
        case Money.PERHAPS:
            return _perhaps(watch.at_stake)
        case Money.EARLIER:
            return say("Paid earlier, nothing spent now.")
        case _:
            return Shown(ending.money.value)


def _perhaps(intent: Intent | None) -> Shown:
    if intent is None:
        return say("Perhaps spent.")
    return say("Perhaps spent: {}.", shown(format_msat(intent.amount)))


def so_far(watch: Watch) -> Shown:
    """What a flow that has not ended has cost until now."""
    paid = watch.paid
    if paid is not None:
        cost = shown(format_msat(paid.held.amount + paid.held.fee))
        return say("Spent {}." if watch.resumed is None else "Paid earlier: {}.", cost)
    return _perhaps(watch.at_stake) if watch.money_moving else _NONE


def _now(watch: Watch, *, asking: bool) -> Shown:
    question = watch.question
    if watch.intent is not None:
        return say("Waiting for its preimage: i shows the invoice, v enters it.")
    if question is not None and asking:
        return say("Asked: {}.", _price(question.quote))
    if question is not None:
        return say("Asked: {}. p opens the question again.", _price(question.quote))
    if watch.money_moving:
        return say("A payment is under way and written down: leaving only stops watching.")
    if isinstance(watch.events[-1] if watch.events else None, e.Approved | e.Reserved):
        return say("You said yes; the next step pays.")
    if watch.paid is not None:
        return say("Fee included. The credential is kept.")
    if watch.session.wallet is None:
        return say("Paying is switched off: nothing can be paid.")
    return say("Nothing is paid before you say yes.")


def _left(watch: Watch) -> Shown:
    if watch.money_moving:
        return say("A payment was under way; running the same request again follows it.")
    if watch.paid is not None:
        return say("The answer did not come yet; running the same request again fetches it.")
    return say("Stopped before anything was paid.")
