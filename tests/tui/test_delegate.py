"""The workbench: a parent is chosen, a child is made of it, and both are read for a verifier."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest
from textual.strip import Strip
from textual.widgets import Input

from l402tui.protocol.verifiers import Effect
from l402tui.tui.modals.fill import Fill
from l402tui.tui.modals.help import Help
from l402tui.tui.screens.delegate import DelegateScreen
from l402tui.tui.screens.flow import FlowScreen
from l402tui.tui.screens.payments import PaymentsScreen
from l402tui.tui.widgets.caveats import CaveatTable
from l402tui.tui.widgets.pastebox import PasteBox
from l402tui.tui.widgets.tokentree import TokenTree
from tests.tui.explorer import exploring, shop, visiting
from tests.tui.workbench import delegating, token

# --- the parent --------------------------------------------------------------------------------


async def test_with_no_token_it_says_what_to_do(tmp_path: Path) -> None:
    async with shop(tmp_path) as street, visiting(street) as explorer:
        await explorer.press("4")
        await explorer.until_words("There is no token in the vault yet.")
        for key in ("c", "h", "t", "f", "w", "u", "m", "o"):
            await explorer.press(key)
            await explorer.until_words("There is no parent yet")
            explorer.app.clear_notifications()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
async def test_parent_and_child_stand_side_by_side(tmp_path: Path, size: tuple[int, int]) -> None:
    async with delegating(tmp_path, size) as place:
        assert "could be used: It has no end that aperture enforces." in place.card
        await place.begin()
        parent = place.draft.parent.token.macaroon
        await place.wish("expiry", value="1h")
        await place.told("Added “weather_valid_until=")
        shown = place.explorer.screen_text()
        # What was added stands in the child's half alone, with the signature that it led to.
        added = place.draft.added[0]
        step = hmac.new(parent.signature, added, hashlib.sha256).hexdigest()
        assert f"└ signature {step[:8]}" in shown
        assert place.draft.token.macaroon.signature.hex() == step
        assert step[:12] not in shown
        lines = [line for line in shown.splitlines() if "+ 3 weather_valid_until" in line]
        assert len(lines) == 1
        left, _, right = lines[0].partition("│")[2].partition("│")
        assert not left.strip()
        assert "enforced" in right
        both = next(line for line in shown.splitlines() if "1 services=weather:0" in line)
        assert both.count("1 services=weather:0") == 2
        assert both.count("enforced") == 2
        assert shown.count(parent.signature.hex()[:8]) == 2
        assert "Would it pass? GET /weather, now: yes." in place.status
        assert f"Header {place.draft.child.header_size} of " in place.status


async def test_forty_by_ten_shows_the_child_and_the_answer(tmp_path: Path) -> None:
    async with delegating(tmp_path, (40, 10)) as place:
        await place.begin()
        await place.wish("expiry", value="1h")
        await place.told("Added")
        shown = place.explorer.screen_text()
        assert "CHILD" in shown or "+ 3" in shown
        assert "PARENT" not in shown
        assert "Would it pass?" in shown


async def test_search_leaves_what_fits(tmp_path: Path) -> None:
    async with delegating(tmp_path) as place:
        tree = place.screen.query_one(TokenTree)
        await place.explorer.press("slash", "r", "e", "a", "d")
        await place.explorer.until(lambda: tree.option_count == 1)
        await place.explorer.press("x")
        await place.explorer.until(lambda: tree.option_count == 0)
        await place.told("No token has this")
        await place.explorer.press("escape")
        await place.explorer.until(lambda: tree.option_count == 1)
        assert isinstance(place.explorer.app.screen, DelegateScreen)


@pytest.mark.parametrize("way", ["pasted", "typed", "file"])
async def test_a_token_from_outside(tmp_path: Path, way: str) -> None:
    path = tmp_path / "given"
    path.write_text(f"# a sample\n{token(b'a=1')}\n")
    async with delegating(tmp_path / "home") as place:
        if way == "typed":
            await place.explorer.press("p", "slash")
            box = place.screen.query_one(PasteBox)
            box.text = token(b"a=1")
            box.move_cursor(box.document.end)
            await place.explorer.pilot.pause()
            assert place.screen.draft is None
            await place.explorer.press("enter")
        else:
            await place.explorer.paste(str(path) if way == "file" else token(b"a=1") + "\n")
        await place.explorer.until(lambda: place.screen.draft is not None)
        assert place.draft.parent.token.text == token(b"a=1")
        assert place.draft.parent.preimage is None
        await place.told("A macaroon of")
        assert not place.screen.query_one(PasteBox).data


async def test_what_is_no_token_is_told_and_not_left_in_sight(tmp_path: Path) -> None:
    secret = "5f" * 32
    async with delegating(tmp_path) as place:
        await place.explorer.paste(f"L402 no-macaroon:{secret}")
        await place.told("Nothing was changed.")
        assert place.screen.draft is None
        assert secret not in place.explorer.screen_text()
        assert secret not in place.card


async def test_a_credential_of_a_payment_brings_its_preimage(tmp_path: Path) -> None:
    async with delegating(tmp_path) as place:
        await place.explorer.paste(place.intent.token.reveal().decode())
        await place.explorer.until(lambda: place.screen.draft is not None)
        assert place.draft.parent.preimage is not None
        assert place.draft.asked.path == "/weather"  # it is known where this one is used


async def test_from_a_payment_with_its_parent(tmp_path: Path) -> None:
    async with shop(tmp_path) as street:
        intent = await street.buy()
        async with visiting(street) as explorer:
            await explorer.press("3")
            await explorer.until_screen(PaymentsScreen)
            await explorer.press("a")
            await explorer.until_words("No paid token is chosen here")
            await explorer.press("e")
            await explorer.until_text("Paid and delivered.")
            await explorer.press("a")
            await explorer.until_screen(DelegateScreen)
            screen = explorer.app.screen
            assert isinstance(screen, DelegateScreen)
            await explorer.until(lambda: screen.draft is not None)
            assert screen.draft is not None
            assert screen.draft.parent.payment_hash == intent.payment_hash


async def test_from_a_flow_with_what_it_paid_for(tmp_path: Path) -> None:
    async with exploring(tmp_path, step=False) as explorer:
        await explorer.press("h")
        await explorer.until_words("No paid token is chosen here")
        await explorer.to_question()
        await explorer.press("y")
        await explorer.to_end()
        await explorer.press("h")
        await explorer.until_screen(DelegateScreen)
        screen = explorer.app.screen
        assert isinstance(screen, DelegateScreen)
        await explorer.until(lambda: screen.draft is not None)
        assert screen.draft is not None
        assert screen.draft.parent.preimage is not None
        await explorer.press("1")
        await explorer.until_screen(FlowScreen)
        await explorer.press("4")
        await explorer.until_screen(DelegateScreen)  # what lay there lies there still
        assert isinstance(explorer.app.screen, DelegateScreen)
        assert explorer.app.screen.draft is not None


# --- caveats -----------------------------------------------------------------------------------


async def test_every_wish_in_the_verifiers_own_words(tmp_path: Path) -> None:
    async with delegating(tmp_path) as place:
        await place.begin()
        await place.choose("f", "bolthub")
        await place.told("Predicted for bolthub now.")
        for name, value in (
            ("expiry", "2031-01-01T00:00:00Z"), ("path", "/weather"), ("method", "get"),
            ("uses", "3"), ("amount", "100 sat"), ("custom", "note=for you"),
        ):  # fmt: skip
            await place.wish(name, value=value)
        assert place.draft.added == (
            b"valid_until=1924992000000", b"path_prefix=/weather", b"method=GET", b"n_uses=3",
            b"max_sats=100", b"note=for you",
        )  # fmt: skip
        effects = {one.effect for one in place.draft.prediction.verdicts[2:]}
        assert effects == {Effect.ENFORCED, Effect.UNKNOWN}
        await place.choose("f", "ngx-l402")
        await place.told("The caveats stay as they are written.")
        assert place.draft.prediction.verdicts[-1].effect is Effect.BREAKS
        assert "no" in place.status


async def test_where_there_is_no_word_it_says_so(tmp_path: Path) -> None:
    async with delegating(tmp_path) as place:
        await place.begin()
        await place.explorer.press("c", "right", "right", "right", "enter")  # path
        await place.told("aperture has no caveat for paths that is known here")
        await place.choose("f", "settlegrid")
        await place.explorer.press("enter")
        await place.told("Its tokens are JSON")
        assert not place.draft.added


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("services", "forecast", "The token does not open forecast."),
        ("expiry", "soon", "Write 90s, 15m, 1h"),
        ("expiry", "", "Write 90s, 15m, 1h"),
        ("custom", "services=weather:0,forecast:0", "would allow more than caveat 1"),
        ("custom", "", "Caveat 1 is empty."),
        ("custom", "x=" + "y" * 1_100, "1102 bytes; 1024 are the most"),
    ],
)
async def test_what_cannot_be_added_is_refused_in_place(
    tmp_path: Path, name: str, value: str, why: str
) -> None:
    async with delegating(tmp_path) as place:
        await place.begin()
        await place.wish(name, value=value)
        assert why in place.refusal
        field = place.explorer.app.screen.query_one("#field-value", Input)
        assert field.value == value  # nothing that was typed is lost
        await place.explorer.press("escape")
        await place.explorer.until_screen(DelegateScreen)
        assert not place.draft.added


async def test_the_last_is_taken_back_and_never_the_parents(tmp_path: Path) -> None:
    async with delegating(tmp_path) as place:
        await place.begin()
        await place.wish("custom", value="a=1")
        before = place.draft.token.text
        await place.wish("custom", value="b=2")
        await place.explorer.press("u")
        await place.told("Taken back: “b=2”.")
        assert place.draft.token.text == before
        await place.explorer.press("u", "u")
        await place.explorer.until_words("What the parent has cannot be taken away by anybody.")
        assert place.draft.token == place.draft.parent.token


async def test_another_moment_another_answer(tmp_path: Path) -> None:
    async with delegating(tmp_path) as place:
        await place.begin()
        await place.wish("expiry", value="1h")
        await place.explorer.press("w")
        await place.fill(moment="2h")
        assert "no." in place.status
        assert "It ended on" in place.card
        for field, value, why in (
            ("method", "G3T", "one word of letters"),
            ("path", "weather", "begins with a slash"),
            ("address", "here", "here is no IP address"),
            ("moment", "then", "Write 90s"),
        ):
            await place.explorer.press("w")
            await place.fill(**{field: value})
            assert why in place.refusal
            await place.explorer.press("escape")
            await place.explorer.until_screen(DelegateScreen)


async def test_a_header_too_large_is_said(tmp_path: Path) -> None:
    async with delegating(tmp_path) as place:
        await place.begin()
        await place.choose("f", "spec")
        for at in range(8):
            await place.wish("custom", value=f"x{at}=" + "y" * 1_000)
        assert "TOO LARGE" in place.status


async def test_the_token_is_shortened_until_asked_for(tmp_path: Path) -> None:
    async with delegating(tmp_path) as place:
        await place.begin()
        text = place.draft.token.text
        assert text not in place.card
        await place.explorer.press("m")
        await place.explorer.until(lambda: text in place.card.replace(" ", ""))
        place.explorer.app.export_screenshot()
        await place.explorer.until(lambda: text not in place.card.replace(" ", ""))
        assert place.screen.masked


async def test_a_nodes_macaroon_is_held_against_lnd(tmp_path: Path) -> None:
    from tests.tui.test_delegate_handing import node_macaroon

    path = tmp_path / "readonly.macaroon"
    path.write_bytes(node_macaroon())
    async with delegating(tmp_path / "home") as place:
        await place.explorer.paste(str(path))
        await place.explorer.until(lambda: place.screen.draft is not None)
        assert place.draft.profile.name == "lnd"
        await place.wish("address", value="10.0.0.1")
        assert place.draft.added == (b"ipaddr 10.0.0.1",)
        assert "not known" in place.status
        await place.explorer.press("t")
        await place.explorer.until_words("A node is no web server")


async def test_a_thousand_caveats_draw_no_more_rows(tmp_path: Path) -> None:
    parent = token(*(f"a{at}={at}".encode() for at in range(999)))
    async with delegating(tmp_path) as place:
        await place.explorer.paste(parent)
        await place.explorer.until(lambda: place.screen.draft is not None)
        table = place.screen.query_one(CaveatTable)
        drawn: list[int] = []
        draw = table.render_line

        def counted(y: int) -> Strip:
            drawn.append(y)
            return draw(y)

        table.render_line = counted  # type: ignore[method-assign]  # to count
        await place.wish("custom", value="z=1")
        await place.explorer.until_text("+ 1000 z=1")
        assert set(drawn) <= set(range(table.size.height))
        await place.wish("custom", value="z=2")
        assert "It would have 1001 caveats; 1000 are the most." in place.refusal


# --- help --------------------------------------------------------------------------------------


async def test_help_has_what_each_verifier_makes_of_each_caveat(tmp_path: Path) -> None:
    async with delegating(tmp_path, (80, 24)) as place:
        await place.explorer.press("question_mark")
        await place.explorer.until_screen(Help)
        words = place.explorer.words()
        assert "Caveats and verifiers" in words
        for part in ("aperture", "ngx-l402", "capability", "another word", "breaks", "ignored"):
            assert part in words
        assert not isinstance(place.explorer.app.screen, Fill)
