"""What was done can be read again, and done again."""

from __future__ import annotations

import pytest

from l402tui.flow.model import Money, Outcome
from l402tui.flow.ports import VaultError
from l402tui.protocol.amount import sat
from l402tui.vault import SqliteVault
from l402tui.vault.requests import BODY_LIMIT

from .makers import NOW, get, happy_end, hash_of, intent


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
    if "head" in change:
        change = "requests SET head = CAST('{}' AS BLOB)"
    vault._db.execute(f"UPDATE {change}")
    with pytest.raises(VaultError, match="does not understand"):
        vault.exchange(number)
