"""H46-H55: can an answer be too large, too slow or too strange for the program, or be read in two
ways?

Each comes twice: in place of a bill, where nothing may be paid, and in place of what was paid for,
where nothing may be paid again and the credential is kept.
"""

from __future__ import annotations

import asyncio
import gc
import gzip
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import aclosing
from functools import cache
from itertools import repeat

import pytest

from l402tui.cli.exits import Exit
from l402tui.flow import events as e
from l402tui.flow.message import Request
from l402tui.protocol.url import Url

from .verdicts import EARLIER, NO_MONEY, SPENT, paid, refused, unpaid
from .world import GOODS, Bill, Cut, Drip, Reply, Shop, Told, World, answer, wants

MIB = 1024 * 1024
EMPTY = b"Content-Length: 0\r\n\r\n"
before_and_after = pytest.mark.parametrize("when", ["before", "after"])


def given(world: World, shop: Shop, reply: Callable[[Bill], Reply], when: str) -> Told:
    """Ask, and get this before a payment, or after one. The reply is made for a bill, so that it
    may show one."""
    sold = world.bill()
    if when == "before":
        shop.reply = lambda asked: reply(sold)
        return world.get(f"{shop.url}/weather", person=["yes"])
    shop.sells(sold, then=lambda asked: reply(sold))
    # What changes something is not sent again by itself, so that it comes once.
    return world.get(f"{shop.url}/weather", "-d", "city=1")


def no_answer(world: World, told: Told, shop: Shop, when: str) -> None:
    """It counts as no answer at all: unpaid before; paid once, and kept, after."""
    assert told.out == b""
    assert len(shop.credentials) == (when == "after")
    if when == "before":
        assert told.code == Exit.UNREACHABLE, told.text
        unpaid(world, told, shop)
        assert len(shop.heard) == 1
        return
    assert told.code == Exit.UNDELIVERED, told.text
    assert SPENT in told.text
    assert world.sends == 1
    assert world.intents[0].preimage is not None


def the_goods_come_later(world: World, shop: Shop) -> None:
    """The credential that was kept opens the shop, once it behaves."""
    shop.says(answer())
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS), told.text
    assert EARLIER in told.text
    assert world.sends == 1


# --- H46: too many headers ------------------------------------------------------------------------

FLOOD = "".join(f"X-{number:04}: {'y' * 91}\r\n" for number in range(3_000)).encode()


def flood(sold: Bill) -> bytes:
    """3,000 headers of 100 bytes, and a good bill among them."""
    return wants(sold).replace(b"\r\n\r\n", b"\r\n" + FLOOD + b"\r\n", 1)


def endless_head(sold: Bill) -> Iterator[bytes]:
    yield wants(sold).partition(b"\r\n\r\n")[0] + b"\r\n"
    yield from repeat(b"X-More: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n")


def endless_line(sold: Bill) -> Iterator[bytes]:
    yield wants(sold).partition(b"\r\n\r\n")[0] + b"\r\nX-More: "
    yield from repeat(b"y" * 1_000)


@before_and_after
@pytest.mark.parametrize("reply", [flood, endless_head, endless_line])
def test_h046_more_headers_than_anybody_needs(
    world: World, reply: Callable[[Bill], Reply], when: str
) -> None:
    """They are counted while they come: what has no end is stopped, too."""
    shop = world.shop()
    told = given(world, shop, reply, when)
    no_answer(world, told, shop, when)
    assert "too long" in told.text or "too large" in told.text


def test_h046_two_hundred_headers_are_read(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    many = [(f"X-{number}", "y" * 100) for number in range(200)]
    shop.reply = lambda asked: (
        answer(200, GOODS, *many)
        if asked.authorization == sold.authorization
        else wants(sold, *many)
    )
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


# --- H47: one long header -------------------------------------------------------------------------


def padded(sold: Bill, size: int) -> bytes:
    """A challenge of so many bytes, by a parameter that nobody knows."""
    empty = len(f'{sold.challenge}, more=""')
    return answer(
        402, b"", ("WWW-Authenticate", f'{sold.challenge}, more="{"y" * (size - empty)}"')
    )


@pytest.mark.parametrize("size", [40_000, 90_000, 1_000_000])
def test_h047_a_challenge_that_no_head_has_room_for(world: World, size: int) -> None:
    """Over 32 KiB the whole answer is refused; the check C06 looks at what is below."""
    shop, sold = world.shop(), world.bill()
    shop.says(padded(sold, size))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    no_answer(world, told, shop, "before")
    assert "too large" in told.text


@pytest.mark.parametrize("size", [16_385, 20_000, 32_000])
def test_h047_a_challenge_that_is_too_long(world: World, size: int) -> None:
    shop, sold = world.shop(), world.bill()
    shop.says(padded(sold, size))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C06", shop)


@pytest.mark.parametrize("size", [1_000, 16_384])
def test_h047_as_long_as_it_may_be(world: World, size: int) -> None:
    shop, sold = world.shop(), world.bill()
    shop.reply = lambda asked: answer() if asked.authorization else padded(sold, size)
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


@pytest.mark.parametrize("size", [8_193, 12_000])
def test_h047_a_token_that_is_too_long(world: World, size: int) -> None:
    shop, sold = world.shop(), world.bill()
    token = "A" * size
    shop.says(wants(Bill(token, sold.invoice, sold.preimage, sold.payment_hash)))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C06", shop)


# --- H48: many challenges -------------------------------------------------------------------------


def header(*values: str) -> bytes:
    return answer(402, b"", *(("WWW-Authenticate", value) for value in values))


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("others", [9, 100])
@pytest.mark.parametrize("at", [0, -1])
def test_h048_more_challenges_than_are_read(
    world: World, at: int, others: int, folded: bool
) -> None:
    """Where reading stops, another bill may follow: so there is not exactly one."""
    shop, sold = world.shop(), world.bill()
    values = [f'Basic realm="{number}"' for number in range(others)]
    values.insert(at % (others + 1), sold.challenge)
    shop.says(header(", ".join(values)) if folded else header(*values))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C06", shop)


def test_h048_a_hundred_different_bills(world: World) -> None:
    shop = world.shop()
    bills = [world.bill() for _ in range(20)]
    shop.says(header(*(one.challenge for one in bills)))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C06", shop)


@pytest.mark.parametrize("others", [1, 6])
def test_h048_a_few_others_do_not_matter(world: World, others: int) -> None:
    shop, sold = world.shop(), world.bill()
    values = [f'Basic realm="{number}"' for number in range(others)]
    reply = header(*values, sold.challenge)
    shop.reply = lambda asked: answer() if asked.authorization else reply
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


# --- H49-H51: packed ------------------------------------------------------------------------------


@cache
def bomb(size: int, window: int = zlib.MAX_WBITS | 16) -> bytes:
    """Zeros, packed without ever being in memory."""
    packing = zlib.compressobj(9, zlib.DEFLATED, window)
    packed = b"".join(packing.compress(bytes(MIB)) for _ in range(size // MIB))
    return packed + packing.flush()


BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip": lambda: bomb(200 * MIB),
    "deflate": lambda: bomb(200 * MIB, zlib.MAX_WBITS),
    "x-gzip": lambda: bomb(MIB) * 200,
}


@pytest.mark.parametrize("coding", BOMBS)
def test_h049_a_bomb_for_one_who_has_paid(world: World, coding: str) -> None:
    """200 MB of zeros in 200 kB: told as an answer that ended early, and the credential kept."""
    shop, packed = world.shop(), BOMBS[coding]()
    shop.sells(world.bill(), then=lambda asked: answer(200, packed, ("Content-Encoding", coding)))
    tracemalloc.start()
    try:
        told = world.get(f"{shop.url}/weather")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (told.code, told.out) == (Exit.UNDELIVERED, b""), told.text
    assert "Paid, but the answer ended early." in told.text
    assert SPENT in told.text
    assert peak < 100 * len(packed) + 64 * MIB
    assert world.sends == 1
    the_goods_come_later(world, shop)


def test_h049_a_bomb_in_the_body_of_a_bill(world: World) -> None:
    """What matters of a 402 stands in its head: the bill is judged, and the rest is not read."""
    shop, sold, packed = world.shop(), world.bill(), bomb(200 * MIB)
    shop.reply = lambda asked: (
        answer() if asked.authorization else wants(sold, ("Content-Encoding", "gzip"), body=packed)
    )
    tracemalloc.start()
    try:
        told = world.get(f"{shop.url}/weather")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * MIB
    paid(world, told, shop, sold)


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate"])
def test_h049_what_is_packed_as_usual_is_read(world: World, coding: str) -> None:
    shop = world.shop()
    packed = zlib.compress(GOODS) if coding == "deflate" else gzip.compress(GOODS)
    then = answer(200, packed, ("Content-Encoding", coding))
    sold = shop.sells(world.bill(), then=lambda asked: then)
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    assert {asked.headers["accept-encoding"] for asked in shop.heard} == {"identity"}


LAYERS = gzip.compress(gzip.compress(bomb(10 * MIB)))


@before_and_after
@pytest.mark.parametrize("coding", ["gzip, gzip, gzip", "gzip,gzip", "deflate, gzip"])
def test_h050_packed_several_times_over(world: World, coding: str, when: str) -> None:
    assert len(LAYERS) < 400
    shop = world.shop()
    status = 402 if when == "before" else 200
    reply = answer(status, LAYERS, ("Content-Encoding", coding))
    told = given(world, shop, lambda sold: reply, when)
    no_answer(world, told, shop, when)
    assert "times over, which is not taken apart" in told.text


def test_h050_in_two_headers(world: World) -> None:
    shop = world.shop()
    layer = ("Content-Encoding", "gzip")
    told = given(world, shop, lambda sold: answer(200, LAYERS, layer, layer), "after")
    no_answer(world, told, shop, "after")


@before_and_after
@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "dcb", "aes128gcm", "\x1b[2J"])
def test_h051_packed_in_a_way_nobody_asked_for(world: World, coding: str, when: str) -> None:
    shop = world.shop()

    def reply(sold: Bill) -> bytes:
        packed = ("Content-Encoding", coding)
        return (
            wants(sold, packed, body=b"\xce\xb2" * 99)
            if when == "before"
            else answer(200, b"x", packed)
        )

    told = given(world, shop, reply, when)
    no_answer(world, told, shop, when)
    assert {asked.headers["accept-encoding"] for asked in shop.heard} == {"identity"}
    assert "\x1b" not in told.err + told.terminal


# --- H52, H53: drop by drop -----------------------------------------------------------------------


SLOW: dict[str, list[bytes | Drip | Cut]] = {
    "its first line": [Drip(b"HTTP/1.1 200 OK and a long reason", endless=True)],
    "its lines": [b"HTTP/1.1 200 OK\r\n", Drip(b"X: y\r\n", endless=True)],
    "one of its lines": [b"HTTP/1.1 200 OK\r\nX-Slow: ", Drip(b"y", endless=True)],
}


@before_and_after
@pytest.mark.parametrize("part", SLOW)
def test_h052_a_head_that_trickles(world: World, part: str, when: str) -> None:
    """Each byte ends a silence, and none of them moves the deadline of the whole answer."""
    world.settings("timeout_seconds = 1")
    shop = world.shop()
    told = given(world, shop, lambda sold: SLOW[part], when)
    no_answer(world, told, shop, when)
    assert "did not answer within 1 seconds" in told.text


@before_and_after
def test_h052_nothing_at_all(world: World, when: str) -> None:
    world.settings("timeout_seconds = 1")
    shop = world.shop()
    told = given(world, shop, lambda sold: [Drip(b"H", 30)], when)
    no_answer(world, told, shop, when)


def test_h052_slow_but_in_time(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    shop.sells(sold, then=lambda asked: [Drip(answer(), 0.001)])
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


def test_h053_a_bill_whose_body_trickles(world: World) -> None:
    """The bill has come whole with the head; what follows may not hold anybody up for longer."""
    world.settings("timeout_seconds = 1")
    shop, sold = world.shop(), world.bill()
    head = answer(402, b"", ("WWW-Authenticate", sold.challenge), length=10**6)
    shop.reply = lambda asked: answer() if asked.authorization else [head, Drip(b"y", 0.05, True)]
    told = world.get(f"{shop.url}/weather")
    paid(world, told, shop, sold)


def test_h053_what_was_paid_for_trickles(world: World) -> None:
    world.settings("timeout_seconds = 1")
    shop = world.shop()
    then: Reply = [answer(200, b"", length=10**6), Drip(b"y", 0.05, endless=True)]
    shop.sells(world.bill(), then=lambda asked: then)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNDELIVERED
    assert "Paid, but the answer ended early." in told.text
    assert SPENT in told.text
    the_goods_come_later(world, shop)


async def stopped(world: World, url: str, at: type[e.Event]) -> list[e.Event]:
    """Run a flow, and cancel it a moment after this event."""
    from l402tui.cli.approving import YesOption

    seen: list[e.Event] = []
    async with world.session() as session:
        runner = session.runner(YesOption(None))
        reached = asyncio.Event()

        async def run() -> None:
            async with aclosing(runner.run(Request(Url.parse(url)))) as events:
                async for event in events:
                    seen.append(event)
                    if isinstance(event, at):
                        reached.set()

        task = asyncio.create_task(run())
        await reached.wait()
        for _ in range(100):  # others have their turn while it waits
            await asyncio.sleep(0)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
    return seen


# Stopping may meet the very closing of a connection, and leave its socket to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("part", ["head", "body"])
def test_h053_whoever_waits_can_stop(world: World, part: str) -> None:
    """With the default of 30 seconds before it, and at once; after a payment the credential is
    there for the next time."""
    shop, begun = world.shop(), b"HTTP/1.1 200 OK\r\nX: "
    if part == "body":
        begun = answer(200, b"", length=10**6)
    shop.says([begun, Drip(b"y", 0.01, endless=True)])
    asyncio.run(stopped(world, f"{shop.url}/weather", e.Requested))
    assert world.sends == 0
    assert world.paid == []
    shop.sells(world.bill(), then=lambda asked: [begun, Drip(b"y", 0.01, endless=True)])
    asyncio.run(stopped(world, f"{shop.url}/weather", e.Retried))
    assert world.sends == 1
    assert world.intents[0].preimage is not None
    the_goods_come_later(world, shop)
    gc.collect()  # here, and not in the middle of another test


# --- H54: without end -----------------------------------------------------------------------------


def endless(head: bytes) -> Iterator[bytes]:
    yield head + b"Transfer-Encoding: chunked\r\n\r\n"
    yield from repeat(b"400\r\n" + b"y" * 1_024 + b"\r\n")


def until_close(head: bytes) -> Iterator[bytes]:
    yield head + b"\r\n"
    yield from repeat(b"y" * 1_024)


@pytest.mark.parametrize("body", [endless, until_close])
def test_h054_a_body_without_end(world: World, body: Callable[[bytes], Iterator[bytes]]) -> None:
    world.settings("body_limit = 100_000")
    shop = world.shop()
    shop.sells(world.bill(), then=lambda asked: body(b"HTTP/1.1 200 OK\r\n"))
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNDELIVERED
    assert "Paid, but the answer ended early." in told.text
    assert SPENT in told.text
    the_goods_come_later(world, shop)


@pytest.mark.parametrize("body", [endless, until_close])
def test_h054_a_bill_with_a_body_without_end(
    world: World, body: Callable[[bytes], Iterator[bytes]]
) -> None:
    world.settings("body_limit = 100_000")
    shop, sold = world.shop(), world.bill()
    head = f"HTTP/1.1 402 Pay\r\nWWW-Authenticate: {sold.challenge}\r\n".encode()
    shop.reply = lambda asked: answer() if asked.authorization else body(head)
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


@before_and_after
@pytest.mark.parametrize("count", [9, 1_000, 0])
@pytest.mark.parametrize("hint", [b"103 Early Hints", b"100 Continue", b"102 Processing"])
def test_h054_more_is_to_come_for_ever(world: World, hint: bytes, count: int, when: str) -> None:
    shop, one = world.shop(), b"HTTP/1.1 " + hint + b"\r\n\r\n"
    told = given(world, shop, lambda sold: repeat(one, count) if count else repeat(one), when)
    no_answer(world, told, shop, when)
    assert "informational answers come before it" in told.text


def test_h054_a_few_hints_are_passed_over(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 8
    bait = world.bill()
    asked_for = f"HTTP/1.1 103 Hints\r\nWWW-Authenticate: {bait.challenge}\r\n\r\n".encode()
    shop.sells(sold, then=lambda asked: [hints, answer()])
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    shop.heard.clear()
    shop.says([asked_for, answer()])
    told = world.get(f"{shop.url}/other")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert world.sends == 1


# --- H55: two readings ----------------------------------------------------------------------------

ODD: dict[str, Callable[[bytes], bytes]] = {
    "a header that goes on": lambda head: head + b"X: a\r\n b\r\n",
    "a challenge that goes on": lambda head: head.replace(b", invoice", b",\r\n invoice"),
    "a first line that goes on": lambda head: head.replace(b"\r\n", b"\r\n X: a\r\n", 1),
    "a bare line feed": lambda head: head + b"X: a\nWWW-Authenticate: Basic\r\n",
    "bare line feeds only": lambda head: head.replace(b"\r\n", b"\n"),
    "a bare carriage return": lambda head: head + b"X: a\rY: b\r\n",
    "a NUL": lambda head: head + b"X: a\0b\r\n",
    "a NUL in the challenge": lambda head: head.replace(b", invoice", b"\0, invoice"),
    "two lengths": lambda head: head + b"Content-Length: 0\r\nContent-Length: 5\r\n",
    "two lengths that agree": lambda head: head + b"Content-Length: 0\r\nContent-Length: 0\r\n",
    "a list of lengths": lambda head: head + b"Content-Length: 0, 5\r\n",
    "a length with a sign": lambda head: head + b"Content-Length: +0\r\n",
    "a negative length": lambda head: head + b"Content-Length: -1\r\n",
    "a length and chunks": lambda head: (
        head + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"
    ),
    "a blank before the colon": lambda head: head + b"X : a\r\n",
    "no colon": lambda head: head + b"X\r\n",
    "a name with a blank": lambda head: head + b"X Y: a\r\n",
    "another version": lambda head: head.replace(b"HTTP/1.1", b"HTTP/3.0"),
    "a status of four digits": lambda head: head.replace(b" 402 ", b" 4020 "),
    "a status in words": lambda head: head.replace(b" 402 ", b" Payment "),
    "a status that is no status": lambda head: head.replace(b" 402 ", b" 999 "),
    "an escape in the reason": lambda head: head.replace(b"Reason", b"\x1b[2J"),
    "another protocol": lambda head: head.replace(b" 402 ", b" 101 "),
    "no status line": lambda head: head.partition(b"\r\n")[2],
    "something before it": lambda head: b"\r\n" + head,
    "chunked by another name": lambda head: head + b"Transfer-Encoding: xchunked\r\n",
    "chunked in disguise": lambda head: head + b"Transfer-Encoding: chunked, identity\r\n",
}


@before_and_after
@pytest.mark.parametrize("odd", ODD)
def test_h055_a_head_that_can_be_read_in_two_ways(world: World, odd: str, when: str) -> None:
    """With a good bill in it: it is not looked for."""
    shop = world.shop()

    def reply(sold: Bill) -> Reply:
        head = f"HTTP/1.1 402 Reason\r\nWWW-Authenticate: {sold.challenge}\r\n".encode()
        return [ODD[odd](head) + b"\r\n"]

    told = given(world, shop, reply, when)
    no_answer(world, told, shop, when)
    assert "not valid HTTP" in told.text
    assert "\x1b" not in told.err + told.terminal


@pytest.mark.parametrize("ending", [EMPTY, b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"])
@pytest.mark.parametrize("extra", [b"", b"X:a\r\n", b"X: \xe4\r\n", b"X:\t a \t\r\n", b"X:\r\n"])
def test_h055_a_head_that_has_one_reading(world: World, extra: bytes, ending: bytes) -> None:
    shop, sold = world.shop(), world.bill()
    head = f"HTTP/1.1 402 Reason\r\nWWW-Authenticate: {sold.challenge}\r\n".encode()
    shop.reply = lambda asked: answer() if asked.authorization else [head + extra + ending]
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


def test_h055_chunks_that_are_none(world: World) -> None:
    shop = world.shop()
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    shop.sells(world.bill(), then=lambda asked: [head + b"zz\r\n" + GOODS, Cut()])
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.UNDELIVERED, b""), told.text
    assert SPENT in told.text
    assert NO_MONEY not in told.text
    the_goods_come_later(world, shop)
