"""Does the workbench keep up with a person when a token has a thousand caveats?

Run it: ``python -m tests.bench.bench_workbench``. The real app, with the workbench on a token of
1,000 caveats: the work from the event to the frame that shows it, with all that comes of it,
in time of the processor. It prints medians; nothing here fails on a slow machine.
"""

from __future__ import annotations

import asyncio
import base64
import os
import tempfile
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import process_time

from l402tui.protocol.attenuation import read_parent
from l402tui.protocol.macaroon import Macaroon
from l402tui.protocol.url import Url
from l402tui.protocol.verifiers import PROFILES
from l402tui.settings import Settings
from l402tui.tui.app import ExplorerApp
from l402tui.tui.draft import Draft, begin
from l402tui.tui.screens.delegate import DelegateScreen
from l402tui.tui.widgets.caveats import CaveatTable
from l402tui.wiring import Receive, Session, open_session

ROUNDS = 50
FRAME_MS = 1_000 / 60
CAVEATS = 1_000
SIZE = (120, 40)


def parent(count: int) -> bytes:
    """A token with this many caveats, a few of which are known to aperture."""
    caveats = [b"services=weather:0", *(f"a{at}={at}".encode() for at in range(count - 1))]
    minted = Macaroon.mint(b"key", bytes(66), b"lsat", caveats)
    return base64.b64encode(minted.raw)


async def measured(home: Path) -> None:
    def opener(
        *, demo: bool, url: Url | None, receive: Receive, wallet: str | None = None
    ) -> AbstractAsyncContextManager[Session]:
        return open_session(Settings(home=home), "none")

    app = ExplorerApp(opener)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("4")
        while not isinstance(app.screen, DelegateScreen) or app.screen.session is None:
            await pilot.pause(0.01)
        screen = app.screen
        table = screen.query_one(CaveatTable)
        for count in (10, CAVEATS - 1):
            draft = begin(read_parent(parent(count)), PROFILES, screen.now())
            screen.change(draft)
            await pilot.pause()

            async def drawn(do: Callable[[], object]) -> float:
                start = process_time()
                do()
                await pilot._wait_for_screen()  # every message that came of it is handled
                screen._on_timer_update()  # what changed is laid out and drawn, as a frame does it
                return (process_time() - start) * 1e3

            def added(draft: Draft = draft) -> None:
                screen.change(draft.adding(b"z=1"), end=True)

            def another(draft: Draft = draft) -> None:
                screen.change(replace(draft, profile=PROFILES["spec"]))

            deeds: dict[str, Callable[[], object]] = {
                "a row on": lambda: table.action_move(1),
                "a page on": lambda: table.action_page(1),
                "a caveat added, predicted and drawn": added,
                "another verifier, predicted and drawn": another,
            }
            for name, do in deeds.items():
                times = []
                for _ in range(ROUNDS):
                    times.append(await drawn(do))
                    await pilot.pause(0)
                told = f"{count + 1:5} caveats: {name}"
                print(f"{told:55} {median(times):6.1f} ms  (one frame: {FRAME_MS:.1f} ms)")


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(measured(Path(home)))
    print(f"load: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
