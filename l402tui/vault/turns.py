"""Who pays, where many flows of this program want the same at the same moment?

The first one; the others wait for its end and then use what it bought. Nothing of it is on disk:
what another process does is in the intents. A turn is left in one of two ways: with an ending,
which everybody who waits gets to know, or without one (cancelled), and then the next in line has
it.
"""

from __future__ import annotations

import asyncio
from collections import deque

from l402tui.flow.model import Ending
from l402tui.flow.ports import Place

__all__ = ["LocalTurns"]

_Line = deque["asyncio.Future[Ending | None]"]


class LocalTurns:
    """The turns of one session; all its flows run in one event loop."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    def free(self, key: str) -> bool:
        """Whether nobody has this turn."""
        return key not in self._lines

    async def take(self, key: str) -> Place:
        """Have the turn, or wait for the end of whoever has it."""
        line = self._lines.get(key)
        if line is None:
            self._lines[key] = deque()
            return Place()
        news: asyncio.Future[Ending | None] = asyncio.get_running_loop().create_future()
        line.append(news)
        try:
            return Place(waited=True, ending=await news)
        except asyncio.CancelledError:
            if not news.cancelled() and news.done() and news.result() is None:
                self.leave(key, None)  # it was handed to us in the very moment we left
            elif news in line:
                line.remove(news)
            raise

    def leave(self, key: str, ending: Ending | None) -> None:
        """Give the turn back: to all who wait with an ending, to the next one without."""
        line = self._lines[key]
        if ending is None:
            while line:
                news = line.popleft()
                if not news.done():
                    news.set_result(None)
                    return
        del self._lines[key]
        for news in line:
            if not news.done():
                news.set_result(ending)
