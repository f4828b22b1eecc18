"""Which token was made from which, and for whom? Nothing of it is ever deleted.

The same token is the same row, found by the hash of its signature: whoever narrows a token that is
known here adds a child to it, and who narrows one from outside adds that one first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from l402tui.flow.lineage import Delegation, NewDelegation, Rehearsed
from l402tui.flow.ports import VaultError
from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon import Token
from l402tui.protocol.secret import Secret
from l402tui.vault.requests import plain
from l402tui.vault.sealing import Book, Place

__all__ = ["every", "of_token", "one", "place", "remember", "saw"]

_SELECT: Final = (
    "SELECT number, parent, payment_hash, name, token, scheme, first_added, from_outside, at,"
    " to_whom, why, verifier, predicted, url FROM delegations"
)
_INSERT: Final = (
    "INSERT INTO delegations (parent, payment_hash, name, token, scheme, first_added, from_outside,"
    " at, to_whom, why, verifier, predicted, url) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def place(name: bytes) -> Place:
    """Where a token stands."""
    return Place("delegations", "token", name)


def remember(db: Book, new: NewDelegation) -> int:
    """Write a child, and before it its parent where that is from outside; the child's number. The
    same child again is the one that is there. Raises VaultError for what is no macaroon."""
    name = _name(new.token)
    known = _number(db, name)
    if known is not None:
        return known
    parent = _number(db, _name(new.parent))
    if parent is None and not _is_a_payments(db, new):
        outside = replace(new, token=new.parent, to="", why="", verifier="", predicted=None, url="")
        parent = _insert(db, outside, None, from_outside=True)
    return _insert(db, new, parent, from_outside=False)


def saw(db: Book, token: Secret, seen: Rehearsed) -> bool:
    """Write what a server did with it; False where this token is not known here."""
    number = _number(db, _name(token))
    if number is None:
        return False
    db.execute(
        "INSERT INTO rehearsals (delegation, at, method, url, verifier, predicted, seen, status,"
        " note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            seen.at,
            plain(seen.method),
            plain(seen.url),
            plain(seen.verifier),
            seen.predicted,
            seen.seen,
            seen.status,
            plain(seen.note),
        ),
    )
    return True


def every(db: Book) -> Sequence[Delegation]:
    """All of them, parents before children."""
    rows = db.execute(f"{_SELECT} ORDER BY number").fetchall()
    trials: dict[int, list[Rehearsed]] = {}
    for number, *rest in db.execute(
        "SELECT delegation, at, method, url, verifier, predicted, seen, status, note"
        " FROM rehearsals ORDER BY number"
    ):
        trials.setdefault(number, []).append(_rehearsed(rest))
    return tuple(_delegation(db, row, tuple(trials.get(row[0], ()))) for row in rows)


def one(db: Book, number: int) -> Delegation | None:
    """One of them."""
    row = db.execute(f"{_SELECT} WHERE number = ?", (number,)).fetchone()
    if row is None:
        return None
    trials = db.execute(
        "SELECT at, method, url, verifier, predicted, seen, status, note FROM rehearsals"
        " WHERE delegation = ? ORDER BY number",
        (number,),
    )
    return _delegation(db, row, tuple(map(_rehearsed, trials.fetchall())))


def of_token(db: Book, token: Secret) -> Delegation | None:
    """The row of this very token, in any spelling."""
    number = _number(db, _name(token))
    return None if number is None else one(db, number)


def _name(token: Secret) -> bytes:
    try:
        macaroon = Token.read(token.reveal().decode()).macaroon
    except (MacaroonError, UnicodeDecodeError):
        raise VaultError("Only a macaroon can be delegated, and this is none.") from None
    return sha256(macaroon.signature).digest()


def _number(db: Book, name: bytes) -> int | None:
    row = db.execute("SELECT number FROM delegations WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def _is_a_payments(db: Book, new: NewDelegation) -> bool:
    """Whether the parent is the very token that a payment of this vault bought."""
    row = db.execute(
        "SELECT token FROM intents WHERE payment_hash = ?", (new.payment_hash,)
    ).fetchone()
    if row is None or new.payment_hash is None:
        return False
    kept = db.seal.open(Place("intents", "token", new.payment_hash), row[0])
    try:  # in any spelling
        return _name(Secret(kept)) == _name(new.parent)
    except VaultError:
        return False


def _insert(db: Book, new: NewDelegation, parent: int | None, *, from_outside: bool) -> int:
    name = _name(new.token)
    row = db.execute(
        _INSERT,
        (
            parent,
            new.payment_hash,
            name,
            db.seal.close(place(name), new.token.reveal()),
            plain(new.scheme),
            new.first_added,
            from_outside,
            new.at,
            plain(new.to),
            plain(new.why),
            plain(new.verifier),
            new.predicted,
            plain(new.url),
        ),
    )
    return int(row.lastrowid or 0)


def _delegation(db: Book, row: Any, rehearsals: tuple[Rehearsed, ...]) -> Delegation:
    number, parent, payment_hash, name, token, scheme, first, outside, at, to, why = row[:11]
    verifier, predicted, url = row[11:]
    return Delegation(
        number=number,
        parent=parent,
        payment_hash=payment_hash,
        token=Secret(db.seal.open(place(name), token)),
        scheme=scheme,
        first_added=first,
        from_outside=bool(outside),
        at=at,
        to=to,
        why=why,
        verifier=verifier,
        predicted=_answer(predicted),
        url=url,
        rehearsals=rehearsals,
    )


def _rehearsed(row: Any) -> Rehearsed:
    at, method, url, verifier, predicted, seen, status, note = row
    return Rehearsed(at, method, url, verifier, _answer(predicted), seen, status, note)


def _answer(kept: int | None) -> bool | None:
    return None if kept is None else bool(kept)
