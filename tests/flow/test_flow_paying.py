"""What happens while money moves: the rules that nothing may break."""

from __future__ import annotations

import pytest

from l402tui.flow.commands import (
    Ask,
    Check,
    Pay,
    Record,
    RecordUse,
    Reserve,
    Retry,
    Send,
    StorePaid,
    StoreSending,
    Track,
    Wait,
)
from l402tui.flow.events import (
    Answered,
    Checked,
    Declined,
    Failed,
    PaidStored,
    PaymentFailed,
    PaymentNotFound,
    PaymentProgressed,
    PaymentSent,
    PaymentSettled,
    PaymentUnknown,
    ResultStored,
    Waited,
)
from l402tui.flow.findings import Finding, Severity
from l402tui.flow.model import Intent, IntentState, Money, Outcome
from l402tui.flow.moves import rules
from l402tui.protocol.amount import sat
from l402tui.protocol.text import say
from tests.flow import makers as m
from tests.flow.playbook import Play
from tests.flow.scenes import approved, paying, resumed

WHY = say("the connection was lost")
TROUBLE = say("the disk is full")
ON_ITS_WAY = PaymentProgressed(say("on its way"))


def stored(state: IntentState, reason: str = "") -> ResultStored:
    return ResultStored(m.RESERVED.to(state, reason=reason))


def test_it_is_on_disk_as_sending_before_it_is_sent() -> None:
    kinds = [type(command) for command in paying().said]
    assert kinds.index(StoreSending) == kinds.index(Pay) - 1


def test_a_payment_is_written_down_before_it_is_used() -> None:
    flow = paying() >> PaymentSettled(m.PREIMAGE, m.FEE)
    flow << StorePaid(m.SENDING, m.PREIMAGE, m.FEE)
    flow.never(Retry)
    flow >> PaidStored(m.HELD) << Retry(m.REQUEST, m.HELD)
    assert flow.state.spent == m.INVOICE.amount + m.FEE


def test_the_wallets_first_word_is_written_down_once() -> None:
    in_flight = IntentState.IN_FLIGHT
    flow = paying() >> ON_ITS_WAY << Record(m.IN_FLIGHT, in_flight) >> stored(in_flight)
    flow >> ON_ITS_WAY  # nothing new
    flow >> PaymentSettled(m.PREIMAGE, m.FEE) << StorePaid


def test_showing_an_invoice_is_not_a_payment_under_way() -> None:
    flow = paying() >> PaymentProgressed(say("Scan this."), acknowledged=False)
    flow.never(Record)


def test_a_note_that_cannot_be_written_does_not_stop_the_payment() -> None:
    flow = paying() >> ON_ITS_WAY << Record >> Failed(TROUBLE)
    flow >> PaymentSettled(m.PREIMAGE) << StorePaid


def test_a_wrong_preimage_is_never_kept() -> None:
    flow = paying() >> PaymentSettled(m.WRONG_PREIMAGE, m.FEE) << Record
    flow >> stored(IntentState.PAID_NO_PREIMAGE)
    ending = flow.never(StorePaid, Retry).ends(Outcome.UNSETTLED, Money.PERHAPS)
    assert "SHA-256" in ending.why.text
    record = flow.said[-2]
    assert isinstance(record, Record)
    assert record.state is IntentState.PAID_NO_PREIMAGE


def test_a_certain_no_frees_the_money() -> None:
    no = PaymentFailed(say("no route"), say("try later"))
    flow = paying() >> no << Record(m.SENDING, IntentState.FAILED, "no route")
    flow >> stored(IntentState.FAILED)
    flow.never(Retry, StorePaid).ends(Outcome.NOT_PAID, Money.NONE)
    assert flow.said.count(Pay(m.SENDING)) == 1


def test_a_preimage_that_cannot_be_written_is_used_all_the_same() -> None:
    flow = paying() >> PaymentSettled(m.PREIMAGE, m.FEE) << StorePaid >> Failed(TROUBLE)
    flow << Retry(m.REQUEST, m.HELD)


# --- nobody knows ------------------------------------------------------------------------------


def lost(flow: Play, times: int) -> Play:
    """The wallet cannot say, and is asked again, so many times."""
    intent = m.SENDING if flow.state.intent is None else flow.state.intent
    for number in range(times):
        flow >> PaymentUnknown(WHY) << Wait(float(2**number)) >> Waited() << Track(intent)
    return flow


def test_unknown_is_followed_and_never_paid_again() -> None:
    flow = lost(paying(), rules.ATTEMPTS - 1) >> PaymentUnknown(WHY)
    flow.ends(Outcome.UNSETTLED, Money.PERHAPS)
    assert sum(isinstance(command, Pay) for command in flow.said) == 1


def test_unknown_leaves_the_disk_as_it_is() -> None:
    flow = lost(paying(), rules.ATTEMPTS - 1) >> PaymentUnknown(WHY)
    flow.never(Record).ends(Outcome.UNSETTLED, Money.PERHAPS)


def test_unknown_without_hope_ends_at_once() -> None:
    flow = paying() >> PaymentUnknown(WHY, ask_again=False)
    flow.never(Wait, Track).ends(Outcome.UNSETTLED, Money.PERHAPS)


def test_a_payment_that_was_lost_from_sight_can_still_arrive() -> None:
    flow = lost(paying(), 2) >> PaymentSettled(m.PREIMAGE, m.FEE) << StorePaid
    flow >> PaidStored(m.HELD) << Retry(m.REQUEST, m.HELD)


def test_a_payment_that_was_lost_from_sight_can_turn_out_to_have_failed() -> None:
    flow = lost(paying(), 1) >> ON_ITS_WAY << Record >> stored(m.IN_FLIGHT.state)
    flow >> PaymentFailed(say("came back")) << Record >> stored(IntentState.FAILED)
    flow.ends(Outcome.NOT_PAID, Money.NONE)


def test_news_that_cannot_be_written_while_following_change_nothing() -> None:
    flow = lost(paying(), 1) >> ON_ITS_WAY << Record >> Failed(TROUBLE)
    flow >> PaymentSettled(m.PREIMAGE) << StorePaid


# --- an earlier run was stopped ----------------------------------------------------------------


def test_never_seen_and_not_expired_is_the_same_invoice_again() -> None:
    flow = resumed(m.SENDING) >> PaymentNotFound(at=m.NOW + rules.APPROVAL_LASTS)
    flow << Pay(m.SENDING)
    flow >> PaymentSettled(m.PREIMAGE, m.FEE) << StorePaid >> PaidStored(m.HELD) << Retry
    flow >> Answered(m.answer()) << RecordUse << Record >> stored(IntentState.ACTIVE)
    flow.ends(Outcome.PAID, Money.SPENT)


def test_what_another_run_sends_this_very_moment_is_not_sent_beside_it() -> None:
    sending = m.SENDING.to(IntentState.SENDING, sent=m.NOW)
    flow = resumed(sending) >> PaymentNotFound(at=m.NOW) << Wait >> Waited() << Track(sending)
    flow >> PaymentNotFound(at=m.NOW + rules.ARRIVES_WITHIN - 0.1) << Wait >> Waited() << Track
    flow.never(Pay)
    flow >> PaymentSettled(m.PREIMAGE, m.FEE) << StorePaid >> PaidStored(m.HELD) << Retry
    flow >> Answered(m.answer()) << RecordUse << Record >> stored(IntentState.ACTIVE)
    assert flow.ends(Outcome.PAID, Money.EARLIER).cost == 0


@pytest.mark.parametrize("later", [rules.ARRIVES_WITHIN, -1.0])
def test_what_was_sent_long_enough_ago_is_sent_again(later: float) -> None:
    sending = m.SENDING.to(IntentState.SENDING, sent=m.NOW)
    resumed(sending) >> PaymentNotFound(at=m.NOW + later) << Pay(sending)


def test_a_person_who_says_that_it_was_not_paid_is_not_asked_for_another_bill() -> None:
    flow = resumed(m.SENDING) >> PaymentFailed(WHY, by_person=True) << Record
    flow >> stored(IntentState.FAILED)
    flow.never(Send).ends(Outcome.NOT_PAID, Money.NONE)


def renewed() -> Play:
    """A payment that never reached its wallet, and whose yes is old by now."""
    flow = resumed(m.SENDING) >> PaymentNotFound(at=m.NOW + rules.APPROVAL_LASTS + 1) << Check
    check = flow.said[-1]
    assert isinstance(check, Check)
    assert check.again == m.SENDING
    assert check.bill.invoice == m.BILL.invoice
    return flow


def test_after_a_long_time_a_human_is_asked_once_more_about_the_same_invoice() -> None:
    flow = renewed() >> Checked((), m.QUOTE, m.SENDING) << Ask(m.QUOTE, ())
    flow >> approved(at=m.NOW + 200) << StoreSending(m.SENDING)
    flow >> PaymentSent(m.SENDING) << Pay(m.SENDING)
    flow.never(Reserve)


@pytest.mark.parametrize("no", ["declined", "blocked", "expired", "changed"])
def test_a_no_to_an_old_payment_never_says_that_it_was_not_paid_for_certain(no: str) -> None:
    flow = renewed()
    if no == "blocked":
        flow >> Checked((Finding("C26", "ready", Severity.BLOCK, say("no")),), m.QUOTE, m.SENDING)
    else:
        flow >> Checked((), m.QUOTE, m.SENDING) << Ask
        answer = {
            "declined": Declined(say("no")),
            "expired": approved(at=m.EXPIRES),
            "changed": approved(at=m.NOW + 200, digest="0" * 64),
        }[no]
        flow >> answer
    flow.never(Pay, Record).ends(Outcome.UNSETTLED, Money.PERHAPS)


def test_never_seen_and_long_expired_was_not_paid_and_a_new_bill_is_asked_for() -> None:
    flow = resumed(m.SENDING) >> PaymentNotFound(at=m.EXPIRES + rules.NEVER_SENT_AFTER)
    flow << Record
    record = flow.said[-1]
    assert isinstance(record, Record)
    assert record.state is IntentState.FAILED
    flow.never(Pay)
    flow >> stored(IntentState.FAILED) << Send(m.REQUEST) >> Answered(m.answer())
    flow.ends(Outcome.FREE, Money.NONE)


@pytest.mark.parametrize("late", [-rules.EXPIRY_MARGIN, 0.0, rules.NEVER_SENT_AFTER - 1])
def test_never_seen_and_just_expired_is_too_early_to_say(late: float) -> None:
    flow = resumed(m.SENDING) >> PaymentNotFound(at=m.EXPIRES + late)
    flow.never(Pay, Record, Send).ends(Outcome.UNSETTLED, Money.PERHAPS)


@pytest.mark.parametrize("intent", [m.IN_FLIGHT, m.UNKNOWN], ids=["in flight", "unknown"])
@pytest.mark.parametrize("at", [m.NOW, m.EXPIRES + 10_000], ids=["soon", "late"])
def test_never_seen_after_it_was_accepted_is_not_unpaid(intent: Intent, at: float) -> None:
    flow = resumed(intent) >> PaymentNotFound(at=at) << Record
    record = flow.said[-1]
    assert isinstance(record, Record)
    assert record.state is IntentState.UNKNOWN
    flow >> stored(IntentState.UNKNOWN)
    flow.never(Pay, Send).ends(Outcome.UNSETTLED, Money.PERHAPS)


def test_a_resumed_payment_is_delivered_and_costs_nothing_now() -> None:
    flow = resumed(m.IN_FLIGHT) >> PaymentSettled(m.PREIMAGE, m.FEE) << StorePaid
    flow >> PaidStored(m.HELD) << Retry(m.REQUEST, m.HELD)
    assert flow.state.spent == sat(0)


def test_a_resumed_payment_that_failed_begins_anew_with_a_new_bill() -> None:
    flow = resumed(m.IN_FLIGHT) >> PaymentFailed(say("came back"))
    flow << Record(m.IN_FLIGHT, IntentState.FAILED, "came back")
    flow >> stored(IntentState.FAILED) << Send(m.REQUEST)
    flow.never(Pay)
    assert flow.state.intent is None


def test_a_resumed_payment_that_nobody_can_tell_about_stays_open() -> None:
    flow = resumed(m.IN_FLIGHT)
    lost(flow, rules.ATTEMPTS - 1) >> PaymentUnknown(WHY)
    flow.never(Pay, Record).ends(Outcome.UNSETTLED, Money.PERHAPS)
