"""Whoever watches a body come in sees how far it is, and no longer once it is there."""

from __future__ import annotations

import asyncio

import pytest

from l402tui.flow.events import Answered
from l402tui.flow.model import Request
from l402tui.protocol.url import Url
from l402tui.web.transport import HttpTransport


async def _until(transport: HttpTransport, here: int | None) -> None:
    for _ in range(100_000):
        if transport.arriving.here == here:
            return
        await asyncio.sleep(0)
    raise AssertionError(f"it stayed at {transport.arriving.here}")


@pytest.mark.parametrize(("told", "whole"), [(b"Content-Length: 3000\r\n", 3000), (b"", None)])
async def test_how_far_a_body_is(told: bytes, whole: int | None) -> None:
    go = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + told + b"Connection: close\r\n\r\n" + b"x" * 1000)
        await writer.drain()
        await go.wait()
        writer.write(b"x" * 2000)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    transport = HttpTransport()
    try:
        url = Url.parse(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        await _until(transport, None)
        # A flow's own copy is looked at from outside.
        sending = asyncio.create_task(transport.for_one_flow().send(Request(url), None))
        await _until(transport, 1000)
        assert transport.arriving.whole == whole
        go.set()
        answer = await sending
        assert isinstance(answer, Answered)
        assert len(answer.response.body) == 3000
        await _until(transport, None)
    finally:
        await transport.close()
        server.close()
        await server.wait_closed()
