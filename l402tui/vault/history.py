"""What was done, and how did it end?

One row a flow, begun before the request leaves and closed with the ending's own words. The request
is kept so that ``replay N`` can send it again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from l402tui.flow.model import Ending, Exchange, Money, Outcome, Request
from l402tui.flow.ports import VaultError
from l402tui.protocol.amount import Msat
from l402tui.protocol.text import Shown, say, shown
from l402tui.vault import requests
from l402tui.vault.faults import understood
from l402tui.vault.requests import Kept, plain

__all__ = ["begin", "end", "latest", "one"]

_WORDS: Final = 2_000
"""Characters of an ending's sentence that are read back."""
_EXCHANGE: Final = """
    SELECT e.number, e.at, r.head, r.body, r.body_length, e.outcome, e.money, e.what, e.status,
           e.cost_msat, e.payment_hash
    FROM exchanges e JOIN requests r ON r.id = e.request_id
"""


def begin(db: sqlite3.Connection, request: Request, at: float) -> int:
    """Begin a row; its number."""
    row = db.execute(
        "INSERT INTO exchanges (request_id, at) VALUES (?, ?)",
        (requests.keep(db, request, whole=False), at),
    )
    return int(row.lastrowid or 0)


def end(db: sqlite3.Connection, number: int, ending: Ending, status: int | None, at: float) -> None:
    """Write how it ended. Raises VaultError where there is no such row."""
    row = db.execute(
        "UPDATE exchanges SET ended = ?, outcome = ?, money = ?, what = ?, status = ?,"
        " cost_msat = ?, payment_hash = ? WHERE number = ?",
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


def latest(db: sqlite3.Connection, limit: int) -> Sequence[Exchange]:
    """The newest rows, newest first."""
    rows = db.execute(f"{_EXCHANGE} ORDER BY e.number DESC LIMIT ?", (max(0, limit),))
    return tuple(_exchange(row)[0] for row in rows)


def one(db: sqlite3.Connection, number: int) -> Exchange | None:
    """One row, with its request whole.

    Raises VaultError where the request's body was too long to keep: sending it again without
    would be another request.
    """
    row = db.execute(f"{_EXCHANGE} WHERE e.number = ?", (number,)).fetchone()
    if row is None:
        return None
    exchange, kept = _exchange(row)
    if not kept.whole:
        raise VaultError(
            f"Request {number} had a body of {kept.body_length:,} bytes, which is more than the "
            "history keeps, so it cannot be done again from here. Give the body again: "
            "l402tui get -d @FILE URL"
        )
    return exchange


def _exchange(row: Any) -> tuple[Exchange, Kept]:
    number, at, head, body, length, outcome, money, what, status, cost, payment_hash = row
    with understood():
        kept = requests.read(head, body, length)
        ended_as = None if outcome is None else Outcome(outcome)
        spent = None if money is None else Money(money)
    exchange = Exchange(
        number=number,
        at=at,
        request=kept.request,
        outcome=ended_as,
        money=spent,
        what=_what(what, kept),
        status=status,
        cost=Msat(cost),
        payment_hash=payment_hash,
    )
    return exchange, kept


def _what(text: str, kept: Kept) -> Shown:
    what = say("{}", shown(text, _WORDS))
    if kept.whole:
        return what
    return say("{} (Its body of {} bytes was too long to keep.)", what, kept.body_length)
