"""What exactly?

A few fields below what there is to know about them. An answer is held against the rules here, and
what does not keep them is refused in place, with the reason; so nothing that was typed is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from l402tui.protocol.text import Shown, say, shown
from l402tui.tui.rhythm import Rhythm
from l402tui.tui.words import join, plain, styled

__all__ = ["Field", "Fill", "Filled"]

_LABEL = 10
"""Cells of a field's name."""
_LONGEST = 8_000


@dataclass(frozen=True, slots=True)
class Field:
    """Something to be typed. Name, label and hint are literals of this program."""

    name: str
    label: str
    value: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """What was typed, and with which answer."""

    answer: str
    values: dict[str, str] = field(repr=False)


class Fill(ModalScreen[Filled | None]):
    """None: nothing is to be done."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(
        self,
        title: str,
        about: Iterable[Shown],
        fields: Sequence[Field],
        answers: Sequence[tuple[str, str]],
        check: Callable[[str, dict[str, str]], Shown | None],
        *,
        rhythm: Rhythm | None = None,
    ) -> None:
        """``answers`` are names with the words on their buttons, literals all; Enter is the first.
        ``check`` says why an answer is not taken. With a ``rhythm`` an Enter that may be the end of
        a pasted text is none."""
        super().__init__()
        self._title, self._about = title, tuple(about)
        self._fields, self._answers, self._check = fields, answers, check
        self._rhythm = rhythm

    def compose(self) -> ComposeResult:
        """What there is to know, the fields, the answers."""
        with Vertical(classes="box wide") as box:
            box.border_title = Content(self._title)
            with VerticalScroll(classes="about", can_focus=False):
                yield Static(join(*map(plain, self._about)), markup=False)
            for one in self._fields:
                with Horizontal(classes="field"):
                    yield Static(Content(f"{one.label:<{_LABEL}}"), markup=False)
                    typed = Input(
                        shown(one.value, _LONGEST).text, placeholder=one.hint, compact=True,
                        id=f"field-{one.name}", max_length=_LONGEST, select_on_focus=False,
                    )  # fmt: skip
                    typed.cursor_blink = False
                    yield typed
            yield Static("", markup=False, id="word")
            with Horizontal(classes="buttons"):
                yield Button(Content("Cancel"), id="no", compact=True)
                for name, label in self._answers:
                    yield Button(Content(label), id=f"answer-{name}", compact=True)

    def on_mount(self) -> None:
        """Whoever comes here wants to type."""
        self.app.clear_notifications()
        fields = self.query(Input)
        if fields:
            fields.first().focus()
        else:
            self.query_one("#no").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        event.stop()
        if self._rhythm is not None and self._rhythm.pasted:
            self._tell(say("That Enter may belong to a pasted text; nothing was done. Again?"))
        else:
            self._answer(self._answers[0][0])

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """One of the answers."""
        name = event.button.id or ""
        if name == "no":
            self.dismiss(None)
        else:
            self._answer(name.removeprefix("answer-"))

    def action_leave(self) -> None:
        """Nothing is to be done."""
        self.dismiss(None)

    def _answer(self, answer: str) -> None:
        values = {
            one.name: self.query_one(f"#field-{one.name}", Input).value.strip()
            for one in self._fields
        }
        refusal = self._check(answer, values)
        if refusal is None:
            self.dismiss(Filled(answer, values))
        else:
            self._tell(refusal)

    def _tell(self, sentence: Shown) -> None:
        word = self.query_one("#word", Static)
        word.update(styled(sentence, "$text-warning"))
        word.add_class("told")
