"""Which calls does the wallet make to an LND node, whatever the line between them?

:class:`LndCalls` names them; :class:`~.lnd_rpc.LndRpc` makes them over gRPC and
:class:`~.lnd_rest.LndRest` over REST. Both hand back the same plain things and raise the same
:class:`RpcFault`, so that what an answer means is said once, in :mod:`~.lnd_words`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

__all__ = [
    "ASK_SECONDS",
    "LIST_SECONDS",
    "NOT_LND",
    "Attempt",
    "Listed",
    "ListedState",
    "LndCalls",
    "NodeInfo",
    "Payment",
    "RpcFault",
]

ASK_SECONDS: Final = 10.0
"""How long a question may take, and how long a payment's stream may take to say its first word."""
LIST_SECONDS: Final = 60.0
"""How long one page of a list may take: the node looks through all payments it ever made."""
NOT_LND: Final = "NOT_LND"
"""The code of an answer that cannot have come from LND whole. None of gRPC's own."""


class RpcFault(Exception):
    """A call ended with an error. ``code`` is gRPC's name for it, ``details`` come from outside."""

    def __init__(self, code: str, details: str) -> None:
        super().__init__(code, details)
        self.code = code
        self.details = details


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """What the wallet reads of ``lnrpc.GetInfoResponse``."""

    pubkey: str
    """Hex, if the node says what it should."""
    alias: str
    synced: bool
    chains: tuple[tuple[str, str], ...]
    """Each a chain (``bitcoin``) and a network (``regtest``)."""
    height: int | None = None
    """Blocks of the chain that it knows."""


class Route(Protocol):
    """What is read of ``lnrpc.Route``."""

    @property
    def total_time_lock(self) -> int:
        """The block at which the first hop's lock runs out; 0 where it is not told."""


class Attempt(Protocol):
    """What is read of ``lnrpc.HTLCAttempt``."""

    @property
    def status(self) -> int:
        """0 in flight, 1 succeeded, 2 failed."""

    @property
    def route(self) -> Route:
        """The way it took."""


class Payment(Protocol):
    """What is read of ``lnrpc.Payment``. Enums are their numbers; one without a known number is
    below zero or its name."""

    @property
    def payment_hash(self) -> str:
        """Hex."""

    @property
    def payment_preimage(self) -> str:
        """Hex; 64 zeros as long as there is none."""

    @property
    def status(self) -> int:
        """``lnrpc.Payment.PaymentStatus``."""

    @property
    def failure_reason(self) -> int | str:
        """``lnrpc.PaymentFailureReason``."""

    @property
    def fee_msat(self) -> int | None:
        """What the route costs; None where it cannot be read."""

    @property
    def htlcs(self) -> Sequence[Attempt]:
        """One for each time a part was sent."""


class ListedState(Enum):
    """How a payment in a list stands."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    IN_FLIGHT = "in flight"


@dataclass(frozen=True, slots=True)
class Listed:
    """What is kept of a ``lnrpc.Payment`` in a list."""

    payment_hash: bytes
    amount_msat: int
    fee_msat: int
    created: int
    """Unix seconds; 0 where the node does not tell."""
    state: ListedState


class LndCalls(Protocol):
    """One connection to one node. Every method raises RpcFault, and sends a call once."""

    async def close(self) -> None:
        """Close the connection. Payments under way go on in the node."""

    async def info(self) -> NodeInfo:
        """Who the node is (GetInfo)."""

    async def balance(self) -> int:
        """What its channels hold on its own side, in msat (ChannelBalance)."""

    def send(
        self,
        invoice: str,
        *,
        fee_limit_msat: int,
        cltv_limit: int,
        search_seconds: int,
        patience: float,
    ) -> AsyncGenerator[Payment, None]:
        """Pay, and yield each state of the payment (SendPaymentV2).

        The amount is the invoice's own. No route locks money for more than ``cltv_limit`` blocks,
        the payee's own lock included (BOLT-2: ``cltv_expiry``). The node looks for routes for
        ``search_seconds``; after ``patience`` seconds the stream ends with DEADLINE_EXCEEDED.
        Ending the stream, in whatever way, does not end the payment. What is not named here is as
        LND has it where nothing is said: no payment to the node itself, none without an invoice's
        own hash (AMP), none that ends with its stream (``cancelable``).
        """

    def track(self, payment_hash: bytes, *, patience: float) -> AsyncGenerator[Payment, None]:
        """Follow a payment: its state now, then each change (TrackPaymentV2)."""

    async def payments(self, since: int) -> tuple[Listed, ...]:
        """What the node has begun to pay since ``since`` (unix seconds), oldest first, the failed
        ones included (ListPayments). All of it: what is too long is an RpcFault."""
