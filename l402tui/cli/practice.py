"""How does the practice server run for other programs?

Until ctrl+c, with its address on stdout, so that a script can read it. Whoever tries an external
wallet on it needs somebody to pay the invoice: ``--pay`` (:mod:`l402tui.cli.paying`).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from l402tui.cli.arguments import PRACTICE_PORT, Options
from l402tui.cli.exits import Exit
from l402tui.cli.ink import Pen
from l402tui.cli.running import until_interrupted
from l402tui.cli.trouble import Trouble
from l402tui.practice.run import PracticeServer
from l402tui.practice.switches import Switch, Switches
from l402tui.protocol.text import shown

__all__ = ["list_switches", "practice", "switches_of"]


def practice(options: Options) -> Exit:
    """Run it. Ctrl+c is how it ends well."""
    if options.switches == ["list"]:
        return list_switches()
    switches = switches_of(options.switches)
    port = options.port or 0
    if not 0 <= port <= 65_535:
        raise Trouble(Exit.USAGE, "--port must be between 0 and 65535.")
    if options.pay is not None:
        from l402tui.cli.paying import pay

        return pay(options.pay, port or PRACTICE_PORT)

    async def serve() -> None:
        try:
            async with PracticeServer.start(switches=switches, port=port) as server:
                print(server.url, flush=True)
                _say(
                    "The practice server is running; its money is play money. Open the "
                    "address to see what it sells, or try in another terminal:",
                    f"  l402tui get {server.url}/weather --wallet practice",
                    "To learn how an external wallet goes, be that wallet yourself:",
                    f"  l402tui get {server.url}/forecast --wallet external --network regtest",
                    f"  l402tui practice --port {server.url.rpartition(':')[2]} --pay INVOICE",
                    "ctrl+c ends it.",
                )
                await asyncio.Event().wait()
        except OSError as error:
            raise Trouble(
                Exit.USAGE, f"Port {port} cannot be used ({error.strerror}). Try another."
            ) from None

    until_interrupted(serve())
    _say("\nThe practice server has ended.")
    return Exit.OK


def switches_of(names: Sequence[str]) -> Switches:
    """Read --switch. Raises Trouble."""
    try:
        return Switches.parse(",".join(names))
    except ValueError as error:
        raise Trouble(Exit.USAGE, f"--switch: {shown(str(error), 4_000)}.") from None


def list_switches() -> Exit:
    """Print what --switch takes."""
    width = max(len(switch.value) for switch in Switch)
    for switch in Switch:
        print(f"{switch.value:<{width}}  {switch.sentence}")
    return Exit.OK


def _say(*lines: str) -> None:
    Pen(sys.stderr).words("\n".join(lines))
