"""Which keys work here?

One line from the key table: as many as fit, the most useful first. A key that does nothing now is
dim; pressing it says why.
"""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.content import Content
from textual.widgets import Static

from l402tui.tui.keymap import Key, Where, keys_of

__all__ = ["KeyBar"]


class KeyBar(Static):
    """The line of keys at the bottom."""

    def __init__(self, *places: Where, id: str | None = None) -> None:
        super().__init__(markup=False, id=id)
        self._all = sorted((key for key in keys_of(*places) if key.bar), key=lambda key: key.bar)
        self._keys = self._all
        self._works: Callable[[str], bool] = lambda action: True
        self._words: dict[str, str] = {}
        self._drawn: list[Key] = []

    def show(self, works: Callable[[str], bool], words: dict[str, str] | None = None) -> None:
        """``works`` says whether an action does something now; ``words`` replaces labels."""
        self._works, self._words, self._keys = works, words or {}, self._all
        self._draw()

    def answers(self, words: dict[str, str]) -> None:
        """Only what answers the open payment question."""
        self._works, self._words = lambda action: True, words
        back = [key for key in self._all if key.action == "back"]
        self._keys = [*keys_of(Where.APPROVAL), *back]
        self._draw()

    def on_resize(self) -> None:
        """More or fewer keys fit."""
        self._draw()

    def _draw(self) -> None:
        room = self.size.width + 2  # the last one needs no gap behind it
        always = [key for key in self._keys if key.bar >= 20]
        first = [key for key in self._keys if key.bar < 20]
        # What works comes first, and what does not only where there is room for it.
        ready = [key for key in first if self._works(key.action)]
        rest = [key for key in first if key not in ready]
        room -= sum(map(self._width, always))
        chosen: set[Key] = set(always)
        for key in (*ready, *rest):
            room -= self._width(key)
            if room >= 0:
                chosen.add(key)
            else:
                break
        self._drawn = [key for key in self._keys if key in chosen]
        self.update(Content("  ").join(map(self._one, self._drawn)))

    def on_click(self, event: events.Click) -> None:
        """A click on a key does what the key does."""
        at = event.get_content_offset(self)
        x = at.x if at is not None else -1
        for key in self._drawn:
            if 0 <= x < self._width(key) - 2:
                self.app.call_later(self.app.run_action, f"do('{key.action}')")
                return
            x -= self._width(key)

    def _width(self, key: Key) -> int:
        return len(key.face) + 1 + len(self._words.get(key.action, key.label)) + 2

    def _one(self, key: Key) -> Content:
        on = self._works(key.action)
        face = Content.styled(key.face, "bold $accent" if on else "dim")
        label = self._words.get(key.action, key.label)
        return Content.assemble(face, " ", (label, "" if on else "dim"))
