"""What can be asked of a child?

A row of wishes. Those for which the chosen verifier has no word are dim; choosing one says why.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar, Final, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from l402tui.protocol.verifiers import Template

__all__ = ["CUSTOM", "TemplateRow"]

CUSTOM: Final = "custom"
_NAMES: Final = (*(template.value for template in Template), CUSTOM)


class _Place(NamedTuple):
    name: str
    line: int
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.name)


class TemplateRow(Static, can_focus=True):
    """The wishes; left and right choose one, Enter takes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,up", "move(-1)", show=False),
        Binding("right,down", "move(1)", show=False),
        Binding("enter,space", "pick", show=False),
    ]

    class Picked(Message):
        """The person wants this one."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name
            """A value of Template, or :data:`CUSTOM`."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(markup=False, id=id)
        self._at = 0
        self._has: Collection[Template] = tuple(Template)

    def show(self, has: Collection[Template]) -> None:
        """``has`` are those for which there is a word."""
        if set(has) != set(self._has):
            self._has = tuple(has)
            self._draw()

    def on_resize(self) -> None:
        """More or fewer fit into a line."""
        self._draw()

    def watch_has_focus(self, has_focus: bool) -> None:
        """The cursor is seen while keys lead it."""
        super().watch_has_focus(has_focus)
        self._draw()

    @property
    def _places(self) -> list[_Place]:
        found: list[_Place] = []
        line, x, room = 0, 0, max(12, self.size.width)
        for name in _NAMES:
            if x and x + len(name) > room:
                line, x = line + 1, 0
            found.append(_Place(name, line, x))
            x += len(name) + 2
        return found

    def _draw(self) -> None:
        lines: dict[int, list[Content]] = {}
        for at, place in enumerate(self._places):
            there = place.name == CUSTOM or Template(place.name) in self._has
            style = "$foreground" if there else "$secondary 60%"
            if at == self._at and self.has_focus:
                style = "bold $background on $accent"
            lines.setdefault(place.line, []).append(Content.styled(place.name, style))
        self.update(Content("\n").join(Content("  ").join(parts) for parts in lines.values()))

    # --- choosing ------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """To the next one, round and round."""
        self._at = (self._at + by) % len(_NAMES)
        self._draw()

    def action_pick(self) -> None:
        """Take the one under the cursor."""
        self.post_message(self.Picked(_NAMES[self._at]))

    def on_click(self, event: events.Click) -> None:
        """A click takes one, too."""
        at = event.get_content_offset(self)
        for number, place in enumerate(self._places):
            if at is not None and place.line == at.y and place.start <= at.x < place.end:
                self._at = number
                self._draw()
                self.action_pick()
