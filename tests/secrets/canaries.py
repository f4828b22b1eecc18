"""Which secrets are planted, and how is one recognised wherever it turns up?

A canary is a random value made for one test. :func:`spellings` is how a value could stand somewhere
without being noticed, and :func:`hits` looks for all of them. What a sink is *meant* to hold is
excluded by name, with the reason, in :data:`MEANT`.
"""

from __future__ import annotations

import base64
import html
import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

__all__ = ["MEANT", "SINKS", "Canaries", "Hit", "hits", "spellings"]

SINKS = (
    "words",
    "json lines",
    "log file",
    "crash of the command",
    "crash of the explorer",
    "pictures",
    "listings",
    "notebook",
    "process table",
    "clipboard",
    "side files",
    "core",
)

_BOUGHT = "the body is what was asked for: stdout is its place"
_BILL = "the bill is shown before it is paid; without the preimage its token opens nothing"
MEANT: Mapping[str, Mapping[str, str]] = {
    "words": {"delivered: access_token": _BOUGHT, "delivered: whole": _BOUGHT},
    "json lines": {
        "delivered: access_token": _BOUGHT,
        "delivered: whole": _BOUGHT,
        "paid: token": _BILL,
        "paid: signature": _BILL,
    },
    "side files": {
        "delivered: access_token": "it is the file that was asked for",
        "delivered: whole": "it is the file that was asked for",
    },
    "pictures": {"delivered: whole": "the content without a name for it: it is what was asked for"},
    "notebook": {"delivered: whole": "the content without a name for it: it is what was asked for"},
}
"""Sink -> canary -> why it may be there."""

_PART = 20
"""Letters of a secret that give enough of it away."""


@dataclass
class Canaries:
    """The secrets of one test."""

    values: dict[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A secret as people get them from services."""
        return self._keep(name, secrets.token_urlsafe(30))

    def hex(self, name: str) -> str:
        """32 bytes in hex, as a preimage."""
        return self._keep(name, secrets.token_hex(32))

    def add(self, name: str, value: bytes | str) -> None:
        """One that somebody else has made."""
        self.values[name] = value.encode() if isinstance(value, str) else value

    def _keep(self, name: str, value: str) -> str:
        assert name not in self.values
        self.values[name] = value.encode()
        return value


def spellings(value: bytes) -> dict[str, set[bytes]]:
    """Each way of writing it, in lower case."""
    text = value.decode("latin-1")
    forms = {
        "raw": {value, *_pieces(value)},
        "hex": {value.hex().encode()},
        "base64": set(_base64(value)),
        "percent": {quote(value, safe="").encode(), b"".join(b"%%%02x" % byte for byte in value)},
        "json": {
            json.dumps(text)[1:-1].encode(),
            "".join(f"\\u{byte:04x}" for byte in value).encode(),
            repr(value)[2:-1].encode(),
        },
        "reversed": {value[::-1], value.hex()[::-1].encode()},
    }
    if re.fullmatch(rb"(?:[0-9a-f]{2}){20,}", value):  # the bytes behind the digits
        raw = bytes.fromhex(text)
        forms["raw"].add(raw)
        forms["base64"] |= set(_base64(raw))
        forms["json"].add(repr(raw)[2:-1].encode())
    return {form: {one.lower() for one in several} for form, several in forms.items()}


def _pieces(value: bytes) -> Iterator[bytes]:
    if len(value) >= 2 * _PART:
        middle = len(value) // 2
        yield from (value[:_PART], value[middle : middle + _PART], value[-_PART:])


def _base64(value: bytes) -> Iterator[bytes]:
    """At each of the three places where it can begin inside of something longer."""
    for shift in range(3):
        rest = value[(3 - shift) % 3 :]
        whole = rest[: len(rest) // 3 * 3]
        yield base64.b64encode(whole)
        yield base64.urlsafe_b64encode(whole)


@dataclass(frozen=True)
class Hit:
    """A secret where it must not be."""

    canary: str
    form: str
    around: str


def hits(canaries: Mapping[str, bytes], haystack: bytes, sink: str = "") -> list[Hit]:
    """Every canary that stands in the haystack, in any form, but those that are meant to."""
    texts = [text.lower() for text in _flattened(haystack)]
    found = []
    for name, value in canaries.items():
        if name in MEANT.get(sink, {}):
            continue
        for form, several in spellings(value).items():
            around = _first(texts, several)
            if around is not None:
                found.append(Hit(name, form, around))
                break
    return found


def _first(texts: Iterable[bytes], wanted: Iterable[bytes]) -> str | None:
    for needle in wanted:
        for text in texts:
            at = text.find(needle)
            if at >= 0:
                return text[max(0, at - 60) : at + len(needle) + 20].decode("utf-8", "replace")
    return None


_CONTROL = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_TAG = re.compile(rb"<[^<>]*>")
_BLANKS = re.compile(r"[\s│┃║|╭╮╰╯─]+")


def _flattened(haystack: bytes) -> set[bytes]:
    """As it is, and as an eye reads it: without markup and escapes, and with broken lines
    joined."""
    plain = _CONTROL.sub(b"", haystack)
    text = html.unescape(_TAG.sub(b"", plain).decode("utf-8", "surrogateescape"))
    joined = _BLANKS.sub("", text).encode("utf-8", "surrogateescape")
    return {haystack, plain, text.encode("utf-8", "surrogateescape"), joined}
