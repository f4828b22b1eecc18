"""What in a response can show which protocol it speaks?

Everything the dialects look at, read once: the header lines by name, the challenges in
``WWW-Authenticate``, and the body where it is JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from l402tui.protocol.auth_header import AuthChallenge
from l402tui.protocol.challenge import MAX_HEADER, Reading, read_challenges
from l402tui.protocol.dialects.inside import MAX_BODY
from l402tui.protocol.dialects.kinds import DialectError, Source, Where
from l402tui.protocol.dialects.located import Item, read_json

__all__ = ["Evidence"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One response."""

    status: int
    headers: dict[str, list[bytes]]
    """Values by name in lower case, in order, those longer than 16 KiB left out."""
    reading: Reading
    body: bytes
    json: Item | None
    """The body, if it is a JSON object or the beginning of one."""
    problems: tuple[DialectError, ...]
    """Why the body's JSON ends before the body does."""

    @classmethod
    def of(cls, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> Evidence:
        """Read a response. Never raises."""
        named: dict[str, list[bytes]] = {}
        for name, value in headers:
            if len(value) <= MAX_HEADER:
                named.setdefault(name.decode("latin-1").lower(), []).append(value)
        lines = [value for name, value in headers if name.lower() == b"www-authenticate"]
        item, problems = _object(body)
        return cls(status, named, read_challenges(lines), body, item, problems)

    def first(self, name: str) -> bytes | None:
        """The value of the first header line of that name (lower case)."""
        return next(iter(self.headers.get(name, ())), None)

    def challenges(self, *schemes: str) -> tuple[AuthChallenge, ...]:
        """The challenges of these schemes (lower case), in order."""
        return tuple(c for c in self.reading.challenges if c.scheme.lower() in schemes)

    def without_body(self) -> Evidence:
        """The same, as if the body were empty."""
        return replace(self, body=b"", json=None, problems=())

    def source(self) -> Source:
        """The body as the text that a demand was read from."""
        return Source(Where.BODY, "body", self.body, self.json)


def _object(body: bytes) -> tuple[Item | None, tuple[DialectError, ...]]:
    if len(body) > MAX_BODY or not body.lstrip(b" \t\r\n").startswith(b"{"):
        return None, ()
    item, error = read_json(body)
    if item is None or not isinstance(item.value, dict):
        return None, ()
    return item, () if error is None else (DialectError(error.why, error.offset),)
