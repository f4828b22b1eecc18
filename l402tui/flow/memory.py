"""What is remembered that bears on one bill?

The vault answers with these; the checks turn them into sentences. Trust begins with a payment that
was proven: a payee, a price or a server that was only looked at is not known yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from l402tui.flow.limits import Unsettled
from l402tui.protocol.amount import Msat

__all__ = ["Memory", "PayeeMemory", "PriceMemory", "Seen", "Timing"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was known when a yes was given: it counts in view of this, and of nothing newer."""

    open: frozenset[bytes] = frozenset()
    """Hashes of the payments under way at this origin that the checks have shown."""
    line: int = 0
    """How far the vault's log of payments went when credentials were looked for: what is bought
    later may open the same."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When things happened at this origin, for the loop check (C22)."""

    paid_recently: int = 0
    """Payments for this method and path in the last 10 minutes."""
    rejected_at: float | None = None
    """When a freshly paid credential was last refused here."""
    paid_at: float | None = None
    """When the very same request was last paid for, in the last 10 minutes."""


@dataclass(frozen=True, slots=True)
class PayeeMemory:
    """Which nodes were paid, for C19. Only proven payments count."""

    known_here: bool = False
    """This payee was paid at this origin."""
    last_here: bytes | None = None
    """The payee (33 bytes) of the last payment at this origin."""
    last_at: float | None = None
    """When that was."""
    elsewhere: str | None = None
    """Another origin at which this payee was paid."""


@dataclass(frozen=True, slots=True)
class PriceMemory:
    """What was paid and shown at this origin and path, for C21."""

    paid: tuple[Msat, ...] = ()
    """The amounts of the last five proven payments, newest first, without fees."""
    paid_at: float | None = None
    """When the newest of them was made."""
    shown: Msat | None = None
    """The least that other bills named since then, in the last seven days."""
    shown_at: float | None = None
    """When that was seen."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything the vault knows about a bill's surroundings, this very payment left out."""

    payee: PayeeMemory = PayeeMemory()
    prices: PriceMemory = PriceMemory()
    unsettled: Unsettled = field(default_factory=Unsettled)
    shown_by: str | None = None
    """Another origin that showed a bill with the same payment hash."""
    changed: bool = False
    """This origin showed the same payment hash before, for another amount or payee."""
