"""How is a request kept so that the very same one can be sent again?

Method, address and headers are JSON in UTF-8 (any text survives, lone surrogates too), the body is
the bytes; both may hold secrets and are sealed. Equal requests share a row: a hundred replays keep
one body. A body of more than :data:`BODY_LIMIT` bytes is kept only where a payment depends on it;
otherwise its length is, and the row's :attr:`Kept.whole` is false.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from l402tui.flow.model import Request
from l402tui.protocol.url import Url
from l402tui.vault.sealing import Book, Place, Seal

__all__ = ["BODY_LIMIT", "Kept", "keep", "place", "plain", "read"]

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


def place(column: str, number: int) -> Place:
    """Where the head or the body of a request stands."""
    return Place("requests", column, number)


def keep(db: Book, request: Request, *, whole: bool) -> int:
    """Write a request unless an equal one is there; its row's id. ``whole``: whatever its size.

    Inside a transaction that writes: the id is chosen here, because what is sealed is bound to it.
    """
    seal, head = db.seal, _head(request)
    fingerprint = seal.search(request.fingerprint)
    body = request.body if whole or len(request.body) <= BODY_LIMIT else None
    alike = db.execute(
        "SELECT id, head, body IS NULL FROM requests WHERE fingerprint = ?", (fingerprint,)
    )
    for known, sealed, lacks_body in alike.fetchall():
        if seal.open(place("head", known), sealed) != head:
            continue
        if lacks_body and body is not None:
            kept = seal.close(place("body", known), body)
            db.execute("UPDATE requests SET body = ? WHERE id = ?", (kept, known))
        return int(known)
    (number,) = db.execute("SELECT coalesce(max(id), 0) + 1 FROM requests").fetchone()
    url = request.url
    db.execute(
        "INSERT INTO requests"
        " (id, fingerprint, origin, method, path, query, head, body_length, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            fingerprint,
            plain(url.origin),
            plain(request.method),
            plain(url.path),
            plain(url.query),
            seal.close(place("head", number), head),
            len(request.body),
            None if body is None else seal.close(place("body", number), body),
        ),
    )
    return int(number)


def read(seal: Seal, number: int, head: bytes, body: bytes | None, body_length: int) -> Kept:
    """The request of a row (id, head, body, body_length).

    Raises VaultError where it does not open, and ValueError, KeyError or TypeError where it is
    damaged.
    """
    told = json.loads(seal.open(place("head", number), head).decode("utf-8", "surrogatepass"))
    url = Url(
        scheme=str(told["scheme"]),
        host=str(told["host"]),
        port=int(told["port"]),
        path=str(told["path"]),
        query=str(told["query"]),
    )
    headers = tuple((str(name), str(value)) for name, value in told["headers"])
    opened = b"" if body is None else seal.open(place("body", number), body)
    return Kept(Request(url, str(told["method"]), headers, opened), body_length)


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
