"""Which bytes are they?

Shows one buffer in hex and as characters, with a field's span set off and a cursor that a person
moves or clicks; it posts :class:`HexView.Pointed`, and the screen finds the field. Secret bytes are
drawn as dots until somebody asks to see them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import ClassVar, Final

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from l402tui.protocol.text import say
from l402tui.protocol.tree import Buffer, Span
from l402tui.tui.words import plain

__all__ = ["HexView"]

_NOTHING: Final = say("Nothing is selected. The bytes of the selected field appear here.")
_OURS: Final = say("No bytes: this is something we decided, not something that was sent.")


class HexView(ScrollView, can_focus=True):
    """The bytes of one buffer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", show=False),
        Binding("right", "move(1)", show=False),
        Binding("up", "move_rows(-1)", show=False),
        Binding("down", "move_rows(1)", show=False),
        Binding("pageup", "move_rows(-8)", show=False),
        Binding("pagedown", "move_rows(8)", show=False),
        Binding("home", "jump(False)", show=False),
        Binding("end", "jump(True)", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "hex--offset", "hex--span", "hex--cursor", "hex--secret",
    }  # fmt: skip
    DEFAULT_CSS = """
    HexView {
        overflow-x: hidden;
        & > .hex--offset { color: $secondary; }
        & > .hex--span { background: $block-cursor-background; color: $block-cursor-foreground; }
        & > .hex--cursor { background: $accent; color: $background; text-style: bold; }
        & > .hex--secret { text-style: dim; }
    }
    """

    class Pointed(Message):
        """The cursor is on another byte."""

        def __init__(self, buffer: Buffer, offset: int) -> None:
            super().__init__()
            self.buffer = buffer
            self.offset = offset

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.buffer: Buffer | None = None
        self.span: Span | None = None
        self.offset_now = 0
        self._secrets: list[tuple[int, int]] = []
        self._instead = _NOTHING
        self._masked = True
        self._row = 16

    # --- what it shows -------------------------------------------------------------------------

    def show(self, buffer: Buffer | None, span: Span | None, secrets: Sequence[Span]) -> None:
        """Show a buffer with a field set off; None for a field without bytes. ``secrets`` are
        masked."""
        self._instead = _OURS
        if buffer is not self.buffer:
            self.offset_now = 0
        self.buffer, self.span = buffer, span
        self._secrets = [(one.start, one.end) for one in secrets if one.buffer is buffer]
        if span is not None and not span.start <= self.offset_now < span.end:
            self.offset_now = span.start
        self._lay_out()
        self._name_it()
        if span is not None:
            self._bring_into_view(span)

    def clear(self) -> None:
        """Nothing is selected."""
        self.show(None, None, ())
        self._instead = _NOTHING

    def mask(self, masked: bool) -> None:
        """Mask secret bytes, or show them."""
        self._masked = masked
        self.refresh()

    def _name_it(self) -> None:
        if self.buffer is None:
            self.border_title = Content("Bytes")
            return
        name, size = self.buffer.name, len(self.buffer.data)
        if self.span is None:
            told = say("Bytes  {}, {} bytes", name, size)
        else:
            told = say("Bytes  {} [{}..{}] of {}", name, self.span.start, self.span.end, size)
        self.border_title = plain(told)

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        room = (width - self._digits - 3) // 4
        self._row = max(4, min(16, room - room % 4))
        size = len(self.buffer.data) if self.buffer is not None else 0
        self.virtual_size = Size(width, max(1, -(-size // self._row)))
        self.refresh()

    @property
    def _digits(self) -> int:
        size = len(self.buffer.data) if self.buffer is not None else 0
        return max(4, len(f"{size:x}"))

    def _bring_into_view(self, span: Span) -> None:
        """All of the field where it fits, else its first row at the top."""
        top, bottom = span.start // self._row, (max(span.start, span.end - 1)) // self._row
        rows = min(bottom - top + 1, max(1, self.scrollable_content_region.height))
        self.scroll_to_region(Region(0, top, 1, rows), animate=False, force=True)

    def on_resize(self) -> None:
        """Other widths hold other numbers of bytes."""
        self._lay_out()
        if self.span is not None:
            self.call_after_refresh(self._bring_into_view, self.span)

    # --- drawing -------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """One row: offset, hex, characters."""
        base = self.rich_style
        width = self.scrollable_content_region.width
        row = y + self.scroll_offset.y
        if self.buffer is None:
            lines = textwrap.wrap(self._instead.text, max(10, width))
            words = lines[row] if row < len(lines) else ""
            return Strip([Segment(words, base)]).adjust_cell_length(width, base)
        start = row * self._row
        data = self.buffer.data[start : start + self._row]
        if not data:
            return Strip.blank(width, base)
        look = self.get_component_rich_style
        segments = [
            Segment(f"{start:0{self._digits}x}  ", base + look("hex--offset", partial=True))
        ]
        letters: list[Segment] = []
        for index, byte in enumerate(data):
            place = start + index
            style, in_span = base, self._in_span(place)
            if in_span:
                style = base + look("hex--span", partial=True)
            hidden = self._masked and self._secret(place)
            if hidden:
                style = style + look("hex--secret", partial=True)
            here = style
            if place == self.offset_now and self.has_focus:
                here = base + look("hex--cursor", partial=True)
            segments.append(Segment("··" if hidden else f"{byte:02x}", here))
            joined = in_span and index + 1 < len(data) and self._in_span(place + 1)
            segments.append(Segment(" ", style if joined else base))
            letter = "·" if hidden else chr(byte) if 0x20 <= byte < 0x7F else "."
            letters.append(Segment(letter, here))
        gap = "   " * (self._row - len(data)) + " "
        line = [*segments, Segment(gap, base), *letters]
        return Strip(line).adjust_cell_length(width, base)

    def _in_span(self, place: int) -> bool:
        return self.span is not None and self.span.start <= place < self.span.end

    def _secret(self, place: int) -> bool:
        return any(start <= place < end for start, end in self._secrets)

    # --- the cursor ----------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """So many bytes on."""
        self._point(self.offset_now + by)

    def action_move_rows(self, by: int) -> None:
        """So many rows down."""
        self._point(self.offset_now + by * self._row)

    def action_jump(self, end: bool) -> None:
        """To the first or the last byte."""
        self._point(len(self.buffer.data) - 1 if end and self.buffer is not None else 0)

    def on_click(self, event: events.Click) -> None:
        """Point at the byte under the mouse, in hex or in characters."""
        at = event.get_content_offset(self)
        if at is None or self.buffer is None:
            return
        x, row = at.x - self._digits - 2, at.y + self.scroll_offset.y
        letters = x - self._row * 3 - 1
        column = letters if letters >= 0 else x // 3
        if 0 <= column < self._row:
            self._point(row * self._row + column)

    def _point(self, offset: int) -> None:
        if self.buffer is None or not self.buffer.data:
            return
        self.offset_now = max(0, min(offset, len(self.buffer.data) - 1))
        row = Region(0, self.offset_now // self._row, 1, 1)
        self.scroll_to_region(row, animate=False, force=True)
        self.refresh()
        self.post_message(self.Pointed(self.buffer, self.offset_now))
