"""What happens before anything is paid?

Follow an unfinished payment first; else use a credential; else look at the bill, and ask.
"""

from __future__ import annotations

from dataclasses import replace

from l402tui.flow import endings
from l402tui.flow import events as e
from l402tui.flow.checks import out_of_cache
from l402tui.flow.commands import (
    Ask,
    Check,
    Command,
    Decode,
    LookUp,
    RecordUse,
    Release,
    Reserve,
    Send,
    StoreSending,
    TakeTurn,
    Track,
    Wait,
)
from l402tui.flow.findings import Severity
from l402tui.flow.model import Intent, IntentState, Outcome, Response, Seen
from l402tui.flow.moves import rules
from l402tui.flow.moves.closing import finish, some
from l402tui.flow.moves.redeeming import redeem
from l402tui.flow.state import Phase, State, Step
from l402tui.protocol.text import Shown, say

_BOUGHT_NOTHING = frozenset(
    {
        Outcome.REFUSED,
        Outcome.DECLINED,
        Outcome.NOT_PAID,
        Outcome.UNSETTLED,
        Outcome.REJECTED,
        Outcome.BROKEN,
    }
)
_ABOUT_TO_PAY = say("Another run of this program is about to pay for this; waiting for it.")
_PAYING = say("Another run of this program pays for this right now; waiting for it.")
_FASTER = say("Another payment to this server began while you were asked.")


def found(state: State, event: e.Found) -> Step:
    """Follow an unfinished payment first; else use a credential; else just ask."""
    intent = event.unfinished
    others = () if state.request.echoed else event.credentials
    state = replace(state, others=others, seen=Seen(line=event.line))
    if intent is None:
        return send_next(state)
    state = replace(state, intent=intent, resumed=True)
    if intent.state is IntentState.RESERVED:
        return reserved_before(state, intent, event.at)
    if intent.state.proven:
        return redeem(state)
    if not intent.state.open:
        return finish(state, endings.over(intent))
    if not state.may_pay:
        return finish(state, endings.open_payment(intent))
    return replace(state, phase=Phase.TRACKING), (Track(intent),)


def reserved_before(state: State, intent: Intent, at: float) -> Step:
    """Nothing was sent. Another run may be about to; if not, what it reserved is given back."""
    if at - intent.created < rules.RESERVATION_LASTS and state.looks < rules.LOOKS:
        return look_again(state, _ABOUT_TO_PAY)
    reason = "the program stopped before anything was sent"
    ending = endings.nothing_sent() if state.follow else None
    return replace(state, phase=Phase.RELEASING, ending=ending), (Release(intent, reason),)


def look_again(state: State, why: Shown) -> Step:
    """Another run is at it: ask the vault again in a moment. It may have bought it by then."""
    state = replace(state, looks=state.looks + 1)
    return from_the_top(state, Wait(rules.LOOK_AGAIN, why))


def from_the_top(state: State, *before: Command) -> Step:
    """Ask the vault again what is known."""
    state = replace(
        state,
        phase=Phase.LOOKING_UP,
        intent=None,
        resumed=False,
        held=None,
        refused=None,
        attempt=1,
    )
    return state, (*before, LookUp(state.request, state.follow))


def send_next(state: State) -> Step:
    """Send the request with the next credential that may open it, or with none."""
    held, others = (state.others[0], state.others[1:]) if state.others else (None, ())
    state = replace(state, phase=Phase.REQUESTING, held=held, others=others)
    return state, (Send(state.request, held, state.past_caches),)


def start_over(state: State, *before: Command) -> Step:
    """Ask the server anew; an unfinished payment turned out not to be one."""
    state, commands = send_next(replace(state, intent=None, resumed=False, attempt=1))
    return state, (*before, *commands)


def first_answer(state: State, event: e.Answered) -> Step:
    """No payment was wanted, or a held credential was accepted."""
    if state.held is None:
        return finish(state, endings.free(event.response))
    status = event.response.status
    if status == 401 or (status == 403 and state.held.path != state.request.url.path):
        return refused_by(state, event.response)
    used = RecordUse(state.held, state.request, accepted=True)
    return finish(state, endings.reused(event.response, state.held), used)


def first_challenge(state: State, event: e.Challenged) -> Step:
    """Try every credential that may fit before looking at the bill."""
    if state.held is None:
        return replace(state, phase=Phase.DECODING), (Decode(event.response),)
    if not state.others:
        used = use_refused(state, event.response)
        state = replace(state, refused=state.held, held=None, phase=Phase.DECODING)
        return state, (*used, Decode(event.response))
    return refused_by(state, event.response)


def refused_by(state: State, response: Response) -> Step:
    """The credential is of no use here: on with the next one, or with none."""
    used = use_refused(state, response)
    state, commands = send_next(replace(state, refused=state.held))
    return state, (*used, *commands)


def use_refused(state: State, response: Response) -> tuple[Command, ...]:
    """Remember the refusal, unless a redirect kept the credential from the server that answered."""
    if response.url.origin != state.request.url.origin:
        return ()
    return (RecordUse(some(state.held), state.request, accepted=False),)


def decoded(state: State, event: e.Decoded) -> Step:
    """A 402 of another kind ends here; an L402 bill is checked.

    One out of a cache was perhaps made for somebody else: the server is asked for ours, once.
    """
    bill = event.bill
    if bill.dialect is not None:
        return finish(state, endings.not_payable(bill.dialect))
    if out_of_cache(bill.response) and not state.past_caches:
        return send_next(replace(state, past_caches=True))
    state = replace(state, bill=bill)
    if state.may_pay:
        return replace(state, phase=Phase.QUEUEING), (TakeTurn(state.request),)
    return check(state)


def check(state: State) -> Step:
    """Look at the bill from all sides."""
    command = Check(state.request, some(state.bill), state.refused, line=state.seen.line)
    return replace(state, phase=Phase.CHECKING), (command,)


def turn_taken(state: State, event: e.TurnTaken) -> Step:
    """Of all who want the same now, one pays; the others look at what came of it.

    Where that was nothing they do not all try the same again, or ask their person: a person, a
    check or the wallet has just said no.
    """
    if event.ending is not None and event.ending.outcome in _BOUGHT_NOTHING:
        return finish(state, endings.shared(event.ending))
    return from_the_top(state) if event.waited else check(state)


def checked(state: State, event: e.Checked) -> Step:
    """One BLOCK ends it; a hash that is paid already is used; else a human is asked."""
    seen = replace(state.seen, open=event.seen)
    state = replace(state, findings=event.findings, quote=event.quote, seen=seen)
    if event.bought and state.may_pay and not state.renewed and state.looks < rules.LOOKS:
        return from_the_top(replace(state, looks=state.looks + 1))
    blocks = [found for found in event.findings if found.severity is Severity.BLOCK]
    if state.renewed and (blocks or event.quote is None):
        why = blocks[0].sentence if blocks else Shown("")
        return finish(state, endings.not_sent_again(some(state.intent), why))
    if blocks:
        return finish(state, endings.blocked(blocks))
    if state.renewed:
        return ask(state)
    known = event.known
    if known is not None and known.state.proven and not state.request.echoed:
        return take_over(state, known, event.at)
    if not state.may_pay or event.quote is None:
        return finish(state, endings.previewed(state.request, event.quote))
    if known is not None and known.state.open:
        return take_over(state, known, event.at)
    if event.under_way and state.looks < rules.LOOKS:
        return look_again(state, _PAYING)
    return ask(state)


def ask(state: State) -> Step:
    """Nothing is paid before a human, or the rule in their place, says yes to the quote."""
    return replace(state, phase=Phase.ASKING), (Ask(some(state.quote), state.findings),)


def take_over(state: State, known: Intent, at: float) -> Step:
    """The invoice of this bill is paid, or is being paid already: follow that payment."""
    state = replace(state, intent=known, resumed=True)
    if known.state.proven:
        return redeem(state)
    if known.state is IntentState.RESERVED:
        return reserved_before(state, known, at)
    return replace(state, phase=Phase.TRACKING), (Track(known),)


def approved(state: State, event: e.Approved) -> Step:
    """A yes counts for exactly what was shown, while the invoice is good."""
    quote = some(state.quote)
    refusal = None
    if event.digest != quote.digest:
        refusal = endings.changed_while_reading()
    elif event.at > quote.expires - rules.EXPIRY_MARGIN:
        refusal = endings.expired_while_reading()
    if state.renewed:
        if refusal is not None:
            return finish(state, endings.not_sent_again(some(state.intent), refusal.what))
        state = replace(state, phase=Phase.SENDING, resumed=False)
        return state, (StoreSending(some(state.intent), state.seen),)
    if refusal is not None:
        return finish(state, refusal)
    bill = some(state.bill)
    intent = Intent.of(state.request, bill, quote, event.at)
    state = replace(state, phase=Phase.RESERVING, approved_at=event.at, intent=intent)
    return state, (Reserve(intent, state.seen),)


def declined(state: State, event: e.Declined) -> Step:
    """A no is the end."""
    if state.renewed:
        return finish(state, endings.not_sent_again(some(state.intent), event.why))
    return finish(state, endings.declined(event.why))


def reserved(state: State, event: e.Reserved) -> Step:
    """The approval must still be fresh when the money is about to leave (C27)."""
    intent = event.intent
    state = replace(state, intent=intent)
    late = event.at - state.approved_at > rules.APPROVAL_LASTS
    if late or event.at > intent.expires - rules.EXPIRY_MARGIN:
        ending = endings.changed_while_reading() if late else endings.expired_while_reading()
        state = replace(state, phase=Phase.RELEASING, ending=ending)
        return state, (Release(intent, "the approval or the invoice ran out before sending"),)
    return replace(state, phase=Phase.SENDING), (StoreSending(intent, state.seen),)


def released(state: State, event: e.Released) -> Step:
    """Nothing was sent: end as decided, look at who was faster, or ask the server anew."""
    if state.ending is not None:
        return finish(state, state.ending)
    if state.faster is not None:
        return look_at(replace(state, faster=None), state.faster, event.at)
    return start_over(state)


def outstanding(state: State, event: e.Outstanding) -> Step:
    """Something came between the question and the yes: look again, with what is known now."""
    return look_at(state, event.intent, event.at)


def not_sent(state: State, event: e.Outstanding) -> Step:
    """Something came between the reservation and its sending: give it back, then look again."""
    intent = some(state.intent)
    if state.renewed:  # it may have been sent once, so it stays
        return finish(state, endings.not_sent_again(intent, _FASTER))
    state = replace(state, phase=Phase.RELEASING, faster=event.intent)
    return state, (Release(intent, "another payment to this server was faster"),)


def look_at(state: State, known: Intent | None, at: float) -> Step:
    """Our yes was not given in view of this. What was bought is used; all else is for the checks to
    show, so that whoever says yes says it again. That does not go on for ever."""
    state = replace(state, intent=None, overtaken=state.overtaken + 1)
    usable = known is not None and (known.state.open or known.state is IntentState.ACTIVE)
    if known is not None and usable and known.request.fingerprint == state.request.fingerprint:
        return take_over(state, known, at)
    if state.overtaken > rules.OVERTAKEN:
        return finish(state, endings.overtaken())
    if known is not None and known.state is not IntentState.REJECTED and known.state.proven:
        return from_the_top(state)
    return check(state)


def unreachable(state: State, event: e.Unreachable) -> Step:
    """No usable answer, and nothing was paid."""
    return finish(state, endings.unreachable(event))


def broken_before(state: State, event: e.Failed) -> Step:
    """The vault failed before anything was sent; without it nothing is paid."""
    return finish(state, endings.broken(event.why, state.intent))
