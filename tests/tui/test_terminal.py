"""What reaches the terminal: no command of the server's, no secret, a true exit code."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")

_CRASH = """
import sys
from l402tui.settings import Settings
from l402tui.tui import run
from l402tui.tui.app import ExplorerApp

def broken(self):
    preimage = "deadbeef" * 2
    raise RuntimeError("a mistake of ours")

ExplorerApp.on_mount = broken
start = ExplorerApp.run
ExplorerApp.run = lambda self: start(self, headless=True, size=(80, 24))
sys.exit(run(Settings(), demo=True))
"""


class Terminal:
    """A program in a pseudo-terminal, and all the bytes it has written."""

    def __init__(self, home: Path, *arguments: str, size: tuple[int, int] = (100, 36)) -> None:
        self.written = b""
        self.master, slave = pty.openpty()
        columns, rows = size
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "l402tui", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", "L402TUI_HOME": str(home)},
            start_new_session=True,
        )
        os.close(slave)

    def until(self, wanted: bytes, seconds: float = 30.0) -> None:
        """Read until something new with ``wanted`` in it was written."""
        begun = len(self.written)
        end = time.monotonic() + seconds
        while wanted not in self.written[begun:]:
            ready, _, _ = select.select([self.master], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{wanted!r} never came; last: {self.written[-600:]!r}"
            self.written += os.read(self.master, 65536)

    def press(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def close(self) -> int:
        while True:
            try:
                chunk = os.read(self.master, 65536)
            except OSError:
                break
            if not chunk:
                break
            self.written += chunk
        os.close(self.master)
        return self.process.wait(20)


def test_nothing_a_server_writes_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "demo", "--switch", "hostile-text", "--step")
    try:
        terminal.until(b"/weather")
        terminal.press(b" ")
        terminal.until(b"Take the challenge")
        terminal.press(b" ")
        terminal.until(b"Check whether")
        terminal.press(b"\x1b[F")  # the end of the tree: the body, with the server's text
        terminal.until(b"FREE")
        terminal.press(b" ")
        terminal.until(b"Ask you whether")
        terminal.press(b" ")
        terminal.until(b"text of the seller")
        terminal.press(b"n")
        terminal.until(b"was not approved")
        terminal.press(b"\x11")
        code = terminal.close()
    finally:
        terminal.process.kill()
        terminal.process.wait()
    written = terminal.written
    for made in (b"\x1b]0;owned", b"\x1b]52;c;b3duZWQ=", b"\x1b[31mFREE", b"\x1b[2J\x1b[31m"):
        assert made not in written
    text = written.decode("utf-8", "replace")
    assert not re.search("[\x80-\x9f\u202a-\u202e\u2066-\u2069\u200b-\u200f]", text)
    assert "[@click=app.quit]" in text  # as letters
    assert "\\x1b" in text
    assert code == 0
    # The shell's last line, after the screen was given back.
    last = text[text.rindex("\x1b[?1049l") :]
    assert "No money spent. The payment was not approved." in last


def test_a_crash_is_no_success_and_prints_no_variables(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CRASH],
        capture_output=True,
        timeout=60,
        env={**os.environ, "L402TUI_HOME": str(tmp_path)},
        check=False,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 1
    assert b"a mistake of ours" in told
    assert b"deadbeefdeadbeef" not in told


def test_nothing_pasted_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    """On the screen that takes anything apart. (An escape ends a bracketed paste; terminals take
    it out. A file may hold one.)"""
    hostile = (
        'L402 macaroon="%s0wned\x07\u009b31m\u202e[@click=app.leave]", invoice="\x9d52;c;b3du\x9c"'
    )
    file = tmp_path / "hostile.txt"
    file.write_text(hostile % "\x1b]0;", "utf-8")
    terminal = Terminal(tmp_path / "home", "inspect")
    try:
        terminal.until(b"commands")
        terminal.press(b"\x1b[200~" + (hostile % "").encode() + b"\x1b[201~")
        terminal.until(b"0wned")
        terminal.press(b"\x1b[200~" + str(file).encode() + b"\x1b[201~")
        terminal.until(str(file)[:20].encode())  # more of it may not fit
        terminal.press(b"\x11")
        code = terminal.close()
    finally:
        terminal.process.kill()
        terminal.process.wait()
    assert code == 0
    text = terminal.written.decode("utf-8", "replace")
    assert "\x1b]0;0wned" not in text
    assert not re.search("[\x80-\x9f\u202a-\u202e]", text)
    assert "[@click=app.leave]" in text  # as letters
