"""How does a flow end that has not paid?

The server wanted nothing, a check, a person or the wallet said no, or something did not work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from l402tui.flow.endings.uncertain import unsettled
from l402tui.flow.endings.words import (
    ASK_ANEW,
    money,
    state_of,
    status,
)
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
from l402tui.protocol.amount import Msat
from l402tui.protocol.dialects import Dialect
from l402tui.protocol.text import Shown, say, shown


def free(response: Response) -> Ending:
    """The server did not ask for money."""
    why = say("It answered without asking for payment.")
    todo = Shown("")
    if _ends_unseen(response):
        why = say("It is a gRPC answer, and how that ended stands behind it, where it is not read.")
        todo = say("It may have failed, or want payment: take HTTP without gRPC to find out.")
    what = say("The server answered {}.", status(response))
    return Ending(Outcome.FREE, Money.NONE, what, why, todo)


def _ends_unseen(response: Response) -> bool:
    """Whether it is a gRPC answer that keeps its status for its trailers."""
    kinds = response.values(b"content-type")
    grpc = any(kind.strip().lower().startswith(b"application/grpc") for kind in kinds)
    return grpc and not response.values(b"grpc-status")


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
    if request.only_looks:
        why = say("{} is only ever a look. Use GET to buy.", shown(request.method))
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


def overtaken() -> Ending:
    """Again and again another payment here was faster than the yes."""
    return Ending(
        Outcome.REFUSED,
        Money.NONE,
        say("Nothing was paid: other payments to this server kept coming between."),
        say("Each of them began after you were asked, so no yes was given in view of it."),
        say("Let them end (l402tui payments lists them), then ask again."),
    )


def not_paid(event: PaymentFailed) -> Ending:
    """The wallet's final no."""
    what = say("It was not paid.")
    return Ending(Outcome.NOT_PAID, Money.NONE, what, event.why, event.todo)


def over(intent: Intent) -> Ending:
    """There is nothing to follow: it failed, or nothing was ever sent."""
    return Ending(
        Outcome.NOT_PAID,
        Money.NONE,
        say("There is nothing to follow: this payment is {}.", state_of(intent)),
        shown(intent.reason, 300),
        ASK_ANEW,
        payment_hash=intent.payment_hash,
    )


def nothing_sent() -> Ending:
    """It was reserved and not sent."""
    what = say("Nothing was ever sent for this payment, so it is closed.")
    return Ending(Outcome.NOT_PAID, Money.NONE, what, todo=ASK_ANEW)


def never_sent(why: Shown) -> Ending:
    """It was written down as being sent, and never reached its wallet."""
    return Ending(Outcome.NOT_PAID, Money.NONE, say("It was not paid."), why, ASK_ANEW)


_SHARED_MONEY: Final = {Money.SPENT: Money.EARLIER}
"""What another flow has spent is not spent once more by the one that waited for it."""


def shared(ending: Ending) -> Ending:
    """Another flow of this program tried to buy the same; this one waited for it."""
    what = say("Another request for the same was on its way already. {}", ending.what)
    spent = _SHARED_MONEY.get(ending.money, ending.money)
    return replace(ending, what=what, money=spent, cost=Msat(0))


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
