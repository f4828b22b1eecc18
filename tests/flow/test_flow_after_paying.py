"""What happens after the payment: the credential is used until it opens, and never bought again."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from typing import Any
from unittest import mock

import pytest

from l402tui.flow.commands import Ask, LookUp, Pay, Record, RecordUse, Reserve, Retry, Wait
from l402tui.flow.events import (
    Answered,
    Challenged,
    Failed,
    Fault,
    Found,
    ResultStored,
    Retried,
    Unreachable,
    Waited,
)
from l402tui.flow.model import Held, Intent, IntentState, Money, Outcome
from l402tui.flow.moves import rules
from l402tui.protocol.text import say
from tests.flow import makers as m
from tests.flow.playbook import Play, play
from tests.flow.scenes import paid

OTHER_NAME = replace(m.HELD, scheme="LSAT")
SILENCE = Unreachable(Fault.TIMEOUT, say("no answer in time"))
CUT_OFF = Unreachable(Fault.CONNECT, say("the line was cut"), maybe_received=True)
OURS = [Fault.PROTOCOL, Fault.REDIRECT, Fault.TOO_LARGE, Fault.REFUSED_ADDRESS]
ANY: Any = mock.ANY
TROUBLE = say("the disk is full")


def stored(state: IntentState, intent: Intent = m.PAID) -> ResultStored:
    return ResultStored(intent.to(state))


def closes(flow: Play, state: IntentState) -> Play:
    """The books are closed with this state."""
    flow << Record
    record = flow.said[-1]
    assert isinstance(record, Record)
    assert record.state is state
    return flow >> stored(state)


def test_paid_and_delivered() -> None:
    flow = paid() >> Retried(m.REQUEST, b"") >> Answered(m.answer())
    flow << RecordUse(m.HELD, m.REQUEST, accepted=True)
    closes(flow, IntentState.ACTIVE)
    ending = flow.ends(Outcome.PAID, Money.SPENT)
    assert ending.cost == m.INVOICE.amount + m.FEE
    assert ending.payment_hash == m.HASH


def test_an_answer_that_is_cut_short_is_not_delivered() -> None:
    flow = paid() >> Answered(replace(m.answer(), complete=False)) << RecordUse
    closes(flow, IntentState.ACTIVE).ends(Outcome.UNDELIVERED, Money.SPENT)


def test_an_error_of_the_request_itself_is_an_answer() -> None:
    flow = paid() >> Answered(m.answer(404)) << RecordUse
    closes(flow, IntentState.ACTIVE).ends(Outcome.PAID, Money.SPENT)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [(200, b"", True), (206, b"", True), (200, b"\n", False), (204, b"", False), (205, b"", False)],
)
def test_an_empty_answer_is_pointed_out(status: int, body: bytes, said: bool) -> None:
    flow = paid() >> Answered(m.answer(status, body=body)) << RecordUse
    ending = closes(flow, IntentState.ACTIVE).ends(Outcome.PAID, Money.SPENT)
    assert ("The answer is empty." in str(ending)) is said


# --- refused -----------------------------------------------------------------------------------


def test_a_402_after_payment_is_one_try_with_the_other_name() -> None:
    flow = paid() >> Challenged(m.BILL_402) << Retry(m.REQUEST, OTHER_NAME, 2)
    flow >> Answered(m.answer()) << RecordUse
    closes(flow, IntentState.ACTIVE).ends(Outcome.PAID, Money.SPENT)


def test_a_402_under_both_names_is_rejected_and_nothing_more_is_paid() -> None:
    flow = paid() >> Challenged(m.BILL_402) << Retry(m.REQUEST, OTHER_NAME, 2)
    flow >> Challenged(m.BILL_402) << RecordUse(OTHER_NAME, m.REQUEST, accepted=False)
    closes(flow, IntentState.REJECTED).ends(Outcome.REJECTED, Money.SPENT)
    assert sum(isinstance(command, Pay) for command in flow.said) == 1
    assert sum(isinstance(command, Ask) for command in flow.said) == 1


def test_an_lsat_credential_is_tried_as_l402() -> None:
    intent = replace(m.PAID, scheme="LSAT")
    flow = play(m.REQUEST) >> Found((), intent) << Retry(m.REQUEST, intent.held())
    flow >> Challenged(m.BILL_402) << Retry(m.REQUEST, replace(intent.held(), scheme="L402"), 2)


# --- the server is in trouble ------------------------------------------------------------------


def fails(flow: Play, event: Answered | Unreachable, held: Held = m.HELD) -> Play:
    """It fails as often as it is tried."""
    for attempt in range(1, rules.DELIVERIES):
        flow >> event << Record << Wait(float(2 ** (attempt - 1)))
        flow >> stored(IntentState.REDEEM_RETRY)
        flow >> Waited() << Retry(m.REQUEST, held, attempt + 1)
    return flow >> event


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_trouble_is_waited_out_with_the_same_credential(status: int) -> None:
    flow = fails(paid(), Answered(m.answer(status)))
    closes(flow, IntentState.REDEEM_RETRY).ends(Outcome.UNDELIVERED, Money.SPENT)
    assert sum(isinstance(command, Pay) for command in flow.said) == 1
    assert sum(isinstance(command, Reserve) for command in flow.said) == 1


@pytest.mark.parametrize("silence", [SILENCE, CUT_OFF], ids=["silence", "cut off"])
def test_silence_is_waited_out_with_the_same_credential(silence: Unreachable) -> None:
    flow = fails(paid(), silence)
    closes(flow, IntentState.REDEEM_RETRY).ends(Outcome.UNDELIVERED, Money.SPENT)


@pytest.mark.parametrize("fault", OURS, ids=lambda fault: fault.name)
def test_what_this_program_refuses_is_not_asked_for_again(fault: Fault) -> None:
    """It would be the same eight times over."""
    flow = paid() >> Unreachable(fault, say("it says why"), maybe_received=True)
    closes(flow, IntentState.REDEEM_RETRY)
    ending = flow.never(Wait).ends(Outcome.UNDELIVERED, Money.SPENT)
    assert ending.why.text == "it says why"
    assert "refuses" in ending.todo.text
    assert "the credential is kept and used, not bought again" in ending.todo.text
    assert sum(isinstance(command, Retry) for command in flow.said) == 1


@pytest.mark.parametrize("fault", [one for one in Fault if one not in OURS], ids=lambda f: f.name)
def test_what_may_pass_is_asked_for_again(fault: Fault) -> None:
    paid() >> Unreachable(fault, say("it says why")) << Record << Wait(1.0)


def test_the_next_run_asks_once_for_what_was_refused() -> None:
    flow = play(m.REQUEST) >> Found((), m.PAID.to(IntentState.REDEEM_RETRY)) << Retry
    closes(flow >> Unreachable(Fault.TOO_LARGE, say("too long")), IntentState.REDEEM_RETRY)
    flow.never(Wait, Pay).ends(Outcome.UNDELIVERED, Money.EARLIER)


def test_a_server_that_comes_back_delivers() -> None:
    flow = paid() >> Answered(m.answer(503)) << Record << Wait >> stored(IntentState.REDEEM_RETRY)
    flow >> Waited() << Retry >> Answered(m.answer()) << RecordUse
    closes(flow, IntentState.ACTIVE).ends(Outcome.PAID, Money.SPENT)


def test_notes_that_cannot_be_written_do_not_stop_the_retry() -> None:
    flow = paid() >> Answered(m.answer(503)) << Record << Wait >> Failed(TROUBLE)
    flow >> Waited() << Retry


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(b"7", 7.0), (b"300", rules.LONGEST_WAIT), (b"soon", 1.0), (b"0", 1.0)],
)
def test_the_server_may_ask_for_a_pause(value: bytes, seconds: float) -> None:
    response = m.answer(503, ((b"Retry-After", value),))
    paid() >> Answered(response) << Record << Wait(seconds)


def at(seconds: float) -> bytes:
    return formatdate(m.NOW + seconds, usegmt=True).encode()


@pytest.mark.parametrize(
    ("until", "clock", "seconds"),
    [
        (at(90), None, 90.0),
        (at(90), at(0), 90.0),
        (at(390), at(300), 90.0),  # their clock is five minutes ahead of ours
        (at(90), b"some day", 90.0),
        (at(-90), None, 1.0),
        (at(90), at(100), 1.0),
        (b"Funday, 99 Nov 2026 00:00:00 GMT", None, 1.0),
    ],
)
def test_the_server_may_name_a_moment(until: bytes, clock: bytes | None, seconds: float) -> None:
    dated = () if clock is None else ((b"Date", clock),)
    response = m.answer(503, ((b"Retry-After", until), *dated))
    paid() >> Answered(response, at=m.NOW) << Record << Wait(seconds)


@pytest.mark.parametrize(
    ("far", "told"),
    [(at(86_400), "24 h"), (at(7 * 86_400), "7 days"), (b"9" * 40, "3650 days")],
)
def test_a_moment_that_nobody_waits_for_is_told(far: bytes, told: str) -> None:
    flow = paid() >> Answered(m.answer(503, ((b"Retry-After", far),)), at=m.NOW)
    ending = closes(flow, IntentState.REDEEM_RETRY).ends(Outcome.UNDELIVERED, Money.SPENT)
    assert f"come back in {told}" in ending.todo.text
    flow.never(Wait)


def test_a_pause_that_nobody_waits_for_is_told_and_ends_it() -> None:
    flow = paid() >> Answered(m.answer(503, ((b"Retry-After", b"86400"),)))
    ending = closes(flow, IntentState.REDEEM_RETRY).ends(Outcome.UNDELIVERED, Money.SPENT)
    assert "come back in 24 h" in ending.todo.text
    flow.never(Wait)


def test_the_pause_says_why_and_that_nothing_is_paid() -> None:
    flow = paid() >> Answered(m.answer(503, ((b"Retry-After", b"7"),)))
    wait = flow.said[-1]
    assert isinstance(wait, Wait)
    for word in ("503", "asks for a pause", "2 of 8", "nothing is paid again"):
        assert word in wait.why.text


# --- requests that change something ------------------------------------------------------------

NOT_RECEIVED = Unreachable(Fault.CONNECT, say("no connection"))


def test_that_it_leaves_is_written_down_before_it_leaves() -> None:
    kinds = [type(command) for command in paid(m.POST).said]
    assert kinds[-2:] == [Record, Retry]


@pytest.mark.parametrize("event", [Answered(m.answer(503)), CUT_OFF], ids=["status", "cut off"])
def test_a_request_that_may_have_been_acted_on_is_not_repeated(
    event: Answered | Unreachable,
) -> None:
    flow = closes(paid(m.POST) >> event, IntentState.REDEEMING)
    ending = flow.ends(Outcome.UNDELIVERED, Money.SPENT)
    assert f"payments resume {m.HASH.hex()[:12]}" in ending.todo.text
    assert sum(isinstance(command, Retry) for command in flow.said) == 1
    flow.never(Wait)


@pytest.mark.parametrize(
    "event", [Answered(m.answer(429)), NOT_RECEIVED], ids=["not now", "no connection"]
)
def test_a_request_that_cannot_have_been_acted_on_is_repeated(
    event: Answered | Unreachable,
) -> None:
    flow = paid(m.POST) >> event << Record << Wait(1.0)
    flow >> stored(IntentState.REDEEM_RETRY) >> Waited()
    flow << Record(m.PAID.to(IntentState.REDEEM_RETRY), IntentState.REDEEMING, ANY)
    flow << Retry(m.POST, m.HELD, 2)


@pytest.mark.parametrize(
    ("received", "state", "told"),
    [
        (True, IntentState.REDEEMING, "payments resume"),
        (False, IntentState.REDEEM_RETRY, "this program refuses it"),
    ],
)
def test_a_refused_answer_to_a_request_that_changes_something(
    received: bool, state: IntentState, told: str
) -> None:
    flow = paid(m.POST) >> Unreachable(Fault.REDIRECT, say("no"), maybe_received=received)
    ending = closes(flow, state).never(Wait).ends(Outcome.UNDELIVERED, Money.SPENT)
    assert told in ending.todo.text


def test_with_an_idempotency_key_it_is_repeated() -> None:
    keyed = replace(m.POST, headers=(("Idempotency-Key", "order-7"),))
    flow = paid(keyed) >> CUT_OFF << Record << Wait(1.0)
    flow >> stored(IntentState.REDEEM_RETRY) >> Waited() << Retry(keyed, m.HELD, 2)


SENT_BEFORE = replace(m.PAID.to(IntentState.REDEEMING), request=m.POST)


def test_the_next_run_does_not_repeat_it_by_itself() -> None:
    flow = play(m.POST) >> Found((), SENT_BEFORE)
    ending = flow.never(Retry, Pay).ends(Outcome.UNDELIVERED, Money.EARLIER)
    assert "payments resume" in ending.todo.text


def test_a_person_may_have_it_repeated() -> None:
    flow = Play(m.POST, follow=m.HASH, resend=True) << LookUp(m.POST, m.HASH)
    flow >> Found((), SENT_BEFORE) << Record << Retry(m.POST, m.HELD)
    flow >> stored(IntentState.REDEEMING) >> Answered(m.answer()) << RecordUse
    closes(flow, IntentState.ACTIVE).never(Pay).ends(Outcome.PAID, Money.EARLIER)


def test_a_get_that_was_being_delivered_is_just_repeated() -> None:
    intent = m.PAID.to(IntentState.REDEEMING)
    play(m.REQUEST) >> Found((), intent) << Retry(m.REQUEST, m.HELD)


# --- the next run ------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [IntentState.PAID, IntentState.REDEEM_RETRY])
def test_what_is_paid_and_not_delivered_is_used_by_the_next_run(state: IntentState) -> None:
    intent = m.PAID.to(state)
    flow = play(m.REQUEST) >> Found((), intent) << Retry(m.REQUEST, intent.held())
    flow >> Answered(m.answer()) << RecordUse
    ending = closes(flow, IntentState.ACTIVE).never(Pay).ends(Outcome.PAID, Money.EARLIER)
    assert ending.cost == 0


def test_what_was_paid_earlier_and_is_refused_now_is_rejected() -> None:
    flow = play(m.REQUEST) >> Found((), m.PAID) << Retry >> Challenged(m.BILL_402) << Retry
    flow >> Challenged(m.BILL_402) << RecordUse
    closes(flow, IntentState.REJECTED).never(Pay).ends(Outcome.REJECTED, Money.EARLIER)


# --- the books ---------------------------------------------------------------------------------


def test_a_delivery_that_cannot_be_written_down_is_told() -> None:
    flow = paid() >> Answered(m.answer()) << RecordUse << Record >> Failed(TROUBLE)
    ending = flow.ends(Outcome.PAID, Money.SPENT)
    assert "disk is full" in ending.todo.text


def test_a_note_that_fails_before_one_that_works_is_no_reason_to_stumble() -> None:
    flow = paid() >> Answered(m.answer()) << RecordUse << Record
    flow >> Failed(TROUBLE)  # of the first
    from l402tui.flow.commands import Finish

    flow << Finish >> stored(IntentState.ACTIVE)


def test_late_news_about_the_intent_are_kept_while_retrying() -> None:
    flow = paid() >> stored(IntentState.REDEEM_RETRY)
    assert flow.state.intent is not None
    assert flow.state.intent.state is IntentState.REDEEM_RETRY
