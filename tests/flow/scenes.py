"""The openings that many plays share."""

from __future__ import annotations

from l402tui.flow.commands import (
    Ask,
    Check,
    Decode,
    Pay,
    Record,
    Reserve,
    Retry,
    Send,
    StorePaid,
    StoreSending,
    TakeTurn,
    Track,
)
from l402tui.flow.events import (
    Approved,
    Challenged,
    Checked,
    Decoded,
    Found,
    PaidStored,
    PaymentSent,
    PaymentSettled,
    Requested,
    Reserved,
    TurnTaken,
)
from l402tui.flow.model import Intent, Request
from l402tui.protocol.text import say
from tests.flow import makers as m
from tests.flow.playbook import Play, play


def challenged(request: Request = m.REQUEST, *, may_pay: bool = True) -> Play:
    """The server wants money; the bill is read, and checks are to be made."""
    flow = (
        play(request, may_pay=may_pay)
        >> Found()
        << Send(request)
        >> Requested(request, b"")
        >> Challenged(m.BILL_402)
        << Decode(m.BILL_402)
        >> Decoded(m.BILL)
    )
    if flow.state.may_pay:
        flow << TakeTurn(request) >> TurnTaken()
    return flow << Check(request, m.BILL)


def asked(request: Request = m.REQUEST) -> Play:
    """All checks are fine, and the question is on the screen."""
    quote = m.quote_for(request)
    return challenged(request) >> Checked((), quote) << Ask(quote, ())


def approved(at: float = m.NOW, digest: str = m.QUOTE.digest) -> Approved:
    return Approved(digest, say("a test"), at=at)


def paying(request: Request = m.REQUEST) -> Play:
    """Somebody said yes, and the wallet has been given the invoice."""
    quote = m.quote_for(request)
    intent = Intent.of(request, m.BILL, quote, m.NOW)
    sending = intent.to(m.SENDING.state)
    return (
        asked(request)
        >> approved(digest=quote.digest)
        << Reserve(intent)
        >> Reserved(intent, at=m.NOW)
        << StoreSending(intent)
        >> PaymentSent(sending)
        << Pay(sending)
    )


def paid(request: Request = m.REQUEST) -> Play:
    """Paid, written down, and sent again with the credential."""
    flow = paying(request) >> PaymentSettled(m.PREIMAGE, m.FEE) << StorePaid >> PaidStored(m.HELD)
    if not request.repeatable:
        flow << Record
    return flow << Retry(request, m.HELD)


def resumed(intent: Intent) -> Play:
    """An earlier run was stopped while this payment was under way."""
    return play(m.REQUEST) >> Found((), intent) << Track(intent)
