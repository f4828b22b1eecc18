"""What the explorer lets out: pictures, the clipboard, the last words of a crash."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from l402tui.flow.flow import step
from l402tui.tui.widgets.address import AddressBar
from l402tui.tui.widgets.exchange import ExchangeTree
from tests.tui.explorer import Explorer, exploring
from tests.tui.test_terminal import Terminal

from .canaries import Canaries
from .conftest import Search
from .world import Errand, fronted

_CRASH = """
import os, sys
from pathlib import Path
from l402tui.settings import Settings
from l402tui.tui import run
from l402tui.tui.app import ExplorerApp

given = Path(os.environ["CANARIES"]).read_text()

def broken(self):
    preimage = given
    raise RuntimeError("a mistake of ours: " + preimage)

ExplorerApp.on_mount = broken
start = ExplorerApp.run
ExplorerApp.run = lambda self: start(self, headless=True, size=(80, 24))
sys.exit(run(Settings(), demo=True))
"""


def test_a_crash_at_the_start(tmp_path: Path, canaries: Canaries, search: Search) -> None:
    errand = Errand(canaries, tmp_path)
    secrets = f"{canaries.hex('preimage')} {errand.headers} {errand.target} {errand.body}"
    given = tmp_path / "canaries"
    given.write_text(secrets)
    done = subprocess.run(
        [sys.executable, "-c", _CRASH],
        capture_output=True,
        timeout=60,
        env={**os.environ, "L402TUI_HOME": str(tmp_path / "home"), "CANARIES": str(given)},
        check=False,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 1
    assert b"a mistake of ours" in told
    assert b"RuntimeError in broken" in told
    search("crash of the explorer", canaries, told)


async def to_the_end(explorer: Explorer, target: str) -> None:
    """Buy it, with an address full of secrets."""
    bar = explorer.flow.query_one(AddressBar)
    assert explorer.session.practice is not None
    bar.set(f"{explorer.session.practice.url}{target}")
    await explorer.to_question()


@pytest.mark.parametrize("phase", ["Decoded", "PaymentSent", "PaymentSettled", "Retried"])
async def test_a_crash_in_a_flow(
    phase: str,
    tmp_path: Path,
    canaries: Canaries,
    search: Search,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fronted(canaries, monkeypatch)
    errand = Errand(canaries, tmp_path)

    def broken(state: Any, event: Any) -> Any:
        if type(event).__name__ != phase:
            return step(state, event)
        secrets = dict(canaries.values)
        raise RuntimeError(f"a mistake of ours: {errand.headers} {secrets} {errand.target}")

    monkeypatch.setattr("l402tui.flow.runner.step", broken)
    printed: list[Any] = []
    try:
        async with exploring(tmp_path / "home") as explorer:
            app = explorer.app
            monkeypatch.setattr(
                app, "_print_error_renderables", lambda: printed.extend(app._exit_renderables)
            )
            bar = explorer.flow.query_one(AddressBar)
            assert explorer.session.practice is not None
            bar.set(f"{explorer.session.practice.url}{errand.target}")
            await explorer.press("a", "s")
            if phase != "Decoded":
                await explorer.to_question()
                await explorer.press("y")
            await explorer.until(lambda: explorer.app._exception is not None)
    except Exception as error:  # it comes at any of the steps above
        assert "a mistake of ours" in str(error)  # noqa: PT017
    assert app.return_code == 1
    with app.console.capture() as capture:
        for one in printed:
            app.console.print(one)
    told = capture.get()
    assert "RuntimeError in " in told
    assert app.closing is not None
    closing = app.closing.text
    nothing_left = phase in ("Decoded", "PaymentSent")  # written down, and not yet sent
    assert ("No money" in closing) is nothing_left, closing
    search("crash of the explorer", canaries, (told + closing).encode())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_pictures(
    size: tuple[int, int],
    tmp_path: Path,
    canaries: Canaries,
    search: Search,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fronted(canaries, monkeypatch)
    errand = Errand(canaries, tmp_path)
    pictures: list[str] = []
    async with exploring(tmp_path / "home", size) as explorer:

        async def picture() -> None:
            await explorer.pilot.pause()
            pictures.append(explorer.app.export_screenshot())

        await to_the_end(explorer, errand.target)
        await picture()
        await explorer.press("y")
        await explorer.to_end()
        await picture()
        field = explorer.flow.query_one(AddressBar).field
        assert errand.target in field.value  # it is the picture alone that is masked
        tree = explorer.flow.query_one(ExchangeTree)
        tree.root.expand_all()
        await explorer.pilot.pause()
        tree.focus()
        for line in range(tree.last_line + 1):
            tree.cursor_line = line
            if line % 3 == 0:  # somebody looks at the secrets, and then takes a picture
                explorer.app.action_do("secrets")
            await picture()
        saved = explorer.app.save_screenshot(path=str(tmp_path))
        pictures.append(Path(saved).read_text("utf-8"))  # noqa: ASYNC240 - a test
        await explorer.press("s")  # once more, with the credential
        await explorer.to_end()
        await picture()
        for screen in ("inspect", "payments"):
            explorer.app.action_do(screen)
            await picture()
    assert "paid: preimage" in canaries.values
    assert any("hidden" in one for one in pictures)
    for name in ("paid: token", "paid: signature"):
        del canaries.values[name]  # the bill is in the pictures of the bill
    search("pictures", canaries, "\n".join(pictures).encode())


_CLIPBOARD = re.compile(rb"\x1b\]52;[^;]*;([A-Za-z0-9+/=]*)")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_the_clipboard_gets_only_what_is_copied(
    tmp_path: Path, canaries: Canaries, search: Search
) -> None:
    """Every key but the one that copies: nothing goes to the clipboard. Then that one."""
    log = tmp_path / "run.log"
    terminal = Terminal(tmp_path / "home", "demo", "--step", "--log", str(log))
    try:
        terminal.until(b"/weather")
        terminal.press(b"a")
        terminal.press(b"s")
        terminal.until(b"Pay")
        terminal.until(b"Hash")
        terminal.press(b"n")
        terminal.until(b"was not approved")
        for key in (b"m", b"\x1b[B", b"\x1b[B", b"\x1b[C", b"m", b"\x1b[F", b"\t", b"w", b"b"):
            terminal.press(key)
        terminal.press(b"2")
        terminal.until(b"examples")
        value = canaries.hex("pasted preimage")
        terminal.press(b"\x1b[200~Authorization: L402 AgEEbHNhdA:" + value.encode() + b"\x1b[201~")
        terminal.until(b"hidden")
        assert not _CLIPBOARD.search(terminal.written)
        assert "Declined: Not approved." in log.read_text()  # the explorer keeps one as well
        search("log file", canaries, log.read_bytes())
        search("clipboard", canaries, b"".join([b"52;", *_CLIPBOARD.findall(terminal.written)]))
        terminal.press(b"y")
        terminal.until(b"Enter chooses")
        terminal.press(b"\r")
        terminal.until(b"Copy a secret?")
        assert not _CLIPBOARD.search(terminal.written)
    finally:
        terminal.process.kill()
        terminal.process.wait()


async def test_the_copy_key_asks_before_a_secret(
    tmp_path: Path, canaries: Canaries, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole purchase with every node chosen, and nothing but the copy key copies."""
    fronted(canaries, monkeypatch)
    errand = Errand(canaries, tmp_path)
    copied: list[str] = []
    async with exploring(tmp_path / "home") as explorer:
        monkeypatch.setattr(explorer.app, "copy_to_clipboard", copied.append)
        await to_the_end(explorer, errand.target)
        await explorer.press("y")
        await explorer.to_end()
        tree = explorer.flow.query_one(ExchangeTree)
        tree.root.expand_all()
        await explorer.pilot.pause()
        assert copied == []
        secret = 0
        for line in range(tree.last_line + 1):
            tree.cursor_line = line
            await explorer.pilot.pause()
            if tree.chosen is None or not tree.chosen.secret:
                continue
            secret += 1
            explorer.flow.do_copy()
            await explorer.pilot.pause()
            await explorer.press("enter")  # the first of the menu
            await explorer.pilot.pause()
            await explorer.press("escape")  # the question: no
            await explorer.pilot.pause()
            if secret == 3:
                break
        assert secret == 3
        search("clipboard", canaries, repr(copied).encode())
        assert copied == []
