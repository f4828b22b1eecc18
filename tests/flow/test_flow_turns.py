"""Of many flows that want the same at the same moment, one pays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from l402tui.flow import endings
from l402tui.flow.commands import (
    Ask,
    Check,
    Decode,
    LookUp,
    Pay,
    Record,
    RecordUse,
    Release,
    Reserve,
    Send,
    StoreSending,
    TakeTurn,
    Track,
    Wait,
)
from l402tui.flow.events import (
    Answered,
    Challenged,
    Checked,
    Declined,
    Decoded,
    Found,
    Outstanding,
    PaymentNotFound,
    Queued,
    Released,
    Reserved,
    TurnTaken,
    Waited,
    Waiting,
)
from l402tui.flow.findings import Finding, Severity
from l402tui.flow.model import Ending, Intent, IntentState, Money, Outcome, Seen
from l402tui.flow.moves import rules
from l402tui.protocol.text import say
from tests.flow import makers as m
from tests.flow.playbook import Play, play
from tests.flow.scenes import approved, asked, challenged, resumed

WHY = say("because")
LOOK = Finding("C14", "not paid before", Severity.ASK, WHY)


def queued() -> Play:
    """Another flow pays for the same; this one has read its bill and waits."""
    flow = play(m.REQUEST) >> Found() << Send >> Challenged(m.BILL_402) << Decode
    return flow >> Decoded(m.BILL) << TakeTurn(m.REQUEST) >> Queued()


def test_what_the_other_one_bought_is_used() -> None:
    flow = queued() >> TurnTaken(waited=True, ending=endings.free(m.answer()))
    flow << LookUp(m.REQUEST) >> Found((m.OLD_HELD,)) << Send(m.REQUEST, m.OLD_HELD)
    flow >> Answered(m.answer())
    flow.never(Check, Ask, Pay)


def test_whoever_the_turn_was_handed_to_looks_first_what_the_other_has_left() -> None:
    flow = queued() >> TurnTaken(waited=True) << LookUp(m.REQUEST)
    flow >> Found((), m.SENDING) << Track(m.SENDING)
    flow.never(Pay)


def test_whoever_the_turn_was_handed_to_asks_for_a_bill_of_their_own() -> None:
    flow = queued() >> TurnTaken(waited=True) << LookUp(m.REQUEST) >> Found() << Send(m.REQUEST)
    flow >> Challenged(m.BILL_402) << Decode >> Decoded(m.BILL) << TakeTurn(m.REQUEST)
    flow >> TurnTaken() << Check(m.REQUEST, m.BILL)


@pytest.mark.parametrize(
    ("outcome", "money", "told"),
    [
        (Outcome.DECLINED, Money.NONE, Money.NONE),
        (Outcome.REFUSED, Money.NONE, Money.NONE),
        (Outcome.NOT_PAID, Money.NONE, Money.NONE),
        (Outcome.BROKEN, Money.NONE, Money.NONE),
        (Outcome.UNSETTLED, Money.PERHAPS, Money.PERHAPS),
        (Outcome.REJECTED, Money.SPENT, Money.EARLIER),
    ],
)
def test_a_no_to_one_is_a_no_to_all_who_waited(outcome: Outcome, money: Money, told: Money) -> None:
    flow = queued() >> TurnTaken(waited=True, ending=Ending(outcome, money, WHY, cost=m.PRICE))
    ending = flow.never(Check, Ask, Pay).ends(outcome, told)
    assert ending.cost == 0


def test_without_permission_to_pay_nobody_waits() -> None:
    challenged(may_pay=False).never(TakeTurn)


# --- another process ---------------------------------------------------------------------------


def test_what_another_process_pays_for_the_same_is_waited_for_and_used() -> None:
    flow = challenged() >> Checked((), m.QUOTE, under_way=(m.IN_FLIGHT,)) << Wait(rules.LOOK_AGAIN)
    flow << LookUp(m.REQUEST) >> Waiting(1.0, WHY) >> Waited()
    flow >> Found((m.OLD_HELD,)) << Send(m.REQUEST, m.OLD_HELD)
    flow.never(Ask, Pay)


def test_another_process_is_not_waited_for_for_ever() -> None:
    flow = challenged()
    for _ in range(rules.LOOKS):
        flow >> Checked((), m.QUOTE, under_way=(m.IN_FLIGHT,)) << Wait << LookUp
        flow >> Waited() >> Found() << Send >> Challenged(m.BILL_402) << Decode
        flow >> Decoded(m.BILL) << TakeTurn >> TurnTaken() << Check
    flow >> Checked((), m.QUOTE, under_way=(m.IN_FLIGHT,)) << Ask(m.QUOTE, ())
    flow.never(Reserve)


OTHER_PATH = replace(m.REQUEST, url=replace(m.URL, path="/forecast"))
ALIKE = replace(m.REQUEST, url=replace(m.URL, query="city=Bergen"))
FORECAST = replace(m.IN_FLIGHT, payment_hash=bytes(32), request=OTHER_PATH)
SAME_KIND = replace(FORECAST, request=ALIKE)
BOUGHT = replace(m.PAID, payment_hash=bytes(32), request=ALIKE, state=IntentState.ACTIVE)
"""What other runs do at the same origin."""


def test_a_yes_counts_in_view_of_what_the_vault_knew() -> None:
    flow = play(m.REQUEST) >> Found(line=7) << Send >> Challenged(m.BILL_402) << Decode
    flow >> Decoded(m.BILL) << TakeTurn >> TurnTaken() << Check(m.REQUEST, m.BILL, line=7)
    hashes = frozenset({FORECAST.payment_hash})
    flow >> Checked((), m.QUOTE, seen=hashes) << Ask >> approved()
    flow << Reserve(m.RESERVED, Seen(hashes, 7)) >> Reserved(m.RESERVED, at=m.NOW)
    flow << StoreSending(m.RESERVED, Seen(hashes, 7))


def test_another_payment_that_came_between_is_shown_and_the_person_asked_anew() -> None:
    flow = asked() >> approved() << Reserve >> Outstanding(FORECAST) << Check(m.REQUEST, m.BILL)
    hashes = frozenset({FORECAST.payment_hash})
    flow >> Checked((LOOK,), m.QUOTE, seen=hashes) << Ask(m.QUOTE, (LOOK,))
    flow.never(StoreSending)
    flow >> approved() << Reserve(m.RESERVED, Seen(hashes))


def test_another_payment_that_came_between_ends_it_where_nobody_says_yes_again() -> None:
    flow = asked() >> approved() << Reserve >> Outstanding(FORECAST) << Check
    flow >> Checked((LOOK,), m.QUOTE) << Ask >> Declined(WHY)
    flow.never(StoreSending, Pay).ends(Outcome.DECLINED, Money.NONE)


def test_a_payment_for_the_same_that_came_between_is_waited_for_and_used() -> None:
    flow = asked() >> approved() << Reserve >> Outstanding(SAME_KIND) << Check
    flow >> Checked((LOOK,), m.QUOTE, under_way=(SAME_KIND,)) << Wait << LookUp(m.REQUEST)
    flow >> Waiting(1.0, WHY) >> Waited() >> Found((m.OLD_HELD,)) << Send(m.REQUEST, m.OLD_HELD)
    flow.never(StoreSending, Pay)


def test_what_was_bought_between_is_used_and_nobody_is_asked_again() -> None:
    flow = asked() >> approved() << Reserve >> Outstanding(BOUGHT) << LookUp(m.REQUEST)
    flow >> Found((m.OLD_HELD,)) << Send(m.REQUEST, m.OLD_HELD) >> Answered(m.answer())
    flow << RecordUse
    flow.never(StoreSending, Pay, Track).ends(Outcome.REUSED, Money.EARLIER)


def test_what_was_bought_before_the_question_is_used_and_nobody_is_asked() -> None:
    block = Finding("C20", "limits", Severity.BLOCK, WHY)
    flow = challenged() >> Checked((block,), m.QUOTE, bought=BOUGHT) << LookUp(m.REQUEST)
    flow >> Found((m.OLD_HELD,)) << Send(m.REQUEST, m.OLD_HELD)
    flow.never(Ask)


def test_a_look_does_not_wait_for_what_others_buy() -> None:
    flow = challenged(may_pay=False) >> Checked((), m.QUOTE, bought=BOUGHT)
    flow.ends(Outcome.PREVIEWED, Money.NONE)


def test_of_two_that_reserved_at_once_the_second_gives_its_money_back_and_looks_again() -> None:
    flow = asked() >> approved() << Reserve >> Reserved(m.RESERVED, at=m.NOW) << StoreSending
    flow >> Outstanding(FORECAST) << Release
    flow >> Released(m.RESERVED.to(IntentState.RELEASED)) << Check(m.REQUEST, m.BILL)
    flow >> Checked((LOOK,), m.QUOTE) << Ask
    flow.never(Pay)


def test_of_two_that_reserved_at_once_the_second_uses_what_the_first_has_bought() -> None:
    flow = asked() >> approved() << Reserve >> Reserved(m.RESERVED, at=m.NOW) << StoreSending
    flow >> Outstanding(BOUGHT) << Release
    flow >> Released(m.RESERVED.to(IntentState.RELEASED)) << LookUp(m.REQUEST)
    flow.never(Pay)


def test_an_old_payment_that_was_overtaken_is_not_sent_again_and_stays() -> None:
    flow = resumed(m.SENDING) >> PaymentNotFound(at=m.NOW + rules.APPROVAL_LASTS + 1) << Check
    flow >> Checked((), m.QUOTE, m.SENDING) << Ask >> approved(at=m.NOW + 200) << StoreSending
    flow >> Outstanding(FORECAST)
    flow.never(Pay, Release, Record).ends(Outcome.UNSETTLED, Money.PERHAPS)


@pytest.mark.parametrize("other", [FORECAST, SAME_KIND, BOUGHT, None])
def test_who_is_overtaken_again_and_again_stops_and_has_spent_nothing(
    other: Intent | None,
) -> None:
    flow = asked()
    for _ in range(rules.OVERTAKEN):
        flow >> approved() << Reserve >> Outstanding(other)
        if other is BOUGHT:
            flow << LookUp >> Found() << Send >> Challenged(m.BILL_402) << Decode
            flow >> Decoded(m.BILL) << TakeTurn >> TurnTaken()
        flow << Check >> Checked((), m.QUOTE) << Ask
    flow >> approved() << Reserve >> Outstanding(other)
    ending = flow.never(StoreSending, Pay).ends(Outcome.REFUSED, Money.NONE)
    assert "payments" in ending.todo.text


def test_a_shop_where_everybody_buys_something_else_is_not_asked_for_ever() -> None:
    flow = challenged()
    for _ in range(rules.LOOKS):
        flow >> Checked((), m.QUOTE, bought=BOUGHT) << LookUp >> Found() << Send
        flow >> Challenged(m.BILL_402) << Decode >> Decoded(m.BILL) << TakeTurn >> TurnTaken()
        flow << Check
    flow >> Checked((), m.QUOTE, bought=BOUGHT) << Ask


def test_a_reservation_that_does_not_go_away_is_given_back_in_the_end() -> None:
    flow = play(m.REQUEST) >> Found((), m.RESERVED, at=m.NOW + 1) << Wait << LookUp(m.REQUEST)
    flow >> Waited() >> Found((), m.RESERVED, at=m.NOW + rules.RESERVATION_LASTS)
    assert type(flow.said[-1]).__name__ == "Release"
