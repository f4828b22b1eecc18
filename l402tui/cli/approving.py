"""Who says yes on the command line?

A person at the terminal, who sees everything that matters first and types the word; or ``--yes``,
which approves only what no check wants a person to look at. Where neither can, the answer is no.
"""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator, Sequence

from l402tui.cli.ink import Ink, Pen
from l402tui.cli.lines import finding_lines
from l402tui.cli.terminal import Terminal
from l402tui.flow.events import Approved, Declined
from l402tui.flow.findings import Finding, Severity
from l402tui.flow.model import Intent, Quote
from l402tui.protocol import qr
from l402tui.protocol.amount import format_msat
from l402tui.protocol.credential import preimage_matches, read_preimage
from l402tui.protocol.errors import CredentialError
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.wiring import NotPaid

__all__ = ["AskPerson", "YesOption", "show_invoice"]

_MILD = (Severity.PASS, Severity.INFO, Severity.WARN)
_NO_TERMINAL = (
    "There is no terminal to ask on. With --yes a bill is paid where no check wants a person to "
    "look at it, within --max-cost and --max-fee."
)
_NO_SCREEN = (
    "An external wallet needs a terminal to show the invoice on, and there is none. "
    "Use --wallet lnd, or run this in a terminal."
)
_NOT_PAID = "not paid"
_PREIMAGE = (
    "Paste the preimage that your wallet shows (64 hex digits; nothing appears while you type).\n"
    "Type: not paid - if you did not and will not pay it. Enter alone stops: the same command\n"
    "asks again later.\nPreimage: "
)
_BLACK_ON_WHITE = "\x1b[30;107m"
_AS_BEFORE = "\x1b[0m"


class YesOption:
    """``--yes``: an approver without a person."""

    def __init__(self, terminal: Terminal | None) -> None:
        self._terminal = terminal

    async def approve(self, quote: Quote, findings: Sequence[Finding]) -> Approved | Declined:
        """Yes, unless a check asks for a person."""
        for found in findings:
            if found.severity not in _MILD:
                why = say(
                    "Check {}, {}, wants a person to look: {} --yes does not answer that; "
                    "run it in a terminal without --yes.",
                    Shown(found.check),
                    Shown(found.title),
                    found.sentence,
                )
                return Declined(why)
        if quote.wallet.name == "external" and self._terminal is None:
            return Declined(say(_NO_SCREEN))
        return Approved(quote.digest, say("--yes, within your limits"))


class AskPerson:
    """The question at the terminal."""

    def __init__(self, terminal: Terminal | None, *, plain: bool = False) -> None:
        self._terminal = terminal
        self._plain = plain

    async def approve(self, quote: Quote, findings: Sequence[Finding]) -> Approved | Declined:
        """Show everything, then wait for the word."""
        terminal = self._terminal
        if terminal is None:
            return Declined(say(_NO_TERMINAL))
        pen = Pen(terminal.out, plain=self._plain)
        terminal.write(_question(pen, quote, findings))
        typed = await terminal.ask("Type yes to pay, anything else to stop: ")
        if typed.lower() == "yes":
            return Approved(quote.digest, say("you, at the terminal"))
        return Declined(say("You did not type yes."))


def _question(pen: Pen, quote: Quote, findings: Sequence[Finding]) -> Iterator[str]:
    def row(label: str, value: Shown, ink: Ink = Ink.PLAIN) -> Iterator[str]:
        room = max(24, pen.width - 17)
        first, *more = textwrap.wrap(value.text, room, break_on_hyphens=False) or [""]
        yield f"  {label:<13} {pen.dye(ink, first)}"
        for line in more:
            yield f"  {'':<13} {pen.dye(ink, line)}"

    amount, fee = (shown(format_msat(msat)) for msat in (quote.amount, quote.fee_cap))
    money = "real money" if quote.wallet.real_money else "play money"
    left = max(0, int(quote.expires - time.time()))
    request = quote.request
    yield ""
    yield pen.dye(Ink.PLACE, " Pay this? ".center(pen.width, "─"))
    yield from row("amount", say("{} ({})", amount, Shown(money)), Ink.BOLD)
    yield from row("routing fee", say("at most {}", fee))
    yield from row("for", say("{} {}", shown(request.method), shown(str(request.url), 500)))
    yield from row("to node", shown(quote.payee.hex()))
    yield from row("payment hash", shown(quote.payment_hash.hex()))
    yield from row("wallet", shown(quote.wallet.name))
    yield from row("good for", say("{} seconds", left))
    yield from row("seller writes", say("“{}” (nobody has checked this)", quote.description))
    if not quote.wallet.proves_payment:
        yield from row(
            "afterwards",
            say("You need the preimage from your wallet. Some wallets do not show it: look first."),
            Ink.WARN,
        )
    worth = [found for found in findings if found.severity is not Severity.PASS]
    passed = len(findings) - len(worth)
    yield from row("checks", say("{} passed, {} to read", passed, len(worth)))
    yield from finding_lines(pen, worth, "    ")
    yield ""


async def show_invoice(terminal: Terminal, intent: Intent) -> Secret | NotPaid | None:
    """Show an invoice for a wallet elsewhere, and take the preimage. None: the person stops."""
    terminal.write(_bill(terminal, intent))
    while True:
        typed = await terminal.ask(_PREIMAGE, hidden=True)
        if not typed:
            return None
        if typed.lower() == _NOT_PAID:
            return NotPaid.SURE
        try:
            preimage = read_preimage(typed)
        except CredentialError as error:
            terminal.write([f"{error.why[:1].upper()}{error.why[1:]}; look again."])
            continue
        if preimage_matches(preimage, intent.payment_hash):
            return preimage
        terminal.write(["That is not the preimage of this invoice; look again."])


def _bill(terminal: Terminal, intent: Intent) -> Iterator[str]:
    yield ""
    columns, _ = terminal.size
    matrix = qr.encode(intent.invoice)
    wide, _ = qr.cells(matrix, qr.Style.HALF_BLOCKS)
    if wide <= columns:
        for row in qr.render(matrix, qr.Style.HALF_BLOCKS):
            yield f"{_BLACK_ON_WHITE}{row}{_AS_BEFORE}"
    else:
        yield f"(The QR code needs {wide} columns, this terminal has {columns}.)"
    yield ""
    yield f"  {format_msat(intent.amount)}, payment hash {intent.payment_hash.hex()}"
    yield ""
    yield f"lightning:{intent.invoice}"
    yield ""
