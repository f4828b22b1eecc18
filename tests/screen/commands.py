"""What do the commands write, one after the other?

``python -m tests.screen.commands JOBS`` runs each command line of the file in this one process, as
``l402tui`` would, with a mark in the stream (in both, where stderr is another one) before it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from pathlib import Path

from l402tui.__main__ import main

from .oracle import mark

__all__ = ["run"]


def run(jobs: list[tuple[str, list[str]]]) -> None:
    """Run ``(name, arguments)`` each."""
    handlers = logging.getLogger().handlers
    for name, arguments in jobs:
        _say(name)
        before = list(handlers)
        with contextlib.suppress(SystemExit):
            main(arguments)
        handlers[:] = before  # a process has one log, and this one is many
    _say("end")


def _say(name: str) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(1, mark(name).encode())
    if not os.isatty(2):
        os.write(2, mark(name).encode())


if __name__ == "__main__":
    run(json.loads(Path(sys.argv[1]).read_text()))
