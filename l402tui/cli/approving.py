"""Who says yes on the command line?

A person at the terminal, who sees everything that matters first and types the word; or ``--yes``,
which approves only what no check wants a person to look at. Where neither can, the answer is no.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from l402tui.cli.ink import Ink, Pen, wrapped
from l402tui.cli.lines import finding_lines
from l402tui.cli.terminal import Terminal
from l402tui.flow.checks.invoice import BLOCK_TIME
from l402tui.flow.endings import lasting
from l402tui.flow.events import Approved, Declined
from l402tui.flow.findings import Finding, Severity
from l402tui.flow.model import Intent, Quote
from l402tui.protocol import qr
from l402tui.protocol.amount import format_msat
from l402tui.protocol.credential import preimage_matches, read_preimage
from l402tui.protocol.errors import CredentialError
from l402tui.protocol.masking import shown_url
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
    "Paste the preimage that your wallet shows (64 hex digits; nothing appears while you type).",
    "Type: not paid - if you did not and will not pay it.",
    "Enter alone stops: the same command asks again later.",
)
_PAY = "Pay this?", "Type yes to pay, anything else to stop: "
_SHOW = "Show the invoice?", "Type yes to see it, anything else to stop: "
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
        title, question = _PAY if quote.wallet.proves_payment else _SHOW
        terminal.write(_question(pen, title, quote, findings))
        typed = await terminal.ask(question)
        if typed.lower() == "yes":
            return Approved(quote.digest, say("you, at the terminal"))
        return Declined(say("You did not type yes."))


def _question(pen: Pen, title: str, quote: Quote, findings: Sequence[Finding]) -> Iterator[str]:
    def row(label: str, value: Shown, ink: Ink = Ink.PLAIN) -> Iterator[str]:
        first, *more = wrapped(value.text, max(24, pen.width - 17))
        yield f"  {label:<13} {pen.dye(ink, first)}"
        for line in more:
            yield f"  {'':<13} {pen.dye(ink, line)}"

    amount = shown(format_msat(quote.amount))
    fee = say("at most {}", shown(format_msat(quote.fee_cap)))
    if not quote.wallet.proves_payment:
        fee = say("up to your wallet: nothing here can limit it")
    money = "real money" if quote.wallet.real_money else "play money"
    left = max(0, int(quote.expires - time.time()))
    request = quote.request
    yield ""
    yield pen.dye(Ink.PLACE, f" {title} ".center(pen.width, "─"))
    yield from row("amount", say("{} ({})", amount, Shown(money)), Ink.BOLD)
    yield from row("routing fee", fee)
    if quote.wallet.longest_lock is not None:
        about = lasting(quote.wallet.longest_lock * BLOCK_TIME)
        lock = say("at most {} blocks (about {})", quote.wallet.longest_lock, about)
        yield from row("if it sticks", lock, Ink.PLAIN)
    yield from row("for", say("{} {}", shown(request.method), shown_url(request.url, 500)))
    yield from row("to node", shown(quote.payee.hex()))
    yield from row("payment hash", shown(quote.payment_hash.hex()))
    yield from row("wallet", shown(quote.wallet.name))
    yield from row("good for", say("{} min", left // 60) if left >= 60 else say("{} s", left))
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
    order = list(Severity)
    worst_first = sorted(worth, key=lambda found: -order.index(found.severity))
    yield from finding_lines(pen, worst_first, "    ")
    yield ""


async def show_invoice(terminal: Terminal, intent: Intent) -> Secret | NotPaid | None:
    """Show an invoice for a wallet elsewhere, and take the preimage. None: the person stops."""
    terminal.write(_bill(terminal, intent))
    while True:
        columns, _ = terminal.size
        for sentence in _PREIMAGE:
            terminal.write(wrapped(sentence, min(columns, 100)))
        typed = await terminal.ask("Preimage: ", hidden=True)
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
        yield from wrapped(
            f"(The QR code needs {wide} columns, this terminal has {columns}.)", columns
        )
    yield ""
    yield f"  {format_msat(intent.amount)}, payment hash {intent.payment_hash.hex()}"
    yield ""
    yield f"lightning:{intent.invoice}"
    yield ""
