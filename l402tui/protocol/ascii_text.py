"""How does a safe text look where only ASCII can be shown?

Our own sentences keep their meaning: typographic characters become their plain forms. What came
from outside is not rewritten but escaped, character by character, so that nothing of it is lost and
nothing of it can pass for ours.
"""

from __future__ import annotations

from typing import Final

from l402tui.protocol.text import Shown

__all__ = ["in_ascii"]

_PLAIN: Final = {
    "…": "...",
    "‹": "<",
    "›": ">",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "–": "-",
    "—": "-",
    "→": "->",
    "←": "<-",
    "×": "x",
    "·": ".",
    "•": "*",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "−": "-",
    "√": "ok",
    "✓": "ok",
    "✗": "x",
}


def in_ascii(text: Shown) -> str:
    """The text in printable ASCII."""
    if text.text.isascii():
        return text.text
    if not text.raw:
        return "".join(char if char.isascii() else _ours(char) for char in text.text)
    source = text.raw.decode("utf-8", "backslashreplace")
    kept = source[: len(source) - text.cut]
    escaped = "".join(char if " " <= char <= "~" else _escaped(char) for char in kept)
    return f"{escaped}... +{text.cut}" if text.cut else escaped


def _ours(char: str) -> str:
    return _PLAIN.get(char) or _escaped(char)


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0xA0 else f"<U+{code:04X}>"
