"""Does the vault know which token was made from which, for ever, and sealed as well?"""

from __future__ import annotations

import base64
import sqlite3
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from l402tui.flow.lineage import Delegation, NewDelegation, Rehearsed
from l402tui.flow.ports import VaultError
from l402tui.protocol.attenuation import attenuate
from l402tui.protocol.macaroon import Macaroon, Token
from l402tui.protocol.secret import Secret
from l402tui.vault import SqliteVault

from .makers import NOW, intent

HASH = sha256(b"a payment elsewhere").digest()


def token(*caveats: bytes) -> Token:
    minted = Macaroon.mint(b"key", bytes(2) + HASH + bytes(32), b"lsat", caveats or (b"a=1",))
    return Token.read(base64.b64encode(minted.raw).decode())


def child(parent: Token, *caveats: bytes, to: str = "anna") -> NewDelegation:
    made = attenuate(parent, caveats)
    return NewDelegation(
        parent=Secret(parent.text),
        token=Secret(made.token.text),
        scheme="L402",
        payment_hash=HASH,
        first_added=made.first_added,
        at=NOW,
        to=to,
        why="a test",
        verifier="aperture",
        predicted=True,
        url="https://shop.example/weather",
    )


def token_of(new: NewDelegation) -> Token:
    return Token.read(new.token.reveal().decode())


SEEN = Rehearsed(NOW + 1, "GET", "https://shop.example/weather", "aperture", True, "refused", 402)


def test_a_token_from_outside_comes_first_and_its_child_below_it(tmp_path: Path) -> None:
    with SqliteVault.open(tmp_path / "v") as vault:
        number = vault.delegated(child(token(), b"b=2"))
        outside, made = vault.delegations()
    assert (outside.from_outside, outside.parent, outside.token.reveal().decode()) == (
        True,
        None,
        token().text,
    )
    assert (made.number, made.parent, made.from_outside) == (number, outside.number, False)
    assert (made.to, made.why, made.verifier, made.predicted) == (
        "anna",
        "a test",
        "aperture",
        True,
    )
    assert (outside.to, outside.why, outside.predicted) == ("", "", None)
    assert made.first_added == 1
    assert made.payment_hash == HASH


def test_three_generations(tmp_path: Path) -> None:
    first = child(token(), b"b=2")
    second = child(token_of(first), b"c=3", to="ben")
    third = child(token_of(second), b"d=4", to="carol")
    with SqliteVault.open(tmp_path / "v") as vault:
        numbers = [vault.delegated(new) for new in (first, second, third)]
        assert [one.parent for one in vault.delegations()] == [None, 1, *numbers[:2]]


def test_the_same_child_again_is_the_one_that_is_there(tmp_path: Path) -> None:
    new = child(token(), b"b=2")
    with SqliteVault.open(tmp_path / "v") as vault:
        number = vault.delegated(new)
        assert vault.delegated(replace(new, to="somebody else", at=NOW + 5)) == number
        assert [one.to for one in vault.delegations()] == ["", "anna"]


def test_a_token_in_another_spelling_is_the_same(tmp_path: Path) -> None:
    new = child(token(), b"b=2")
    urlsafe = base64.urlsafe_b64encode(token().macaroon.raw).decode().rstrip("=")
    with SqliteVault.open(tmp_path / "v") as vault:
        vault.delegated(new)
        vault.delegated(child(Token.read(urlsafe), b"c=3"))
        assert sum(one.from_outside for one in vault.delegations()) == 1


def test_a_payments_own_token_is_its_in_any_spelling(tmp_path: Path) -> None:
    bought = intent(1, token=Secret(token().text))
    spelled = base64.urlsafe_b64encode(token().macaroon.raw).decode().rstrip("=")
    new = replace(child(Token.read(spelled), b"b=2"), payment_hash=bought.payment_hash)
    with SqliteVault.open(tmp_path / "v") as vault:
        vault.reserve(bought)
        vault.delegated(new)
        assert [one.from_outside for one in vault.delegations()] == [False]


def test_what_was_seen_stays_beside_it(tmp_path: Path) -> None:
    new = child(token(), b"b=2")
    later = replace(SEEN, at=NOW + 2, seen="taken", status=200, predicted=None, note="again")
    with SqliteVault.open(tmp_path / "v") as vault:
        number = vault.delegated(new)
        assert vault.rehearsed(new.token, SEEN)
        assert vault.rehearsed(new.token, later)
        assert not vault.rehearsed(Secret(token(b"x=1").text), SEEN)
        one = vault.delegation(number)
    assert one is not None
    assert one.rehearsals == (SEEN, later)


def test_nothing_of_it_can_be_changed_or_deleted(tmp_path: Path) -> None:
    with SqliteVault.open(tmp_path / "v") as vault:
        new = child(token(), b"b=2")
        vault.delegated(new)
        vault.rehearsed(new.token, SEEN)
    db = sqlite3.connect(tmp_path / "v" / "vault.db")
    try:
        for statement in (
            "DELETE FROM delegations",
            "UPDATE delegations SET to_whom = 'nobody'",
            "DELETE FROM rehearsals",
            "UPDATE rehearsals SET seen = 'taken'",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                db.execute(statement)
    finally:
        db.close()


def test_only_macaroons(tmp_path: Path) -> None:
    with SqliteVault.open(tmp_path / "v") as vault:
        with pytest.raises(VaultError, match="macaroon"):
            vault.delegated(replace(child(token(), b"b=2"), token=Secret("garbage")))
        assert vault.delegations() == ()
        assert vault.delegation(7) is None


def test_text_that_no_column_can_hold(tmp_path: Path) -> None:
    with SqliteVault.open(tmp_path / "v") as vault:
        vault.delegated(replace(child(token(), b"b=2"), to="\ud800", why="\x00"))
        made: Delegation = vault.delegations()[-1]
    assert (made.to, made.why) == ("\\ud800", "\x00")
