"""How does a test watch a wallet pay?

The rule: to the end, or until the money is on its way and no further.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from l402tui.flow.events import PaymentProgressed, WalletEvent
from l402tui.wallets.lnd import LndWallet

from .lnd_client import Invoice
from .node import Node
from .payer import intent_to_pay


async def said(stream: AsyncIterator[WalletEvent]) -> list[WalletEvent]:
    """What the wallet says, to the end."""
    return [event async for event in stream]


async def result(stream: AsyncIterator[WalletEvent]) -> WalletEvent:
    """The last thing the wallet says; everything before is progress."""
    *before, last = await said(stream)
    assert all(isinstance(event, PaymentProgressed) for event in before)
    return last


async def held(wallet: LndWallet, alice: Node, bob: Node, invoice: Invoice) -> WalletEvent:
    """Pay a hold invoice until bob has the money on hold, then stop watching."""
    async with aclosing(wallet.pay(intent_to_pay(alice, invoice))) as events:
        first = await anext(events)
        await asyncio.to_thread(bob.client.wait_for_invoice, invoice.payment_hash, "ACCEPTED")
    return first
