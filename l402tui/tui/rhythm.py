"""Is this a person typing, or a text being pasted?

A terminal without bracketed paste sends pasted text as key presses, newline and all. People leave
time between two keys, a paste does not: whatever follows another key within :data:`GAP` seconds is
not taken for a decision about money.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

__all__ = ["DEAF", "GAP", "Rhythm"]

GAP: Final = 0.06
"""Seconds between two keys below which they count as pasted."""
DEAF: Final = 0.5
"""Seconds after a question opens in which no key is taken as the answer (check C27)."""


class Rhythm:
    """When keys came. Times are seconds of any clock that only goes forward."""

    def __init__(self, gap: float = GAP, now: Callable[[], float] = time.monotonic) -> None:
        self.gap = gap
        self.now = now
        self._last = float("-inf")
        self._burst = False
        self.count = 0
        """Keys and pastes so far: tells whether another one came since."""

    def key(self, at: float) -> None:
        """A key was pressed."""
        self._burst = at - self._last < self.gap
        self._last = at
        self.count += 1

    def paste(self, at: float) -> None:
        """The terminal said that a text was pasted."""
        self._burst, self._last = True, at
        self.count += 1

    @property
    def pasted(self) -> bool:
        """Whether the newest key came too soon after the one before."""
        return self._burst
