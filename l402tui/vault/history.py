"""What was done, and how did it end?

One row a flow, begun before the request leaves and closed with the ending's own words. The request
is kept so that ``replay N`` can send it again. A flow that was stopped, or ended without knowing,
is told what became of its payment; each payment is counted in one row, so that the rows sum up to
what was spent.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from l402tui.flow.model import Ending, Exchange, IntentState, Money, Outcome, Request
from l402tui.flow.ports import VaultError
from l402tui.protocol.amount import Msat
from l402tui.protocol.text import Shown, say, shown
from l402tui.vault import requests
from l402tui.vault.faults import understood
from l402tui.vault.requests import Kept, plain
from l402tui.vault.sealing import Book, Seal

__all__ = ["begin", "end", "latest", "link", "one"]

_WORDS: Final = 2_000
"""Characters of an ending's sentence that are read back."""
_EXCHANGE: Final = """
    SELECT r.id, r.head, r.body, r.body_length, e.number, e.at, e.outcome, e.money, e.what,
           e.status, e.cost_msat, e.payment_hash, i.state, i.amount_msat, coalesce(i.fee_msat, 0),
           -- The row that counts this payment: the one that saw it paid, else the first.
           CASE e.money WHEN :perhaps THEN
               (SELECT o.number FROM exchanges o
                WHERE o.payment_hash = e.payment_hash AND (o.cost_msat > 0 OR o.money = :perhaps)
                ORDER BY o.cost_msat = 0, o.number LIMIT 1) END
    FROM exchanges e JOIN requests r ON r.id = e.request_id
    LEFT JOIN intents i ON i.payment_hash = e.payment_hash
"""
_PERHAPS: Final = {"perhaps": Money.PERHAPS.value}


def begin(db: Book, request: Request, at: float) -> int:
    """Begin a row; its number."""
    row = db.execute(
        "INSERT INTO exchanges (request_id, at) VALUES (?, ?)",
        (requests.keep(db, request, whole=False), at),
    )
    return int(row.lastrowid or 0)


def link(db: sqlite3.Connection, number: int, payment_hash: bytes) -> None:
    """Write which payment a row has begun. Until it ends, money may have been spent."""
    db.execute(
        "UPDATE exchanges SET payment_hash = ?, money = ? WHERE number = ?",
        (payment_hash, Money.PERHAPS.value, number),
    )


def end(db: sqlite3.Connection, number: int, ending: Ending, status: int | None, at: float) -> None:
    """Write how it ended. Raises VaultError where there is no such row."""
    row = db.execute(
        "UPDATE exchanges SET ended = ?, outcome = ?, money = ?, what = ?, status = ?,"
        " cost_msat = ?, payment_hash = coalesce(?, payment_hash) WHERE number = ?",
        (
            at,
            ending.outcome.value,
            ending.money.value,
            plain(ending.what.text),
            status,
            ending.cost,
            ending.payment_hash,
            number,
        ),
    )
    if row.rowcount != 1:
        raise VaultError(f"The history has no entry {number}, so its end was not written.")


def latest(db: Book, limit: int) -> Sequence[Exchange]:
    """The newest rows, newest first."""
    rows = db.execute(
        f"{_EXCHANGE} ORDER BY e.number DESC LIMIT :limit", {**_PERHAPS, "limit": max(0, limit)}
    )
    return tuple(_exchange(db.seal, row)[0] for row in rows)


def one(db: Book, number: int) -> Exchange | None:
    """One row, with its request whole.

    Raises VaultError where the request's body was too long to keep: sending it again without
    would be another request.
    """
    row = db.execute(
        f"{_EXCHANGE} WHERE e.number = :number", {**_PERHAPS, "number": number}
    ).fetchone()
    if row is None:
        return None
    exchange, kept = _exchange(db.seal, row)
    if not kept.whole:
        raise VaultError(
            f"Request {number} had a body of {kept.body_length:,} bytes, which is more than the "
            "history keeps, so it cannot be done again from here. Give the body again: "
            "l402tui get -d @FILE URL"
        )
    return exchange


def _exchange(seal: Seal, row: Any) -> tuple[Exchange, Kept]:
    number, at, outcome, money, what, status, cost, payment_hash = row[4:12]
    state, amount, fee, payer = row[12:]
    with understood():
        kept = requests.read(seal, *row[:4])
        ended_as = None if outcome is None else Outcome(outcome)
        spent = None if money is None else Money(money)
        payment = None if state is None else IntentState(state)
    at_stake = 0
    if spent is Money.PERHAPS and payment is not None:
        spent = _known_by_now(payment, number, payer)
        cost = amount + fee if spent is Money.SPENT else 0
        at_stake = amount if payer == number and spent is Money.PERHAPS else 0
    exchange = Exchange(
        number=number,
        at=at,
        request=kept.request,
        outcome=ended_as,
        money=spent,
        what=_what(what, kept),
        status=status,
        cost=Msat(cost),
        at_stake=Msat(at_stake),
        payment_hash=payment_hash,
        payment=payment,
    )
    return exchange, kept


def _known_by_now(payment: IntentState, number: int, payer: int) -> Money:
    """What row ``number`` spent on a payment that it left behind, and that ``payer`` counts."""
    if payment.proven:
        if payer == number:
            return Money.SPENT
        return Money.EARLIER if payer < number else Money.NONE
    return Money.PERHAPS if payment.open else Money.NONE


def _what(text: str, kept: Kept) -> Shown:
    what = say("{}", shown(text, _WORDS))
    if kept.whole:
        return what
    return say("{} (Its body of {} bytes was too long to keep.)", what, kept.body_length)
