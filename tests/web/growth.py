"""How much does a process grow by one answer? ``python -m tests.web.growth CASE FOLDER`` prints it
in bytes, and what became of the body. In a process of its own, whose peak nobody else has raised.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import zlib
from pathlib import Path

from l402tui.flow.events import Answered, Unreachable
from l402tui.flow.message import Request
from l402tui.protocol.url import Url
from l402tui.web.part import Part
from l402tui.web.transport import HttpTransport
from tests.web.raw_server import Handler, listening

MIB = 1024 * 1024
HEAD = b'HTTP/1.1 200 OK\r\nETag: "1"\r\n'


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def sending(head: bytes, piece: bytes, count: int) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        for _ in range(count):
            writer.write(piece)
            await writer.drain()

    return handle


def bomb(size: int) -> bytes:
    """Zeros, packed without ever being in memory."""
    packing = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    packed = b"".join(packing.compress(bytes(MIB)) for _ in range(size // MIB))
    return packed + packing.flush()


async def run(case: str, folder: Path) -> str:
    zeros, part = bytes(64 * 1024), None
    match case:
        case "bomb":
            packed = bomb(200 * MIB)
            handler = sending(HEAD + b"Content-Encoding: gzip\r\n\r\n", packed, 1)
        case "layers":
            packed = bomb(200 * MIB)
            handler = sending(HEAD + b"Content-Encoding: gzip, gzip\r\n\r\n", packed, 1)
        case "memory":
            handler = sending(HEAD + b"\r\n", zeros, 100 * 16)
        case "file":
            size = b"Content-Length: %d\r\n\r\n" % (256 * MIB)
            handler = sending(HEAD + size, zeros, 256 * 16)
            part = Part.open(folder / "answer")
    transport = HttpTransport(part=part)
    async with listening(handler) as port:
        url = Url.parse(f"http://127.0.0.1:{port}/")
        before = peak()
        event = await transport.send(Request(url), None)
        grown = peak() - before
        await transport.close()
    if part is not None:
        part.close()
    if isinstance(event, Unreachable):
        return f"{grown} refused"
    assert isinstance(event, Answered)
    return f"{grown} {event.response.size} {event.response.complete}"


if __name__ == "__main__":
    print(asyncio.run(run(sys.argv[1], Path(sys.argv[2]))))
