"""The process that is killed.

``python -m tests.faults.child`` loads everything once, then reads one errand a line and forks for
each: so a run costs a fork and not a start of Python. It has no thread and no event loop when it
forks; the child has its own handle of the vault, its own connections, and dies by a real SIGKILL,
at the point that its errand names or when ``seconds`` are over.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import sys
import traceback
from pathlib import Path
from time import perf_counter
from typing import Any

from .points import Fault
from .scenarios import SCENARIOS
from .trial import perform
from .world import MovingClock, World

__all__ = ["main"]


def main() -> None:
    """Until stdin ends."""
    for line in sys.stdin:
        print(json.dumps(_one(json.loads(line))), flush=True)


def _one(errand: dict[str, Any]) -> dict[str, Any]:
    """Fork, wait, and kill it where it does not do so itself."""
    listening, telling = os.pipe()
    begun = perf_counter()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(listening)
            code = asyncio.run(_run(errand))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(telling)
    # Readable once the child is gone, in whatever way.
    over, _, _ = select.select([listening], [], [], errand.get("seconds"))
    if not over:
        os.kill(child, signal.SIGKILL)
    os.close(listening)
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    return {"killed": killed, "status": status, "seconds": perf_counter() - begun}


async def _run(errand: dict[str, Any]) -> int:
    scenario = SCENARIOS[errand["scenario"]]
    clock = MovingClock(errand["later"])
    request = scenario.request(errand["url"])
    world = World(errand["url"], errand["payer"], Path(errand["home"]), clock, request)
    world.external = scenario.external
    if errand["where"] is not None:
        world.points.arm(errand["where"], Fault.KILL)
    work = world.buy if errand["again"] else lambda: scenario.act(world)
    error = await perform(work, world)
    if error is not None:
        traceback.print_exception(error)
    return 0 if error is None else 1


if __name__ == "__main__":
    main()
