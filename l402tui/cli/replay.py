"""Which request of the history is meant, and what may doing it again cost?

That is said on stderr before anything is sent.
"""

from __future__ import annotations

from l402tui.cli.arguments import Options
from l402tui.cli.exits import Exit
from l402tui.cli.ink import Ink, Pen
from l402tui.cli.trouble import Trouble
from l402tui.flow.model import Request
from l402tui.protocol.amount import format_msat
from l402tui.protocol.masking import shown_url
from l402tui.protocol.text import Shown, say, shown
from l402tui.settings import Settings

__all__ = ["remembered"]


def remembered(settings: Settings, options: Options, pen: Pen) -> Request:
    """The request of entry N. Raises Trouble and VaultError."""
    from l402tui.vault import SqliteVault

    with SqliteVault.open(settings.home, keyring=settings.keyring) as vault:
        exchange = vault.exchange(options.number)
        if exchange is None:
            raise Trouble(
                Exit.USAGE,
                f"The history has no entry {options.number}. `l402tui history` lists them.",
            )
        request = exchange.request
        held = vault.credentials(request)
        unfinished = vault.unfinished(request)
    line = say(
        "Again, number {}: {} {}", exchange.number, shown(request.method), shown_url(request.url)
    )
    pen.words(line.text, Ink.BOLD)
    if unfinished is not None:
        cost = say(
            "A payment of {} for it is not finished ({}): it is followed, not paid again.",
            shown(format_msat(unfinished.amount)),
            Shown(unfinished.state.value),
        )
    elif held:
        paid = shown(format_msat(held[0].amount + held[0].fee))
        cost = say(
            "A credential that cost {} is held and goes with it: no cost, as long as the server "
            "still takes it. If it does not, {}.",
            paid,
            _otherwise(options),
        )
    elif options.no_pay:
        cost = say("No credential is held, and paying is switched off: no cost.")
    else:
        cost = say("No credential is held: this may cost money. You are asked first.")
        if options.yes:
            cost = say("No credential is held: this may cost money, and --yes approves it.")
    pen.words(cost.text)
    return request


def _otherwise(options: Options) -> Shown:
    if options.no_pay:
        return say("nothing is paid: paying is switched off")
    if options.yes:
        return say("it is paid for again, as --yes approves within your limits")
    return say("you are asked before anything is paid")
