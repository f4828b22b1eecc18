"""Which words stand out?

Colours only where a terminal shows them and nobody asked for none (``--plain``, ``NO_COLOR``).
Every state is a word as well, so nothing is lost without them.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from enum import Enum
from typing import TextIO

from l402tui.protocol.tree import Mark

__all__ = ["MARK_INK", "Ink", "Pen", "wrapped"]


class Ink(Enum):
    """How something is set off; the value is the terminal's code."""

    PLAIN = ""
    BOLD = "1"
    DIM = "2"
    GOOD = "32"
    WARN = "33"
    BAD = "1;31"
    PLACE = "1;36"


MARK_INK = {
    Mark.PLAIN: Ink.BOLD,
    Mark.GOOD: Ink.GOOD,
    Mark.NOTE: Ink.BOLD,
    Mark.WARN: Ink.WARN,
    Mark.BAD: Ink.BAD,
}


def wrapped(text: str, width: int) -> list[str]:
    """Lines of about that width; a hash or an address is never broken, so that it can be copied."""
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


class Pen:
    """Writes lines onto one stream."""

    def __init__(self, out: TextIO | None = None, *, plain: bool = False) -> None:
        self._out = out if out is not None else sys.stderr
        terminal = self._out.isatty()
        self._colours = (
            terminal
            and not plain
            and not os.environ.get("NO_COLOR")
            and os.environ.get("TERM") != "dumb"
        )
        self._wraps = terminal
        self.width = max(20, min(_columns(self._out) if terminal else 100, 100))
        """Characters a line should not be longer than."""

    def dye(self, ink: Ink, text: str) -> str:
        """The text set off, where that can be seen."""
        return f"\x1b[{ink.value}m{text}\x1b[0m" if self._colours and ink.value else text

    def words(self, text: str, ink: Ink = Ink.PLAIN) -> None:
        """Sentences, broken between words where a terminal would break them anywhere.

        A line that begins with a blank is an example to be copied, and stays whole.
        """
        for line in text.split("\n"):
            whole = not self._wraps or line.startswith(" ")
            for part in [line] if whole else wrapped(line, self.width):
                self.line(self.dye(ink, part))

    def line(self, text: str = "") -> None:
        """One line, at once."""
        print(text, file=self._out, flush=True)


def _columns(out: TextIO) -> int:
    """Of the terminal behind this very stream: another one may be a pipe."""
    try:
        columns = os.get_terminal_size(out.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    return columns or shutil.get_terminal_size().columns
