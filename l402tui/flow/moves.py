"""What does each event change, and which commands follow from it?

One function for each arrow of :data:`~l402tui.flow.flow.TRANSITIONS`, in the order in which a flow
meets them. All are pure: ``(state, event) -> (state, commands)``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypeVar

from l402tui.flow import endings
from l402tui.flow import events as e
from l402tui.flow.bill import remembered_bill
from l402tui.flow.commands import (
    Ask,
    Check,
    Command,
    Decode,
    Finish,
    Pay,
    Record,
    RecordUse,
    Release,
    Reserve,
    Retry,
    Send,
    StorePaid,
    StoreSending,
    Track,
    Wait,
)
from l402tui.flow.findings import Severity
from l402tui.flow.model import Ending, Intent, IntentState, Response
from l402tui.flow.state import Phase, State, Step, UnexpectedEvent
from l402tui.protocol.amount import Msat
from l402tui.protocol.credential import preimage_matches
from l402tui.protocol.text import Shown

APPROVAL_LASTS: Final = 120.0
"""Seconds between a yes and the pay call."""
EXPIRY_MARGIN: Final = 10.0
"""Seconds an invoice must still be good for when it is handed to the wallet."""
NEVER_SENT_AFTER: Final = 120.0
"""Seconds after an invoice's expiry until a wallet that has never seen it will never pay it."""
ATTEMPTS: Final = 4
"""How often a paid request is sent, and a lost payment asked about, before a person decides."""
LONGEST_WAIT: Final = 30.0
"""Seconds between two attempts at most."""

T = TypeVar("T")


def some(value: T | None) -> T:
    """A value that must be there in this phase."""
    if value is None:
        raise UnexpectedEvent("the flow has lost a value it needs")
    return value


# --- before anything is paid -------------------------------------------------------------------


def found(state: State, event: e.Found) -> Step:
    """Follow an unfinished payment first; else use a credential; else just ask."""
    intent = event.unfinished
    if intent is None:
        return send_next(replace(state, others=event.credentials))
    state = replace(state, others=event.credentials, intent=intent, resumed=True)
    if intent.state is IntentState.RESERVED:
        reason = "the program stopped before anything was sent"
        return replace(state, phase=Phase.RELEASING), (Release(intent, reason),)
    if intent.state.proven:
        return retry(replace(state, held=intent.held()))
    if not state.may_pay:
        return finish(state, endings.open_payment(intent))
    return replace(state, phase=Phase.TRACKING), (Track(intent),)


def send_next(state: State) -> Step:
    """Send the request with the next credential that may open it, or with none."""
    held, others = (state.others[0], state.others[1:]) if state.others else (None, ())
    state = replace(state, phase=Phase.REQUESTING, held=held, others=others)
    return state, (Send(state.request, held),)


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
    """A 402 of another kind ends here; an L402 bill is checked."""
    bill = event.bill
    if bill.dialect is not None:
        return finish(state, endings.not_payable(bill.dialect))
    state = replace(state, phase=Phase.CHECKING, bill=bill)
    return state, (Check(state.request, bill, state.refused),)


def checked(state: State, event: e.Checked) -> Step:
    """One BLOCK ends it; a hash that is paid already is used; else a human is asked."""
    state = replace(state, findings=event.findings, quote=event.quote)
    blocks = [found for found in event.findings if found.severity is Severity.BLOCK]
    if state.renewed and (blocks or event.quote is None):
        why = blocks[0].sentence if blocks else Shown("")
        return finish(state, endings.not_sent_again(some(state.intent), why))
    if blocks:
        return finish(state, endings.blocked(blocks))
    if state.renewed:
        return ask(state)
    known = event.known
    if known is not None and known.state.proven:
        return take_over(state, known, event.at)
    if not state.may_pay or event.quote is None:
        return finish(state, endings.previewed(state.request, event.quote))
    if known is not None and known.state.open:
        return take_over(state, known, event.at)
    return ask(state)


def ask(state: State) -> Step:
    """Nothing is paid before a human, or the rule in their place, says yes to the quote."""
    return replace(state, phase=Phase.ASKING), (Ask(some(state.quote), state.findings),)


def take_over(state: State, known: Intent, at: float) -> Step:
    """The invoice of this bill is paid, or is being paid already: follow that payment."""
    state = replace(state, intent=known, resumed=True)
    if known.state.proven:
        return retry(replace(state, held=known.held()))
    if known.state is IntentState.RESERVED:
        if at - known.created > APPROVAL_LASTS:  # whoever reserved it would have sent it by now
            reason = "it was reserved and never sent"
            return replace(state, phase=Phase.RELEASING), (Release(known, reason),)
        return finish(state, endings.open_payment(known))
    return replace(state, phase=Phase.TRACKING), (Track(known),)


def approved(state: State, event: e.Approved) -> Step:
    """A yes counts for exactly what was shown, while the invoice is good."""
    quote = some(state.quote)
    refusal = None
    if event.digest != quote.digest:
        refusal = endings.changed_while_reading()
    elif event.at > quote.expires - EXPIRY_MARGIN:
        refusal = endings.expired_while_reading()
    if state.renewed:
        if refusal is not None:
            return finish(state, endings.not_sent_again(some(state.intent), refusal.what))
        # It is on disk as sending since the first time.
        return replace(state, phase=Phase.PAYING, resumed=False), (Pay(some(state.intent)),)
    if refusal is not None:
        return finish(state, refusal)
    bill = some(state.bill)
    intent = Intent.of(state.request, bill, quote, event.at)
    state = replace(state, phase=Phase.RESERVING, approved_at=event.at, intent=intent)
    return state, (Reserve(intent),)


def declined(state: State, event: e.Declined) -> Step:
    """A no is the end."""
    if state.renewed:
        return finish(state, endings.not_sent_again(some(state.intent), event.why))
    return finish(state, endings.declined(event.why))


def reserved(state: State, event: e.Reserved) -> Step:
    """The approval must still be fresh when the money is about to leave (C27)."""
    intent = event.intent
    state = replace(state, intent=intent)
    late = event.at - state.approved_at > APPROVAL_LASTS
    if late or event.at > intent.expires - EXPIRY_MARGIN:
        ending = endings.changed_while_reading() if late else endings.expired_while_reading()
        state = replace(state, phase=Phase.RELEASING, ending=ending)
        return state, (Release(intent, "the approval or the invoice ran out before sending"),)
    return replace(state, phase=Phase.SENDING), (StoreSending(intent),)


def released(state: State, event: e.Released) -> Step:
    """Nothing was sent: end as decided, or ask the server anew."""
    if state.ending is not None:
        return finish(state, state.ending)
    return start_over(state)


# --- while money moves -------------------------------------------------------------------------


def sent(state: State, event: e.PaymentSent) -> Step:
    """It is on disk that the call may leave, and only now it may."""
    return replace(state, phase=Phase.PAYING, intent=event.intent), (Pay(event.intent),)


def progressed(state: State, event: e.PaymentProgressed) -> Step:
    """Remember once that the wallet has taken the payment over."""
    intent = some(state.intent)
    if intent.state is IntentState.IN_FLIGHT or not event.acknowledged:
        return state, ()
    intent = intent.to(IntentState.IN_FLIGHT)
    return replace(state, intent=intent), (Record(intent, IntentState.IN_FLIGHT),)


def settled(state: State, event: e.PaymentSettled) -> Step:
    """Believe a preimage only if its SHA-256 is the payment hash; then store it first."""
    intent = some(state.intent)
    if not preimage_matches(event.preimage, intent.payment_hash):
        reason = "the wallet reported a payment with a preimage that does not belong to it"
        return close(state, IntentState.UNKNOWN, reason, endings.no_proof(intent))
    spent = state.spent if state.resumed else Msat(intent.amount + (event.fee or 0))
    state = replace(state, phase=Phase.STORING, spent=spent)
    state = replace(state, held=intent.held(event.preimage, event.fee))
    return state, (StorePaid(intent, event.preimage, event.fee),)


def failed_payment(state: State, event: e.PaymentFailed) -> Step:
    """The wallet's final no. After a crash the person still wants the content: ask anew."""
    intent = some(state.intent)
    if state.resumed and not event.by_person:  # they asked for the content: a new bill
        return start_over(state, Record(intent, IntentState.FAILED, event.why.text))
    return close(state, IntentState.FAILED, event.why.text, endings.not_paid(event))


def unknown(state: State, event: e.PaymentUnknown) -> Step:
    """Track it, a few times; what is on disk stays as it is, whatever the clock says."""
    intent = some(state.intent)
    if not event.ask_again or state.attempt >= ATTEMPTS:
        return finish(state, endings.unsettled(intent, event.why))
    wait = Wait(float(2 ** (state.attempt - 1)))
    return replace(state, phase=Phase.TRACKING, attempt=state.attempt + 1), (wait,)


def track_again(state: State, event: e.Waited) -> Step:
    """The pause between two questions is over."""
    return state, (Track(some(state.intent)),)


def not_found(state: State, event: e.PaymentNotFound) -> Step:
    """What a wallet's 'never seen' means depends on whether it had the payment once."""
    intent = some(state.intent)
    if intent.state is not IntentState.SENDING:
        reason = "the wallet no longer knows a payment that it had accepted"
        return close(state, IntentState.UNKNOWN, reason, endings.forgotten(intent))
    if event.at < intent.expires - EXPIRY_MARGIN:
        # The same invoice through the same wallet cannot be paid twice, so this is safe even if
        # the first call is still on its way. It is this run that spends the money.
        if event.at - intent.created <= APPROVAL_LASTS:
            return replace(state, phase=Phase.PAYING, resumed=False), (Pay(intent),)
        state = replace(state, phase=Phase.CHECKING, renewed=True)
        return state, (Check(intent.request, remembered_bill(intent), again=intent),)
    if event.at < intent.expires + NEVER_SENT_AFTER:
        return finish(state, endings.too_early_to_say(intent, NEVER_SENT_AFTER))
    reason = "it never reached the wallet, and the invoice has expired"
    return start_over(state, Record(intent, IntentState.FAILED, reason))


def paid_stored(state: State, event: e.PaidStored) -> Step:
    """The credential is on disk: use it."""
    return retry(replace(state, held=event.held))


def paid_not_stored(state: State, event: e.Failed) -> Step:
    """The credential is in memory: use it, and let the wallet keep the preimage."""
    # The intent stays in flight on disk, and tracking it later gives the preimage again.
    return retry(state)


# --- after payment -----------------------------------------------------------------------------


def retry(state: State) -> Step:
    """Send the request with the credential that was paid for."""
    state = replace(state, phase=Phase.RETRYING, attempt=1, swapped=False)
    return state, (Retry(state.request, some(state.held)),)


def paid_answer(state: State, event: e.Answered) -> Step:
    """Any answer but a challenge means that the credential was accepted, unless it is a 5xx."""
    response, held = event.response, some(state.held)
    if response.status == 401:  # not taken, with or without a new challenge
        return paid_challenge(state, e.Challenged(response))
    if response.status >= 500 or response.status == 429:
        ending = endings.undelivered_status(response, held, state.spent, resumed=state.resumed)
        return redeem_later(state, ending, response)
    ending = endings.delivered(response, held, resumed=state.resumed, spent=state.spent)
    used = RecordUse(held, state.request, accepted=True)
    return close(state, IntentState.ACTIVE, "", ending, used)


def paid_challenge(state: State, event: e.Challenged) -> Step:
    """Paid and asked again: one try under the scheme's other name, then never again."""
    held = some(state.held)
    if not state.swapped:
        # Some servers read only one of the two names of the scheme.
        held = replace(held, scheme="LSAT" if held.scheme == "L402" else "L402")
        state = replace(state, swapped=True, held=held, attempt=state.attempt + 1)
        return state, (Retry(state.request, held, state.attempt),)
    ending = endings.rejected(event.response, held, resumed=state.resumed, spent=state.spent)
    reason = "the server answered the paid credential with another challenge"
    used = RecordUse(held, state.request, accepted=False)
    return close(state, IntentState.REJECTED, reason, ending, used)


def paid_silence(state: State, event: e.Unreachable) -> Step:
    """No answer after payment: the same credential again, where repeating is harmless."""
    held = some(state.held)
    ending = endings.undelivered_silence(event, held, state.spent, resumed=state.resumed)
    if event.maybe_received and not state.request.repeatable:
        return close(state, IntentState.REDEEM_RETRY, event.why.text, ending)
    return redeem_later(state, ending, None)


def redeem_later(state: State, ending: Ending, response: Response | None) -> Step:
    """Wait and use the same credential again, a few times; never pay again."""
    if state.attempt >= ATTEMPTS or not state.request.repeatable:
        return close(state, IntentState.REDEEM_RETRY, ending.why.text, ending)
    seconds = min(LONGEST_WAIT, endings.retry_after(response) or 2.0 ** (state.attempt - 1))
    intent = some(state.intent)
    record = Record(intent, IntentState.REDEEM_RETRY, ending.why.text)
    return replace(state, attempt=state.attempt + 1), (record, Wait(seconds))


def retry_again(state: State, event: e.Waited) -> Step:
    """The pause between two attempts is over."""
    return state, (Retry(state.request, some(state.held), state.attempt),)


# --- the end -----------------------------------------------------------------------------------


def close(state: State, to: IntentState, reason: str, ending: Ending, *before: Command) -> Step:
    """Write how the intent stands, then tell the ending."""
    record = Record(some(state.intent), to, reason)
    return replace(state, phase=Phase.CLOSING, ending=ending), (*before, record)


def closed(state: State, event: e.ResultStored) -> Step:
    """The books are closed: tell the ending."""
    return finish(state, some(state.ending))


def not_closed(state: State, event: e.Failed) -> Step:
    """Tell the ending, and that the vault does not know it."""
    return finish(state, endings.not_recorded(some(state.ending), event.why))


def finish(state: State, ending: Ending, *before: Command) -> Step:
    """Tell the ending."""
    return replace(state, phase=Phase.ENDING, ending=ending), (*before, Finish(ending))


def done(state: State, event: e.Finished) -> Step:
    """The flow is over."""
    return replace(state, phase=Phase.DONE), ()


def unreachable(state: State, event: e.Unreachable) -> Step:
    """No usable answer, and nothing was paid."""
    return finish(state, endings.unreachable(event))


def broken_before(state: State, event: e.Failed) -> Step:
    """The vault failed before anything was sent; without it nothing is paid."""
    return finish(state, endings.broken(event.why, state.intent))


def stay(state: State, event: e.Event) -> Step:
    """Nothing follows from it."""
    return state, ()


def stay_changed(state: State, event: e.ResultStored) -> Step:
    """The vault's view of the intent is the one that counts."""
    return replace(state, intent=event.intent), ()


def outstanding(state: State, event: e.Outstanding) -> Step:
    """Something came between the question and the yes: look again, with what is known now."""
    bill, known = some(state.bill), event.intent
    state = replace(state, intent=None)
    usable = known is not None and (known.state.open or known.state is IntentState.ACTIVE)
    if known is not None and usable and known.request.fingerprint == state.request.fingerprint:
        return take_over(state, known, event.at)
    return replace(state, phase=Phase.CHECKING), (Check(state.request, bill, state.refused),)
