"""How far is the flow?

Seven stations, each with a word for how it stands: ``Request ok > 402 ok > ... > Pay WAIT``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from textual.content import Content
from textual.widgets import Static

from l402tui.flow import events as e
from l402tui.flow.telling import Progress, Stop, rail
from l402tui.tui.words import PROGRESS_STYLE

__all__ = ["Rail"]

_Layout = Callable[[Sequence[Stop]], Content]


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
        """Shorter words where there is little room."""
        self.update(self._content())

    def _content(self) -> Content:
        stops, room = rail(self._events), self.size.width
        for make in _LAYOUTS:
            content = make(stops)
            if content.cell_length <= room:
                return content
        return self._window(stops, room)

    def _window(self, stops: Sequence[Stop], room: int) -> Content:
        """Where nothing else fits: the stations around the present one."""
        now = max((at for at, stop in enumerate(stops) if stop.progress is not Progress.AHEAD),
                  default=0)  # fmt: skip
        first, last = 0, len(stops)
        while last - first > 1 and _LAYOUTS[-1](stops[first:last]).cell_length > room:
            if first < now:
                first += 1
            else:
                last -= 1
        return _LAYOUTS[-1](stops[first:last])


def _layout(arrow: str, *, numbers: bool = False, letters: int = 9) -> _Layout:
    def make(stops: Sequence[Stop]) -> Content:
        parts = [
            Content.styled(
                f"{number} " * numbers + f"{stop.station.value[:letters]} {stop.progress.value}",
                PROGRESS_STYLE[stop.progress],
            )
            for number, stop in enumerate(stops, 1)
        ]
        return Content.styled(arrow, "dim").join(parts)

    return make


_LAYOUTS: Final = (
    _layout(" > ", numbers=True),
    _layout(" > "),
    _layout(">"),
    _layout(">", letters=3),
)
"""From roomy to narrow: the first that fits is drawn."""
