"""How does the practice server live inside another program?

In the event loop that is there (``async with PracticeServer.start() as server``), or in a thread of
its own (``with PracticeServer.in_thread() as server``). Either way it takes a free port of
127.0.0.1, prints nothing, leaves the signals alone, and is gone within about a second when the
block ends, whatever is under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from l402tui.flow.ports import Clock
from l402tui.practice.closing import Closing
from l402tui.practice.node import PracticeNode
from l402tui.practice.server import practice_app
from l402tui.practice.switches import Switches

__all__ = ["PracticeServer"]

_GRACE_SECONDS: Final = 1

# Without any handler Python prints warnings and errors on stderr, across the TUI.
logging.getLogger("uvicorn").addHandler(logging.NullHandler())


class PracticeServer:
    """A practice server that is running. Made by :meth:`start` or :meth:`in_thread`."""

    def __init__(self, node: PracticeNode, port: int) -> None:
        self.node = node
        self.url = f"http://127.0.0.1:{port}"
        """Its address, without a slash at the end."""

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls,
        *,
        switches: Switches | None = None,
        seed: bytes | None = None,
        port: int = 0,
        clock: Clock | None = None,
    ) -> AsyncIterator[PracticeServer]:
        """Run it in this event loop until the block ends.

        ``seed`` (32 bytes) decides every hash, key and token: without one they are new every time,
        as a vault that remembers payment hashes needs them; ``DEMO_SEED`` repeats them. Raises
        OSError where ``port`` is taken.
        """
        node = PracticeNode(seed or os.urandom(32), clock=clock)
        closing = Closing()
        listener = _listener(port)
        server = _Quiet(_config(practice_app(node, switches or Switches(), closing)))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await server.listening.wait()
            if running.done():
                await running  # it raises what went wrong
            yield cls(node, listener.getsockname()[1])
        finally:
            closing.begin()
            node.close()
            server.over.set()
            await running

    @classmethod
    @contextlib.contextmanager
    def in_thread(
        cls,
        *,
        switches: Switches | None = None,
        seed: bytes | None = None,
        port: int = 0,
        clock: Clock | None = None,
    ) -> Iterator[PracticeServer]:
        """Run it in a thread with its own event loop, for code that is not asynchronous.

        Of the node, the knobs, the lists, :meth:`~PracticeNode.settle` and ``cancel`` may be used
        from here. Raises OSError where ``port`` is taken.
        """
        begun = threading.Event()
        got: list[PracticeServer] = []
        trouble: list[BaseException] = []
        stop: list[Callable[[], object]] = []

        async def live() -> None:
            loop, over = asyncio.get_running_loop(), asyncio.Event()
            stop.append(lambda: loop.call_soon_threadsafe(over.set))
            async with cls.start(switches=switches, seed=seed, port=port, clock=clock) as server:
                got.append(server)
                begun.set()
                await over.wait()

        def work() -> None:
            try:
                asyncio.run(live())
            except BaseException as error:  # handed to whoever waits in the other thread
                trouble.append(error)
            finally:
                begun.set()

        thread = threading.Thread(target=work, name="practice server", daemon=True)
        thread.start()
        begun.wait()
        if not got:
            thread.join()
            raise trouble[0]
        try:
            yield got[0]
        finally:
            stop[0]()
            thread.join()


def _listener(port: int) -> socket.socket:
    # With the protocol named, asyncio turns off Nagle's delay: 40 ms less for every answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            # A port of a server that has just stopped can be used again at once.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


class _Quiet(uvicorn.Server):
    """Does not touch the signals, says when it listens, and stops at once when it is told to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self.over = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def main_loop(self) -> None:
        await self.over.wait()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.listening.set()
