"""How is an exception told that nobody expected?

What kind it is, where it was raised, and what it says, without what could be a secret in that, and
never with the values of variables. Frames are named by function and line, which says enough.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Final

from l402tui.protocol.masking import masked_text
from l402tui.protocol.text import Shown, say, shown

__all__ = ["frames", "told_error"]

_LIMIT: Final = 300
"""Characters of a message."""
_FRAMES: Final = 30
_CHAIN: Final = 5


def told_error(error: BaseException) -> Shown:
    """In brackets behind a sentence: ``ValueError in step, line 12 of flow/flow.py: its words``."""
    steps = _steps(error)
    kind = shown(type(error).__name__, 60)
    words = _words(error)
    where = say("{} in {}", kind, steps[-1]) if steps else kind
    return say("{}: {}", where, words) if words else where


def frames(error: BaseException) -> Iterator[Shown]:
    """The way to it, line by line, and of what it came from."""
    seen: set[int] = set()
    now: BaseException | None = error
    while now is not None and len(seen) < _CHAIN and id(now) not in seen:
        yield told_error(now)
        for step in _steps(now)[-_FRAMES:]:
            yield say("  in {}", step)
        seen.add(id(now))
        now = now.__cause__ or (None if now.__suppress_context__ else now.__context__)


def _words(error: BaseException) -> Shown:
    try:
        said = str(error)
    except Exception:  # an exception that cannot even be told
        return Shown("")
    return shown(masked_text(said[: 10 * _LIMIT]), _LIMIT)


def _steps(error: BaseException) -> list[Shown]:
    # Without the lines of code: they would be read from disk.
    walked = traceback.StackSummary.extract(
        traceback.walk_tb(error.__traceback__), lookup_lines=False
    )
    return [
        say("{}, line {} of {}", shown(one.name, 80), one.lineno or 0, _file(one.filename))
        for one in walked
    ]


def _file(name: str) -> Shown:
    parts = name.replace("\\", "/").rsplit("/", 2)
    return shown("/".join(parts[-2:]), 120)
