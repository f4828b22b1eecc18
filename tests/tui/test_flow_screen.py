"""A whole flow in the terminal: step by step, automatically, declined, and what the keys say."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input, Static

from l402tui.flow import commands as c
from l402tui.flow import events as e
from l402tui.flow.model import Outcome
from l402tui.tui.keymap import Where, keys_of
from l402tui.tui.modals.approve import Approve
from l402tui.tui.modals.ask import Ask
from l402tui.tui.modals.choose import Choose
from l402tui.tui.modals.help import Help
from l402tui.tui.screens.welcome import Welcome
from l402tui.tui.widgets.exchange import ExchangeTree
from l402tui.tui.widgets.hexview import HexView
from l402tui.tui.widgets.why import WhyPane
from l402tui.tui.widgets.wire import WireLog
from tests.tui.explorer import Explorer, exploring


async def _next_stop(explorer: Explorer, kind: type[c.Command]) -> None:
    await explorer.press("space")
    await explorer.until(lambda: isinstance(explorer.watch.waiting, kind))


async def test_step_mode_waits_before_every_step_and_ends_with_the_content(tmp_path: Path) -> None:
    async with exploring(tmp_path) as explorer:
        await explorer.press("space")
        await explorer.until(lambda: isinstance(explorer.watch.waiting, c.Decode))
        assert "Take the challenge of the 402 apart" in explorer.screen_text()
        await _next_stop(explorer, c.Check)
        await _next_stop(explorer, c.Ask)
        assert "MATCH" not in explorer.status
        await explorer.press("space")
        await explorer.until_screen(Approve)
        assert explorer.status == "No money spent. Asked: 10 sat, plus at most 10 sat fee."
        assert "Approve 10 sat (type y)" in explorer.screen_text()
        explorer.now[0] += 1
        await explorer.press("y")
        await explorer.until(lambda: isinstance(explorer.watch.waiting, c.Reserve))
        assert "This step pays: 10 sat" in explorer.screen_text()
        assert explorer.payments == ()
        await _next_stop(explorer, c.Retry)
        await explorer.until_text("49 989 sat")  # the balance, before the answer is there
        assert explorer.status.startswith("Spent 11 sat.")
        await explorer.press("n")
        await explorer.to_end()
        ending = explorer.watch.ending
        assert ending is not None
        assert ending.outcome is Outcome.PAID
        assert explorer.status == "Spent 11 sat. Paid, and the server answered 200 OK."
        assert '"city": "Oslo"' in explorer.screen_text()
        assert len(explorer.payments) == 1


async def test_automatic_mode_stops_only_for_the_question(tmp_path: Path) -> None:
    async with exploring(tmp_path, step=False) as explorer:
        modal = await explorer.to_question()
        await explorer.press("y")
        await explorer.to_end()
        (approved,) = explorer.events(e.Approved)
        assert isinstance(approved, e.Approved)
        assert approved.digest == modal.quote.digest
        assert len(explorer.payments) == 1
        assert "49 989 sat" in explorer.screen_text()


async def test_cancel_has_the_focus_and_declines(tmp_path: Path) -> None:
    async with exploring(tmp_path, step=False) as explorer:
        await explorer.to_question()
        await explorer.press("enter")
        await explorer.to_end()
        ending = explorer.watch.ending
        assert ending is not None
        assert ending.outcome is Outcome.DECLINED
        assert explorer.status.startswith("No money spent.")
        assert explorer.payments == ()


async def test_a_credential_that_was_paid_for_is_used_again(tmp_path: Path) -> None:
    async with exploring(tmp_path, step=False) as explorer:
        await explorer.to_question()
        await explorer.press("y")
        await explorer.to_end()
        await explorer.press("r")
        await explorer.until_screen(Ask)
        assert "Run it again?" in explorer.screen_text()
        first = explorer.watch
        await explorer.press("y")
        await explorer.until(lambda: explorer.watch is not first)
        await explorer.to_end()
        assert explorer.status.startswith("Paid earlier, nothing spent now.")
        assert len(explorer.payments) == 1


async def test_a_field_finds_its_bytes_and_a_byte_finds_its_field(tmp_path: Path) -> None:
    async with exploring(tmp_path, (120, 40)) as explorer:
        await explorer.press("space")
        await explorer.until(lambda: isinstance(explorer.watch.waiting, c.Decode))
        tree, view = explorer.flow.query_one(ExchangeTree), explorer.flow.query_one(HexView)
        bill = next(step for step in tree.steps if step.label.text == "402")
        wanted = bill.find("signature")
        assert wanted.span is not None
        tree.choose(wanted)
        await explorer.until(lambda: tree.chosen is wanted and view.span == wanted.span)
        # Back: point at the first byte before the signature's field.
        other = bill.find("identifier")
        assert other.span is not None
        view.focus()
        await explorer.press("home")
        for _ in range(other.span.start):
            await explorer.press("right")
        expected = bill.at(other.span.buffer, other.span.start)
        await explorer.until(lambda: tree.chosen is expected)
        assert view.offset_now == other.span.start


async def test_a_click_on_a_byte_selects_the_deepest_field(tmp_path: Path) -> None:
    async with exploring(tmp_path, (120, 40)) as explorer:
        await explorer.press("space")
        await explorer.until(lambda: isinstance(explorer.watch.waiting, c.Decode))
        tree = explorer.flow.query_one(ExchangeTree)
        await explorer.until(lambda: tree.chosen is not None and tree.chosen.label.text == "402")
        # Offset, two blanks, and then the first byte inside border and padding.
        await explorer.pilot.click("#hex", offset=(2 + 6, 1))
        await explorer.until(lambda: tree.chosen is not None and tree.chosen.label.text != "402")
        assert tree.chosen is not None
        assert tree.chosen.label.text == "start line"


async def test_secrets_are_masked_until_asked_for(tmp_path: Path) -> None:
    async with exploring(tmp_path, (120, 40), step=False) as explorer:
        await explorer.to_question()
        await explorer.press("y")
        await explorer.to_end()
        tree = explorer.flow.query_one(ExchangeTree)
        retry = next(step for step in tree.steps if step.label.text == "Retry")
        preimage = retry.find("preimage")
        secret = preimage.copy.decode()
        assert len(secret) == 64
        tree.choose(preimage)
        await explorer.until(lambda: tree.chosen is preimage)
        await explorer.pilot.pause()
        shown = explorer.screen_text()
        assert "·····" in shown
        assert secret[:8] not in shown
        await explorer.press("m")
        await explorer.pilot.pause()
        assert secret[:8] in explorer.screen_text()


async def test_markup_of_the_server_is_text_everywhere(tmp_path: Path) -> None:
    literal = "[@click=app.quit]Pay nothing[/] [bold red]yours[/]"
    async with exploring(tmp_path, (120, 60), step=False, switches="hostile-text") as explorer:
        await explorer.to_question()
        rows = str(explorer.app.screen.query_one("#rows", Static).render())
        assert literal in " ".join(rows.split())
        await explorer.press("escape")
        await explorer.until(lambda: explorer.app.screen is explorer.flow)
        assert literal in " ".join(_words(explorer, WireLog))
        tree = explorer.flow.query_one(ExchangeTree)
        bill = next(step for step in tree.steps if step.label.text == "402")
        for label in ("body", "X-Note", "description"):
            node = [one for one in bill.walk() if one.label.text.lower() == label.lower()][-1]
            tree.choose(node)
            await explorer.until(lambda node=node: tree.chosen is node)  # type: ignore[misc]  # loop
            await explorer.pilot.pause()
            assert literal in " ".join(_words(explorer, WhyPane))
            await explorer.pilot.click(WhyPane, offset=(12, 2))
        assert explorer.app.is_running


def _words(explorer: Explorer, kind: type[WhyPane | WireLog]) -> list[str]:
    return str(explorer.flow.query_one(kind).query_one(Static).render()).split()


async def test_a_key_that_does_nothing_says_why(tmp_path: Path) -> None:
    async with exploring(tmp_path) as explorer:
        await explorer.press("p")
        await explorer.until(lambda: "There is no bill to pay yet" in explorer.screen_text())


async def test_letters_go_into_the_address_while_it_is_edited(tmp_path: Path) -> None:
    async with exploring(tmp_path) as explorer:
        await explorer.press("u")
        field = explorer.flow.query_one(Input)
        await explorer.until(lambda: field.has_focus)
        field.value = ""
        await explorer.press(*"ftp", "colon", "slash", "slash", "s", "enter")
        await explorer.until(lambda: "only http:// and https://" in explorer.screen_text())
        assert field.value == "ftp://s"
        await explorer.press("escape")
        await explorer.until(lambda: explorer.flow.query_one(ExchangeTree).has_focus)


async def test_the_servers_mistakes_can_be_chosen(tmp_path: Path) -> None:
    async with exploring(tmp_path, (120, 40), step=False) as explorer:
        await explorer.press("d")
        await explorer.until_screen(Choose)
        await explorer.press("down", "down", "down", "enter")
        field = explorer.flow.query_one(Input)
        await explorer.until(lambda: field.value.endswith("/with/wrong-hash/weather"))
        await explorer.press("s")
        await explorer.until(lambda: explorer.flow.watched is not None)
        await explorer.to_end()
        ending = explorer.watch.ending
        assert ending is not None
        assert ending.outcome is Outcome.REFUSED
        assert explorer.payments == ()


async def test_the_palette_reaches_every_action(tmp_path: Path) -> None:
    async with exploring(tmp_path) as explorer:
        titles = {one.title for one in explorer.app.get_system_commands(explorer.flow)}
        wanted = {key.label.lower() for key in keys_of(Where.FLOW, Where.EVERYWHERE)}
        assert wanted - {title.lower() for title in titles} <= {"commands"}


async def test_help_opens_and_closes(tmp_path: Path) -> None:
    async with exploring(tmp_path) as explorer:
        await explorer.press("question_mark")
        await explorer.until_screen(Help)
        assert "Take the next step" in explorer.screen_text()
        await explorer.press("escape")
        await explorer.until(lambda: explorer.app.screen is explorer.flow)


async def test_stopping_in_the_middle_asks_first(tmp_path: Path) -> None:
    async with exploring(tmp_path) as explorer:
        await explorer.press("space")
        await explorer.until(lambda: explorer.watch.waiting is not None)
        await explorer.press("escape")
        await explorer.until_screen(Ask)
        await explorer.press("y")
        await explorer.until(lambda: not explorer.flow.running)
        assert explorer.payments == ()


async def test_leaving_during_a_payment_only_stops_watching(tmp_path: Path) -> None:
    async with exploring(tmp_path, step=False) as explorer:
        assert explorer.session.practice is not None
        explorer.session.practice.node.hold = True
        await explorer.to_question()
        await explorer.press("y")
        await explorer.until(lambda: explorer.watch.money_moving and len(explorer.payments) == 1)
        assert "leaving only stops watching" in explorer.status
        assert explorer.status.startswith("Perhaps spent: 10 sat.")
        await explorer.press("escape")
        await explorer.until_screen(Ask)
        assert "Stop watching?" in explorer.screen_text()
        await explorer.press("y")
        await explorer.until(lambda: not explorer.flow.running)
        intent = explorer.session.vault.unfinished(explorer.watch.request)
        assert intent is not None
        # The payment arrives; the same request finds it and pays nothing more.
        explorer.session.practice.node.settle(intent.payment_hash)
        await explorer.press("s")
        await explorer.to_end()
        ending = explorer.watch.ending
        assert ending is not None
        assert ending.outcome is Outcome.PAID
        assert len(explorer.payments) == 1


async def test_forty_by_ten_shows_what_fits(tmp_path: Path) -> None:
    async with exploring(tmp_path, (40, 10), step=False) as explorer:
        await explorer.to_question()
        assert "Cancel" in explorer.screen_text()
        await explorer.press("y")
        await explorer.to_end()
        assert len(explorer.payments) == 1
        assert "Enlarge the terminal to 80x24" in explorer.status


@pytest.mark.parametrize("size", [(80, 24), (20, 5), (200, 60)])
async def test_the_welcome_leads_to_the_demo(tmp_path: Path, size: tuple[int, int]) -> None:
    async with exploring(tmp_path, size, demo=False) as explorer:
        assert isinstance(explorer.app.screen, Welcome)
        await explorer.press("d")
        await explorer.until(lambda: bool(explorer.sessions) and explorer.ready)
        await explorer.press("escape")
        await explorer.until(lambda: isinstance(explorer.app.screen, Welcome))
