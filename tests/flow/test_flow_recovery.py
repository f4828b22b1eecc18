"""What becomes of a payment that was cut off, is slow, or cannot be proven: row by row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from l402tui.flow.commands import (
    Ask,
    LookUp,
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
from l402tui.flow.events import (
    Answered,
    Challenged,
    Failed,
    Found,
    PaidStored,
    PaymentFailed,
    PaymentNotFound,
    PaymentProgressed,
    PaymentSettled,
    PaymentUnknown,
    Released,
    ResultStored,
    Waited,
    Waiting,
)
from l402tui.flow.model import Intent, IntentState, LatestEnd, Money, Outcome
from l402tui.flow.moves import rules
from l402tui.protocol.text import say
from tests.flow import makers as m
from tests.flow.playbook import Play
from tests.flow.scenes import paying, resumed

WHY = say("the connection was lost")
FULL = say("The disk is full.")
ON_ITS_WAY = say("on its way")
S = IntentState


def stored(state: IntentState, intent: Intent = m.RESERVED) -> ResultStored:
    return ResultStored(intent.to(state))


def following(intent: Intent) -> Play:
    """Somebody wants this very payment followed, and nothing else."""
    return Play(intent.request, follow=m.HASH) << LookUp(intent.request, m.HASH)


# --- slow --------------------------------------------------------------------------------------


def test_what_is_under_way_for_ten_minutes_is_held() -> None:
    sent = replace(m.SENDING, sent=m.NOW + 5)
    flow = resumed(sent) >> PaymentProgressed(ON_ITS_WAY, at=m.NOW + 600)
    in_flight = sent.to(S.IN_FLIGHT)
    flow << Record(in_flight, S.IN_FLIGHT) >> ResultStored(in_flight)
    flow >> PaymentProgressed(ON_ITS_WAY, at=m.NOW + 606) << Record(sent.to(S.HELD), S.HELD)
    flow >> ResultStored(sent.to(S.HELD)) >> PaymentProgressed(ON_ITS_WAY, at=m.NOW + 900)
    flow >> PaymentSettled(m.PREIMAGE, m.FEE) << StorePaid


def test_a_held_payment_says_when_it_ends_at_the_latest() -> None:
    end = LatestEnd(812_345, m.NOW + 86_400)
    held = m.SENDING.to(S.HELD, latest_end=end)
    flow = resumed(m.SENDING) >> PaymentProgressed(ON_ITS_WAY, latest_end=end, at=m.NOW + 601)
    flow << Record(held, S.HELD, latest_end=end) >> ResultStored(held)
    ending = (flow >> PaymentUnknown(WHY, ask_again=False)).ends(Outcome.UNSETTLED, Money.PERHAPS)
    assert "held" in ending.what.text
    assert "block 812345" in ending.why.text


def test_a_held_payment_that_arrives_is_paid_and_delivered() -> None:
    flow = resumed(m.HOLDS) >> PaymentSettled(m.PREIMAGE, m.FEE, at=m.EXPIRES + 3_600) << StorePaid
    flow >> PaidStored(m.HELD) << Retry(m.REQUEST, m.HELD)
    flow.never(Pay, Ask)


@pytest.mark.parametrize(
    ("wallet", "money"), [("external:-", Money.SPENT), ("lnd:-", Money.EARLIER)]
)
def test_a_phone_may_have_paid_just_now_what_it_was_shown_earlier(
    wallet: str, money: Money
) -> None:
    shown = replace(m.SENDING, wallet=wallet)
    flow = resumed(shown) >> PaymentSettled(m.PREIMAGE) << StorePaid
    flow >> PaidStored(m.HELD) << Retry >> Answered(m.answer()) << RecordUse << Record
    ending = (flow >> stored(S.ACTIVE, shown)).ends(Outcome.PAID, money)
    assert ending.cost == (m.PRICE if money is Money.SPENT else 0)


# --- paid, and no proof ------------------------------------------------------------------------


def test_paid_without_a_proof_is_asked_for_again_and_never_paid_again() -> None:
    flow = resumed(m.NO_PREIMAGE) >> PaymentSettled(m.WRONG_PREIMAGE) << Record
    flow >> ResultStored(m.NO_PREIMAGE)
    ending = flow.never(Pay, Send, StorePaid).ends(Outcome.UNSETTLED, Money.PERHAPS)
    assert f"payments settle {m.HASH.hex()[:12]}" in ending.todo.text


def test_a_proof_that_comes_late_is_used() -> None:
    flow = resumed(m.NO_PREIMAGE) >> PaymentSettled(m.PREIMAGE) << StorePaid
    flow >> PaidStored(m.HELD) << Retry(m.REQUEST, m.HELD)


@pytest.mark.parametrize(
    "word", [PaymentFailed(WHY), PaymentNotFound(at=m.EXPIRES + 10_000)], ids=["failed", "unseen"]
)
def test_what_was_paid_once_is_not_unpaid(word: PaymentFailed | PaymentNotFound) -> None:
    flow = resumed(m.NO_PREIMAGE) >> word
    flow.never(Record, Send, Pay).ends(Outcome.UNSETTLED, Money.PERHAPS)


# --- the wallet's word against what another run knows ------------------------------------------


def test_a_failure_that_the_vault_knows_better_than_is_no_failure() -> None:
    flow = resumed(m.IN_FLIGHT) >> PaymentFailed(WHY) << Record >> ResultStored(m.PAID)
    flow << Retry(m.REQUEST, m.HELD)
    flow.never(Send, Pay)


def test_a_failure_that_the_vault_does_not_take_starts_nothing_new() -> None:
    flow = resumed(m.IN_FLIGHT) >> PaymentFailed(WHY) << Record >> ResultStored(m.NO_PREIMAGE)
    flow.never(Send, Pay).ends(Outcome.UNSETTLED, Money.PERHAPS)


def test_a_failure_that_cannot_be_written_starts_nothing_new() -> None:
    flow = resumed(m.IN_FLIGHT) >> PaymentFailed(WHY) << Record >> Failed(FULL)
    flow.never(Send, Pay).ends(Outcome.UNSETTLED, Money.PERHAPS)


def test_never_seen_after_it_was_held_is_not_unpaid() -> None:
    flow = resumed(m.HOLDS) >> PaymentNotFound(at=m.EXPIRES + 10_000) << Record
    flow >> stored(S.UNKNOWN)
    flow.never(Pay, Send).ends(Outcome.UNSETTLED, Money.PERHAPS)


# --- a wallet elsewhere ------------------------------------------------------------------------


def test_a_person_who_stops_leaves_a_payment_that_nobody_can_tell_about() -> None:
    flow = paying() >> PaymentUnknown(WHY, ask_again=False, by_person=True)
    flow << Record(m.SENDING, S.UNKNOWN, WHY.text) >> stored(S.UNKNOWN)
    flow.never(Track, Release).ends(Outcome.UNSETTLED, Money.PERHAPS)


# --- the disk ----------------------------------------------------------------------------------


def kept_in_memory() -> Play:
    """Paid, and the disk does not take the preimage."""
    flow = paying() >> PaymentSettled(m.PREIMAGE, m.FEE) << StorePaid >> Failed(FULL)
    return flow << Retry(m.REQUEST, m.HELD)


STORE = StorePaid(m.SENDING, m.PREIMAGE, m.FEE)


def test_a_preimage_in_memory_is_written_as_soon_as_there_is_room() -> None:
    flow = kept_in_memory() >> Answered(m.answer()) << STORE >> Failed(FULL) << Wait(1.0)
    flow >> Waiting(1.0, WHY) >> Waited() << STORE >> PaidStored(m.HELD)
    flow << RecordUse(m.HELD, m.REQUEST, accepted=True) << Record(m.SENDING, S.ACTIVE)
    flow >> stored(S.ACTIVE)
    flow.ends(Outcome.PAID, Money.SPENT)


def test_a_preimage_that_stays_in_memory_is_told_and_the_wallet_has_it() -> None:
    flow = kept_in_memory() >> Answered(m.answer()) << STORE
    for number in range(rules.STORINGS - 1):
        flow >> Failed(FULL) << Wait(2.0**number) >> Waited() << STORE
    flow >> Failed(FULL)
    ending = flow.never(RecordUse, Record).ends(Outcome.PAID, Money.SPENT)
    assert "The disk is full." in ending.todo.text
    assert "The wallet still has it" in ending.todo.text


def test_a_preimage_in_memory_is_written_while_the_server_is_waited_for() -> None:
    flow = kept_in_memory() >> Answered(m.answer(503)) << STORE << Wait(1.0)
    flow >> PaidStored(m.HELD) >> Waiting(1.0, WHY) >> Waited() << Retry(m.REQUEST, m.HELD, 2)
    flow >> Answered(m.answer()) << RecordUse << Record >> stored(S.ACTIVE)
    flow.ends(Outcome.PAID, Money.SPENT)


# --- one payment is followed, and nothing else bought ------------------------------------------


def test_following_goes_on_for_as_long_as_it_takes() -> None:
    flow = following(m.IN_FLIGHT) >> Found((), m.IN_FLIGHT) << Track(m.IN_FLIGHT)
    for number in range(20):
        flow >> PaymentUnknown(WHY) << Wait(min(rules.LONGEST_WAIT, 2.0**number))
        flow >> Waiting(1.0, WHY) >> Waited() << Track(m.IN_FLIGHT)
    flow >> PaymentSettled(m.PREIMAGE, m.FEE) << StorePaid


def test_following_goes_on_while_the_wallet_says_that_it_moves() -> None:
    flow = following(m.IN_FLIGHT) >> Found((), m.IN_FLIGHT) << Track
    flow >> PaymentProgressed(ON_ITS_WAY) >> PaymentUnknown(WHY, ask_again=False) << Wait(1.0)
    flow >> Waited() << Track >> PaymentUnknown(WHY, ask_again=False)
    flow.ends(Outcome.UNSETTLED, Money.PERHAPS)


@pytest.mark.parametrize(
    "word",
    [PaymentFailed(WHY), PaymentNotFound(at=m.EXPIRES + rules.NEVER_SENT_AFTER)],
    ids=["failed", "never sent"],
)
def test_following_buys_nothing_else(word: PaymentFailed | PaymentNotFound) -> None:
    flow = following(m.SENDING) >> Found((), m.SENDING) << Track >> word << Record
    flow >> stored(S.FAILED)
    flow.never(Send, Ask, Reserve).ends(Outcome.NOT_PAID, Money.NONE)


def test_following_a_reservation_gives_it_back() -> None:
    flow = following(m.RESERVED) >> Found((), m.RESERVED, at=m.NOW + 60) << Release
    flow >> Released(m.RESERVED.to(S.RELEASED))
    flow.never(Send, StoreSending).ends(Outcome.NOT_PAID, Money.NONE)


@pytest.mark.parametrize("state", [S.FAILED, S.RELEASED])
def test_there_is_nothing_to_follow_where_nothing_was_paid(state: IntentState) -> None:
    flow = following(m.RESERVED) >> Found((), m.RESERVED.to(state))
    flow.never(Track, Send).ends(Outcome.NOT_PAID, Money.NONE)


def test_a_rejected_credential_may_be_tried_once_more() -> None:
    flow = following(m.REJECTED) >> Found((), m.REJECTED) << Retry(m.REQUEST, m.HELD)
    flow >> Challenged(m.BILL_402) << Retry >> Challenged(m.BILL_402) << RecordUse << Record
    flow >> ResultStored(m.REJECTED)
    flow.never(Send, Pay).ends(Outcome.REJECTED, Money.EARLIER)
