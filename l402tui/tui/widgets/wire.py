"""What happened, line by line, and when?

The wire log: what :func:`~l402tui.flow.telling.tell` says of each event, with the seconds since the
first one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from l402tui.flow import events as e
from l402tui.flow.telling import tell
from l402tui.tui.words import MARK_STYLE, hanging, join

__all__ = ["WireLog"]

_LINES: Final = 400


class WireLog(VerticalScroll, can_focus=True):
    """The log of one flow."""

    ALLOW_MAXIMIZE = True

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.border_title = Content("Wire log")
        self._events: Sequence[e.Event] = ()

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(markup=False)

    def show(self, events: Sequence[e.Event]) -> None:
        """Show these events; the newest line is in view."""
        self._events = events
        self._draw()

    def on_resize(self) -> None:
        """Lines break elsewhere."""
        self._draw()

    def _draw(self) -> None:
        events, width = self._events, self.scrollable_content_region.width - 1
        lines: list[Content] = []
        begun = events[0].at if events else 0.0
        for event in events:
            told = tell(event)
            if told is None:
                continue
            time = Content.styled(f"+{event.at - begun:.3f}s ", "dim")
            station = Content.styled(f"{told.station.value:<8}", "$secondary")
            style = MARK_STYLE[told.mark]
            lines.append(hanging(Content.assemble(time, station), told.headline, style, width))
            indent = Content(" " * 10)
            lines += [hanging(indent, one, "$secondary", width) for one in told.details]
        self.query_one(Static).update(join(*lines[-_LINES:]) if lines else Content(""))
        self.scroll_end(animate=False)
