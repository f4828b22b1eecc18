"""How much may be spent, and what has been spent?

Limits are the person's; nobody who says yes can pass one. Those for a time look at a window that
slides (nothing is forgotten at midnight), and every one counts amount and routing fee together:
what a payment cost once it is proven, and the most it can cost (amount and fee cap) from its
reservation on. The checks C20 and C23 look at them before a person is asked, and the vault looks
again in the very transaction that reserves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from l402tui.protocol.amount import Msat

__all__ = ["MOST_STUCK", "STUCK_AFTER", "Cap", "Limits", "Spending", "Unsettled"]

MOST_STUCK: Final = 3
"""Payments to one node that have not ended; with so many, it gets no other."""
STUCK_AFTER: Final = 60.0
"""Seconds after which a payment that has not ended is called stuck: most take a few."""


class Cap(NamedTuple):
    """A limit for several payments together, and how far it is used up."""

    most: Msat
    spent: Msat
    """Spent or reserved already (msat)."""
    words: str
    """For what: ``this server and 24 hours``."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent or is reserved (amount + fee or fee cap, msat)."""

    origin_day: Msat = Msat(0)
    """At the origin of the request, in the last 24 hours."""
    day: Msat = Msat(0)
    """Everywhere, in the last 24 hours."""
    origin_hour: Msat = Msat(0)
    hour: Msat = Msat(0)
    total: Msat = Msat(0)
    """Everywhere, ever."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Payments that have begun and not ended, other than the one in question."""

    stuck_there: int = 0
    """How many to this payee that may have been sent more than :data:`STUCK_AFTER` ago."""
    money: Msat = Msat(0)
    """What all of them could cost, reserved ones and every payee's (amount + fee cap, msat)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be spent without a human changing the limit. All in msat; None: no limit."""

    payment: Msat
    """At most this for one invoice, without the fee."""
    fee: Msat
    """At most this for routing one payment."""
    origin_day: Msat | None = None
    """At most this for one origin in 24 hours."""
    day: Msat | None = None
    """At most this altogether in 24 hours."""
    origin_hour: Msat | None = None
    """At most this for one origin in an hour."""
    hour: Msat | None = None
    """At most this altogether in an hour."""
    total: Msat | None = None
    """At most this altogether, ever."""
    unsettled: Msat | None = None
    """At most this at any time in payments that have begun and not ended."""
    at_most: Msat | None = None
    """At most this for one payment, amount and fee together."""

    @property
    def one(self) -> Msat:
        """At most this for one invoice, whichever limit says so."""
        return self.payment if self.at_most is None else min(self.payment, self.at_most)

    def fee_cap(self, amount: Msat) -> Msat:
        """What routing this amount may cost."""
        if self.at_most is None:
            return self.fee
        return Msat(max(0, min(self.fee, self.at_most - amount)))

    def caps(self, spending: Spending) -> Iterator[Cap]:
        """The limits for several payments that are set, the narrowest first."""
        for most, spent, words in (
            (self.origin_hour, spending.origin_hour, "this server and one hour"),
            (self.origin_day, spending.origin_day, "this server and 24 hours"),
            (self.hour, spending.hour, "one hour"),
            (self.day, spending.day, "24 hours"),
            (self.total, spending.total, "all payments ever"),
        ):
            if most is not None:
                yield Cap(most, spent, words)

    def passed(self, cost: int, spending: Spending) -> Cap | None:
        """The first of :meth:`caps` that ``cost`` (amount and fee cap, msat) would go over."""
        return next((cap for cap in self.caps(spending) if cap.spent + cost > cap.most), None)

    def once_more(self, fee_cap: Msat) -> Limits:
        """For a payment that was approved, and is reserved, already: its own fee cap holds, and
        what is reserved for it is not counted against it a second time."""
        return replace(
            self,
            fee=fee_cap,
            origin_hour=None,
            origin_day=None,
            hour=None,
            day=None,
            total=None,
            unsettled=None,
        )
