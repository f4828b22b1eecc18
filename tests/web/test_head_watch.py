"""A head has one reading, or it is refused; and none is without an end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from l402tui.flow.events import Answered, Challenged, Fault, Unreachable
from l402tui.flow.message import Request, Response
from l402tui.protocol.url import Url
from l402tui.web.head_watch import (
    HEADER_LIMIT,
    LINE_LIMIT,
    MAX_HEADERS,
    MAX_INFORMATIONAL,
    HeadRefused,
    HeadWatch,
)
from l402tui.web.transport import HttpTransport
from tests.web.raw_server import OK, listening, raw_server

ASK = b"GET / HTTP/1.1\r\n\r\n"
EMPTY = b"Content-Length: 0\r\n\r\n"


async def send(transport: HttpTransport, url: Url) -> Response | Unreachable:
    event = await transport.send(Request(url), None)
    return event.response if isinstance(event, Answered | Challenged) else event


def watched(*parts: bytes, ask: bytes = ASK) -> HeadWatch:
    watch = HeadWatch()
    watch.leaves(ask)
    for part in parts:
        watch.comes(part)
    return watch


MALFORMED = [
    (b"HTTP/1.1 402 Pay\r\nX: a\r\n b\r\n", "a header goes on in the next line"),
    (b"HTTP/1.1 402 Pay\r\n X: a\r\n", "a header goes on in the next line"),
    (b"HTTP/1.1 402 Pay\r\n\tX: a\r\n", "a header goes on in the next line"),
    (b"HTTP/1.1 402 Pay\r\nX: a\nY: b\r\n", "half a line end"),
    (b"HTTP/1.1 402 Pay\r\nX: a\rY: b\r\n", "half a line end"),
    (b"HTTP/1.1 402 Pay\r\nX: a\n\nbody", "half a line end"),
    (b"HTTP/1.1 402 Pay\r\n\nX: a\r\n", "half a line end"),
    (b"HTTP/1.1 402 Pay\r\nX: a\0b\r\n", "NUL"),
    (b"HTTP/1.1 402 Pay\r\nX\0: a\r\n", "NUL"),
    (b"HTTP/1.1 402 Pay\r\nContent-Length: 0\r\ncontent-length: 0\r\n", "twice"),
    (b"HTTP/1.1 402 Pay\r\nContent-Length: 0, 0\r\n", "no number"),
    (b"HTTP/1.1 402 Pay\r\nContent-Length: +1\r\n", "no number"),
    (b"HTTP/1.1 402 Pay\r\nContent-Length: 0x1\r\n", "no number"),
    (b"HTTP/1.1 402 Pay\r\nContent-Length:\r\n", "no number"),
    (b"HTTP/1.1 402 Pay\r\nContent-Length: " + b"9" * 30 + b"\r\n", "no number"),
    (b"HTTP/1.1 402 Pay\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n", "both"),
    (b"HTTP/1.1 402 Pay\nX: a\r\n", "status line"),
    (b"HTTP/1.1 402 P\x1bay\r\n", "status line"),
    (b"HTTP/1.1 402 P\0ay\r\n", "status line"),
    (b"HTTP/1.1  402 Pay\r\n", "status line"),
    (b"HTTP/1.1 4020 Pay\r\n", "status line"),
    (b"HTTP/1.1 602 Pay\r\n", "status line"),
    (b"HTTP/2.0 402 Pay\r\n", "status line"),
    (b"HTTP/0.9 402 Pay\r\n", "status line"),
    (b"ICY 200 OK\r\n", "status line"),
    (b"\r\nHTTP/1.1 402 Pay\r\n", "status line"),
    (b"HTTP/1.1 101 Switching\r\n", "another protocol"),
]


@pytest.mark.parametrize(("head", "why"), MALFORMED)
async def test_a_malformed_head_is_a_protocol_error(
    transport: HttpTransport, head: bytes, why: str
) -> None:
    challenge = b'WWW-Authenticate: L402 token="x", invoice="y"\r\n'
    async with raw_server(head + challenge + b"\r\n") as server:
        event = await send(transport, server.url)
        assert isinstance(event, Unreachable)
        assert event.fault is Fault.PROTOCOL
        assert event.maybe_received
        assert why in event.why.text
        assert event.why.text.isprintable()


@pytest.mark.parametrize("end", [b"\n\n", b"\n\r\n", b"\r\n\n"])
async def test_a_head_that_ends_with_half_a_line_end(transport: HttpTransport, end: bytes) -> None:
    """h11 would take its blank line for the end."""
    head = b"HTTP/1.1 402 Pay\r\nContent-Length: 0"
    async with raw_server(head + end) as server:
        event = await send(transport, server.url)
        assert isinstance(event, Unreachable)
        assert event.fault is Fault.PROTOCOL
        assert "half a line end" in event.why.text
    for cut in range(len(head), len(head + end)):
        with pytest.raises(HeadRefused):
            watched((head + end)[:cut], (head + end)[cut:])


@pytest.mark.parametrize("line", [b"no colon", b"X Y: a", b": a", b"X : a", b"\xfc: a"])
async def test_what_h11_refuses_is_one_too(transport: HttpTransport, line: bytes) -> None:
    async with raw_server(b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\n") as server:
        event = await send(transport, server.url)
        assert isinstance(event, Unreachable)
        assert event.fault is Fault.PROTOCOL


@pytest.mark.parametrize("head", [head for head, _ in MALFORMED])
def test_it_is_seen_however_it_is_cut(head: bytes) -> None:
    with pytest.raises(HeadRefused):
        watched(*(bytes([byte]) for byte in head + b"\r\n"))


@pytest.mark.parametrize("cut", range(len(OK)))
def test_a_good_head_is_good_however_it_is_cut(cut: int) -> None:
    assert watched(OK[:cut], OK[cut:]).reusable


@pytest.mark.parametrize(
    ("answer", "ask", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ASK, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no", ASK, False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok!", ASK, False),
        (b"HTTP/1.1 204 No\r\n\r\n", ASK, True),
        (b"HTTP/1.1 204 No\r\n\r\n!", ASK, False),
        (b"HTTP/1.1 304 No\r\nContent-Length: 2\r\n\r\n", ASK, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"HEAD / HTTP/1.1\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ASK, False),
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", ASK, False),
        (b"HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 200 OK\r\n" + EMPTY, ASK, True),
        (b"HTTP/1.1 200 OK", ASK, False),
    ],
)
def test_when_a_connection_is_used_again(answer: bytes, ask: bytes, reusable: bool) -> None:
    assert watched(answer, ask=ask).reusable is reusable
    assert watched(*(bytes([byte]) for byte in answer), ask=ask).reusable is reusable


async def test_what_follows_an_answer_is_never_taken_for_the_next(
    transport: HttpTransport,
) -> None:
    forged = b'HTTP/1.1 402 Pay\r\nX: a\n Y: b\r\nWWW-Authenticate: L402 token="x"\r\n' + EMPTY
    async with raw_server(OK + forged) as server:
        for _ in range(2):
            answer = await send(transport, server.url)
            assert isinstance(answer, Response)
            assert answer.status == 200
        assert server.connections == 2


async def test_an_open_connection_reads_the_second_head_as_strictly(
    transport: HttpTransport,
) -> None:
    async with raw_server() as server:
        assert isinstance(await send(transport, server.url), Response)
        server.reply = b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n" + EMPTY
        assert isinstance(await send(transport, server.url), Unreachable)
        assert server.connections == 1


# Sizes.


def lines(count: int, size: int) -> bytes:
    return b"".join(b"X: " + b"x" * (size - 5) + b"\r\n" for _ in range(count))


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        (lines(3000, 100), "they are more than 65,536 bytes"),
        (lines(1, 90_000), "they are more than 65,536 bytes"),
        (lines(1, LINE_LIMIT + 3), "one of them is longer than 32,768 bytes"),
        (lines(MAX_HEADERS, 6), "there are more than 256 of them"),
    ],
)
async def test_too_much_of_a_head(transport: HttpTransport, headers: bytes, why: str) -> None:
    async with raw_server(b"HTTP/1.1 402 Pay\r\n" + headers + EMPTY) as server:
        event = await send(transport, server.url)
        assert isinstance(event, Unreachable)
        assert event.fault is Fault.TOO_LARGE
        assert event.why.text == (
            f"The headers of the answer from {server.url.authority} are too long: {why}."
        )


@pytest.mark.parametrize("headers", [lines(1, LINE_LIMIT + 2), lines(MAX_HEADERS - 1, 6)])
async def test_just_enough_of_a_head(transport: HttpTransport, headers: bytes) -> None:
    async with raw_server(b"HTTP/1.1 402 Pay\r\n" + headers + EMPTY) as server:
        assert isinstance(await send(transport, server.url), Response)


async def test_a_hundred_challenges_are_all_there_to_be_counted(transport: HttpTransport) -> None:
    challenge = b'WWW-Authenticate: L402 token="x", invoice="y"\r\n'
    async with raw_server(b"HTTP/1.1 402 Pay\r\n" + challenge * 100 + EMPTY) as server:
        answer = await send(transport, server.url)
        assert isinstance(answer, Response)
        assert len(answer.values(b"www-authenticate")) == 100


@pytest.mark.parametrize(("count", "good"), [(MAX_INFORMATIONAL, True), (1000, False)])
async def test_informational_answers(transport: HttpTransport, count: int, good: bool) -> None:
    async with raw_server(b"HTTP/1.1 103 Hints\r\nX: y\r\n\r\n" * count + OK) as server:
        answer = await send(transport, server.url)
    if good:
        assert isinstance(answer, Response)
    else:
        assert isinstance(answer, Unreachable)
        assert answer.fault is Fault.PROTOCOL
        assert "more than 8 informational answers" in answer.why.text


def test_the_limit_is_for_all_heads_together() -> None:
    half = b"HTTP/1.1 103 Hints\r\n" + lines(1, 30_000) + b"\r\n"
    with pytest.raises(HeadRefused) as refused:
        watched(half, half, half)
    assert refused.value.fault is Fault.TOO_LARGE


def test_a_head_without_an_end_is_not_kept() -> None:
    watch = HeadWatch()
    watch.leaves(ASK)
    for _ in range(HEADER_LIMIT // 1024):
        watch.comes(b"x" * 1024)
    with pytest.raises(HeadRefused):
        watch.comes(b"x")


# Time: silence is one thing, and a trickle another.


async def test_a_trickle_of_a_head_ends_at_the_deadline() -> None:
    sent = 0

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        async with aclosing(_ticks()) as ticks:
            async for _ in ticks:
                writer.write(b"x")
                await writer.drain()
                sent += 1

    transport = HttpTransport(deadline=0.4, idle=0.2)
    async with listening(trickle) as port:
        event = await send(transport, Url.parse(f"http://127.0.0.1:{port}/"))
    await transport.close()
    assert isinstance(event, Unreachable)
    assert event.fault is Fault.TIMEOUT
    assert "within 0.4 seconds" in event.why.text
    assert sent > 3  # it was never silent


async def test_silence_ends_before_the_deadline() -> None:
    transport = HttpTransport(deadline=3600.0, idle=0.1)
    async with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01", hang=True) as server:
        answer = await send(transport, server.url)
    await transport.close()
    assert isinstance(answer, Response)
    assert (answer.body, answer.complete) == (b"01", False)


async def test_a_trickle_of_a_body_ends_at_the_deadline() -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        async with aclosing(_ticks()) as ticks:
            async for _ in ticks:
                writer.write(b"x")
                await writer.drain()

    transport = HttpTransport(deadline=0.4, idle=0.2)
    async with listening(trickle) as port:
        answer = await send(transport, Url.parse(f"http://127.0.0.1:{port}/"))
    await transport.close()
    assert isinstance(answer, Response)
    assert not answer.complete
    assert 3 < len(answer.body) < 1000


async def test_it_can_be_cancelled_while_it_trickles() -> None:
    reached = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx")
        reached.set()
        await reader.read()

    transport = HttpTransport()
    async with listening(trickle) as port:
        task = asyncio.ensure_future(send(transport, Url.parse(f"http://127.0.0.1:{port}/")))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not transport._pools or not any(
            connection.is_available()
            for pool in transport._pools.values()
            for connection in pool.connections
        )
    await transport.close()


async def _ticks() -> AsyncGenerator[None, None]:
    loop = asyncio.get_running_loop()
    while True:
        tick = asyncio.Event()
        loop.call_later(0.02, tick.set)
        await tick.wait()
        yield


async def test_others_have_their_turn_while_tiny_chunks_are_read(
    transport: HttpTransport,
) -> None:
    turns = 0

    async def beat() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    tiny = b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + tiny)
        await writer.drain()
        await reader.read()

    async with listening(answer) as port:
        beating = asyncio.ensure_future(beat())
        got = await send(transport, Url.parse(f"http://127.0.0.1:{port}/"))
        beating.cancel()
    assert isinstance(got, Response)
    assert len(got.body) == 50_000
    assert turns > 150  # and not only once a read


async def test_an_endless_chunked_body_is_cut(transport: HttpTransport) -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + bytes(4096) + b"\r\n")
            await writer.drain()

    small = HttpTransport(body_limit=100_000)
    async with listening(flood) as port:
        answer = await send(small, Url.parse(f"http://127.0.0.1:{port}/"))
        await small.close()
    assert isinstance(answer, Response)
    assert (len(answer.body), answer.complete) == (100_000, False)
