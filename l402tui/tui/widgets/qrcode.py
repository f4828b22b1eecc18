"""Can a phone read it from here?

Draws a QR code black on white with colours of its own, whatever the theme: half blocks where they
fit, else sextants, and nothing at all where neither fits. It is never clipped.
"""

from __future__ import annotations

from typing import Final

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from l402tui.protocol.qr import Matrix, Style, cells, render

__all__ = ["QrCode", "fitting"]

_PAPER: Final = RichStyle(color="#000000", bgcolor="#ffffff", bold=False, dim=False)


def fitting(matrix: Matrix, columns: int, rows: int) -> Style | None:
    """The largest way to draw it in that much room; None where it does not fit at all."""
    for style in (Style.HALF_BLOCKS, Style.SEXTANTS):
        wide, high = cells(matrix, style)
        if wide <= columns and high <= rows:
            return style
    return None


class QrCode(Widget):
    """One code. Its size is the code's, so that a container cannot cut it without being asked."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "QrCode { width: auto; height: auto; }"

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: tuple[str, ...] = ()

    def show(self, matrix: Matrix | None, style: Style | None) -> None:
        """Draw it; nothing where either is missing."""
        self._rows = render(matrix, style) if matrix and style else ()
        self.refresh(layout=True)

    @property
    def drawn(self) -> tuple[str, ...]:
        """The rows as they are on the screen."""
        return self._rows

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """The code's own width."""
        return len(self._rows[0]) if self._rows else 0

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The code's own height."""
        return len(self._rows)

    def render_line(self, y: int) -> Strip:
        """One row of cells, black on white."""
        if y >= len(self._rows):
            return Strip.blank(self.size.width)
        return Strip([Segment(self._rows[y], _PAPER)], len(self._rows[y]))
