"""One intent a payment hash, for ever, and proven stays proven."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from hashlib import sha256
from itertools import product
from typing import Any

import pytest

from l402tui.flow.model import IntentState, LatestEnd
from l402tui.flow.ports import Vault, VaultError
from l402tui.protocol.amount import sat
from l402tui.protocol.secret import Secret
from l402tui.vault import SqliteVault
from l402tui.vault.intents import Verdict, verdict

from .makers import NOW, bring, buy, get, hash_of, intent, proof

S = IntentState
ORIGIN = "https://shop.example"


def state_of(vault: SqliteVault, number: int) -> IntentState:
    found = vault.intent(hash_of(number))
    assert found is not None
    return found.state


def test_it_is_the_port(vault: SqliteVault) -> None:
    port: Vault = vault
    assert port.intent(bytes(32)) is None


def test_a_new_hash_is_reserved_and_read_back_whole(vault: SqliteVault) -> None:
    wanted = intent(1, challenge=b"LSAT ...\nL402 ...", fee=sat(0), reason="why")
    assert vault.reserve(wanted) is None
    assert vault.intent(hash_of(1)) == wanted


@pytest.mark.parametrize("state", [state for state in S if state is not S.RELEASED])
def test_a_known_hash_is_not_reserved_again(vault: SqliteVault, state: IntentState) -> None:
    vault.reserve(intent(1))
    bring(vault, 1, state)
    known = vault.intent(hash_of(1))
    assert vault.reserve(intent(1, wallet="lnd:02", amount=sat(99))) == known
    assert vault.intent(hash_of(1)) == known
    assert known is not None
    assert known.state is state


def test_a_released_hash_is_taken_up_with_the_new_terms(vault: SqliteVault) -> None:
    vault.reserve(intent(1))
    bring(vault, 1, S.RELEASED)
    again = intent(1, get("https://shop.example/other"), fee_cap=sat(3), created=NOW + 60)
    assert vault.reserve(again) is None
    assert vault.intent(hash_of(1)) == again
    vault.record(hash_of(1), S.SENDING, at=NOW + 61)
    assert vault.reserve(again) is not None


@pytest.mark.parametrize(
    "changes", [{"state": S.PAID}, {"state": S.SENDING}, {"preimage": proof(1)}]
)
def test_only_a_reservation_is_reserved(vault: SqliteVault, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="reservation"):
        vault.reserve(replace(intent(1), **changes))
    assert vault.intent(hash_of(1)) is None


def test_the_table_of_states_is_the_models(vault: SqliteVault) -> None:
    rows = vault._db.execute("SELECT state, open, holds_money, proven FROM intent_states")
    assert {(S(name), *flags) for name, *flags in rows} == {
        (state, state.open, state.holds_money, state.proven) for state in S
    }


# Rows: as it stands. Columns, in the same order: what is to be written. w: written, k: what is
# known is kept, R: refused.
TABLE = """
RESERVED         w w w w w w R R R R R w w
SENDING          k w w w w w R R R R R w R
IN_FLIGHT        k R w w w w R R R R R w R
HELD             k R k w w w R R R R R w R
UNKNOWN          k R w w w w R R R R R w R
PAID_NO_PREIMAGE k R k k k w R R R R R k R
PAID             k R k k k k w w w w w k R
REDEEMING        k R k k k k k w w w w k R
REDEEM_RETRY     k R k k k k k w w w w k R
ACTIVE           k R k k k k k k k w w k R
REJECTED         k R k k k k k k k w w k R
FAILED           k R w w k w R R R R R w R
RELEASED         k R w w k w R R R R R k w
"""


def test_the_whole_table_of_what_may_follow() -> None:
    letters = {Verdict.WRITE: "w", Verdict.KEEP: "k", Verdict.REFUSE: "R"}
    rows = (f"{old.name:<17}" + " ".join(letters[verdict(old, new)] for new in S) for old in S)
    assert "\n".join(rows) == TABLE.strip()


@pytest.mark.parametrize(("old", "new"), list(product(S, S)), ids=lambda s: s.name)
def test_every_change_of_state(vault: SqliteVault, old: IntentState, new: IntentState) -> None:
    vault.reserve(intent(1))
    bring(vault, 1, old)
    before = vault.intent(hash_of(1))
    assert before is not None
    match verdict(old, new):
        case Verdict.WRITE:
            after = vault.record(hash_of(1), new, at=NOW + 1, reason="because", fee=sat(1))
            assert after == replace(
                before,
                state=new,
                updated=NOW + 1,
                reason="because",
                fee=sat(1),
                sent=NOW + 1 if new is S.SENDING else before.sent,
            )
        case Verdict.KEEP:
            after = vault.record(hash_of(1), new, at=NOW + 1, reason="late")
            assert after == before
        case Verdict.REFUSE:
            with pytest.raises(VaultError):
                vault.record(hash_of(1), new, at=NOW + 1)
            after = before
    assert vault.intent(hash_of(1)) == after
    if old.proven:
        assert after.state.proven
        assert after.preimage == proof(1)


def test_permission_to_pay_is_given_only_where_nothing_can_be_paid_twice() -> None:
    may = {old for old in S if verdict(old, S.SENDING) is Verdict.WRITE}
    assert may == {S.RESERVED, S.SENDING}  # once more: the same invoice through the same wallet
    others = {verdict(old, S.SENDING) for old in set(S) - may}
    assert others == {Verdict.REFUSE}


def test_nothing_that_may_have_been_sent_is_released() -> None:
    may = {old for old in S if verdict(old, S.RELEASED) is Verdict.WRITE}
    assert may == {S.RESERVED, S.RELEASED}
    assert {verdict(old, S.RELEASED) for old in set(S) - may} == {Verdict.REFUSE}


@pytest.mark.parametrize("state", list(S), ids=lambda s: s.name)
def test_a_preimage_proves_whatever_was_thought_before(
    vault: SqliteVault, state: IntentState
) -> None:
    vault.reserve(intent(1))
    bring(vault, 1, state)
    held = vault.store_paid(hash_of(1), proof(1), at=NOW + 5, fee=sat(1))
    assert (held.token, held.preimage, held.fee) == (Secret("token-1"), proof(1), sat(1))
    found = vault.intent(hash_of(1))
    assert found is not None
    assert found.state is (state if state.proven else S.PAID)
    assert found.preimage == proof(1)
    assert vault.store_paid(hash_of(1), proof(1), at=NOW + 6, fee=None) == held
    assert vault.intent(hash_of(1)) == found


@pytest.mark.parametrize("wrong", [proof(2), Secret(b""), Secret(bytes(32)), Secret(b"x" * 64)])
def test_a_preimage_of_another_hash_is_not_stored(vault: SqliteVault, wrong: Secret) -> None:
    vault.reserve(intent(1))
    bring(vault, 1, S.SENDING)
    with pytest.raises(ValueError, match="does not belong"):
        vault.store_paid(hash_of(1), wrong, at=NOW, fee=None)
    assert state_of(vault, 1) is S.SENDING
    assert vault.credentials(get()) == ()


def test_a_preimage_has_32_bytes(vault: SqliteVault) -> None:
    short = sha256(b"short").digest()
    vault.reserve(replace(intent(1), payment_hash=short))
    with pytest.raises(ValueError, match="does not belong"):
        vault.store_paid(short, Secret(b"short"), at=NOW, fee=None)


def test_a_hash_that_was_never_reserved_is_told(vault: SqliteVault) -> None:
    with pytest.raises(VaultError, match="does not know"):
        vault.record(hash_of(1), S.UNKNOWN, at=NOW)
    with pytest.raises(VaultError, match="does not know"):
        vault.store_paid(hash_of(1), proof(1), at=NOW, fee=None)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("DELETE FROM intents", "never forgotten"),
        ("UPDATE intents SET state = 'failed'", "stays proven|only a preimage"),
        ("UPDATE intents SET state = 'failed', preimage = NULL", "proven|overwritten"),
        ("UPDATE intents SET preimage = zeroblob(32)", "never overwritten"),
        ("UPDATE intents SET payment_hash = zeroblob(32)", "keeps its hash"),
        ("UPDATE intents SET amount_msat = 1", "does not change"),
        ("UPDATE intents SET token = x'00'", "does not change"),
        ("UPDATE intents SET state = 'spent'", "FOREIGN KEY"),
        ("INSERT OR REPLACE INTO intents SELECT * FROM intents", "never forgotten"),
        (
            "INSERT INTO intents SELECT NULL, zeroblob(32), 'paid', '', request_id, origin, path,"
            " payee, scheme, token, challenge, invoice, 1, 1, 0, wallet, created, expires, updated,"
            " NULL, NULL, NULL, NULL FROM intents",
            "only a preimage",
        ),
        ("UPDATE intents SET path = '/'", "approved does not change"),
        ("UPDATE intents SET payee = zeroblob(33)", "approved does not change"),
        ("DELETE FROM intent_log", "stays written"),
        ("UPDATE intent_log SET reason = 'because'", "stays written"),
        ("DELETE FROM credentials", "never deleted"),
        ("UPDATE credentials SET token = x'00'", "does not change"),
        ("REPLACE INTO credentials SELECT * FROM credentials", "never deleted"),
        ("DELETE FROM requests", "FOREIGN KEY"),
    ],
)
def test_sql_itself_keeps_the_rules(vault: SqliteVault, statement: str, why: str) -> None:
    buy(vault, 1, get())
    before = list(vault._db.iterdump())
    with pytest.raises(sqlite3.IntegrityError, match=f"{why}|vault is sealed"):
        vault._db.execute(statement)
    assert list(vault._db.iterdump()) == before


def test_sql_itself_wants_a_preimage_for_proven(vault: SqliteVault) -> None:
    vault.reserve(intent(1))
    for change in ("state = 'active'", "preimage = zeroblob(32)"):
        with pytest.raises(sqlite3.IntegrityError, match=r"only a preimage|is sealed"):
            vault._db.execute(f"UPDATE intents SET {change}")


# --- what a flow asks ---------------------------------------------------------------------------


def test_unfinished_is_the_newest_open_intent_for_the_very_same_request(
    vault: SqliteVault,
) -> None:
    wanted = get(headers=(("Accept", "text/plain"),))
    vault.reserve(intent(1, wanted, created=NOW + 1))
    bring(vault, 1, S.FAILED)
    vault.reserve(intent(2, wanted, created=NOW + 2))
    vault.record(hash_of(1), S.IN_FLIGHT, at=NOW + 3)  # the wallet has changed its mind
    vault.reserve(intent(4, get(), created=NOW + 9))
    found = vault.unfinished(wanted)
    assert found is not None
    assert found.payment_hash == hash_of(2)
    assert vault.unfinished(get(method="POST")) is None


def test_a_request_with_an_unfinished_payment_gets_no_second_one(vault: SqliteVault) -> None:
    vault.reserve(intent(1))
    bring(vault, 1, S.SENDING)
    known = vault.reserve(intent(2))
    assert known is not None
    assert known.payment_hash == hash_of(1)
    assert vault.intent(hash_of(2)) is None


@pytest.mark.parametrize("state", list(S), ids=lambda s: s.name)
def test_unfinished_means_open(vault: SqliteVault, state: IntentState) -> None:
    vault.reserve(intent(1))
    bring(vault, 1, state)
    assert (vault.unfinished(get()) is not None) is state.open


def test_open_at_is_where_money_may_still_move(vault: SqliteVault) -> None:
    for number, state in enumerate(S):
        request = get(f"https://shop.example/{number}")
        vault.reserve(intent(number, request, created=NOW + number))
        bring(vault, number, state)
    vault.reserve(intent(90, get("https://other.example/")))
    bring(vault, 90, S.SENDING)
    found = [item.state for item in vault.open_at(ORIGIN)]
    assert found == [S.SENDING, S.IN_FLIGHT, S.HELD, S.UNKNOWN, S.PAID_NO_PREIMAGE]


def test_what_is_told_of_a_payment_under_way_is_what_the_whole_row_says(vault: SqliteVault) -> None:
    for number, request in enumerate((get(), get(method="POST", body=b"x"))):
        vault.reserve(intent(number, request, wallet="external:regtest"))
        vault.record(hash_of(number), S.SENDING, at=NOW + 1)
    for told in vault.open_at(ORIGIN):
        whole = vault.intent(told.payment_hash)
        assert whole is not None
        for name in ("state", "purpose", "amount", "wallet", "updated", "sent", "external"):
            assert getattr(told, name) == getattr(whole, name)


def test_payments_under_way_are_found_by_their_index_and_no_secret_is_opened(
    vault: SqliteVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.reserve(intent(1))
    vault.record(hash_of(1), S.SENDING, at=NOW)
    asked: list[str] = []
    vault._db.set_trace_callback(asked.append)
    monkeypatch.setattr(vault._db.seal, "open", None, raising=False)
    (told,) = vault.open_at(ORIGIN)
    vault._db.set_trace_callback(None)
    assert told.payment_hash == hash_of(1)
    (question,) = (sql for sql in asked if "intents" in sql)
    plan = vault._db.execute(f"EXPLAIN QUERY PLAN {question}").fetchall()
    assert any("intents_moving" in step for *_, step in plan)


# --- what a person asks -------------------------------------------------------------------------


def test_payments_are_listed_open_or_all(vault: SqliteVault) -> None:
    for number, state in enumerate(S):
        vault.reserve(intent(number, get(f"https://shop.example/{number}"), created=NOW + number))
        bring(vault, number, state)
    assert [one.state for one in vault.payments()] == [state for state in S if state.open]
    assert [one.state for one in vault.payments(every=True)] == list(S)


def test_the_list_of_what_is_open_is_read_from_its_index(vault: SqliteVault) -> None:
    plan = "EXPLAIN QUERY PLAN SELECT 1 FROM intents i WHERE i.state NOT IN"
    rows = vault._db.execute(f"{plan} ('active', 'rejected', 'failed', 'released')").fetchall()
    assert "intents_not_finished" in rows[0][-1]


def test_a_payment_is_found_by_the_beginning_of_its_hash(vault: SqliteVault) -> None:
    for number in range(3):
        vault.reserve(intent(number, get(f"https://shop.example/{number}")))
    for number in range(3):
        digits = hash_of(number).hex()
        assert [one.payment_hash for one in vault.alike(digits[:6])] == [hash_of(number)]
        assert [one.payment_hash for one in vault.alike(digits.upper())] == [hash_of(number)]
    assert vault.alike("00000000") == ()
    for wrong in ("", "xyz", "0" * 66, "0x12"):
        with pytest.raises(ValueError, match=r"hex"):
            vault.alike(wrong)


def test_two_that_begin_alike_are_both_found(vault: SqliteVault) -> None:
    for number in range(2):
        wanted = intent(number, get(f"https://shop.example/{number}"))
        vault.reserve(replace(wanted, payment_hash=b"\xab" * 31 + bytes([number])))
    assert len(vault.alike("ab" * 5)) == 2
    assert len(vault.alike("ab" * 31 + "01")) == 1


def test_every_step_is_logged_for_good(vault: SqliteVault) -> None:
    vault.reserve(intent(1))
    vault.record(hash_of(1), S.SENDING, at=NOW + 1)
    vault.record(hash_of(1), S.UNKNOWN, at=NOW + 2, reason="you stopped")
    vault.record(hash_of(1), S.UNKNOWN, at=NOW + 3, reason="you stopped")  # nothing new
    vault.record(hash_of(1), S.FAILED, at=NOW + 4, reason="given up")
    vault.store_paid(hash_of(1), proof(1), at=NOW + 5, fee=None)
    assert [(line.at - NOW, line.state, line.reason) for line in vault.log(hash_of(1))] == [
        (0, S.RESERVED, ""),
        (1, S.SENDING, ""),
        (2, S.UNKNOWN, "you stopped"),
        (4, S.FAILED, "given up"),
        (5, S.PAID, ""),
    ]


def test_when_it_left_and_when_it_ends_at_the_latest_is_kept_while_it_moves(
    vault: SqliteVault,
) -> None:
    vault.reserve(intent(1))
    assert vault.record(hash_of(1), S.SENDING, at=NOW + 1).sent == NOW + 1
    end = LatestEnd(800_000, NOW + 86_400)
    vault.record(hash_of(1), S.HELD, at=NOW + 700, latest_end=end)
    assert vault.record(hash_of(1), S.HELD, at=NOW + 800).latest_end == end
    found = vault.intent(hash_of(1))
    assert found is not None
    assert (found.sent, found.latest_end) == (NOW + 1, end)
    vault.store_paid(hash_of(1), proof(1), at=NOW + 900, fee=None)
    found = vault.intent(hash_of(1))
    assert found is not None
    assert (found.sent, found.latest_end) == (NOW + 1, None)
