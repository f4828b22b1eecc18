"""What follows from what has happened?

:func:`step` is a pure function: a state and an event in, the next state and the commands to carry
out. :data:`TRANSITIONS` below is the whole machine; every phase lists the events it understands and
what becomes of them. The usual way through::

    LOOKING_UP -Found-> REQUESTING -Challenged-> DECODING -Decoded-> QUEUEING -TurnTaken->
    CHECKING -Checked-> ASKING -Approved-> RESERVING -Reserved-> SENDING -PaymentSent-> PAYING
    -PaymentSettled-> STORING -PaidStored-> RETRYING -Answered-> CLOSING -ResultStored-> ENDING
    -Finished-> DONE

The rules about money, each of which a test holds on to:

* The intent is on disk as *sending* (:class:`StoreSending`) before :class:`Pay` exists.
* :class:`PaymentUnknown` leads to :class:`Track` or to the end, never to a second payment. What is
  on disk stays as it is: only the wallet's own word about this hash changes it.
* Only a preimage whose SHA-256 is the payment hash is a payment. It is written before it is used;
  where the disk does not take it, it stays in memory and is written as soon as it does.
* Of all who want the same at the same moment, one pays (:class:`TakeTurn`).
* A yes counts in view of what the checks have shown. Where another payment has begun at the same
  origin since, by whichever process, or has bought the same, nothing is sent: all is looked at
  anew (:class:`Outstanding`).
* Without permission to pay there is no path to :class:`Reserve`, :class:`Pay` or :class:`Track`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from l402tui.flow import events as e
from l402tui.flow.commands import LookUp
from l402tui.flow.model import Request
from l402tui.flow.moves import before, closing, paying, redeeming
from l402tui.flow.state import Phase, State, Step, UnexpectedEvent

__all__ = ["TRANSITIONS", "Phase", "State", "UnexpectedEvent", "begin", "step"]

Move = Callable[[State, Any], Step]

_WALLET_SAYS: Final[dict[type[e.Event], Move]] = {
    e.PaymentProgressed: paying.progressed,
    e.PaymentSettled: paying.settled,
    e.PaymentFailed: paying.failed_payment,
    e.PaymentUnknown: paying.unknown,
    e.ResultStored: closing.stay_changed,
    e.Failed: closing.stay,  # a note that could not be written changes nothing about the payment
}

TRANSITIONS: Final[Mapping[Phase, Mapping[type[e.Event], Move]]] = MappingProxyType(
    {
        Phase.LOOKING_UP: {
            e.Waiting: closing.stay,
            e.Waited: closing.stay,
            e.Found: before.found,
            e.Failed: before.broken_before,
        },
        Phase.REQUESTING: {
            e.Requested: closing.stay,
            e.Answered: before.first_answer,
            e.Challenged: before.first_challenge,
            e.Unreachable: before.unreachable,
            e.ResultStored: closing.stay,
            e.Failed: closing.stay,
        },
        Phase.DECODING: {
            e.Decoded: before.decoded,
            e.Failed: closing.stay,
        },
        Phase.QUEUEING: {
            e.Queued: closing.stay,
            e.TurnTaken: before.turn_taken,
        },
        Phase.CHECKING: {
            e.Checked: before.checked,
            e.Failed: before.broken_before,
        },
        Phase.ASKING: {
            e.ApprovalAsked: closing.stay,
            e.Approved: before.approved,
            e.Declined: before.declined,
        },
        Phase.RESERVING: {
            e.Reserved: before.reserved,
            e.Outstanding: before.outstanding,
            e.Failed: before.broken_before,
        },
        Phase.RELEASING: {
            e.Released: before.released,
            e.ResultStored: paying.laid_to_rest,
            e.Failed: before.broken_before,
        },
        Phase.SENDING: {
            e.PaymentSent: paying.sent,
            e.Outstanding: before.not_sent,
            e.Failed: before.broken_before,
        },
        Phase.PAYING: _WALLET_SAYS,
        Phase.TRACKING: {
            **_WALLET_SAYS,
            e.PaymentNotFound: paying.not_found,
            e.Waiting: closing.stay,
            e.Waited: paying.track_again,
        },
        Phase.STORING: {
            e.PaidStored: paying.paid_stored,
            e.Failed: paying.paid_not_stored,
        },
        Phase.RETRYING: {
            e.Retried: closing.stay,
            e.Answered: redeeming.paid_answer,
            e.Challenged: redeeming.paid_challenge,
            e.Unreachable: redeeming.paid_silence,
            e.ResultStored: closing.stay_changed,
            e.PaidStored: redeeming.stored_meanwhile,
            e.Waiting: closing.stay,
            e.Waited: redeeming.retry_again,
            e.Failed: closing.stay,
        },
        Phase.CLOSING: {
            e.ResultStored: closing.closed,
            e.PaidStored: closing.stored_at_last,
            e.Waiting: closing.stay,
            e.Waited: closing.close_again,
            e.Failed: closing.not_closed,
        },
        Phase.ENDING: {
            e.Finished: closing.done,
            e.ResultStored: closing.stay,  # the note after one that could not be written
            e.Failed: closing.stay,
        },
        Phase.DONE: {},
    }
)


def begin(
    request: Request, *, may_pay: bool, follow: bytes | None = None, resend: bool = False
) -> Step:
    """The first state and command of a flow. HEAD, OPTIONS and TRACE requests never pay.

    ``follow`` is the hash of a payment of this request: it is followed to its end and redeemed, and
    nothing else is ever bought. ``resend``: a person has said that the request may go out again,
    although the server may have acted on it.
    """
    may_pay = may_pay and not request.only_looks
    state = State(request, may_pay, follow=follow, resend=resend)
    return state, (LookUp(request, follow),)


def step(state: State, event: e.Event) -> Step:
    """What follows. Raises UnexpectedEvent."""
    move = TRANSITIONS[state.phase].get(type(event))
    if move is None:
        raise UnexpectedEvent(f"{type(event).__name__} while {state.phase.value}")
    return move(state, event)
