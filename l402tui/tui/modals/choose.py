"""Which of these?

A short list to choose from: what to copy, which mistake of the practice server to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from l402tui.protocol.text import Shown
from l402tui.tui.words import hanging, plain

__all__ = ["Choice", "Choose"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the list."""

    name: str
    """What :class:`Choose` answers."""
    label: Shown
    about: Shown


class Choose(ModalScreen[str | None]):
    """The chosen name, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q", "leave", "close")]

    def __init__(self, title: str, choices: Sequence[Choice], *, one_line: bool = False) -> None:
        """``one_line``: what does not fit into its line is cut."""
        super().__init__()
        self._title, self._choices, self._one_line = title, choices, one_line

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical(classes="box wide") as box:
            box.border_title = Content(self._title)
            box.border_subtitle = Content("Enter chooses, Esc closes")
            wide = max((len(one.label) for one in self._choices), default=0)
            room = 10_000 if self._one_line else min(78, self.app.size.width) - 6
            options = [_option(one, wide, room) for one in self._choices]
            yield OptionList(*options, compact=True, classes="lines" if self._one_line else "")

    def on_mount(self) -> None:
        """No note over the list."""
        self.app.clear_notifications()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        self.dismiss(event.option.id)

    def action_leave(self) -> None:
        """None of these."""
        self.dismiss(None)


def _option(choice: Choice, wide: int, room: int) -> Option:
    head = Content.assemble(plain(choice.label), " " * (wide - len(choice.label) + 2))
    return Option(hanging(head, choice.about, "$secondary", room), id=choice.name)
