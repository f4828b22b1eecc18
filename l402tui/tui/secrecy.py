"""What must not be in a picture?

Somebody who takes one shows it around. Fields and panes that show a secret because the person asked
for it go back to masks first.
"""

from __future__ import annotations

from typing import Any

from textual.screen import Screen
from textual.widgets import Input

from l402tui.tui.screens.looking import Looking

__all__ = ["mask_secrets"]


def mask_secrets(screen: Screen[Any]) -> bool:
    """Mask what this screen shows; whether there was anything."""
    found = False
    if isinstance(screen, Looking) and not screen.masked:
        screen.do_secrets()
        found = True
    for field in screen.query("#preimage").results(Input):
        found = found or bool(field.value and not field.password)
        field.password = True
    return found
