"""Who holds the session open while a screen needs it?

A session is opened when it is first asked for, so that the first frame does not wait for it, and it
is closed by the same task that opened it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from l402tui.protocol.url import Url
from l402tui.wiring import Receive, Session

__all__ = ["Keeper", "Opener"]


class Opener(Protocol):
    """Makes sessions: the app, the tests and the screenshots each bring their own."""

    def __call__(
        self, *, demo: bool, url: Url | None, receive: Receive, wallet: str | None = None
    ) -> AbstractAsyncContextManager[Session]:
        """A session on the practice server (``demo``) or on the person's own vault. ``receive`` is
        for a wallet that needs a person; ``wallet`` names the one that a payment was given to, and
        ``none`` for looking only."""


class Keeper:
    """One session, opened once."""

    def __init__(self, opening: Callable[[], AbstractAsyncContextManager[Session]]) -> None:
        self._opening = opening
        self._task: asyncio.Task[None] | None = None
        self._opened: asyncio.Future[Session] | None = None
        self._over = asyncio.Event()

    async def get(self) -> Session:
        """The session. Raises what opening it raised, and tries anew the next time."""
        if self._opened is None:
            self._opened = asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._hold(self._opened))
        try:
            return await asyncio.shield(self._opened)
        except Exception:
            self._opened = None
            raise

    async def close(self) -> None:
        """Close it, and wait until that is done."""
        self._over.set()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _hold(self, opened: asyncio.Future[Session]) -> None:
        try:
            async with self._opening() as session:
                opened.set_result(session)
                await self._over.wait()
        except Exception as error:
            if opened.done():
                raise
            opened.set_exception(error)
