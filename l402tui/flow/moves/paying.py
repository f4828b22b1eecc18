"""What happens while money moves?

Only the wallet's word about this very hash changes where a payment stands; that nobody answers
changes nothing.
"""

from __future__ import annotations

from dataclasses import replace

from l402tui.flow import endings
from l402tui.flow import events as e
from l402tui.flow.bill import remembered_bill
from l402tui.flow.commands import Check, Pay, Record, StorePaid, Track, Wait
from l402tui.flow.model import Ending, IntentState
from l402tui.flow.moves import rules
from l402tui.flow.moves.before import start_over
from l402tui.flow.moves.closing import close, finish, some
from l402tui.flow.moves.redeeming import redeem, retry
from l402tui.flow.state import Phase, State, Step
from l402tui.protocol.amount import Msat
from l402tui.protocol.credential import preimage_matches
from l402tui.protocol.text import Shown, say


def sent(state: State, event: e.PaymentSent) -> Step:
    """It is on disk that the call may leave, and only now it may."""
    return replace(state, phase=Phase.PAYING, intent=event.intent), (Pay(event.intent),)


def progressed(state: State, event: e.PaymentProgressed) -> Step:
    """Remember that the wallet has taken the payment over, and when it has had it for long."""
    intent = some(state.intent)
    if not event.acknowledged:
        return state, ()
    state = replace(state, moved=True, attempt=1 if state.follow else state.attempt)
    begun = intent.created if intent.sent is None else intent.sent
    slow = intent.state is IntentState.HELD or event.at - begun > rules.HELD_AFTER
    stands = IntentState.HELD if slow else IntentState.IN_FLIGHT
    end = event.latest_end or intent.latest_end
    if (stands, end) == (intent.state, intent.latest_end):
        return state, ()
    intent = intent.to(stands, latest_end=end)
    return replace(state, intent=intent), (Record(intent, stands, latest_end=end),)


def settled(state: State, event: e.PaymentSettled) -> Step:
    """Believe a preimage only if its SHA-256 is the payment hash; then store it first."""
    intent = some(state.intent)
    if not preimage_matches(event.preimage, intent.payment_hash):
        reason = "the wallet says that it paid, and has no preimage that belongs to this payment"
        return close(state, IntentState.PAID_NO_PREIMAGE, reason, endings.no_proof(intent))
    # When a phone has paid nobody knows: perhaps just now, though it was shown the invoice earlier.
    resumed = state.resumed and not intent.external
    spent = state.spent if resumed else Msat(intent.amount + (event.fee or 0))
    state = replace(state, phase=Phase.STORING, spent=spent, unstored_fee=event.fee)
    state = replace(state, resumed=resumed)
    state = replace(state, held=intent.held(event.preimage, event.fee))
    return state, (StorePaid(intent, event.preimage, event.fee),)


def failed_payment(state: State, event: e.PaymentFailed) -> Step:
    """The wallet's final no. After a crash the person still wants the content: ask anew."""
    ending = endings.not_paid(event)
    anew = state.resumed and not event.by_person and state.follow is None
    return lay_to_rest(state, event.why, None if anew else ending)


def lay_to_rest(state: State, why: Shown, ending: Ending | None) -> Step:
    """Nothing was paid and nothing will be. ``ending``: None where a new bill is asked for."""
    intent = some(state.intent)
    if intent.state is IntentState.PAID_NO_PREIMAGE:  # the same wallet has said that it paid
        return finish(state, endings.no_proof(intent))
    record = Record(intent, IntentState.FAILED, why.text)
    return replace(state, phase=Phase.RELEASING, ending=ending), (record,)


def laid_to_rest(state: State, event: e.ResultStored) -> Step:
    """The vault's word counts: another run may have proof of the payment by now."""
    intent = event.intent
    if intent.state.proven:
        return redeem(replace(state, intent=intent, resumed=True, ending=None))
    if intent.state.holds_money:
        return finish(state, endings.no_proof(intent))
    return start_over(state) if state.ending is None else finish(state, state.ending)


def unknown(state: State, event: e.PaymentUnknown) -> Step:
    """Track it, a few times; what is on disk stays as it is, whatever the clock says.

    Whoever follows this payment and nothing else goes on until there is an end.
    """
    intent = some(state.intent)
    ending = endings.unsettled(intent, event.why)
    if event.by_person:
        return close(state, IntentState.UNKNOWN, event.why.text, ending)
    patient = state.follow is not None and (event.ask_again or state.moved)
    if not patient and (not event.ask_again or state.attempt >= rules.ATTEMPTS):
        return finish(state, ending)
    why = say("{} The wallet is asked again; nothing is sent again.", event.why)
    wait = Wait(rules.backoff(state.attempt), why)
    state = replace(state, phase=Phase.TRACKING, attempt=state.attempt + 1, moved=False)
    return state, (wait,)


def track_again(state: State, event: e.Waited) -> Step:
    """The pause between two questions is over."""
    return state, (Track(some(state.intent)),)


_ON_ITS_WAY = say("Another run sent it just now, and the wallet may not have it yet.")


def not_found(state: State, event: e.PaymentNotFound) -> Step:
    """What a wallet's 'never seen' means depends on whether it had the payment once."""
    intent = some(state.intent)
    if intent.state is IntentState.PAID_NO_PREIMAGE:
        return finish(state, endings.no_proof(intent))
    if intent.state is not IntentState.SENDING:
        reason = "the wallet no longer knows a payment that it had accepted"
        return close(state, IntentState.UNKNOWN, reason, endings.forgotten(intent))
    if state.resumed and 0 <= event.at - (intent.sent or 0.0) < rules.ARRIVES_WITHIN:
        return state, (Wait(rules.LOOK_AGAIN, _ON_ITS_WAY),)
    if event.at < intent.expires - rules.EXPIRY_MARGIN:
        # The same invoice through the same wallet cannot be paid twice, so this is safe even if
        # the first call is still on its way. It is this run that spends the money.
        if event.at - intent.created <= rules.APPROVAL_LASTS:
            return replace(state, phase=Phase.PAYING, resumed=False), (Pay(intent),)
        state = replace(state, phase=Phase.CHECKING, renewed=True)
        bill, line = remembered_bill(intent), state.seen.line
        return state, (Check(intent.request, bill, again=intent, line=line),)
    if event.at < intent.expires + rules.NEVER_SENT_AFTER:
        return finish(state, endings.too_early_to_say(intent, rules.NEVER_SENT_AFTER))
    why = say("It never reached the wallet, and the invoice has expired.")
    return lay_to_rest(state, why, endings.never_sent(why) if state.follow else None)


def paid_stored(state: State, event: e.PaidStored) -> Step:
    """The credential is on disk: use it."""
    return retry(replace(state, held=event.held))


def paid_not_stored(state: State, event: e.Failed) -> Step:
    """The credential is in memory: use it, and write it as soon as the disk takes it."""
    # The intent stays in flight on disk, and tracking it later gives the preimage again.
    return retry(replace(state, unstored=True))
