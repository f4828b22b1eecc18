"""Who takes the money and hands out the preimage, when there is no Lightning network?

:class:`PracticeNode` is both ends of a payment: it writes the invoices of the practice server, and
it is the node behind the practice wallet, with a balance and a payment list for every payer.
It answers as an LND node does: a payment is IN_FLIGHT, then SUCCEEDED or FAILED; the same invoice
is never paid twice; an invoice that has expired is refused before anything else is looked at.
Turn its knobs (:attr:`~PracticeNode.delay`, ``hold``, ``failure``, ``fee``) to see the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from l402tui.flow.ports import Clock
from l402tui.practice.clock import SystemClock
from l402tui.practice.invoices import (
    DEMO_SEED,
    PracticeInvoice,
    derive,
    public_key,
    signed_invoice,
)
from l402tui.protocol.amount import Msat, sat
from l402tui.protocol.secret import Secret

__all__ = [
    "BALANCE",
    "FEE",
    "YOU",
    "Failure",
    "NodeRefusal",
    "Payment",
    "PracticeNode",
    "Refusal",
    "Status",
]

YOU: Final = "you"
"""The payer's name where none is given."""
BALANCE: Final = sat(50_000)
FEE: Final = sat(1)


class Status(Enum):
    """How a payment stands."""

    IN_FLIGHT = "IN_FLIGHT"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class Failure(Enum):
    """Why a payment failed for good."""

    NO_ROUTE = "NO_ROUTE"
    INSUFFICIENT_BALANCE = "INSUFFICIENT_BALANCE"
    INCORRECT_PAYMENT_DETAILS = "INCORRECT_PAYMENT_DETAILS"
    CANCELED = "CANCELED"


class Refusal(Enum):
    """Why the node did not begin, or has nothing to tell."""

    UNKNOWN_INVOICE = "this invoice is not one of the practice node"
    EXPIRED = "invoice expired"
    ALREADY_PAID = "invoice is already paid"
    IN_TRANSITION = "payment is in transition"
    NOT_FOUND = "payment isn't initiated"


class NodeRefusal(Exception):
    """The node said no; :attr:`refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment as the node tells it."""

    payment_hash: bytes
    status: Status
    amount: Msat
    fee: Msat
    created: float
    preimage: Secret | None = None
    failure: Failure | None = None

    @property
    def final(self) -> bool:
        """Whether it can no longer change."""
        return self.status is not Status.IN_FLIGHT


class _Account:
    """One payer: what is left and what was paid."""

    def __init__(self, balance: Msat) -> None:
        self.balance = balance
        self.payments: dict[bytes, _Live] = {}


class _Live:
    """A payment and those who watch it."""

    def __init__(self, payment: Payment) -> None:
        self.payment = payment
        self.changed = asyncio.Event()
        self.released = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.failure: Failure | None = None
        """How it ends when it is released."""
        self.task: asyncio.Task[None] | None = None


class PracticeNode:
    """A Lightning node that exists only in this process. All amounts are msat.

    With the same ``seed`` (32 bytes) and the same ``clock``, everything it writes is the same.
    ``balance`` is what each payer begins with, ``fee`` the routing fee of every payment.
    """

    def __init__(
        self,
        seed: bytes = DEMO_SEED,
        *,
        clock: Clock | None = None,
        balance: Msat = BALANCE,
        fee: Msat = FEE,
    ) -> None:
        self.seed = seed
        self.clock: Clock = clock or SystemClock()
        self.node_id = public_key(derive(seed, "node key"))
        """The payee's public key, 33 bytes: whoever checks an invoice's signature finds it."""
        self.fee = fee
        self.delay = 0.0
        """Seconds a payment takes."""
        self.hold = False
        """A payment stays in flight until :meth:`settle` or :meth:`cancel`."""
        self.failure: Failure | None = None
        """How every payment ends, if not well."""
        self._balance = balance
        self._accounts: dict[str, _Account] = {}
        self._invoices: dict[str, PracticeInvoice] = {}
        self._settled: dict[bytes, str] = {}
        self._closed = False

    # The payee's side.

    def invoice(
        self, amount: Msat, description: str, *, expiry: int = 3600, age: int = 0
    ) -> PracticeInvoice:
        """Write an invoice over ``amount`` msat, as if ``age`` seconds ago, good for ``expiry``
        seconds."""
        created = int(self.clock.now()) - age
        number = len(self._invoices)
        made = signed_invoice(
            self.seed, number, amount, description, created=created, expiry=expiry
        )
        self._invoices[made.text] = made
        return made

    def settled(self, payment_hash: bytes) -> bool:
        """Whether the invoice with this hash has been paid."""
        return payment_hash in self._settled

    # The payer's side.

    def payer_id(self, payer: str = YOU) -> bytes:
        """The public key (33 bytes) of this payer's own node."""
        return public_key(derive(self.seed, "payer key", payer))

    def balance(self, payer: str = YOU) -> Msat:
        """What this payer can still spend."""
        return self._account(payer).balance

    def payments(self, payer: str = YOU) -> tuple[Payment, ...]:
        """Every payment of this payer, oldest first."""
        return tuple(live.payment for live in self._account(payer).payments.values())

    def send(self, invoice: str, fee_cap: Msat, payer: str = YOU) -> Payment:
        """Begin to pay; :meth:`follow` tells how it goes on. Whoever asks may leave: the payment
        goes on. Raises NodeRefusal where nothing was begun. Needs a running event loop.
        """
        wanted = self._invoices.get(invoice.lower())
        if wanted is None:
            raise NodeRefusal(Refusal.UNKNOWN_INVOICE)
        if wanted.expires <= self.clock.now():
            raise NodeRefusal(Refusal.EXPIRED)
        account = self._account(payer)
        earlier = account.payments.get(wanted.payment_hash)
        if earlier and earlier.payment.status is Status.SUCCEEDED:
            raise NodeRefusal(Refusal.ALREADY_PAID)
        if earlier and earlier.payment.status is Status.IN_FLIGHT:
            raise NodeRefusal(Refusal.IN_TRANSITION)
        payment = Payment(
            wanted.payment_hash, Status.IN_FLIGHT, wanted.amount, self.fee, self.clock.now()
        )
        failure = self._verdict(payment, fee_cap, account)
        if failure is None:
            account.balance = Msat(account.balance - payment.amount - payment.fee)
        live = _Live(payment)
        account.payments[payment.payment_hash] = live
        live.task = asyncio.create_task(self._carry(live, wanted, payer, failure))
        return payment

    def follow(self, payment_hash: bytes, payer: str = YOU) -> AsyncIterator[Payment]:
        """How this payment stands now, and every change until it is final. Ends early when the node
        is closed. Raises NodeRefusal where it was never begun."""
        live = self._account(payer).payments.get(payment_hash)
        if live is None:
            raise NodeRefusal(Refusal.NOT_FOUND)
        return self._news(live)

    # The knobs that act on a payment under way; they may be turned from another thread.

    def settle(self, payment_hash: bytes, payer: str = YOU) -> None:
        """Let a held payment arrive."""
        self._release(payment_hash, payer, None)

    def cancel(self, payment_hash: bytes, payer: str = YOU) -> None:
        """Let a held payment come back."""
        self._release(payment_hash, payer, Failure.CANCELED)

    def close(self) -> None:
        """Stop; what is in flight stays so."""
        self._closed = True
        for account in self._accounts.values():
            for live in account.payments.values():
                if live.task is not None:
                    live.task.cancel()
                live.changed.set()

    def _account(self, payer: str) -> _Account:
        return self._accounts.setdefault(payer, _Account(self._balance))

    def _verdict(self, payment: Payment, fee_cap: Msat, account: _Account) -> Failure | None:
        if self.failure is not None:
            return self.failure
        if payment.amount + payment.fee > account.balance:
            return Failure.INSUFFICIENT_BALANCE
        if payment.fee > fee_cap:
            return Failure.NO_ROUTE
        return None

    async def _carry(
        self, live: _Live, wanted: PracticeInvoice, payer: str, failure: Failure | None
    ) -> None:
        reserved = failure is None
        if self.delay:
            await self.clock.sleep(self.delay)
        if reserved and self.hold:
            await live.released.wait()
            failure = live.failure
        if failure is None and self._settled.setdefault(wanted.payment_hash, payer) != payer:
            failure = Failure.INCORRECT_PAYMENT_DETAILS
        if failure is None:
            done = replace(live.payment, status=Status.SUCCEEDED, preimage=wanted.preimage)
        else:
            done = replace(live.payment, status=Status.FAILED, fee=Msat(0), failure=failure)
            if reserved:
                account = self._account(payer)
                account.balance = Msat(account.balance + wanted.amount + live.payment.fee)
        live.payment = done
        live.changed.set()

    async def _news(self, live: _Live) -> AsyncIterator[Payment]:
        first = live.payment
        yield first
        if not (first.final or self._closed):
            await live.changed.wait()
            if live.payment != first:
                yield live.payment

    def _release(self, payment_hash: bytes, payer: str, failure: Failure | None) -> None:
        live = self._account(payer).payments.get(payment_hash)
        if live is None:
            raise NodeRefusal(Refusal.NOT_FOUND)

        def let_go() -> None:
            live.failure = failure
            live.released.set()

        live.loop.call_soon_threadsafe(let_go)
