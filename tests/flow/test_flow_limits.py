"""What do limits allow, and how are times told?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from l402tui.flow.checks.making import lasting
from l402tui.flow.limits import Cap, Limits, Spending, Unsettled
from l402tui.protocol.amount import Msat

WORDS = ["this server and one hour", "this server and 24 hours", "one hour", "24 hours",
         "all payments ever"]  # fmt: skip


ONE = Msat(1)
FEW = Limits(Msat(500), Msat(10))


@pytest.mark.parametrize(
    ("amount", "cap"), [(0, 10), (90, 10), (91, 9), (99, 1), (100, 0), (101, 0)]
)
def test_the_fee_is_what_is_left_of_the_most_it_may_cost(amount: int, cap: int) -> None:
    assert replace(FEW, at_most=Msat(100)).fee_cap(Msat(amount)) == cap
    assert FEW.fee_cap(Msat(amount)) == 10


def test_caps_come_with_what_is_used_up_the_narrowest_first() -> None:
    limits = Limits(
        ONE, ONE, origin_hour=Msat(1), origin_day=Msat(2), hour=Msat(3), day=Msat(4),
        total=Msat(5),
    )  # fmt: skip
    spending = Spending(
        origin_hour=Msat(11), origin_day=Msat(12), hour=Msat(13), day=Msat(14), total=Msat(15)
    )
    wanted = [Cap(Msat(i + 1), Msat(i + 11), words) for i, words in enumerate(WORDS)]
    assert list(limits.caps(spending)) == wanted
    assert list(Limits(ONE, ONE).caps(spending)) == []


def test_a_limit_may_be_used_up_to_the_last_msat() -> None:
    limits, spending = Limits(ONE, ONE, day=Msat(100)), Spending(day=Msat(60))
    assert limits.passed(40, spending) is None
    assert limits.passed(41, spending) == Cap(Msat(100), Msat(60), "24 hours")


def test_nothing_is_nothing() -> None:
    assert Spending() == Spending(Msat(0), Msat(0), Msat(0), Msat(0), Msat(0))
    assert Unsettled() == Unsettled(0, Msat(0))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"), (0.9, "0 s"), (59, "59 s"), (60, "1 min"), (7_199, "119 min"), (7_200, "2 h"),
        (172_799, "47 h"), (172_800, "2 days"),
    ],
)  # fmt: skip
def test_times_are_told_in_the_unit_that_fits(seconds: float, words: str) -> None:
    assert lasting(seconds).text == words
