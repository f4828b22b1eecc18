"""How does a flow come to its end?

The books are closed before the ending is told. A preimage that could not be written yet is written
first; until it is, it is in memory, and the wallet has it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from l402tui.flow import endings
from l402tui.flow import events as e
from l402tui.flow.commands import Command, Finish, Record, StorePaid, Wait
from l402tui.flow.model import Ending, IntentState
from l402tui.flow.moves import rules
from l402tui.flow.state import Phase, State, Step, UnexpectedEvent
from l402tui.protocol.text import say

T = TypeVar("T")


def some(value: T | None) -> T:
    """A value that must be there in this phase."""
    if value is None:
        raise UnexpectedEvent("the flow has lost a value it needs")
    return value


def close(state: State, to: IntentState, reason: str, ending: Ending, *before: Command) -> Step:
    """Write how the intent stands, then tell the ending."""
    owed = (*before, Record(some(state.intent), to, reason))
    state = replace(state, phase=Phase.CLOSING, ending=ending, attempt=1)
    if state.unstored:  # without its proof the vault takes none of this
        return replace(state, owed=owed), (store_again(state),)
    return state, owed


def store_again(state: State) -> StorePaid:
    """The preimage once more; the disk may have room by now."""
    held = some(state.held)
    return StorePaid(some(state.intent), held.preimage, state.unstored_fee)


def stored_at_last(state: State, event: e.PaidStored) -> Step:
    """The preimage is on disk after all, and what waited for it follows."""
    return replace(state, unstored=False, owed=()), state.owed


def closed(state: State, event: e.ResultStored) -> Step:
    """The books are closed: tell the ending."""
    return finish(state, some(state.ending))


def not_closed(state: State, event: e.Failed) -> Step:
    """Try a preimage again for a while; else tell the ending, and that the vault does not know."""
    ending = some(state.ending)
    if not state.unstored:
        return finish(state, endings.not_recorded(ending, event.why))
    if state.attempt >= rules.STORINGS:
        return finish(state, endings.only_in_memory(ending, some(state.intent), event.why))
    why = say("The preimage could not be written yet and is in memory: {}", event.why)
    wait = Wait(rules.backoff(state.attempt), why)
    return replace(state, attempt=state.attempt + 1), (wait,)


def close_again(state: State, event: e.Waited) -> Step:
    """The pause before the disk is tried again is over."""
    return state, (store_again(state),)


def finish(state: State, ending: Ending, *before: Command) -> Step:
    """Tell the ending."""
    return replace(state, phase=Phase.ENDING, ending=ending), (*before, Finish(ending))


def done(state: State, event: e.Finished) -> Step:
    """The flow is over."""
    return replace(state, phase=Phase.DONE), ()


def stay(state: State, event: e.Event) -> Step:
    """Nothing follows from it."""
    return state, ()


def stay_changed(state: State, event: e.ResultStored) -> Step:
    """The vault's view of the intent is the one that counts."""
    return replace(state, intent=event.intent), ()
