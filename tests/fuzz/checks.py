"""What does every reader promise?"""

from __future__ import annotations

from typing import Final

from l402tui.protocol.errors import DecodeError
from l402tui.protocol.hexdump import hexdump
from l402tui.protocol.outline import outline
from l402tui.protocol.text import Shown
from l402tui.protocol.tree import Node

MOST_NODES: Final = 20_000
"""Fields of a tree that any input of some kilobytes may have."""


def refused(error: DecodeError, size: int) -> None:
    """A refusal can be printed, and its place lies in an input of ``size``."""
    assert type(error).__module__.startswith("l402tui."), type(error)
    assert str(error).isprintable(), repr(str(error))
    assert error.why, error
    assert error.offset is None or 0 <= error.offset <= size, (error.offset, size)


def printable(text: Shown) -> None:
    """A text of a tree does nothing on a screen."""
    assert isinstance(text, Shown), type(text)
    assert text.text.isprintable(), repr(text.text)


def walkable(tree: Node) -> None:
    """All of a tree can be shown, and every part of it lies in its buffer."""
    count = 0
    for node in tree.walk():
        count += 1
        assert node.label, node
        for text in (node.label, node.value, node.meaning):
            printable(text)
        span = node.span
        if span is not None:
            assert 0 <= span.start <= span.end <= len(span.buffer.data), node.label
            printable(span.buffer.name)
    assert count <= MOST_NODES, count


def drawable(tree: Node) -> None:
    """A tree can be drawn: as lines, as bytes, and in ASCII."""
    walkable(tree)
    for lines in (outline(tree), outline(tree, ascii_only=True), hexdump(tree, ascii_only=True)):
        for line in lines:
            assert line.isprintable(), repr(line)
