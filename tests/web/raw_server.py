"""A server that writes down what it hears and answers with the bytes it was given."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from l402tui.protocol.url import Url

Reply = bytes | Callable[[bytes], bytes]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class RawServer:
    """``reply`` is sent for every request; with ``hang`` the connection then stays open."""

    reply: Reply = OK
    hang: bool = False
    port: int = 0
    heard: list[bytes] = field(default_factory=list)
    """Head and body of each request, as received."""
    connections: int = 0

    @property
    def url(self) -> Url:
        return Url.parse(f"http://127.0.0.1:{self.port}/")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(_length(head))
            self.heard.append(head + body)
            reply = self.reply if isinstance(self.reply, bytes) else self.reply(head)
            writer.write(reply)
            await writer.drain()
            if not self.hang and b"Content-Length" not in reply:
                return


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Give every connection to ``handler``, on the port that is returned. At the end all of them
    are closed and waited for."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # gone, or the test is over
        finally:
            writer.close()
            # The other side may be gone, or the test be over while this waits.
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    listener = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)


@asynccontextmanager
async def raw_server(
    reply: Reply = OK, *, hang: bool = False, tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawServer]:
    server = RawServer(reply, hang)
    async with listening(server.serve, tls) as port:
        server.port = port
        yield server
