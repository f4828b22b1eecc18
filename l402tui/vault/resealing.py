"""How do all secrets of a vault change from one seal to another at once?

In one transaction: whoever looks meanwhile, and whoever looks after the power went, sees all of it
or nothing. The triggers that forbid changing what was approved are taken off and put back in the
same transaction, so that nobody else ever finds the vault without them. Each value is opened again
before it is written, and what does not open stops it all.
"""

from __future__ import annotations

from collections.abc import Callable

from l402tui.flow.ports import VaultError
from l402tui.vault import requests
from l402tui.vault.credentials import place as of_credential
from l402tui.vault.faults import understood
from l402tui.vault.intents import place as of_intent
from l402tui.vault.lineage import place as of_delegation
from l402tui.vault.opening import writing
from l402tui.vault.sealing import PLAIN, Book, Place, Seal, Standing, standing

__all__ = ["note", "turn"]


def turn(db: Book, old: Seal, new: Seal, after: Standing) -> bool:
    """Seal everything with ``new`` that ``old`` opens, and write down that it is so.

    False where the vault is not, or not any more, as ``old`` has it: then nothing is written.
    Raises VaultError and sqlite3.Error; then nothing is written either.
    """
    with writing(db):
        if standing(db).key_id != old.key_id:
            return False
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        rules = triggers.fetchall()
        for name, _ in rules:
            db.execute(f'DROP TRIGGER "{name}"')
        change = _changer(old, new)
        _requests(db, old, new, change)
        _intents(db, change)
        _credentials(db, change)
        _delegations(db, change)
        after.write(db)
        for _, rule in rules:
            db.execute(rule)
        return True


def note(db: Book, now: Standing) -> bool:
    """Write only how it stands. False, and nothing written, where another process has changed the
    key meanwhile: a keyring may keep one waiting for long."""
    with writing(db):
        if standing(db).key_id != now.key_id:
            return False
        now.write(db)
        return True


_Change = Callable[[Place, bytes], bytes]


def _changer(old: Seal, new: Seal) -> _Change:
    def change(place: Place, kept: bytes) -> bytes:
        value = old.open(place, kept)
        sealed = new.close(place, value)
        if new.open(place, sealed) != value:
            raise VaultError("What was sealed did not open again. Nothing was changed.")
        return sealed

    return change


def _requests(db: Book, old: Seal, new: Seal, change: _Change) -> None:
    # One at a time: a body may be large.
    for (number,) in db.execute("SELECT id FROM requests ORDER BY id").fetchall():
        fingerprint, head, body, length = db.execute(
            "SELECT fingerprint, head, body, body_length FROM requests WHERE id = ?", (number,)
        ).fetchone()
        with understood():
            kept = requests.read(old, number, head, body, length)
        if old is PLAIN:
            fingerprint = new.search(fingerprint)
        elif kept.whole:
            fingerprint = new.search(kept.request.fingerprint)
        # Else the body is gone, and with it the way back. Nothing is lost: no payment hangs on such
        # a row, and an equal request gets a row of its own.
        db.execute(
            "UPDATE requests SET fingerprint = ?, head = ?, body = ? WHERE id = ?",
            (
                fingerprint,
                change(requests.place("head", number), head),
                None if body is None else change(requests.place("body", number), body),
                number,
            ),
        )


def _intents(db: Book, change: _Change) -> None:
    rows = db.execute("SELECT number, payment_hash, token, challenge, preimage FROM intents")
    for number, payment_hash, token, challenge, preimage in rows.fetchall():

        def changed(column: str, kept: bytes, key: bytes = payment_hash) -> bytes:
            return change(of_intent(column, key), kept)

        db.execute(
            "UPDATE intents SET token = ?, challenge = ?, preimage = ? WHERE number = ?",
            (
                changed("token", token),
                changed("challenge", challenge),
                None if preimage is None else changed("preimage", preimage),
                number,
            ),
        )


def _credentials(db: Book, change: _Change) -> None:
    rows = db.execute("SELECT id, token FROM credentials").fetchall()
    for number, token in rows:
        sealed = change(of_credential(number), token)
        db.execute("UPDATE credentials SET token = ? WHERE id = ?", (sealed, number))


def _delegations(db: Book, change: _Change) -> None:
    rows = db.execute("SELECT number, name, token FROM delegations").fetchall()
    for number, name, token in rows:
        sealed = change(of_delegation(name), token)
        db.execute("UPDATE delegations SET token = ? WHERE number = ?", (sealed, number))
