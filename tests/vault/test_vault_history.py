"""What was done can be read again, and done again."""

from __future__ import annotations

import pytest

from l402tui.flow.model import Ending, Exchange, IntentState, Money, Outcome
from l402tui.flow.ports import VaultError
from l402tui.protocol.amount import Msat, sat
from l402tui.protocol.text import say
from l402tui.vault import SqliteVault
from l402tui.vault.requests import BODY_LIMIT, place

from .makers import NOW, bring, get, happy_end, hash_of, intent, proof


def test_a_row_is_begun_and_ended(vault: SqliteVault) -> None:
    request = get(method="POST", body=b"{}", headers=(("X-A", "1"),))
    number = vault.open_exchange(request, NOW)
    begun = vault.exchange(number)
    assert begun is not None
    assert (begun.at, begun.request, begun.outcome, begun.money) == (NOW, request, None, None)
    vault.close_exchange(number, happy_end(1), 200, NOW + 2)
    ended = vault.exchange(number)
    assert ended is not None
    assert (ended.number, ended.at, ended.request) == (number, NOW, request)
    assert (ended.outcome, ended.money) == (Outcome.PAID, Money.SPENT)
    assert (ended.what.text, ended.status, ended.cost) == ("Paid and delivered.", 200, sat(10))
    assert ended.payment_hash == hash_of(1)


def test_the_newest_come_first(vault: SqliteVault) -> None:
    numbers = [vault.open_exchange(get(f"https://shop.example/{n}"), NOW) for n in range(4)]
    assert numbers == [1, 2, 3, 4]
    assert [row.number for row in vault.exchanges(3)] == [4, 3, 2]
    assert vault.exchanges(0) == ()
    assert vault.exchange(99) is None


def test_ending_a_row_that_is_not_there_is_told(vault: SqliteVault) -> None:
    with pytest.raises(VaultError, match="no entry 7"):
        vault.close_exchange(7, happy_end(1), None, NOW)


def test_replays_share_one_request(vault: SqliteVault) -> None:
    request = get(method="POST", body=b"x" * BODY_LIMIT)
    for _ in range(3):
        vault.open_exchange(request, NOW)
    vault.reserve(intent(1, request))
    assert vault._db.execute("SELECT count(*) FROM requests").fetchone() == (1,)
    row = vault.exchange(2)
    assert row is not None
    assert row.request == request


def test_requests_that_differ_in_spelling_only_are_kept_apart(vault: SqliteVault) -> None:
    lower, upper = get(headers=(("accept", "*/*"),)), get(headers=(("Accept", "*/*"),))
    assert lower.fingerprint == upper.fingerprint
    numbers = [vault.open_exchange(request, NOW) for request in (lower, upper)]
    rows = [vault.exchange(number) for number in numbers]
    assert [row.request for row in rows if row] == [lower, upper]


def test_a_long_body_is_left_out_and_never_sent_again_without_it(vault: SqliteVault) -> None:
    request = get(method="POST", body=b"x" * (BODY_LIMIT + 1))
    number = vault.open_exchange(request, NOW)
    vault.close_exchange(number, happy_end(1), 200, NOW)
    (row,) = vault.exchanges()
    assert row.what.text == "Paid and delivered. (Its body of 1048577 bytes was too long to keep.)"
    assert row.request.body == b""
    with pytest.raises(VaultError, match="cannot be done again"):
        vault.exchange(number)


def test_a_long_body_is_kept_whole_where_a_payment_depends_on_it(vault: SqliteVault) -> None:
    request = get(method="POST", body=b"x" * (BODY_LIMIT + 1))
    number = vault.open_exchange(request, NOW)
    vault.reserve(intent(1, request))
    row, paid = vault.exchange(number), vault.unfinished(request)
    assert row is not None
    assert paid is not None
    assert row.request == paid.request == request


def test_what_is_read_back_is_made_safe_again(vault: SqliteVault) -> None:
    number = vault.open_exchange(get(), NOW)
    vault._db.execute("UPDATE exchanges SET what = 'a' || char(27) || ']0;b'")
    row = vault.exchange(number)
    assert row is not None
    assert row.what.text == "a\\x1b]0;b"


@pytest.mark.parametrize(
    "change",
    ["exchanges SET outcome = 'later'", "exchanges SET money = 'gold'", "requests SET head = '{}'"],
)
def test_a_row_that_makes_no_sense_is_told(vault: SqliteVault, change: str) -> None:
    number = vault.open_exchange(get(), NOW)
    vault.close_exchange(number, happy_end(1), 200, NOW)
    head = vault._db.seal.close(place("head", 1), b"{}")
    with_head = change.replace("'{}'", f"x'{head.hex()}'")
    vault._db.execute(f"UPDATE {with_head}")
    with pytest.raises(VaultError, match="does not understand"):
        vault.exchange(number)


# --- what a flow that was stopped, or ended without knowing, has cost ----------------------------


def _begun(vault: SqliteVault) -> int:
    """A row whose payment of 10 sat was sent; then the program was killed."""
    number = vault.open_exchange(get(), NOW)
    vault.reserve(intent(1))
    vault.record(hash_of(1), IntentState.SENDING, at=NOW, exchange=number)
    return number


def _row(vault: SqliteVault, number: int) -> Exchange:
    row = vault.exchange(number)
    assert row is not None
    return row


def _ended(outcome: Outcome, money: Money) -> Ending:
    return Ending(outcome, money, say("So."), payment_hash=hash_of(1))


@pytest.mark.parametrize(
    ("state", "money", "cost", "at_stake"),
    [
        (IntentState.SENDING, Money.PERHAPS, 0, 10),
        (IntentState.IN_FLIGHT, Money.PERHAPS, 0, 10),
        (IntentState.UNKNOWN, Money.PERHAPS, 0, 10),
        (IntentState.PAID, Money.SPENT, 10, 0),
        (IntentState.REDEEM_RETRY, Money.SPENT, 10, 0),
        (IntentState.ACTIVE, Money.SPENT, 10, 0),
        (IntentState.REJECTED, Money.SPENT, 10, 0),
        (IntentState.FAILED, Money.NONE, 0, 0),
    ],
)
@pytest.mark.parametrize("ended", [False, True])
def test_a_row_that_did_not_see_the_end_is_told_what_became_of_it(
    vault: SqliteVault, state: IntentState, money: Money, cost: int, at_stake: int, ended: bool
) -> None:
    number = _begun(vault)
    if ended:
        vault.close_exchange(number, _ended(Outcome.UNSETTLED, Money.PERHAPS), None, NOW)
    if state is not IntentState.SENDING:
        bring(vault, 1, state)
    row = _row(vault, number)
    assert (row.payment_hash, row.payment, row.money) == (hash_of(1), state, money)
    assert (row.cost, row.at_stake) == (sat(cost), sat(at_stake))


def test_the_fee_counts_too(vault: SqliteVault) -> None:
    number = _begun(vault)
    vault.store_paid(hash_of(1), proof(1), at=NOW, fee=Msat(700))
    assert _row(vault, number).cost == Msat(10_700)


def test_each_payment_is_counted_once_however_many_runs_followed_it(vault: SqliteVault) -> None:
    _begun(vault)
    for money in (Money.PERHAPS, Money.PERHAPS, Money.EARLIER):
        number = vault.open_exchange(get(), NOW)
        outcome = Outcome.PAID if money is Money.EARLIER else Outcome.UNSETTLED
        vault.close_exchange(number, _ended(outcome, money), 200, NOW)
    bring(vault, 1, IntentState.ACTIVE)
    rows = vault.exchanges()[::-1]
    assert [row.cost for row in rows] == [sat(10), 0, 0, 0]
    assert [row.money for row in rows] == [Money.SPENT, *[Money.EARLIER] * 3]


def test_the_run_that_really_sent_it_counts_it(vault: SqliteVault) -> None:
    """Killed before the wallet was asked; the next run found that, and paid the same invoice."""
    first = _begun(vault)
    second = vault.open_exchange(get(), NOW)
    vault.store_paid(hash_of(1), proof(1), at=NOW, fee=sat(0))
    vault.close_exchange(second, happy_end(1), 200, NOW)
    rows = [_row(vault, number) for number in (first, second)]
    assert [(row.cost, row.money) for row in rows] == [(0, Money.NONE), (sat(10), Money.SPENT)]


def test_a_bill_that_was_declined_before_counts_nothing(vault: SqliteVault) -> None:
    seen = vault.open_exchange(get(), NOW)
    vault.close_exchange(seen, _ended(Outcome.PREVIEWED, Money.NONE), 402, NOW)
    paid = _begun(vault)
    bring(vault, 1, IntentState.ACTIVE)
    assert [_row(vault, number).cost for number in (seen, paid)] == [0, sat(10)]


def test_an_ending_without_a_hash_leaves_the_link(vault: SqliteVault) -> None:
    number = _begun(vault)
    bring(vault, 1, IntentState.FAILED)
    vault.close_exchange(number, Ending(Outcome.NOT_PAID, Money.NONE, say("No.")), None, NOW)
    row = _row(vault, number)
    assert (row.payment_hash, row.payment, row.cost) == (hash_of(1), IntentState.FAILED, 0)


def test_sending_and_the_link_are_written_together_or_not_at_all(vault: SqliteVault) -> None:
    number = vault.open_exchange(get(), NOW)
    with pytest.raises(VaultError):
        vault.record(hash_of(1), IntentState.SENDING, at=NOW, exchange=number)  # never reserved
    assert _row(vault, number).payment_hash is None
