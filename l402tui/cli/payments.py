"""How do the payments stand, and what can be done about one of them?

``payments`` lists them; ``settle`` takes a preimage that only a person's wallet shows, and
``give-up`` frees the money of one that nobody can tell about. ``resume`` is a flow, and runs as
``get`` does (:mod:`~l402tui.cli.resuming`). A preimage is a secret: it comes from a file, from
stdin or from the terminal, and is no argument.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

from l402tui.cli.arguments import Options
from l402tui.cli.configure import configured
from l402tui.cli.exits import Exit
from l402tui.cli.ink import Pen, wrapped
from l402tui.cli.resuming import chosen
from l402tui.cli.terminal import Terminal
from l402tui.cli.trouble import Trouble
from l402tui.flow.aftermath import Aftermath, Question, Refusal
from l402tui.flow.endings import handle
from l402tui.flow.model import Intent, IntentState, Money
from l402tui.flow.ports import Vault
from l402tui.flow.prospects import Prospect, prospect
from l402tui.protocol.amount import format_msat
from l402tui.protocol.credential import read_preimage
from l402tui.protocol.errors import CredentialError
from l402tui.protocol.masking import masked_url, shown_url
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import say, shown
from l402tui.settings import Settings
from l402tui.vault import SqliteVault
from l402tui.wiring import SystemClock, open_session

__all__ = ["payments"]

T = TypeVar("T")

_HEAD: Final = ("Payment", "Age", "State", "Amount", "Fee", "For")
_MOST: Final = 1_000
"""Characters that a file with a preimage may have."""
_GIVE_UP: Final = "give up"
_EXITS: Final = {
    Money.NONE: Exit.NOT_PAID,
    Money.PERHAPS: Exit.UNSETTLED,
    Money.SPENT: Exit.UNDELIVERED,
    Money.EARLIER: Exit.UNDELIVERED,
}


def payments(options: Options) -> Exit:
    """Run ``payments`` without a deed, ``settle`` or ``give-up``."""
    settings = configured(options)
    match options.deed:
        case "settle":
            return _settle(settings, options)
        case "reconcile":
            from l402tui.cli.reconciling import reconciled

            return reconciled(settings, options.wallet)
        case "give-up":
            return asyncio.run(_give_up(settings, options))
        case _:
            return _list(settings, options)


# --- the list ----------------------------------------------------------------------------------


def _list(settings: Settings, options: Options) -> Exit:
    with SqliteVault.open(settings.home, keyring=settings.keyring) as vault:
        found = vault.payments(every=options.all)
        missing = vault.behind()
        logged = vault if options.json else None
        now = time.time()
        rows = ((intent, prospect(intent, now)) for intent in found)
        if logged is not None:
            for intent, outlook in rows:
                print(json.dumps(_as_json(logged, intent, outlook), ensure_ascii=True))
            return Exit.OK
    if missing:
        print(
            f"This vault is an older copy of itself: {missing} of its payments are not in it. "
            "What was paid since: l402tui payments reconcile",
            file=sys.stderr,
        )
    if not found:
        more = "" if options.all else " payments --all lists what has ended."
        print(f"No payment is unfinished.{more}", file=sys.stderr)
        return Exit.OK
    for line in _table(list(rows)):
        print(line)
    return Exit.OK


def _table(rows: list[tuple[Intent, Prospect]]) -> Iterator[str]:
    cells = [_HEAD, *(_row(*row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(5)]
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000
    sentences = ["", *(outlook.next.text for _, outlook in rows)]
    for row, sentence in zip(cells, sentences, strict=True):
        line = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False))
        yield _shortened(f"{line}  {row[-1]}", columns)
        for part in wrapped(sentence, max(24, min(columns, 100) - 4)) if sentence else ():
            yield f"    {part}"


def _shortened(line: str, columns: int) -> str:
    return line if len(line) <= columns else f"{line[: columns - 1]}…"


def _row(intent: Intent, outlook: Prospect) -> tuple[str, ...]:
    fee = format_msat(intent.fee) if intent.fee is not None else f"≤ {format_msat(intent.fee_cap)}"
    if intent.external and intent.fee is None:
        fee = "not known"
    return (
        handle(intent.payment_hash).text,
        outlook.age.text,
        outlook.state.value,
        format_msat(intent.amount),
        fee,
        say("{} {}", shown(intent.request.method), shown_url(intent.request.url, 300)).text,
    )


def _as_json(vault: Vault, intent: Intent, outlook: Prospect) -> dict[str, object]:
    end = intent.latest_end
    return {
        "payment_hash": intent.payment_hash.hex(),
        "state": outlook.state.value,
        "money": outlook.money.name.lower(),
        "amount_msat": intent.amount,
        "fee_msat": intent.fee,
        "fee_cap_msat": intent.fee_cap,
        "method": intent.request.method,
        "url": masked_url(str(intent.request.url)),
        "wallet": intent.wallet,
        "created": intent.created,
        "sent": intent.sent,
        "expires": intent.expires,
        "updated": intent.updated,
        "ends_at_block": end.block if end else None,
        "ends_about": end.at if end else None,
        "reason": intent.reason,
        "next": outlook.next.text,
        "log": [
            {"at": line.at, "state": line.state.value, "reason": line.reason}
            for line in vault.log(intent.payment_hash)
        ],
    }


# --- a preimage --------------------------------------------------------------------------------


def _settle(settings: Settings, options: Options) -> Exit:
    pen = Pen()
    with SqliteVault.open(settings.home, keyring=settings.keyring) as vault:
        intent = chosen(vault, options.hash)
        if intent.state is IntentState.RELEASED:
            raise Trouble(
                Exit.USAGE, "Nothing was ever sent for this payment, so it has no preimage."
            )
        preimage = _preimage(options.preimage_file)
        try:
            held = Aftermath(vault, SystemClock()).settle(intent, preimage)
        except ValueError as error:
            raise Trouble(
                Exit.REFUSED, f"Not taken: {error}. Nothing was changed, and nothing was paid."
            ) from None
    pen.words(
        f"The preimage is right: {format_msat(held.amount)} were paid. The credential is kept. "
        "Money was spent earlier, none now. To fetch what was bought: "
        f"l402tui payments resume {handle(intent.payment_hash)}"
    )
    return Exit.OK


def _preimage(source: str | None) -> Secret:
    """From the file, from stdin (``-``), or from the terminal. Raises Trouble."""
    if source is None:
        typed = _at_terminal(_ask_preimage, "Give the preimage in a file: --preimage-file FILE|-")
    else:
        typed = _read(source)
    try:
        return read_preimage(typed)
    except CredentialError as error:
        raise Trouble(
            Exit.USAGE, f"This is no preimage: {error.why}. Nothing was changed."
        ) from None


def _read(source: str) -> str:
    try:
        if source == "-":
            return sys.stdin.read(_MOST)
        with Path(source).open(encoding="ascii", errors="replace") as file:
            return file.read(_MOST)
    except OSError as error:
        why = shown(error.strerror or "it cannot be read")
        raise Trouble(
            Exit.USAGE, f"--preimage-file {shown(source, 200)}: {why}. Nothing was changed."
        ) from None


async def _ask_preimage(terminal: Terminal) -> str:
    return await terminal.ask("Preimage (64 hex digits; nothing appears): ", hidden=True)


def _at_terminal(ask: Callable[[Terminal], Coroutine[Any, Any, T]], without: str) -> T:
    terminal = Terminal.open()
    if terminal is None:
        raise Trouble(Exit.DECLINED, f"Nobody can be asked: there is no terminal. {without}")
    with terminal:
        return asyncio.run(ask(terminal))


# --- giving up ---------------------------------------------------------------------------------


async def _give_up(settings: Settings, options: Options) -> Exit:
    pen = Pen()
    with SqliteVault.open(settings.home, keyring=settings.keyring) as vault:
        intent = chosen(vault, options.hash)
    wallet = _wallet_for(intent, options)
    async with open_session(settings, wallet, receive=None, url=intent.request.url) as session:
        aftermath = Aftermath(session.vault, session.clock, session.wallet)
        answer = await aftermath.ask_before_giving_up(intent)
        if isinstance(answer, Refusal):
            pen.words(f"Not given up. {answer.why} {answer.money.value}")
            return _EXITS[answer.money]
        if not await _confirmed(intent, answer, pen):
            pen.words("Not given up; it stays as it is. Nothing was paid now.")
            return Exit.DECLINED
        after = aftermath.give_up(intent)
    if after.state.holds_money:
        pen.words(f"Not given up: meanwhile it is {after.state.value}.")
        return Exit.UNSETTLED
    known = "Whether it was ever paid, nobody here can say."
    if after.state is IntentState.RELEASED:
        known = Money.NONE.value
    pen.words(
        f"Given up: {format_msat(intent.amount)} are free again. {known} That is written down, and "
        "the payment is kept: a preimage can still be brought."
    )
    return Exit.OK


def _wallet_for(intent: Intent, options: Options) -> str:
    """Who can be asked; nobody, where no wallet has seen it, or only a person's own."""
    if options.no_pay or intent.external or not intent.state.moving:
        return "none"
    return options.wallet or intent.wallet.partition(":")[0]


async def _confirmed(intent: Intent, question: Question, pen: Pen) -> bool:
    terminal = Terminal.open()
    if terminal is None:
        pen.words("Nobody can be asked: there is no terminal.")
        return False
    with terminal:
        columns, _ = terminal.size
        request = say("{} {}", shown(intent.request.method), shown_url(intent.request.url, 300))
        first = f"Give up the payment of {format_msat(intent.amount)} for {request}?"
        for sentence in (first, question.losses.text):
            terminal.write(wrapped(sentence, min(columns, 100)))
        typed = await terminal.ask(f"Type {_GIVE_UP} to do it, anything else to stop: ")
    return typed.lower() == _GIVE_UP
