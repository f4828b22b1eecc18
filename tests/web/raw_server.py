"""A server that writes down what it hears and answers with the bytes it was given."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
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
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(_length(head))
                self.heard.append(head + body)
                reply = self.reply if isinstance(self.reply, bytes) else self.reply(head)
                writer.write(reply)
                await writer.drain()
                if not self.hang and b"Content-Length" not in reply:
                    return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # gone, or the test is over
        finally:
            writer.close()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


@asynccontextmanager
async def raw_server(
    reply: Reply = OK, *, hang: bool = False, tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawServer]:
    server = RawServer(reply, hang)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    tasks_before = asyncio.all_tasks()
    try:
        yield server
    finally:
        listener.close()
        for task in asyncio.all_tasks() - tasks_before:
            if task is not asyncio.current_task():
                task.cancel()
        await listener.wait_closed()
