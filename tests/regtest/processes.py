"""How is one node started, watched and ended?

The rule: a process is ended by its pid and waited for, never by its name; and when it fails, the
error carries the end of its log, because that is where the reason is.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from . import leash

HOST = "127.0.0.1"

T = TypeVar("T")

# Below the range from which kernels hand out ports for outgoing connections, so that a port stays
# free while its node is being restarted.
_PORTS = range(20_000, 30_000)
_LOG_LINES = 25

# The kernel ties a child to the *thread* that started it. Every child is therefore started by this
# one thread, which lives as long as the test run, and not by whichever worker asked for a restart.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="regtest-starter")


class NetworkError(Exception):
    """The network, or one node of it, did not do what was expected; the text says what and why."""


def free_ports(count: int) -> list[int]:
    """Return ``count`` different ports that nothing listens on at 127.0.0.1 right now."""
    held: list[socket.socket] = []
    try:
        for port in random.sample(_PORTS, len(_PORTS)):
            candidate = socket.socket()
            held.append(candidate)
            try:
                candidate.bind((HOST, port))
            except OSError:
                candidate.close()
                held.pop()
            if len(held) == count:
                return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()
    raise NetworkError(f"no {count} free ports between {_PORTS.start} and {_PORTS.stop}")


class Process:
    """One program that runs until told otherwise.

    Args:
        name: what errors call it.
        command: the program and its arguments.
        folder: where its log goes; also its working folder and its ``HOME``.
    """

    def __init__(self, name: str, command: Sequence[str], folder: Path) -> None:
        self.name = name
        self.command = list(command)
        self.folder = folder
        self.log = folder / "output.log"
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The pid of the running program, or None."""
        return self._running.pid if self.running and self._running else None

    @property
    def running(self) -> bool:
        """Whether the program was started and has not ended."""
        return self._running is not None and self._running.poll() is None

    def start(self) -> None:
        """Start the program; its output is appended to the log. Returns at once."""
        if self.running:
            raise NetworkError(f"{self.name} is already running")
        _starter.submit(self._start).result()

    def _start(self) -> None:
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), *self.command],
                cwd=self.folder,
                env=self._environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C belongs to the test run, which then ends its nodes itself.
                start_new_session=True,
            )

    def _environment(self, ours: Mapping[str, str]) -> dict[str, str]:
        """Nothing of the person's: no proxy settings, and a home that holds no settings files."""
        kept = {name: ours[name] for name in ("PATH", "TMPDIR", "LANG") if name in ours}
        return {**kept, "HOME": str(self.folder)}

    def stop(self, timeout_s: float = 30) -> None:
        """Ask the program to end and wait until it has; after ``timeout_s`` seconds kill it."""
        self._signal(signal.SIGTERM)
        if self._running is None:
            return
        try:
            self._running.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the program without warning, as a power cut would, and wait until it is gone."""
        self._signal(signal.SIGKILL)
        if self._running is not None:
            self._running.wait()

    def freeze(self) -> None:
        """Stop the program in its tracks: its ports stay open, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen program go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._running is not None and self._running.poll() is None:
            self._running.send_signal(number)

    def log_tail(self, lines: int = _LOG_LINES) -> str:
        """Return the last lines the program printed."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def error(self, what: str) -> NetworkError:
        """Return an error that says ``what`` went wrong and shows the end of the log."""
        if self.running or self._running is None:
            state = ""
        else:
            state = f" (it has ended, exit code {self._running.returncode})"
        return NetworkError(
            f"{self.name}: {what}{state}\n--- end of its log ---\n{self.log_tail()}"
        )

    def wait_until(self, what: str, check: Callable[[], T | None], timeout_s: float = 30) -> T:
        """Call ``check`` until it returns something true, and return that.

        Args:
            what: the condition in words, for the error: "it answers".
            check: an exception counts as "not yet"; the last one is shown in the error.
            timeout_s: how long to go on.

        Raises:
            NetworkError: the time is up, or the program has ended.
        """
        return wait_until(what, check, timeout_s, self)


def wait_until(
    what: str, check: Callable[[], T | None], timeout_s: float = 30, process: Process | None = None
) -> T:
    """Call ``check`` until it returns something true; see `Process.wait_until`."""
    end = time.monotonic() + timeout_s
    reason = ""
    while True:
        try:
            if result := check():
                return result
            reason = ""
        except Exception as error:  # a node that is still starting raises anything
            reason = f"; last answer: {type(error).__name__}: {error}"
        if process is not None and not process.running:
            raise process.error(f"ended before this was so: {what}{reason}")
        if time.monotonic() > end:
            sentence = f"after {timeout_s:g} s this is still not so: {what}{reason}"
            raise process.error(sentence) if process else NetworkError(sentence)
        time.sleep(0.03)
