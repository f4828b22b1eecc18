"""How does a string from outside get onto a screen without doing anything there?

Terminals obey escape sequences, Textual obeys markup, and people are misled by bidirectional
and invisible characters. So nothing that came from outside reaches a face as ``str``: it goes
through :func:`shown`, which makes every such character visible, caps the length and keeps the raw
bytes for the hex view. The result is the distinct type :class:`Shown`; faces accept nothing else,
so the type checker finds the leaks. The program's own sentences are made with :func:`say`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

__all__ = ["DEFAULT_LIMIT", "Shown", "say", "shown"]

DEFAULT_LIMIT: Final = 200
"""Characters of an outside string that a face shows by default."""

# Cc controls, Cf format (bidi, zero width, tags, soft hyphen), Co private use, Cs surrogates,
# Cn unassigned, Zl/Zp line and paragraph separators, Zs blanks: none of them is a letter a person
# reads (the one ordinary space never gets here).
_HIDDEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp", "Zs"})
# Blank-looking letters and fillers that categories do not give away.
_BLANK: Final = frozenset(
    "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u034f\u180b\u180c\u180d\u180f"
    "\ufffc\U00013441\U00013442\U00016fe4\U0001d159"
)
# The selectors of variants, and the plane of tags, most of it not yet given out.
_SELECTORS: Final = (range(0xFE00, 0xFE10), range(0xE0000, 0xE1000))
# Flags and skin tones: terminals do not agree how many cells they take, so what stands behind them
# would stand elsewhere.
_UNSURE: Final = (range(0x1F1E6, 0x1F200), range(0x1F3FB, 0x1F400))
# Vowels and final consonants that are drawn into the letter before, as spacing marks (Mc) are.
_JOINED: Final = (range(0x1160, 0x1200), range(0xD7B0, 0xD800))
_COMBINING_RUN: Final = 2
"""Marks allowed on one letter; a longer run climbs over the neighbouring lines."""
_JOINED_RUN: Final = 3
"""The same with those that are drawn beside it: some terminals give them a cell, others none."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Text that is safe to put on any screen.

    Only :func:`shown` and :func:`say` make it.
    """

    text: str
    """Printable characters only: no control, bidirectional or invisible character, no newline."""
    raw: bytes = b""
    """What it was made from, whole, for the hex view and for copying; empty for our own words."""
    cut: int = 0
    """Characters left out of :attr:`text` at the end (they are still in :attr:`raw`)."""

    def __str__(self) -> str:
        return self.text

    def __len__(self) -> int:
        return len(self.text)

    def __bool__(self) -> bool:
        return bool(self.text)


def shown(raw: bytes | str, limit: int = DEFAULT_LIMIT) -> Shown:
    r"""Make a string from outside safe to show.

    Controls appear as ``\x1b``, bidirectional and invisible characters as ``‹U+202E›``, bytes that
    are no UTF-8 as ``\xff``. At most ``limit`` characters of the source are shown; what was cut
    is counted at the end (``… +123``).
    """
    if isinstance(raw, bytes):
        data, text = raw, raw.decode("utf-8", "backslashreplace")
    else:
        data, text = raw.encode("utf-8", "surrogatepass"), raw
    if len(text) <= limit and text.isascii() and text.isprintable():
        return Shown(text, data)
    cut = max(0, len(text) - limit)
    visible = _visible(text[:limit])
    return Shown(f"{visible}… +{cut}" if cut else visible, data, cut)


def say(template: str, /, *parts: Shown | int, **named: Shown | int) -> Shown:
    """Put a sentence of ours together with values that are already safe.

    ``template`` is a literal of this program in ``str.format`` style. The values are inserted as
    they are, never read as a template themselves. ``str`` values are not accepted: pass them
    through :func:`shown` first.
    """
    return Shown(_visible(template.format(*parts, **named) if parts or named else template))


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    out: list[str] = []
    marks = joined = 0
    for char in text:
        kind = "letter" if char == " " else _kind(char)
        if kind in ("letter", "hidden"):
            marks = joined = 0
        else:
            marks, joined = marks + (kind == "mark"), joined + 1
        if kind == "hidden" or marks > _COMBINING_RUN or joined > _JOINED_RUN:
            out.append(_escaped(char))
        else:
            out.append(char)
    return "".join(out)


@lru_cache(maxsize=4096)
def _kind(char: str) -> str:
    category = unicodedata.category(char)
    code = ord(char)
    if category in _HIDDEN or char in _BLANK:
        return "hidden"
    if any(code in span for span in (*_SELECTORS, *_UNSURE)):
        return "hidden"
    if category == "Mc" or any(code in span for span in _JOINED):
        return "joined"
    return "mark" if category in ("Mn", "Me") else "letter"


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"‹U+{code:04X}›"
