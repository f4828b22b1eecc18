"""What happens before any money moves: looking up, asking, decoding, checking, asking a person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from l402tui.flow.commands import (
    Ask,
    Check,
    Decode,
    Finish,
    LookUp,
    Pay,
    RecordUse,
    Release,
    Reserve,
    Retry,
    Send,
    StoreSending,
    TakeTurn,
    Track,
    Wait,
)
from l402tui.flow.events import (
    Answered,
    ApprovalAsked,
    Challenged,
    Checked,
    Declined,
    Decoded,
    Failed,
    Fault,
    Found,
    Outstanding,
    Released,
    Requested,
    Reserved,
    ResultStored,
    TurnTaken,
    Unreachable,
    Waited,
    Waiting,
)
from l402tui.flow.findings import Finding, Severity
from l402tui.flow.flow import UnexpectedEvent
from l402tui.flow.model import Intent, IntentState, Money, Outcome, Request
from l402tui.flow.moves import rules
from l402tui.protocol.text import say
from l402tui.protocol.url import Url
from tests.flow import makers as m
from tests.flow.playbook import Play, play
from tests.flow.scenes import approved, asked, challenged

TROUBLE = say("the disk is full")
WHY = say("because")
BLOCK = Finding("C12", "belong together", Severity.BLOCK, say("They do not belong together."))
ASK = Finding("C04", "redirects", Severity.ASK, say("Somebody else wants money."))


def test_a_free_answer_costs_nothing() -> None:
    flow = play(m.REQUEST) >> Found() << Send(m.REQUEST) >> Answered(m.answer())
    flow.ends(Outcome.FREE, Money.NONE)


def test_a_credential_that_is_held_goes_with_the_first_request() -> None:
    flow = (
        play(m.REQUEST)
        >> Found((m.OLD_HELD,))
        << Send(m.REQUEST, m.OLD_HELD)
        >> Requested(m.REQUEST, b"", m.OLD_HELD)
        >> Answered(m.answer())
        << RecordUse(m.OLD_HELD, m.REQUEST, accepted=True)
    )
    ending = flow.ends(Outcome.REUSED, Money.EARLIER)
    assert ending.cost == 0


def test_every_held_credential_is_tried_before_a_bill_is_read() -> None:
    first, second = m.other_held(1), m.other_held(2)
    flow = (
        play(m.REQUEST)
        >> Found((first, second))
        << Send(m.REQUEST, first)
        >> Challenged(m.BILL_402)
        << RecordUse(first, m.REQUEST, accepted=False)
        << Send(m.REQUEST, second)
        >> Failed(TROUBLE)  # the note about the first could not be written: no reason to stop
        >> Challenged(m.BILL_402)
        << RecordUse(second, m.REQUEST, accepted=False)
        << Decode(m.BILL_402)
        >> Failed(TROUBLE)
        >> Decoded(m.BILL)
        << TakeTurn(m.REQUEST)
        >> TurnTaken()
        << Check(m.REQUEST, m.BILL, second)
    )
    assert flow.state.refused == second


def test_no_answer_costs_nothing() -> None:
    flow = play(m.REQUEST) >> Found() << Send(m.REQUEST)
    flow >> Unreachable(Fault.CONNECT, say("nothing listens there"))
    flow.ends(Outcome.UNREACHABLE, Money.NONE)


def test_without_a_vault_nothing_is_sent() -> None:
    flow = play(m.REQUEST) >> Failed(TROUBLE)
    flow.never(Send).ends(Outcome.BROKEN, Money.NONE)


def test_a_402_that_is_not_l402_is_named_and_not_paid() -> None:
    from l402tui.flow.bill import read_bill

    response = m.answer(402, body=b'{"x402Version": 1, "accepts": []}')
    flow = (
        play(m.REQUEST)
        >> Found()
        << Send(m.REQUEST)
        >> Challenged(response)
        << Decode(response)
        >> Decoded(read_bill(response))
    )
    ending = flow.never(Check, Ask, Pay).ends(Outcome.NOT_PAYABLE, Money.NONE)
    assert "x402" in ending.what.text


def test_one_block_ends_it_before_anybody_is_asked() -> None:
    flow = challenged() >> Checked((ASK, BLOCK), m.QUOTE)
    ending = flow.never(Ask, Reserve, Pay).ends(Outcome.REFUSED, Money.NONE)
    assert "C12" in ending.what.text


def test_checks_that_cannot_be_made_end_it() -> None:
    flow = challenged() >> Failed(TROUBLE)
    flow.never(Ask).ends(Outcome.BROKEN, Money.NONE)


# --- no-pay ------------------------------------------------------------------------------------


def test_no_pay_only_looks_at_the_price() -> None:
    flow = challenged(may_pay=False) >> Checked((ASK,), m.QUOTE)
    flow.never(Ask, Reserve, Pay, Track).ends(Outcome.PREVIEWED, Money.NONE)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "trace"])
def test_a_method_that_only_looks_never_pays(method: str) -> None:
    request = Request(m.URL, method)
    flow = challenged(request) >> Checked((), m.QUOTE)
    flow.never(Ask, Reserve, Pay, Track).ends(Outcome.PREVIEWED, Money.NONE)


@pytest.mark.parametrize("intent", [m.SENDING, m.IN_FLIGHT, m.UNKNOWN])
def test_no_pay_does_not_even_follow_a_payment_under_way(intent: Intent) -> None:
    flow = play(m.REQUEST, may_pay=False) >> Found((), intent)
    flow.never(Track, Pay).ends(Outcome.UNSETTLED, Money.PERHAPS)


def test_no_pay_with_the_invoice_of_an_open_payment_only_looks() -> None:
    flow = challenged(may_pay=False) >> Checked((), m.QUOTE, m.SENDING)
    flow.never(Track, Pay).ends(Outcome.PREVIEWED, Money.NONE)


def test_no_pay_uses_what_was_paid_for_earlier() -> None:
    flow = play(m.REQUEST, may_pay=False) >> Found((), m.PAID)
    flow << Retry(m.REQUEST, m.PAID.held())
    flow.never(Track, Pay, Reserve)


# --- what the vault knows about this very invoice ----------------------------------------------


def test_an_invoice_that_is_paid_already_is_not_paid_again() -> None:
    flow = challenged() >> Checked((), m.QUOTE, m.PAID) << Retry(m.REQUEST, m.PAID.held())
    flow.never(Ask, Reserve, Pay)


@pytest.mark.parametrize("intent", [m.SENDING, m.IN_FLIGHT, m.UNKNOWN])
def test_an_invoice_that_is_being_paid_is_followed(intent: Intent) -> None:
    flow = challenged() >> Checked((), m.QUOTE, intent) << Track(intent)
    flow.never(Ask, Reserve, Pay)


def test_another_run_that_is_about_to_pay_the_same_invoice_is_waited_for() -> None:
    flow = challenged() >> Checked((), m.QUOTE, m.RESERVED, at=m.NOW + 1) << Wait(1.0)
    flow << LookUp(m.REQUEST) >> Waiting(1.0, WHY) >> Waited() >> Found((m.OLD_HELD,))
    flow << Send(m.REQUEST, m.OLD_HELD)
    flow.never(Release, Ask, Track)


def test_a_reservation_that_was_left_behind_is_given_back() -> None:
    flow = (
        play(m.REQUEST)
        >> Found((), m.RESERVED, at=m.NOW + rules.RESERVATION_LASTS)
        << Release(m.RESERVED, "the program stopped before anything was sent")
        >> Released(m.RESERVED.to(IntentState.RELEASED))
        << Send(m.REQUEST)
    )
    assert flow.state.intent is None
    assert not flow.state.resumed


def test_a_reservation_that_cannot_be_given_back_ends_it() -> None:
    flow = play(m.REQUEST) >> Found((), m.RESERVED, at=m.NOW + 60) << Release
    flow >> Failed(TROUBLE)
    flow.never(Pay, Track).ends(Outcome.BROKEN, Money.NONE)


# --- a bill out of a cache ------------------------------------------------------------------------

CACHED = m.bill_for(m.INVOICE)
CACHED = replace(
    CACHED, response=replace(CACHED.response, headers=(*CACHED.response.headers, (b"Age", b"300")))
)
"""Somebody else's, perhaps."""


def out_of_a_cache() -> Play:
    flow = play(m.REQUEST) >> Found() << Send(m.REQUEST) >> Challenged(CACHED.response)
    return flow << Decode(CACHED.response) >> Decoded(CACHED)


def test_a_bill_out_of_a_cache_is_asked_for_once_more_before_it_is_judged() -> None:
    flow = out_of_a_cache() << Send(m.REQUEST, past_caches=True)
    flow >> Requested(m.REQUEST, b"", past_caches=True) >> Challenged(m.BILL_402)
    flow << Decode(m.BILL_402) >> Decoded(m.BILL) << TakeTurn(m.REQUEST) >> TurnTaken()
    flow << Check(m.REQUEST, m.BILL)
    flow.never(Ask)


def test_one_that_still_comes_out_of_a_cache_is_judged_as_it_is() -> None:
    flow = out_of_a_cache() << Send(m.REQUEST, past_caches=True) >> Challenged(CACHED.response)
    flow << Decode >> Decoded(CACHED) << TakeTurn >> TurnTaken() << Check(m.REQUEST, CACHED)


def test_a_look_goes_past_the_cache_too() -> None:
    flow = play(m.REQUEST, may_pay=False) >> Found() << Send >> Challenged(CACHED.response)
    flow << Decode >> Decoded(CACHED) << Send(m.REQUEST, past_caches=True)


def test_what_the_server_gives_for_nothing_once_it_is_asked_itself_is_the_answer() -> None:
    flow = out_of_a_cache() << Send(m.REQUEST, past_caches=True) >> Answered(m.answer())
    flow.never(Check).ends(Outcome.FREE, Money.NONE)


def test_whoever_has_to_look_again_goes_past_the_cache_at_once() -> None:
    flow = out_of_a_cache() << Send >> Challenged(m.BILL_402) << Decode >> Decoded(m.BILL)
    flow << TakeTurn >> TurnTaken(waited=True) << LookUp >> Found()
    flow << Send(m.REQUEST, past_caches=True)


def test_what_goes_past_caches_says_so_once_and_is_else_the_same() -> None:
    given = replace(m.POST, headers=(("X-City", "Oslo"), ("cache-control", "max-age=60")))
    asked = given.past_caches()
    assert asked == replace(
        given,
        headers=(("X-City", "Oslo"), ("Cache-Control", "no-cache"), ("Pragma", "no-cache")),
    )
    assert asked.past_caches() == asked


# --- the approval ------------------------------------------------------------------------------


def test_a_no_is_a_no() -> None:
    flow = asked() >> ApprovalAsked(m.QUOTE, ()) >> Declined(say("too dear"))
    flow.never(Reserve, Pay).ends(Outcome.DECLINED, Money.NONE)


def test_a_yes_to_another_bill_is_not_one() -> None:
    flow = asked() >> approved(digest="0" * 64)
    flow.never(Reserve, Pay).ends(Outcome.REFUSED, Money.NONE)


def test_an_invoice_that_expires_while_it_is_read_is_not_paid() -> None:
    flow = asked() >> approved(at=m.EXPIRES - rules.EXPIRY_MARGIN + 1)
    ending = flow.never(Reserve, Pay).ends(Outcome.REFUSED, Money.NONE)
    assert "C16" in ending.why.text


def test_an_invoice_that_is_good_for_long_enough_is_paid() -> None:
    asked() >> approved(at=m.EXPIRES - rules.EXPIRY_MARGIN) << Reserve


def test_an_approval_that_is_too_old_is_taken_back() -> None:
    late = m.NOW + rules.APPROVAL_LASTS + 1
    flow = asked() >> approved() << Reserve >> Reserved(m.RESERVED, at=late) << Release
    flow >> Released(m.RESERVED.to(IntentState.RELEASED))
    ending = flow.never(StoreSending, Pay).ends(Outcome.REFUSED, Money.NONE)
    assert "C27" in ending.why.text


def test_an_invoice_that_expires_between_yes_and_paying_is_given_back() -> None:
    yes = m.EXPIRES - rules.EXPIRY_MARGIN
    flow = asked() >> approved(at=yes) << Reserve >> Reserved(m.RESERVED, at=yes + 1) << Release
    flow >> Released(m.RESERVED.to(IntentState.RELEASED))
    flow.never(StoreSending, Pay).ends(Outcome.REFUSED, Money.NONE)


def test_nothing_is_sent_that_could_not_be_reserved() -> None:
    flow = asked() >> approved() << Reserve >> Failed(TROUBLE)
    flow.never(StoreSending, Pay).ends(Outcome.BROKEN, Money.NONE)


def test_nothing_is_sent_that_could_not_be_written_as_sending() -> None:
    flow = asked() >> approved() << Reserve >> Reserved(m.RESERVED, at=m.NOW) << StoreSending
    flow >> Failed(TROUBLE)
    flow.never(Pay).ends(Outcome.BROKEN, Money.NONE)


@pytest.mark.parametrize("intent", [m.SENDING, m.IN_FLIGHT, m.UNKNOWN])
def test_a_hash_that_another_run_pays_by_now_is_followed(intent: Intent) -> None:
    flow = asked() >> approved() << Reserve >> Outstanding(intent) << Track(intent)
    flow.never(StoreSending, Pay)


@pytest.mark.parametrize(
    "known", [None, m.RESERVED.to(IntentState.FAILED), m.REJECTED, m.ELSEWHERE]
)
def test_what_came_between_question_and_yes_goes_through_all_checks_again(
    known: Intent | None,
) -> None:
    flow = asked() >> approved() << Reserve >> Outstanding(known)
    flow << Check(m.REQUEST, m.BILL)
    flow.never(StoreSending, Pay, Track, Retry)


def test_a_reservation_that_was_never_sent_is_given_back_after_a_while() -> None:
    stale = replace(m.RESERVED, created=m.NOW - rules.APPROVAL_LASTS - 1)
    flow = challenged() >> Checked((), m.QUOTE, stale, at=m.NOW) << Release
    flow >> Released(stale.to(IntentState.RELEASED)) << Send(m.REQUEST)


def test_a_method_in_small_letters_is_the_same_method() -> None:
    look = replace(m.REQUEST, method="head")
    flow = challenged(look) >> Checked((), m.quote_for(look))
    flow.never(Ask).ends(Outcome.PREVIEWED, Money.NONE)


@pytest.mark.parametrize(("status", "path"), [(401, "/weather"), (403, "/elsewhere")])
def test_a_refusal_without_a_challenge_leaves_the_credential_out_next(
    status: int, path: str
) -> None:
    held = replace(m.OLD_HELD, path=path)
    flow = play(m.REQUEST) >> Found((held,)) << Send(m.REQUEST, held) >> Answered(m.answer(status))
    flow << RecordUse(held, m.REQUEST, accepted=False) << Send(m.REQUEST)


def test_a_credential_that_a_redirect_kept_back_is_not_refused() -> None:
    away = replace(m.BILL_402, url=Url.parse("https://other.example/"))
    flow = play(m.REQUEST) >> Found((m.OLD_HELD,)) << Send(m.REQUEST, m.OLD_HELD)
    flow >> Challenged(away) << Decode(away)
    flow.never(RecordUse)


def test_a_hash_that_another_run_has_paid_by_now_is_used() -> None:
    flow = asked() >> approved() << Reserve >> Outstanding(m.PAID)
    flow << Retry(m.REQUEST, m.PAID.held())
    flow.never(StoreSending, Pay, Track)


# --- the machine itself ------------------------------------------------------------------------


def test_an_event_without_an_arrow_is_a_mistake() -> None:
    flow = play(m.REQUEST)
    with pytest.raises(UnexpectedEvent, match="Reserved while looking up"):
        flow >> Reserved(m.RESERVED)


def test_news_about_the_books_change_nothing_while_the_server_is_asked() -> None:
    flow = play(m.REQUEST) >> Found() << Send(m.REQUEST) >> ResultStored(m.RESERVED)
    assert flow.state.intent is None


def test_the_end_is_the_end_whatever_the_books_say() -> None:
    flow = play(m.REQUEST) >> Found((m.OLD_HELD,)) << Send >> Answered(m.answer()) << RecordUse
    flow << Finish >> Failed(TROUBLE) >> ResultStored(m.RESERVED)
