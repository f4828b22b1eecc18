"""Which payments are there, and how may each of them go on?

One row a payment hash, for ever. What the vault refuses is in :func:`verdict`; the triggers of
:mod:`~l402tui.vault.schema` hold the same line for whatever else writes to the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from hashlib import sha256
from typing import Any, Final

from l402tui.flow.message import purpose_of
from l402tui.flow.model import (
    Held,
    Intent,
    IntentState,
    LatestEnd,
    Limits,
    Moving,
    Request,
    Seen,
)
from l402tui.flow.ports import Overtaken, VaultError
from l402tui.protocol.amount import Msat
from l402tui.protocol.secret import Secret
from l402tui.vault import credentials, memory, requests
from l402tui.vault import limits as caps
from l402tui.vault.faults import understood
from l402tui.vault.requests import plain
from l402tui.vault.sealing import Book, Place, Seal

__all__ = [
    "SELECT",
    "Verdict",
    "bought_since",
    "find",
    "line",
    "moving",
    "read",
    "record",
    "reserve",
    "store_paid",
    "unfinished",
    "verdict",
]

_S: Final = IntentState
SELECT: Final = """
    SELECT r.id, r.head, r.body, r.body_length, i.payment_hash, i.state, i.scheme, i.token,
           i.invoice, i.amount_msat, i.fee_cap_msat, i.wallet, i.created, i.expires, i.challenge,
           i.preimage, i.fee_msat, i.reason, i.updated, i.sent, i.end_block, i.end_at
    FROM intents i JOIN requests r ON r.id = i.request_id
"""


class Verdict(Enum):
    """What becomes of a wish to write a state."""

    WRITE = "write"
    KEEP = "keep"
    """Late news, overtaken by better: what is known stays, and is the answer."""
    REFUSE = "refuse"
    """Going on from here could cost money twice, or lose track of it."""


def verdict(old: IntentState, new: IntentState) -> Verdict:
    """Whether an intent in ``old`` may be written down as ``new``.

    * Proven stays proven, and answered stays answered. A state of less certainty that comes late
      (a lost connection that another process has long seen settle) is dropped.
    * Proven begins with a preimage (:func:`store_paid`) and in no other way; also where the wallet
      said that it paid and had no preimage.
    * SENDING is permission to pay: given once, to a reservation. RELEASED says that nothing was
      sent: refused once anything may have been.
    * FAILED and RELEASED give way only to a wallet that has the payment after all.
    """
    if new is old:
        return Verdict.WRITE
    if new in (_S.SENDING, _S.RELEASED):
        return Verdict.WRITE if old is _S.RESERVED else Verdict.REFUSE
    if old.proven:
        answered = (_S.ACTIVE, _S.REJECTED)
        late = not new.proven or new is _S.PAID or (old in answered and new not in answered)
        return Verdict.KEEP if late else Verdict.WRITE
    if new.proven:
        return Verdict.REFUSE
    if new is _S.RESERVED or old is _S.PAID_NO_PREIMAGE:
        return Verdict.KEEP
    if old in (_S.FAILED, _S.RELEASED):
        return Verdict.WRITE if new in _THE_WALLET_HAS_IT else Verdict.KEEP
    if old is _S.HELD and new is _S.IN_FLIGHT:
        return Verdict.KEEP
    return Verdict.WRITE


_THE_WALLET_HAS_IT: Final = (_S.IN_FLIGHT, _S.HELD, _S.PAID_NO_PREIMAGE)


def find(db: Book, payment_hash: bytes) -> Intent | None:
    """The one intent for this hash."""
    row = db.execute(f"{SELECT} WHERE i.payment_hash = ?", (payment_hash,)).fetchone()
    return _one(db.seal, row)


def unfinished(db: Book, request: Request) -> Intent | None:
    """The newest open intent for exactly this request."""
    row = db.execute(
        f"{SELECT} JOIN intent_states s USING (state) WHERE r.fingerprint = ? AND s.open"
        " ORDER BY i.created DESC, i.rowid DESC LIMIT 1",
        (db.seal.search(request.fingerprint),),
    ).fetchone()
    return _one(db.seal, row)


def moving(db: Book, origin: str) -> Sequence[Moving]:
    """Payments at this origin that may have been sent and whose end nobody can prove, oldest
    first. There may be hundreds, so their requests and secrets stay where they are."""
    rows = db.execute(
        "SELECT i.payment_hash, i.state, r.method, i.path, i.amount_msat, i.wallet, i.updated,"
        " i.sent FROM intents i JOIN requests r ON r.id = i.request_id WHERE i.origin = ?"
        " AND i.state IN ('sending', 'in flight', 'held', 'unknown', 'paid, no preimage')"
        " ORDER BY i.created, i.rowid",
        (plain(origin),),
    )
    with understood():
        return tuple(
            Moving(
                payment_hash=payment_hash,
                state=IntentState(state),
                purpose=purpose_of(method, origin, path),
                amount=Msat(amount),
                wallet=wallet,
                updated=updated,
                sent=sent,
            )
            for payment_hash, state, method, path, amount, wallet, updated, sent in rows
        )


def line(db: Book) -> int:
    """The number of the log's last line. Numbers follow the order in which states were written."""
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM intent_log").fetchone()
    return int(last)


def bought_since(db: Book, request: Request, line: int, *, but: bytes = b"") -> Intent | None:
    """What was proven after that line and may open this request: bought by a request of the same
    purpose, and not refused since. The newest, the hash ``but`` left out."""
    since = "SELECT payment_hash FROM intent_log WHERE id > ? AND state = 'paid'"
    rows = db.execute(
        f"{SELECT} WHERE i.payment_hash IN ({since}) AND i.payment_hash <> ?"
        " AND i.origin = ? AND i.path = ? AND i.state <> 'rejected'"
        " ORDER BY i.created DESC, i.rowid DESC",
        (line, but, plain(request.url.origin), plain(request.url.path)),
    )
    # There is hardly ever more than one, and what a method is for is not known to SQL.
    found = (read(db.seal, row) for row in rows.fetchall())
    return next((one for one in found if one.request.purpose == request.purpose), None)


def _look_round(db: Book, intent: Intent, seen: Seen) -> None:
    """See that the yes to this intent was given in view of all there is. Raises Overtaken.

    Two runs that ask at the same moment do not see each other; under the lock, the second does.
    """
    request, own = intent.request, intent.payment_hash
    for other in moving(db, request.url.origin):
        if other.payment_hash != own and other.payment_hash not in seen.open:
            raise Overtaken(_known(db, other.payment_hash))
    bought = bought_since(db, request, seen.line, but=own)
    if bought is not None:
        raise Overtaken(bought)


def reserve(
    db: Book, intent: Intent, limits: Limits | None, seen: Seen | None = None
) -> Intent | None:
    """Write a new intent; where its hash is known, or its request has an unfinished payment,
    write nothing and answer with the known one.

    The limits are looked at again here, under the lock: two runs that were both within a limit may
    not be so together. Raises OverLimit. So are the other payments at this origin: one that is not
    in ``seen`` was in no approval. Raises Overtaken.

    A RELEASED intent is taken up again as if it were new: nothing was ever sent for it, and its
    terms are those of the new approval. A FAILED one is known: the wallet tried, and trying the
    same invoice again is a decision that this function does not make. Raises ValueError for an
    intent that is not RESERVED or has a preimage already.
    """
    if intent.state is not _S.RESERVED or intent.preimage is not None:
        raise ValueError("only a reservation can be reserved")
    known = find(db, intent.payment_hash)
    if known is not None and known.state is not _S.RELEASED:
        return known
    other = unfinished(db, intent.request)
    if other is not None:
        return other
    if seen is not None:
        _look_round(db, intent, seen)
    payee = intent.payee or memory.payee_of(intent.invoice)
    if limits is not None:
        caps.check(db, intent, payee, limits)

    def close(column: str, value: bytes) -> bytes:
        return db.seal.close(place(column, intent.payment_hash), value)

    row = {
        "payment_hash": intent.payment_hash,
        "state": intent.state.value,
        "reason": plain(intent.reason),
        "request_id": requests.keep(db, intent.request, whole=True),
        "origin": plain(intent.request.url.origin),
        "path": plain(intent.request.url.path),
        "payee": payee,
        "scheme": plain(intent.scheme),
        "token": close("token", intent.token.reveal()),
        "challenge": close("challenge", intent.challenge),
        "invoice": plain(intent.invoice),
        "amount": intent.amount,
        "fee_cap": intent.fee_cap,
        "fee": intent.fee,
        "wallet": plain(intent.wallet),
        "created": intent.created,
        "expires": intent.expires,
        "updated": intent.updated,
    }
    db.execute(_INSERT if known is None else _TAKE_UP, row)
    return None


_INSERT: Final = """
    INSERT INTO intents (payment_hash, state, reason, request_id, origin, path, payee, scheme,
                         token, challenge, invoice, amount_msat, fee_cap_msat, fee_msat, wallet,
                         created, expires, updated)
    VALUES (:payment_hash, :state, :reason, :request_id, :origin, :path, :payee, :scheme,
            :token, :challenge, :invoice, :amount, :fee_cap, :fee, :wallet,
            :created, :expires, :updated)
"""
_TAKE_UP: Final = """
    UPDATE intents
    SET state = :state, reason = :reason, request_id = :request_id, origin = :origin,
        path = :path, payee = :payee, scheme = :scheme, token = :token, challenge = :challenge,
        invoice = :invoice, amount_msat = :amount, fee_cap_msat = :fee_cap, fee_msat = :fee,
        wallet = :wallet, created = :created, expires = :expires, updated = :updated, sent = NULL
    WHERE payment_hash = :payment_hash
"""


def record(
    db: Book,
    payment_hash: bytes,
    state: IntentState,
    *,
    at: float,
    reason: str,
    fee: Msat | None,
    latest_end: LatestEnd | None = None,
    seen: Seen | None = None,
) -> Intent:
    """Write a new state as :func:`verdict` allows; the intent as it stands then.

    With ``seen``, SENDING is given only while no other payment at this origin is news: of several
    reservations, the first that is sent is such news for the others. Raises Overtaken.
    """
    intent = _known(db, payment_hash)
    match verdict(intent.state, state):
        case Verdict.KEEP:
            return intent
        case Verdict.REFUSE:
            raise VaultError(_refusal(intent.state, state))
    if seen is not None and state is _S.SENDING:
        _look_round(db, intent, seen)
    after = replace(
        intent,
        state=state,
        reason=plain(reason),
        fee=intent.fee if fee is None else fee,
        updated=at,
        sent=at if state is _S.SENDING else intent.sent,
        latest_end=(latest_end or intent.latest_end) if state.moving else None,
    )
    db.execute(
        "UPDATE intents SET state = ?, reason = ?, fee_msat = ?, updated = ?, sent = ?,"
        " end_block = ?, end_at = ? WHERE payment_hash = ?",
        (state.value, after.reason, after.fee, at, after.sent, *_end(after), payment_hash),
    )
    return after


def store_paid(
    db: Book, payment_hash: bytes, preimage: Secret, *, at: float, fee: Msat | None
) -> Held:
    """Write the proof and the credential it buys, whatever was thought of the payment before.

    A second time changes nothing but a fee that was not known. Raises ValueError where the preimage
    is not of this hash (BOLT-4: 32 bytes, SHA-256).
    """
    proof = preimage.reveal()
    if len(proof) != 32 or sha256(proof).digest() != payment_hash:
        raise ValueError("this preimage does not belong to this payment hash")
    intent = _known(db, payment_hash)
    fee = intent.fee if fee is None else fee
    state, updated = (intent.state, intent.updated) if intent.state.proven else (_S.PAID, at)
    db.execute(
        "UPDATE intents SET state = ?, preimage = coalesce(preimage, ?), fee_msat = ?, updated = ?,"
        " end_block = NULL, end_at = NULL,"
        " reason = CASE WHEN preimage IS NULL THEN '' ELSE reason END WHERE payment_hash = ?",
        (
            state.value,
            db.seal.close(place("preimage", payment_hash), proof),
            fee,
            updated,
            payment_hash,
        ),
    )
    credentials.add(db, intent, at)
    return intent.held(preimage, fee)


def _refusal(old: IntentState, new: IntentState) -> str:
    if new is _S.SENDING:
        return (
            f"The vault says that this payment is {old.value!r}, so it is not sent. Nothing was "
            "paid just now; ask the server again."
        )
    if new is _S.RELEASED:
        return f"This payment is {old.value!r} and may have been sent, so it is not given up."
    return (
        "The vault has no preimage for this payment, so it is still tracked. Run the same command "
        "again: the wallet will give the preimage, and nothing is paid twice."
    )


def _known(db: Book, payment_hash: bytes) -> Intent:
    intent = find(db, payment_hash)
    if intent is None:
        raise VaultError(
            "The vault does not know this payment: the file was replaced while it was in use. "
            "Bring the newer file back, or ask the wallet for the preimage."
        )
    return intent


def _one(seal: Seal, row: Any) -> Intent | None:
    return None if row is None else read(seal, row)


def place(column: str, payment_hash: bytes) -> Place:
    """Where a secret of a payment stands."""
    return Place("intents", column, payment_hash)


def _end(intent: Intent) -> tuple[int | None, float | None]:
    end = intent.latest_end
    return (None, None) if end is None else (end.block, end.at)


def read(seal: Seal, row: Any) -> Intent:
    """One row of :data:`SELECT`."""
    (payment_hash, state, scheme, token, invoice, amount, fee_cap, wallet) = row[4:12]
    (created, expires, challenge, preimage, fee, reason, updated) = row[12:19]
    (sent, end_block, end_at) = row[19:]

    def opened(column: str, value: bytes) -> bytes:
        return seal.open(place(column, payment_hash), value)

    with understood():
        standing, kept = IntentState(state), requests.read(seal, *row[:4])
    return Intent(
        payment_hash=payment_hash,
        state=standing,
        request=kept.request,
        scheme=scheme,
        token=Secret(opened("token", token)),
        invoice=invoice,
        amount=Msat(amount),
        fee_cap=Msat(fee_cap),
        wallet=wallet,
        created=created,
        expires=expires,
        challenge=opened("challenge", challenge),
        preimage=None if preimage is None else Secret(opened("preimage", preimage)),
        fee=None if fee is None else Msat(fee),
        reason=reason,
        updated=updated,
        sent=sent,
        latest_end=None if end_block is None else LatestEnd(end_block, end_at),
    )
