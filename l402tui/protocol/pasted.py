"""What has a person pasted around a token?

People copy tokens out of logs, headers and source code. What comes along is taken away only where
that can mean one thing, and each step is named. This is for looking at tokens: what goes back to a
server is never changed like this.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

__all__ = ["unwrap"]

_NAME: Final = re.compile(
    r"(?:(?:grpc-metadata-)?macaroon|token)(?:[ \t]*[:=][ \t]*|[ \t]+)(?=\S)", re.ASCII | re.I
)
_PERCENT: Final = re.compile(r"(?:[A-Za-z0-9+/_.=-]|%(?:2B|2F|3D))+", re.ASCII | re.I)
_LETTERS: Final = re.compile(r"[A-Za-z0-9+/_=-]+", re.ASCII)
_SHORTEST_LINE: Final = 32
"""Characters in a line of a broken-up base64 text; programs break at 64 or 76."""


def unwrap(text: str) -> tuple[str, tuple[str, ...]]:
    """The token inside ``text``, and what was taken away around it, in words of ours.

    White space and quotes around it, a name before it (``macaroon=``, ``Macaroon:``), percent signs
    for ``+/=``, and the line breaks of base64 in lines of one length.
    """
    steps: list[str] = []
    for what, step in _STEPS:
        changed = step(text)
        if changed != text:
            steps.append(what)
            text = changed
    return text, tuple(dict.fromkeys(steps))


def _strip(text: str) -> str:
    return text.strip(" \t\r\n")


def _unname(text: str) -> str:
    return text[name.end() :] if (name := _NAME.match(text)) else text


def _unquote(text: str) -> str:
    if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def _unpercent(text: str) -> str:
    return unquote(text) if "%" in text and _PERCENT.fullmatch(text) else text


def _unbreak(text: str) -> str:
    lines = text.splitlines()
    if len(lines) < 2 or not all(map(_LETTERS.fullmatch, lines)):
        return text
    width = len(lines[0])
    whole = all(len(line) == width for line in lines[:-1])
    return "".join(lines) if whole and width >= max(_SHORTEST_LINE, len(lines[-1])) else text


_AROUND: Final = (
    ("white space around it", _strip),
    ("quotes around it", _unquote),
    ("a name before it", _unname),
)
# Quotes stand around the name or behind it, white space inside of them or outside.
_STEPS: Final = (
    *_AROUND,
    *_AROUND,
    ("percent signs for + / =", _unpercent),
    ("line breaks in it", _unbreak),
)
