"""Shall this payment be given up?

What may be lost by it, and a word to type: there is no key that does it by itself, and nothing that
is pasted is taken for the word. Cancel has the focus.
"""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from l402tui.flow.endings import money
from l402tui.flow.model import Intent
from l402tui.protocol.masking import shown_url
from l402tui.protocol.text import Shown, say, shown
from l402tui.tui.rhythm import DEAF, Rhythm
from l402tui.tui.words import join, plain, styled

__all__ = ["GiveUp"]

_WORD: Final = "give up"


class _Typed(Input):
    """A field into which nothing can be pasted."""

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()


class GiveUp(ModalScreen[bool]):
    """True: the person typed the word."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(self, intent: Intent, losses: Shown, rhythm: Rhythm) -> None:
        """``losses`` says what exactly may be lost."""
        super().__init__()
        self._intent = intent
        self._losses = losses
        self._rhythm = rhythm
        self._opened = rhythm.now()

    def compose(self) -> ComposeResult:
        """The question, what may be lost, the word, the answers."""
        request = self._intent.request
        first = say(
            "Give up the payment of {} for {} {}?",
            money(self._intent.amount),
            shown(request.method),
            shown_url(request.url, 200),
        )
        how = say("Type {} below to do it.", Shown(_WORD))
        with Vertical(classes="box wide") as box:
            box.border_title = Content("Give it up?")
            yield Static(
                join(styled(first, "bold"), plain(self._losses), styled(how, "$secondary")),
                markup=False,
            )
            field = _Typed(id="typed", max_length=20, compact=True)
            field.cursor_blink = False
            yield field
            yield Static("", markup=False, id="word")
            with Horizontal(classes="buttons"):
                yield Button(Content("Cancel"), id="no", compact=True)
                yield Button(Content("Give it up"), id="yes", compact=True)

    def on_mount(self) -> None:
        """Cancel has the focus."""
        self.app.clear_notifications()
        self.query_one("#no").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the field."""
        event.stop()
        self._want()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """One of the two."""
        if event.button.id == "yes":
            self._want()
        else:
            self.dismiss(False)

    def action_leave(self) -> None:
        """No."""
        self.dismiss(False)

    def _want(self) -> None:
        field = self.query_one("#typed", Input)
        if self._rhythm.pasted or self._rhythm.now() - self._opened < DEAF:
            field.value = ""
            self._tell(say("That came too fast to be read; nothing was done."))
        elif field.value.strip().lower() != _WORD:
            field.focus()
            self._tell(say("Type {} to do it. Nothing was done.", Shown(_WORD)))
        else:
            self.dismiss(True)

    def _tell(self, sentence: Shown) -> None:
        word = self.query_one("#word", Static)
        word.update(styled(sentence, "$text-warning"))
        word.add_class("told")
