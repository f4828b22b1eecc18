"""How does one payment stand, what happens next, and how did it get there?

What a key has just done comes first, then the sentences that ``l402tui payments`` tells, the facts,
and every step as it was written down.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from l402tui.flow.model import LogLine
from l402tui.protocol.amount import format_msat
from l402tui.protocol.masking import shown_url
from l402tui.protocol.text import Shown, say, shown
from l402tui.tui.widgets.paymentlist import Payment, fee_of, state_style
from l402tui.tui.words import hanging, join, plain, styled

__all__ = ["PaymentCard"]


class PaymentCard(VerticalScroll, can_focus=True):
    """The payment under the cursor."""

    ALLOW_MAXIMIZE = True

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.border_title = Content("What happens next")
        self._payment: Payment | None = None
        self._log: Sequence[LogLine] = ()
        self._note = Shown("")
        self._empty = Shown("")

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(markup=False)

    def show(self, payment: Payment | None, log: Sequence[LogLine], empty: Shown) -> None:
        """Explain a payment; ``empty`` is said where there is none."""
        before, self._payment = self._payment, payment
        self._log, self._empty = log, empty
        self._draw()
        if before is None or payment is None:
            return
        if before.intent.payment_hash != payment.intent.payment_hash:
            self.scroll_home(animate=False)

    def announce(self, note: Shown) -> None:
        """Say how it went; it stays until something else is said."""
        self._note = note
        self._draw()
        self.scroll_home(animate=False)

    def on_resize(self) -> None:
        """Lines break elsewhere."""
        self._draw()

    def _draw(self) -> None:
        parts = list(self._parts())
        self.query_one(Static).update(join(*parts) if parts else Content(""))

    def _parts(self) -> Iterator[Content]:
        if self._note:
            yield styled(self._note, "bold $text-accent")
        payment = self._payment
        if payment is None:
            yield plain(self._empty)
            return
        outlook = payment.outlook
        state = Content.styled(f"{outlook.state.value}  ", state_style(outlook.state))
        yield Content.assemble(state, styled(Shown(outlook.money.value), "$secondary"))
        yield plain(outlook.next)
        yield from self._facts(payment)
        for line in self._log:
            head = Content.assemble(
                (f"{_when(line.at)}  ", "dim"), (f"{line.state.value}  ", "$secondary")
            )
            yield hanging(head, shown(line.reason, 300), "", self._room)

    def _facts(self, payment: Payment) -> Iterator[Content]:
        intent = payment.intent
        request = intent.request
        amount = say("{}, routing fee {}", shown(format_msat(intent.amount)), fee_of(intent))
        yield self._row("For", say("{} {}", shown(request.method), shown_url(request.url, 2_000)))
        yield self._row("Amount", amount)
        yield self._row("Wallet", _wallet(intent.wallet))
        yield self._row("Hash", shown(intent.payment_hash.hex()))
        begun, end = _told(intent.created), _told(intent.expires)
        yield self._row("Times", say("approved {}, invoice good until {} UTC", begun, end))

    def _row(self, name: str, value: Shown) -> Content:
        return hanging(Content.styled(f"{name:<8}", "$secondary"), value, "", self._room)

    @property
    def _room(self) -> int:
        return self.scrollable_content_region.width - 1


def _when(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"


def _told(at: float) -> Shown:
    return Shown(_when(at)[:-3])


def _wallet(identity: str) -> Shown:
    """The name, and enough of the node's key to know it again."""
    name, _, node = identity.partition(":")
    if len(node) < 32:
        return shown(name)
    return say("{}, node {}..{}", shown(name), shown(node[:16]), shown(node[-8:]))
