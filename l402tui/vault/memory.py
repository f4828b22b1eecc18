"""What is remembered about payees, prices and bills, when the next bill comes?

Payees and prices are those of proven payments, and are read from the payments themselves. A bill
that was only shown is no payment, so it has a row of its own (``bills_seen``): the payment hash,
who showed it and for how much. Such rows are forgotten some time after the invoice has expired;
payments never are.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from l402tui.flow.model import Memory, PayeeMemory, PriceMemory, Request, Timing
from l402tui.protocol.amount import Msat
from l402tui.protocol.errors import DecodeError
from l402tui.protocol.invoice import Invoice
from l402tui.vault import limits
from l402tui.vault.requests import plain
from l402tui.vault.sealing import Book

__all__ = ["payee_of", "recall", "remember", "timing"]

RECENTLY: Final = 600.0
"""Seconds within which paying again for the same thing looks like a circle."""
PRICES: Final = 5
"""Payments whose amounts make up the usual price."""
SHOWN_LASTS: Final = 7 * limits.DAY
"""Seconds for which a price that was only shown is held against a later one."""
SEEN_LASTS: Final = 30 * limits.DAY
"""Seconds for which a bill that was shown is remembered at least."""
SEEN_LASTS_AT_MOST: Final = 400 * limits.DAY
"""Seconds for which it is remembered at most, whatever its expiry says."""


def payee_of(invoice: str) -> bytes | None:
    """The node that an invoice pays (33 bytes); None where it cannot be read."""
    try:
        return Invoice.decode(invoice, lenient_features=True).payee
    except DecodeError:
        return None


def timing(db: Book, request: Request, now: float) -> Timing:
    """What happened lately for this method, origin and path (whatever the query).

    Payments that may have been sent count as payments.
    """
    origin = plain(request.url.origin)
    paid, paid_at = db.execute(
        """
        SELECT count(*), max(CASE WHEN r.fingerprint = :fingerprint THEN i.created END)
        FROM intents i JOIN requests r ON r.id = i.request_id JOIN intent_states s USING (state)
        WHERE i.created > :since AND s.holds_money AND i.state <> 'reserved'
          AND i.origin = :origin AND i.path = :path AND r.method = :method
        """,
        {
            "since": now - RECENTLY,
            "fingerprint": db.seal.search(request.fingerprint),
            "origin": origin,
            "path": plain(request.url.path),
            "method": plain(request.method),
        },
    ).fetchone()
    (rejected,) = db.execute(
        "SELECT max(updated) FROM intents WHERE state = 'rejected' AND origin = ?", (origin,)
    ).fetchone()
    return Timing(paid_recently=int(paid), rejected_at=rejected, paid_at=paid_at)


def recall(db: sqlite3.Connection, request: Request, invoice: Invoice, now: float) -> Memory:
    """What bears on this bill, with everything about its own payment left out."""
    payment_hash, origin = invoice.payment_hash, plain(request.url.origin)
    return Memory(
        payee=_payee(db, origin, invoice.payee),
        prices=_prices(db, origin, plain(request.url.path), now, but=payment_hash),
        unsettled=limits.unsettled(db, invoice.payee, now, but=payment_hash),
        shown_by=_shown_by(db, payment_hash, origin),
        changed=_changed(db, origin, invoice),
    )


def remember(db: sqlite3.Connection, request: Request, invoice: Invoice, at: float) -> None:
    """Write that this origin has shown this bill; the first time counts. Forgets old ones."""
    left = min(max(invoice.expires_at - at, SEEN_LASTS), SEEN_LASTS_AT_MOST)
    db.execute(
        "INSERT INTO bills_seen (payment_hash, origin, path, amount_msat, payee, at, forget_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            invoice.payment_hash,
            plain(request.url.origin),
            plain(request.url.path),
            invoice.amount,
            invoice.payee,
            at,
            at + left,
        ),
    )
    db.execute("DELETE FROM bills_seen WHERE forget_at < ?", (at,))


def _payee(db: sqlite3.Connection, origin: str, payee: bytes) -> PayeeMemory:
    known, elsewhere = db.execute(
        """
        SELECT EXISTS (SELECT 1 FROM intents
                       WHERE payee = :payee AND origin = :origin AND preimage IS NOT NULL),
               coalesce((SELECT min(origin) FROM intents
                         WHERE payee = :payee AND origin > :origin AND preimage IS NOT NULL),
                        (SELECT min(origin) FROM intents
                         WHERE payee = :payee AND origin < :origin AND preimage IS NOT NULL))
        """,
        {"payee": payee, "origin": origin},
    ).fetchone()
    last = db.execute(
        "SELECT payee, created FROM intents WHERE origin = ? AND preimage IS NOT NULL"
        " AND payee IS NOT NULL ORDER BY created DESC LIMIT 1",
        (origin,),
    ).fetchone()
    last_here, last_at = last or (None, None)
    return PayeeMemory(bool(known), last_here, last_at, elsewhere)


def _prices(
    db: sqlite3.Connection, origin: str, path: str, now: float, *, but: bytes
) -> PriceMemory:
    paid = db.execute(
        "SELECT amount_msat, created FROM intents"
        " WHERE origin = ? AND path = ? AND preimage IS NOT NULL AND payment_hash <> ?"
        " ORDER BY created DESC LIMIT ?",
        (origin, path, but, PRICES),
    ).fetchall()
    paid_at = paid[0][1] if paid else None
    since = now - SHOWN_LASTS if paid_at is None else max(now - SHOWN_LASTS, paid_at)
    shown = db.execute(
        "SELECT amount_msat, at FROM bills_seen WHERE origin = ? AND path = ? AND at > ?"
        " AND payment_hash <> ? AND amount_msat > 0 ORDER BY amount_msat, at DESC LIMIT 1",
        (origin, path, since, but),
    ).fetchone()
    least, shown_at = shown or (None, None)
    return PriceMemory(tuple(Msat(amount) for amount, _ in paid), paid_at, least, shown_at)


def _shown_by(db: sqlite3.Connection, payment_hash: bytes, origin: str) -> str | None:
    row = db.execute(
        "SELECT origin FROM bills_seen WHERE payment_hash = ? AND origin <> ?"
        " ORDER BY at, origin LIMIT 1",
        (payment_hash, origin),
    ).fetchone()
    return None if row is None else str(row[0])


def _changed(db: sqlite3.Connection, origin: str, invoice: Invoice) -> bool:
    row = db.execute(
        "SELECT 1 FROM bills_seen WHERE payment_hash = ? AND origin = ?"
        " AND (amount_msat IS NOT ? OR payee IS NOT ?)",
        (invoice.payment_hash, origin, invoice.amount, invoice.payee),
    ).fetchone()
    return row is not None
