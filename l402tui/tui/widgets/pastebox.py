"""What did the person paste?

A field for any text, to be looked at until somebody begins to write in it. Only what is safe
reaches the terminal: pasted controls, escapes and direction marks are drawn by name
(:func:`~l402tui.protocol.text.shown`), a long text is cut, and one that turned out to be a secret
is hidden. :attr:`PasteBox.data` is what was really pasted.
"""

from __future__ import annotations

from typing import Final

from textual import events
from textual.message import Message
from textual.widgets import TextArea

from l402tui.protocol.text import Shown, say, shown

__all__ = ["PasteBox"]

_MOST: Final = 4_000
"""Characters of a pasted text that are drawn."""


class PasteBox(TextArea):
    """Paste, or type."""

    class Given(Message):
        """Another text stands in the box, or none."""

        def __init__(self, box: PasteBox, *, whole: bool) -> None:
            super().__init__()
            self.box = box
            self.whole = whole
            """It was put in as a whole, not typed."""

    def __init__(self, placeholder: str, id: str | None = None) -> None:
        super().__init__(
            placeholder=placeholder, id=id, compact=True, highlight_cursor_line=False,
            max_checkpoints=0, soft_wrap=False, read_only=True,
        )  # fmt: skip
        self.cursor_blink = False
        self._drawn = ""
        self._data = b""
        self._hidden = False

    @property
    def data(self) -> bytes:
        """The bytes that were given."""
        if self.text == self._drawn:
            return self._data
        return self.text.encode("utf-8", "surrogatepass")

    def give(self, data: bytes) -> None:
        """Put something in, in place of what is there."""
        self._data, self._hidden = data, False
        self._draw()
        self.post_message(self.Given(self, whole=True))

    def hide(self, hidden: bool) -> None:
        """Draw dots and a length in place of a secret, or the text again."""
        if hidden == self._hidden:
            return
        self._data, self._hidden = self.data, hidden
        self._draw()

    def on_focus(self) -> None:
        """All of the text, while it is worked on."""
        self.soft_wrap = True

    def on_blur(self) -> None:
        """Its first line, as a reminder."""
        self.read_only = True
        self.soft_wrap = False
        self.scroll_home(animate=False)

    def _draw(self) -> None:
        if self._hidden:
            self._drawn = _hidden(self._data).text
        else:
            self._drawn = _visible(self._data)
        self.read_only = self.read_only or self._hidden
        self.load_text(self._drawn)

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        # Into a text that is being typed it goes at the cursor; else it is a new text.
        if self.read_only or self._drawn == self.text or not self.text:
            self.paste(event.text)
        else:
            pasted = _lines(event.text).encode("utf-8", "surrogatepass")
            self._replace_via_keyboard(_visible(pasted), *self.selection)

    def paste(self, text: str) -> None:
        """Put a pasted text in, in place of what is there."""
        self.give(_lines(text).encode("utf-8", "surrogatepass"))

    def write(self) -> None:
        """From now on what is typed goes in here, until the focus goes elsewhere."""
        self.read_only = False
        self.focus()

    async def _on_key(self, event: events.Key) -> None:
        if self.read_only and event.key == "enter" and not self._hidden:
            event.stop()
            event.prevent_default()
            self.write()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Something was typed."""
        event.stop()
        if self.text != self._drawn:
            self.post_message(self.Given(self, whole=False))


def _lines(text: str) -> str:
    """Terminals send a pasted line's end as the Enter key."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _visible(data: bytes) -> str:
    """The text line by line, without anything a terminal would obey."""
    text = data.decode("utf-8", "backslashreplace")
    lines = text[:_MOST].replace("\r\n", "\n").split("\n")
    drawn = "\n".join(shown(line, _MOST).text for line in lines)
    cut = len(text) - _MOST
    return f"{drawn}\n{say('… and {} characters more', cut)}" if cut > 0 else drawn


def _hidden(data: bytes) -> Shown:
    return say("‹a secret: {} characters›  m shows it", len(data))
