"""What does it look like?

One dark theme of our own, calm and with few colours; on terminals with 16 colours Textual's
``ansi-dark``. Colour never carries a meaning alone: there is a word beside it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from textual.theme import Theme

__all__ = ["L402", "NARROW", "SHORT", "theme_for"]

NARROW: Final = 64
"""Columns below which dialogs put one answer a line."""
SHORT: Final = 18
"""Rows below which only what matters most is drawn."""

L402: Final = Theme(
    name="l402",
    primary="#8fb8de",
    secondary="#9aa5b1",
    accent="#f2b84b",
    warning="#e5a33d",
    error="#e06c6c",
    success="#7fc98f",
    foreground="#d7dde3",
    background="#12161b",
    surface="#171c22",
    panel="#232a32",
    boost="#2a323b",
    dark=True,
    variables={
        "border": "#5b6b7a",
        "border-blurred": "#38424c",
        "input-selection-background": "#8fb8de 35%",
        "scrollbar": "#38424c",
        "scrollbar-hover": "#5b6b7a",
        "scrollbar-active": "#8fb8de",
        "scrollbar-background": "#171c22",
        "block-cursor-background": "#2f4257",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#232a32",
        "block-cursor-blurred-foreground": "#d7dde3",
    },
)


def theme_for(environ: Mapping[str, str] = os.environ) -> str:
    """The theme's name for this terminal."""
    term = environ.get("TERM", "")
    many = environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or "256" in term
    few = term in ("linux", "vt100", "vt220", "ansi", "xterm-color", "screen")
    return "ansi-dark" if few and not many else L402.name
