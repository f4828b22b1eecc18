"""What comes packed is unpacked within bounds, or refused."""

from __future__ import annotations

import gzip
import zlib

import pytest

from l402tui.flow.events import Answered, Challenged, Fault, Unreachable
from l402tui.flow.message import Request, Response
from l402tui.web.transport import HttpTransport
from l402tui.web.unpack import ALWAYS_GRANTED, PIECE, RATIO, CodingRefused, unpacker
from tests.web.raw_server import raw_server

TEXT = bytes(range(256)) * 1000


def reply(coding: str, body: bytes, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def send(
    transport: HttpTransport, answer: bytes, *headers: tuple[str, str], method: str = "GET"
) -> Response | Unreachable:
    async with raw_server(answer) as server:
        event = await transport.send(Request(server.url, method, headers), None)
    return event.response if isinstance(event, Answered | Challenged) else event


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("GZip", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)),
        ("identity, gzip", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:])),
        ("identity", TEXT),
        ("", TEXT),
    ],
)
async def test_one_layer_is_taken_off(transport: HttpTransport, coding: str, packed: bytes) -> None:
    answer = await send(transport, reply(coding, packed))
    assert isinstance(answer, Response)
    assert answer.body == TEXT
    assert answer.complete


async def test_a_bill_is_read_although_it_is_packed(transport: HttpTransport) -> None:
    answer = await send(transport, reply("gzip", gzip.compress(b"{}"), "402 Pay"))
    assert isinstance(answer, Response)
    assert answer.body == b"{}"


@pytest.mark.parametrize(
    ("coding", "why"),
    [
        ("gzip, gzip, gzip", "It is packed 3 times over"),
        ("gzip\r\nContent-Encoding: gzip", "It is packed 2 times over"),
        ("br", "It is packed as br, which was not asked for"),
        ("zstd", "It is packed as zstd"),
        ("compress", "It is packed as compress"),
        ("gzip;q=1", "It is packed as gzip;q=1"),
        ("\x1b[2J", r"It is packed as \x1b[2j"),
    ],
)
async def test_anything_else_is_refused(transport: HttpTransport, coding: str, why: str) -> None:
    bomb = gzip.compress(gzip.compress(gzip.compress(bytes(10_000_000))))
    event = await send(transport, reply(coding, bomb))
    assert isinstance(event, Unreachable)
    assert event.fault is Fault.PROTOCOL
    assert event.maybe_received
    assert event.why.text.startswith(why)


async def test_a_person_who_asks_for_it_packed_gets_it_packed(transport: HttpTransport) -> None:
    for coding, packed in (("gzip", gzip.compress(TEXT)), ("br", b"\x8b")):
        answer = await send(transport, reply(coding, packed), ("accept-encoding", coding))
        assert isinstance(answer, Response)
        assert answer.body == packed


async def test_nothing_at_all_is_packed_well_enough(transport: HttpTransport) -> None:
    answer = await send(transport, reply("gzip", b""))
    assert isinstance(answer, Response)
    assert answer.complete
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 7\r\n\r\n"
    assert isinstance(await send(transport, head, method="HEAD"), Response)


@pytest.mark.parametrize(
    "damaged",
    [
        gzip.compress(TEXT)[:-1],
        gzip.compress(TEXT)[:-8] + bytes(8),
        gzip.compress(TEXT) + b"more",
        b"no gzip",
    ],
)
async def test_damage_makes_it_incomplete(transport: HttpTransport, damaged: bytes) -> None:
    answer = await send(transport, reply("gzip", damaged))
    assert isinstance(answer, Response)
    assert not answer.complete
    assert TEXT.startswith(answer.body)


async def test_something_after_the_end_of_deflate(transport: HttpTransport) -> None:
    for more in (zlib.compress(TEXT), gzip.compress(TEXT)):
        answer = await send(transport, reply("deflate", zlib.compress(TEXT) + more))
        assert isinstance(answer, Response)
        assert (answer.body, answer.complete) == (TEXT, False)


async def test_a_bomb_is_cut_long_before_the_limit(transport: HttpTransport) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    answer = await send(transport, reply("gzip", bomb))
    assert isinstance(answer, Response)
    assert not answer.complete
    assert len(answer.body) <= max(ALWAYS_GRANTED, RATIO * len(bomb))


async def test_the_limit_of_a_body_is_for_what_is_inside() -> None:
    small = HttpTransport(body_limit=1000)
    answer = await send(small, reply("gzip", gzip.compress(TEXT)))
    await small.close()
    assert isinstance(answer, Response)
    assert (answer.body, answer.complete) == (TEXT[:1000], False)


def test_no_piece_is_large() -> None:
    packing = unpacker((b"gzip",))
    assert packing is not None
    sizes = [len(piece) for piece in packing.feed(gzip.compress(bytes(ALWAYS_GRANTED)))]
    assert sum(sizes) == ALWAYS_GRANTED
    assert max(sizes) == PIECE
    assert packing.whole


def test_what_is_refused_says_so_at_once() -> None:
    with pytest.raises(CodingRefused, match="2 times"):
        unpacker((b"gzip,deflate",))
    assert unpacker(()) is None
