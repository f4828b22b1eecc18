"""Which texts of :mod:`tests.screen.payloads` come by which way, and what of them may be seen?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from lndgrpc.compiled import lightning_pb2  # noqa: TID253

from tests.screen.oracle import judge, kinds_of, parts, read
from tests.screen.payloads import BENIGN, PAYLOADS, Effect, Payload
from tests.screen.terminal import capture
from tests.wallets.lnd_fake import info

from .world import Asked, Bill, Shop, World, answer, wants

ROOM: Final = 110
"""Bytes of a description that are shown of it whole, and a little less."""
_WORDS: Final = "anything else to stop: "


def named(*beginnings: str) -> tuple[Payload, ...]:
    """The payloads whose names begin so."""
    found = tuple(one for one in PAYLOADS if one.name.startswith(beginnings))
    assert all(any(one.name.startswith(word) for one in found) for word in beginnings)
    return found


def handfuls(payloads: Sequence[Payload], room: int = ROOM) -> Iterator[bytes]:
    """So many at a time as there is room for."""
    batch = b""
    for one in payloads:
        if batch and len(batch) + len(one.raw) > room:
            yield batch
            batch = b""
        batch += one.raw
    if batch:
        yield batch


def nothing_foreign(text: str | bytes) -> None:
    """Lines of text, and nothing in them that a terminal obeys or that nobody can see."""
    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    assert kinds_of(read(data)) <= {"C0 0a"}


# --- ways in --------------------------------------------------------------------------------------

Way = Callable[[World, Shop, bytes], Bill]
"""Puts a text where it will be told, and gives the bill that is asked for."""


def _description(world: World, shop: Shop, text: bytes) -> Bill:
    return shop.sells(world.bill(description=text))


def _caveats(world: World, shop: Shop, text: bytes) -> Bill:
    return shop.sells(world.bill(caveats=[text, b"services=weather:0", b"x=" + text]))


def _header(world: World, shop: Shop, text: bytes) -> Bill:
    sold, value = world.bill(), text.decode("latin-1")
    shop.says(wants(sold, ("X-Note", value), ("WWW-Authenticate", f'Other note="{value}"')))
    return sold


def _body(world: World, shop: Shop, text: bytes) -> Bill:
    sold = world.bill()
    shop.says(wants(sold, ("Content-Type", "application/json"), body=b'{"error": "' + text + b'"}'))
    return sold


def _reason(world: World, shop: Shop, text: bytes) -> Bill:
    sold = world.bill()
    shop.says(wants(sold).replace(b"Reason", text, 1))
    return sold


def _unpayable(world: World, shop: Shop, text: bytes) -> Bill:
    shop.says(answer(402, text, ("Content-Type", "text/plain")))
    return world.bill()


def _redirect(world: World, shop: Shop, text: bytes) -> Bill:
    shop.says(answer(302, b"", ("Location", "/" + text.decode("latin-1"))))
    return world.bill()


def _node(world: World, shop: Shop, text: bytes) -> Bill:
    alias = text.decode("utf-8", "replace")
    chains = [lightning_pb2.Chain(chain="bitcoin", network=alias[:40])]
    world.node.info = info(alias=alias, chains=chains)
    return shop.sells(world.bill())


WAYS: Final[dict[str, Way]] = {
    "description": _description,
    "caveats": _caveats,
    "header": _header,
    "body": _body,
    "reason": _reason,
    "unpayable": _unpayable,
    "redirect": _redirect,
    "node": _node,
}


def told_harmlessly(world: World, way: str, payloads: Sequence[Payload]) -> None:
    """Ask once for each handful, read all that there is to read, and say no."""
    shop, seen = world.shop(), ""
    if way == "description":
        payloads = in_words(payloads)
    for text in handfuls(payloads):
        WAYS[way](world, shop, text)
        told = world.get(f"{shop.url}/weather", person=["no"])
        nothing_foreign(told.terminal)
        nothing_foreign(told.err)
        seen += told.text
    assert world.sends == 0
    assert not shop.credentials
    if way == "description":
        seen = "".join(seen.split())
        assert all(one.before in seen and one.after in seen for one in payloads)


def in_words(payloads: Sequence[Payload]) -> tuple[Payload, ...]:
    """Those that are UTF-8: a bill with a description that is not is refused by C08."""
    return tuple(one for one in payloads if one.effect is not Effect.BROKEN)


# --- a real terminal ------------------------------------------------------------------------------


def on_a_terminal(
    world: World, payloads: Sequence[Payload], size: tuple[int, int] = (80, 24)
) -> None:
    """A whole purchase on a pseudo-terminal, with payloads everywhere, and one with harmless words:
    whatever is not in that one is foreign."""
    shop = world.local_shop()
    harmless = _bought(world, shop, BENIGN[: len(payloads)], size)
    hostile = _bought(world, shop, payloads, size)
    ours = kinds_of(piece for part in parts(harmless) for piece in part.pieces)
    verdict = judge(parts(hostile), ours, payloads, size)
    assert verdict.foreign == []
    assert verdict.total == {one.number for one in payloads}


def _bought(world: World, shop: Shop, payloads: Sequence[Payload], size: tuple[int, int]) -> bytes:
    """Everything that a terminal got. What came is text, and so it is put there line by line."""
    texts, some = in_words(payloads), list(handfuls(payloads))
    description = next(handfuls(texts), b"Weather report")
    sold = world.bill(description=description, caveats=[b"services=weather:0", *some])
    goods = b"\n".join(one.raw for one in texts if b"\n" not in one.core)

    def reply(asked: Asked) -> bytes:
        if asked.authorization == sold.authorization:
            return answer(200, goods)
        return wants(sold, body=b"\n".join(some))

    shop.reply = reply
    place = f"{shop.url}/{sold.payment_hash.hex()}"
    command = ["-m", "l402tui", "get", place, "--wallet", "lnd"]
    code, written = capture(command, world.home, size, answers={_WORDS.encode(): b"yes\r"})
    assert code == 0, written
    assert shop.credentials[-1] == sold.authorization
    return written


def lines_of(path: Path) -> str:
    """What is in a file, all of it harmless."""
    data = path.read_bytes()
    nothing_foreign(data)
    return data.decode()
