"""Is the whole machine known to the plays, and does it keep the money rules in any order?"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from l402tui.flow import endings
from l402tui.flow import events as e
from l402tui.flow.bill import read_bill
from l402tui.flow.commands import (
    Command,
    Pay,
    Record,
    Reserve,
    StorePaid,
    StoreSending,
    Track,
)
from l402tui.flow.findings import Finding, Severity
from l402tui.flow.flow import TRANSITIONS, Phase, State, begin, step
from l402tui.flow.model import Intent, IntentState
from l402tui.flow.moves import rules
from l402tui.protocol.credential import preimage_matches
from l402tui.protocol.text import say
from tests.flow import makers as m
from tests.flow import (
    scenes,
    test_flow_after_paying,
    test_flow_before_paying,
    test_flow_paying,
    test_flow_recovery,
    test_flow_turns,
)
from tests.flow.playbook import SEEN, Play, play

WHY = say("because")

# --- every arrow is played ---------------------------------------------------------------------


def _plays() -> Iterator[Callable[[], Any]]:
    for module in (
        test_flow_before_paying,
        test_flow_turns,
        test_flow_paying,
        test_flow_after_paying,
        test_flow_recovery,
    ):
        for name, function in vars(module).items():
            if name.startswith("test_") and isinstance(function, FunctionType):
                yield from _with_its_values(function)


def _with_its_values(function: FunctionType) -> Iterator[Callable[[], Any]]:
    marks = getattr(function, "pytestmark", [])
    tables = [
        [dict(zip(_names(mark.args[0]), _tuple(mark.args[0], row), strict=True)) for row in rows]
        for mark in marks
        if mark.name == "parametrize"
        for rows in [mark.args[1]]
    ]
    for rows in itertools.product(*tables):
        values = {name: value for row in rows for name, value in row.items()}
        yield lambda function=function, values=values: function(**values)  # type: ignore[misc] # bound now


def _names(given: Any) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _tuple(given: Any, row: Any) -> tuple[Any, ...]:
    return (row,) if isinstance(given, str) else tuple(row)


def test_every_arrow_of_the_machine_is_played() -> None:
    SEEN.clear()
    for act in _plays():
        act()
    arrows = {(phase, event) for phase, moved in TRANSITIONS.items() for event in moved}
    missing = sorted(f"{phase.name} -{event.__name__}->" for phase, event in arrows - SEEN)
    assert not missing


def test_every_phase_has_its_arrows() -> None:
    assert set(TRANSITIONS) == set(Phase)


# --- any order ---------------------------------------------------------------------------------

_TIMES = st.sampled_from(
    [m.NOW, m.NOW + 60, m.NOW + 200, m.EXPIRES - 5, m.EXPIRES + 5, m.EXPIRES + 10_000]
)
_INTENTS = st.sampled_from(list(IntentState)).map(
    lambda state: m.RESERVED.to(state, preimage=m.PREIMAGE if state.proven else None)
)
_ANSWERS = st.sampled_from([200, 404, 429, 503]).map(m.answer)
_FINDINGS = st.sampled_from(list(Severity)).map(
    lambda severity: (Finding("C00", "a check", severity, WHY),)
)
_BILLS = st.sampled_from([m.BILL, read_bill(m.answer(402))])
_PREIMAGES = st.sampled_from([m.PREIMAGE, m.WRONG_PREIMAGE])
_DIGESTS = st.sampled_from([m.QUOTE.digest, m.QUOTE.digest, "0" * 64])


_BEGUN: tuple[Callable[[], Play], ...] = (
    lambda: play(m.REQUEST),
    scenes.asked,
    scenes.paying,
    scenes.paid,
    lambda: scenes.resumed(m.SENDING),
    lambda: scenes.resumed(m.IN_FLIGHT),
    lambda: scenes.resumed(m.UNKNOWN),
    lambda: scenes.resumed(m.NO_PREIMAGE),
    lambda: scenes.paid(m.POST),
)
_OPENINGS = st.sampled_from(_BEGUN)


def _made(kind: type[e.Event], state: State) -> st.SearchStrategy[e.Event]:
    """Any event of a kind, as the world could bring it in this state."""
    intent = state.intent or m.RESERVED
    ways: dict[type[e.Event], st.SearchStrategy[e.Event]] = {
        e.Found: st.builds(
            e.Found, st.sampled_from([(), (m.OLD_HELD,)]), st.one_of(st.none(), _INTENTS)
        ),
        e.Requested: st.just(e.Requested(m.REQUEST, b"")),
        e.Retried: st.just(e.Retried(m.REQUEST, b"")),
        e.Answered: st.builds(e.Answered, _ANSWERS),
        e.Challenged: st.just(e.Challenged(m.BILL_402)),
        e.Unreachable: st.builds(
            e.Unreachable, st.just(e.Fault.TIMEOUT), st.just(WHY), st.booleans()
        ),
        e.Decoded: st.builds(e.Decoded, _BILLS),
        e.Checked: st.builds(
            e.Checked, _FINDINGS, st.just(m.QUOTE), st.one_of(st.none(), _INTENTS)
        ),
        e.Queued: st.just(e.Queued()),
        e.TurnTaken: st.builds(
            e.TurnTaken, st.booleans(), st.one_of(st.none(), st.just(endings.declined(WHY)))
        ),
        e.Waiting: st.just(e.Waiting(1.0, WHY)),
        e.ApprovalAsked: st.just(e.ApprovalAsked(m.QUOTE, ())),
        e.Approved: st.builds(e.Approved, _DIGESTS, st.just(WHY), at=_TIMES),
        e.Declined: st.just(e.Declined(WHY)),
        e.Reserved: st.builds(e.Reserved, st.just(intent), at=_TIMES),
        e.Outstanding: st.builds(e.Outstanding, st.one_of(st.none(), _INTENTS)),
        e.Released: st.just(e.Released(intent)),
        e.PaymentSent: st.just(e.PaymentSent(intent.to(IntentState.SENDING))),
        e.PaymentProgressed: st.builds(e.PaymentProgressed, st.just(WHY), st.booleans()),
        e.PaymentSettled: st.builds(e.PaymentSettled, _PREIMAGES, st.just(m.FEE)),
        e.PaymentFailed: st.just(e.PaymentFailed(WHY)),
        e.PaymentUnknown: st.builds(e.PaymentUnknown, st.just(WHY), st.booleans()),
        e.PaymentNotFound: st.builds(e.PaymentNotFound, at=_TIMES),
        e.PaidStored: st.just(e.PaidStored(m.HELD)),
        e.ResultStored: st.just(e.ResultStored(intent)),
        e.Waited: st.just(e.Waited()),
        e.Failed: st.just(e.Failed(WHY)),
        e.Finished: st.just(e.Finished(state.ending)) if state.ending else st.nothing(),
    }
    return ways[kind]


class Witness:
    """Watches the commands and holds them to the rules."""

    def __init__(self, may_pay: bool) -> None:
        self.may_pay = may_pay
        self.approved = 0
        """Approvals that were not used up yet."""
        self.sending = 0
        """Intents that are on disk as sending, and not given to the wallet yet."""

    def check(self, before: State, event: e.Event, commands: tuple[Command, ...]) -> None:
        self.approved += isinstance(event, e.Approved)
        for command in commands:
            if isinstance(command, Reserve | StoreSending | Pay | Track):
                assert self.may_pay
            if isinstance(command, StoreSending):
                assert self.approved, "a payment without a yes of its own"
                self.approved -= 1
                self.sending += 1
            if isinstance(command, Record) and command.state is IntentState.FAILED:
                # Only a word about this very hash says that it was not paid.
                assert isinstance(event, e.PaymentFailed | e.PaymentNotFound)
            if isinstance(command, StorePaid):
                assert preimage_matches(command.preimage, command.intent.payment_hash)
            if isinstance(command, Pay):
                self._pay(before, event, command.intent)

    def _pay(self, before: State, event: e.Event, intent: Intent) -> None:
        if isinstance(event, e.PaymentSent):
            assert before.phase is Phase.SENDING
            assert self.sending, "paid before it was on disk, or twice"
            self.sending -= 1
            return
        # The one way to give a wallet an invoice again: it has never seen it, it was never seen
        # in flight, it has not expired, and the yes is fresh. (Later, a person is asked once more,
        # and it is written down once more.)
        assert intent.state is IntentState.SENDING
        assert event.at < intent.expires - rules.EXPIRY_MARGIN
        assert isinstance(event, e.PaymentNotFound)
        assert event.at - intent.created <= rules.APPROVAL_LASTS
        assert before.phase is Phase.TRACKING


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.booleans())
def test_no_order_of_events_breaks_a_money_rule(data: st.DataObject, may_pay: bool) -> None:
    state, _ = begin(m.REQUEST, may_pay=may_pay)
    if may_pay:
        state = data.draw(_OPENINGS)().state
    witness = Witness(may_pay)
    for _ in range(60):
        kinds = [kind for kind in TRANSITIONS[state.phase] if kind is not e.Finished]
        if state.phase is Phase.ENDING:
            kinds = [e.Finished]
        if not kinds:
            break
        kind = data.draw(st.sampled_from(kinds))
        if kind is e.Outstanding and state.intent is None:
            continue
        if kind is e.Waited and state.phase is Phase.CLOSING and not state.unstored:
            continue  # there is a pause only for a preimage that is in memory
        event = data.draw(_made(kind, state))
        before = state
        state, commands = step(state, event)
        witness.check(before, event, commands)
