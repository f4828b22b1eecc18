"""Memory has a deadline, and a file has a pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from l402tui.flow.message import Request, Response
from l402tui.protocol.url import Url
from l402tui.web.body import PACE, Memory, read_body
from l402tui.web.part import Part

URL = Url.parse("https://example.com/")


async def then_silence(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    await asyncio.get_running_loop().create_future()


async def turns(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        await asyncio.sleep(0)
        yield piece


@pytest.fixture
def part(tmp_path: Path) -> Part:
    made = Part.open(tmp_path / "answer")
    made.admit(Request(URL), Response(200, b"", "HTTP/1.1", (), b"", URL), asked=False)
    return made


async def test_memory_ends_at_the_deadline_whatever_the_span() -> None:
    memory, now = Memory(100), asyncio.get_running_loop().time()
    stream = then_silence(b"some")
    assert not await read_body(stream, memory, None, deadline=now + 0.05, span=3600)
    assert memory.value() == b"some"


async def test_a_file_ends_a_span_after_it_stopped_moving(part: Part) -> None:
    later = asyncio.get_running_loop().time() + 3600
    stream = then_silence(b"x" * PACE)
    assert not await read_body(stream, part, None, deadline=later, span=0.05)
    assert part.saved().size == PACE
    part.close()


async def test_a_file_may_pass_the_deadline(part: Part) -> None:
    past = asyncio.get_running_loop().time() - 1
    assert await read_body(turns(b"a", b"b"), part, None, deadline=past, span=3600)
    assert part.saved().size == 2
    part.close()


async def test_memory_keeps_what_fits() -> None:
    later = asyncio.get_running_loop().time() + 3600
    for pieces, kept, whole in (
        ((b"12", b"34"), b"1234", True),
        ((b"12", b"345"), b"1234", False),
        ((b"1234", b"5"), b"1234", False),
    ):
        memory = Memory(4)
        assert await read_body(turns(*pieces), memory, None, deadline=later, span=1) is whole
        assert memory.value() == kept
