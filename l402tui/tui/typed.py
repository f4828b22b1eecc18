"""What may reach a field from the keyboard and the clipboard?

Textual's fields draw what they are given. So a line that is pasted into one is made visible first,
like anything else from outside, and a key that brings a character nobody can see is no key: a
terminal without bracketed paste sends a pasted text as keys. The box of the inspector takes what is
pasted as it is, and makes it safe by itself.
"""

from __future__ import annotations

from typing import Any

from textual import events
from textual.app import App
from textual.events import Event
from textual.widgets import Input

from l402tui.protocol.text import shown

__all__ = ["Sieve"]


class Sieve:
    """Between the terminal and the fields."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._run = ""

    def passes(self, event: Event) -> bool:
        """Whether to go on with this event. What is pasted into an :class:`Input` is changed to
        what may be drawn: its first line, which is all that the field takes."""
        if isinstance(event, events.Key) and event.is_printable and event.character is not None:
            return self._visible(event.character)
        if isinstance(event, events.Paste) and isinstance(self._app.focused, Input):
            first = event.text.replace("\r", "\n").partition("\n")[0]
            event.text = shown(first, len(first)).text
        return True

    def _visible(self, character: str) -> bool:
        # Of marks that are drawn onto the character before, only so many are let through.
        before = self._run if character and not character.isascii() else ""
        if shown(before + character).text != before + character:
            return False
        self._run = (before + character)[-4:]
        return True
