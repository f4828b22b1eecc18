"""What does a flow need from the world?

Each port is a small Protocol. The rooms above implement them (``web``, ``vault``, ``wallets``), the
faces implement the approver, and ``wiring`` puts them together. A port never raises for something
that can happen on a normal day: it answers with an event.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from l402tui.flow.events import Answered, Approved, Challenged, Declined, Unreachable, WalletEvent
from l402tui.flow.findings import Finding
from l402tui.flow.model import (
    Ending,
    Exchange,
    Held,
    Intent,
    IntentState,
    LatestEnd,
    Limits,
    LogLine,
    Memory,
    Moving,
    Quote,
    Request,
    Seen,
    Spending,
    Timing,
    WalletFacts,
)
from l402tui.protocol.amount import Msat
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.secret import Secret

__all__ = [
    "Approver",
    "Clock",
    "OverLimit",
    "Overtaken",
    "Place",
    "PreparedRequest",
    "Transport",
    "Turns",
    "Vault",
    "VaultError",
    "Wallet",
]


class Clock(Protocol):
    """Time, so that tests can make their own."""

    def now(self) -> float:
        """Unix seconds."""

    async def sleep(self, seconds: float) -> None:
        """Let that much time pass."""


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """What will leave: the request line and headers, byte for byte."""

    head: bytes = field(repr=False)


class Transport(Protocol):
    """How a request leaves and an answer comes back."""

    def prepare(self, request: Request, authorization: Secret | None) -> PreparedRequest:
        """The bytes of the request's head, without sending it."""

    async def send(
        self, request: Request, authorization: Secret | None
    ) -> Challenged | Answered | Unreachable:
        """Send it and wait for the whole answer.

        Redirects are followed by hand under the transport's rules; ``authorization`` goes to the
        origin of ``request.url`` and to no other.
        """

    def for_one_flow(self) -> Transport:
        """The same way out with a memory of its own: cookies that a server sets in a flow come
        back to it within that flow, and no other flow has them."""


class Wallet(Protocol):
    """How an invoice gets paid."""

    async def facts(self) -> WalletFacts:
        """What it is and whether it is ready. Never raises: trouble is part of the answer."""

    def pay(self, intent: Intent) -> AsyncGenerator[WalletEvent, None]:
        """Pay the intent's invoice, with its fee cap. Ends after Settled, Failed or Unknown.

        Anything but the wallet's own final word ends as PaymentUnknown.
        """

    def track(self, intent: Intent) -> AsyncGenerator[WalletEvent, None]:
        """Follow a payment that may have been sent. Also ends after NotFound."""


class Approver(Protocol):
    """Who says yes or no."""

    async def approve(self, quote: Quote, findings: Sequence[Finding]) -> Approved | Declined:
        """Ask. ``Approved.digest`` is the digest of what was shown."""


class VaultError(Exception):
    """The vault could not read or write; the message is safe to show. What was there before is
    untouched."""


class OverLimit(Exception):
    """A reservation would pass a limit. Nothing was written."""


class Overtaken(Exception):
    """Since the yes was asked for, another payment has begun at this origin, or has bought what may
    open the same. Nothing was written."""

    def __init__(self, by: Intent) -> None:
        super().__init__("another payment was faster")
        self.by = by


@dataclass(frozen=True, slots=True)
class Place:
    """What came of waiting for one's turn."""

    waited: bool = False
    """Somebody else was before us."""
    ending: Ending | None = None
    """How that one ended. Without it the turn is ours, with it, nobody's."""


class Turns(Protocol):
    """Who pays, of all flows of this program that want the same at the same moment."""

    def free(self, key: str) -> bool:
        """Whether the turn could be had without waiting."""

    async def take(self, key: str) -> Place:
        """Have the turn, or wait for the end of whoever has it. One who leaves without an end hands
        it to the next. Cancelling only gives up one's own place."""

    def leave(self, key: str, ending: Ending | None) -> None:
        """Give the turn back; ``ending`` is None where it was left without one."""


class Vault(Protocol):
    """What is remembered. Every method is atomic, and what it wrote is on disk when it returns."""

    def writable(self) -> bool:
        """Whether a write would go through now (disk space included)."""

    def behind(self) -> int:
        """How many payments were begun that this vault does not know, because it is an older copy
        of itself; 0 where none is missing."""

    def missing_since(self) -> float:
        """Unix seconds: payments that are missing were begun later than that."""

    def reconciled(self) -> None:
        """Write that a person has looked at what is missing."""

    def unfinished(self, request: Request) -> Intent | None:
        """The newest open intent for exactly this request (same fingerprint)."""

    def open_at(self, origin: str) -> Sequence[Intent | Moving]:
        """Payments at this origin for which money may still move, or has moved without a proof
        (SENDING, IN_FLIGHT, HELD, UNKNOWN, PAID_NO_PREIMAGE)."""

    def intent(self, payment_hash: bytes) -> Intent | None:
        """The one intent for this hash."""

    def line(self) -> int:
        """How far the log of payments goes: a number that grows with every change of a state."""

    def bought_since(self, request: Request, line: int) -> Intent | None:
        """A payment for the same purpose that was proven after that line of the log."""

    def credentials(self, request: Request) -> Sequence[Held]:
        """Credentials that may open this request, best first: same origin always; the same path
        first; those the server refused for this path left out."""

    def spending(self, origin: str, now: float) -> Spending:
        """What is spent or reserved: in the last hour, in the last 24 hours, and ever."""

    def timing(self, request: Request, now: float) -> Timing:
        """What happened lately for this method, origin and path."""

    def memory(self, request: Request, invoice: Invoice, now: float) -> Memory:
        """What is known about this bill's payee, its price, the bill itself, and the payments that
        have not ended; its own payment left out."""

    def remember(self, request: Request, invoice: Invoice, at: float) -> None:
        """Write that a bill was shown here, whether it gets paid or not."""

    def reserve(
        self, intent: Intent, limits: Limits | None, seen: Seen | None = None
    ) -> Intent | None:
        """Write a new intent. If its hash is known, or its request has an unfinished payment: write
        nothing and return the known one.

        Raises OverLimit where a limit would be passed by now, and Overtaken where another payment
        came between that is not in ``seen``: whoever asked before may have waited for a person
        while another run paid. Both are None for what is paid already.
        """

    def record(
        self,
        payment_hash: bytes,
        state: IntentState,
        *,
        at: float,
        reason: str = "",
        fee: Msat | None = None,
        exchange: int | None = None,
        latest_end: LatestEnd | None = None,
        seen: Seen | None = None,
    ) -> Intent:
        """Write a new state. A proven intent never goes back to an unproven state.

        ``exchange`` is the history row whose payment this is: linked in the same breath, so that
        the row can say what it cost even if nobody lives to end it. ``seen`` goes with SENDING: of
        several reservations of one moment, only the first is sent. Raises Overtaken for the others.
        """

    def store_paid(
        self, payment_hash: bytes, preimage: Secret, *, at: float, fee: Msat | None
    ) -> Held:
        """Write PAID and the credential. Raises ValueError for a preimage of another hash."""

    def payments(self, *, every: bool = False) -> Sequence[Intent]:
        """The payments that are not finished, or every one, oldest first."""

    def alike(self, digits: str) -> Sequence[Intent]:
        """At most two payments whose hash begins with these hex digits. Raises ValueError."""

    def log(self, payment_hash: bytes) -> Sequence[LogLine]:
        """What became of a payment, step by step, oldest first."""

    def used(self, held: Held, request: Request, *, accepted: bool, at: float) -> None:
        """Remember whether the server took a credential for this path. Deletes nothing."""

    def open_exchange(self, request: Request, at: float) -> int:
        """Begin a history row; its number is what ``replay N`` takes."""

    def close_exchange(self, number: int, ending: Ending, status: int | None, at: float) -> None:
        """Write how it ended; ``status`` is the last HTTP status seen."""

    def exchanges(self, limit: int = 50) -> Sequence[Exchange]:
        """The newest history rows, newest first."""

    def exchange(self, number: int) -> Exchange | None:
        """One history row."""
