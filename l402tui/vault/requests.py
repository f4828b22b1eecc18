"""How is a request kept so that the very same one can be sent again?

Method, address and headers are JSON in UTF-8 (any text survives, lone surrogates too), the body is
the bytes. Equal requests share a row: a hundred replays keep one body. A body of more than
:data:`BODY_LIMIT` bytes is kept only where a payment depends on it; otherwise its length is, and
the row's :attr:`Kept.whole` is false.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Final

from l402tui.flow.model import Request
from l402tui.protocol.url import Url

__all__ = ["BODY_LIMIT", "Kept", "keep", "plain", "read"]

BODY_LIMIT: Final = 1024 * 1024
"""Bytes of a body that the history keeps."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A request as the vault has it."""

    request: Request
    body_length: int
    """Bytes of the body as it was sent."""

    @property
    def whole(self) -> bool:
        """Whether the body is here too, so that it can be sent again."""
        return len(self.request.body) == self.body_length


def plain(text: str) -> str:
    """Text that a TEXT column can hold: lone surrogates, which UTF-8 has no place for, escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def keep(db: sqlite3.Connection, request: Request, *, whole: bool) -> int:
    """Write a request unless an equal one is there; its row's id. ``whole``: whatever its size."""
    fingerprint, head = request.fingerprint, _head(request)
    body = request.body if whole or len(request.body) <= BODY_LIMIT else None
    known = db.execute(
        "SELECT id, body IS NULL FROM requests WHERE fingerprint = ? AND head = ?",
        (fingerprint, head),
    ).fetchone()
    if known is not None:
        number, lacks_body = known
        if lacks_body and body is not None:
            db.execute("UPDATE requests SET body = ? WHERE id = ?", (body, number))
        return int(number)
    url = request.url
    row = db.execute(
        "INSERT INTO requests"
        " (fingerprint, origin, method, path, query, head, body_length, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            fingerprint,
            plain(url.origin),
            plain(request.method),
            plain(url.path),
            plain(url.query),
            head,
            len(request.body),
            body,
        ),
    )
    return int(row.lastrowid or 0)


def read(head: bytes, body: bytes | None, body_length: int) -> Kept:
    """The request of a row. Raises ValueError, KeyError or TypeError where it is damaged."""
    told = json.loads(head.decode("utf-8", "surrogatepass"))
    url = Url(
        scheme=str(told["scheme"]),
        host=str(told["host"]),
        port=int(told["port"]),
        path=str(told["path"]),
        query=str(told["query"]),
    )
    headers = tuple((str(name), str(value)) for name, value in told["headers"])
    return Kept(Request(url, str(told["method"]), headers, body or b""), body_length)


def _head(request: Request) -> bytes:
    url = request.url
    # The parts of the address, not its text: what was taken apart once is not parsed anew.
    told = {
        "method": request.method,
        "scheme": url.scheme,
        "host": url.host,
        "port": url.port,
        "path": url.path,
        "query": url.query,
        "headers": request.headers,
    }
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")
