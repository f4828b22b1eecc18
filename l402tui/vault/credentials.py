"""Which of the credentials that were paid for may open this request?

A credential never leaves its origin. Within it, the nearer the place it was bought for, the better
the chance: the same address, then the same path, then the longest common beginning of the path;
the newest first. Where the server has said no, it is not tried again, but nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from l402tui.flow.model import Held, Intent, Request
from l402tui.protocol.amount import Msat
from l402tui.protocol.secret import Secret
from l402tui.vault.requests import plain
from l402tui.vault.sealing import Book, Place, Seal

__all__ = ["MOST", "add", "for_request", "remember"]

MOST: Final = 3
"""Credentials that are tried for one request at most: every try is a round trip."""
_NEIGHBOURS: Final = 200
"""The newest credentials of an origin among which the nearest path is looked for."""

# Left out: rejected payments, and credentials whose last answer was no. The answer to the very same
# address decides; failing that, the last one for the same path. (One path can sell several things
# by their query: a no to one of them says nothing sure about another that was a yes.)
_OFFER: Final = """
    SELECT c.id, c.path, i.payment_hash, c.scheme, c.token, i.preimage, i.amount_msat, i.fee_msat
    FROM credentials c JOIN intents i USING (payment_hash)
    WHERE c.origin = :origin AND i.state <> 'rejected' AND NOT coalesce(
        (SELECT refused FROM credential_uses u WHERE u.credential_id = c.id
            AND u.method = :method AND u.path = :path AND u.query = :query),
        (SELECT refused FROM credential_uses u WHERE u.credential_id = c.id
            AND u.method = :method AND u.path = :path ORDER BY last_at DESC LIMIT 1),
        0)
"""
_NEWEST: Final = "ORDER BY c.id DESC LIMIT"
_SAME_ADDRESS: Final = f"{_OFFER} AND c.path = :path AND c.query = :query {_NEWEST} {MOST}"
_SAME_PATH: Final = f"{_OFFER} AND c.path = :path AND c.query <> :query {_NEWEST} {MOST}"
_SAME_ORIGIN: Final = f"{_OFFER} AND c.path <> :path {_NEWEST} {_NEIGHBOURS}"


def for_request(db: Book, request: Request) -> Sequence[Held]:
    """At most :data:`MOST` credentials that may open this request, best first."""
    place = _place(request)
    rows: list[Any] = []
    for question in (_SAME_ADDRESS, _SAME_PATH):
        rows += db.execute(question, place).fetchall()
        if len(rows) >= MOST:
            break
    else:
        others = db.execute(_SAME_ORIGIN, place).fetchall()
        wanted = place["path"].split("/")
        # Stable: among equally near ones the newest stays first.
        rows += sorted(others, key=lambda row: -_common(wanted, row[1].split("/")))
    return tuple(_held(db.seal, row) for row in rows[:MOST])


def add(db: Book, intent: Intent, at: float) -> None:
    """Write the credential that a payment bought, unless it is there."""
    if _known(db, intent.payment_hash, intent.token) is not None:
        return
    (number,) = db.execute("SELECT coalesce(max(id), 0) + 1 FROM credentials").fetchone()
    url = intent.request.url
    db.execute(
        "INSERT INTO credentials (id, payment_hash, origin, path, query, scheme, token, created)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            intent.payment_hash,
            plain(url.origin),
            plain(url.path),
            plain(url.query),
            plain(intent.scheme),
            db.seal.close(place(number), intent.token.reveal()),
            at,
        ),
    )


def place(number: int) -> Place:
    """Where the token of a credential stands."""
    return Place("credentials", "token", number)


def _known(db: Book, payment_hash: bytes, token: Secret) -> tuple[int, str] | None:
    """The id and the scheme of a credential. Its token may be sealed, so it is not looked up."""
    rows = db.execute(
        "SELECT id, scheme, token FROM credentials WHERE payment_hash = ?", (payment_hash,)
    )
    for number, scheme, kept in rows.fetchall():
        if Secret(db.seal.open(place(number), kept)) == token:
            return number, scheme
    return None


def remember(db: Book, held: Held, request: Request, *, accepted: bool, at: float) -> None:
    """Write whether the server took it. One that could not be stored before is passed over."""
    known = _known(db, held.payment_hash, held.token)
    if known is None:
        return
    number, scheme = known
    if accepted and plain(held.scheme) != scheme:  # the name that the server really takes
        db.execute("UPDATE credentials SET scheme = ? WHERE id = ?", (plain(held.scheme), number))
    db.execute(
        """
        INSERT INTO credential_uses
            (credential_id, method, path, query, accepted_at, rejected_at, last_at, refused)
        VALUES (:id, :method, :path, :query, :accepted, :rejected, :at, :refused)
        ON CONFLICT DO UPDATE
        SET accepted_at = coalesce(excluded.accepted_at, accepted_at),
            rejected_at = coalesce(excluded.rejected_at, rejected_at),
            last_at = excluded.last_at, refused = excluded.refused
        """,
        {
            **{key: value for key, value in _place(request).items() if key != "origin"},
            "id": number,
            "accepted": at if accepted else None,
            "rejected": None if accepted else at,
            "at": at,
            "refused": not accepted,
        },
    )


def _place(request: Request) -> dict[str, str]:
    url = request.url
    return {
        "origin": plain(url.origin),
        "method": plain(request.method),
        "path": plain(url.path),
        "query": plain(url.query),
    }


def _common(wanted: list[str], other: list[str]) -> int:
    """How many segments two paths have in common from the beginning."""
    length = 0
    for ours, theirs in zip(wanted, other, strict=False):
        if ours != theirs:
            break
        length += 1
    return length


def _held(seal: Seal, row: Any) -> Held:
    number, path, payment_hash, scheme, token, preimage, amount, fee = row
    return Held(
        payment_hash=payment_hash,
        scheme=scheme,
        token=Secret(seal.open(place(number), token)),
        preimage=Secret(seal.open(Place("intents", "preimage", payment_hash), preimage)),
        amount=Msat(amount),
        fee=Msat(fee or 0),
        path=path,
    )
