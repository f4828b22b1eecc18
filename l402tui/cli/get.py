"""How is an address fetched, and paid for where it must be?

``get`` makes a new request, ``replay`` takes one of the history, and ``payments resume`` that of a
payment; what follows is the same.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

from l402tui.cli.approving import AskPerson, YesOption, show_invoice
from l402tui.cli.arguments import Options
from l402tui.cli.asked import asked
from l402tui.cli.body import Destination
from l402tui.cli.configure import configured
from l402tui.cli.exits import Exit, exit_of
from l402tui.cli.ink import Pen
from l402tui.cli.lines import Lines
from l402tui.cli.replay import remembered
from l402tui.cli.resuming import Errand, resumed
from l402tui.cli.running import follow, until_interrupted
from l402tui.cli.terminal import Terminal
from l402tui.cli.trouble import Mishap, Trouble, silence_stdout
from l402tui.flow.events import Event
from l402tui.flow.json_lines import json_line
from l402tui.flow.model import Intent, Money, Outcome, Request
from l402tui.flow.ports import Approver, VaultError
from l402tui.flow.seen import Seen
from l402tui.protocol.errors import DecodeError
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import shown
from l402tui.protocol.url import UrlError
from l402tui.settings import Settings, SettingsError
from l402tui.wiring import NotPaid, open_session

__all__ = ["get"]

_DELIVERED = (Outcome.FREE, Outcome.PAID, Outcome.REUSED)


def get(options: Options) -> Exit:
    """Run ``get``, ``replay`` or ``payments resume``.

    Raises what :func:`~l402tui.cli.trouble.told` explains.
    """
    settings, pen = configured(options), Pen(plain=options.plain)
    with Destination(options.output, resume=options.resume) as destination:
        code = _get(settings, options, destination, pen)
        left = destination.left()
        if left is not None:
            pen.words(left.text)
        return code


def _get(settings: Settings, options: Options, destination: Destination, pen: Pen) -> Exit:
    errand = _errand(settings, options, pen)
    _only_one_authorization(settings, options, errand.request)
    seen = Seen()
    flow = _flow(settings, options, errand, seen, _teller(options, pen), destination)
    try:
        if not until_interrupted(flow):
            return _stopped(seen, pen, options)
        return _delivered(seen, destination, pen, options)
    except KeyboardInterrupt:  # between the flow and the end of the program
        return _stopped(seen, pen, options)
    except BrokenPipeError:
        return _unheard(seen, pen)
    except (OSError, VaultError) as error:
        if seen.money is Money.NONE:
            raise
        raise Trouble(Exit.BROKEN, f"{shown(str(error), 1_000)} {seen.stopped()}") from None
    except Trouble:
        raise
    except Exception as error:
        if seen.money is Money.NONE and isinstance(error, SettingsError | UrlError | DecodeError):
            raise  # of the session, which could not be opened
        raise Mishap(seen.stopped()) from error


def _errand(settings: Settings, options: Options, pen: Pen) -> Errand:
    match options.command:
        case "payments":
            return resumed(settings, options, pen)
        case "replay":
            return Errand(remembered(settings, options, pen))
        case _:
            return Errand(asked(options))


def _only_one_authorization(settings: Settings, options: Options, request: Request) -> None:
    """A credential has a header of its own, and there is only one of it. Raises Trouble."""
    if not any(name.lower() == "authorization" for name, _ in request.headers):
        return
    if not options.no_pay:
        raise Trouble(
            Exit.USAGE,
            "The request has an Authorization header, and what is paid for goes into the very "
            "same one. Leave it out, or look without paying: --no-pay. Nothing was sent.",
        )
    from l402tui.vault import SqliteVault

    with SqliteVault.open(settings.home, keyring=settings.keyring) as vault:
        held = vault.credentials(request) or vault.unfinished(request)
    if held:
        raise Trouble(
            Exit.USAGE,
            "The request has an Authorization header, and a paid credential is kept that would go "
            "into the very same one. Leave your own out. Nothing was sent.",
        )


async def _flow(
    settings: Settings,
    options: Options,
    errand: Errand,
    seen: Seen,
    tell: Callable[[Event], None],
    destination: Destination,
) -> None:
    with ExitStack() as stack:
        terminal = Terminal.open()
        if terminal is not None:
            stack.enter_context(terminal)

        async def receive(intent: Intent) -> Secret | NotPaid | None:
            return await show_invoice(terminal, intent) if terminal is not None else None

        wallet = "none" if options.no_pay else errand.wallet or settings.wallet
        url = errand.request.url
        opened = open_session(settings, wallet, receive=receive, url=url, part=destination.part)
        async with opened as session:
            await follow(session.runner(_approver(options, terminal)), errand, seen, tell)


def _approver(options: Options, terminal: Terminal | None) -> Approver:
    if options.yes:
        return YesOption(terminal)
    return AskPerson(terminal, plain=options.plain)


def _teller(options: Options, pen: Pen) -> Callable[[Event], None]:
    if options.json:
        return lambda event: print(json_line(event), flush=True)
    return Lines(pen).show


def _delivered(seen: Seen, destination: Destination, pen: Pen, options: Options) -> Exit:
    ending, response = seen.ending, seen.response
    if ending is None:
        raise RuntimeError("the flow ended without an ending")
    if seen.unheard:
        return _unheard(seen, pen)
    if ending.outcome not in _DELIVERED or response is None:
        return exit_of(ending, None)
    if not options.json or destination.file is not None:
        if sys.stdout.isatty() and destination.file is None:
            pen.line()
        remark = destination.deliver(response)
        if remark is not None:
            pen.words(remark.text)
    if not response.complete:
        pen.words("The answer ended early: it is not whole.")
        return Exit.BROKEN if destination.broken else Exit.UNREACHABLE
    return exit_of(ending, response.status)


def _unheard(seen: Seen, pen: Pen) -> Exit:
    """Whoever read stdout has left: the last words go to stderr, and the exit code tells."""
    silence_stdout()
    with suppress(BrokenPipeError):
        pen.words(str(seen.ending or seen.stopped()))
    if seen.ending is None:
        return Exit.STOPPED
    return exit_of(seen.ending, seen.response.status if seen.response is not None else None)


def _stopped(seen: Seen, pen: Pen, options: Options) -> Exit:
    if options.json:
        payment = seen.payment
        told = {
            "event": "stopped",
            "at": time.time(),
            "money": seen.money.name.lower(),
            "payment_hash": payment.payment_hash.hex() if payment else None,
            "amount_msat": payment.amount if payment else None,
        }
        print(json.dumps(told), flush=True)
    pen.words(f"\n{seen.stopped()}")
    return Exit.STOPPED
