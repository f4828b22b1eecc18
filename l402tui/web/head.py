"""Which headers leave with a request?

They are put together here, once, for :meth:`~.transport.HttpTransport.prepare` and for sending, so
that what is shown is what leaves. A person's headers keep their order and spelling and win over our
own ``User-Agent``, ``Accept`` and ``Accept-Encoding``; the ones that say where a message begins and
ends are ours alone. A header that cannot stand on one line is refused before anything leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from l402tui import __version__
from l402tui.flow.model import Request
from l402tui.protocol.secret import Secret

__all__ = [
    "HeaderRefused",
    "Headers",
    "compose",
    "for_another_origin",
    "head_bytes",
    "without_body",
]

Headers = list[tuple[bytes, bytes]]

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_OURS_ALONE: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade"}
)
_OUR_OWN: Final = (
    (b"User-Agent", f"l402tui/{__version__}".encode()),
    (b"Accept", b"*/*"),
    # What is not asked for compressed cannot unpack into something huge.
    (b"Accept-Encoding", b"identity"),
)
_ALWAYS_MEASURED: Final = frozenset({"POST", "PUT", "PATCH"})
_L402: Final = re.compile(rb"(?:L402|LSAT)(?:[ \t]|$)", re.IGNORECASE)
# All that may be told to a server the person did not name.
_HARMLESS: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "pragma",
        "range",
        "user-agent",
    }
)


class HeaderRefused(ValueError):
    """A header or method that must not leave; the message says why and never quotes the value."""


def compose(
    request: Request,
    authorization: Secret | None,
    *,
    cookie: bytes | None = None,
    more: Iterable[tuple[bytes, bytes]] = (),
) -> Headers:
    """All headers of this request, in order: Host, ours, the person's, and the credential last.

    ``cookie`` is what the server has set in this flow; a person's own header wins over it. ``more``
    are the lines that ask for the rest of a file.

    ``authorization`` is the whole value of the ``Authorization`` line; an L402 credential that the
    person gave by hand makes way for it. Raises HeaderRefused.
    """
    if _TOKEN.fullmatch(request.method) is None or request.method.upper() == "CONNECT":
        raise HeaderRefused("the method is not one that can be sent")
    theirs = [_checked(name, value) for name, value in request.headers]
    if authorization is not None:
        theirs = [pair for pair in theirs if not _is_l402(pair)]
    named = {name.lower() for name, _ in theirs}
    headers: Headers = [(b"Host", request.url.authority.encode("ascii"))]
    headers += [pair for pair in _OUR_OWN if pair[0].lower() not in named]
    headers += theirs
    headers += more
    if cookie is not None and b"cookie" not in named:
        headers.append((b"Cookie", cookie))
    if request.body or request.method.upper() in _ALWAYS_MEASURED:
        headers.append((b"Content-Length", str(len(request.body)).encode()))
    if authorization is not None:
        # Here, and nowhere else, the credential leaves: to the origin it was paid at.
        value = authorization.reveal()
        if _CONTROL.search(value):
            raise HeaderRefused("the credential holds a control character")
        headers.append((b"Authorization", value))
    return headers


def head_bytes(request: Request, headers: Headers) -> bytes:
    """The request line and these headers as HTTP/1.1 writes them (RFC 9112 section 3)."""
    lines = [f"{request.method.upper()} {request.url.target} HTTP/1.1".encode("ascii")]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def for_another_origin(request: Request) -> Request:
    """The same request without any header that could tell a stranger who the person is."""
    kept = tuple(pair for pair in request.headers if pair[0].lower() in _HARMLESS)
    return replace(request, headers=kept)


def without_body(request: Request) -> Request:
    """The request as a GET (RFC 9110 section 15.4.4)."""
    kept = tuple(pair for pair in request.headers if not pair[0].lower().startswith("content-"))
    return replace(request, method="GET", body=b"", headers=kept)


def _checked(name: str, value: str) -> tuple[bytes, bytes]:
    if _TOKEN.fullmatch(name) is None:
        raise HeaderRefused("a header's name may hold only letters, digits and !#$%&'*+-.^_`|~")
    if name.lower() in _OURS_ALONE:
        raise HeaderRefused(
            f"the header {name} says how the message is put together; it is set here"
        )
    try:
        # Bytes that were no text on the command line leave as they came.
        raw = value.strip(" \t").encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise HeaderRefused(f"the header {name} holds something that is no text") from None
    if _CONTROL.search(raw):
        raise HeaderRefused(f"the header {name} holds a line break or another control character")
    return name.encode("ascii"), raw


def _is_l402(pair: tuple[bytes, bytes]) -> bool:
    return pair[0].lower() == b"authorization" and _L402.match(pair[1]) is not None
