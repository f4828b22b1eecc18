"""How much of a body is read, for how long, and where does it go?

Into memory up to a limit, all of it before the deadline of the whole answer; or into a file, for as
long as it keeps moving. Two limits on time that are different things: ``idle`` ends a silence, and
the deadline (or, for a file, the pace) ends a trickle that never falls silent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Iterator
from io import BytesIO
from typing import Final

import httpcore

from l402tui.web.part import Part
from l402tui.web.unpack import Unpacker

__all__ = ["BROKEN", "PACE", "Memory", "read_body"]

PACE: Final = 1024
"""Bytes a second that a body for a file must bring, taken over each span of the deadline."""

_BREATH: Final = 256
"""Chunks after which others have a turn: a single read may hold ten thousand tiny ones."""


class Memory:
    """A body in memory, of ``limit`` bytes at most."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # Its value is what it has grown into, not one more copy.
        self._bytes = BytesIO()

    def write(self, piece: bytes) -> bool:
        """Append it; False where it is more than the limit: as much as fits is kept."""
        room = self._limit - self._bytes.tell()
        self._bytes.write(piece[:room])
        return len(piece) <= room

    @property
    def kept(self) -> int:
        """Bytes that are here."""
        return self._bytes.tell()

    def value(self) -> bytes:
        """All of it."""
        return self._bytes.getvalue()


async def read_body(
    stream: AsyncIterable[bytes],
    into: Memory | Part,
    packing: Unpacker | None,
    *,
    deadline: float,
    span: float,
) -> bool:
    """Read it all, and say whether it is whole. Never raises but when cancelled.

    ``deadline`` is in the loop's time; a file has ``span`` more seconds from each time on that it
    has come on by as much as :data:`PACE` asks for.
    """
    loop = asyncio.get_running_loop()
    for_file = isinstance(into, Part)
    moved = chunks = 0
    try:
        async with asyncio.timeout_at(loop.time() + span if for_file else deadline) as limit:
            async for chunk in stream:
                for piece in _pieces(chunk, packing):
                    if not into.write(piece):
                        return False
                    moved += len(piece)
                chunks += 1
                if chunks % _BREATH == 0:
                    await asyncio.sleep(0)
                if for_file and moved >= PACE * span:
                    limit.reschedule(loop.time() + span)
                    moved = 0
    except (*BROKEN, ValueError):  # ValueError: what was packed is damaged, or too much
        return False
    return packing is None or packing.whole


BROKEN: Final = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    OSError,  # some of ssl's come as they are; TimeoutError is one as well
)
"""How a connection can end."""


def _pieces(chunk: bytes, packing: Unpacker | None) -> Iterator[bytes]:
    return iter((chunk,)) if packing is None else packing.feed(chunk)
