"""The QR code on the screen is read back by another program, and the proof is checked here."""

from __future__ import annotations

import stat
import unicodedata
from hashlib import sha256
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from rich.color import Color
from textual.widgets import Button, Input

from l402tui.flow.model import Outcome
from l402tui.practice.invoices import DEMO_SEED, signed_invoice
from l402tui.protocol.amount import sat
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.qr import Style, encode
from l402tui.tui.modals.invoice import InvoiceModal, save
from l402tui.tui.watch import Watch
from l402tui.tui.widgets.qrcode import QrCode, fitting
from l402tui.wiring import SystemClock
from tests.tui.explorer import Explorer, exploring

_CELL = (12, 24)  # pixels; divisible by the parts of half blocks and sextants


def _inked(glyph: str) -> set[tuple[int, int]]:
    """Which of the 2 x 6 parts of a cell are drawn."""
    name = unicodedata.name(glyph)
    whole = {(x, y) for x in range(2) for y in range(6)}
    if name == "SPACE":
        return set()
    if name == "FULL BLOCK":
        return whole
    if name == "UPPER HALF BLOCK":
        return {(x, y) for x, y in whole if y < 3}
    if name == "LOWER HALF BLOCK":
        return {(x, y) for x, y in whole if y >= 3}
    if name == "LEFT HALF BLOCK":
        return {(x, y) for x, y in whole if x == 0}
    if name == "RIGHT HALF BLOCK":
        return {(x, y) for x, y in whole if x == 1}
    assert name.startswith("BLOCK SEXTANT-"), name
    numbers = [int(one) - 1 for one in name.removeprefix("BLOCK SEXTANT-")]
    return {(n % 2, n // 2 * 2 + half) for n in numbers for half in range(2)}


def _photo(code: QrCode) -> Image.Image:
    """What a camera sees: glyphs in the very colours that go to the terminal."""
    strips = code.render_lines(code.size.region)
    wide, high = _CELL
    image = Image.new("RGB", (code.size.width * wide + 40, code.size.height * high + 40), "gray")
    for row, strip in enumerate(strips):
        column = 0
        for segment in strip:
            assert segment.style is not None
            ink, paper = _rgb(segment.style.color), _rgb(segment.style.bgcolor)
            assert (ink, paper) == ((0, 0, 0), (255, 255, 255))
            for glyph in segment.text:
                box = (20 + column * wide, 20 + row * high)
                image.paste(paper, (*box, box[0] + wide, box[1] + high))
                for x, y in _inked(glyph):
                    left, top = box[0] + x * wide // 2, box[1] + y * high // 6
                    image.paste(ink, (left, top, left + wide // 2, top + high // 6))
                column += 1
    return image


def _rgb(color: Color | None) -> tuple[int, int, int]:
    assert color is not None
    triplet = color.get_truecolor()
    return triplet.red, triplet.green, triplet.blue


async def _to_invoice(explorer: Explorer) -> InvoiceModal:
    await explorer.to_question()
    await explorer.press("y")
    await explorer.until_screen(InvoiceModal)
    modal = explorer.app.screen
    assert isinstance(modal, InvoiceModal)
    return modal


@pytest.mark.parametrize("theme", ["l402", "textual-light", "ansi-dark"])
@pytest.mark.parametrize(
    ("size", "style"), [((120, 40), Style.HALF_BLOCKS), ((80, 24), Style.SEXTANTS)]
)
async def test_the_code_on_the_screen_is_the_invoice(
    tmp_path: Path, size: tuple[int, int], style: Style, theme: str
) -> None:
    async with exploring(tmp_path, size, step=False, external=True) as explorer:
        explorer.app.theme = theme
        modal = await _to_invoice(explorer)
        code = modal.query_one(QrCode)
        await explorer.until(lambda: bool(code.drawn) and code.size.height == len(code.drawn))
        intent = explorer.watch.intent
        assert intent is not None
        assert fitting(encode(intent.invoice), size[0] - modal._words_wide, size[1]) is style
        region, screen = code.region, explorer.app.screen.region
        assert screen.contains_region(region)
        (read,) = zxingcpp.read_barcodes(_photo(code))
        assert read.text == intent.invoice.upper()


async def test_a_code_that_does_not_fit_is_not_drawn(tmp_path: Path) -> None:
    async with exploring(tmp_path, (80, 18), step=False, external=True) as explorer:
        modal = await _to_invoice(explorer)
        await explorer.until(lambda: "does not fit" in explorer.screen_text())
        assert modal.query_one(QrCode).drawn == ()


async def test_the_code_goes_away_before_the_invoice_expires(tmp_path: Path) -> None:
    async with exploring(tmp_path, (120, 40), step=False, external=True) as explorer:
        modal = await _to_invoice(explorer)
        code = modal.query_one(QrCode)
        await explorer.until(lambda: bool(code.drawn))
        await explorer.press("escape")
        await explorer.until(lambda: explorer.app.screen is explorer.flow)
        explorer.session.clock = _NineSecondsBefore(explorer.watch)
        await explorer.press("i")
        await explorer.until_screen(InvoiceModal)
        await explorer.until_text("The invoice runs out")
        assert explorer.app.screen.query_one(QrCode).drawn == ()


class _NineSecondsBefore(SystemClock):
    def __init__(self, watch: Watch) -> None:
        assert watch.intent is not None
        self._time = watch.intent.expires - 9

    def now(self) -> float:
        return self._time


async def test_the_preimage_is_checked_before_anything_is_sent(tmp_path: Path) -> None:
    async with exploring(tmp_path, (120, 40), step=False, external=True) as explorer:
        modal = await _to_invoice(explorer)
        assert "many wallets do not show the preimage" in explorer.screen_text()
        node = explorer.session.practice
        assert node is not None
        intent = explorer.watch.intent
        assert intent is not None
        field = modal.query_one(Input)
        field.focus()
        for wrong, sentence in (("abc", "64 hex characters"), ("00" * 32, "another hash")):
            field.value = wrong
            await explorer.press("enter")
            await explorer.until_text(sentence)
            assert explorer.watch.intent is not None
        # Somebody else's wallet pays, and shows its owner the preimage.
        node.node.send(intent.invoice, sat(10), "phone")
        paid = [one async for one in node.node.follow(intent.payment_hash, "phone")][-1]
        assert paid.preimage is not None
        assert sha256(paid.preimage.reveal()).digest() == intent.payment_hash
        field.value = f"  {paid.preimage.reveal().hex().upper()} "
        await explorer.press("enter")
        await explorer.to_end()
        ending = explorer.watch.ending
        assert ending is not None
        assert ending.outcome is Outcome.PAID


async def test_closing_the_picture_does_not_stop_the_flow(tmp_path: Path) -> None:
    async with exploring(tmp_path, (120, 40), step=False, external=True) as explorer:
        await _to_invoice(explorer)
        await explorer.press("escape")
        await explorer.until(lambda: explorer.app.screen is explorer.flow)
        assert "i shows the invoice" in explorer.status
        await explorer.press("v")
        await explorer.until_screen(InvoiceModal)
        modal = explorer.app.screen
        await explorer.until(lambda: modal.query_one(Input).has_focus)
        modal.query_one("#stop", Button).press()
        await explorer.to_end()
        ending = explorer.watch.ending
        assert ending is not None
        assert ending.outcome is Outcome.UNSETTLED


def test_the_saved_files_are_for_this_user_alone() -> None:
    made = signed_invoice(DEMO_SEED, 0, sat(10), "Weather", created=1_700_000_000, expiry=3600)
    folder = save(Invoice.decode(made.text), encode(made.text))
    try:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert sorted(path.name for path in folder.iterdir()) == ["invoice.svg", "invoice.txt"]
        for path in folder.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert (folder / "invoice.txt").read_text() == made.text + "\n"
    finally:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
