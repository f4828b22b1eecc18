"""Which preimage proves this payment?

A field in which nothing can be read, because a preimage is as good as cash. What is typed is held
against the payment hash here; only one that fits leaves this question.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from l402tui.flow.endings import money
from l402tui.flow.model import Intent
from l402tui.protocol.credential import preimage_matches, read_preimage
from l402tui.protocol.errors import CredentialError
from l402tui.protocol.masking import shown_url
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.tui.words import join, plain, styled

__all__ = ["BringPreimage"]

_HOW = say(
    "Your wallet shows it in the payment's details. Only one whose SHA-256 is the payment hash is "
    "taken. Nothing is sent and nothing is paid by this."
)


class BringPreimage(ModalScreen[Secret | None]):
    """The preimage; None where none was brought."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(self, intent: Intent) -> None:
        super().__init__()
        self._intent = intent

    def compose(self) -> ComposeResult:
        """What for, the field, and two answers."""
        request = self._intent.request
        what = say(
            "{} for {} {}",
            money(self._intent.amount),
            shown(request.method),
            shown_url(request.url, 200),
        )
        digest = say("hash {}", shown(self._intent.payment_hash.hex()))
        with Vertical(classes="box wide") as box:
            box.border_title = Content("The preimage of this payment?")
            yield Static(
                join(plain(what), styled(digest, "$secondary"), styled(_HOW, "$secondary")),
                markup=False,
            )
            field = Input(
                placeholder="64 hex digits; nothing of it is shown", password=True, id="preimage",
                max_length=200, compact=True,
            )  # fmt: skip
            field.cursor_blink = False
            yield field
            yield Static("", markup=False, id="word")
            with Horizontal(classes="buttons"):
                yield Button(Content("Cancel"), id="no", compact=True)
                yield Button(Content("Check and keep it (Enter)"), id="yes", compact=True)

    def on_mount(self) -> None:
        """Whoever comes here wants to type; what is typed can cost nothing."""
        self.app.clear_notifications()
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        event.stop()
        self._check()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """By button."""
        if event.button.id == "yes":
            self._check()
        else:
            self.dismiss(None)

    def action_leave(self) -> None:
        """None was brought."""
        self.dismiss(None)

    def _check(self) -> None:
        field = self.query_one(Input)
        try:
            preimage = read_preimage(field.value)
        except CredentialError as error:
            why = shown(error.why)
            self._tell(say("This is no preimage: {}. Nothing was changed.", why))
            return
        field.value = ""
        if preimage_matches(preimage, self._intent.payment_hash):
            self.dismiss(preimage)
        else:
            self._tell(
                say(
                    "Not taken: this is not the preimage of this payment: its SHA-256 is another "
                    "hash. Nothing was changed, and nothing was paid."
                )
            )

    def _tell(self, sentence: Shown) -> None:
        word = self.query_one("#word", Static)
        word.update(styled(sentence, "$text-warning"))
        word.add_class("told")
