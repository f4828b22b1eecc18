"""Which request is it?

Method and address in one line. ``POST https://...`` typed into the field changes the method.
"""

from __future__ import annotations

from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from l402tui.flow.model import Request
from l402tui.protocol.text import shown
from l402tui.protocol.url import UrlError
from l402tui.wiring import request_of

__all__ = ["AddressBar"]

# A pasted text must not carry anything to the terminal that the terminal obeys.
_VISIBLE: Final = r"[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*"


class AddressBar(Horizontal):
    """The request line."""

    class Entered(Message):
        """The person pressed Enter in the field."""

    class Edited(Message):
        """Another address stands in the field."""

    def compose(self) -> ComposeResult:
        """Method, field."""
        yield Static("GET", markup=False, id="method")
        field = Input(
            placeholder="https://...   or   POST https://...", compact=True, id="url",
            select_on_focus=False, max_length=8_000, restrict=_VISIBLE,
        )  # fmt: skip
        field.cursor_blink = False
        yield field

    @property
    def field(self) -> Input:
        """Where the address is typed."""
        return self.query_one("#url", Input)

    def set(self, url: str) -> None:
        """Fill the field in."""
        self.field.value = shown(url, 8_000).text
        self.field.cursor_position = 0

    def request(self) -> Request:
        """The request as it stands there. Raises UrlError."""
        typed = self.field.value.strip()
        method, blank, rest = typed.partition(" ")
        if blank and method.isascii() and method.isalpha():
            typed = rest.strip()
        else:
            method = "GET"
        if typed and "://" not in typed:
            raise UrlError("it must begin with http:// or https://")
        return request_of(typed, method)

    def on_input_changed(self, event: Input.Changed) -> None:
        """The method stands before the field."""
        event.stop()
        method, blank, _ = event.value.strip().partition(" ")
        named = blank and method.isascii() and method.isalpha()
        word = shown(method.upper() if named else "GET", 10)
        self.query_one("#method", Static).update(Content(word.text))
        self.post_message(self.Edited())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter sends."""
        event.stop()
        self.post_message(self.Entered())
