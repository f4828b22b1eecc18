"""What should be done next in a flow?

Commands are verbs and plain values. :func:`~l402tui.flow.flow.step` decides on them, and the runner
carries each one out through a port and answers with the events named in its docstring.

Step mode waits before every command whose ``shown`` is true: these are the ones a person wants to
watch. Book-keeping never waits, above all not between a preimage's arrival and the disk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from l402tui.flow.findings import Finding
from l402tui.flow.model import (
    Bill,
    Ending,
    Held,
    Intent,
    IntentState,
    LatestEnd,
    Quote,
    Request,
    Response,
    Seen,
)
from l402tui.protocol.amount import Msat
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown

__all__ = [
    "Ask",
    "Check",
    "Command",
    "Decode",
    "Finish",
    "LookUp",
    "Pay",
    "Record",
    "RecordUse",
    "Release",
    "Reserve",
    "Retry",
    "Send",
    "StorePaid",
    "StoreSending",
    "TakeTurn",
    "Track",
    "Wait",
]


@dataclass(frozen=True, slots=True)
class Command:
    """Something to do."""

    shown: ClassVar[bool] = False
    """Whether step mode waits before it."""
    at_once: ClassVar[bool] = False
    """Whether it is carried out the moment it is known, even while a wallet is still talking."""


@dataclass(frozen=True, slots=True)
class LookUp(Command):
    """Ask the vault what is known about this request, or about one payment of it. -> Found"""

    request: Request
    payment_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class Send(Command):
    """Send the request, with a held credential if there is one.
    -> Requested, then Challenged | Answered | Unreachable"""

    shown = True
    request: Request
    held: Held | None = None
    past_caches: bool = False
    """No cache on the way may answer: the server itself is to make a bill."""


@dataclass(frozen=True, slots=True)
class Decode(Command):
    """Take the bill apart. -> Decoded"""

    shown = True
    response: Response


@dataclass(frozen=True, slots=True)
class TakeTurn(Command):
    """Be the one who pays, of all flows of this program that want the same now; or wait until that
    one has an end. -> Queued?, then TurnTaken"""

    request: Request


@dataclass(frozen=True, slots=True)
class Check(Command):
    """Gather the facts from wallet, vault and clock, and make every check. -> Checked"""

    shown = True
    request: Request
    bill: Bill
    refused: Held | None = None
    """A held credential that the server did not accept just now."""
    again: Intent | None = None
    """The intent whose bill this is, where it is about to be paid after a long time."""
    line: int = 0
    """How far the vault's log went when credentials were looked for."""


@dataclass(frozen=True, slots=True)
class Ask(Command):
    """Ask a human. -> ApprovalAsked, then Approved | Declined"""

    shown = True
    quote: Quote
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Reserve(Command):
    """Write the intent, in one transaction, unless its hash is known, or another payment came
    between that was not seen. -> Reserved | Outstanding"""

    shown = True
    intent: Intent
    seen: Seen = Seen()


@dataclass(frozen=True, slots=True)
class StoreSending(Command):
    """Write, and flush to disk, that the pay call may leave now, unless another payment came
    between that was not seen. -> PaymentSent | Outstanding"""

    intent: Intent
    seen: Seen = Seen()


@dataclass(frozen=True, slots=True)
class Pay(Command):
    """Give the invoice to the wallet.
    -> PaymentProgressed*, then PaymentSettled | PaymentFailed | PaymentUnknown"""

    intent: Intent


@dataclass(frozen=True, slots=True)
class Track(Command):
    """Ask the wallet about a payment that may have been sent.
    -> PaymentProgressed*, then PaymentSettled | PaymentFailed | PaymentUnknown | PaymentNotFound"""

    intent: Intent


@dataclass(frozen=True, slots=True)
class StorePaid(Command):
    """Write the preimage: intent and credential in one transaction. -> PaidStored"""

    at_once = True
    intent: Intent
    preimage: Secret
    fee: Msat | None = None


@dataclass(frozen=True, slots=True)
class Record(Command):
    """Write how the intent stands. -> ResultStored"""

    at_once = True
    intent: Intent
    state: IntentState
    reason: str = ""
    latest_end: LatestEnd | None = None


@dataclass(frozen=True, slots=True)
class RecordUse(Command):
    """Write whether the server took a credential. -> nothing"""

    at_once = True
    held: Held
    request: Request
    accepted: bool


@dataclass(frozen=True, slots=True)
class Release(Command):
    """Give a reservation back: nothing was sent. -> Released"""

    intent: Intent
    reason: str


@dataclass(frozen=True, slots=True)
class Retry(Command):
    """Send the request again with the credential that was paid for.
    -> Retried, then Challenged | Answered | Unreachable"""

    shown = True
    request: Request
    held: Held
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Wait(Command):
    """Pause. -> Waiting, then Waited"""

    seconds: float
    why: Shown = field(default=Shown(""), compare=False)


@dataclass(frozen=True, slots=True)
class Finish(Command):
    """Tell how it ended. -> Finished"""

    ending: Ending
