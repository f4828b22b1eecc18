"""How is an invoice drawn so that a phone reads it?

As a QR code in upper case (half the bits of lower case), with error correction level L and a quiet
zone of two modules. A face paints the rows black on white with colours of its own, whatever the
theme: an inverted code is not read by every phone.

Half blocks show two modules a character cell (1x2), sextants six (2x3). Nothing is ever clipped:
the caller compares :func:`cells` with the room there is.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, TypeAlias

__all__ = ["Matrix", "Style", "cells", "encode", "render", "svg"]

Matrix: TypeAlias = tuple[tuple[bool, ...], ...]
"""Rows of modules, quiet zone included; True is black."""

QUIET_ZONE: Final = 2
_HALF: Final = " ▀▄█"


class Style(Enum):
    """How many modules share a character cell: (columns, rows)."""

    HALF_BLOCKS = (1, 2)
    SEXTANTS = (2, 3)


def encode(text: str, *, exact: bool = False) -> Matrix:
    """The QR code of an invoice (without a ``lightning:`` prefix, which would only make it larger).

    ``exact``: of any text, in which upper and lower case differ. Raises ValueError where the text
    is too long for any QR code.
    """
    from qrcode import constants
    from qrcode.exceptions import DataOverflowError
    from qrcode.main import QRCode

    code = QRCode(error_correction=constants.ERROR_CORRECT_L, border=QUIET_ZONE)
    code.add_data(text if exact else text.upper(), optimize=0)
    try:
        code.make(fit=True)
    except (DataOverflowError, ValueError):
        raise ValueError("the text is too long for a QR code") from None
    return tuple(tuple(map(bool, row)) for row in code.get_matrix())


def cells(matrix: Matrix, style: Style) -> tuple[int, int]:
    """Character columns and rows that :func:`render` needs."""
    wide, high = style.value
    return -(-len(matrix[0]) // wide), -(-len(matrix) // high)


def render(matrix: Matrix, style: Style) -> tuple[str, ...]:
    """Rows of characters to be painted black (foreground) on white (background)."""
    wide, high = style.value
    columns, rows = cells(matrix, style)
    return tuple(
        "".join(_glyph(matrix, row * high, column * wide, style) for column in range(columns))
        for row in range(rows)
    )


def svg(matrix: Matrix, *, module: int = 4) -> str:
    """The code as a self-contained SVG picture; ``module`` is the edge of one module in pixels."""
    size = len(matrix)
    path = "".join(
        f"M{x},{y}h1v1h-1z" for y, row in enumerate(matrix) for x, black in enumerate(row) if black
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size * module}" height="{size * module}" '
        f'viewBox="0 0 {size} {size}" shape-rendering="crispEdges" role="img">'
        f'<rect width="{size}" height="{size}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'
    )


def _glyph(matrix: Matrix, top: int, left: int, style: Style) -> str:
    wide, high = style.value
    bits = 0
    for index in range(wide * high):
        y, x = top + index // wide, left + index % wide
        if y < len(matrix) and x < len(matrix[y]) and matrix[y][x]:
            bits |= 1 << index
    return _HALF[bits] if style is Style.HALF_BLOCKS else _sextant(bits)


def _sextant(bits: int) -> str:
    # Unicode leaves out the four patterns that older block characters already have.
    special = {0: " ", 0b010101: "▌", 0b101010: "▐", 0b111111: "█"}
    if bits in special:
        return special[bits]
    skipped = (bits > 0b010101) + (bits > 0b101010)
    return chr(0x1FB00 + bits - 1 - skipped)
