"""What is a check, what does it look at, and what does it find?

A check is a pure function of :class:`Facts`; its :class:`Finding` is a severity and a plain
sentence. The checks themselves are in :mod:`~l402tui.flow.checks`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from l402tui.flow.model import (
    Bill,
    Held,
    Intent,
    Limits,
    Memory,
    Moving,
    Request,
    Spending,
    Timing,
    WalletFacts,
)
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.text import Shown

__all__ = ["Answer", "Check", "Facts", "Finding", "Severity"]


class Severity(Enum):
    """What follows from a finding, mildest first."""

    PASS = "ok"
    INFO = "info"
    WARN = "warning"
    ASK = "ask"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    check: str
    """``C12``."""
    title: str
    severity: Severity
    sentence: Shown
    todo: Shown = Shown("")


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the checks may look at."""

    request: Request
    bill: Bill
    wallet: WalletFacts | None
    """None: paying is switched off."""
    limits: Limits
    now: float
    spending: Spending = Spending()
    timing: Timing = Timing()
    memory: Memory = Memory()
    known: Intent | None = None
    """What the vault knows about this payment hash."""
    open_here: tuple[Intent | Moving, ...] = ()
    """Payments at this origin for which money may still move."""
    refused: Held | None = None
    """A held credential that the server has just not accepted."""
    writable: bool = True
    """The vault can write."""
    behind: int = 0
    """Payments that were begun and are not in the vault: it is an older copy of itself."""
    answered_at: float | None = None
    """When the bill came. None: just now."""
    agent: bool = False
    """A program asks on its own: what a person may overlook, it has to ask about."""

    @property
    def invoice(self) -> Invoice | None:
        """The invoice, where it could be read."""
        return self.bill.invoice


Answer = tuple[Severity, Shown] | tuple[Severity, Shown, Shown] | None
"""Severity, sentence and, where there is one, the cure; None where the check does not apply."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question about a bill."""

    number: str
    title: str
    function: Callable[[Facts], Answer]

    def __call__(self, facts: Facts) -> Finding | None:
        """Ask it."""
        answer = self.function(facts)
        return None if answer is None else Finding(self.number, self.title, *answer)

    @property
    def why(self) -> str:
        """Why it is asked, in a sentence."""
        return (self.function.__doc__ or "").strip()
