"""Which strings are in this JSON document, and by which path is each one reached?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

__all__ = ["Step", "path_of", "strings"]

_ENDS: Final = 12
"""Steps of a long path that are written, at its beginning and at its end."""


class Step(NamedTuple):
    """A key or a number, and the step before it. Written out only where something is found: a
    document may be as deep as it is long."""

    before: Step | None
    name: str | int


class _Level(NamedTuple):
    """An object or a list that is being walked through."""

    step: Step | None
    key: str
    items: Iterator[tuple[str | int, Any]]


def strings(parsed: Any) -> Iterator[tuple[Step | None, str, str]]:
    """Step, key and value of every string, in order; a string in a list has the key of the list.

    Takes memory by the depth of the document, not by its length. Does not recurse.
    """
    if isinstance(parsed, str):
        yield None, "", parsed
    levels = [_Level(None, "", _items(parsed))]
    while levels:
        above = levels[-1]
        item = next(above.items, None)
        if item is None:
            levels.pop()
            continue
        name, value = item
        key = name if isinstance(name, str) else above.key
        if isinstance(value, str):
            yield Step(above.step, name), key, value
        elif isinstance(value, dict | list) and value:
            levels.append(_Level(Step(above.step, name), key, _items(value)))


def _items(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return iter(value.items())
    return iter(enumerate(value)) if isinstance(value, list) else iter(())


def path_of(step: Step | None) -> str:
    """``$.log.entries[3]``; of a long path its first and last twelve steps."""
    names: list[str] = []
    while step is not None:
        names.append(_written(step.name))
        step = step.before
    names.reverse()
    if len(names) > 2 * _ENDS:
        names = [*names[:_ENDS], "…", *names[-_ENDS:]]
    return "$" + "".join(names)


def _written(name: str | int) -> str:
    if isinstance(name, int):
        return f"[{name}]"
    return f".{name}" if re.fullmatch(r"\w{1,60}", name) else f"[{json.dumps(name[:60])}]"
