"""Really?

A question of ours with two answers. The safe one has the focus, and Esc means it too. Where a yes
makes something leave, the first moment is deaf, and nothing pasted is taken for a yes.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from l402tui.protocol.text import Shown, say
from l402tui.tui.rhythm import DEAF, Rhythm
from l402tui.tui.words import plain, styled

__all__ = ["Ask"]


class Ask(ModalScreen[bool]):
    """True: the person chose to go on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,n", "answer(False)", show=False),
        Binding("y", "answer(True)", show=False),
    ]

    def __init__(
        self, title: str, question: Shown, yes: str, no: str, *, rhythm: Rhythm | None = None
    ) -> None:
        """``title``, ``yes`` and ``no`` are literals of this program. With a ``rhythm`` a yes that
        came too fast to be meant is none."""
        super().__init__()
        self._title, self._question, self._yes, self._no = title, question, yes, no
        self._rhythm = rhythm
        self._opened = rhythm.now() if rhythm is not None else 0.0

    def compose(self) -> ComposeResult:
        """The question and the two buttons."""
        with Vertical(classes="box") as box:
            box.border_title = Content(self._title)
            yield Static(plain(self._question), markup=False)
            yield Static("", markup=False, id="word")
            with Horizontal(classes="buttons"):
                yield Button(Content(self._no), id="no", compact=True)
                yield Button(Content(f"{self._yes} (y)"), id="yes", compact=True)

    def on_mount(self) -> None:
        """The safe answer first, and no note over the answers."""
        self.app.clear_notifications()
        self.query_one("#no").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """One of the two."""
        self.action_answer(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """By key."""
        if yes and self._early():
            told = say("That came too fast to be read; nothing was done. Press y again.")
            word = self.query_one("#word", Static)
            word.update(styled(told, "$text-warning"))
            word.add_class("told")
        else:
            self.dismiss(yes)

    def _early(self) -> bool:
        rhythm = self._rhythm
        return rhythm is not None and (rhythm.now() - self._opened < DEAF or rhythm.pasted)
