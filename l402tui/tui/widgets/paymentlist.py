"""Which payments are there, one a line?

State, age, amount and what it was for, and in a wide terminal also the fee and the beginning of the
payment hash. The state is a word; its colour only repeats it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from l402tui.flow.endings import handle
from l402tui.flow.model import Intent, IntentState
from l402tui.flow.prospects import Prospect
from l402tui.protocol.amount import format_msat
from l402tui.protocol.masking import shown_url
from l402tui.protocol.text import Shown, say, shown
from l402tui.tui.words import styled

__all__ = ["Payment", "PaymentList", "fee_of", "state_style"]

_WIDE: Final = 100
"""Columns from which there is room for everything."""


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment, and how it is told."""

    intent: Intent
    outlook: Prospect


class PaymentList(Vertical):
    """The list, with the names of its columns above."""

    class Selected(Message):
        """Another payment is under the cursor, or none."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._payments: Sequence[Payment] = ()
        self._drawn: tuple[Content, ...] = ()

    def compose(self) -> ComposeResult:
        """Head and lines."""
        yield Static(markup=False, id="head")
        yield OptionList(compact=True, classes="lines", id="lines")

    @property
    def lines(self) -> OptionList:
        """What has the focus."""
        return self.query_one(OptionList)

    @property
    def chosen(self) -> Payment | None:
        """The payment under the cursor."""
        at = self.lines.highlighted
        return self._payments[at] if at is not None and at < len(self._payments) else None

    def show(self, payments: Sequence[Payment]) -> None:
        """Show these; the cursor stays on its payment where that is still there."""
        before = self.chosen
        self._payments = payments
        self._draw()
        hashes = [one.intent.payment_hash for one in payments]
        if before is not None and before.intent.payment_hash in hashes:
            self.lines.highlighted = hashes.index(before.intent.payment_hash)
        elif payments:
            self.lines.highlighted = min(self.lines.highlighted or 0, len(payments) - 1)
        self.post_message(self.Selected())

    def on_resize(self) -> None:
        """More or fewer columns fit."""
        self._draw()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """The cursor is on another line."""
        event.stop()
        self.post_message(self.Selected())

    def _draw(self) -> None:
        rows = [_HEAD, *map(_cells, self._payments)]
        columns = _ALL if self.size.width >= _WIDE else _FEW
        widths = {at: max(len(row[at]) for row in rows) for at in columns}
        head = _joined(rows[0], widths, "$secondary")
        self.query_one("#head", Static).update(head)
        drawn = tuple(
            _joined(row, widths, state_style(one.outlook.state))
            for one, row in zip(self._payments, rows[1:], strict=True)
        )
        if drawn == self._drawn:
            return
        self._drawn = drawn
        at = self.lines.highlighted
        self.lines.set_options([Option(line) for line in drawn])
        if at is not None and drawn:
            self.lines.highlighted = min(at, len(drawn) - 1)


_HEAD: Final = tuple(map(Shown, ("State", "Age", "Amount", "Fee", "Payment", "For")))
_ALL: Final = (0, 1, 2, 3, 4, 5)
_FEW: Final = (0, 1, 2, 5)
_RIGHT: Final = (1, 2, 3)
"""Columns with numbers: they end where the head ends."""


def _cells(payment: Payment) -> tuple[Shown, ...]:
    intent, outlook = payment.intent, payment.outlook
    request = intent.request
    return (
        Shown(outlook.state.value),
        outlook.age,
        shown(format_msat(intent.amount)),
        fee_of(intent),
        handle(intent.payment_hash),
        say("{} {}", shown(request.method), shown_url(request.url, 300)),
    )


def _joined(cells: Sequence[Shown], widths: Mapping[int, int], style: str) -> Content:
    """One line; ``style`` is that of its first cell."""
    parts: list[Content] = []
    for at, width in widths.items():
        cell = cells[at]
        blank = " " * (width - len(cell))
        content = styled(cell, style if cells is _HEAD or at == 0 else "")
        parts += [Content(blank), content] if at in _RIGHT else [content, Content(blank)]
        parts.append(Content("  "))
    return Content.assemble(*parts[:-2])


def fee_of(intent: Intent) -> Shown:
    """What routing has cost, or may cost at most."""
    if intent.fee is not None:
        return shown(format_msat(intent.fee))
    if intent.external:
        return say("not known")
    return say("≤ {}", shown(format_msat(intent.fee_cap)))


def state_style(state: IntentState) -> str:
    """How the word of a state is set off."""
    if state is IntentState.PAID_NO_PREIMAGE or state is IntentState.REJECTED:
        return "bold $text-error"
    if state.moving or state is IntentState.RESERVED:
        return "bold $text-warning"
    if state is IntentState.ACTIVE:
        return "$text-success"
    return "bold $text-accent" if state.proven else "$secondary"
