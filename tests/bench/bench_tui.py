"""How long does a person look at nothing after starting the explorer?

Run it: ``python -m tests.bench.bench_tui``. It starts ``l402tui`` and ``l402tui demo`` at a real
pseudo-terminal and takes the time until the first frame has arrived whole (its last line is there).
It prints medians; nothing here fails on a slow machine.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import tempfile
import termios
from statistics import median
from time import perf_counter

ROUNDS = 7
BUDGET_MS = 700


def first_frame(words: list[str], last: bytes, home: str) -> float:
    """Seconds until ``last`` is on the screen."""
    environ = {**os.environ, "L402TUI_HOME": home, "TERM": "xterm-256color"}
    start = perf_counter()
    pid, screen = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, "-m", "l402tui", *words], environ)
    try:
        fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        seen = b""
        while last not in seen:
            if not select.select([screen], [], [], 20)[0]:
                raise TimeoutError(f"no first frame of {words}: {seen[-300:]!r}")
            seen += os.read(screen, 65_536)
        return perf_counter() - start
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(screen)


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        for name, words, last in (
            ("welcome", [], b"help"),
            ("demo, server included", ["demo"], b"help"),
        ):
            times = [first_frame(words, last, home) for _ in range(ROUNDS)]
            shown = f"first frame, {name}"
            print(f"{shown:36} {median(times) * 1e3:6.0f} ms  (budget {BUDGET_MS} ms)")


if __name__ == "__main__":
    main()
