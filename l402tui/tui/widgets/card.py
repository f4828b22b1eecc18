"""What is to be known about this, line by line?

Sentences, and facts with a name before them; a long one goes on below, clear of its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from l402tui.protocol.text import Shown
from l402tui.tui.words import hanging, join, styled

__all__ = ["Card", "Line"]

_WIDE = 10
"""Cells of a name."""


@dataclass(frozen=True, slots=True)
class Line:
    """One fact or sentence."""

    name: str
    """A literal of this program; empty: it is a sentence."""
    text: Shown
    style: str = ""


class Card(VerticalScroll, can_focus=True):
    """Facts about what was selected; what a key has just done stands first."""

    ALLOW_MAXIMIZE = True
    DEFAULT_CSS = "Card > Static { height: auto; }"

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._note = Shown("")
        self._lines: tuple[Line, ...] = ()
        self._due = False

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(markup=False)

    @property
    def note(self) -> Shown:
        """What was announced."""
        return self._note

    def show(self, lines: Iterable[Line]) -> None:
        """Tell these."""
        self._lines = tuple(lines)
        self._draw()

    def announce(self, note: Shown) -> None:
        """Say how it went; it stays until something else is said."""
        self._note = note
        self._draw()
        self.scroll_home(animate=False)

    def on_resize(self) -> None:
        """Lines break elsewhere."""
        self._draw()

    def _draw(self) -> None:
        if not self._due:  # several things are said at a time, and drawn once
            self._due = True
            self.call_later(self._draw_now)

    def _draw_now(self) -> None:
        self._due = False
        if self.is_mounted:
            parts = list(self._parts())
            self.query_one(Static).update(join(*parts) if parts else Content(""))

    def _parts(self) -> Iterator[Content]:
        if self._note:
            yield styled(self._note, "bold $text-accent")
        room = self.scrollable_content_region.width - 1
        for line in self._lines:
            if not line.name:
                yield styled(line.text, line.style)
                continue
            head = Content.styled(f"{line.name:<{_WIDE}}", "$secondary")
            yield hanging(head, line.text, line.style, room)
