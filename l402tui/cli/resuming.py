"""Which payment is to be followed to its end, and with which wallet?

``payments resume HASH`` runs as ``get`` does, with the request and the wallet of that payment. A
request that may have reached the server, and must not be sent twice, is sent again only after a
person at the terminal has said so.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from l402tui.cli.arguments import Options
from l402tui.cli.exits import Exit
from l402tui.cli.ink import Ink, Pen, wrapped
from l402tui.cli.terminal import Terminal
from l402tui.cli.trouble import Trouble
from l402tui.flow.model import Intent, IntentState, Request
from l402tui.flow.ports import Vault
from l402tui.protocol.amount import format_msat
from l402tui.protocol.masking import shown_url
from l402tui.protocol.text import Shown, say, shown
from l402tui.settings import Settings

__all__ = ["Errand", "chosen", "resumed"]

LEAST_DIGITS: Final = 6
"""Hex digits by which a payment may be named."""
_AGAIN: Final = "send again"


@dataclass(frozen=True, slots=True)
class Errand:
    """What a flow of the command line is to do."""

    request: Request
    follow: bytes | None = None
    """The hash of the payment to follow."""
    resend: bool = False
    wallet: str | None = None
    """The one it was given to, by name."""


def chosen(vault: Vault, digits: str) -> Intent:
    """The one payment whose hash begins so. Raises Trouble."""
    if len(digits) < LEAST_DIGITS:
        raise Trouble(
            Exit.USAGE,
            f"{shown(digits, 70)}: give at least {LEAST_DIGITS} digits of the payment hash.",
        )
    try:
        found = vault.alike(digits)
    except ValueError:
        raise Trouble(
            Exit.USAGE,
            f"{shown(digits, 70)} is no payment hash: that is up to 64 hex digits, as "
            "`l402tui payments` lists them.",
        ) from None
    if len(found) > 1:
        raise Trouble(
            Exit.USAGE, f"More than one payment hash begins with {digits}: give more digits."
        )
    if not found:
        raise Trouble(
            Exit.USAGE,
            f"No payment here has a hash that begins with {digits}. `l402tui payments --all` lists "
            "them. If the vault is an older copy: bring the newer one back, it holds the token.",
        )
    return found[0]


def resumed(settings: Settings, options: Options, pen: Pen) -> Errand:
    """The errand of ``payments resume``. Raises Trouble and VaultError."""
    from l402tui.vault import SqliteVault

    with SqliteVault.open(settings.home, keyring=settings.keyring) as vault:
        intent = chosen(vault, options.hash)
    request = intent.request
    line = say(
        "The payment of {} for {} {}: {}.",
        shown(format_msat(intent.amount)),
        shown(request.method),
        shown_url(request.url),
        Shown(intent.state.value),
    )
    pen.words(line.text, Ink.BOLD)
    unsure = intent.state is IntentState.REDEEMING and not request.repeatable
    resend = unsure and _may_send_again(intent)
    # What is proven needs no wallet: it is only handed in.
    wallet = "none" if intent.state.proven else intent.wallet.partition(":")[0]
    return Errand(request, intent.payment_hash, resend, options.wallet or wallet)


def _may_send_again(intent: Intent) -> bool:
    terminal = Terminal.open()
    if terminal is None:
        return False
    with terminal:
        columns, _ = terminal.size
        sentence = (
            f"This {shown(intent.request.method)} has left before, and its answer was lost: the "
            "server may have acted on it. To send it again costs nothing, and may do it twice."
        )
        terminal.write(wrapped(sentence, min(columns, 100)))
        typed = asyncio.run(terminal.ask(f"Type {_AGAIN} to do that, anything else to stop: "))
    return typed.lower() == _AGAIN
