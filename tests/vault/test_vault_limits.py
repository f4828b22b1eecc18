"""Are the sums right, and do the limits hold for all who reserve?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Barrier, Thread

import pytest

from l402tui.flow.limits import MOST_STUCK, STUCK_AFTER
from l402tui.flow.model import IntentState, Limits, Spending, Unsettled
from l402tui.flow.ports import OverLimit
from l402tui.protocol.amount import Msat, sat
from l402tui.vault import SqliteVault
from l402tui.vault.limits import unsettled

from .makers import NOW, billed, bring, buy, get, hash_of, intent, node, proof

S = IntentState
ORIGIN = "https://shop.example"
HOUR, DAY = 3_600, 86_400
WINDOWS = ["origin_hour", "origin_day", "hour", "day", "total"]
ROOMY = Limits(payment=sat(100), fee=sat(1))


@pytest.mark.parametrize("state", list(S), ids=lambda s: s.name)
def test_spending_counts_fees_when_known_and_fee_caps_until_then(
    vault: SqliteVault, state: IntentState
) -> None:
    vault.reserve(intent(1))
    if state.proven:
        vault.store_paid(hash_of(1), proof(1), at=NOW, fee=Msat(7))
    if state not in (S.RESERVED, S.PAID):
        vault.record(hash_of(1), state, at=NOW)
    cost = Msat((10_007 if state.proven else 11_000) if state.holds_money else 0)
    assert vault.spending(ORIGIN, NOW) == Spending(cost, cost, cost, cost, cost)


def test_a_fee_that_nobody_told_counts_as_the_fee_cap(vault: SqliteVault) -> None:
    vault.reserve(intent(1))
    vault.store_paid(hash_of(1), proof(1), at=NOW, fee=None)
    assert vault.spending(ORIGIN, NOW).day == 11_000


def test_the_windows_slide_and_origins_are_told_apart(vault: SqliteVault) -> None:
    buy(vault, 1, get(), at=NOW - DAY)
    buy(vault, 2, get(), at=NOW - DAY + 1)
    buy(vault, 3, get(), at=NOW - HOUR)
    buy(vault, 4, get(), at=NOW - HOUR + 1)
    buy(vault, 5, get("https://shop.example:8443/weather"), at=NOW)
    assert vault.spending(ORIGIN, NOW) == Spending(
        origin_day=sat(30), day=sat(40), origin_hour=sat(10), hour=sat(20), total=sat(50)
    )
    assert vault.spending(ORIGIN, NOW + 1) == Spending(
        origin_day=sat(20), day=sat(30), origin_hour=sat(0), hour=sat(10), total=sat(50)
    )
    assert vault.spending("https://none.example", NOW) == Spending(
        origin_day=sat(0), day=sat(40), origin_hour=sat(0), hour=sat(20), total=sat(50)
    )


def test_what_has_not_ended_counts_however_old_it_is(vault: SqliteVault) -> None:
    vault.reserve(intent(1, created=NOW - 10 * DAY))
    bring(vault, 1, S.HELD)
    eleven = sat(11)
    assert vault.spending(ORIGIN, NOW) == Spending(eleven, eleven, eleven, eleven, eleven)


def test_a_clock_that_was_set_back_frees_nothing(vault: SqliteVault) -> None:
    buy(vault, 1, get(), at=NOW)
    assert vault.spending(ORIGIN, NOW - 2 * DAY).hour == sat(10)


# --- at the reservation -------------------------------------------------------------------------


@pytest.mark.parametrize("limit", WINDOWS)
def test_a_limit_holds_for_all_who_reserve(vault: SqliteVault, limit: str) -> None:
    """Both were within it when they asked; together they are not."""
    limits = replace(ROOMY, **{limit: sat(21)})
    assert vault.reserve(intent(1), limits) is None
    bring(vault, 1, S.PAID)
    vault.record(hash_of(1), S.ACTIVE, at=NOW, fee=sat(1))
    with pytest.raises(OverLimit, match=r"21 sat .*11 sat is spent"):
        vault.reserve(intent(2, get("https://shop.example/news")), limits)
    assert vault.intent(hash_of(2)) is None
    assert vault.reserve(intent(3, get("https://shop.example/x"), fee_cap=sat(0)), limits) is None


def test_the_limit_of_unsettled_money_counts_reservations(vault: SqliteVault) -> None:
    limits = replace(ROOMY, unsettled=sat(21))
    assert vault.reserve(intent(1), limits) is None
    with pytest.raises(OverLimit, match=r"21 sat .*have not ended"):
        vault.reserve(intent(2, get("https://shop.example/news")), limits)
    bring(vault, 1, S.ACTIVE)
    assert vault.reserve(intent(2, get("https://shop.example/news")), limits) is None


@pytest.mark.parametrize(
    "limits",
    [
        Limits(payment=Msat(9_999), fee=sat(1)),
        Limits(payment=sat(10), fee=Msat(999)),
        Limits(payment=sat(10), fee=sat(1), at_most=Msat(10_999)),
    ],
    ids=["payment", "fee", "at most"],
)
def test_a_limit_for_one_payment_is_looked_at_again(vault: SqliteVault, limits: Limits) -> None:
    with pytest.raises(OverLimit, match="one payment"):
        vault.reserve(intent(1), limits)
    assert vault.reserve(intent(1), Limits(sat(10), sat(1), at_most=sat(11))) is None


def test_a_node_with_too_many_stuck_payments_gets_no_other(vault: SqliteVault) -> None:
    for number in range(MOST_STUCK):
        vault.reserve(billed(number, at=NOW - STUCK_AFTER - 1), ROOMY)
        bring(vault, number, S.HELD, at=NOW - STUCK_AFTER - 1)
    another = billed(MOST_STUCK)
    with pytest.raises(OverLimit, match="Too many"):
        vault.reserve(another, ROOMY)
    bring(vault, 0, S.FAILED, at=NOW)
    assert vault.reserve(another, ROOMY) is None


def test_what_is_paid_already_is_written_whatever_the_limits_say(vault: SqliteVault) -> None:
    assert vault.reserve(intent(1, amount=sat(10**9)), None) is None


def test_unsettled_is_what_has_begun_and_has_no_proof(vault: SqliteVault) -> None:
    """Stuck: it may have been sent, and not just now."""
    payee = node("shop")
    for number, state in enumerate(S):
        vault.reserve(billed(number, at=NOW - STUCK_AFTER - 1))
        bring(vault, number, state, at=NOW - STUCK_AFTER - 1)
    begun = [state for state in S if state.holds_money and not state.proven]
    found = vault._read(unsettled, payee, NOW, but=b"")
    assert found == Unsettled(len(begun) - 1, Msat(len(begun) * 11_000))
    assert vault._read(unsettled, payee, NOW - 1, but=b"").stuck_there == 0
    assert vault._read(unsettled, payee, NOW - 10 * DAY, but=b"") == found  # a clock set back
    assert vault._read(unsettled, b"\x02" * 33, NOW, but=b"").stuck_there == 0
    own = hash_of(list(S).index(S.HELD))
    without = Unsettled(found.stuck_there - 1, Msat(found.money - 11_000))
    assert vault._read(unsettled, payee, NOW, but=own) == without


@pytest.mark.parametrize(
    "limit", ["origin_hour", "origin_day", "hour", "day", "total", "unsettled"]
)
def test_together_two_connections_keep_within_a_limit(folder: Path, limit: str) -> None:
    """Each asks for ten payments at once; there is money for seven."""
    limits = replace(ROOMY, **{limit: Msat(7 * 11_000)})
    together = Barrier(2)
    answers: list[bool] = []

    def spend(first: int) -> None:
        with SqliteVault.open(folder) as vault:
            together.wait()
            for number in range(first, first + 10):
                try:
                    wanted = intent(number, get(f"https://shop.example/{number}"))
                    answers.append(vault.reserve(wanted, limits) is None)
                except OverLimit:
                    answers.append(False)

    SqliteVault.open(folder).close()
    threads = [Thread(target=spend, args=(first,)) for first in (0, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(answers), sum(answers)) == (20, 7)
    with SqliteVault.open(folder) as vault:
        assert vault.spending(ORIGIN, NOW).total == 7 * 11_000
