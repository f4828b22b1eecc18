"""H101, H102: does a phone read the invoice that was approved, and no other one?"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from l402tui.cli.approving import YesOption
from l402tui.cli.exits import Exit
from l402tui.flow.events import ApprovalAsked, Decoded
from l402tui.protocol.qr import Style, encode, render
from l402tui.tui.widgets.qrcode import QrCode
from l402tui.wiring import request_of
from tests.tui.explorer import Explorer, exploring
from tests.tui.test_invoice_qr import _photo, _to_invoice

from . import world as worlds
from .verdicts import PERHAPS, paid, unpaid
from .world import Bill, Person, World, answer, bill, wants

EXTERNAL = ("--wallet", "external", "--network", "regtest")
SIZES = [(120, 40), (80, 24)]

QR = zxingcpp.barcode_formats_from_str("QRCode")
"""Other kinds are found by chance now and then in what is no such code."""


# --- H101: on the screen --------------------------------------------------------------------------


async def drawn(explorer: Explorer) -> QrCode:
    """The code, once all of it is there."""
    code = explorer.app.screen.query_one(QrCode)
    await explorer.until(lambda: bool(code.drawn) and code.size.height == len(code.drawn))
    return code


def read(code: QrCode) -> str:
    (found,) = zxingcpp.read_barcodes(_photo(code), formats=QR)
    return found.text


@pytest.mark.parametrize("theme", ["l402", "textual-dark", "textual-light", "ansi-dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_h101_the_code_stays_that_of_the_approved_invoice(
    tmp_path: Path, size: tuple[int, int], theme: str
) -> None:
    """While it is shown the same server makes new bills for the same thing; then the terminal
    changes its size, and the picture is closed and opened again."""
    async with exploring(tmp_path, size, step=False, external=True) as explorer:
        explorer.app.theme = theme
        await _to_invoice(explorer)
        intent = explorer.watch.intent
        (question,) = explorer.events(ApprovalAsked)
        assert intent is not None
        assert isinstance(question, ApprovalAsked)
        assert intent.payment_hash == question.quote.payment_hash
        assert read(await drawn(explorer)) == intent.invoice.upper()
        others = await asyncio.gather(*(new_bill(explorer, n) for n in range(3)))
        assert intent.invoice not in others
        await explorer.pilot.pause()
        assert read(await drawn(explorer)) == intent.invoice.upper()
        other = SIZES[1 - SIZES.index(size)]
        await explorer.pilot.resize_terminal(*other)
        await explorer.pilot.pause()
        assert read(await drawn(explorer)) == intent.invoice.upper()
        await explorer.press("escape")
        await explorer.until(lambda: explorer.app.screen is explorer.flow)
        await explorer.press("i")
        await explorer.until(lambda: bool(explorer.app.screen.query(QrCode)))
        assert read(await drawn(explorer)) == intent.invoice.upper()
        assert len(explorer.payments) == 0


async def new_bill(explorer: Explorer, number: int) -> str:
    """Somebody asks the same server at the same moment; the invoice they are shown."""
    session = replace(explorer.session, wallet=None)
    request = request_of(f"{explorer.watch.request.url}?again={number}")
    async for event in session.runner(YesOption(None)).run(request):
        if isinstance(event, Decoded):
            assert event.bill.invoice is not None
            return event.bill.invoice.text
    raise AssertionError("there was no bill")


@pytest.mark.parametrize("size", [(40, 24), (40, 60)])
async def test_h101_where_it_does_not_fit_nothing_is_drawn(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    """Half a code would be worse than none: it is saved as a file instead."""
    async with exploring(tmp_path, (120, 40), step=False, external=True) as explorer:
        await _to_invoice(explorer)
        code = await drawn(explorer)
        await explorer.pilot.resize_terminal(*size)
        await explorer.until(lambda: code.drawn == ())
        await explorer.until_words("does not fit")


# --- H101: on the command line --------------------------------------------------------------------

BLACK_ON_WHITE = re.compile(r"\x1b\[30;107m([ ▀▄█]+)\x1b\[0m")


def picture(rows: list[str]) -> Image.Image:
    """Half blocks as a camera sees them."""
    wide, high = len(rows[0]), 2 * len(rows)
    image = Image.new("L", (wide, high), 255)
    for y, row in enumerate(rows):
        for x, glyph in enumerate(row):
            for half, inked in enumerate((glyph in "▀█", glyph in "▄█")):
                if inked:
                    image.putpixel((x, 2 * y + half), 0)
    return image.resize((8 * wide, 8 * high), Image.Resampling.NEAREST)


def at(world: World, size: tuple[int, int]) -> None:
    """The person's terminal has so many columns and rows."""

    class Sized(Person):
        def __init__(self, *words: str) -> None:
            super().__init__(*words)
            self.size = size

    world.monkeypatch.setattr(worlds, "Person", Sized)


@pytest.mark.parametrize("columns", [100, 80, 40])
def test_h101_the_command_line_shows_the_same(world: World, columns: int) -> None:
    """While the person looks at it, the shop has a new bill for every request."""
    at(world, (columns, 40))
    shop, sold = world.shop(), world.bill()
    shop.reply = lambda asked: wants(sold if asked.number == 0 else world.bill())
    told = world.run("get", f"{shop.url}/weather", *EXTERNAL, person=["yes", ""])
    assert told.code == Exit.UNSETTLED
    assert PERHAPS in told.text
    rows = BLACK_ON_WHITE.findall(told.terminal)
    if len(encode(sold.invoice)[0]) <= columns:
        assert rows == list(render(encode(sold.invoice), Style.HALF_BLOCKS))
        (found,) = zxingcpp.read_barcodes(picture(rows), formats=QR)
        assert found.text == sold.invoice.upper()
    else:
        assert rows == []
        assert f"this terminal has {columns}" in told.text
    assert re.findall(r"lightning:(\S+)", told.terminal) == [sold.invoice]
    assert [intent.invoice for intent in world.intents] == [sold.invoice]


def test_h101_later_it_is_still_the_first_one(world: World) -> None:
    """The same request again asks about the invoice that was shown, not about a newer one."""
    shop, sold = world.shop(), world.bill()
    shop.reply = lambda asked: (
        answer()
        if asked.authorization == sold.authorization
        else wants(sold if asked.number == 0 else world.bill())
    )
    for words in (["yes", ""], [""], ["ff" * 32, ""]):
        told = world.run("get", f"{shop.url}/weather", *EXTERNAL, person=words)
        assert told.code == Exit.UNSETTLED
        assert set(re.findall(r"lightning:(\S+)", told.terminal)) == {sold.invoice}
    proof = sold.preimage.hex()
    told = world.run("get", f"{shop.url}/weather", *EXTERNAL, person=[proof])
    assert told.code == Exit.OK, told.text
    assert shop.credentials == [sold.authorization]
    assert world.sends == 0


# --- H102: other bills in what a server writes ----------------------------------------------------

PAYABLE: dict[str, Callable[[Bill], str]] = {
    "an invoice's address": lambda other: f"lightning:{other.invoice}",
    "in capitals": lambda other: f"LIGHTNING:{other.invoice.upper()}",
    "a bitcoin address with an invoice": lambda other: (
        f"bitcoin:bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq?lightning={other.invoice}"
    ),
    "a wallet connection": lambda other: (
        f"nostr+walletconnect://{'b8' * 32}?relay=wss://relay.evil.example&secret={'7a' * 32}"
    ),
    "a pay link": lambda other: "lnurlp://evil.example/pay",
    "a coded pay link": lambda other: "LNURL1DP68GURN8GHJ7MRWW4EXCTNXD9SHG6NPVCHXXMMD9AKXUATJDSKHQ",
    "an address to pay to": lambda other: "pay me@evil.example",
    "a picture": lambda other: '<img src="https://evil.example/qr.png"> ![](https://evil.example)',
    "a picture in it": lambda other: '<img src="data:image/png;base64,iVBORw0KGgo=">',
    "a picture of a code": lambda other: "\n".join(
        render(encode(other.invoice), Style.HALF_BLOCKS)
    ),
}


def not_followed(world: World, name: str) -> None:
    """Nobody else was even looked up."""
    assert set(world.street.resolved) == {name}


@pytest.mark.parametrize("which", PAYABLE)
@pytest.mark.parametrize("status", [200, 402])
def test_h102_what_stands_in_a_body_is_not_payable(world: World, which: str, status: int) -> None:
    shop, other = world.shop(), world.bill()
    words = PAYABLE[which](other).encode()
    shop.says(answer(status, words, ("Content-Type", "text/html")))
    told = world.get(f"{shop.url}/weather", person=["yes", "yes"])
    assert told.code == (Exit.OK if status == 200 else Exit.NOT_PAYABLE)
    assert told.out == (words if status == 200 else b"")
    unpaid(world, told, shop)
    not_followed(world, shop.name)
    assert not BLACK_ON_WHITE.search(told.terminal)


@pytest.mark.parametrize("which", PAYABLE)
def test_h102_nor_what_a_seller_writes_into_a_bill(world: World, which: str) -> None:
    """In the description and in the body of a 402: the invoice of the header is what is paid."""
    shop, other = world.shop(), world.bill()
    words = PAYABLE[which](other)
    sold = world.bill(description=words[:200].encode())
    ask = wants(sold, body=words.encode())
    shop.reply = lambda asked: answer() if asked.authorization else ask
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    not_followed(world, shop.name)


@pytest.mark.parametrize("which", PAYABLE)
def test_h102_nor_is_it_what_a_phone_is_shown(world: World, which: str) -> None:
    shop, other = world.shop(), bill()
    words = PAYABLE[which](other)
    sold: Bill = world.bill(description=words[:60].encode())
    shop.says(wants(sold, body=words.encode()))
    told = world.run("get", f"{shop.url}/weather", *EXTERNAL, person=["yes", ""])
    assert told.code == Exit.UNSETTLED
    rows = BLACK_ON_WHITE.findall(told.terminal)
    (found,) = zxingcpp.read_barcodes(picture(rows), formats=QR)
    assert found.text == sold.invoice.upper()
    shown = told.terminal.replace("\n", "")
    assert re.findall(r"^lightning:(\S+)$", told.terminal, re.MULTILINE) == [sold.invoice]
    assert other.invoice not in shown
    not_followed(world, shop.name)


def test_h102_the_trap_would_snap(world: World) -> None:
    """A request for the other name is one that these cases would see."""
    world.get("https://evil.example/qr.png")
    assert world.street.resolved == ["evil.example"]
