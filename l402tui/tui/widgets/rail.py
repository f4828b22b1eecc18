"""How far is the flow?

Seven stations, each with a word for how it stands: ``Request ok > 402 ok > ... > Pay WAIT``.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from l402tui.flow import events as e
from l402tui.flow.telling import rail
from l402tui.tui.words import PROGRESS_STYLE

__all__ = ["Rail"]


class Rail(Static):
    """The flow rail."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(markup=False, id=id)
        self._events: Sequence[e.Event] = ()

    def show(self, events: Sequence[e.Event]) -> None:
        """Show how far these events lead."""
        self._events = events
        self.update(self._content())

    def on_resize(self) -> None:
        """Leave the numbers out where there is little room."""
        self.update(self._content())

    def _content(self) -> Content:
        width = self.size.width
        parts: list[Content] = []
        for number, stop in enumerate(rail(self._events), 1):
            name = stop.station.value if width >= 60 else stop.station.value[:3]
            style = PROGRESS_STYLE[stop.progress]
            told = (
                f"{number} {name} {stop.progress.value}"
                if width >= 90
                else (f"{name} {stop.progress.value}")
            )
            parts.append(Content.styled(told, style))
        arrow = Content.styled(" > " if width >= 74 else ">", "dim")
        return arrow.join(parts)
