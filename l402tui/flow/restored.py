"""What if the vault is an older copy of itself?

A vault that was restored from a backup does not know what was paid since. How far it once went is
noted beside it, so it can tell that it is behind; until its wallet has been asked for everything it
has paid meanwhile, no payment is made without a person. :func:`reconcile` holds the wallet's list
against the vault: what the vault does not know is an unattributed payment, shown to a person.

Source: research on payment safety, recovery of a database that was restored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from l402tui.flow.model import Intent
from l402tui.protocol.amount import Msat
from l402tui.protocol.text import Shown

__all__ = ["CannotTell", "Reconciled", "Sent", "Teller", "reconcile"]


@dataclass(frozen=True, slots=True)
class Sent:
    """One payment in the wallet's own list. Those that failed are no payments."""

    payment_hash: bytes
    amount: Msat
    fee: Msat
    at: float
    """Unix seconds."""
    settled: bool | None
    """True: paid. None: still under way."""


class CannotTell(Exception):
    """The wallet cannot say what it has paid; :attr:`why` says why, and what to do."""

    def __init__(self, why: Shown) -> None:
        super().__init__(why.text)
        self.why = why


@runtime_checkable
class Teller(Protocol):
    """A wallet that can list what it has paid."""

    async def paid_since(self, at: float) -> Sequence[Sent]:
        """Everything it has sent since ``at`` (unix seconds), oldest first. Raises CannotTell."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What the wallet has paid, held against the vault."""

    known: int
    """Payments that both have."""
    open: tuple[Intent, ...]
    """Payments of the vault that have no end there, and that the wallet has: they are followed."""
    unattributed: tuple[Sent, ...]
    """Payments of the wallet that the vault does not know."""

    @property
    def missing(self) -> Msat:
        """What the unattributed ones come to, fees included (msat)."""
        return Msat(sum(sent.amount + sent.fee for sent in self.unattributed))


def reconcile(sent: Sequence[Sent], intent: Callable[[bytes], Intent | None]) -> Reconciled:
    """Hold the wallet's list against the vault; ``intent`` looks a payment hash up."""
    known, still_open, strange = 0, [], []
    for one in sent:
        found = intent(one.payment_hash)
        if found is None:
            strange.append(one)
            continue
        known += 1
        if found.state.open:
            still_open.append(found)
    return Reconciled(known, tuple(still_open), tuple(strange))
