"""How is an invoice paid with a wallet this program cannot reach?

A face shows the invoice (as text and as a QR code), the person pays it with a phone, and brings
back the preimage as proof. :class:`ExternalWallet` asks for it until one fits or the person stops;
when they stop nobody knows whether they paid, and that is what it says. From a day after the
invoice's expiry on, stopping means that it was not paid: no seller takes it any more.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from enum import Enum
from typing import Final

from l402tui.flow.events import (
    PaymentFailed,
    PaymentProgressed,
    PaymentSettled,
    PaymentUnknown,
    WalletEvent,
)
from l402tui.flow.model import Intent, WalletFacts
from l402tui.protocol.credential import preimage_matches
from l402tui.protocol.network import Network
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import say

__all__ = ["GRACE", "ExternalWallet", "NotPaid", "Receive"]

GRACE: Final = 24 * 3600.0
"""Seconds after an invoice's expiry, for which a payment begun before may still arrive."""


class NotPaid(Enum):
    """What a person says instead of bringing a preimage. They are believed: nobody else knows."""

    SURE = "I did not pay, and I will not"


Receive = Callable[[Intent], Awaitable[Secret | NotPaid | None]]
"""Show the intent's invoice and wait for a preimage (32 bytes); None where the person stops."""


class ExternalWallet:
    """A wallet on another device, with a person between.

    ``network`` is the one its owner says it is on, or None where that is not known. How to read
    what a person typed: :func:`~l402tui.protocol.credential.read_preimage`.
    """

    def __init__(
        self,
        network: Network | None,
        receive: Receive,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._network = network
        self._receive = receive
        self._now = now

    async def facts(self) -> WalletFacts:
        """Nothing is known of its balance, and it proves nothing by itself."""
        return WalletFacts(
            name="external",
            network=self._network,
            real_money=self._network in (None, Network.MAINNET),
            proves_payment=False,
        )

    async def pay(self, intent: Intent) -> AsyncGenerator[WalletEvent, None]:
        """Ask for the preimage until it fits, or until the person stops."""
        yield PaymentProgressed(
            say("Pay the invoice with your wallet, then bring its preimage."), acknowledged=False
        )
        async for event in self._ask(intent):
            yield event

    async def track(self, intent: Intent) -> AsyncGenerator[WalletEvent, None]:
        """The same: only the person can find out, and the same invoice can be paid only once."""
        yield PaymentProgressed(
            say("If your wallet has paid this invoice, bring the preimage it shows."),
            acknowledged=False,
        )
        async for event in self._ask(intent):
            yield event

    async def close(self) -> None:
        """There is nothing to close."""

    async def _ask(self, intent: Intent) -> AsyncGenerator[WalletEvent, None]:
        while True:
            preimage = await self._receive(intent)
            if isinstance(preimage, NotPaid):
                why = say("You said that you did not pay this invoice.")
                yield PaymentFailed(why, by_person=True)
                return
            if preimage is None:
                yield self._stopped(intent)
                return
            if preimage_matches(preimage, intent.payment_hash):
                yield PaymentSettled(preimage)
                return
            yield PaymentProgressed(
                say("This is not the preimage of this invoice: its SHA-256 is another hash."),
                acknowledged=False,
            )

    def _stopped(self, intent: Intent) -> WalletEvent:
        if self._now() > intent.expires + GRACE:
            why = say("The invoice expired more than a day ago, and you brought no preimage.")
            return PaymentFailed(why, by_person=True)
        why = say("You stopped; whether you paid is not known. Bring the preimage later.")
        return PaymentUnknown(why, ask_again=False, by_person=True)
