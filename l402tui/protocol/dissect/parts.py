"""What do all the trees need?

A place in a buffer, and how a secret looks in a tree.
"""

from __future__ import annotations

from typing import NamedTuple

from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Buffer, Span

__all__ = ["Place", "hidden", "joined", "named", "why"]


class Place(NamedTuple):
    """Where some text begins: the buffer it lies in, and the offset there."""

    buffer: Buffer
    offset: int = 0

    def span(self, start: int, end: int) -> Span:
        """The bytes ``start`` to ``end`` of that text, as a span of the buffer."""
        return Span(self.buffer, self.offset + start, self.offset + end)


def hidden(size: int, what: str) -> Shown:
    """How a secret of ``size`` units is shown. ``what`` is a literal of ours."""
    return say("‹hidden: {} {}›", size, say(what))


def joined(*parts: Shown) -> Shown:
    """Safe pieces one after another."""
    return say("{}" * len(parts), *parts)


def named(raw: bytes | str, limit: int = 60) -> Shown:
    """A label that came from outside; a name that is empty says so."""
    return shown(raw, limit) or say("(no name)")


def why(error: Exception) -> Shown:
    """A decoder's reason, as part of a sentence."""
    return shown(str(getattr(error, "why", error)))
