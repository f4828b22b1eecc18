"""How far are the limits used up, and does one more payment fit?

Everything that is reserved counts: a proven payment with what it cost, any other that holds money
with the most it can cost. The windows slide, so nothing is forgotten at midnight; what is not
proven counts in each of them, however long ago it was begun, and so does what a clock that was set
back seems to have begun in the future.

:func:`check` runs inside the transaction that reserves: two runs that are both within a limit when
they look may not be so together.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from l402tui.flow.limits import MOST_STUCK, STUCK_AFTER, Cap, Limits, Spending, Unsettled
from l402tui.flow.model import Intent
from l402tui.flow.ports import OverLimit
from l402tui.protocol.amount import Msat, format_msat
from l402tui.vault.requests import plain

__all__ = ["DAY", "HOUR", "check", "spending", "unsettled"]

HOUR: Final = 3_600.0
DAY: Final = 24 * HOUR
"""Seconds of the windows that limits look at."""

# Proven is what has a preimage (triggers hold the two together), and all of it holds money. Each
# part is read from an index alone. The states come first (CROSS JOIN keeps SQLite to that), so that
# failed payments, however many, are not looked at.
_PROVEN: Final = """
    SELECT coalesce(sum(amount_msat + coalesce(fee_msat, fee_cap_msat)), 0)
    FROM intents WHERE preimage IS NOT NULL
"""
_LATELY: Final = """
    WITH lately AS (
        SELECT created, origin, amount_msat + coalesce(fee_msat, fee_cap_msat) AS cost
        FROM intents WHERE preimage IS NOT NULL AND created > :day
    )
    SELECT coalesce(sum(CASE WHEN origin = :origin THEN cost END), 0), coalesce(sum(cost), 0),
           coalesce(sum(CASE WHEN origin = :origin AND created > :hour THEN cost END), 0),
           coalesce(sum(CASE WHEN created > :hour THEN cost END), 0)
    FROM lately
"""
_BEGUN: Final = """
    FROM intent_states s CROSS JOIN intents i ON i.state = s.state
    WHERE s.holds_money AND NOT s.proven AND i.preimage IS NULL
"""
_UNPROVEN: Final = f"""
    SELECT coalesce(sum(CASE WHEN i.origin = :origin THEN i.amount_msat + i.fee_cap_msat END), 0),
           coalesce(sum(i.amount_msat + i.fee_cap_msat), 0)
    {_BEGUN}
"""
_UNSETTLED: Final = f"""
    SELECT coalesce(sum(i.amount_msat + i.fee_cap_msat), 0) {_BEGUN} AND i.payment_hash <> :but
"""
# May have been sent: a reservation alone is not stuck.
_STUCK: Final = f"""
    SELECT count(*) {_BEGUN} AND s.state <> 'reserved' AND i.payee = :payee
      AND coalesce(i.sent, i.created) NOT BETWEEN :now - :patience AND :now
      AND i.payment_hash <> :but
"""


def spending(db: sqlite3.Connection, origin: str, now: float) -> Spending:
    """What was spent or is reserved (msat).

    A proven payment counts with its fee; where that is not known (an external wallet tells none)
    and while the payment is open, with the fee cap.
    """
    about = {"origin": plain(origin), "day": now - DAY, "hour": now - HOUR}
    (proven,) = db.execute(_PROVEN).fetchone()
    origin_day, day, origin_hour, hour = db.execute(_LATELY, about).fetchone()
    open_here, begun = db.execute(_UNPROVEN, about).fetchone()
    return Spending(
        origin_day=Msat(origin_day + open_here),
        day=Msat(day + begun),
        origin_hour=Msat(origin_hour + open_here),
        hour=Msat(hour + begun),
        total=Msat(proven + begun),
    )


def unsettled(db: sqlite3.Connection, payee: bytes | None, now: float, *, but: bytes) -> Unsettled:
    """What has begun and not ended, the payment with the hash ``but`` left out."""
    about = {"payee": payee, "now": now, "patience": STUCK_AFTER, "but": but}
    (stuck,) = db.execute(_STUCK, about).fetchone()
    (money,) = db.execute(_UNSETTLED, about).fetchone()
    return Unsettled(int(stuck), Msat(money))


def check(db: sqlite3.Connection, intent: Intent, payee: bytes | None, limits: Limits) -> None:
    """See that every limit allows this reservation now. Raises OverLimit, and names the limit."""
    if intent.amount > limits.one or intent.fee_cap > limits.fee_cap(intent.amount):
        raise OverLimit("It is more than the limit for one payment allows")
    cost = intent.amount + intent.fee_cap
    spent = spending(db, intent.request.url.origin, intent.created)
    passed = limits.passed(cost, spent)
    if passed is None:
        open_now = unsettled(db, payee, intent.created, but=intent.payment_hash)
        if open_now.stuck_there >= MOST_STUCK:
            raise OverLimit("Too many payments to this node have not ended")
        if limits.unsettled is not None and open_now.money + cost > limits.unsettled:
            passed = Cap(limits.unsettled, open_now.money, "payments that have not ended")
    if passed is not None:
        most, before = format_msat(passed.most), format_msat(passed.spent)
        raise OverLimit(
            f"Another payment has used up the limit of {most} for {passed.words} meanwhile: "
            f"{before} is spent or reserved"
        )
