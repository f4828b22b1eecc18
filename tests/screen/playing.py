"""What do the scenes share?

A scene is a function that shows something with the payloads of a :class:`~.stage.Stage`, in batches
that fit the room there is. A batch goes round through several fields, so its size has no divisor in
common with their number.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from textual.events import Key

from l402tui.wiring import Session

from .hostile import Supply
from .stage import Stage

__all__ = ["Scene", "clicks", "lent", "no_session", "put"]

Scene = Callable[[Stage], Awaitable[None]]


async def put(stage: Stage, text: str) -> None:
    """As somebody types it; a terminal sends every character as a key. Of those that every
    keyboard has, one is enough."""
    for char in "z" + "".join(char for char in text if char > "\x7f"):
        stage.app.post_message(Key(char, char))
    await stage.settle()


async def clicks(stage: Stage, supply: Supply) -> None:
    """Click on whatever is markup for a click, and on the first of harmless words."""
    for payload in supply.batch:
        if b"@click" in payload.core or payload.name == "harmless":
            await stage.click_on(payload.before)
            if not stage.hostile:
                return


def no_session(**how: object) -> AbstractAsyncContextManager[Session]:
    raise AssertionError("the demo's session is lent")


def lent(stage: Stage) -> Callable[[], Awaitable[Session | None]]:
    async def session() -> Session | None:
        return stage.session

    return session
