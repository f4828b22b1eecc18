"""Which bytes is a tree made of, and which field is where?

One dump for each buffer of the tree: offset, bytes in hex, characters, and beside them the fields
that begin in that row. A byte that only a secret field holds is masked, as the tree masks it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from l402tui.protocol.ascii_text import in_ascii
from l402tui.protocol.text import Shown, say
from l402tui.protocol.tree import Buffer, Node, Span

__all__ = ["buffers_of", "hexdump", "masked_bytes"]

_WIDE: Final = 98
"""Characters a line must have for 16 bytes a row with room for names; below that it is 8."""
_LEAST_ROOM: Final = 8


def hexdump(
    tree: Node, *, width: int = 100, reveal: bool = False, ascii_only: bool = False
) -> Iterator[str]:
    """The bytes of every buffer below ``tree``, as lines of at most ``width`` characters, with an
    empty line before each.

    Rows that are masked all over and begin no field are drawn once, as ``*``. With ``reveal``
    nothing is masked.
    """
    spans = buffers_of(tree)
    seen: dict[str, int] = {}
    for buffer, nodes in spans.items():
        yield ""
        name = buffer.name.text
        seen[name] = seen.get(name, 0) + 1
        title = buffer.name if seen[name] == 1 else say("{} ({})", buffer.name, seen[name])
        size = len(buffer.data)
        told = say("{}, 1 byte" if size == 1 else "{}, {} bytes", title, size)
        yield in_ascii(told) if ascii_only else told.text
        mask = bytes(size) if reveal else masked_bytes(buffer, nodes)
        yield from _Dump(buffer, nodes, mask, width, ascii_only).rows()


def masked_bytes(buffer: Buffer, nodes: list[Node]) -> bytes:
    """One byte for each of the buffer: 1 where the deepest of ``nodes`` that holds it is secret, or
    where none holds it and the whole buffer is."""
    mask = bytearray(bytes([buffer.secret]) * len(buffer.data))
    # Parents before children, so that the deepest field has the last word.
    for node in nodes:
        span = node.span
        if span is not None:
            mask[span.start : span.end] = bytes([node.secret]) * len(span)
    return bytes(mask)


def buffers_of(tree: Node) -> dict[Buffer, list[Node]]:
    """The nodes of each buffer, buffers in the order of the tree, parents before children."""
    found: dict[Buffer, list[Node]] = {}
    for node in tree.walk():
        if node.span is not None and len(node.span):
            found.setdefault(node.span.buffer, []).append(node)
    return found


class _Dump:
    """One buffer."""

    def __init__(
        self, buffer: Buffer, nodes: list[Node], mask: bytes, width: int, ascii_only: bool
    ) -> None:
        self._data, self._mask, self._ascii = buffer.data, mask, ascii_only
        self._digits = max(4, len(f"{len(buffer.data):x}"))
        self._row = 16 if width >= _WIDE else 8
        taken = self._digits + 2 + 3 * self._row + (self._row == 16) + 1 + self._row + 2
        self._room = max(_LEAST_ROOM, width - taken)
        self._names = _names(nodes, self._row)

    def rows(self) -> Iterator[str]:
        """The lines."""
        skipped = False
        for start in range(0, len(self._data), self._row):
            end = min(start + self._row, len(self._data))
            names = self._names.get(start // self._row, [])
            if start and not names and all(self._mask[start - self._row : end]):
                if not skipped:
                    yield "*"
                skipped = True
                continue
            skipped = False
            yield self._line(start, end, names)

    def _line(self, start: int, end: int, names: list[Shown]) -> str:
        hidden = ("**", "*") if self._ascii else ("··", "·")
        cells, letters = [], []
        for place in range(start, end):
            byte, masked = self._data[place], self._mask[place]
            cells.append(hidden[0] if masked else f"{byte:02x}")
            letter = chr(byte) if 0x20 <= byte < 0x7F else "."
            letters.append(hidden[1] if masked else letter)
        half = " ".join(cells[:8]).ljust(23)
        columns = f"{half}  {' '.join(cells[8:]).ljust(23)}" if self._row == 16 else half
        text = "".join(letters).ljust(self._row)
        line = f"{start:0{self._digits}x}  {columns}  {text}  {self._fitted(names)}"
        return line.rstrip(" ") if names else line[: line.rindex(text) + end - start]

    def _fitted(self, names: list[Shown]) -> str:
        """The names that have room, and how many more there are."""
        said = [in_ascii(name) if self._ascii else name.text for name in names]
        for kept in range(len(said), 0, -1):
            more = f" +{len(said) - kept}" if kept < len(said) else ""
            told = ", ".join(said[:kept]) + more
            if len(told) <= self._room:
                return told
        more = f" +{len(said) - 1}" if len(said) > 1 else ""
        dots = "..." if self._ascii else "…"
        return said[0][: self._room - len(more) - len(dots)] + dots + more if said else ""


def _names(nodes: list[Node], row: int) -> dict[int, list[Shown]]:
    """The fields that begin in each row. Of several that begin at one byte, the smallest."""
    first: dict[int, Node] = {}
    for node in nodes:
        if node.span is not None:
            other = first.get(node.span.start)
            if other is None or _size(node) <= _size(other):
                first[node.span.start] = node
    names: dict[int, list[Shown]] = {}
    for start in sorted(first):
        names.setdefault(start // row, []).append(first[start].label)
    return names


def _size(node: Node) -> int:
    span: Span | None = node.span
    return 0 if span is None else len(span)
