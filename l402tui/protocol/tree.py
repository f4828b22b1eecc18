"""What does any decoded thing look like to a person?

Every decoder's result is turned into one tree of :class:`Node` by :mod:`~l402tui.protocol.dissect`.
All faces show that tree, and none has a decoder of its own. A node knows which bytes it was read
from, so that selecting a field can highlight its bytes and selecting bytes can find their field.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from l402tui.protocol.text import Shown

__all__ = ["Buffer", "Mark", "Node", "Span"]


@dataclass(frozen=True, eq=False, slots=True)
class Buffer:
    """Bytes that a hex view can show: a header line, a decoded macaroon, an invoice's characters.

    Two buffers are the same only if they are the same object.
    """

    name: Shown
    data: bytes = field(repr=False)
    secret: bool = False
    """True where the bytes are (part of) a credential: faces mask them until asked."""


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes ``start`` (included) to ``end`` (excluded) of a buffer."""

    buffer: Buffer
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def bytes(self) -> bytes:
        """The bytes themselves."""
        return self.buffer.data[self.start : self.end]

    def holds(self, other: Span) -> bool:
        """Whether ``other`` lies within this span."""
        return self.buffer is other.buffer and self.start <= other.start and other.end <= self.end


class Mark(Enum):
    """How a face sets a node off from the others; always beside a word, never colour alone."""

    PLAIN = ""
    GOOD = "ok"
    NOTE = "note"
    WARN = "warning"
    BAD = "wrong"


@dataclass(frozen=True, slots=True)
class Node:
    """One field of a decoded thing, with what it means and where it came from."""

    label: Shown
    """What the field is called."""
    value: Shown = Shown("")
    """What it holds. For secrets: a redacted form."""
    meaning: Shown = Shown("")
    """One or two sentences of why it is there and what follows from it."""
    span: Span | None = None
    children: tuple[Node, ...] = ()
    mark: Mark = Mark.PLAIN
    copy: bytes = field(default=b"", repr=False)
    """What copying this node gives, where that is more than :attr:`value` shows."""
    secret: bool = False
    """True where :attr:`copy` or the span is (part of) a credential."""

    def walk(self) -> Iterator[Node]:
        """This node and everything below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()

    def find(self, label: str) -> Node:
        """The first node below (or at) this one with that label. Raises KeyError."""
        for node in self.walk():
            if node.label.text == label:
                return node
        raise KeyError(label)

    def at(self, buffer: Buffer, offset: int) -> Node | None:
        """The deepest, smallest field that was read from the byte at ``offset``."""
        best: Node | None = None
        for node in self.walk():
            span = node.span
            if span is None or span.buffer is not buffer or not span.start <= offset < span.end:
                continue
            if best is None or best.span is None or len(span) <= len(best.span):
                best = node
        return best
