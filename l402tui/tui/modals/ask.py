"""Really?

A question of ours with two answers. The safe one has the focus, and Esc means it too.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from l402tui.protocol.text import Shown
from l402tui.tui.words import plain

__all__ = ["Ask"]


class Ask(ModalScreen[bool]):
    """True: the person chose to go on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,n", "answer(False)", show=False),
        Binding("y", "answer(True)", show=False),
    ]

    def __init__(self, title: str, question: Shown, yes: str, no: str) -> None:
        """``title``, ``yes`` and ``no`` are literals of this program."""
        super().__init__()
        self._title, self._question, self._yes, self._no = title, question, yes, no

    def compose(self) -> ComposeResult:
        """The question and the two buttons."""
        with Vertical(classes="box") as box:
            box.border_title = Content(self._title)
            yield Static(plain(self._question), markup=False)
            with Horizontal(classes="buttons"):
                yield Button(Content(self._no), id="no", compact=True)
                yield Button(Content(f"{self._yes} (y)"), id="yes", compact=True)

    def on_mount(self) -> None:
        """The safe answer first, and no note over the answers."""
        self.app.clear_notifications()
        self.query_one("#no").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """One of the two."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """By key."""
        self.dismiss(yes)
