"""The decision to pay one invoice, where it stands, and the credential it buys.

One intent a payment hash, for ever. Times are unix seconds (UTC), money is msat.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from hashlib import sha256

from l402tui.flow.limits import Limits, Spending
from l402tui.flow.message import Bill, Request
from l402tui.flow.money import WalletFacts
from l402tui.protocol.amount import Msat
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown

__all__ = [
    "Held",
    "Intent",
    "IntentState",
    "LatestEnd",
    "LogLine",
    "Moving",
    "Quote",
]


class IntentState(Enum):
    """Where a payment stands. A timeout never changes it: only the wallet's own word does (or, of a
    wallet that only a person can look into, that person's)."""

    RESERVED = "reserved"
    """Amount and fee cap are set aside; nothing was sent."""
    SENDING = "sending"
    """The pay call may have left."""
    IN_FLIGHT = "in flight"
    """The wallet has it."""
    HELD = "held"
    """The wallet has had it for more than ten minutes."""
    UNKNOWN = "unknown"
    """Nobody can say now; it is tracked, never sent to another wallet."""
    PAID_NO_PREIMAGE = "paid, no preimage"
    """The wallet says that it paid, and has no preimage whose SHA-256 is the payment hash."""
    PAID = "paid"
    """sha256(preimage) == payment hash, and the preimage is on disk."""
    REDEEMING = "being delivered"
    """Paid; a request that must not be sent twice left with its credential. No answer is known."""
    REDEEM_RETRY = "paid, not delivered"
    """Paid; the server has not delivered yet. The same credential is used again."""
    ACTIVE = "active"
    """Paid and accepted by the server."""
    REJECTED = "rejected"
    """Paid and refused by the server. Kept as evidence."""
    FAILED = "failed"
    """The wallet says for certain that nothing was paid, or a person gave the payment up."""
    RELEASED = "released"
    """Given up before anything was sent."""

    @property
    def open(self) -> bool:
        """Whether money may still move, or a paid request has not been delivered."""
        return self in _OPEN

    @property
    def moving(self) -> bool:
        """Whether money may still move: the pay call may have left, and has no end."""
        return self in _MOVING

    @property
    def holds_money(self) -> bool:
        """Whether it counts against the limits."""
        return self not in (IntentState.FAILED, IntentState.RELEASED)

    @property
    def proven(self) -> bool:
        """Whether the preimage is known."""
        return self in _PROVEN


_PROVEN = frozenset(
    {
        IntentState.PAID,
        IntentState.REDEEMING,
        IntentState.REDEEM_RETRY,
        IntentState.ACTIVE,
        IntentState.REJECTED,
    }
)
_MOVING = frozenset(
    {IntentState.SENDING, IntentState.IN_FLIGHT, IntentState.HELD, IntentState.UNKNOWN}
)
_OPEN = _MOVING | {
    IntentState.RESERVED,
    IntentState.PAID_NO_PREIMAGE,
    IntentState.PAID,
    IntentState.REDEEMING,
    IntentState.REDEEM_RETRY,
}


@dataclass(frozen=True, slots=True)
class LatestEnd:
    """When a payment under way ends at the latest: its locks run out, and the money comes back."""

    block: int
    """The height of the chain at which they do (BOLT-2: ``cltv_expiry``)."""
    at: float
    """Roughly when that is, at ten minutes a block."""


@dataclass(frozen=True, slots=True)
class Intent:
    """The decision to pay one invoice: one per payment hash, for ever."""

    payment_hash: bytes
    state: IntentState
    request: Request
    scheme: str
    """``L402`` or ``LSAT``: how the server spelled it."""
    token: Secret
    """The token's text exactly as the server sent it."""
    invoice: str
    amount: Msat
    fee_cap: Msat
    wallet: str
    """:attr:`WalletFacts.identity` of the wallet it is bound to."""
    created: float
    expires: float
    """When the invoice expires."""
    challenge: bytes = field(default=b"", repr=False)
    """The raw header values, one a line, as evidence."""
    preimage: Secret | None = None
    fee: Msat | None = None
    """What routing cost in the end."""
    reason: str = ""
    """Why it is in this state, in a sentence that is safe to show."""
    updated: float = 0.0
    sent: float | None = None
    """When the pay call was last allowed to leave."""
    latest_end: LatestEnd | None = None
    """While it is under way, and where the wallet tells."""
    payee: bytes | None = field(default=None, compare=False)
    """The node that the invoice pays (33 bytes), where that was read just now: to read it from the
    invoice again is the longest part of a reservation."""

    @property
    def purpose(self) -> str:
        """What it buys (:attr:`Request.purpose`)."""
        return self.request.purpose

    @property
    def external(self) -> bool:
        """Whether a person pays it with a wallet elsewhere, and only they can say how it stands."""
        return self.wallet.startswith("external:")

    def to(self, state: IntentState, **changes: object) -> Intent:
        """The same intent in another state."""
        return replace(self, state=state, **changes)  # type: ignore[arg-type]  # names are fields

    @classmethod
    def of(cls, request: Request, bill: Bill, quote: Quote, at: float) -> Intent:
        """The intent to pay exactly what was quoted. Raises ValueError for an unreadable bill."""
        challenge, invoice = bill.challenge, bill.invoice
        if challenge is None or invoice is None:
            raise ValueError("only a bill that was read whole can be paid")
        return cls(
            payment_hash=invoice.payment_hash,
            state=IntentState.RESERVED,
            request=request,
            scheme=challenge.scheme,
            token=Secret(challenge.token),
            invoice=invoice.text,
            amount=quote.amount,
            fee_cap=quote.fee_cap,
            wallet=quote.wallet.identity,
            created=at,
            expires=quote.expires,
            challenge=b"\n".join(bill.reading.lines),
            updated=at,
            payee=invoice.payee,
        )

    def held(self, preimage: Secret | None = None, fee: Msat | None = None) -> Held:
        """The credential that this payment bought. Raises ValueError while it is not paid."""
        preimage = preimage or self.preimage
        if preimage is None:
            raise ValueError("without a preimage there is no credential")
        return Held(
            payment_hash=self.payment_hash,
            scheme=self.scheme,
            token=self.token,
            preimage=preimage,
            amount=self.amount,
            fee=fee if fee is not None else self.fee or Msat(0),
            path=self.request.url.path,
        )


@dataclass(frozen=True, slots=True)
class Moving:
    """What a bill is held against, of a payment under way: no secret is read for it."""

    payment_hash: bytes
    state: IntentState
    purpose: str
    amount: Msat
    wallet: str
    updated: float
    sent: float | None = None

    @property
    def external(self) -> bool:
        """Whether a person pays it with a wallet elsewhere, and only they can say how it stands."""
        return self.wallet.startswith("external:")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One step of a payment, as it was written down."""

    at: float
    state: IntentState
    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """A credential in the vault that may open this request."""

    payment_hash: bytes
    scheme: str
    token: Secret
    preimage: Secret
    amount: Msat
    fee: Msat
    path: str
    """The path it was paid for."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What a person says yes or no to. The approval binds to its digest."""

    request: Request
    payment_hash: bytes
    amount: Msat
    fee_cap: Msat
    payee: bytes
    description: Shown
    expires: float
    wallet: WalletFacts
    limits: Limits
    spending: Spending

    @property
    def digest(self) -> str:
        """Hex SHA-256 of exactly what was shown: it changes when anything that matters does."""
        told = "\n".join(
            (
                self.payment_hash.hex(),
                str(self.amount),
                str(self.fee_cap),
                self.payee.hex(),
                self.request.fingerprint,
                self.request.url.origin,
                self.wallet.identity,
            )
        )
        return sha256(told.encode()).hexdigest()
