"""Why is this field there, and what follows from it?

Shows the selected field whole, with its meaning; in step mode above it what is about to happen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from l402tui.flow.guide import Guide
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Mark, Node
from l402tui.tui.words import MARK_STYLE, join, plain, styled

__all__ = ["WhyPane"]

_GO_ON: Final = say("Space or n goes on.")
_LINES: Final = 200
_LINE: Final = 300
"""At most so many lines and characters a line of a body are drawn; the bytes are all there."""


class WhyPane(VerticalScroll, can_focus=True):
    """The sentences beside the tree."""

    ALLOW_MAXIMIZE = True

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.border_title = Content("Why")
        self._guide: Guide | None = None
        self._note = Shown("")
        self._how = _GO_ON
        self._node: Node | None = None
        self._reveal = False
        self._first = False

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(markup=False)

    def show(self, node: Node | None, *, reveal: bool = False, first: bool = False) -> None:
        """Explain a field, above the next step with ``first``; with ``reveal`` a secret too."""
        self._node, self._reveal, self._first = node, reveal, first
        self._draw()

    def announce(
        self, guide: Guide | None, note: Shown | None = None, *, how: Shown = _GO_ON
    ) -> None:
        """Say what the next step is and ``how`` it is taken; ``note`` is said below it."""
        self._guide, self._note, self._how = guide, note or Shown(""), how
        self._first = False
        self._draw()

    def _draw(self) -> None:
        parts = list(self._parts())
        self.query_one(Static).update(join(*parts) if parts else Content(""))
        self.scroll_home(animate=False)

    def _parts(self) -> Iterator[Content]:
        if self._first and self._node is not None:
            yield from self._field(self._node)
            if self._guide is not None:
                yield self._next(self._guide)
            return
        if self._guide is not None:
            yield self._next(self._guide)
            yield plain(self._guide.why)
            yield styled(say("{} {}", self._guide.money, self._how), "$secondary")
        if self._note:
            yield plain(self._note)
        if self._node is not None:
            if self._guide is not None or self._note:
                yield Content("")
            yield from self._field(self._node)

    def _next(self, guide: Guide) -> Content:
        return Content.assemble(("Next: ", "bold $accent"), styled(guide.what, "bold"))

    def _field(self, node: Node) -> Iterator[Content]:
        yield self._headline(node)
        if node.secret and self._reveal and node.copy:
            yield plain(shown(node.copy, 2_000))
        elif b"\n" in node.copy and not node.secret:
            yield from (plain(shown(line, _LINE)) for line in node.copy.splitlines()[:_LINES])
        elif node.value:
            yield plain(node.value)
        if node.meaning:
            yield styled(node.meaning, "$secondary")

    def _headline(self, node: Node) -> Content:
        parts = [styled(node.label, "bold $primary")]
        if node.span is not None:
            told = say("  {} bytes [{}..{}]", len(node.span), node.span.start, node.span.end)
            parts.append(styled(told, "dim"))
        if node.mark is not Mark.PLAIN:
            parts.append(styled(say("  {}", Shown(node.mark.value)), MARK_STYLE[node.mark]))
        return Content.assemble(*parts)
