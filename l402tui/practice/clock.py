"""What time is it for the practice server?

The real time, unless a test, a lesson or a screenshot brings its own clock.
"""

from __future__ import annotations

import asyncio
import time

__all__ = ["SystemClock"]


class SystemClock:
    """The computer's own clock (a :class:`~l402tui.flow.ports.Clock`)."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Let that much real time pass."""
        await asyncio.sleep(seconds)
