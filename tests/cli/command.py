"""How does a test run the real command?

As a process of its own: without a terminal (:meth:`Commands.run`, :meth:`Commands.begin`), or with
a pseudo-terminal as its controlling one (:meth:`Commands.at_terminal`), whose every byte is kept.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from l402tui.practice.node import Payment, Status
from l402tui.practice.run import PracticeServer

PATIENCE = 30.0
"""Seconds after which a test gives up on a process."""


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: bytes
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines of ``--json``."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def names(self) -> list[str]:
        return [event["event"] for event in self.events]


class Running:
    """A command that prints JSON lines and has not ended."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.lines: list[bytes] = []

    def until(self, event: str) -> dict[str, Any]:
        """Wait for the first line of this event."""
        out = self.process.stdout
        assert out is not None
        for line in iter(out.readline, b""):
            self.lines.append(line)
            told: dict[str, Any] = json.loads(line)
            if told["event"] == event:
                return told
        raise AssertionError(f"it ended without {event}: {self.lines}")

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self) -> Done:
        """Wait for its end."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return Done(self.process.returncode, b"".join(self.lines) + out, err.decode())


@dataclass
class Screen:
    """A command at a terminal."""

    process: subprocess.Popen[bytes]
    master: int
    seen: bytearray = field(default_factory=bytearray)
    _from: int = 0

    def until(self, text: str) -> None:
        """Wait until the text has appeared since the last time."""
        deadline = time.monotonic() + PATIENCE
        wanted = text.encode()
        while wanted not in self.seen[self._from :]:
            assert self._read(deadline), f"{text!r} did not appear: {bytes(self.seen).decode()}"
        self._from = self.seen.index(wanted, self._from) + len(wanted)

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def end(self) -> int:
        """Wait for its end; the exit code."""
        deadline = time.monotonic() + PATIENCE
        while self._read(deadline):
            pass
        return self.process.wait(timeout=PATIENCE)

    @property
    def text(self) -> str:
        return bytes(self.seen).decode()

    def _read(self, deadline: float) -> bool:
        readable, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
        if not readable:
            return False
        try:
            got = os.read(self.master, 65_536)
        except OSError:  # the last one who had it open has ended
            return False
        self.seen += got
        return bool(got)


class Commands:
    """The command line, with ``L402TUI_HOME`` in a folder of the test."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._alive: list[subprocess.Popen[bytes]] = []

    def settings(self, text: str) -> None:
        self.home.mkdir(mode=0o700, exist_ok=True)
        (self.home / "settings.toml").write_text(text)

    def run(self, *arguments: str, stdin: bytes = b"") -> Done:
        """Run it to its end, without a terminal."""
        process = self._start(arguments, stdin=subprocess.PIPE)
        out, err = process.communicate(stdin, timeout=PATIENCE)
        return Done(process.returncode, out, err.decode())

    def begin(self, *arguments: str) -> Running:
        """Start it, without a terminal."""
        return Running(self._start(arguments, stdin=subprocess.DEVNULL))

    @contextmanager
    def at_terminal(self, *arguments: str, columns: int = 100) -> Iterator[Screen]:
        """Start it with a terminal of its own."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 60, columns, 0, 0))

        def own_terminal() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        process = subprocess.Popen(
            self._words(arguments),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=self._environment({"TERM": "xterm-256color"}),
            start_new_session=True,
            preexec_fn=own_terminal,
        )
        self._alive.append(process)
        os.close(slave)
        try:
            yield Screen(process, master)
        finally:
            os.close(master)

    def end(self) -> None:
        """Whatever still runs is ended."""
        for process in self._alive:
            if process.poll() is None:
                process.kill()
            process.wait(timeout=PATIENCE)
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()

    def _start(self, arguments: tuple[str, ...], stdin: int) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self._words(arguments),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,  # what `until` has not read must be there for `end`
            env=self._environment({}),
            start_new_session=True,  # no controlling terminal: nobody can be asked
        )
        self._alive.append(process)
        return process

    def _words(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "l402tui", *arguments]

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LNCLI_", "L402TUI_")) and name not in ("NO_COLOR", "COLUMNS")
        }
        return {**kept, "L402TUI_HOME": str(self.home), **more}


def paid(server: PracticeServer) -> list[Payment]:
    """The node's own list, without what failed."""
    return [one for one in server.node.payments() if one.status is not Status.FAILED]
