"""How does safe text become something Textual draws?

Textual reads ``str`` as markup, and obeys it. So widgets of this room are given
:class:`~textual.content.Content` (or Rich ``Text`` in the tree), made here and only from
:class:`~l402tui.protocol.text.Shown` or from literals of this program.
"""

from __future__ import annotations

from typing import Final

from rich.text import Text
from textual.content import Content
from textual.style import Style

from l402tui.flow.telling import Progress
from l402tui.protocol.text import Shown
from l402tui.protocol.tree import Mark

__all__ = [
    "MARK_STYLE",
    "PROGRESS_STYLE",
    "countdown",
    "hanging",
    "join",
    "plain",
    "rich",
    "styled",
]

MARK_STYLE: Final = {
    Mark.PLAIN: "",
    Mark.GOOD: "$text-success",
    Mark.NOTE: "$text-secondary",
    Mark.WARN: "$text-warning",
    Mark.BAD: "$text-error",
}
"""Always beside the mark's word, never instead of it."""

PROGRESS_STYLE: Final = {
    Progress.AHEAD: "dim",
    Progress.NOW: "bold $text-accent",
    Progress.WAITING: "bold $text-warning",
    Progress.OK: "$text-success",
    Progress.WARN: "$text-warning",
    Progress.WRONG: "bold $text-error",
    Progress.SKIPPED: "dim",
}


def plain(text: Shown) -> Content:
    """The text as it is: no markup is read."""
    return Content(text.text)


def styled(text: Shown, style: str | Style) -> Content:
    """The text in one style."""
    return Content.styled(text.text, style) if style else Content(text.text)


def rich(text: Shown) -> Text:
    """The same for the tree, which draws with Rich."""
    return Text(text.text, no_wrap=True, end="")


def join(*lines: Content) -> Content:
    """One below the other."""
    return Content("\n").join(lines)


def hanging(head: Content, text: Shown, style: str, width: int) -> Content:
    """``text`` after ``head``; where it goes on below, it stays clear of the head. ``width`` in
    cells for both."""
    room = width - head.cell_length
    if room < 12:
        return Content.assemble(head, styled(text, style))
    first, *rest = styled(text, style).wrap(room) or [Content("")]
    indent = " " * head.cell_length
    return join(Content.assemble(head, first), *(Content.assemble(indent, one) for one in rest))


def countdown(seconds: float) -> Shown:
    """``58:12``, or ``2:03:10`` with hours; never below zero."""
    left = max(0, int(seconds))
    hours, rest = divmod(left, 3600)
    minutes, rest = divmod(rest, 60)
    return Shown(f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}")
