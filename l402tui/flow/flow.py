"""What follows from what has happened?

:func:`step` is a pure function: a state and an event in, the next state and the commands to carry
out. :data:`TRANSITIONS` below is the whole machine; every phase lists the events it understands and
what becomes of them. The usual way through::

    LOOKING_UP -Found-> REQUESTING -Challenged-> DECODING -Decoded-> CHECKING -Checked-> ASKING
    -Approved-> RESERVING -Reserved-> SENDING -PaymentSent-> PAYING -PaymentSettled-> STORING
    -PaidStored-> RETRYING -Answered-> CLOSING -ResultStored-> ENDING -Finished-> DONE

The rules about money, each of which a test holds on to:

* The intent is on disk as *sending* (:class:`StoreSending`) before :class:`Pay` exists.
* :class:`PaymentUnknown` leads to :class:`Track` or to the end, never to a second payment. What is
  on disk stays as it is: only the wallet's own word about this hash changes it.
* Only a preimage whose SHA-256 is the payment hash is a payment. It is on disk before it is used.
* Without permission to pay there is no path to :class:`Reserve`, :class:`Pay` or :class:`Track`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from l402tui.flow import events as e
from l402tui.flow import moves
from l402tui.flow.commands import LookUp
from l402tui.flow.model import Request
from l402tui.flow.state import Phase, State, Step, UnexpectedEvent

__all__ = ["TRANSITIONS", "Phase", "State", "UnexpectedEvent", "begin", "step"]

Move = Callable[[State, Any], Step]

_WALLET_SAYS: Final[dict[type[e.Event], Move]] = {
    e.PaymentProgressed: moves.progressed,
    e.PaymentSettled: moves.settled,
    e.PaymentFailed: moves.failed_payment,
    e.PaymentUnknown: moves.unknown,
    e.ResultStored: moves.stay_changed,
    e.Failed: moves.stay,  # a note that could not be written changes nothing about the payment
}

TRANSITIONS: Final[Mapping[Phase, Mapping[type[e.Event], Move]]] = MappingProxyType(
    {
        Phase.LOOKING_UP: {
            e.Found: moves.found,
            e.Failed: moves.broken_before,
        },
        Phase.REQUESTING: {
            e.Requested: moves.stay,
            e.Answered: moves.first_answer,
            e.Challenged: moves.first_challenge,
            e.Unreachable: moves.unreachable,
            e.ResultStored: moves.stay,
            e.Failed: moves.stay,
        },
        Phase.DECODING: {
            e.Decoded: moves.decoded,
            e.Failed: moves.stay,
        },
        Phase.CHECKING: {
            e.Checked: moves.checked,
            e.Failed: moves.broken_before,
        },
        Phase.ASKING: {
            e.ApprovalAsked: moves.stay,
            e.Approved: moves.approved,
            e.Declined: moves.declined,
        },
        Phase.RESERVING: {
            e.Reserved: moves.reserved,
            e.Outstanding: moves.outstanding,
            e.Failed: moves.broken_before,
        },
        Phase.RELEASING: {
            e.Released: moves.released,
            e.Failed: moves.broken_before,
        },
        Phase.SENDING: {
            e.PaymentSent: moves.sent,
            e.Failed: moves.broken_before,
        },
        Phase.PAYING: _WALLET_SAYS,
        Phase.TRACKING: {
            **_WALLET_SAYS,
            e.PaymentNotFound: moves.not_found,
            e.Waited: moves.track_again,
        },
        Phase.STORING: {
            e.PaidStored: moves.paid_stored,
            e.Failed: moves.paid_not_stored,
        },
        Phase.RETRYING: {
            e.Retried: moves.stay,
            e.Answered: moves.paid_answer,
            e.Challenged: moves.paid_challenge,
            e.Unreachable: moves.paid_silence,
            e.ResultStored: moves.stay_changed,
            e.Waited: moves.retry_again,
            e.Failed: moves.stay,
        },
        Phase.CLOSING: {
            e.ResultStored: moves.closed,
            e.Failed: moves.not_closed,
        },
        Phase.ENDING: {
            e.Finished: moves.done,
            e.ResultStored: moves.stay,  # the note after one that could not be written
            e.Failed: moves.stay,
        },
        Phase.DONE: {},
    }
)


def begin(request: Request, *, may_pay: bool) -> Step:
    """The first state and command of a flow. HEAD and OPTIONS requests never pay."""
    may_pay = may_pay and request.method.upper() not in ("HEAD", "OPTIONS")
    return State(request, may_pay), (LookUp(request),)


def step(state: State, event: e.Event) -> Step:
    """What follows. Raises UnexpectedEvent."""
    move = TRANSITIONS[state.phase].get(type(event))
    if move is None:
        raise UnexpectedEvent(f"{type(event).__name__} while {state.phase.value}")
    return move(state, event)
