"""What must be seen is seen: money, answers and the selection, at every size."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from textual.widgets import Button, Input, Static

from l402tui.flow import commands as c
from l402tui.flow import events as e
from l402tui.flow.telling import rail
from l402tui.tui.modals.ask import Ask
from l402tui.tui.modals.invoice import InvoiceModal
from l402tui.tui.widgets.exchange import ExchangeTree
from l402tui.tui.widgets.hexview import HexView
from l402tui.tui.widgets.rail import Rail
from l402tui.tui.widgets.why import WhyPane
from tests.tui.explorer import Explorer, exploring

SMALL, NARROW, WIDE = (40, 10), (80, 24), (120, 40)


async def _stop_before(explorer: Explorer, *kinds: type[c.Command]) -> None:
    for kind in kinds:
        await explorer.press("space")
        await explorer.until(
            lambda kind=kind: isinstance(explorer.watch.waiting, kind)  # type: ignore[misc]  # loop
        )
    await explorer.pilot.pause()


@pytest.mark.parametrize("size", [SMALL, NARROW, WIDE])
async def test_notes_stand_at_the_top_one_at_a_time(tmp_path: Path, size: tuple[int, int]) -> None:
    async with exploring(tmp_path, size) as explorer:
        for key in ("p", "i", "v"):  # nothing of this is possible yet, and each says so
            await explorer.press(key)
        await explorer.until(lambda: len(explorer.flow.query("Toast")) == 1)
        await explorer.pilot.pause()
        (note,) = explorer.flow.query("Toast")
        await explorer.until(lambda: note.region.height > 0)
        assert note.region.bottom <= 4
        assert explorer.status.startswith("No money spent.")
        await explorer.press("a", "s")
        await explorer.until_text("type y")
        assert not explorer.app.screen.query("Toast")


@pytest.mark.parametrize("size", [SMALL, NARROW, WIDE])
async def test_the_answers_and_the_money_are_in_view(tmp_path: Path, size: tuple[int, int]) -> None:
    async with exploring(tmp_path, size, step=False) as explorer:
        modal = await explorer.to_question()
        await explorer.pilot.pause()
        shown = explorer.screen_text()
        assert "Cancel" in shown
        assert "Pay 10 sat (type y)" in shown
        assert modal.query_one("#approve").region.bottom <= size[1]
        if size is not SMALL:
            assert "No money spent. Asked: 10 sat, plus at most 10 sat fee." in shown
            assert "y pay  n cancel  Esc look first" in shown
        else:
            assert modal.query_one("#bill").region.height == 5
        assert "p pay" not in shown


async def test_another_wallets_fee_is_not_promised(tmp_path: Path) -> None:
    async with exploring(tmp_path, NARROW, step=False, external=True) as explorer:
        await explorer.to_question()
        await explorer.pilot.pause()
        shown = explorer.screen_text()
        assert "Show invoice (type y)" in shown
        assert "10 sat (10 000 msat), the routing fee is up to your wallet" in shown
        assert "at most 10 sat fee" not in shown
        assert "the routing fee is up to your wallet" in explorer.status


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_the_selection_is_in_view_in_tree_and_bytes(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with exploring(tmp_path, size) as explorer:
        await _stop_before(explorer, c.Decode, c.Check)
        tree, view = explorer.flow.query_one(ExchangeTree), explorer.flow.query_one(HexView)
        await explorer.until(lambda: (n := tree.chosen) is not None and n.label.text[:3] == "pay")
        if size is NARROW:
            await explorer.press("x")
            await explorer.until(lambda: view.region.height > 0)

        def seen() -> bool:
            line, top = tree.cursor_line, tree.scroll_offset.y
            return top <= line < top + tree.scrollable_content_region.height

        await explorer.until(seen)
        assert view.span is not None
        assert (view.span.start, view.span.end) == (11, 43)
        await explorer.until(lambda: view.scroll_offset.y == view.span.start // view._row)  # type: ignore[union-attr]  # asserted above


@pytest.mark.parametrize("pane", ["tree", "hex", "why", "wire"])
async def test_one_pane_fills_the_screen_but_for_money_and_keys(tmp_path: Path, pane: str) -> None:
    async with exploring(tmp_path, WIDE) as explorer:
        explorer.flow.query_one(f"#{pane}").focus()
        await explorer.press("backslash")
        await explorer.until(lambda: explorer.flow.query_one(f"#{pane}").region.height == 38)
        assert explorer.flow.query_one(f"#{pane}").region.width == 120
        assert "No money spent." in explorer.screen_text()
        await explorer.press("backslash")
        await explorer.until(lambda: explorer.flow.query_one(f"#{pane}").region.height < 38)


async def test_labels_and_values_never_touch(tmp_path: Path) -> None:
    async with exploring(tmp_path, WIDE, step=False) as explorer:
        await explorer.to_question()
        await explorer.press("escape")
        tree = explorer.flow.query_one(ExchangeTree)
        checks = next(step for step in tree.steps if step.label.text == "Checks")
        tree.choose(checks.find("C12 token and invoice belong together"))
        await explorer.until_text("C12 token and invoice belong together  ")
        assert [step.label.text for step in tree.steps] == ["Request", "402", "Checks", "Pay"]
        assert "3 Checks" not in explorer.screen_text()


async def test_the_first_step_is_announced_like_the_others(tmp_path: Path) -> None:
    async with exploring(tmp_path, NARROW) as explorer:
        await explorer.until_text("Press s or Space to send.")
        shown = explorer.screen_text()
        assert "Next: Send GET http://127.0.0.1" in shown
        assert "An ordinary HTTP request." in shown
        field = explorer.flow.query_one(Input)
        field.value = "nonsense"
        await explorer.until(lambda: "Next: Send" not in explorer.screen_text())
        field.value = "https://weather.example/"
        await explorer.until_text("Next: Send GET https://weather.example/.")
        await explorer.press("a")
        await explorer.until_text("Press s to send.")
        assert "Next: Send" not in explorer.screen_text()


async def test_bytes_say_what_will_be_there(tmp_path: Path) -> None:
    async with exploring(tmp_path, WIDE, step=False) as explorer:
        assert "Nothing is selected." in explorer.screen_text()
        await explorer.to_question()
        await explorer.press("escape")
        tree = explorer.flow.query_one(ExchangeTree)
        await explorer.until(lambda: (n := tree.chosen) is not None and n.label.text == "Pay")
        await explorer.until_text("something we decided")


async def test_a_body_is_explained_by_its_status(tmp_path: Path) -> None:
    async with exploring(tmp_path, WIDE, step=False) as explorer:
        await explorer.to_question()
        await explorer.press("y")
        await explorer.to_end()
        steps = explorer.flow.query_one(ExchangeTree).steps
        bills = [step for step in steps if step.label.text in ("402", "200")]
        told = {step.label.text: step.find("body").meaning.text for step in bills}
        assert "In a 402" in told["402"]
        assert "402" not in told["200"]


async def test_stopping_after_the_payment_says_what_was_spent(tmp_path: Path) -> None:
    async with exploring(tmp_path) as explorer:
        await explorer.press("space")
        await _stop_before(explorer, c.Check, c.Ask)
        await explorer.press("space")
        await explorer.until_text("Approve 10 sat")
        explorer.now[0] += 1
        await explorer.press("y")
        await explorer.until(lambda: isinstance(explorer.watch.waiting, c.Reserve))
        await _stop_before(explorer, c.Retry)
        await explorer.press("escape")
        await explorer.until_screen(Ask)
        assert "Spent 11 sat. Stop here?" in explorer.screen_text()
        await explorer.press("y")
        await explorer.until(lambda: not explorer.flow.running)
        closing = explorer.app.closing
        assert closing is not None
        assert closing.text.startswith("Spent 11 sat. The answer did not come yet;")


async def test_earlier_flows_are_in_the_last_line(tmp_path: Path) -> None:
    async with exploring(tmp_path, step=False) as explorer:
        await explorer.to_question()
        await explorer.press("y")
        await explorer.to_end()
        first = explorer.watch
        await explorer.press("s")
        await explorer.until(lambda: explorer.watch is not first)
        await explorer.to_end()
        closing = explorer.app.closing
        assert closing is not None
        assert closing.text.startswith("Paid earlier, nothing spent now.")
        assert closing.text.endswith("Before that, 11 sat was spent.")


async def test_without_a_flow_there_is_no_last_line(tmp_path: Path) -> None:
    async with exploring(tmp_path) as explorer:
        assert explorer.app.closing is None


async def test_every_choice_of_the_welcome_is_in_view_when_small(tmp_path: Path) -> None:
    async with exploring(tmp_path, SMALL, demo=False) as explorer:
        await explorer.pilot.pause()
        shown = explorer.screen_text()
        for choice in ("Watch a demo", "Open an address", "Help", "Leave"):
            assert choice in shown


async def test_the_qr_screen_follows_the_terminals_size(tmp_path: Path) -> None:
    async with exploring(tmp_path, SMALL, step=False, external=True) as explorer:
        await explorer.to_question()
        await explorer.press("y")
        await explorer.until_screen(InvoiceModal)
        modal = explorer.app.screen
        fit = modal.query_one("#fit", Static)
        await explorer.until(lambda: "does not fit" in str(fit.render()))
        await explorer.pilot.resize_terminal(*WIDE)
        await explorer.until(lambda: str(fit.render()) == "")
        await explorer.pilot.resize_terminal(*NARROW)
        modal.query_one("#save", Button).press()
        await explorer.until_text("invoice.svg and invoice.txt")
        words = " ".join(str(modal.query_one("#word", Static).render()).split())
        folder = Path(words.rsplit(" ", 1)[1])
        assert folder.name in explorer.screen_text()
        shutil.rmtree(folder)


@pytest.mark.parametrize("width", [80, 60, 40, 20, 8])
async def test_the_rail_always_fits_and_shows_the_present_station(
    tmp_path: Path, width: int
) -> None:
    async with exploring(tmp_path, (width, 24), step=False) as explorer:
        await explorer.to_question()
        await explorer.press("y")
        await explorer.to_end()
        first = explorer.watch
        await explorer.press("s")  # from the held credential: four stations are skipped
        await explorer.until(lambda: explorer.watch is not first)
        await explorer.to_end()
        assert [stop.progress.value for stop in rail(explorer.watch.events)].count("skip") == 5
        drawn = explorer.flow.query_one(Rail).render()
        text = str(drawn)
        assert len(text) <= max(explorer.flow.query_one(Rail).size.width, len("Res ok"))
        assert text.endswith("ok")
        assert "Res" in text


async def test_the_why_pane_puts_the_coming_step_first(tmp_path: Path) -> None:
    async with exploring(tmp_path, NARROW) as explorer:
        await _stop_before(explorer, c.Decode)
        why = explorer.flow.query_one(WhyPane).query_one(Static)
        await explorer.until(lambda: str(why.render()).startswith("Next: Take the challenge"))
        await explorer.press("down")
        await explorer.until(lambda: str(why.render()).startswith("start line"))
        assert explorer.events(e.Decoded) == []
