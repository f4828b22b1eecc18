"""What does a whole L402 purchase look like?

A practice server and node run inside this program, one request is made, and every step is told
with its reason, its bytes and its tree. It is play money, so the demo approves the payment itself,
and says so.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from l402tui.cli.arguments import Options
from l402tui.cli.body import safe_lines
from l402tui.cli.exits import Exit, exit_of
from l402tui.cli.ink import Ink, Pen, wrapped
from l402tui.cli.lines import ThoroughLines
from l402tui.cli.practice import list_switches, switches_of
from l402tui.cli.resuming import Errand
from l402tui.cli.running import follow, until_interrupted
from l402tui.cli.terminal import Terminal
from l402tui.cli.trouble import Mishap, Trouble
from l402tui.flow import commands as c
from l402tui.flow.events import Approved
from l402tui.flow.findings import Finding
from l402tui.flow.model import Money, Quote
from l402tui.flow.seen import Seen
from l402tui.protocol.text import say
from l402tui.settings import SettingsError, load
from l402tui.wiring import practice_session, request_of

__all__ = ["demo"]

_HELLO = """\
l402tui demo: one request, paid for over L402
A web server, a Lightning node and a wallet run inside this program. Their money is play money;
the HTTP, the token, the invoice, the hashes and the signatures are real.
What it writes to disk, credential included, is kept until the demo ends and then thrown away."""
_BYE = """\
Next:
  l402tui demo            the same in the explorer, with every byte to look at
  l402tui demo --plain --switch wrong-hash
                          a server that cheats (--switch list lists more)
  l402tui practice        the same server for your own programs
  l402tui get URL         the real thing"""


class _PlayMoney:
    """Says yes: nothing real can be spent here."""

    async def approve(self, quote: Quote, findings: Sequence[Finding]) -> Approved:
        """Yes."""
        return Approved(quote.digest, say("the demo itself, because it is play money"))


def demo(options: Options) -> Exit:
    """Run it and print every step on stdout."""
    if options.switches == ["list"]:
        return list_switches()
    switches = ",".join(switch.value for switch in switches_of(options.switches))
    pen = Pen(sys.stdout, plain=options.plain)
    hello, _, rest = _HELLO.partition("\n")
    pen.words(hello, Ink.BOLD)
    for line in wrapped(rest, pen.width):
        pen.line(line)
    seen = Seen()
    try:
        ended = until_interrupted(_run(switches, pen, seen, wait=bool(options.step)))
    except (Trouble, BrokenPipeError, SettingsError):
        raise
    except Exception as error:
        raise Mishap(say("It was play money: nothing was spent.")) from error
    if not ended:
        pen.line("\nStopped. It was play money: nothing was spent.")
        return Exit.STOPPED
    Pen(sys.stderr).line(f"\n{_BYE}")
    if seen.ending is None:
        raise RuntimeError("the flow ended without an ending")
    return exit_of(seen.ending, seen.response.status if seen.response else None)


async def _run(switches: str, pen: Pen, seen: Seen, *, wait: bool) -> None:
    lines = ThoroughLines(pen)
    terminal = Terminal.open() if wait else None

    async def gate(command: c.Command) -> None:
        lines.announce(command)
        if terminal is not None:
            await terminal.ask("   (enter goes on) ")

    async with practice_session(load(), switches=switches) as session:
        if session.practice is None:
            raise RuntimeError("a practice session has a practice server")
        request = request_of(f"{session.practice.url}/weather")
        await follow(session.runner(_PlayMoney(), gate), Errand(request), seen, lines.show)
    _content(pen, seen)


def _content(pen: Pen, seen: Seen) -> None:
    if seen.response is None or seen.ending is None:
        return
    if seen.ending.money is Money.SPENT:
        pen.line("   (It was play money.)")
    body = safe_lines(seen.response.body) or []
    if body:
        pen.line()
        pen.line(pen.dye(Ink.PLACE, "What the server delivered ".ljust(pen.width, "─")))
        for line in body:
            pen.line(line)
