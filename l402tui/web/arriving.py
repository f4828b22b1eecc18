"""How far is the body that is coming in now?

The transport writes it down while it reads; whoever watches looks when they like, so that reading
waits for nobody's drawing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from l402tui.flow.message import Response
from l402tui.web.body import Memory
from l402tui.web.part import Part

__all__ = ["Arriving"]


class Arriving:
    """The one body that is being read at the moment."""

    def __init__(self) -> None:
        self._into: Memory | Part | None = None
        self.whole: int | None = None
        """Bytes it will have, where the server told and nothing has to be unpacked."""

    @property
    def here(self) -> int | None:
        """Bytes that are here; None while no body is coming in."""
        return None if self._into is None else self._into.kept

    @contextmanager
    def watching(self, into: Memory | Part, head: Response, *, packed: bool) -> Iterator[None]:
        """While this body is read."""
        lengths = head.values(b"content-length")
        told = len(lengths) == 1 and lengths[0].isdigit() and len(lengths[0]) < 16
        # A file may have begun with the rest of an earlier run.
        alone = isinstance(into, Memory) and not packed
        self._into, self.whole = into, int(lengths[0]) if told and alone else None
        try:
            yield
        finally:
            self._into = self.whole = None
