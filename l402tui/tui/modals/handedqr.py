"""How does a phone take the credential over?

As a QR code, as large as it fits. Whoever sees it can use it, so it says so, and a picture of the
screen shows none of it.
"""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from l402tui.protocol.qr import Matrix, cells, encode
from l402tui.protocol.qr import Style as QrStyle
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.tui.delivery import save_picture
from l402tui.tui.widgets.qrcode import QrCode, fitting
from l402tui.tui.words import join, plain, styled

__all__ = ["HandedQr"]

_WORDS_WIDE = 30
"""Columns beside the code."""
_ABOUT = say("The whole credential. Whoever photographs it can use it, and nobody can tell.")


class HandedQr(ModalScreen[None]):
    """One credential as a picture."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q", "leave", "close")]

    def __init__(self, credential: Secret, kept: Shown) -> None:
        """``kept`` says where it was written down."""
        super().__init__()
        self._credential, self._kept = credential, kept
        self._matrix: Matrix | None = None
        self.masked = False

    def compose(self) -> ComposeResult:
        """Picture on the left, words on the right."""
        with Horizontal():
            yield QrCode(id="code")
            with Vertical(id="beside"):
                with VerticalScroll(id="facts", can_focus=False):
                    about = join(styled(_ABOUT, "$text-warning"), plain(self._kept))
                    yield Static(about, markup=False)
                    yield Static(markup=False, id="fit")
                    yield Static(markup=False, id="word")
                with Horizontal(classes="buttons"):
                    yield Button(Content("Close (Esc)"), id="close", compact=True)
                    yield Button(Content("Save as file"), id="save", compact=True)

    def on_mount(self) -> None:
        """Draw the code as soon as it is made."""
        self.app.clear_notifications()
        self.query_one("#close").focus()
        self._make()

    @work(thread=True)
    def _make(self) -> None:
        # In a thread: long credentials take tens of milliseconds.
        try:
            matrix = encode(self._credential.reveal().decode(), exact=True)
        except ValueError:
            matrix = ()
        self.app.call_from_thread(self._made, matrix)

    def _made(self, matrix: Matrix) -> None:
        self._matrix = matrix
        self._place()

    def on_resize(self) -> None:
        """It may fit now, or no longer."""
        self._place()

    def do_secrets(self) -> None:
        """Take the code away, before a picture is taken."""
        self.masked = True
        self._place()

    def _place(self) -> None:
        if self._matrix is None:
            return
        style = self._style() if not self.masked else None
        self.query_one(QrCode).show(self._matrix or None, style)
        self.query_one("#fit", Static).update(styled(self._fit(style), "bold"))

    def _style(self) -> QrStyle | None:
        if not self._matrix:
            return None
        return fitting(self._matrix, self.size.width - _WORDS_WIDE, self.size.height)

    def _fit(self, style: QrStyle | None) -> Shown:
        if self.masked:
            return say("The code was taken away for the picture.")
        if not self._matrix:
            return say("It is too long for a QR code.")
        if style is QrStyle.SEXTANTS:
            return say("Boxes instead of a code? Enlarge the terminal, or save it as a file.")
        if style is not None:
            return Shown("")
        wide, high = cells(self._matrix, QrStyle.SEXTANTS)
        return say(
            "The code does not fit: it needs {} columns and {} rows. Enlarge the terminal, or save "
            "it as a file.",
            wide + _WORDS_WIDE,
            high,
        )

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Save or close."""
        if event.button.id == "save" and self._matrix:
            self._tell(self._saved(self._matrix))
        else:
            self.dismiss(None)

    def _saved(self, matrix: Matrix) -> Shown:
        try:
            path = save_picture(matrix)
        except OSError as error:
            return say("It cannot be saved: {}.", shown(error.strerror or "no reason given"))
        return say("Saved for you alone: {}", shown(str(path)))

    def _tell(self, sentence: Shown) -> None:
        self.query_one("#word", Static).update(styled(sentence, "bold"))

    def action_leave(self) -> None:
        """Close it."""
        self.dismiss(None)
