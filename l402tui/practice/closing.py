"""How long may an answer still take once the practice server is asked to stop?

No time at all: every pause in an answer goes through :meth:`Closing.pause`, which ends early when
the server closes.
"""

from __future__ import annotations

import asyncio

__all__ = ["Closing"]


class Closing:
    """Whether the server is about to stop."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def begin(self) -> None:
        """Stop now: every pause is over."""
        self._event.set()

    async def pause(self, seconds: float) -> None:
        """Wait, but not past the end."""
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            pass
