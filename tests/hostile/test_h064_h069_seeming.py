"""H64-H69: can a text pass for the program's own word, or a shop for another one?"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest

from l402tui.cli.exits import Exit
from l402tui.notebook import explore
from l402tui.notebook.explore import Flow
from l402tui.protocol.url import Url
from l402tui.tui.screens.flow import FlowScreen
from tests.screen.payloads import PAYLOADS, Effect

from .screens import WAYS, handfuls, in_words, lines_of, named, nothing_foreign
from .test_h056_h063_terminal import exploring
from .verdicts import EARLIER, paid, unpaid
from .world import GOODS, World, answer

CALC = named("elsewhere =", "elsewhere +", "elsewhere -2", "elsewhere @")
WEB = tuple(one for one in named("elsewhere ") if one not in CALC)

# --- H64: as if it were ours ----------------------------------------------------------------------

FORGED = (
    "✔ Approved 1 sat",
    "Pay this? amount 1 sat (play money)",
    "Approved by you, at the terminal. Paid. No money was spent.",
    "C04 ok: The bill comes from the origin you asked.",
    "Type yes to pay, anything else to stop: yes",
    "” (checked by l402tui) “",
)


@pytest.mark.parametrize("text", FORGED)
def test_h064_what_a_seller_writes_is_quoted_and_said_to_be_the_sellers(
    world: World, text: str
) -> None:
    """It stands within quotes, in the row that is for it, and the amount stays what it is."""
    shop = world.shop()
    sold = shop.sells(world.bill(description=text.encode()))
    told = world.get(f"{shop.url}/weather", person=["no"])
    assert told.code == Exit.DECLINED
    lines = told.terminal.splitlines()
    assert sum(line.startswith("  amount ") for line in lines) == 1
    assert "  amount        10 sat (play money)" in lines
    assert f"seller writes “{text}” (nobody has checked this)" in told.text
    assert not [line for line in lines[:-1] if line.startswith(text[:12])]
    unpaid(world, told, shop)
    paid(world, world.get(f"{shop.url}/weather", person=["yes"]), shop, sold)


@pytest.mark.parametrize("text", FORGED[:3])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_h064_in_the_payment_question(world: World, text: str, size: tuple[int, int]) -> None:
    shop = world.shop()
    shop.sells(world.bill(description=text.encode()))
    async with exploring(world, shop, size) as explorer:
        modal = await explorer.to_question()
        assert f"“{text}”" in explorer.words()
        assert "Pay 10 sat?" in explorer.screen_text()
        assert "10 sat (type y)" in explorer.screen_text()
        assert explorer.app.screen is modal
    assert world.sends == 0


@pytest.mark.parametrize("text", FORGED)
def test_h064_a_page_that_says_it_does_nothing(world: World, text: str) -> None:
    """The body of a 402 and of what was paid for: ours goes to the person, theirs to stdout."""
    shop = world.shop()
    WAYS["unpayable"](world, shop, text.encode())
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == Exit.NOT_PAYABLE
    unpaid(world, told, shop)
    page = f"\n{text}\n".encode()
    shop.sells(world.bill(), then=lambda asked: answer(200, page))
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, page)
    assert text not in told.err
    assert "It cost 11 sat" in told.text


# --- H65: in a notebook ---------------------------------------------------------------------------

TAGS = {"div", "b", "i", "span", "details", "summary", "pre", "code", "svg", "rect", "path", "g"}
ATTRIBUTES = {"style", "title", "open"}
DRAWN = {"svg", "rect", "path", "g"}


class Page(HTMLParser):
    """What a browser makes of it: tags with their attributes, and text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.odd: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.odd.append(data)

    def handle_decl(self, decl: str) -> None:
        self.odd.append(decl)

    def handle_pi(self, data: str) -> None:
        self.odd.append(data)

    def unknown_decl(self, data: str) -> None:
        self.odd.append(data)


def harmless(flow: Flow) -> Page:
    """No script, nothing that is fetched, nothing that is clicked; for every kind of display."""
    bundle = flow._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    for text in (*bundle.values(), repr(flow)):
        nothing_foreign(text)
    page = Page(bundle["text/html"])
    assert not page.odd
    for tag, attributes in page.tags:
        assert tag in TAGS
        if tag not in DRAWN:
            assert set(attributes) <= ATTRIBUTES
        style = attributes.get("style") or ""
        assert "url" not in style
        assert "@" not in style
        assert not [name for name in attributes if name.startswith("on")]
        assert not {"href", "src", "xlink:href"} & set(attributes)
    return page


@pytest.mark.parametrize("way", WAYS)
async def test_h065_nothing_in_a_notebook_is_code(world: World, way: str) -> None:
    shop, seen = world.shop(), ""
    for text in handfuls(in_words(WEB)):
        WAYS[way](world, shop, text)
        heard = len(shop.heard)
        seen += harmless(await explore(f"{shop.url}/weather")).text
        assert len(shop.heard) == heard + 1
    if way in ("description", "caveats"):
        for one in in_words(WEB):
            if b"\n" not in one.core:
                assert one.before + one.core.decode() + one.after in seen
    assert world.sends == 0
    assert {host for host, _ in world.street.dialed} <= {"11.22.33.1", "127.0.0.1"}


@pytest.mark.parametrize("way", ["description", "caveats", "body"])
async def test_h065_nor_does_it_move_a_terminal(world: World, way: str) -> None:
    """ANSI is obeyed by a notebook, too, where it stands in plain text."""
    shop = world.shop()
    every = [one for one in PAYLOADS if one.effect in (Effect.SEQUENCE, Effect.CONTROL)][::7]
    for text in handfuls(every, 110 if way == "description" else 1_000):
        WAYS[way](world, shop, text)
        harmless(await explore(f"{shop.url}/weather"))
    assert world.sends == 0


# --- H66: in what is kept and given away ----------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_h066_in_a_log(world: World, way: str, tmp_path: Path) -> None:
    shop, log = world.shop(), tmp_path / "log"
    for text in handfuls(PAYLOADS[::11]):
        WAYS[way](world, shop, text)
        world.get(f"{shop.url}/weather", "--log", str(log), person=["no"])
    for line in lines_of(log).splitlines():
        assert line[:4].isdigit() or line.startswith("    ")
    assert world.sends == 0


@pytest.mark.parametrize("way", WAYS)
def test_h066_as_json(world: World, way: str) -> None:
    """One event a line, of ASCII alone: nothing for a terminal, and no way out of a string."""
    shop = world.shop()
    for text in handfuls(PAYLOADS[::11]):
        WAYS[way](world, shop, text)
        told = world.get(f"{shop.url}/weather", "--json", person=["no"])
        nothing_foreign(told.out)
        assert told.out.isascii()
        for line in told.out.splitlines():
            assert isinstance(json.loads(line), dict)


@pytest.mark.parametrize("asking", [("history",), ("payments", "--all")])
def test_h066_in_the_lists(world: World, asking: tuple[str, ...]) -> None:
    """An address that the person was given, with formulas of a spreadsheet and markup in it. There
    is no export for spreadsheets; the one for programs is JSON."""
    shop = world.shop()
    for text in ("=cmd|'/C+calc'!A0", "@SUM(1)", "%1b[31m", "[@click=app.leave]x[/]", "+1+cmd"):
        sold = shop.sells(world.bill())
        place = f"{shop.url}/{text}?a={text}".replace("|", "%7C")
        paid(world, world.get(place), shop, sold, sends=world.sends)
    told = world.run(*asking)
    nothing_foreign(told.out)
    assert told.out.count(b"shop.example") == 5
    for line in told.out.decode().splitlines():
        assert line[:1] not in set("=+-@")
    as_json = world.run(*asking, "--json")
    assert as_json.out.isascii()
    assert len([json.loads(line) for line in as_json.out.splitlines()]) == 5
    assert world.run(*asking, "--csv").code == Exit.USAGE


@pytest.mark.parametrize("way", ["description", "caveats", "body", "header"])
async def test_h066_in_a_picture(world: World, way: str) -> None:
    """An SVG is opened by browsers: it is XML, with no script, no link and no markup of others."""
    shop = world.shop()
    for text in list(handfuls(in_words(WEB)))[:4]:
        WAYS[way](world, shop, text)
        async with exploring(world, shop, (120, 40)) as explorer:
            await explorer.to_question()
            drawn = [explorer.app.export_screenshot()]
            await explorer.press("n")
            await explorer.to_end()
            drawn.append(explorer.app.export_screenshot())
        for picture in drawn:
            names = {each.tag.rpartition("}")[2] for each in ET.fromstring(picture).iter()}
            assert names <= {"svg", "style", "defs", "clipPath", "rect", "g", "text", "circle"}
            assert "<script" not in picture.lower()
    assert world.sends == 0


async def test_h066_on_the_clipboard(world: World) -> None:
    """Nothing gets there but what a person asks for; a command for the shell stays one command."""
    shop = world.shop()
    text = b"$(id) `id` '; rm -rf ~ #\n\x1b]52;c;b3duZWQ=\a"
    shop.sells(world.bill(description=text, caveats=[text]))
    async with exploring(world, shop, (120, 40)) as explorer:
        await explorer.to_question()
        await explorer.press("n")
        await explorer.to_end()
        assert explorer.app.clipboard == ""
        await explorer.until_screen(FlowScreen)
        await explorer.press("y")
        await explorer.pilot.pause()
        assert explorer.app.clipboard == ""
    assert world.sends == 0


# --- H67: letters that look alike -----------------------------------------------------------------

ALIKE = {  # a Cyrillic o, Cyrillic letters only, and what the rules of IDNA make of two more
    "sh\u043ep.example": "xn--shp-ted.example",
    "\u0455\u04bb\u043e\u0440.example": None,
    "sh\u00f6p.example": "xn--shp-tna.example",
    "\uff53hop.example": "shop.example",
}


@pytest.mark.parametrize("name", ALIKE)
def test_h067_a_name_in_other_letters_is_told_by_its_real_one(world: World, name: str) -> None:
    real = Url.parse(f"https://{name}/").host
    assert real == (ALIKE[name] or real)
    shop = world.shop(real)
    sold = shop.sells(world.bill())
    told = world.get(f"https://{name}/weather", person=["no"])
    assert told.code == Exit.DECLINED
    assert f"https://{real}/weather" in told.text
    assert name not in told.terminal.split("C01")[0]
    assert ("C01 warning" in told.text) == (real != "shop.example")
    if real != "shop.example":
        assert f"The host is {real}, which is written as" in told.text
        assert "Letters of other scripts can look alike: compare." in told.text
    unpaid(world, told, shop)
    paid(world, world.get(f"https://{name}/weather", person=["yes"]), shop, sold)


def test_h067_a_name_that_only_looks_alike_gets_no_credential(world: World) -> None:
    shop, alike = world.shop(), world.shop("xn--shp-ted.example")
    sold = shop.sells(world.bill())
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    told = world.get("https://sh\u043ep.example/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert len(alike.heard) == 1
    assert not alike.credentials


@pytest.mark.parametrize("name", ["xn--shp-ted.example", "xn--zz-.example", "xn--a.example"])
def test_h067_nor_is_its_ascii_form_trusted_blindly(world: World, name: str) -> None:
    """A punycode that is none has no letters to compare, and stays what it is."""
    shop = world.shop()
    told = world.get(f"https://{name}/weather", person=["yes"])
    assert told.code in (Exit.UNREACHABLE, Exit.USAGE)
    unpaid(world, told, shop) if told.code == Exit.UNREACHABLE else None
    assert not shop.heard


# --- H68: what hides the host ---------------------------------------------------------------------

HIDING = (
    "https://shop.example@evil.example/",
    "https://shop.example:443@evil.example/",
    "https://shop.example%2f@evil.example/",
    "https://person:secret@shop.example/",
    "https://@evil.example/",
    "https://shop.example\\@evil.example/",
    "https://evil.example\\.shop.example/",
    "https://evil.example%00.shop.example/",
    "https://evil.example/%00",
    "https://evil.example\x00.shop.example/",
    "https://evil.example\t.shop.example/",
    "https://evil.example .shop.example/",
    "https://evil.example\r\nHost: shop.example/",
    "https://evil.example`.shop.example/",
    "https://shop.example\u3000@evil.example/",
    "https://shop.example\uff0f@evil.example/",
    "https://evil.example\u2100.shop.example/",
    "https://[::1%25lo]/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://evil..example/",
    "https://.shop.example/",
    "https://shop.example:port/",
    "https://shop.example:-1/",
    "file:///etc/passwd",
    "javascript://shop.example/%0aalert(1)",
    "https:shop.example",
    "https:/shop.example/",
)


@pytest.mark.parametrize("place", HIDING)
def test_h068_an_address_that_hides_where_it_leads(world: World, place: str) -> None:
    shop, evil = world.shop(), world.shop("evil.example")
    told = world.get(place, person=["yes"])
    assert told.code == Exit.USAGE, told.text
    assert not shop.heard + evil.heard
    assert not world.street.resolved
    assert world.sends == 0
    nothing_foreign(told.err + told.terminal)


@pytest.mark.parametrize("letter", ["\u202e", "\u2066", "\u200b", "\u00e4"])
def test_h068_other_letters_in_a_path_are_shown_as_they_are_sent(world: World, letter: str) -> None:
    shop = world.shop()
    sold = shop.sells(world.bill())
    told = world.get(f"{shop.url}/{letter}moc.doog", person=["yes"])
    paid(world, told, shop, sold)
    sent = "".join(f"%{byte:02X}" for byte in letter.encode())
    assert f"GET https://shop.example/{sent}moc.doog" in told.text
    assert {asked.target for asked in shop.heard} == {f"/{sent}moc.doog"}
    nothing_foreign(told.err + told.terminal)


@pytest.mark.parametrize(
    "path", ["/a@b", "/https://evil.example/", "/?q=@evil.example", "/%40evil.example", "/;a=b"]
)
def test_h068_the_same_letters_where_they_belong(world: World, path: str) -> None:
    shop = world.shop()
    sold = shop.sells(world.bill())
    paid(world, world.get(shop.url + path), shop, sold)
    assert {asked.headers["host"] for asked in shop.heard} == {"shop.example"}


# --- H69: one origin, many spellings --------------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    [
        "https://shop.example./weather",
        "https://SHOP.EXAMPLE/weather",
        "https://Shop.Example.:443/weather",
        "HTTPS://shop.example:443/weather",
        "https://shop.example:/weather",
        "https://shop.example:0443/weather",
        "https://\uff53\uff48\uff4f\uff50.example/weather",
        "https://shop\u3002example/weather",
    ],
)
def test_h069_every_spelling_is_one_origin(world: World, place: str) -> None:
    """One credential, one memory of payees and prices, one limit."""
    shop = world.shop()
    sold = shop.sells(world.bill())
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    shop.heard.clear()
    told = world.get(place)
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert EARLIER in told.text
    assert shop.credentials == [sold.authorization]
    assert shop.heard[0].headers["host"] == "shop.example"
    assert world.sends == 1


def test_h069_a_limit_for_an_origin_counts_them_all(world: World) -> None:
    world.settings(limits='origin_day = "35 sat"')
    shop = world.shop()
    for number, place in enumerate(["shop.example", "SHOP.example.", "shop.example:443"]):
        sold = shop.sells(world.bill())
        told = world.get(f"https://{place}/{number}")
        if number < 2:
            paid(world, told, shop, sold, sends=number + 1)
    assert told.code == Exit.REFUSED
    assert "C20" in told.text
    assert world.sends == 2


@pytest.mark.parametrize("place", ["shop.example:444", "shop.example.example", "www.shop.example"])
def test_h069_and_others_are_others(world: World, place: str) -> None:
    name, _, port = place.partition(":")
    shop, other = world.shop(), world.shop(name, port=int(port or 443))
    sold = shop.sells(world.bill())
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    assert world.get(f"https://{place}/weather").out == GOODS
    assert len(other.heard) == 1
    assert not other.credentials
