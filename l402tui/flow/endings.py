"""How is each ending told: what happened, why, what to do, and what it cost?

One function for each way a flow can end. Every sentence is ours; what came from outside is already
:class:`~l402tui.protocol.text.Shown` when it gets here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from l402tui.flow.events import Fault, PaymentFailed, Unreachable
from l402tui.flow.findings import Finding
from l402tui.flow.model import (
    Ending,
    Held,
    Intent,
    IntentState,
    Money,
    Outcome,
    Quote,
    Request,
    Response,
)
from l402tui.protocol.amount import Msat, format_msat
from l402tui.protocol.dialects import Dialect
from l402tui.protocol.text import Shown, say, shown

__all__ = [
    "ask_before_repeating",
    "blocked",
    "broken",
    "changed_while_reading",
    "come_back",
    "declined",
    "delivered",
    "ends",
    "expired_while_reading",
    "forgotten",
    "free",
    "handle",
    "lasting",
    "never_sent",
    "no_proof",
    "not_paid",
    "not_payable",
    "not_recorded",
    "not_sent_again",
    "nothing_sent",
    "only_in_memory",
    "open_payment",
    "over",
    "perhaps_delivered",
    "previewed",
    "rejected",
    "retry_after",
    "reused",
    "shared",
    "too_early_to_say",
    "undelivered_silence",
    "undelivered_status",
    "unreachable",
    "unsettled",
]

_SAME_AGAIN: Final = say(
    "Run the same request again: the credential is kept and used, not bought again."
)
_ASK_ANEW: Final = say("Ask the server again; it makes a new bill.")
_FOLLOW: Final = say("Run the same request again to follow this payment; it is never paid twice.")


_SHARED_MONEY: Final = {Money.SPENT: Money.EARLIER}
"""What another flow has spent is not spent once more by the one that waited for it."""


def money(msat: int) -> Shown:
    """An amount in words."""
    return shown(format_msat(msat))


def status(response: Response) -> Shown:
    """``503 Service Unavailable``, made safe."""
    return shown(b"%d %s" % (response.status, response.reason), 60)


def free(response: Response) -> Ending:
    """The server did not ask for money."""
    why = say("It answered without asking for payment.")
    return Ending(Outcome.FREE, Money.NONE, say("The server answered {}.", status(response)), why)


def reused(response: Response, held: Held) -> Ending:
    """An earlier payment opened it."""
    return Ending(
        Outcome.REUSED,
        Money.EARLIER,
        say("The server answered {}.", status(response)),
        say("The credential that cost {} earlier went with it.", money(held.amount + held.fee)),
        payment_hash=held.payment_hash,
    )


def unreachable(event: Unreachable) -> Ending:
    """No answer to the first request."""
    todo = {
        Fault.CONNECT: "Is the address right, and the server running?",
        Fault.TLS: "Do not pay a server that cannot prove who it is. Check the address.",
        Fault.TIMEOUT: "Try again later.",
        Fault.REDIRECT: "If you trust where it leads, ask for that address yourself.",
    }.get(event.fault, "Check the address.")
    what = say("There is no usable answer: {}.", Shown(event.fault.value))
    return Ending(Outcome.UNREACHABLE, Money.NONE, what, event.why, say(todo))


def not_payable(dialect: Dialect) -> Ending:
    """A 402 that is not L402."""
    return Ending(
        Outcome.NOT_PAYABLE,
        Money.NONE,
        say("The server wants payment, but not by L402: {}.", dialect.name),
        dialect.sentence,
        say("This program pays L402 only. Nothing was promised to the server."),
    )


def blocked(blocks: Sequence[Finding]) -> Ending:
    """A check said no. The first reason is told; all of them were shown."""
    first = blocks[0]
    what = say("Refused by check {}: {}", Shown(first.check), first.sentence)
    more = len(blocks) - 1
    why = say("{} more of the checks said no.", more) if more else Shown("")
    return Ending(Outcome.REFUSED, Money.NONE, what, why, first.todo)


def previewed(request: Request, quote: Quote | None) -> Ending:
    """Looked at, not bought."""
    if quote is None:
        return Ending(Outcome.PREVIEWED, Money.NONE, say("The bill was looked at, not paid."))
    if request.method in ("HEAD", "OPTIONS"):
        why = say("A {} request is only ever a look. Use GET to buy.", shown(request.method))
    else:
        why = say("Paying is switched off.")
    what = say("It would cost {} and a routing fee.", money(quote.amount))
    return Ending(Outcome.PREVIEWED, Money.NONE, what, why, payment_hash=quote.payment_hash)


def declined(why: Shown) -> Ending:
    """A person (or the rule in their place) said no."""
    return Ending(Outcome.DECLINED, Money.NONE, say("The payment was not approved."), why)


def changed_while_reading() -> Ending:
    """The approval does not cover this bill any more (C27)."""
    return Ending(
        Outcome.REFUSED,
        Money.NONE,
        say("The approval is not good any more."),
        say("The bill changed, or more than two minutes passed since you said yes (check C27)."),
        say("Ask again and decide on the new bill."),
    )


def expired_while_reading() -> Ending:
    """The invoice ran out before it could be paid (C16)."""
    return Ending(
        Outcome.REFUSED,
        Money.NONE,
        say("The invoice expired while it was being read."),
        say("A payment now would be refused by the seller's node (check C16)."),
        say("Ask again for a new invoice."),
    )


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
        say("It stands at: {}. Paying is switched off, so it was not followed.", _state(intent)),
        _FOLLOW,
        payment_hash=intent.payment_hash,
    )


def over(intent: Intent) -> Ending:
    """There is nothing to follow: it failed, or nothing was ever sent."""
    return Ending(
        Outcome.NOT_PAID,
        Money.NONE,
        say("There is nothing to follow: this payment is {}.", _state(intent)),
        shown(intent.reason, 300),
        _ASK_ANEW,
        payment_hash=intent.payment_hash,
    )


def nothing_sent() -> Ending:
    """It was reserved and not sent."""
    what = say("Nothing was ever sent for this payment, so it is closed.")
    return Ending(Outcome.NOT_PAID, Money.NONE, what, todo=_ASK_ANEW)


def never_sent(why: Shown) -> Ending:
    """It was written down as being sent, and never reached its wallet."""
    return Ending(Outcome.NOT_PAID, Money.NONE, say("It was not paid."), why, _ASK_ANEW)


def shared(ending: Ending) -> Ending:
    """Another flow of this program tried to buy the same; this one waited for it."""
    what = say("Another request for the same was on its way already. {}", ending.what)
    spent = _SHARED_MONEY.get(ending.money, ending.money)
    return replace(ending, what=what, money=spent, cost=Msat(0))


def not_paid(event: PaymentFailed) -> Ending:
    """The wallet's final no."""
    what = say("It was not paid.")
    return Ending(Outcome.NOT_PAID, Money.NONE, what, event.why, event.todo)


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
        _FOLLOW,
        payment_hash=intent.payment_hash,
    )


def ends(intent: Intent) -> Shown:
    """When a payment under way ends at the latest; empty where nobody knows."""
    end = intent.latest_end
    if end is None:
        return Shown("")
    when = datetime.fromtimestamp(end.at, UTC)
    return say(
        "It ends by itself at block {} at the latest, about {} UTC.",
        end.block,
        shown(f"{when:%Y-%m-%d %H:%M}"),
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


def delivered(response: Response, held: Held, *, resumed: bool, spent: Msat) -> Ending:
    """Paid for and answered."""
    what = say("Paid, and the server answered {}.", status(response))
    why = say("It cost {}: {} and {} routing fee.", *map(money, _parts(held)))
    if not held.fee:  # none, or one that only the person's own wallet knows
        why = say("It cost {}.", money(held.amount))
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
            todo=_SAME_AGAIN,
        )
    if response.status >= 400:
        todo = say("The payment was accepted, the request was not. The credential is kept.")
        return replace(ending, todo=todo)
    return ending


def rejected(response: Response, held: Held, *, resumed: bool, spent: Msat) -> Ending:
    """Paid, and the server asks again."""
    return Ending(
        Outcome.REJECTED,
        Money.EARLIER if resumed else Money.SPENT,
        say("The server answered {} to a credential that was just paid for.", status(response)),
        say("The preimage fits the invoice, so the payment of {} did happen.", money(held.amount)),
        say("Nothing more is paid here by itself. Token, preimage and both answers are kept."),
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
        _SAME_AGAIN,
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


def come_back(ending: Ending, seconds: float) -> Ending:
    """The server wants a longer pause than anybody waits for."""
    todo = say("The server asks to come back in {}. {}", lasting(seconds), _SAME_AGAIN)
    return replace(ending, todo=todo)


def lasting(seconds: float) -> Shown:
    """``45 s``, ``59 min``, ``26 h``, ``3 days``: rounded down."""
    whole = int(seconds)
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if whole >= 2 * size or (whole >= size and unit == "min"):
            return say("{} {}", whole // size, Shown(unit))
    return say("{} s", whole)


def handle(payment_hash: bytes) -> Shown:
    """Enough of a payment hash to name the payment on a command line."""
    return Shown(payment_hash.hex()[:12])


def broken(why: Shown, intent: Intent | None) -> Ending:
    """Something of ours failed before anything was sent."""
    if intent is not None and intent.state is not IntentState.RESERVED:
        return unsettled(intent, why)
    return Ending(
        Outcome.BROKEN,
        Money.NONE,
        say("The vault, where payments are remembered, does not work."),
        why,
        say("Without it nothing is ever paid. Mend it and try again."),
    )


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


def retry_after(response: Response | None) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (RFC 9110, 10.2.3); dates are ignored."""
    values = response.values(b"retry-after") if response is not None else ()
    value = values[0].strip() if values else b""
    return float(int(value)) if value.isdigit() and len(value) < 7 else None


def _parts(held: Held) -> tuple[int, int, int]:
    return held.amount + held.fee, held.amount, held.fee


def _state(intent: Intent) -> Shown:
    return Shown(intent.state.value)
