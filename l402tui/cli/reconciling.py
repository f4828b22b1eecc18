"""What was paid that this vault does not know?

After an older copy of the vault was put back, the wallet is asked for everything it has paid since
the newest payment that the copy knows, and what the copy does not know is shown. A wallet that
cannot tell leaves it to a person, who looks there and says so. Until one of the two has happened
nothing is paid without a person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from l402tui.cli.exits import Exit
from l402tui.cli.ink import Ink, Pen
from l402tui.cli.terminal import Terminal
from l402tui.cli.trouble import Trouble
from l402tui.flow.endings import handle
from l402tui.flow.model import Intent
from l402tui.flow.ports import Vault, Wallet
from l402tui.flow.restored import CannotTell, Reconciled, Sent, Teller, reconcile
from l402tui.protocol.amount import format_msat
from l402tui.protocol.caveats import format_time
from l402tui.protocol.text import shown
from l402tui.settings import Settings
from l402tui.wiring import open_session

__all__ = ["reconciled"]

_MARGIN: Final = 3_600.0
"""Seconds before the newest known payment from which on the wallet is asked: clocks differ."""
_WORDS: Final = "i have looked"
_MOST: Final = 200
"""Payments that are listed by themselves."""


def reconciled(settings: Settings, wallet: str | None) -> Exit:
    """Run ``payments reconcile``. Raises Trouble, SettingsError and VaultError."""
    return asyncio.run(_reconcile(settings, wallet))


async def _reconcile(settings: Settings, wallet: str | None) -> Exit:
    pen = Pen()
    name = wallet or settings.wallet
    if name != "lnd":
        async with open_session(settings, "none") as session:
            return await _by_a_person(session.vault, pen, "This wallet cannot list what it paid.")
    async with open_session(settings, name) as session:
        vault, node = session.vault, _teller(session.wallet)
        missing, payments = vault.behind(), vault.payments(every=True)
        since = vault.missing_since() - _MARGIN
        await _same_node(session.wallet, payments)
        try:
            sent = await node.paid_since(max(0.0, since))
        except CannotTell as error:
            return await _by_a_person(vault, pen, error.why.text)
        found = reconcile(sent, vault.intent)
        for line in _told(found, since):
            pen.words(line)
        if len(found.unattributed) < missing:
            some = len(found.unattributed)
            why = f"The node knows {some} payments that this vault does not, and more are missing."
            return await _by_a_person(vault, pen, why if some else "The node knows none of them.")
        vault.reconciled()
    if missing:
        pen.words("It is noted that this was looked at: from now on --yes pays again.")
    return Exit.OK


async def _same_node(wallet: Wallet | None, payments: Sequence[Intent]) -> None:
    """Another node's list would say nothing about these payments. Raises Trouble."""
    known = {each.wallet for each in payments if each.wallet.startswith("lnd:")}
    facts = await wallet.facts() if wallet is not None else None
    if facts is None or facts.node_id is None or not known or facts.identity in known:
        return
    raise Trouble(
        Exit.USAGE,
        f"This is node {shown(facts.node_id.hex())}, and the payments here were made by another "
        "one. Ask that one. Nothing was changed.",
    )


def _teller(wallet: object) -> Teller:
    if not isinstance(wallet, Teller):
        raise TypeError("the LND wallet lists its payments")
    return wallet


def _told(found: Reconciled, since: float) -> Iterator[str]:
    begun = f"Since {format_time(max(0, int(since)))} the wallet has paid, or begun to pay, "
    total = found.known + len(found.unattributed)
    yield f"{begun}{total} times; this vault knows {found.known} of them."
    for intent in found.open:
        yield (
            f"Not finished here: {handle(intent.payment_hash)}. To follow it: l402tui payments "
            f"resume {handle(intent.payment_hash)}"
        )
    for sent in found.unattributed[:_MOST]:
        yield f"  {_row(sent)}"
    if len(found.unattributed) > _MOST:
        yield f"  and {len(found.unattributed) - _MOST} more"
    if found.unattributed:
        yield (
            f"These come to {format_msat(found.missing)}, fees included. They may be payments of "
            "other programs, or of this one after the copy was made: then their credentials are "
            "gone with the newer vault. The limits do not count them. No money was spent now."
        )


def _row(sent: Sent) -> str:
    state = "paid" if sent.settled else "under way"
    return (
        f"{sent.payment_hash.hex()}  {format_time(int(sent.at))}  "
        f"{format_msat(sent.amount)} + {format_msat(sent.fee)} fee  {state}"
    )


async def _by_a_person(vault: Vault, pen: Pen, why: str) -> Exit:
    """Somebody looks in the wallet by hand. Raises Trouble where nobody is there."""
    missing = vault.behind()
    if not missing:
        pen.words(f"{why} No payment is missing in this vault, as far as it can tell.")
        return Exit.OK
    since = int(vault.missing_since())
    words = "1 payment is" if missing == 1 else f"{missing} payments are"
    pen.words(
        f"{why} {words} missing in this vault. Look in your wallet what it has paid since "
        f"{format_time(since)}: that was paid, whether its credential is here or not.",
        Ink.WARN,
    )
    terminal = Terminal.open()
    if terminal is None:
        raise Trouble(Exit.USAGE, "There is no terminal to say on that you have. Nothing changed.")
    with terminal:
        typed = await terminal.ask(f"Type: {_WORDS} - when you have, anything else to stop: ")
    if typed.lower() != _WORDS:
        pen.words("Nothing was changed; --yes goes on asking for a person.")
        return Exit.DECLINED
    vault.reconciled()
    pen.words("It is noted. No money was spent.")
    return Exit.OK
