"""What does each verifier make of each kind of caveat?

The table of the help, made of the profiles: what a wish comes to, written in the verifier's own
words. A column for each verifier, as many beside each other as there is room for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from textual.content import Content

from l402tui.protocol.text import say, shown
from l402tui.protocol.verifiers import Effect, Profile
from l402tui.protocol.verifiers.table import matrix
from l402tui.tui.words import plain

__all__ = ["effects"]

_ABOUT: Final = say(
    "What becomes of a caveat, written as that verifier would write it. Enforced: it is held "
    "against the request. Ignored: it restricts nothing. Breaks: every request is refused. "
    "-: there is no word for it. Cannot: its tokens cannot be narrowed."
)
_SHORT: Final = {Effect.BREAKS.value: "breaks"}
_STYLE: Final = {
    Effect.ENFORCED.value: "$text-success",
    Effect.IGNORED.value: "$text-warning",
    "breaks": "$text-error",
}
_GAP: Final = 2


def effects(profiles: Iterable[Profile], room: int) -> Iterator[Content]:
    """The lines of the table, none of them longer than ``room`` where that can be."""
    yield Content.styled("Caveats and verifiers", "bold $primary")
    yield plain(_ABOUT)
    head, *columns = [[_SHORT.get(cell, cell) for cell in row] for row in matrix(profiles)]
    wide = max(map(len, head)) + _GAP
    block: list[list[str]] = []
    for column in columns:
        if block and wide + sum(map(_width, [*block, column])) - _GAP > room:
            yield from _block(head, block, wide)
            block = []
        block.append(column)
    if block:
        yield from _block(head, block, wide)


def _width(column: list[str]) -> int:
    return max(map(len, column)) + _GAP


def _block(head: list[str], block: list[list[str]], wide: int) -> Iterator[Content]:
    yield Content("")
    for at, name in enumerate(head):
        cells = [Content.styled(f"{name:<{wide}}", "$secondary")]
        for column in block:
            text = shown(column[at]).text
            style = "bold" if at == 0 else _STYLE.get(text, "")
            padded = f"{text:<{_width(column)}}"
            cells.append(Content.styled(padded, style) if style else Content(padded))
        yield Content.assemble(*cells)
