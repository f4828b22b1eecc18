"""How does a flow look in a notebook?

As HTML with inline styles, no script and nothing fetched, and as plain text. Every value goes
through ``html.escape``; it was made safe as :class:`Shown` before that.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from l402tui.flow import events as e
from l402tui.flow.findings import Severity
from l402tui.flow.model import Bill, Intent
from l402tui.flow.story import story
from l402tui.flow.telling import Progress, Station, Told, rail, tell
from l402tui.protocol import qr
from l402tui.protocol.amount import format_msat
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.outline import outline
from l402tui.protocol.text import Shown
from l402tui.protocol.tree import Mark, Node

__all__ = ["as_html", "as_text", "payable", "show_invoice"]

_INK = {
    Mark.PLAIN: "inherit",
    Mark.NOTE: "#5a6b7b",
    Mark.GOOD: "#1a7f4b",
    Mark.WARN: "#9a6700",
    Mark.BAD: "#b3261e",
}
_PROGRESS = {
    Progress.OK: Mark.GOOD,
    Progress.WARN: Mark.WARN,
    Progress.WAITING: Mark.WARN,
    Progress.WRONG: Mark.BAD,
}


def as_text(events: Sequence[e.Event]) -> str:
    """The steps and the tree as lines."""
    lines = [" > ".join(f"{stop.station.value} {stop.progress.value}" for stop in rail(events)), ""]
    for told in filter(None, map(tell, events)):
        word = f" [{told.mark.value}]" if told.mark.value else ""
        lines.append(f"{told.station.value:8} {told.headline}{word}")
        lines += [f"{'':8}   {detail}" for detail in told.details]
    for node in story(events):
        lines += ["", *outline(node, meanings=False)]
    return "\n".join(lines)


def as_html(events: Sequence[e.Event]) -> str:
    """Rail, steps, tree and, while a bill is unpaid, its QR code."""
    parts = [
        '<div style="font:13px/1.5 ui-monospace,Menlo,Consolas,monospace;max-width:72em">',
        _rail(events),
        *(_told(told) for told in filter(None, map(tell, events))),
        '<div style="margin-top:.8em">',
        *(_tree(node, opened=_has_bill(node)) for node in story(events)),
        "</div>",
        _unpaid_invoice(events),
        "</div>",
    ]
    return "".join(parts)


def show_invoice(intent: Intent) -> None:
    """Show the QR code of an invoice that a person is about to pay, in the running cell."""
    from IPython.display import HTML
    from IPython.display import display as show

    show(HTML(_invoice(Invoice.decode(intent.invoice))))  # type: ignore[no-untyped-call]  # IPython


def _text(shown: Shown) -> str:
    return escape(shown.text)


def _rail(events: Sequence[e.Event]) -> str:
    stops = (
        f'<b>{escape(stop.station.value)}</b> <span style="color:'
        f'{_INK[_PROGRESS.get(stop.progress, Mark.NOTE)]}">{escape(stop.progress.value)}</span>'
        for stop in rail(events)
    )
    return f'<div style="margin-bottom:.6em">{" › ".join(stops)}</div>'


def _told(told: Told) -> str:
    word = f" <i>{escape(told.mark.value)}</i>" if told.mark.value else ""
    # The tree below has every check with its reason; here one line for all of them is enough.
    shown = () if told.station is Station.CHECK else told.details
    details = "".join(
        f'<div style="margin-left:2em;color:#5a6b7b">{_text(detail)}</div>' for detail in shown
    )
    return (
        f'<div><b style="display:inline-block;width:5em">{escape(told.station.value)}</b>'
        f'<span style="color:{_INK[told.mark]}">{_text(told.headline)}{word}</span></div>{details}'
    )


def _has_bill(node: Node) -> bool:
    """Whether the challenge that will be paid is in there: it is what a person came to see."""
    return any(part.label.text == "L402 challenge" for part in node.walk())


def _tree(node: Node, *, opened: bool = False) -> str:
    word = f" <i>{escape(node.mark.value)}</i>" if node.mark.value else ""
    why = f' title="{_text(node.meaning)}"' if node.meaning else ""
    line = (
        f"<span{why}><b>{_text(node.label)}</b> "
        f'<span style="color:{_INK[node.mark]};word-break:break-all">{_text(node.value)}{word}'
        "</span></span>"
    )
    if not node.children:
        return f'<div style="margin-left:1.2em">{line}</div>'
    inside = "".join(_tree(child, opened=_has_bill(child)) for child in node.children)
    state = " open" if opened else ""
    return f'<details{state} style="margin-left:1.2em"><summary>{line}</summary>{inside}</details>'


def payable(events: Sequence[e.Event]) -> Bill | None:
    """The bill that a person may still pay by hand: no check blocks it, and nobody has paid it."""
    bill: Bill | None = None
    for event in events:
        match event:
            case e.Decoded():
                bill = event.bill
            case e.Checked(findings=findings):
                if any(found.severity is Severity.BLOCK for found in findings):
                    return None
            case e.Approved() | e.Answered():
                return None
            case _:
                pass
    return bill if bill is not None and bill.invoice is not None else None


def _unpaid_invoice(events: Sequence[e.Event]) -> str:
    bill = payable(events)
    if bill is None or bill.invoice is None:
        return ""
    return _invoice(bill.invoice) + (
        '<div style="color:#5a6b7b">To pay it with a wallet of your own, choose one that shows the '
        "preimage, and bring that back: <code>await flow.redeem()</code> asks for it, so that it "
        "does not stay in the notebook.</div>"
    )


def _invoice(invoice: Invoice) -> str:
    amount = format_msat(invoice.amount) if invoice.amount is not None else "no amount"
    network = f" on {invoice.network.word}"
    try:
        picture = qr.svg(qr.encode(invoice.text))
    except ValueError as error:
        picture = f"<p>{escape(str(error))}</p>"
    return (
        f'<div style="margin-top:1em">{picture}<div>{escape(amount + network)}, payment hash '
        f"{invoice.payment_hash.hex()[:8]}…{invoice.payment_hash.hex()[-8:]}</div></div>"
    )
