"""Which macaroons are sent together?

A token with third-party caveats is good only together with its discharges, so they travel as one
bundle, the token first. Three ways to write one are read: binary macaroons one behind the other
(``Slice`` of Go's macaroon.v2), a list in JSON, and tokens as text with commas or white space
between them; a text may hold several binary macaroons, or a whole list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon import MAX_BYTES, Macaroon
from l402tui.protocol.macaroon_bytes import end_v1, end_v2
from l402tui.protocol.macaroon_json import json_list
from l402tui.protocol.spelling import unspell

__all__ = ["MAX_MACAROONS", "Bundle", "read_bundle"]

MAX_MACAROONS: Final = 64
"""The most macaroons in one bundle."""

_BLANKS: Final = " \t\r\n"
_SEPARATOR: Final = re.compile(r"[ \t\r\n]*+,[ \t\r\n]*+|[ \t\r\n]++")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A token and the discharges that came with it."""

    macaroons: tuple[Macaroon, ...]
    """At least one; the token first."""

    @property
    def root(self) -> Macaroon:
        """The token itself."""
        return self.macaroons[0]

    @property
    def discharges(self) -> tuple[Macaroon, ...]:
        """Everything that came with it."""
        return self.macaroons[1:]


def read_bundle(data: bytes | str) -> Bundle:
    """Read a token and its discharges: at most 64 macaroons, 64 KiB in all.

    ``bytes``: binary macaroons one behind the other, or JSON. ``str``: JSON, or tokens in base64
    or hex, separated by commas or white space. Strict: every piece is a macaroon, and nothing is
    between them. Raises MacaroonError; its offset is a byte of ``data``, and for a piece of text
    that is no macaroon the character at which the piece begins.
    """
    if len(data) > MAX_BYTES * (1 if isinstance(data, bytes) else 2):
        raise MacaroonError("the bundle is longer than 64 KiB", MAX_BYTES)
    found = _of_bytes(data) if isinstance(data, bytes) else _of_text(data)
    return Bundle(tuple(found))


def _of_text(text: str) -> list[Macaroon]:
    if text.lstrip(_BLANKS)[:1] in ("[", "{"):
        try:
            return _of_bytes(text.encode("utf-8"))
        except UnicodeEncodeError as error:
            raise MacaroonError("this character cannot be written as bytes", error.start) from None
    end = len(text.rstrip(_BLANKS))
    start = len(text) - len(text.lstrip(_BLANKS))
    found: list[Macaroon] = []
    for number, (piece, at) in enumerate(_pieces(text[:end], start), start=1):
        try:
            _, raw = unspell(piece)
            found += _of_bytes(raw)
        except MacaroonError as error:
            raise MacaroonError(f"token {number} of the bundle: {error.why}", at) from None
        _few(found, at)
    return found


def _pieces(text: str, start: int) -> list[tuple[str, int]]:
    pieces: list[tuple[str, int]] = []
    while len(pieces) <= MAX_MACAROONS:
        separator = _SEPARATOR.search(text, start)
        end = len(text) if separator is None else separator.start()
        if start == end:
            raise MacaroonError("a token should stand here", start)
        pieces.append((text[start:end], start))
        if separator is None:
            break
        start = separator.end()
    return pieces


def _of_bytes(raw: bytes) -> list[Macaroon]:
    if raw.lstrip(_BLANKS.encode())[:1] == b"[":
        return _of_list(raw)
    found: list[Macaroon] = []
    at = 0
    while at < len(raw) or not found:
        end = _end(raw, at)
        found.append(_decoded(raw[at:end], at))
        _few(found, at)
        at = end
    return found


def _of_list(raw: bytes) -> list[Macaroon]:
    found: list[Macaroon] = []
    for start, end in json_list(raw):
        if raw[start : start + 1] == b"{":
            found.append(_decoded(raw[start:end], start))
        else:
            found.append(_spelled(raw[start:end].decode(), start))
        _few(found, start)
    return found


def _end(raw: bytes, at: int) -> int:
    """Where the macaroon at ``at`` ends. Where its lengths do not say, it is all the rest, and
    decoding it tells what is wrong."""
    try:
        if raw[at] == 2:
            return end_v2(raw, at)
        return len(raw) if raw[at] in b" \t\r\n{" else end_v1(raw, at)
    except (IndexError, MacaroonError):
        return len(raw)


def _decoded(raw: bytes, at: int) -> Macaroon:
    try:
        return Macaroon.decode(raw)
    except MacaroonError as error:
        offset = None if error.offset is None else at + error.offset
        raise MacaroonError(error.why, offset) from None


def _spelled(text: str, at: int) -> Macaroon:
    """A string in a JSON list: one macaroon in base64, as Go's macaroon.v2 reads it too."""
    try:
        return Macaroon.decode(unspell(text)[1])
    except MacaroonError as error:
        raise MacaroonError(error.why, at) from None


def _few(found: list[Macaroon], at: int) -> None:
    if len(found) > MAX_MACAROONS:
        raise MacaroonError(f"the bundle has more than {MAX_MACAROONS} macaroons", at)
