"""H56-H63: can a text from outside do anything on the person's screen, or hide what matters?

All texts before every widget of the explorer are in tests/screen; here each case of the list comes
by every way into the command line, onto a real terminal, and into the payment question.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from l402tui.cli.exits import Exit
from l402tui.protocol.url import Url
from l402tui.settings import load
from l402tui.tui.app import ExplorerApp
from l402tui.tui.widgets.exchange import ExchangeTree
from l402tui.wiring import Receive, Session, open_session
from tests.screen.payloads import Effect, Payload
from tests.tui.explorer import Explorer

from .screens import (
    WAYS,
    handfuls,
    in_words,
    named,
    nothing_foreign,
    on_a_terminal,
    told_harmlessly,
)
from .verdicts import paid, refused
from .world import Shop, World, answer, wants

every_way = pytest.mark.parametrize("way", WAYS)
SIZES = [(80, 24), (120, 40)]


@asynccontextmanager
async def exploring(
    world: World, shop: Shop, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Explorer]:
    """The explorer at this shop, with the person's node."""

    def opener(
        *, demo: bool, url: Url | None, receive: Receive, wallet: str | None = None
    ) -> AbstractAsyncContextManager[Session]:
        return open_session(load(), wallet or "lnd", receive=receive, url=url)

    app = ExplorerApp(opener, f"{shop.url}/weather", step=False)
    async with app.run_test(size=size, notifications=True) as pilot:
        explorer = Explorer(app, pilot, [])
        app.rhythm.now = lambda: explorer.now[0]
        app.rhythm.gap = 0.0
        yield explorer


# --- H56-H58: sequences ---------------------------------------------------------------------------

CLIPBOARD = named("OSC clipboard")
TALKING = named(
    "OSC title", "OSC icon", "OSC link", "OSC notification", "device control", "application",
    "privacy message", "tmux title", "CSI title report", "CSI icon report", "CSI device attributes",
    "CSI status report", "CSI cursor report", "CSI terminal name", "OSC background query",
)  # fmt: skip
EIGHT_BITS = tuple(
    one
    for one in named("C1 ", "CSI ", "OSC ", "device control", "UTF-8: overlong escape")
    if any(0x80 <= byte < 0xA0 for byte in one.core)
)


@every_way
def test_h056_the_clipboard_is_not_written_or_read(world: World, way: str) -> None:
    told_harmlessly(world, way, CLIPBOARD)


@every_way
def test_h057_no_title_link_or_question_to_the_terminal(world: World, way: str) -> None:
    told_harmlessly(world, way, TALKING)


@every_way
def test_h058_nor_in_their_spelling_of_eight_bits(world: World, way: str) -> None:
    told_harmlessly(world, way, EIGHT_BITS[:: 1 if way == "description" else 4])


@pytest.mark.parametrize("text", [one.raw for one in EIGHT_BITS if one.effect is Effect.BROKEN])
def test_h058_a_description_that_is_no_text(world: World, text: bytes) -> None:
    shop = world.shop()
    shop.sells(world.bill(description=text))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    refused(world, told, "C08", shop)
    nothing_foreign(told.terminal + told.err)


@pytest.mark.parametrize("size", SIZES)
def test_h056_on_a_real_terminal(world: World, size: tuple[int, int]) -> None:
    on_a_terminal(world, CLIPBOARD, size)


def test_h057_on_a_real_terminal(world: World) -> None:
    on_a_terminal(world, TALKING[::2])


def test_h058_on_a_real_terminal(world: World) -> None:
    on_a_terminal(world, EIGHT_BITS[::4])


@pytest.mark.parametrize("payloads", [CLIPBOARD, TALKING[::5], EIGHT_BITS[::20]])
async def test_h058_in_the_payment_question(world: World, payloads: tuple[Payload, ...]) -> None:
    shop = world.shop()
    text = next(handfuls(in_words(payloads)))
    shop.sells(world.bill(description=text, caveats=[text]))
    async with exploring(world, shop, (120, 40)) as explorer:
        await explorer.to_question()
        nothing_foreign(explorer.screen_text())
        assert text[:5].decode() in explorer.screen_text()
        await explorer.press("n")
        await explorer.to_end()
        nothing_foreign(explorer.screen_text())
        assert explorer.app.clipboard == ""
    assert world.sends == 0


# --- H59, H60: markup -----------------------------------------------------------------------------

MARKUP = tuple(one for one in named("markup ") if one.effect is Effect.MARKUP)
CLICKS = (
    b"[@click=app.approve]x[/]",
    b"[@click=app.leave]x[/]",
    b"[@click=screen.dismiss]x[/]",
    b"[@click=app.do('pay')]x[/]",
    b"[link=https://evil.example]x[/link]",
)


@every_way
def test_h059_markup_is_text(world: World, way: str) -> None:
    told_harmlessly(world, way, MARKUP)


async def click_on(explorer: Explorer, text: str) -> int:
    """Click on its letters, wherever it is on the screen; how often it is there."""
    found = 0
    for row, line in enumerate(explorer.screen_text().splitlines()):
        column = line.find(text)
        if column >= 0:
            found += 1
            for shift in (1, len(text) // 2, text.index("x[/"), len(text) - 1):
                await explorer.pilot.click(offset=(column + shift, row))
    return found


@pytest.mark.parametrize("markup", CLICKS)
async def test_h059_a_click_on_it_does_nothing(world: World, markup: bytes) -> None:
    shop, text = world.shop(), markup.decode()
    shop.sells(world.bill(description=markup))
    async with exploring(world, shop, (120, 40)) as explorer:
        modal = await explorer.to_question()
        assert await click_on(explorer, text) > 0
        assert explorer.app.screen is modal
        assert text in explorer.screen_text()
        await explorer.press("n")
        await explorer.to_end()
        assert world.sends == 0


@pytest.mark.parametrize("way", ["header", "body", "caveats", "unpayable"])
async def test_h059_nor_in_the_tree(world: World, way: str) -> None:
    """Headers, bodies and caveats as the explorer takes them apart."""
    shop, text = world.shop(), CLICKS[1].decode()
    WAYS[way](world, shop, CLICKS[1])
    async with exploring(world, shop, (140, 120)) as explorer:
        if way == "unpayable":
            await explorer.press("s")
        else:
            await explorer.to_question()
            await explorer.press("n")
        await explorer.to_end()
        explorer.flow.query_one(ExchangeTree).root.expand_all()
        await explorer.until_text(text)
        assert await click_on(explorer, text) > 0
        assert explorer.app.screen is explorer.flow
        assert explorer.app.is_running
        assert text in explorer.screen_text()
    assert world.sends == 0


@pytest.mark.parametrize("batch", list(handfuls(MARKUP)))
async def test_h060_broken_markup_breaks_nothing(world: World, batch: bytes) -> None:
    shop = world.shop()
    sold = shop.sells(
        world.bill(description=batch, caveats=[batch]), then=lambda asked: answer(200, batch)
    )
    async with exploring(world, shop, (120, 40)) as explorer:
        modal = await explorer.to_question()
        assert "".join(batch.decode().split()) in "".join(explorer.words().split())
        assert explorer.app.screen is modal
        await explorer.press("y")
        await explorer.to_end()
        assert explorer.app.is_running
    assert world.sends == 1
    assert shop.credentials == [sold.authorization]


@pytest.mark.parametrize("batch", list(handfuls(MARKUP))[:2])
def test_h060_on_the_command_line(world: World, batch: bytes) -> None:
    shop = world.shop()
    sold = shop.sells(world.bill(description=batch))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    paid(world, told, shop, sold)
    assert "".join(batch.decode().split()) in "".join(told.terminal.split())


# --- H61: what cannot be seen ---------------------------------------------------------------------

INVISIBLE = named("U+")


@every_way
def test_h061_what_cannot_be_seen_is_made_visible(world: World, way: str) -> None:
    told_harmlessly(world, way, INVISIBLE[:: 1 if way == "description" else 3])


@pytest.mark.parametrize("code", [0x202E, 0x2066, 0x2067, 0x200D, 0x200B, 0xE0041, 0xFEFF, 0x2800])
def test_h061_beside_an_amount(world: World, code: int) -> None:
    shop = world.shop()
    shop.sells(world.bill(description=f"1{chr(code)}000 sat".encode()))
    told = world.get(f"{shop.url}/weather", person=["no"])
    assert f"“1‹U+{code:04X}›000 sat”" in told.terminal
    assert "amount 10 sat" in told.text
    assert world.sends == 0


@pytest.mark.parametrize("size", SIZES)
async def test_h061_in_the_payment_question(world: World, size: tuple[int, int]) -> None:
    shop = world.shop()
    shop.sells(world.bill(description="1\u202e\u2066000\u200b sat".encode()))
    async with exploring(world, shop, size) as explorer:
        await explorer.to_question()
        nothing_foreign(explorer.screen_text())
        assert "1‹U+202E›‹U+2066›000‹U+200B› sat" in explorer.screen_text()
        assert "Pay 10 sat?" in explorer.screen_text()
    assert world.sends == 0


def test_h061_on_a_real_terminal(world: World) -> None:
    on_a_terminal(world, INVISIBLE)


# --- H62: too much --------------------------------------------------------------------------------

LARGE: dict[str, bytes] = {
    "words": b"good weather " * 49,
    "one long word": b"w" * 639,
    "marks": ("a" + "\u0301" * 300).encode(),
    "marks on every letter": ("a\u0301\u0323\u0334\u20dd" * 60).encode(),
    "wide": ("\U0001f600" * 150).encode(),
    "joined": ("\U0001f468\u200d\U0001f469\u200d\U0001f467" * 30).encode(),
    "wide letters": ("水" * 200).encode(),
    "lines": b"\n" * 600,
    "tabs": b"\t" * 600,
    "blanks": b" " * 600,
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("large", LARGE)
async def test_h062_amount_and_answers_stay_in_view(
    world: World, large: str, size: tuple[int, int]
) -> None:
    """639 bytes are the most that a description can be; caveats bring the token to its own most."""
    shop, text = world.shop(), LARGE[large]
    shop.sells(world.bill(description=text, caveats=[text] * 9))
    async with exploring(world, shop, size) as explorer:
        await explorer.to_question()
        for word in ("Pay 10 sat?", "Cancel", "10 sat (type y)", "Look first (Esc)"):
            assert word in explorer.screen_text()
        await explorer.press("n")
        await explorer.to_end()
    assert world.sends == 0


@pytest.mark.parametrize("large", LARGE)
def test_h062_on_the_command_line(world: World, large: str) -> None:
    """What is cut is counted, and stands in one place."""
    shop, text = world.shop(), LARGE[large]
    shop.sells(world.bill(description=text))
    told = world.get(f"{shop.url}/weather", person=["no"])
    nothing_foreign(told.terminal)
    assert "amount 10 sat" in told.text
    assert "… +" in told.terminal
    assert len(told.terminal.splitlines()) < 60
    assert world.sends == 0


@pytest.mark.parametrize("text", [b"good weather " * 4_000, b"[b]" * 20_000, b"\xff" * 50_000])
def test_h062_a_large_body_of_a_bill(world: World, text: bytes) -> None:
    shop, sold = world.shop(), world.bill()
    shop.reply = lambda asked: answer() if asked.authorization else wants(sold, body=text)
    told = world.get(f"{shop.url}/weather", person=["yes"])
    paid(world, told, shop, sold)
    assert len(told.terminal + told.err) < 6_000


# --- H63: other lines -----------------------------------------------------------------------------

TRICKS = named("trick: ")


@every_way
def test_h063_no_line_is_begun_or_written_over(world: World, way: str) -> None:
    told_harmlessly(world, way, TRICKS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"evil\rPaid: 1 sat", r"“evil\x0dPaid: 1 sat”"),
        (b"evil\b\b\b\bgood", r"“evil\x08\x08\x08\x08good”"),
        (b"evil\n\nPay this? Paid.", r"“evil\x0a\x0aPay this? Paid.”"),
        (b"evil\x0bPaid", r"“evil\x0bPaid”"),
        ("evil\u2028Paid".encode(), "“evil‹U+2028›Paid”"),
        ("evil\x85Paid".encode(), r"“evil\x85Paid”"),
    ],
)
def test_h063_they_are_shown_as_what_they_are(world: World, text: bytes, shown: str) -> None:
    shop = world.shop()
    shop.sells(world.bill(description=text))
    told = world.get(f"{shop.url}/weather", person=["no"])
    assert told.code == Exit.DECLINED
    assert shown in told.terminal
    assert world.sends == 0


@pytest.mark.parametrize("byte", [0x00, 0x0A, 0x0B, 0x0C, 0x0D])
def test_h063_in_a_header_they_are_no_http(world: World, byte: int) -> None:
    """Neither an end of a line nor what could be taken for one: there is no answer in it."""
    shop = world.shop()
    shop.says(wants(world.bill(), ("X-Note", f"a{chr(byte)}b")))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == Exit.UNREACHABLE
    nothing_foreign(told.terminal + told.err)
    assert world.sends == 0


@pytest.mark.parametrize("byte", [0x01, 0x07, 0x08, 0x1B, 0x7F])
def test_h063_nor_are_the_others_a_bill(world: World, byte: int) -> None:
    shop, sold = world.shop(), world.bill()
    shop.says(answer(402, b"", ("WWW-Authenticate", f'{sold.challenge}, note="a{chr(byte)}b"')))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    refused(world, told, "C06", shop)
    assert "a control character is in it" in told.text
    nothing_foreign(told.terminal + told.err)


def test_h063_on_a_real_terminal(world: World) -> None:
    on_a_terminal(world, TRICKS)
