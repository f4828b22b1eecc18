"""Who pays, where a person learns how an external wallet goes?

``practice --pay INVOICE`` is that wallet: the practice node pays its own server's invoice with play
money of another account than the practice wallet's, and the preimage is printed, alone on stdout.
The same invoice again prints the same preimage and pays nothing.
"""

from __future__ import annotations

import sys
import time

from l402tui.cli.exits import Exit
from l402tui.cli.ink import Pen
from l402tui.cli.running import until_interrupted
from l402tui.cli.trouble import Trouble
from l402tui.flow.events import PaymentFailed, PaymentSettled, PaymentUnknown, WalletEvent
from l402tui.flow.model import Intent, IntentState, Request
from l402tui.protocol.amount import Msat, format_msat, sat
from l402tui.protocol.errors import InvoiceError
from l402tui.protocol.invoice import Invoice, strip_uri
from l402tui.protocol.network import Network
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import shown
from l402tui.protocol.url import Url
from l402tui.wallets.practice import PracticeWallet

__all__ = ["pay"]

_PAYER = "somebody elsewhere"
_FEE_CAP = sat(10)
_MOST = 10_000


def pay(given: str, port: int) -> Exit:
    """Pay the invoice (``-``: the one on stdin) at the practice server on that port. Raises
    Trouble."""
    text = sys.stdin.read(_MOST) if given == "-" else given
    try:
        invoice = Invoice.decode(strip_uri(text))
    except InvoiceError as error:
        raise Trouble(Exit.USAGE, f"--pay: this is no invoice: {error}.") from None
    if invoice.network is not Network.REGTEST:
        raise Trouble(
            Exit.USAGE,
            f"--pay: this invoice is for {invoice.network.word}, with a real payee. Play money "
            "pays only what a practice server asks for. Nothing was paid.",
        )
    last: list[WalletEvent] = []
    if not until_interrupted(_ask(invoice, port, last)):
        Pen().words("\nStopped. It was play money.")
        return Exit.STOPPED
    return _told(invoice, last[-1])


async def _ask(invoice: Invoice, port: int, said: list[WalletEvent]) -> None:
    server = Url.parse(f"http://127.0.0.1:{port}")
    wallet = PracticeWallet(server.origin, payer=_PAYER)
    try:
        if not (await wallet.facts()).ready:
            raise Trouble(
                Exit.UNREACHABLE,
                f"No practice server answers at {server.origin}. Start one with `l402tui practice "
                f"--port {port}`, or name the port of the one that runs: --port. Nothing was paid.",
            )
        async for event in wallet.pay(_intent(invoice, server)):
            said.append(event)
    finally:
        await wallet.close()


def _intent(invoice: Invoice, server: Url) -> Intent:
    """What a wallet is asked for. There is no credential here, and no vault."""
    return Intent(
        payment_hash=invoice.payment_hash,
        state=IntentState.SENDING,
        request=Request(server),
        scheme="L402",
        token=Secret(""),
        invoice=invoice.text,
        amount=invoice.amount or Msat(0),
        fee_cap=_FEE_CAP,
        wallet="practice:-",
        created=time.time(),
        expires=float(invoice.expires_at),
    )


def _told(invoice: Invoice, last: WalletEvent) -> Exit:
    match last:
        case PaymentSettled(preimage=preimage):
            amount = shown(format_msat(invoice.amount or Msat(0)))
            Pen().words(f"Paid {amount} of play money. This is the preimage, the proof of it:")
            print(preimage.reveal().hex(), flush=True)
            return Exit.OK
        case PaymentFailed(why=why):
            raise Trouble(Exit.NOT_PAID, f"{why} Nothing was paid.")
        case PaymentUnknown(why=why):
            raise Trouble(Exit.UNSETTLED, f"{why} The same command again asks how it stands.")
    raise Trouble(Exit.UNSETTLED, "The practice node said nothing. Run the same command again.")
