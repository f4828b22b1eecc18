"""A body goes to a file over real connections, breaks off, and goes on."""

from __future__ import annotations

import asyncio
import errno
import gzip
import os
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path

import pytest

from l402tui.flow.events import Answered, Challenged, Fault, Unreachable
from l402tui.flow.json_lines import as_json
from l402tui.flow.message import Request, Response
from l402tui.protocol.secret import Secret
from l402tui.protocol.url import Url
from l402tui.web.part import Part
from l402tui.web.transport import HttpTransport
from tests.web.raw_server import OK, listening, raw_server

CREDENTIAL = Secret("L402 dG9rZW4=:" + "ab" * 32)
TEXT = bytes(range(256)) * 40
Ask = Callable[..., Awaitable[Response | Unreachable]]


def whole(text: bytes = TEXT, tag: str = '"v1"', told: int | None = None) -> bytes:
    length = len(text) if told is None else told
    head = f"HTTP/1.1 200 OK\r\nETag: {tag}\r\ncontent-length: {length}\r\n\r\n"
    return head.encode() + text


def rest(head: bytes, text: bytes = TEXT, tag: str = '"v1"') -> bytes:
    """What a server that knows ranges answers."""
    wanted = [line for line in head.split(b"\r\n") if line.startswith(b"Range: bytes=")]
    if not wanted or f"If-Range: {tag}\r\n".encode() not in head:
        return whole(text, tag)
    first = int(wanted[0][13:-1])
    lines = f"Content-Range: bytes {first}-{len(text) - 1}/{len(text)}\r\nETag: {tag}\r\n"
    size = f"Content-Length: {len(text) - first}\r\n\r\n"
    return b"HTTP/1.1 206 Part\r\n" + (lines + size).encode() + text[first:]


class Folder:
    """One download after another into the same file."""

    def __init__(self, folder: Path) -> None:
        self.target = folder / "answer"
        self.part = folder / "answer.part"

    async def get(
        self, url: Url, *, resume: bool = True, request: Request | None = None, **limits: float
    ) -> Response | Unreachable:
        part = Part.open(self.target, resume=resume)
        transport = HttpTransport(part=part, **limits)  # type: ignore[arg-type]  # seconds, bytes
        try:
            event = await transport.send(request or Request(url), CREDENTIAL)
            if isinstance(event, Unreachable):
                return event
            response = event.response
            if response.saved and response.complete:
                part.finish(0o644)
            return response
        finally:
            part.close()
            await transport.close()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def saved(response: Response | Unreachable) -> Response:
    assert isinstance(response, Response), response
    assert response.saved is not None
    assert response.body == b""
    return response


async def test_it_may_be_larger_than_memory_allows(folder: Folder) -> None:
    async with raw_server(whole()) as server:
        response = saved(await folder.get(server.url, body_limit=100))
    assert response.complete
    assert response.size == len(TEXT)
    assert folder.target.read_bytes() == TEXT
    fields = as_json(Answered(response))
    digest = sha256(TEXT).hexdigest()
    assert fields["saved"] == {"path": str(folder.target), "bytes": len(TEXT), "sha256": digest}
    assert "body" not in fields


async def test_what_is_no_good_answer_stays_in_memory(folder: Folder) -> None:
    for status in (b"402 Pay", b"404 No", b"500 No"):
        answer = b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nok"
        async with raw_server(answer) as server:
            response = await folder.get(server.url)
        assert isinstance(response, Response)
        assert (response.saved, response.body) == (None, b"ok")
        assert not folder.part.exists()


@pytest.mark.parametrize(
    "broken",
    [
        whole(TEXT[:5000], told=len(TEXT)),
        b'HTTP/1.1 200 OK\r\nETag: "v1"\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n'
        + TEXT[:5000]
        + b"\r\n",
    ],
)
async def test_it_goes_on_where_it_broke_off(folder: Folder, broken: bytes) -> None:
    async with raw_server(broken) as server:
        first = saved(await folder.get(server.url))
        assert (first.complete, first.size) == (False, 5000)
        assert not folder.target.exists()
        assert folder.part.read_bytes() == TEXT[:5000]
        server.reply = rest
        second = saved(await folder.get(server.url))
        assert (second.status, second.complete, second.size) == (206, True, len(TEXT))
        assert second.saved is not None
        assert second.saved.sha256 == sha256(TEXT).hexdigest()
        assert folder.target.read_bytes() == TEXT
        assert b'Range: bytes=5000-\r\nIf-Range: "v1"\r\n' in server.heard[1]
        assert server.heard[1].count(CREDENTIAL.reveal()) == 1
    assert not folder.part.exists()


async def test_it_breaks_off_twice(folder: Folder) -> None:
    async with raw_server(whole(TEXT[:5000], told=len(TEXT))) as server:
        await folder.get(server.url)
        server.reply = lambda head: rest(head).replace(b"Content-L", b"content-l")[:-3000]
        assert not saved(await folder.get(server.url)).complete
        server.reply = rest
        assert saved(await folder.get(server.url)).complete
        assert f"Range: bytes={len(TEXT) - 3000}-".encode() in server.heard[2]
    assert folder.target.read_bytes() == TEXT


async def test_what_changed_meanwhile_comes_whole(folder: Folder) -> None:
    async with raw_server(whole(TEXT[:5000], told=len(TEXT))) as server:
        await folder.get(server.url)
        server.reply = lambda head: rest(head, b"new", '"v2"')
        response = saved(await folder.get(server.url))
        assert (response.status, response.complete) == (200, True)
        assert len(server.heard) == 2
    assert folder.target.read_bytes() == b"new"


@pytest.mark.parametrize(
    "unfit",
    [
        b"HTTP/1.1 206 Part\r\nContent-Range: bytes 0-1/2\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 416 No\r\nContent-Range: bytes */2\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 206 Part\r\nContent-Length: 2\r\n\r\nok",
    ],
)
async def test_a_rest_that_does_not_fit_is_asked_for_whole_once(
    folder: Folder, unfit: bytes
) -> None:
    async with raw_server(whole(TEXT[:5000], told=len(TEXT))) as server:
        await folder.get(server.url)
        server.reply = lambda head: unfit if b"Range:" in head else whole()
        assert saved(await folder.get(server.url)).complete
        assert len(server.heard) == 3
        assert b"Range" not in server.heard[2]
        assert CREDENTIAL.reveal() in server.heard[2]
    assert folder.target.read_bytes() == TEXT


async def test_a_rest_that_is_not_all_of_it(folder: Folder) -> None:
    some = b"HTTP/1.1 206 Part\r\nContent-Range: bytes 5000-5999/10240\r\n"
    some += b"Content-Length: 1000\r\n\r\n" + TEXT[5000:6000]
    async with raw_server(whole(TEXT[:5000], told=len(TEXT))) as server:
        await folder.get(server.url)
        server.reply = some
        response = saved(await folder.get(server.url))
        assert (response.complete, response.size) == (False, 6000)
        server.reply = rest
        assert saved(await folder.get(server.url)).complete
    assert folder.target.read_bytes() == TEXT


async def test_without_a_word_of_the_server_it_begins_anew(folder: Folder) -> None:
    text = whole(TEXT[:5000], told=len(TEXT)).replace(b'ETag: "v1"', b'ETag: W/"v1"')
    async with raw_server(text) as server:
        await folder.get(server.url)
        server.reply = rest
        assert saved(await folder.get(server.url)).complete
        assert b"Range" not in server.heard[1]
    assert folder.target.read_bytes() == TEXT


async def test_without_being_told_to_go_on_it_begins_anew(folder: Folder) -> None:
    async with raw_server(whole(TEXT[:5000], told=len(TEXT))) as server:
        await folder.get(server.url)
        server.reply = rest
        assert saved(await folder.get(server.url, resume=False)).complete
        assert b"Range" not in server.heard[1]
    assert folder.target.read_bytes() == TEXT


async def test_a_bill_and_an_error_leave_the_part_as_it_is(folder: Folder) -> None:
    async with raw_server(whole(TEXT[:5000], told=len(TEXT))) as server:
        await folder.get(server.url)
        for status in (b"402 Pay", b"503 Later"):
            server.reply = b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n"
            assert isinstance(await folder.get(server.url), Response)
            assert folder.part.read_bytes() == TEXT[:5000]
        server.reply = rest
        assert saved(await folder.get(server.url)).status == 206


async def test_the_rest_is_asked_for_where_the_part_came_from(folder: Folder) -> None:
    async with raw_server() as store, raw_server() as shop:
        signed = iter(range(9))

        def go(head: bytes) -> bytes:
            place = f"{store.url}big?signed={next(signed)}"
            return f"HTTP/1.1 302 Go\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()

        shop.reply, store.reply = go, whole(TEXT[:5000], told=len(TEXT))
        await folder.get(shop.url)
        store.reply = rest
        assert saved(await folder.get(shop.url)).status == 206
        assert b"Range" not in shop.heard[1]
        assert b"Range: bytes=5000-" in store.heard[1]
        assert CREDENTIAL.reveal() not in store.heard[1]
    assert folder.target.read_bytes() == TEXT


async def test_what_is_shown_is_what_leaves(folder: Folder) -> None:
    async with raw_server(whole(TEXT[:5000], told=len(TEXT))) as server:
        await folder.get(server.url)
        part = Part.open(folder.target, resume=True)
        transport = HttpTransport(part=part)
        request = Request(server.url)
        shown = transport.prepare(request, CREDENTIAL).head
        server.reply = rest
        await transport.send(request, CREDENTIAL)
        await transport.close()
        part.close()
        assert server.heard[1] == shown
        assert b"Range: bytes=5000-" in shown


async def test_packed_it_is_unpacked_and_cannot_go_on(folder: Folder) -> None:
    packed = gzip.compress(TEXT)
    head = f'HTTP/1.1 200 OK\r\nETag: "v1"\r\nContent-Encoding: gzip\r\nX: {len(packed)}\r\n\r\n'
    async with raw_server(head.encode() + packed[:-4]) as server:
        assert not saved(await folder.get(server.url)).complete
        server.reply = head.encode() + packed
        assert saved(await folder.get(server.url)).complete
        assert b"Range" not in server.heard[1]
    assert folder.target.read_bytes() == TEXT


async def test_a_full_disk_is_told_and_does_not_look_like_the_servers_fault(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    part = Part.open(folder.target)
    transport = HttpTransport(part=part)
    async with raw_server(whole()) as server:
        monkeypatch.setattr(os, "write", full)
        event = await transport.send(Request(server.url), None)
        monkeypatch.undo()
        await transport.close()
    assert isinstance(event, Answered)
    assert not event.response.complete
    assert part.trouble is not None
    assert part.trouble.errno == errno.ENOSPC
    part.close()


async def test_a_note_that_cannot_be_written_is_told_too(folder: Folder) -> None:
    part = Part.open(folder.target)
    folder.target.with_name("answer.part.json").mkdir()
    transport = HttpTransport(part=part)
    async with raw_server(whole()) as server:
        event = await transport.send(Request(server.url), None)
        await transport.close()
    assert isinstance(event, Answered)
    assert (event.response.complete, event.response.saved) == (False, None)
    assert part.trouble is not None
    folder.target.with_name("answer.part.json").rmdir()
    part.close()


# Time: a file may take as long as it moves.


async def steady(
    pieces: int, size: int, every: float, url: Callable[[Url], Awaitable[None]]
) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (pieces * size))
        loop = asyncio.get_running_loop()
        for _ in range(pieces):
            tick = asyncio.Event()
            loop.call_later(every, tick.set)
            await tick.wait()
            writer.write(b"x" * size)
            await writer.drain()

    async with listening(handle) as port:
        await url(Url.parse(f"http://127.0.0.1:{port}/"))


async def test_it_may_take_longer_than_the_deadline(folder: Folder) -> None:
    async def get(url: Url) -> None:
        response = saved(await folder.get(url, deadline=0.3))
        assert response.complete
        assert response.seconds > 0.6

    await steady(30, 2000, 0.03, get)


async def test_a_trickle_into_a_file_ends(folder: Folder) -> None:
    async def get(url: Url) -> None:
        response = saved(await folder.get(url, deadline=0.3))
        assert not response.complete
        assert 0 < response.size < 100

    await steady(100, 1, 0.02, get)


async def test_being_stopped_keeps_what_came(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    come = asyncio.Event()
    write = Part.write

    def noticed(part: Part, piece: bytes) -> bool:
        done = write(part, piece)
        if part.kept == 5000:
            come.set()
        return done

    monkeypatch.setattr(Part, "write", noticed)
    async with raw_server(whole(TEXT[:5000], told=len(TEXT)), hang=True) as server:
        task = asyncio.ensure_future(folder.get(server.url))
        await come.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert folder.part.read_bytes() == TEXT[:5000]
    async with raw_server(OK) as server:
        assert isinstance(await folder.get(server.url), Response)


async def test_a_refused_packing_touches_nothing(folder: Folder) -> None:
    async with raw_server(whole(TEXT[:5000], told=len(TEXT))) as server:
        await folder.get(server.url)
        server.reply = b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 0\r\n\r\n"
        answer = await folder.get(server.url)
        assert isinstance(answer, Unreachable)
        assert answer.fault is Fault.PROTOCOL
    assert folder.part.read_bytes() == TEXT[:5000]


async def test_a_challenge_is_still_one(folder: Folder) -> None:
    part = Part.open(folder.target)
    transport = HttpTransport(part=part)
    async with raw_server(b"HTTP/1.1 402 Pay\r\nContent-Length: 0\r\n\r\n") as server:
        assert isinstance(await transport.send(Request(server.url), None), Challenged)
    await transport.close()
    part.close()
