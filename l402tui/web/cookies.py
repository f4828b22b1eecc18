"""Which cookies go back, and where?

Some servers stand behind something that must find the same one of them again when the payment
comes. So what a server sets is kept: in memory, for one flow, and for the origin that the person
asked and no other, whatever its ``Domain`` says. A stranger to whom a redirect leads sets nothing
and gets nothing. Nothing outlives the flow, and a thousand cookies are as good as the first few.
The attributes are those of RFC 6265 section 5.2.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Final

from l402tui.protocol.url import Url

__all__ = ["COOKIE_LIMIT", "JAR_LIMIT", "MAX_COOKIES", "Jar"]

MAX_COOKIES: Final = 20
"""Cookies in one flow."""
COOKIE_LIMIT: Final = 4096
"""Bytes of one cookie's name and value."""
JAR_LIMIT: Final = 8192
"""Bytes of all of them."""

_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(rb"[\x20\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*|\"[\x21-\x7e]*\"")


@dataclass(slots=True)
class Jar:
    """The cookies of one flow."""

    _kept: dict[tuple[str, bytes, str], bytes] = field(default_factory=dict)
    """By origin, name and path."""

    def take(self, url: Url, lines: Iterable[bytes]) -> None:
        """Keep what the ``Set-Cookie`` lines of an answer from this address set."""
        for line in lines:
            self._take(url, line)

    def value(self, url: Url) -> bytes | None:
        """What the ``Cookie`` header of a request to this address says; None for no header."""
        fitting = [
            (path, name + b"=" + value)
            for (origin, name, path), value in self._kept.items()
            if origin == url.origin and _leads_below(url.path, path)
        ]
        fitting.sort(key=lambda one: -len(one[0]))  # the nearest first (RFC 6265, 5.4)
        return b"; ".join(pair for _, pair in fitting) or None

    def _take(self, url: Url, line: bytes) -> None:
        pair, *more = line.split(b";")
        name, equals, value = (part.strip(b" \t") for part in pair.partition(b"="))
        if not equals or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            return
        attributes = _attributes(more)
        if b"secure" in attributes and not url.encrypted:
            return
        given = attributes.get(b"path", b"")
        path = given.decode("ascii", "replace") if given[:1] == b"/" else _folder(url.path)
        key = (url.origin, name, path)
        self._kept.pop(key, None)
        if _over(attributes):
            return
        size = len(name) + len(value)
        held = sum(len(other[1]) + len(kept) for other, kept in self._kept.items())
        if len(self._kept) < MAX_COOKIES and size <= min(COOKIE_LIMIT, JAR_LIMIT - held):
            self._kept[key] = value


def _attributes(parts: Iterable[bytes]) -> dict[bytes, bytes]:
    pairs = (part.partition(b"=") for part in parts)
    return {name.strip(b" \t").lower(): value.strip(b" \t") for name, _, value in pairs}


def _over(attributes: dict[bytes, bytes]) -> bool:
    """Whether it is set in order to be deleted."""
    age = attributes.get(b"max-age")
    if age is not None:
        return age.startswith(b"-") or age.strip(b"0") == b""
    try:
        until = parsedate_to_datetime(attributes[b"expires"].decode("ascii"))
        return until.timestamp() < time.time()
    except (KeyError, ValueError, OverflowError):
        return False


def _folder(path: str) -> str:
    """The path a cookie without one belongs to (RFC 6265 section 5.1.4)."""
    return path[: path.rfind("/")] or "/"


def _leads_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.removesuffix("/") + "/")
