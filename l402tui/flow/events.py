"""What has happened in a flow?

Events are past tense and plain values. One stream of them feeds everything: the TUI, ``--plain``,
``--json``, the notebook, the wire log and the history. The runner makes them; :mod:`~.flow` decides
what follows from each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from l402tui.flow.findings import Finding
from l402tui.flow.model import (
    Bill,
    Ending,
    Held,
    Intent,
    LatestEnd,
    Moving,
    Quote,
    Request,
    Response,
)
from l402tui.protocol.amount import Msat
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown

__all__ = [
    "Answered",
    "ApprovalAsked",
    "Approved",
    "Challenged",
    "Checked",
    "Declined",
    "Decoded",
    "Event",
    "Failed",
    "Fault",
    "Finished",
    "Found",
    "Outstanding",
    "PaidStored",
    "PaymentFailed",
    "PaymentNotFound",
    "PaymentProgressed",
    "PaymentSent",
    "PaymentSettled",
    "PaymentUnknown",
    "Queued",
    "Released",
    "Requested",
    "Reserved",
    "ResultStored",
    "Retried",
    "TurnTaken",
    "Unreachable",
    "Waited",
    "Waiting",
    "WalletEvent",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that has happened."""

    at: float = 0.0
    """When, in unix seconds. The runner stamps it."""


@dataclass(frozen=True, slots=True)
class Found(Event):
    """The vault was asked what is known about this request."""

    credentials: tuple[Held, ...] = ()
    """Credentials that may open it, best first."""
    unfinished: Intent | None = None
    """A payment for this very request that is not finished."""
    line: int = 0
    """How far the vault's log of payments went just before."""


@dataclass(frozen=True, slots=True)
class Requested(Event):
    """The request has left, without a new payment's credential."""

    request: Request
    sent: bytes = field(repr=False)
    """Request line and headers as they left; a credential in them is secret."""
    reused: Held | None = None
    """The credential that went with it."""
    past_caches: bool = False
    """No cache on the way was to answer: the bill before came out of one."""


@dataclass(frozen=True, slots=True)
class Retried(Event):
    """The request has left again, with the credential that was just paid for."""

    request: Request
    sent: bytes = field(repr=False)
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Challenged(Event):
    """The server wants payment (402, or 401 with an L402 challenge)."""

    response: Response


@dataclass(frozen=True, slots=True)
class Answered(Event):
    """The server answered with anything else."""

    response: Response


class Fault(Enum):
    """Why there is no answer."""

    REFUSED_ADDRESS = "address refused"
    CONNECT = "no connection"
    TLS = "no trustworthy encryption"
    TIMEOUT = "no answer in time"
    PROTOCOL = "not valid HTTP"
    REDIRECT = "redirect refused"
    TOO_LARGE = "too large"

    @property
    def ours(self) -> bool:
        """Whether this program refuses what it was given: the next time it will be no better."""
        return self in _REFUSED_HERE


_REFUSED_HERE = frozenset({Fault.REFUSED_ADDRESS, Fault.PROTOCOL, Fault.REDIRECT, Fault.TOO_LARGE})


@dataclass(frozen=True, slots=True)
class Unreachable(Event):
    """No usable answer came."""

    fault: Fault
    why: Shown
    maybe_received: bool = False
    """True where the server may have acted on the request all the same."""


@dataclass(frozen=True, slots=True)
class Decoded(Event):
    """The bill was taken apart."""

    bill: Bill


@dataclass(frozen=True, slots=True)
class Queued(Event):
    """Another flow of this program pays for the same right now; this one waits for it."""


@dataclass(frozen=True, slots=True)
class TurnTaken(Event):
    """Nobody else of this program pays for the same now."""

    waited: bool = False
    """Another flow did before, so what is known may have changed."""
    ending: Ending | None = None
    """How that one ended; None where it was stopped, or there was none."""


@dataclass(frozen=True, slots=True)
class Checked(Event):
    """All checks were made; with a quote where the bill could be read."""

    findings: tuple[Finding, ...]
    quote: Quote | None = None
    known: Intent | None = None
    """What the vault knows about this payment hash."""
    under_way: tuple[Intent | Moving, ...] = ()
    """What another run of this program is paying for the same right now."""
    seen: frozenset[bytes] = frozenset()
    """Hashes of the payments under way at this origin that the findings tell of."""
    bought: Intent | None = None
    """What another run has bought since credentials were looked for: it may open the same."""


@dataclass(frozen=True, slots=True)
class ApprovalAsked(Event):
    """A human (or the rule in their place) is being asked."""

    quote: Quote
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Approved(Event):
    """The answer was yes, to exactly this digest."""

    digest: str
    by: Shown


@dataclass(frozen=True, slots=True)
class Declined(Event):
    """The answer was no."""

    why: Shown


@dataclass(frozen=True, slots=True)
class Reserved(Event):
    """The intent is on disk; amount and fee cap are set aside."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class Outstanding(Event):
    """It could not be reserved, or not be sent: the payment hash, or a payment for this request, is
    in the vault already, or another payment came between that nobody has seen (``intent``); or a
    limit would be passed by now (None)."""

    intent: Intent | None
    why: Shown = Shown("")
    """Which limit, and how far it is used up; empty where there is an intent."""


@dataclass(frozen=True, slots=True)
class PaymentSent(Event):
    """It is on disk that the pay call may have left. From here on only the wallet's word about this
    hash can end the payment."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class PaymentProgressed(Event):
    """The wallet says how the payment goes."""

    what: Shown
    acknowledged: bool = True
    """The wallet has taken the payment over. False while that cannot be known, as with an external
    wallet whose invoice is only being shown."""
    latest_end: LatestEnd | None = None
    """When it ends at the latest, where the wallet tells."""


@dataclass(frozen=True, slots=True)
class PaymentSettled(Event):
    """The wallet (or a person, for an external wallet) gave a preimage. Not yet believed."""

    preimage: Secret
    fee: Msat | None = None
    """Routing fee, where the wallet knows it."""


@dataclass(frozen=True, slots=True)
class PaymentFailed(Event):
    """The wallet says for certain that this hash was not and will not be paid."""

    why: Shown
    todo: Shown = Shown("")
    by_person: bool = False
    """A person says so, who had the invoice in their own wallet."""


@dataclass(frozen=True, slots=True)
class PaymentUnknown(Event):
    """Nobody can say how the payment stands: connection lost, time over, or the person left."""

    why: Shown
    ask_again: bool = True
    """Whether asking the wallet again in a moment can help."""
    by_person: bool = False
    """A person had the invoice in their own wallet, and stopped without saying."""


@dataclass(frozen=True, slots=True)
class PaymentNotFound(Event):
    """The wallet was asked about this hash and has never seen it."""


WalletEvent = PaymentProgressed | PaymentSettled | PaymentFailed | PaymentUnknown | PaymentNotFound
"""What a wallet may say about a payment."""


@dataclass(frozen=True, slots=True)
class PaidStored(Event):
    """The preimage is on disk, and with the token it is a credential."""

    held: Held


@dataclass(frozen=True, slots=True)
class ResultStored(Event):
    """The vault knows how the payment or the credential stands now."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class Released(Event):
    """A reservation was given back before anything was sent."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class Waiting(Event):
    """A pause begins."""

    seconds: float
    why: Shown


@dataclass(frozen=True, slots=True)
class Waited(Event):
    """A pause is over."""


@dataclass(frozen=True, slots=True)
class Failed(Event):
    """Something of ours did not work: the disk is full, the vault is locked."""

    why: Shown


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """The flow is over."""

    ending: Ending
