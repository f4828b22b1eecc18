"""How is a tree written down as lines of text?

The one layout that ``inspect``, ``--plain`` and the notebook's text form share. It is made of
:class:`Shown` parts only, so it is safe to print; secrets appear redacted, as the nodes hold them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from l402tui.protocol.ascii_text import in_ascii
from l402tui.protocol.text import Shown
from l402tui.protocol.tree import Mark, Node

__all__ = ["outline"]

_ASCII = {"├─ ": "|- ", "└─ ": "`- ", "│  ": "|  "}


def outline(
    node: Node, *, width: int = 100, meanings: bool = True, ascii_only: bool = False
) -> Iterator[str]:
    """The node and everything below it, a line each; with what they mean, indented, below.

    ``width`` is in characters; longer values are not broken, so that they can be copied. With
    ``ascii_only`` every character is printable ASCII.
    """
    yield from _lines(node, "", "", width, meanings, ascii_only)


def _lines(
    node: Node, first: str, rest: str, width: int, meanings: bool, ascii_only: bool
) -> Iterator[str]:
    def told(text: Shown) -> str:
        return in_ascii(text) if ascii_only else text.text

    word = f"  [{node.mark.value}]" if node.mark not in (Mark.PLAIN, Mark.NOTE) else ""
    value = f"  {told(node.value)}" if node.value else ""
    yield f"{_drawn(first, ascii_only)}{told(node.label)}{value}{word}"
    if meanings and node.meaning:
        indent = rest + ("│  " if node.children else "   ")
        for line in textwrap.wrap(told(node.meaning), max(24, width - len(indent))):
            yield _drawn(indent, ascii_only) + line
    for child in node.children:
        last = child is node.children[-1]
        branch, below = ("└─ ", "   ") if last else ("├─ ", "│  ")
        yield from _lines(child, rest + branch, rest + below, width, meanings, ascii_only)


def _drawn(lead: str, ascii_only: bool) -> str:
    """The branches before a line."""
    if ascii_only:
        for box, plain in _ASCII.items():
            lead = lead.replace(box, plain)
    return lead
