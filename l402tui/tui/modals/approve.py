"""May this be paid?

Everything that matters about one payment, as it was checked, and three answers: Cancel, which has
the focus; Esc, which closes the question without an answer; and paying. A yes holds for the digest
of exactly what is shown here. The first moment is deaf, and nothing pasted is taken for a yes.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from itertools import chain, repeat
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Button, Static

from l402tui.flow.findings import Finding, Severity
from l402tui.flow.model import Quote
from l402tui.flow.moves import EXPIRY_MARGIN
from l402tui.flow.ports import Clock
from l402tui.protocol.amount import format_msat
from l402tui.protocol.masking import shown_url
from l402tui.protocol.text import Shown, say, shown
from l402tui.tui.keymap import Where, bindings
from l402tui.tui.money import budget, fee_part
from l402tui.tui.rhythm import DEAF, Rhythm
from l402tui.tui.theme import NARROW, SHORT
from l402tui.tui.words import countdown, hanging, join, styled

__all__ = ["Approve", "Verdict"]

_STYLES = {
    Severity.PASS: "$text-success",
    Severity.INFO: "$secondary",
    Severity.WARN: "$text-warning",
    Severity.ASK: "$text-warning",
    Severity.BLOCK: "$text-error",
}
_QUIET = 0.15
"""Seconds without another key after which a yes is a yes."""


class Verdict(Enum):
    """What the person said."""

    PAY = "pay"
    CANCEL = "cancel"
    LATER = "later"


class Approve(ModalScreen[Verdict]):
    """The payment question."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(Where.APPROVAL),
        ("escape,q", "later", "look first"),
        ("left", "app.focus_previous"),
        ("right", "app.focus_next"),
        ("up", "roll(-1)"),
        ("down", "roll(1)"),
        ("pageup", "roll(-8)"),
        ("pagedown", "roll(8)"),
    ]

    def __init__(
        self,
        quote: Quote,
        findings: tuple[Finding, ...],
        clock: Clock,
        rhythm: Rhythm,
        *,
        step: bool,
    ) -> None:
        """``step``: a yes does not pay at once, the next step does."""
        super().__init__()
        self._step = step
        self.quote = quote
        self._findings = findings
        self._clock = clock
        self._rhythm = rhythm
        self._opened = float("inf")
        self._armed: Timer | None = None

    # --- what it shows -------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """The bill, the checks, the answers."""
        amount = format_msat(self.quote.amount)
        with Vertical(classes="box wide", id="approve") as box:
            box.border_title = Content(f"Pay {amount}?")
            with VerticalScroll(id="bill", can_focus=False):
                yield Static(markup=False, id="rows")
                yield Static(markup=False, id="expiry")
                yield Static(markup=False, id="checks")
            yield Static("", markup=False, id="word")
            with Horizontal(classes="buttons"):
                yield Button(Content("Cancel"), id="no", compact=True)
                yield Button(Content("Look first (Esc)"), id="later", compact=True)
                yes = f"{self.yes_word}{'' if self._external else ' ' + amount} (type y)"
                yield Button(Content(yes), id="yes", compact=True)

    @property
    def _external(self) -> bool:
        return not self.quote.wallet.proves_payment

    @property
    def yes_word(self) -> str:
        """What a yes does, in a word or two for the button and the key bar."""
        if self._external:
            return "Show invoice"
        return "Approve" if self._step else "Pay"

    def _what_yes_does(self) -> Shown:
        if self._external:
            return say("y shows the invoice.")
        return say("y approves; the next step pays." if self._step else "y pays.")

    def on_mount(self) -> None:
        """Cancel has the focus, and the first moment is deaf."""
        self.query_one("#no").focus()
        self._opened = self._rhythm.now()
        self.app.clear_notifications()
        told = say("{} Enter presses the focused button: Cancel.", self._what_yes_does())
        self.query_one("#word", Static).update(styled(told, "$secondary"))
        self.set_interval(1.0, self._tick)
        self.on_resize()

    def on_resize(self) -> None:
        """Lines break where the box ends, and the answers stay in view."""
        self._make_room()
        self.query_one("#rows", Static).update(join(*self._rows()))
        self.query_one("#checks", Static).update(join(*self._checks()))
        self._tick()

    def _make_room(self) -> None:
        # The classes of these names come after the first resize.
        narrow, short = self.size.width < NARROW, self.size.height < SHORT
        around = 2 + (3 if narrow else 1)  # the border and the answers
        if not short:
            around += 5  # our own words and the blank above; money line and keys below the box
        elif self.query_one("#word").has_class("told"):
            around += 2
        bill = self.query_one("#bill", VerticalScroll)
        bill.styles.max_height = max(1, self.size.height - around)

    def _row(self, name: str, value: Shown, style: str = "") -> Content:
        return hanging(Content.styled(f"{name:<9}", "$secondary"), value, style, self._wide)

    @property
    def _wide(self) -> int:
        return min(78, self.size.width) - 5

    def _rows(self) -> Iterator[Content]:
        quote, _row = self.quote, self._row
        url, wallet = quote.request.url, quote.wallet
        money = say("REAL MONEY" if wallet.real_money else "no real money")
        msat = shown(f"{quote.amount:,}".replace(",", " "))
        payee = quote.payee.hex()
        amount = shown(format_msat(quote.amount))
        yield _row("Amount", say("{} ({} msat), {}", amount, msat, fee_part(quote)))
        yield _row("For", say("{} {}", shown(quote.request.method), shown_url(url)))
        yield _row("Server", say("{}{}", shown(url.origin), _idn(url.unicode_host)))
        yield _row("Payee", say("{}..{} (a key; no name proves who it is)",
                                shown(payee[:16]), shown(payee[-8:])))  # fmt: skip
        yield _row("Says", say('"{}"  (text of the seller, unverified)', quote.description))
        yield _row("Wallet", say("{} - {}", shown(wallet.name), money))
        if self._external:
            yield _row("", say("You pay the invoice with your own wallet and bring its preimage."))
        yield _row("Hash", shown(quote.payment_hash.hex()))
        for name, line in zip(chain(("Budget",), repeat("")), budget(quote), strict=False):
            yield _row(name, line)

    def _checks(self) -> Iterator[Content]:
        yield Content.styled("Checks", "bold $primary")
        order = list(Severity)
        for found in sorted(self._findings, key=lambda one: -order.index(one.severity)):
            word = Content.styled(f"{found.severity.value:<8}", _STYLES[found.severity])
            told = say("{} {}", found.sentence, found.todo) if found.todo else found.sentence
            head = Content.assemble(word, (f"{found.check} ", "$secondary"))
            yield hanging(head, told, "", self._wide)

    @property
    def _left(self) -> float:
        return self.quote.expires - self._clock.now()

    def _expiry(self) -> Content:
        if self._left <= EXPIRY_MARGIN:
            return self._row(
                "Expires", say("It has run out. Cancel and run again."), "bold $text-error"
            )
        style = "$text-warning" if self._left < 60 else ""
        return self._row("Expires", say("in {}", countdown(self._left)), style)

    def _tick(self) -> None:
        self.query_one("#expiry", Static).update(self._expiry())
        self.query_one("#yes").disabled = self._left <= EXPIRY_MARGIN

    def _tell(self, sentence: Shown) -> None:
        word = self.query_one("#word", Static)
        word.update(styled(sentence, "$text-warning"))
        word.add_class("told")
        self._make_room()

    # --- what is answered ----------------------------------------------------------------------

    def do_yes(self) -> None:
        """The key for paying."""
        self._want()

    def do_no(self) -> None:
        """The key for Cancel."""
        self.dismiss(Verdict.CANCEL)

    def action_roll(self, rows: int) -> None:
        """Read on in the bill without leaving the buttons."""
        self.query_one("#bill", VerticalScroll).scroll_relative(y=rows, animate=False)

    def action_later(self) -> None:
        """Close the question; it stays open."""
        self.dismiss(Verdict.LATER)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """One of the three."""
        match event.button.id:
            case "yes":
                self._want()
            case "later":
                self.dismiss(Verdict.LATER)
            case _:
                if self._early():
                    self._tell(say("That came too fast to be read. Nothing was paid."))
                else:
                    self.dismiss(Verdict.CANCEL)

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text is no answer."""
        event.stop()
        self._disarm()
        self._tell(say("A pasted text is no answer. Nothing was paid."))

    def _early(self) -> bool:
        return self._rhythm.now() - self._opened < DEAF or self._rhythm.pasted

    def _want(self) -> None:
        self._disarm()
        if self._left <= EXPIRY_MARGIN:
            self._tell(say("The invoice has run out. Nothing was paid."))
        elif self._early():
            self._tell(say("That came too fast to be read. Nothing was paid; press y again."))
        else:
            # A paste would bring the next key at once, so wait for a moment of quiet.
            count = self._rhythm.count
            self._armed = self.set_timer(_QUIET, lambda: self._pay(count))

    def _pay(self, count: int) -> None:
        if self._rhythm.count == count:
            self.dismiss(Verdict.PAY)
        else:
            self._tell(say("That looked like pasted text. Nothing was paid; press y again."))

    def _disarm(self) -> None:
        if self._armed is not None:
            self._armed.stop()
            self._armed = None


def _idn(name: str | None) -> Shown:
    return say("  (shown by some programs as {})", shown(name)) if name else Shown("")
