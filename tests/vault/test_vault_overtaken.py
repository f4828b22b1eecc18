"""A yes counts in view of what was seen: who comes second learns of the first, under the lock."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from l402tui.flow.model import Intent, IntentState, Request, Seen
from l402tui.flow.ports import Overtaken, VaultError
from l402tui.vault import SqliteVault

from .makers import NOW, bring, buy, get, hash_of, intent

S = IntentState
MOVING = [S.SENDING, S.IN_FLIGHT, S.HELD, S.UNKNOWN, S.PAID_NO_PREIMAGE]
OSLO, BERGEN = (get(f"https://shop.example/weather?city={city}") for city in ("oslo", "bergen"))
NEWS = get("https://shop.example/news")
FAR = get("https://other.example/weather?city=oslo")


@pytest.fixture
def other(folder: Path, vault: SqliteVault) -> Iterator[SqliteVault]:
    """Another run's vault: a connection of its own to the same file."""
    with SqliteVault.open(folder) as opened:
        yield opened


def begun(vault: SqliteVault, number: int, request: Request, state: IntentState) -> Intent:
    """A payment that another run makes."""
    assert vault.reserve(intent(number, request), None, Seen()) is None
    if state is not S.RESERVED:
        vault.record(hash_of(number), S.SENDING, at=NOW, seen=Seen())
        bring(vault, number, state)
    found = vault.intent(hash_of(number))
    assert found is not None
    return found


# --- a reservation ------------------------------------------------------------------------------


@pytest.mark.parametrize("state", MOVING, ids=lambda s: s.name)
@pytest.mark.parametrize("where", [BERGEN, NEWS], ids=["alike", "another path"])
def test_what_began_after_the_question_is_told_and_nothing_is_written(
    vault: SqliteVault, other: SqliteVault, state: IntentState, where: Request
) -> None:
    first = begun(other, 1, OSLO, state)
    with pytest.raises(Overtaken) as overtaken:
        vault.reserve(intent(2, where), None, Seen())
    assert overtaken.value.by == first
    assert vault.intent(hash_of(2)) is None
    assert vault.spending(OSLO.url.origin, NOW) == other.spending(OSLO.url.origin, NOW)


def test_what_was_shown_with_the_question_does_not_stand_in_the_way(
    vault: SqliteVault, other: SqliteVault
) -> None:
    begun(other, 1, OSLO, S.IN_FLIGHT)
    seen = Seen(frozenset(one.payment_hash for one in vault.open_at(OSLO.url.origin)))
    assert vault.reserve(intent(2, BERGEN), None, seen) is None


def test_of_several_under_way_each_must_have_been_shown(vault: SqliteVault) -> None:
    first = begun(vault, 1, OSLO, S.SENDING)
    vault.reserve(intent(2, NEWS))
    vault.record(hash_of(2), S.SENDING, at=NOW)
    with pytest.raises(Overtaken) as overtaken:
        vault.reserve(intent(3, BERGEN), None, Seen(frozenset({first.payment_hash})))
    assert overtaken.value.by.payment_hash == hash_of(2)


def test_another_origin_is_no_news(vault: SqliteVault, other: SqliteVault) -> None:
    begun(other, 1, OSLO, S.IN_FLIGHT)
    assert vault.reserve(intent(2, FAR), None, Seen()) is None


@pytest.mark.parametrize("state", [S.RESERVED, S.FAILED, S.RELEASED], ids=lambda s: s.name)
def test_what_was_not_sent_or_has_failed_is_no_news(
    vault: SqliteVault, other: SqliteVault, state: IntentState
) -> None:
    assert other.reserve(intent(1, OSLO)) is None
    if state is S.FAILED:
        bring(other, 1, S.SENDING)
    bring(other, 1, state)
    assert vault.reserve(intent(2, BERGEN), None, Seen()) is None


def test_what_is_paid_already_is_written_whatever_is_under_way(vault: SqliteVault) -> None:
    begun(vault, 1, OSLO, S.SENDING)
    assert vault.reserve(intent(2, BERGEN), None) is None


# --- what was bought meanwhile --------------------------------------------------------------------


def test_what_was_bought_after_the_look_for_credentials_is_told(
    vault: SqliteVault, other: SqliteVault
) -> None:
    line = vault.line()
    assert vault.bought_since(BERGEN, line) is None
    buy(other, 1, OSLO)
    found = vault.bought_since(BERGEN, line)
    assert found is not None
    assert (found.payment_hash, found.state) == (hash_of(1), S.ACTIVE)
    with pytest.raises(Overtaken) as overtaken:
        vault.reserve(intent(2, BERGEN), None, Seen(line=line))
    assert overtaken.value.by == found
    assert vault.intent(hash_of(2)) is None


def test_what_was_bought_before_it_was_offered_and_is_no_news(
    vault: SqliteVault, other: SqliteVault
) -> None:
    buy(other, 1, OSLO)
    line = vault.line()
    assert vault.bought_since(BERGEN, line) is None
    assert vault.reserve(intent(2, BERGEN), None, Seen(line=line)) is None


def test_a_note_about_an_older_purchase_does_not_make_it_new(
    vault: SqliteVault, other: SqliteVault
) -> None:
    buy(other, 1, OSLO)
    line = vault.line()
    other.record(hash_of(1), S.ACTIVE, at=NOW + 1, reason="taken again")
    assert vault.line() > line
    assert vault.bought_since(BERGEN, line) is None


@pytest.mark.parametrize(
    "request_",
    [NEWS, FAR, get(OSLO.url.origin + "/weather", method="POST")],
    ids=["another path", "another origin", "another kind of method"],
)
def test_what_was_bought_for_another_purpose_is_no_news(
    vault: SqliteVault, other: SqliteVault, request_: Request
) -> None:
    buy(other, 1, OSLO)
    assert vault.bought_since(request_, 0) is None
    assert vault.reserve(intent(2, request_), None, Seen()) is None


def test_what_was_bought_and_refused_is_no_news(vault: SqliteVault, other: SqliteVault) -> None:
    buy(other, 1, OSLO)
    other.record(hash_of(1), S.REJECTED, at=NOW)
    assert vault.bought_since(BERGEN, 0) is None


def test_the_newest_of_several_is_told(vault: SqliteVault) -> None:
    for number in (1, 3, 2):
        buy(vault, number, get(f"https://shop.example/weather?n={number}"), at=NOW + number)
    found = vault.bought_since(OSLO, 0)
    assert found is not None
    assert found.payment_hash == hash_of(3)


# --- between the reservation and its sending ------------------------------------------------------


@pytest.mark.parametrize("where", [BERGEN, NEWS], ids=["alike", "another path"])
def test_of_two_that_reserved_in_the_same_moment_one_is_sent(
    vault: SqliteVault, other: SqliteVault, where: Request
) -> None:
    assert vault.reserve(intent(1, OSLO), None, Seen()) is None
    assert other.reserve(intent(2, where), None, Seen()) is None
    other.record(hash_of(2), S.SENDING, at=NOW, seen=Seen())
    with pytest.raises(Overtaken) as overtaken:
        vault.record(hash_of(1), S.SENDING, at=NOW, seen=Seen())
    assert overtaken.value.by.payment_hash == hash_of(2)
    found = vault.intent(hash_of(1))
    assert found is not None
    assert (found.state, found.sent) == (S.RESERVED, None)
    assert vault.record(hash_of(1), S.RELEASED, at=NOW).state is S.RELEASED


def test_the_second_is_not_sent_either_where_the_first_is_paid_by_then(
    vault: SqliteVault, other: SqliteVault
) -> None:
    assert vault.reserve(intent(1, OSLO), None, Seen()) is None
    buy(other, 2, BERGEN)
    with pytest.raises(Overtaken):
        vault.record(hash_of(1), S.SENDING, at=NOW, seen=Seen())


def test_an_old_payment_is_not_sent_again_past_a_new_one(
    vault: SqliteVault, other: SqliteVault
) -> None:
    first = begun(vault, 1, OSLO, S.SENDING)
    other.reserve(intent(2, NEWS))
    other.record(hash_of(2), S.SENDING, at=NOW)
    with pytest.raises(Overtaken):
        vault.record(hash_of(1), S.SENDING, at=NOW + 200, seen=Seen())
    assert vault.intent(hash_of(1)) == first
    seen = Seen(frozenset({hash_of(2)}))
    assert vault.record(hash_of(1), S.SENDING, at=NOW + 200, seen=seen).sent == NOW + 200


def test_nobody_gets_permission_twice_whatever_was_seen(vault: SqliteVault) -> None:
    buy(vault, 1, OSLO)
    with pytest.raises(VaultError, match="not sent"):
        vault.record(hash_of(1), S.SENDING, at=NOW, seen=Seen())


# --- processes ----------------------------------------------------------------------------------

RACE = """
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from l402tui.flow.model import Intent, IntentState, Request, Seen
from l402tui.flow.ports import Overtaken
from l402tui.protocol.amount import sat
from l402tui.protocol.secret import Secret
from l402tui.protocol.url import Url
from l402tui.vault import SqliteVault

folder, number = Path(sys.argv[1]), sys.argv[2]
request = Request(Url.parse("https://shop.example/weather?city=" + number))
wanted = Intent(sha256(number.encode()).digest(), IntentState.RESERVED, request, "L402",
                Secret("token"), "lnbcrt1", sat(10), sat(1), "practice:-", 1_790_000_000.0,
                1_790_003_600.0)
with SqliteVault.open(folder) as vault:
    seen = Seen(frozenset(one.payment_hash for one in vault.open_at(request.url.origin)),
                vault.line())
    print("seen", flush=True)
    sys.stdin.readline()
    try:
        vault.reserve(wanted, None, seen)
        print("reserved", flush=True)
        vault.record(wanted.payment_hash, IntentState.SENDING, at=1_790_000_001.0, seen=seen)
        print("sent")
    except Overtaken:
        print("overtaken")
"""


def test_of_many_processes_that_saw_nothing_one_gets_permission(folder: Path) -> None:
    SqliteVault.open(folder).close()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(folder), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "seen\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    last = [process.communicate()[0].split()[-1] for process in processes]
    assert sorted(last) == ["overtaken", "overtaken", "overtaken", "sent"]
    assert {process.returncode for process in processes} == {0}
    with SqliteVault.open(folder) as vault:
        assert len(vault.open_at("https://shop.example")) == 1
