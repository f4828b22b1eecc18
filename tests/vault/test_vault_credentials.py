"""Which paid credential is offered, and in which order."""

from __future__ import annotations

from dataclasses import replace

from l402tui.flow.model import IntentState, Request
from l402tui.vault import SqliteVault

from .makers import NOW, buy, get, hash_of, intent, proof

AT = "https://shop.example"


def offered(vault: SqliteVault, request: Request) -> list[int]:
    """Numbers of the payments whose credentials are offered."""
    numbers = {hash_of(number): number for number in range(300)}
    return [numbers[held.payment_hash] for held in vault.credentials(request)]


def test_what_was_paid_is_offered_as_it_was_sent(vault: SqliteVault) -> None:
    held = buy(vault, 1, get())
    assert vault.credentials(get()) == (held,)
    assert held.token.reveal() == b"token-1"
    assert held.path == "/weather"


def test_nothing_crosses_an_origin(vault: SqliteVault) -> None:
    buy(vault, 1, get(f"{AT}/weather"))
    for elsewhere in (
        "http://shop.example/weather",
        "https://shop.example:8443/weather",
        "https://www.shop.example/weather",
        "https://shop.example.evil.example/weather",
    ):
        assert vault.credentials(get(elsewhere)) == ()


def test_the_nearest_path_comes_first_then_the_newest(vault: SqliteVault) -> None:
    places = ["/a/b/c", "/a/b", "/", "/a/b/x", "/a/b/c", "/a/bc", "/z"]
    for number, path in enumerate(places):
        buy(vault, number, get(AT + path), at=NOW + number)
    assert offered(vault, get(f"{AT}/a/b/c")) == [4, 0, 3]
    assert offered(vault, get(f"{AT}/a/b/c/d")) == [4, 0, 3]
    assert offered(vault, get(f"{AT}/a/bc/d")) == [5, 4, 3]
    assert offered(vault, get(f"{AT}/q")) == [6, 5, 4]


def test_the_same_address_comes_before_the_same_path(vault: SqliteVault) -> None:
    for number in range(6):
        buy(vault, number, get(f"{AT}/item?id={number}"))
    assert offered(vault, get(f"{AT}/item?id=1")) == [1, 5, 4]


def test_a_near_path_is_found_among_many(vault: SqliteVault) -> None:
    buy(vault, 250, get(f"{AT}/deep/here"))
    for number in range(150):
        buy(vault, number, get(f"{AT}/other/{number}"))
    assert offered(vault, get(f"{AT}/deep/there"))[0] == 250


def test_one_that_was_refused_here_is_left_out_here(vault: SqliteVault) -> None:
    held = buy(vault, 1, get(f"{AT}/a"))
    vault.used(held, get(f"{AT}/b"), accepted=False, at=NOW)
    assert offered(vault, get(f"{AT}/b")) == []
    assert offered(vault, get(f"{AT}/b?page=2")) == []
    assert offered(vault, get(f"{AT}/a")) == [1]
    assert offered(vault, get(f"{AT}/b", method="POST")) == [1]


def test_only_the_last_use_counts(vault: SqliteVault) -> None:
    held = buy(vault, 1, get())
    vault.used(held, get(), accepted=False, at=NOW + 1)
    vault.used(held, get(), accepted=True, at=NOW + 2)
    assert offered(vault, get()) == [1]
    vault.used(held, get(), accepted=False, at=NOW + 2)
    assert offered(vault, get()) == []
    row = vault._db.execute("SELECT accepted_at, rejected_at FROM credential_uses").fetchone()
    assert row == (NOW + 2, NOW + 2)


def test_a_yes_to_this_very_address_outlasts_a_no_to_its_neighbour(vault: SqliteVault) -> None:
    held = buy(vault, 1, get(f"{AT}/item?id=1"))
    vault.used(held, get(f"{AT}/item?id=1"), accepted=True, at=NOW)
    vault.used(held, get(f"{AT}/item?id=2"), accepted=False, at=NOW + 1)
    assert offered(vault, get(f"{AT}/item?id=1")) == [1]
    assert offered(vault, get(f"{AT}/item?id=3")) == []


def test_refused_ones_do_not_hide_a_good_one(vault: SqliteVault) -> None:
    buy(vault, 100, get())
    for number in range(5):
        vault.used(buy(vault, number, get()), get(), accepted=False, at=NOW)
    assert offered(vault, get()) == [100]


def test_a_rejected_payment_is_kept_but_not_offered(vault: SqliteVault) -> None:
    buy(vault, 1, get())
    vault.record(hash_of(1), IntentState.REJECTED, at=NOW)
    assert vault.credentials(get()) == ()
    assert vault._db.execute("SELECT count(*) FROM credentials").fetchone() == (1,)


def test_the_name_that_the_server_takes_is_remembered(vault: SqliteVault) -> None:
    held = buy(vault, 1, get())
    other = replace(held, scheme="LSAT")
    vault.used(other, get(), accepted=False, at=NOW)
    assert vault.credentials(get(f"{AT}/b")) == (held,)
    vault.used(other, get(f"{AT}/b"), accepted=True, at=NOW)
    assert vault.credentials(get(f"{AT}/b")) == (other,)


def test_one_that_could_not_be_stored_is_passed_over(vault: SqliteVault) -> None:
    vault.reserve(intent(1))
    lost = intent(1).held(proof(1))
    vault.used(lost, get(), accepted=True, at=NOW)
    assert vault.credentials(get()) == ()
