"""How do JSON and CBOR values look as a tree, each over its own bytes?

The one drawing for what other protocols carry. A table gives the meaning of each name, a
:class:`Gloss` says more about a single value, and a mistake marks the value it was found at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple

from l402tui.protocol.dialects.kinds import DialectError
from l402tui.protocol.dialects.located import Item
from l402tui.protocol.dissect.parts import Place, joined, named, why
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Mark, Node

__all__ = ["Gloss", "ItemTree", "by_offset"]

_UNKNOWN: Final = "Not a field that is known here. It is shown as it came."
_MORE: Final = "They are in the bytes, but too many to show one by one."
_MOST: Final = 100
"""Members of one object or array that get a line each."""
_WRONG: Final = "Wrong: {}."


class Gloss(NamedTuple):
    """What is known of one value beyond what stands there."""

    value: Shown
    """Takes the place of the bare value."""
    meaning: Shown = Shown("")
    """Takes the place of the table's, where there is one."""
    children: tuple[Node, ...] = ()
    mark: Mark = Mark.PLAIN


@dataclass(frozen=True, slots=True)
class ItemTree:
    """Draws the values of one text whose first byte is at :attr:`place`."""

    place: Place
    meanings: Mapping[str, str]
    """By path (``accepts.amount``), or by the last name in it. Literals of ours."""
    glosses: Mapping[int, Gloss] = field(default_factory=dict)
    """By ``id()`` of the item."""
    problems: Mapping[int, DialectError] = field(default_factory=dict)
    """By offset, see :func:`by_offset`."""

    def members(self, item: Item, path: str = "") -> tuple[Node, ...]:
        """A node for each member of an object, or for each element of an array."""
        inner = len(item.members) or len(item.elements)
        if isinstance(item.value, dict):
            nodes = [
                self.node(named(name), member, f"{path}.{name}" if path else name)
                for name, member in islice(item.members.items(), _MOST)
            ]
        else:
            nodes = [
                self.node(say("{}", number), element, path, element=True)
                for number, element in enumerate(item.elements[:_MOST], 1)
            ]
        if inner > _MOST:
            nodes.append(Node(say("more"), say("{}", inner - _MOST), say(_MORE), mark=Mark.NOTE))
        return tuple(nodes)

    def node(self, label: Shown, item: Item, path: str, *, element: bool = False) -> Node:
        """One value and everything in it. What an ``element`` is for was said of its array."""
        gloss = self.glosses.get(id(item))
        children = self.members(item, path)
        value, mark = _bare(item), Mark.PLAIN
        meaning = say("" if element else self._meaning(path))
        if gloss is not None:
            value, mark = gloss.value, gloss.mark
            children = (*children, *gloss.children)
            meaning = gloss.meaning or meaning
        problem = self.problems.get(item.start)
        if problem is not None and not children:
            meaning, mark = joined(meaning, say(" "), say(_WRONG, why(problem))), Mark.BAD
        span = self.place.span(item.start, min(item.end, len(self.place.buffer.data)))
        return Node(label, value, meaning, span, children, mark, _copied(item))

    def _meaning(self, path: str) -> str:
        name = path.rpartition(".")[2]
        known = self.meanings.get(path) or self.meanings.get(name)
        return known if known is not None else _UNKNOWN


def by_offset(problems: Sequence[DialectError]) -> dict[int, DialectError]:
    """The first problem at each place."""
    return {e.offset: e for e in reversed(problems) if e.offset is not None}


def _bare(item: Item) -> Shown:
    value = item.value
    if isinstance(value, dict):
        return _count(len(value), "field")
    if isinstance(value, tuple):
        return _count(len(value), "entry", "entries")
    if isinstance(value, bytes):
        return shown(value.hex())
    if isinstance(value, bool):
        return say("true" if value else "false")
    if value is None:
        return say("nothing")
    return shown(str(value)) or say("(empty)")


def _count(number: int, one: str, many: str = "") -> Shown:
    return say("{} {}", number, say(one if number == 1 else many or f"{one}s"))


def _copied(item: Item) -> bytes:
    value = item.value
    if isinstance(value, bytes):
        return value.hex().encode()
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return b""
