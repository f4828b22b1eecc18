"""Pictures carry no secret, a crash obeys nobody, and the question tells every limit."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.console import Console
from textual.widgets import Input, Static

from l402tui.flow import events as e
from l402tui.practice.samples import samples
from l402tui.settings import LimitSettings
from l402tui.tui.modals.invoice import InvoiceModal
from l402tui.tui.widgets.exchange import ExchangeTree
from l402tui.tui.widgets.pastebox import PasteBox
from tests.tui.explorer import Explorer, exploring, shop, visiting

CREDENTIAL = samples()["credential.txt"].content


# --- pictures ----------------------------------------------------------------------------------


def picture(explorer: Explorer) -> str:
    return explorer.app.export_screenshot().replace("&#160;", " ")


async def test_a_picture_masks_what_the_flow_screen_shows(tmp_path: Path) -> None:
    async with exploring(tmp_path, (160, 45), step=False) as explorer:
        await explorer.to_question()
        await explorer.press("y")
        await explorer.to_end()
        tree = explorer.flow.query_one(ExchangeTree)
        retry = next(step for step in tree.steps if step.label.text == "Retry")
        preimage = retry.find("preimage")
        secret = preimage.copy.decode()
        await explorer.press("m")
        tree.choose(preimage)
        await explorer.until_text(secret[:16])
        await explorer.press("2")  # also one that is below another screen
        await explorer.pilot.pause()
        picture(explorer)
        assert explorer.flow.masked
        await explorer.press("1", "m")
        await explorer.until_text(secret[:16])
        assert secret[:16] not in picture(explorer)
        await explorer.until_words("Secrets were masked for the picture.")
        assert secret[:16] not in explorer.screen_text()


async def test_a_picture_masks_what_was_pasted(tmp_path: Path) -> None:
    async with exploring(tmp_path, (160, 45), demo=False, inspect=True) as explorer:
        secret = CREDENTIAL.rpartition(":")[2].strip()
        await explorer.paste(CREDENTIAL)
        await explorer.until(lambda: bool(explorer.app.screen.query_one(ExchangeTree).steps))
        await explorer.press("m")
        box = explorer.app.screen.query_one("#first", PasteBox)
        await explorer.until(lambda: secret in box.text)
        assert secret[:16] not in picture(explorer)


async def test_a_picture_masks_a_preimage_that_is_being_typed(tmp_path: Path) -> None:
    async with exploring(tmp_path, (120, 45), step=False, external=True) as explorer:
        await explorer.to_question()
        await explorer.press("y")
        await explorer.until_screen(InvoiceModal)
        explorer.app.screen.query_one("#preimage", Input).value = "deadbeef" * 2
        await explorer.until_text("deadbeefdeadbeef")
        assert "deadbeef" not in picture(explorer)


@pytest.mark.parametrize("way", ["palette", "action"])
async def test_every_way_to_a_picture_masks(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exploring(tmp_path, (160, 45), demo=False, inspect=True) as explorer:
        saved: list[str] = []

        def deliver(text: io.StringIO, **how: object) -> None:
            saved.append(text.getvalue().replace("&#160;", " "))

        monkeypatch.setattr(explorer.app, "deliver_text", deliver)
        secret = CREDENTIAL.rpartition(":")[2].strip()
        await explorer.paste(CREDENTIAL)
        await explorer.until(lambda: bool(explorer.app.screen.query_one(ExchangeTree).steps))
        await explorer.press("m")
        box = explorer.app.screen.query_one("#first", PasteBox)
        await explorer.until(lambda: secret in box.text)
        if way == "palette":
            commands = explorer.app.get_system_commands(explorer.app.screen)
            next(one for one in commands if one.title == "Screenshot").callback()
        else:
            await explorer.app.run_action("screenshot")
        (svg,) = saved
        assert "credential" in svg
        assert secret[:16] not in svg


# --- a crash -----------------------------------------------------------------------------------


async def test_a_crash_prints_no_locals_and_nothing_a_terminal_obeys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exploring(tmp_path, demo=False) as explorer:
        app = explorer.app
        monkeypatch.setattr(app, "_close_messages_no_wait", lambda: None)
        try:
            preimage = "deadbeef" * 2
            raise RuntimeError(f"{len(preimage)} \x1b]0;owned\x07\x9b31m\u202e[/]")
        except RuntimeError:
            app._fatal_error()
        console = Console(file=io.StringIO(), width=120)
        (told,) = app._exit_renderables
        app._exit_renderables.clear()
        console.print(told)
        assert isinstance(console.file, io.StringIO)
        text = console.file.getvalue()
        assert "RuntimeError" in text
        assert "\\x1b]0;owned" in text
        for raw in ("\x1b]", "\x07", "\x9b", "\u202e", "deadbeefdeadbeef"):
            assert raw not in text


# --- the limits --------------------------------------------------------------------------------


async def test_the_question_tells_every_limit(tmp_path: Path) -> None:
    limits = LimitSettings(
        payment="500 sat",
        origin_hour="100 sat",
        origin_day="200 sat",
        hour="300 sat",
        day="400 sat",
        total="5000 sat",
        unsettled="600 sat",
    )
    async with shop(tmp_path, limits=limits) as street:
        await street.buy()
        url = f"{street.server.url}/forecast"
        async with visiting(street, (120, 60), url=url) as explorer:
            await explorer.press("s")
            await explorer.until_text("Budget")
            rows = explorer.app.screen.query_one("#rows", Static).render()
            lines = [line.strip() for line in str(rows).splitlines()]
            at = next(i for i, line in enumerate(lines) if line.startswith("Budget"))
            then = "spent 11 sat, then ≤ 46 sat of"
            assert lines[at:] == [
                "Budget   at most 500 sat a payment",
                f"this server and one hour: {then} 100 sat",
                f"this server and 24 hours: {then} 200 sat",
                f"one hour: {then} 300 sat",
                f"24 hours: {then} 400 sat",
                f"all payments ever: {then} 5 000 sat",
                "at most 600 sat in payments that have not ended",
            ]


# --- waiting -----------------------------------------------------------------------------------


@asynccontextmanager
async def slow_server(head: bytes, go: asyncio.Event, begin: asyncio.Event) -> AsyncIterator[str]:
    """Answers when it is told to begin, and brings the second half when it is told to go on."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await begin.wait()
        writer.write(b"HTTP/1.1 200 OK\r\n" + head + b"Connection: close\r\n\r\n" + b"x" * 20_000)
        await writer.drain()
        await go.wait()
        writer.write(b"x" * 20_000)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/long"
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize(
    ("head", "line"),
    [
        (b"Content-Length: 40000\r\n", "Arriving: 20 kB of 40 kB (50%), 7 s of 30 s at most."),
        (b"", "Arriving: 20 kB so far, 7 s of 30 s at most."),
    ],
)
async def test_an_answer_that_takes_its_time_says_how_far_it_is(
    tmp_path: Path, head: bytes, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("l402tui.tui.screens.flow._TICK", 0.02)
    go, begin = asyncio.Event(), asyncio.Event()
    async with (
        shop(tmp_path) as street,
        slow_server(head, go, begin) as url,
        visiting(street, (80, 24), url=url, wallet="none") as explorer,
    ):
        await explorer.until(lambda: explorer.flow.session is not None)
        await explorer.press("s")
        await explorer.until(lambda: explorer.flow.watched is not None)
        await explorer.until(lambda: explorer.watch.last(e.Requested) is not None)
        assert "No answer yet" not in explorer.status
        requested = explorer.watch.last(e.Requested)
        assert requested is not None
        clock = explorer.watch.session.clock
        monkeypatch.setattr(clock, "now", lambda: requested.at + 7.2, raising=True)
        await explorer.until(lambda: explorer.status.startswith("No money spent."))
        await explorer.until(lambda: "No answer yet: 7 s, of 30 s at most." in explorer.status)
        begin.set()
        await explorer.until(lambda: line in explorer.status)
        assert line.split(",")[0] in explorer.screen_text()
        go.set()
        await explorer.to_end()
        assert "Arriving" not in explorer.status
