"""How does another wallet pay it, and how does the proof come back?

The checked invoice as a QR code, and a field for the preimage, which is accepted only if its
SHA-256 is the payment hash. Ten seconds before the invoice expires the code goes away. Esc closes
the picture; the flow goes on waiting.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from l402tui.flow.moves import EXPIRY_MARGIN
from l402tui.flow.ports import Clock
from l402tui.protocol.amount import format_msat
from l402tui.protocol.credential import preimage_matches, read_preimage
from l402tui.protocol.errors import CredentialError
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.qr import Matrix, cells, encode, svg
from l402tui.protocol.qr import Style as QrStyle
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.tui.modals.ask import Ask
from l402tui.tui.widgets.qrcode import QrCode, fitting
from l402tui.tui.words import countdown, join, plain, styled
from l402tui.wiring import NotPaid

__all__ = ["Brought", "InvoiceModal"]

_HIDING = say(
    "Before you pay: many wallets do not show the preimage. Without it nothing proves your payment "
    "here. Look in your wallet's payment details first."
)


@dataclass(frozen=True, slots=True)
class Brought:
    """What the person brought: a preimage that fits, their word that they did not pay, or None
    where they stop waiting."""

    answer: Secret | NotPaid | None


class InvoiceModal(ModalScreen[Brought | None]):
    """The invoice as a picture. The result is None where it was only closed."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "close")]

    def __init__(
        self, invoice: Invoice, clock: Clock, *, asking: bool, typing: bool = False
    ) -> None:
        """``asking``: a preimage is waited for; ``typing``: begin in its field."""
        super().__init__()
        self._invoice = invoice
        self._clock = clock
        self._asking = asking
        self._typing = typing
        self._matrix: Matrix | None = None

    def compose(self) -> ComposeResult:
        """Picture on the left, facts and field on the right."""
        with Horizontal(id="invoice"):
            yield QrCode(id="code")
            with Vertical(id="beside"):
                with VerticalScroll(id="facts", can_focus=False):
                    yield Static(markup=False, id="left")
                    yield Static(join(*self._facts()), markup=False)
                    yield Static(markup=False, id="fit")
                    yield Static(markup=False, id="word")
                if self._asking:
                    field = Input(
                        placeholder="preimage: 64 hex characters", id="preimage", max_length=200,
                        compact=True,
                    )  # fmt: skip
                    field.cursor_blink = False
                    yield field
                with Horizontal(classes="buttons"):
                    yield Button(Content("Close (Esc)"), id="close", compact=True)
                    yield Button(Content("Save as file"), id="save", compact=True)
                    if self._asking:
                        yield Button(Content("I did not pay"), id="unpaid", compact=True)
                        yield Button(Content("Stop waiting"), id="stop", compact=True)

    def on_mount(self) -> None:
        """Draw the code as soon as it is made."""
        self.app.clear_notifications()
        self.query_one("#preimage" if self._typing and self._asking else "#close").focus()
        self.set_interval(1.0, self._tick)
        self._tick()
        self._make()

    @work(thread=True)
    def _make(self) -> None:
        # In a thread: long invoices take tens of milliseconds.
        try:
            matrix = encode(self._invoice.text)
        except ValueError:
            matrix = ()
        self.app.call_from_thread(self._made, matrix)

    def _made(self, matrix: Matrix) -> None:
        self._matrix = matrix
        self._place()

    def on_resize(self, event: events.Resize) -> None:
        """It may fit now, or no longer."""
        self._place()

    # --- the picture ---------------------------------------------------------------------------

    @property
    def _left(self) -> float:
        return self._invoice.expires_at - self._clock.now()

    def _place(self) -> None:
        if self._matrix is None:
            return
        code = self.query_one(QrCode)
        style = self._style()
        if self._left <= EXPIRY_MARGIN:
            code.show(None, None)
            self.query_one("#fit", Static).update("")
            self._tell(say("The invoice runs out; do not pay it any more. Run again."))
            return
        code.show(self._matrix, style)
        self.query_one("#fit", Static).update(styled(self._fit(style), "bold"))

    def _fit(self, style: QrStyle | None) -> Shown:
        if style is QrStyle.HALF_BLOCKS:
            return Shown("")
        if style is QrStyle.SEXTANTS:
            return say("Boxes instead of a code? Enlarge the terminal, or save it as a file.")
        if not self._matrix:
            return say("This invoice is too long for a QR code. Save it as a file.")
        wide, high = cells(self._matrix, QrStyle.SEXTANTS)
        return say(
            "The code does not fit: it needs {} columns, {} rows. Make the terminal larger, or "
            "save it as a file.",
            wide + self._words_wide,
            high,
        )

    def _style(self) -> QrStyle | None:
        if not self._matrix:
            return None
        return fitting(self._matrix, self.size.width - self._words_wide, self.size.height)

    @property
    def _words_wide(self) -> int:
        return 34 if self.size.width < 110 else 44

    def _tick(self) -> None:
        style = "bold $text-warning" if self._left < 60 else "bold"
        told = say("Expires in {}", countdown(self._left))
        self.query_one("#left", Static).update(styled(told, style))
        if self._left <= EXPIRY_MARGIN:
            self._place()

    def _facts(self) -> Iterator[Content]:
        invoice = self._invoice
        if invoice.amount is not None:
            amount = shown(format_msat(invoice.amount))
            msat = shown(f"{invoice.amount:,}".replace(",", " "))
            yield styled(say("{} ({} msat)", amount, msat), "bold $accent")
        network = say("on {}", shown(invoice.network.word))
        yield styled(network, "$secondary")
        payee, digest = invoice.payee.hex(), invoice.payment_hash.hex()
        yield plain(say("payee {}..{}", shown(payee[:10]), shown(payee[-6:])))
        yield plain(say("hash  {}..{}", shown(digest[:10]), shown(digest[-6:])))
        if self._asking:
            yield Content("")
            yield styled(_HIDING, "$text-warning")
        else:
            yield styled(say("The wallet of this session pays it by itself."), "$secondary")

    def _tell(self, sentence: Shown, style: str = "bold") -> None:
        self.query_one("#word", Static).update(styled(sentence, style))
        self.query_one("#facts", VerticalScroll).scroll_end(animate=False)

    # --- the proof -----------------------------------------------------------------------------

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Check it here, before anything leaves."""
        event.stop()
        try:
            preimage = read_preimage(event.value)
        except CredentialError:
            self._tell(say("A preimage is 64 hex characters (0-9, a-f). Nothing was sent."))
            return
        if not preimage_matches(preimage, self._invoice.payment_hash):
            self._tell(
                say(
                    "This is not the preimage of this invoice: its SHA-256 is another hash. "
                    "Nothing was sent."
                )
            )
            return
        event.input.value = ""
        self.dismiss(Brought(preimage))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Close, save or stop."""
        match event.button.id:
            case "save":
                self._save()
            case "unpaid":
                self.app.push_screen(_sure(), self._unpaid)
            case "stop":
                self.dismiss(Brought(None))
            case _:
                self.dismiss(None)

    def _unpaid(self, sure: bool | None) -> None:
        if sure:
            self.dismiss(Brought(NotPaid.SURE))

    def action_leave(self) -> None:
        """Close the picture; the flow goes on."""
        self.dismiss(None)

    def _save(self) -> None:
        if self._left <= EXPIRY_MARGIN:
            self._tell(say("The invoice has run out; it is not saved."))
            return
        try:
            folder = save(self._invoice, self._matrix or None)
        except OSError as error:
            self._tell(say("It cannot be saved: {}.", shown(error.strerror or "no reason given")))
            return
        names = " and ".join(sorted(path.name for path in folder.iterdir()))
        told = say("Saved for you alone: {} in {}", Shown(names), shown(str(folder)))
        self._tell(told)


def _sure() -> Ask:
    told = say(
        "You are believed, because nobody else knows: the payment is given up here. If your wallet "
        "pays this invoice all the same, what you paid for is lost."
    )
    return Ask("You did not pay?", told, "I did not, and will not", "Go back")


def save(invoice: Invoice, matrix: Matrix | None) -> Path:
    """Write the invoice as text, and as a picture where there is one, into a new folder that only
    this user can read. Raises OSError."""
    folder = Path(tempfile.mkdtemp(prefix="l402tui-invoice-"))
    _write(folder / "invoice.txt", invoice.text + "\n")
    if matrix:
        _write(folder / "invoice.svg", svg(matrix))
    return folder


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
