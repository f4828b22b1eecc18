"""How does a test get every byte that a program writes to its terminal?

The program runs with a pseudo-terminal as its controlling one, and everything it writes is kept.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["capture"]


def capture(
    arguments: Sequence[str],
    home: Path,
    size: tuple[int, int],
    *,
    answers: Mapping[bytes, bytes] | None = None,
    seconds: float = 300.0,
    more: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """Run ``python ARGUMENTS`` to its end, on a terminal of ``size`` columns and rows: its exit
    code and what it wrote. Whenever it writes a key of ``answers``, the value is typed."""
    master, slave = pty.openpty()
    columns, rows = size
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def own_terminal() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    kept = {
        name: value for name, value in os.environ.items()
        if not name.startswith(("LNCLI_", "L402TUI_")) and name not in ("NO_COLOR", "COLUMNS")
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor",
             "L402TUI_HOME": str(home), **(more or {})},
        start_new_session=True,
        preexec_fn=own_terminal,
    )  # fmt: skip
    os.close(slave)
    written = bytearray()
    heard = 0
    end = time.monotonic() + seconds
    try:
        while True:
            ready, _, _ = select.select([master], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"it did not end; last: {bytes(written[-600:])!r}"
            try:
                chunk = os.read(master, 1 << 20)
            except OSError:  # the last one who had it open has ended
                break
            if not chunk:
                break
            written += chunk
            for question, answer in (answers or {}).items():
                while (found := written.find(question, heard)) >= 0:
                    heard = found + len(question)
                    os.write(master, answer)
        return process.wait(20), bytes(written)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(master)
