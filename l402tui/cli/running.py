"""How is one flow run from a command line?

Events go to the teller as they come; ctrl+c cancels the flow and leaves the vault as it is.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any

from l402tui.cli.resuming import Errand
from l402tui.flow.events import Event
from l402tui.flow.model import Money
from l402tui.flow.runner import Runner
from l402tui.flow.seen import Seen

__all__ = ["follow", "until_interrupted"]


def until_interrupted(work: Coroutine[Any, Any, None]) -> bool:
    """Run it in a new event loop; False where ctrl+c ended it."""

    async def guarded() -> bool:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            return False
        finally:
            loop.remove_signal_handler(signal.SIGINT)
        return True

    return asyncio.run(guarded())


async def follow(runner: Runner, errand: Errand, seen: Seen, tell: Callable[[Event], None]) -> None:
    """Run the flow and tell each event.

    Raises BrokenPipeError where nobody listens any more, but not while money is at stake: then the
    flow goes on to its end in silence, and ``seen.unheard`` says so.
    """
    flow = runner.run(errand.request, follow=errand.follow, resend=errand.resend)
    async with aclosing(flow) as events:
        async for event in events:
            seen.note(event)
            if seen.unheard:
                continue
            try:
                tell(event)
            except BrokenPipeError:
                if seen.money is Money.NONE:
                    raise
                seen.unheard = True
