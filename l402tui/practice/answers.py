"""How is an answer made whose headers keep their order and spelling?"""

from __future__ import annotations

import json
from typing import Final

from starlette.responses import Response

__all__ = ["answer", "in_json"]

_TEXT: Final = b"text/plain; charset=utf-8"


def answer(
    status: int,
    body: bytes | str,
    content_type: bytes = _TEXT,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Response:
    """A response with these headers behind ``Content-Type`` and ``Content-Length``."""
    data = body.encode() if isinstance(body, str) else body
    response = Response(data, status)
    length = (b"Content-Length", str(len(data)).encode())
    response.raw_headers = [(b"Content-Type", content_type), length, *headers]
    return response


def in_json(
    status: int, told: dict[str, object], headers: tuple[tuple[bytes, bytes], ...] = ()
) -> Response:
    """A response with a JSON object in it."""
    return answer(status, json.dumps(told) + "\n", b"application/json", headers)
