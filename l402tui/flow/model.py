"""Which things does a flow talk about?

Plain values: the request, the response, the bill that a 402 presents, the intent to pay it, and how
it all ended. Times are unix seconds (UTC), money is msat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from hashlib import sha256

from l402tui.protocol.amount import Msat
from l402tui.protocol.challenge import L402Challenge, Reading
from l402tui.protocol.dialects import Dialect
from l402tui.protocol.errors import DecodeError
from l402tui.protocol.identifier import Identifier
from l402tui.protocol.invoice import Invoice, Network
from l402tui.protocol.macaroon import Token
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown
from l402tui.protocol.url import Url

__all__ = [
    "Advice",
    "Bill",
    "Ending",
    "Exchange",
    "Held",
    "Hop",
    "Intent",
    "IntentState",
    "Limits",
    "Money",
    "Outcome",
    "Quote",
    "Request",
    "Response",
    "Spending",
    "Timing",
    "WalletFacts",
]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that may be sent again without asking (RFC 9110 section 9.2.1)."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a person wants from a server."""

    url: Url
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    """Only what the person gave; the transport adds its own."""
    body: bytes = b""

    @property
    def fingerprint(self) -> str:
        """Names this very request: the same method, address, headers and body (hex SHA-256)."""
        digest = sha256()
        for part in (self.method, str(self.url), *(f"{k.lower()}:{v}" for k, v in self.headers)):
            digest.update(len(part).to_bytes(4, "big") + part.encode("utf-8", "surrogatepass"))
        digest.update(self.body)
        return digest.hexdigest()

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice does no more than sending it once."""
        return self.method.upper() in SAFE_METHODS


@dataclass(frozen=True, slots=True)
class Hop:
    """A redirect that was followed."""

    status: int
    url: Url
    """Where it led."""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, as received."""

    status: int
    reason: bytes
    version: str
    """``HTTP/1.1`` or ``HTTP/2``."""
    headers: tuple[tuple[bytes, bytes], ...]
    """In the order and spelling of the wire."""
    body: bytes = field(repr=False)
    url: Url
    """Where it came from, after redirects."""
    hops: tuple[Hop, ...] = ()
    complete: bool = True
    """False where the body ended early or was longer than the limit."""
    seconds: float = 0.0

    def values(self, name: bytes) -> tuple[bytes, ...]:
        """Every value of a header, one a line, in order. ``name`` in lower case."""
        return tuple(value for key, value in self.headers if key.lower() == name)

    @property
    def wants_payment(self) -> bool:
        """A 402, or a 401 that carries an L402 challenge: treated alike (the specification uses
        both for a credential that is not accepted)."""
        if self.status == 402:
            return True
        return self.status == 401 and any(
            scheme in value.lower()
            for value in self.values(b"www-authenticate")
            for scheme in (b"l402", b"lsat")
        )


@dataclass(frozen=True, slots=True)
class Bill:
    """A 402, decoded as far as it goes. What could not be read stays in ``problems``."""

    response: Response
    reading: Reading
    challenge: L402Challenge | None = None
    token: Token | None = None
    identifier: Identifier | None = None
    invoice: Invoice | None = None
    problems: tuple[DecodeError, ...] = ()
    dialect: Dialect | None = None
    """Set where the 402 is not L402: what it is instead."""
    in_body: bool = False
    """The challenge stood in the JSON body alone: it is checked and shown, and never paid.
    :attr:`reading` has it as the header line it should have been."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be spent without a human changing the limit. All in msat."""

    payment: Msat
    """At most this for one invoice, without the fee."""
    fee: Msat
    """At most this for routing one payment."""
    origin_day: Msat | None = None
    """At most this for one origin in 24 hours, amount and fee cap together."""
    day: Msat | None = None
    """At most this altogether in 24 hours."""
    total: Msat | None = None
    """At most this for one payment, amount and fee together."""

    def fee_cap(self, amount: Msat) -> Msat:
        """What routing this amount may cost."""
        if self.total is None:
            return self.fee
        return Msat(max(0, min(self.fee, self.total - amount)))


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent or is reserved (amount + fee or fee cap, msat) in the last 24 hours."""

    origin_day: Msat = Msat(0)
    day: Msat = Msat(0)


@dataclass(frozen=True, slots=True)
class Timing:
    """When things happened at this origin, for the loop check (C22)."""

    paid_recently: int = 0
    """Payments for this method and path in the last 10 minutes."""
    rejected_at: float | None = None
    """When a freshly paid credential was last refused here."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Something that a person should know and may change; nothing is refused for it."""

    what: Shown
    todo: Shown = Shown("")
    serious: bool = False
    """It could cost money one day."""


@dataclass(frozen=True, slots=True)
class WalletFacts:
    """What the wallet says about itself before it is asked to pay."""

    name: str
    """``practice``, ``external`` or ``lnd``."""
    network: Network | None
    """None: it cannot tell (an external wallet)."""
    node_id: bytes | None = None
    """The node's public key, 33 bytes, where there is a node."""
    alias: Shown | None = None
    balance: Msat | None = None
    ready: bool = True
    trouble: Shown | None = None
    """Why it is not ready."""
    real_money: bool = True
    proves_payment: bool = True
    """It hands out preimages by itself."""
    advice: Advice | None = None
    """What could be safer about it; it is ready all the same."""

    @property
    def identity(self) -> str:
        """What an intent is bound to: a payment is only ever sent again through the same one."""
        return f"{self.name}:{self.node_id.hex() if self.node_id else '-'}"


class IntentState(Enum):
    """Where a payment stands. A timeout never changes it: only the wallet's own word does."""

    RESERVED = "reserved"
    """Amount and fee cap are set aside; nothing was sent."""
    SENDING = "sending"
    """The pay call may have left."""
    IN_FLIGHT = "in flight"
    """The wallet has it."""
    UNKNOWN = "unknown"
    """Nobody can say now; it is tracked, never sent to another wallet."""
    PAID = "paid"
    """sha256(preimage) == payment hash, and the preimage is on disk."""
    REDEEM_RETRY = "paid, not delivered"
    """Paid; the server has not delivered yet. The same credential is used again."""
    ACTIVE = "active"
    """Paid and accepted by the server."""
    REJECTED = "rejected"
    """Paid and refused by the server. Kept as evidence."""
    FAILED = "failed"
    """The wallet says for certain that nothing was paid."""
    RELEASED = "released"
    """Given up before anything was sent."""

    @property
    def open(self) -> bool:
        """Whether money may still move, or a paid request has not been delivered."""
        return self in _OPEN

    @property
    def holds_money(self) -> bool:
        """Whether it counts against the limits."""
        return self not in (IntentState.FAILED, IntentState.RELEASED)

    @property
    def proven(self) -> bool:
        """Whether the preimage is known."""
        return self in _PROVEN


_PROVEN = frozenset(
    {IntentState.PAID, IntentState.REDEEM_RETRY, IntentState.ACTIVE, IntentState.REJECTED}
)
_OPEN = frozenset(
    {
        IntentState.RESERVED,
        IntentState.SENDING,
        IntentState.IN_FLIGHT,
        IntentState.UNKNOWN,
        IntentState.PAID,
        IntentState.REDEEM_RETRY,
    }
)


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
    challenge: bytes = b""
    """The raw header values, one a line, as evidence."""
    preimage: Secret | None = None
    fee: Msat | None = None
    """What routing cost in the end."""
    reason: str = ""
    """Why it is in this state, in a sentence that is safe to show."""
    updated: float = 0.0

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
