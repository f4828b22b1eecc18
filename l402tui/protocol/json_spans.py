"""Where in a JSON text does each of its fields stand?

The standard library says what a JSON text holds, not where. This module says both, so that a
field can be shown over its own bytes. It is strict where JSON itself leaves room: UTF-8 only, no
name twice in one object, no ``NaN``, no number too long to be one.

Source: RFC 8259.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, NoReturn

from l402tui.protocol.errors import DecodeError

__all__ = ["Entry", "JsonText"]

_BLANK: Final = re.compile(r"[ \t\n\r]*")
_DEEPEST: Final = 64
"""Objects and lists inside each other; tokens have three."""
_TOO_DEEP: Final = "its JSON is nested too deeply"
_SCANNER: Final = json.JSONDecoder()


class Entry(NamedTuple):
    """One value, and the bytes it was read from."""

    name: str
    """Its name in an object; empty in a list."""
    value: Any
    """As :mod:`json` reads it."""
    start: int
    end: int
    """``raw[start:end]`` is the value as it is written, a string with its quotes."""


class JsonText:
    """One JSON text, read whole. Raises DecodeError with the byte offset where it is none."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        try:
            value = json.loads(
                raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number
            )
        except UnicodeDecodeError as error:
            raise DecodeError("it is not UTF-8", error.start) from None
        except json.JSONDecodeError as error:
            at = len(error.doc[: error.pos].encode("utf-8"))
            raise DecodeError("it is no JSON", at) from None
        except RecursionError:
            raise DecodeError(_TOO_DEEP) from None
        except _Refused as error:
            raise DecodeError(str(error)) from None
        except ValueError:
            raise DecodeError("a number in its JSON is too long") from None
        if _deeper_than(value, _DEEPEST):
            raise DecodeError(_TOO_DEEP)
        # One character for each byte: places in this text are byte offsets.
        self._text = raw.decode("latin-1")
        start = _skip(self._text, 0)
        self.top: Final = Entry("", value, start, len(self._text.rstrip(" \t\n\r")))
        self.members: Final = self.inside(self.top)
        """What the whole text holds, where it is an object or a list."""

    def inside(self, entry: Entry) -> tuple[Entry, ...]:
        """What an object or a list holds, in order; nothing for any other value."""
        if isinstance(entry.value, dict):
            named = list(entry.value.items())
        elif isinstance(entry.value, list):
            named = [("", value) for value in entry.value]
        else:
            return ()
        spans = _spans(self._text, entry.start)
        return tuple(
            Entry(name, value, *span) for (name, value), span in zip(named, spans, strict=True)
        )


class _Refused(ValueError):
    """JSON that another reader may understand in another way."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise _Refused("a name stands twice in one JSON object")
    return read


def _no_number(_: str) -> NoReturn:
    raise _Refused("its JSON holds NaN or Infinity, which are no numbers")


def _deeper_than(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return any(isinstance(value, dict | list) for value in level)


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return at if match is None else match.end()


def _spans(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Where each value stands in the object or list that begins at ``at`` of a valid text."""
    named = text[at] == "{"
    at = _skip(text, at + 1)
    while text[at] not in "}]":
        if named:
            _, at = _SCANNER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        start = at
        _, at = _SCANNER.raw_decode(text, at)
        yield start, at
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
