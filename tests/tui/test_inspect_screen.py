"""Paste anything: it is taken apart, and nothing of it reaches the terminal raw."""

from __future__ import annotations

from pathlib import Path

import pytest

from l402tui.practice.samples import samples
from l402tui.tui.screens.flow import FlowScreen
from l402tui.tui.screens.inspect import InspectScreen
from l402tui.tui.screens.welcome import Welcome
from l402tui.tui.widgets.exchange import ExchangeTree
from l402tui.tui.widgets.pastebox import PasteBox

from .explorer import Explorer, exploring

SAMPLES = {name: content for name, (_, content) in samples().items()}


def labels(explorer: Explorer) -> list[str]:
    tree = explorer.app.screen.query_one(ExchangeTree)
    return [node.label.text for step in tree.steps for node in step.walk()]


def box(explorer: Explorer, id: str = "first") -> PasteBox:
    return explorer.app.screen.query_one(f"#{id}", PasteBox)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=str)
async def test_a_pasted_challenge_is_taken_apart(tmp_path: Path, size: tuple[int, int]) -> None:
    async with exploring(tmp_path, size, demo=False, inspect=True) as explorer:
        await explorer.until_text("Paste anything")
        await explorer.paste(SAMPLES["challenge.txt"])
        await explorer.until(lambda: isinstance(explorer.app.focused, ExchangeTree))
        assert {"payment hash", "amount"} <= set(labels(explorer))
        await explorer.until_text("MATCH with the invoice")


async def test_what_is_typed_is_read_and_the_box_keeps_the_focus(tmp_path: Path) -> None:
    async with exploring(tmp_path, demo=False, inspect=True) as explorer:
        await explorer.press("p", *"not l402")
        await explorer.until_text("This cannot be read")
        assert explorer.app.focused is box(explorer)
        assert box(explorer).data == b"not l402"


async def test_a_file_is_read_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "sample.txt"
    file.write_text(f"# a comment\n{SAMPLES['token.txt']}\n")
    async with exploring(tmp_path, demo=False, inspect=True) as explorer:
        await explorer.paste(str(file))
        await explorer.until(lambda: "identifier" in labels(explorer))


async def test_a_secret_is_hidden_until_it_is_asked_for(tmp_path: Path) -> None:
    async with exploring(tmp_path, (160, 40), demo=False, inspect=True) as explorer:
        secret = SAMPLES["credential.txt"][-64:]
        await explorer.paste(SAMPLES["credential.txt"])
        await explorer.until(lambda: "preimage" in labels(explorer))
        await explorer.pilot.pause()
        assert secret[:12] not in explorer.screen_text()
        assert secret not in box(explorer).text
        await explorer.press("m")
        await explorer.until(lambda: secret in box(explorer).text)
        await explorer.press("m")
        await explorer.until(lambda: secret not in box(explorer).text)
        assert box(explorer).data == SAMPLES["credential.txt"].encode()


async def test_nothing_pasted_reaches_the_terminal_raw(tmp_path: Path) -> None:
    hostile = 'L402 macaroon="\x1b]0;owned\x07[@click=app.exit]x[/]\u202e\x9b2J", invoice="x"'
    async with exploring(tmp_path, (120, 40), demo=False, inspect=True) as explorer:
        await explorer.paste(hostile)
        await explorer.until_text("[@click=app.exit]")
        for char in "\x1b\x07\x9b\u202e":
            assert char not in explorer.screen_text()
        assert box(explorer).data == hostile.encode()


async def test_two_things_are_compared(tmp_path: Path) -> None:
    async with exploring(tmp_path, (120, 40), demo=False, inspect=True) as explorer:
        await explorer.paste(SAMPLES["token.txt"])
        await explorer.until(lambda: "identifier" in labels(explorer))
        await explorer.press("c")
        await explorer.paste(SAMPLES["token-narrowed.txt"])
        await explorer.until(lambda: len(explorer.app.screen.query_one(ExchangeTree).steps) == 3)
        await explorer.until_text("they belong together")
        assert "payment hash  the same" in explorer.screen_text()
        await explorer.press("c")
        await explorer.until(lambda: len(explorer.app.screen.query_one(ExchangeTree).steps) == 1)
        assert box(explorer, "second").data == b""


async def test_an_example_can_be_chosen(tmp_path: Path) -> None:
    async with exploring(tmp_path, (120, 40), demo=False, inspect=True) as explorer:
        await explorer.press("e")
        await explorer.until_text("Examples")
        await explorer.press("enter")
        await explorer.until(lambda: bool(explorer.app.screen.query(ExchangeTree)))
        first = next(iter(SAMPLES.values()))
        await explorer.until(lambda: box(explorer).data == first.encode())
        assert labels(explorer)


async def test_it_is_reached_from_the_flow_and_back_without_ending_it(tmp_path: Path) -> None:
    async with exploring(tmp_path) as explorer:
        await explorer.press("space")
        await explorer.until(lambda: explorer.watch.waiting is not None)
        watch = explorer.watch
        await explorer.press("2")
        await explorer.until_screen(InspectScreen)
        await explorer.paste(SAMPLES["invoice.txt"])
        await explorer.until(lambda: "amount" in labels(explorer))
        await explorer.press("1")
        await explorer.until_screen(FlowScreen)
        assert explorer.watch is watch
        assert explorer.flow.running
        await explorer.press("2")
        await explorer.until_screen(InspectScreen)
        await explorer.until(lambda: box(explorer).data == SAMPLES["invoice.txt"].encode())


async def test_a_payment_question_waits_until_the_person_is_back(tmp_path: Path) -> None:
    async with exploring(tmp_path) as explorer:
        await explorer.press("2")
        await explorer.until_screen(InspectScreen)
        explorer.flow.do_automatic()
        explorer.flow.do_send()
        await explorer.until(lambda: explorer.flow.watched is not None)
        await explorer.until(lambda: explorer.watch.question is not None)
        await explorer.pilot.pause()
        assert isinstance(explorer.app.screen, InspectScreen)
        await explorer.press("p", "y", "y")
        assert explorer.payments == ()
        await explorer.press("escape", "1")
        await explorer.until_text("Cancel")
        assert explorer.payments == ()


async def test_the_welcome_leads_there_and_esc_leads_back(tmp_path: Path) -> None:
    async with exploring(tmp_path, (80, 24), demo=False) as explorer:
        await explorer.until_screen(Welcome)
        await explorer.press("2")
        await explorer.until_screen(InspectScreen)
        await explorer.press("p", "escape")
        assert isinstance(explorer.app.screen, InspectScreen), "the first one leaves the box"
        await explorer.press("escape")
        await explorer.until_screen(Welcome)


async def test_a_paste_of_many_lines_comes_with_the_enter_key_as_their_end(tmp_path: Path) -> None:
    async with exploring(tmp_path, demo=False, inspect=True) as explorer:
        await explorer.paste(SAMPLES["answer.txt"].replace("\n", "\r"))
        await explorer.until(lambda: "start line" in labels(explorer))
        await explorer.paste(f"# a comment\r{SAMPLES['credential.txt']}")
        await explorer.until(lambda: "preimage" in labels(explorer))
        await explorer.until(lambda: "a secret" in box(explorer).text)


async def test_letters_change_nothing_before_somebody_writes(tmp_path: Path) -> None:
    async with exploring(tmp_path, demo=False, inspect=True) as explorer:
        token = SAMPLES["token.txt"]
        await explorer.paste(token)
        box(explorer).focus()
        await explorer.press("z", "w", "backspace")
        assert box(explorer).data == token.encode()
        await explorer.press("enter", "end", "backspace")
        await explorer.until(lambda: len(box(explorer).data) == len(token) - 1)
