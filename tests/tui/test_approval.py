"""Nothing but a deliberate yes pays: not a fast key, not a paste, not a newline."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events

from l402tui.flow import events as e
from l402tui.flow.model import Outcome
from l402tui.tui.modals import approve
from l402tui.tui.modals.approve import Approve
from l402tui.tui.modals.ask import Ask
from l402tui.tui.rhythm import GAP, Rhythm
from tests.tui.explorer import Explorer, exploring


def _type(explorer: Explorer, text: str) -> None:
    """Keys as an unbracketed paste brings them: all at once."""
    names = {"\n": "enter", "\t": "tab"}
    for char in text:
        explorer.app.post_message(events.Key(names.get(char, char), char))


async def test_keys_of_the_first_moment_are_not_an_answer(tmp_path: Path) -> None:
    async with exploring(tmp_path, step=False) as explorer:
        modal = await explorer.to_question()
        explorer.now[0] -= 0.6  # four tenths of a second after it opened
        await explorer.press("y")
        assert "Nothing was paid" in explorer.screen_text()
        await explorer.press("enter")
        assert explorer.app.screen is modal
        assert explorer.payments == ()
        explorer.now[0] += 0.6
        await explorer.press("y")
        await explorer.to_end()
        assert len(explorer.payments) == 1


async def test_pasted_text_is_not_an_answer(tmp_path: Path) -> None:
    async with exploring(tmp_path, step=False) as explorer:
        modal = await explorer.to_question()
        explorer.app.rhythm.gap = GAP
        explorer.app.post_message(events.Paste("y\ny\n"))
        await explorer.until(lambda: "A pasted text is no answer" in explorer.screen_text())
        for text in ("yyyy", "y\n", "\t\t\n", "ok y\n", "\ty"):
            _type(explorer, text)
            await explorer.pilot.pause(0.3)
            assert explorer.app.screen is modal
            assert explorer.events(e.Approved) == []
        assert explorer.payments == ()


async def test_a_pasted_newline_after_tabs_does_not_press_pay(tmp_path: Path) -> None:
    async with exploring(tmp_path, step=False) as explorer:
        modal = await explorer.to_question()
        explorer.app.rhythm.gap = GAP
        _type(explorer, "\t\t\n")
        await explorer.until(lambda: "too fast" in explorer.screen_text())
        await explorer.pilot.pause(0.3)
        assert explorer.app.screen is modal
        assert explorer.payments == ()


async def test_a_yes_with_another_key_right_behind_it_is_no_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approve, "_QUIET", 1.0)  # room for a slow machine
    async with exploring(tmp_path, step=False) as explorer:
        modal = await explorer.to_question()
        await explorer.press("y")
        await explorer.press("x")  # a slow paste: the gap alone does not give it away
        await explorer.until_text("looked like pasted text")
        assert explorer.app.screen is modal
        assert explorer.events(e.Approved) == []


async def test_tab_and_enter_pay_for_somebody_who_takes_the_time(tmp_path: Path) -> None:
    async with exploring(tmp_path, step=False) as explorer:
        await explorer.to_question()
        await explorer.press("tab", "tab")
        focused = explorer.app.focused
        assert focused is not None
        assert focused.id == "yes"
        await explorer.press("enter")
        await explorer.to_end()
        assert len(explorer.payments) == 1


async def test_esc_leaves_the_question_open_and_p_opens_it_again(tmp_path: Path) -> None:
    async with exploring(tmp_path, step=False) as explorer:
        await explorer.to_question()
        await explorer.press("escape")
        await explorer.until(lambda: explorer.app.screen is explorer.flow)
        assert explorer.watch.question is not None
        assert "p opens the question again" in explorer.status
        await explorer.press("p")
        await explorer.until_screen(Approve)
        await explorer.press("n")
        await explorer.to_end()
        ending = explorer.watch.ending
        assert ending is not None
        assert ending.outcome is Outcome.DECLINED
        assert explorer.payments == ()


@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+q"])
async def test_leaving_from_the_question_asks_and_pays_nothing(tmp_path: Path, key: str) -> None:
    async with exploring(tmp_path, step=False) as explorer:
        await explorer.to_question()
        await explorer.press(key)
        await explorer.until_screen(Ask)
        await explorer.press("y")
        await explorer.until(lambda: not explorer.app.is_running)
        assert explorer.payments == ()


async def test_the_question_shows_everything_that_matters(tmp_path: Path) -> None:
    async with exploring(tmp_path, (120, 60), step=False) as explorer:
        modal = await explorer.to_question()
        shown = explorer.screen_text()
        quote = modal.quote
        for wanted in (
            "10 sat (10 000 msat), plus at most 10 sat fee",
            str(quote.request.url),
            quote.payment_hash.hex(),
            '"Weather report"',
            "no real money",
            "Pay 10 sat (type y)",
            "Expires",
            "C12",
        ):
            assert wanted in shown


@pytest.mark.parametrize(("after", "pasted"), [(GAP / 2, True), (GAP * 2, False)])
def test_a_key_right_after_another_counts_as_pasted(after: float, pasted: bool) -> None:
    rhythm = Rhythm()
    rhythm.key(10.0)
    rhythm.key(10.0 + after)
    assert rhythm.pasted is pasted


def test_a_bracketed_paste_is_one() -> None:
    rhythm = Rhythm()
    rhythm.paste(11.0)
    assert rhythm.pasted
