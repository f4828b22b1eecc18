"""Of many flows that want the same at the same moment, one pays."""

from __future__ import annotations

import pytest

from l402tui.flow import endings
from l402tui.flow.commands import (
    Ask,
    Check,
    Decode,
    LookUp,
    Pay,
    Reserve,
    Send,
    TakeTurn,
    Track,
    Wait,
)
from l402tui.flow.events import (
    Answered,
    Challenged,
    Checked,
    Decoded,
    Found,
    Queued,
    TurnTaken,
    Waited,
    Waiting,
)
from l402tui.flow.model import Ending, Money, Outcome
from l402tui.flow.moves import rules
from l402tui.protocol.text import say
from tests.flow import makers as m
from tests.flow.playbook import Play, play
from tests.flow.scenes import challenged

WHY = say("because")


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


def test_a_reservation_that_does_not_go_away_is_given_back_in_the_end() -> None:
    flow = play(m.REQUEST) >> Found((), m.RESERVED, at=m.NOW + 1) << Wait << LookUp(m.REQUEST)
    flow >> Waited() >> Found((), m.RESERVED, at=m.NOW + rules.RESERVATION_LASTS)
    assert type(flow.said[-1]).__name__ == "Release"
