"""Where does a flow stand?

The phases of the machine and the state it carries from step to step: plain, immutable values.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from l402tui.flow.commands import Command
from l402tui.flow.findings import Finding
from l402tui.flow.model import Bill, Ending, Held, Intent, Quote, Request, Seen
from l402tui.protocol.amount import Msat

__all__ = ["Phase", "State", "Step", "UnexpectedEvent"]


class Phase(Enum):
    """What the flow is waiting for."""

    LOOKING_UP = "looking up"
    REQUESTING = "requesting"
    DECODING = "decoding"
    QUEUEING = "waiting for a turn"
    CHECKING = "checking"
    ASKING = "asking"
    RESERVING = "reserving"
    RELEASING = "releasing"
    SENDING = "sending"
    PAYING = "paying"
    TRACKING = "tracking"
    STORING = "storing the preimage"
    RETRYING = "retrying"
    CLOSING = "closing"
    ENDING = "ending"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class State:
    """Everything the next step depends on."""

    request: Request
    may_pay: bool
    follow: bytes | None = None
    """The hash of the one payment to follow; nothing else is bought."""
    resend: bool = False
    """A person wants the paid request sent again, whatever the server has made of it."""
    phase: Phase = Phase.LOOKING_UP
    held: Held | None = None
    """The credential in use."""
    others: tuple[Held, ...] = ()
    """Credentials that have not been tried yet."""
    refused: Held | None = None
    """The last credential the server did not accept."""
    past_caches: bool = False
    """A bill came out of a cache, so every request for another goes past them."""
    bill: Bill | None = None
    quote: Quote | None = None
    findings: tuple[Finding, ...] = ()
    seen: Seen = Seen()
    """What a yes is given in view of."""
    overtaken: int = 0
    """How often another payment was faster than a yes."""
    faster: Intent | None = None
    """The one that was, while our own reservation is given back for it."""
    approved_at: float = 0.0
    intent: Intent | None = None
    resumed: bool = False
    """The payment was begun by an earlier run."""
    looks: int = 0
    """How often another run was waited for."""
    moved: bool = False
    """The wallet has said that it has the payment, since it was last asked."""
    attempt: int = 1
    renewed: bool = False
    """An old payment never reached its wallet; a human is asked about it once more."""
    swapped: bool = False
    """The credential was also tried under the scheme's other name."""
    ending: Ending | None = None
    """What will be told when the books are closed."""
    owed: tuple[Command, ...] = ()
    """What is to be written once the preimage is on disk."""
    unstored: bool = False
    """The preimage is in memory only: the disk has not taken it."""
    unstored_fee: Msat | None = None
    spent: Msat = Msat(0)


Step: TypeAlias = tuple[State, tuple[Command, ...]]
"""The next state, and what to do in the order to do it."""


class UnexpectedEvent(RuntimeError):
    """An event arrived in a phase that has no transition for it: a mistake in this program."""
