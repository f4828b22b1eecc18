"""How did a flow end, and was money spent?

Every ending says so in words. Money is msat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from l402tui.flow.intent import IntentState
from l402tui.flow.message import Request
from l402tui.protocol.amount import Msat
from l402tui.protocol.text import Shown

__all__ = [
    "Ending",
    "Exchange",
    "Money",
    "Outcome",
]


class Money(Enum):
    """Was money spent? Every ending says so."""

    NONE = "No money was spent."
    SPENT = "Money was spent."
    EARLIER = "No money was spent now; it was paid earlier."
    PERHAPS = "Money may have been spent; nobody can say yet."


class Outcome(Enum):
    """How a flow ended."""

    FREE = "free"
    """The server answered without asking for payment."""
    PAID = "paid"
    """Paid and delivered."""
    REUSED = "reused"
    """Delivered with a credential that was paid for earlier."""
    PREVIEWED = "previewed"
    """The price was looked at; paying was switched off."""
    NOT_PAYABLE = "not payable"
    """A 402 that is not L402, or has no challenge."""
    REFUSED = "refused"
    """A check said no."""
    DECLINED = "declined"
    """A person said no."""
    NOT_PAID = "not paid"
    """The wallet says for certain that it was not paid."""
    UNSETTLED = "unsettled"
    """The payment is on its way or its state is unknown."""
    UNDELIVERED = "undelivered"
    """Paid, but the server has not delivered."""
    REJECTED = "rejected"
    """Paid, but the server does not accept the credential."""
    UNREACHABLE = "unreachable"
    """No answer from the server, and nothing was paid."""
    BROKEN = "broken"
    """Something of ours failed, such as the disk."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a flow in words: what happened, why, what to do, and what it cost."""

    outcome: Outcome
    money: Money
    what: Shown
    why: Shown = Shown("")
    todo: Shown = Shown("")
    payment_hash: bytes | None = None
    cost: Msat = Msat(0)
    """Amount and routing fee that this flow spent."""

    def sentences(self) -> Sequence[Shown]:
        """What a person reads, in order."""
        parts = (self.what, self.why, self.todo, Shown(self.money.value))
        return tuple(part for part in parts if part)

    def __str__(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences())


@dataclass(frozen=True, slots=True)
class Exchange:
    """One row of the history: a request and what became of it."""

    number: int
    at: float
    request: Request
    outcome: Outcome | None = None
    """None: it never ended, the program was stopped."""
    money: Money | None = None
    """Where the flow ended without knowing: as far as the payment has come by now."""
    what: Shown = Shown("")
    status: int | None = None
    cost: Msat = Msat(0)
    """What this flow spent (msat), known by now. Each payment is counted in one row."""
    at_stake: Msat = Msat(0)
    """What it may have spent: the payment it began has not ended."""
    payment_hash: bytes | None = None
    payment: IntentState | None = None
    """How the payment of that hash stands now."""
