"""What had the parent, what has the child, and what does the verifier make of each caveat?

Parent and child side by side, a row for a caveat: what was added stands in the child's half alone,
and below it the signature that it led to, so that the chain is seen to grow. Only the rows in view
are drawn, so a thousand caveats cost no more than twenty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from l402tui.protocol.attenuation import caveat_words
from l402tui.protocol.macaroon import Caveat
from l402tui.protocol.verifiers import Effect, Prediction
from l402tui.tui.draft import Draft

__all__ = ["EFFECT_STYLE", "CaveatTable", "Row"]

_NARROW: Final = 56
"""Columns below which only the child is drawn, which has the parent's caveats, too."""
_WORD: Final = {
    Effect.ENFORCED: "enforced",
    Effect.IGNORED: "ignored",
    Effect.BREAKS: "breaks",
    Effect.UNKNOWN: "unknown",
}
_WORD_WIDE: Final = max(map(len, _WORD.values()))
_CLASS: Final = {
    Effect.ENFORCED: "bench--enforced",
    Effect.IGNORED: "bench--ignored",
    Effect.BREAKS: "bench--breaks",
    Effect.UNKNOWN: "bench--unknown",
}
EFFECT_STYLE: Final = {
    Effect.ENFORCED: "$text-success",
    Effect.IGNORED: "$text-warning",
    Effect.BREAKS: "bold $text-error",
    Effect.UNKNOWN: "$text-secondary",
}
"""The same colours elsewhere; always beside the word."""
_BETWEEN: Final = " │ "


@dataclass(frozen=True, slots=True)
class Row:
    """What stands in one row."""

    index: int
    """Which caveat, or after which one the signature stands; -1: after none."""
    signature: bool
    """It is the signature, not the caveat itself."""


class CaveatTable(ScrollView, can_focus=True):
    """Two lists of caveats."""

    ALLOW_MAXIMIZE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "jump(False)", show=False),
        Binding("end", "jump(True)", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *_CLASS.values(), "bench--head", "bench--added", "bench--chain", "bench--cursor",
    }  # fmt: skip
    DEFAULT_CSS = """
    CaveatTable {
        overflow-x: hidden;
        & > .bench--head { color: $secondary; text-style: bold; }
        & > .bench--added { color: $accent; text-style: bold; }
        & > .bench--chain { color: $secondary; }
        & > .bench--enforced { color: $text-success; }
        & > .bench--ignored { color: $text-warning; }
        & > .bench--breaks { color: $text-error; text-style: bold; }
        & > .bench--unknown { color: $text-secondary; }
        & > .bench--cursor { background: $block-cursor-background; }
    }
    """

    class Chosen(Message):
        """The cursor is on another row."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._draft: Draft | None = None
        self._cursor = 0
        self._styles_of: dict[str, Style] = {}

    # --- what it shows -------------------------------------------------------------------------

    def show(self, draft: Draft | None, *, end: bool = False) -> None:
        """Show this; ``end``: the cursor goes to the last caveat."""
        self._draft = draft
        self._lay_out()
        last = max(0, self._rows - 1)
        self._cursor = max(0, last - 1) if end else min(self._cursor, last)
        self._bring_into_view()
        self.post_message(self.Chosen())

    @property
    def chosen(self) -> Row | None:
        """What is under the cursor."""
        return self._row(self._cursor) if self._rows else None

    @property
    def _rows(self) -> int:
        draft = self._draft
        return 0 if draft is None else draft.first_added + 1 + 2 * len(draft.added)

    def _row(self, at: int) -> Row:
        assert self._draft is not None
        first = self._draft.first_added
        if at <= first:
            return Row(at if at < first else first - 1, at == first)
        added, signature = divmod(at - first - 1, 2)
        return Row(first + added, bool(signature))

    def _lay_out(self) -> None:
        # The names of the halves scroll away with the rows: there is no room to lose at 80x24.
        self.virtual_size = Size(self.scrollable_content_region.width, self._rows + 1)
        self.refresh()

    def on_resize(self) -> None:
        """Other widths have other halves."""
        self._lay_out()
        self.call_after_refresh(self._bring_into_view)

    def _bring_into_view(self) -> None:
        top = 0 if self._cursor == 0 else self._cursor + 1
        region = Region(0, top, 1, self._cursor + 2 - top)
        self.scroll_to_region(region, animate=False, force=True)
        self.refresh()

    # --- drawing -------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """One row: the parent's half, the child's half."""
        base, width = self._look(""), self.scrollable_content_region.width
        at = y + self.scroll_offset.y - 1
        if self._draft is None:
            return Strip.blank(width, base)
        left = 0 if width < _NARROW else (width - len(_BETWEEN)) // 2
        right = width - left - (len(_BETWEEN) if left else 0)
        if at >= self._rows:
            chain = self._look("bench--chain")
            halves = [(" " * left, chain), (_BETWEEN, chain)] if left else []
        elif at < 0:
            halves = self._head(left, right)
        else:
            halves = self._both(self._row(at), left, right)
        over = self._look("bench--cursor") if at == self._cursor else Style.null()
        segments = [Segment(text, base + style + over) for text, style in halves]
        return Strip(segments).adjust_cell_length(width, base + over)

    def _look(self, name: str) -> Style:
        """The style of this part; of the whole, where it has no name."""
        style = self._styles_of.get(name)
        if style is None:
            style = self.get_component_rich_style(name, partial=True) if name else self.rich_style
            self._styles_of[name] = style
        return style

    def notify_style_update(self) -> None:
        """Another theme has other colours."""
        self._styles_of.clear()
        super().notify_style_update()

    def _head(self, left: int, right: int) -> list[tuple[str, Style]]:
        style = self._look("bench--head")
        parts = [(_fit("CHILD (to be given away)", right), style)]
        if left:
            between = (_BETWEEN, self._look("bench--chain"))
            parts = [(_fit("PARENT (kept)", left), style), between, *parts]
        return parts

    def _both(self, row: Row, left: int, right: int) -> list[tuple[str, Style]]:
        draft = self._draft
        assert draft is not None
        parts = self._half(row, right, draft.prediction, new=row.index >= draft.first_added)
        if not left:
            return parts
        chain = self._look("bench--chain")
        if row.index >= draft.first_added:
            before = [(_fit("", left), chain)]
        else:
            before = self._half(row, left, draft.before, new=False)
        return [*before, (_BETWEEN, chain), *parts]

    def _half(
        self, row: Row, width: int, prediction: Prediction, *, new: bool
    ) -> list[tuple[str, Style]]:
        draft = self._draft
        assert draft is not None
        digits = len(str(len(draft.token.macaroon.caveats)))
        if row.signature:
            return [(_fit(f"  {'':{digits}} {self._signature(row, new)}", width),
                     self._look("bench--chain"))]  # fmt: skip
        caveat = draft.token.macaroon.caveats[row.index]
        verdict = prediction.verdicts[row.index]
        room = max(1, width - digits - _WORD_WIDE - 4)
        number = f"{'+' if new else ' '} {row.index + 1:>{digits}} "
        plain = Style.null()
        return [
            (number, self._look("bench--added") if new else plain),
            (_fit(_words(caveat, room), room), plain),
            (f" {_WORD[verdict.effect]:<{_WORD_WIDE}}", self._look(_CLASS[verdict.effect])),
        ]

    def _signature(self, row: Row, new: bool) -> str:
        draft = self._draft
        assert draft is not None
        # The beginning only: with the whole of it the caveats behind it could be taken off.
        if not new:
            return f"signature {draft.parent.token.macaroon.signature.hex()[:8]}…"
        step = draft.child.steps[row.index - draft.first_added]
        return f"└ signature {step.signature.hex()[:8]}…"

    # --- the cursor ----------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """So many rows on."""
        self._point(self._cursor + by)

    def action_page(self, by: int) -> None:
        """A page on."""
        self._point(self._cursor + by * max(1, self.scrollable_content_region.height - 1))

    def action_jump(self, end: bool) -> None:
        """To the first or the last row."""
        self._point(self._rows if end else 0)

    def on_click(self, event: events.Click) -> None:
        """Point at the row under the mouse."""
        at = event.get_content_offset(self)
        if at is not None:
            self._point(at.y + self.scroll_offset.y - 1)

    def _point(self, row: int) -> None:
        self._cursor = max(0, min(row, self._rows - 1))
        self._bring_into_view()
        self.post_message(self.Chosen())


def _words(caveat: Caveat, room: int) -> str:
    return caveat_words(caveat, room + 1).text


def _fit(text: str, width: int) -> str:
    """Exactly so many cells; what was cut ends with a mark."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + "…" if width > 1 else set_cell_size(text, width)
