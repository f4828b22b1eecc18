"""What happens after the payment?

The request goes out with the credential until the server answers. It is never paid for again, and a
request that changes something is not sent twice unless the server cannot have acted on it.
"""

from __future__ import annotations

from dataclasses import replace

from l402tui.flow import endings
from l402tui.flow import events as e
from l402tui.flow.commands import Command, Record, RecordUse, Retry, Wait
from l402tui.flow.model import Ending, IntentState
from l402tui.flow.moves import rules
from l402tui.flow.moves.closing import close, finish, some, store_again
from l402tui.flow.state import Phase, State, Step
from l402tui.protocol.text import Shown, say

_LEFT = "the paid request has left, and no answer to it is known"


def redeem(state: State) -> Step:
    """An earlier run, or another one, has paid: use what it bought.

    Where its request may have reached the server, and repeating it may do something twice, only a
    person decides that it is sent again.
    """
    intent = some(state.intent)
    state = replace(state, held=intent.held())
    unsure = intent.state is IntentState.REDEEMING and not state.request.repeatable
    if unsure and not state.resend:
        return finish(state, endings.perhaps_delivered(intent))
    return retry(state)


def retry(state: State) -> Step:
    """Send the request with the credential that was paid for."""
    return hand_in(replace(state, phase=Phase.RETRYING, attempt=1, swapped=False))


def hand_in(state: State) -> Step:
    """Send it; that a request leaves which must not be sent twice is written down first."""
    send = Retry(state.request, some(state.held), state.attempt)
    if state.request.repeatable:
        return state, (send,)
    return state, (Record(some(state.intent), IntentState.REDEEMING, _LEFT), send)


def paid_answer(state: State, event: e.Answered) -> Step:
    """Any answer but a challenge means that the credential was accepted, unless it is a 5xx."""
    response, held = event.response, some(state.held)
    if response.status == 401:  # not taken, with or without a new challenge
        return paid_challenge(state, e.Challenged(response))
    if response.status >= 500 or response.status == 429:
        ending = endings.undelivered_status(response, held, state.spent, resumed=state.resumed)
        asked = endings.retry_after(response, event.at) or 0.0
        return redeem_later(state, ending, asked, acted=response.status >= 500)
    cap = some(state.intent).fee_cap
    ending = endings.delivered(
        response, held, resumed=state.resumed, spent=state.spent, fee_cap=cap
    )
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
    """No answer after payment: the same credential again, where repeating is harmless and can help.

    What this program refuses to take is not mended by asking for it eight times.
    """
    held = some(state.held)
    ending = endings.undelivered_silence(event, held, state.spent, resumed=state.resumed)
    if event.fault.ours and (state.request.repeatable or not event.maybe_received):
        ending = endings.not_taken(ending, event.fault)
        return close(state, IntentState.REDEEM_RETRY, ending.why.text, ending)
    return redeem_later(state, ending, 0.0, acted=event.maybe_received)


def redeem_later(state: State, ending: Ending, asked: float, *, acted: bool) -> Step:
    """Wait and use the same credential again, a few times; never pay again.

    ``asked``: seconds that the server wants to be left alone. ``acted``: it may have acted on the
    request.
    """
    if acted and not state.request.repeatable:
        ending = endings.ask_before_repeating(ending, some(state.held))
        return close(state, IntentState.REDEEMING, _LEFT, ending)
    if asked > rules.LONGEST_WAIT:
        later = endings.come_back(ending, asked)
        return close(state, IntentState.REDEEM_RETRY, later.todo.text, later)
    if state.attempt >= rules.DELIVERIES:
        return close(state, IntentState.REDEEM_RETRY, ending.why.text, ending)
    wait = Wait(max(asked, rules.backoff(state.attempt)), _why(ending, asked, state.attempt + 1))
    books: Command = Record(some(state.intent), IntentState.REDEEM_RETRY, ending.why.text)
    if state.unstored:
        books = store_again(state)
    return replace(state, attempt=state.attempt + 1), (books, wait)


def _why(ending: Ending, asked: float, attempt: int) -> Shown:
    lead = say("{} The server asks for a pause.", ending.what) if asked else ending.what
    return say("{} Attempt {} of {} follows; nothing is paid again.",
               lead, attempt, rules.DELIVERIES)  # fmt: skip


def retry_again(state: State, event: e.Waited) -> Step:
    """The pause between two attempts is over."""
    return hand_in(state)


def stored_meanwhile(state: State, event: e.PaidStored) -> Step:
    """The preimage is on disk after all."""
    return replace(state, unstored=False), ()
