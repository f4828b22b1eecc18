"""What does each part of an invoice say, and why is it there?

Turns a decoded :class:`~l402tui.protocol.invoice.Invoice` into the tree that all faces show. Each
field keeps its characters, down to single hops of a route and single feature bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from l402tui.protocol.dissect import invoice_words as words
from l402tui.protocol.dissect.invoice_nodes import FieldNodes, amount_words, network_word
from l402tui.protocol.invoice import Field, FieldState, Invoice
from l402tui.protocol.text import say, shown
from l402tui.protocol.tree import Buffer, Node, Span

__all__ = ["dissect_invoice"]


def dissect_invoice(invoice: Invoice, *, now: float | None = None) -> Node:
    """The tree of an invoice, over one buffer that holds :attr:`Invoice.text`.

    What the invoice leaves to a default has a node without a span. With ``now`` (unix seconds) an
    invoice that has expired says so.
    """
    return _Dissection(invoice, now).tree()


class _Dissection:
    """One invoice, its buffer, and the value for each kind of field."""

    def __init__(self, invoice: Invoice, now: float | None) -> None:
        self._invoice = invoice
        self._buffer = Buffer(say("invoice"), invoice.text.encode())
        self._nodes = nodes = FieldNodes(self._buffer, now)
        hints, fallbacks = iter(invoice.route_hints), iter(invoice.fallbacks)
        self._readers: dict[str, Callable[[Field], Node]] = {
            "prefix": lambda field: nodes.network(field, invoice.network),
            "amount": lambda field: nodes.amount(field, invoice.amount or 0),
            "timestamp": lambda field: nodes.created(field, invoice.created),
            "p": lambda field: nodes.hex(field, invoice.payment_hash),
            "s": lambda field: nodes.hex(field, invoice.payment_secret),
            "h": lambda field: nodes.hex(field, invoice.description_hash or b""),
            "n": lambda field: nodes.hex(field, invoice.payee),
            "m": lambda field: nodes.hex(field, invoice.metadata or b""),
            "d": lambda field: nodes.description(field, invoice.description or b""),
            "x": lambda field: nodes.expiry(field, invoice.expiry, invoice.created),
            "c": lambda field: nodes.final_cltv(field, invoice.min_final_cltv_expiry),
            "f": lambda field: nodes.fallback(field, next(fallbacks)),
            "r": lambda field: nodes.route_hint(field, next(hints)),
            "9": lambda field: nodes.features(field, invoice.features),
            "signature": self._signature,
        }

    def tree(self) -> Node:
        invoice = self._invoice
        asked = say("any amount") if invoice.amount is None else amount_words(invoice.amount)
        form = "{} on {}, expired" if self._nodes.past(invoice.expires_at) else "{} on {}"
        return Node(
            say("invoice"),
            say(form, asked, network_word(invoice.network)),
            say(words.INVOICE),
            Span(self._buffer, 0, len(self._buffer.data)),
            tuple(self._children()),
            copy=self._buffer.data,
        )

    def _children(self) -> Iterator[Node]:
        invoice = self._invoice
        read = {f.tag for f in invoice.fields if f.state is FieldState.READ}
        for field in invoice.fields:
            if field.name == "signature":
                if "x" not in read:
                    yield self._nodes.expiry(None, invoice.expiry, invoice.created)
                if "c" not in read:
                    yield self._nodes.final_cltv(None, invoice.min_final_cltv_expiry)
            yield self._node(field)
            if field.name == "prefix" and invoice.amount is None:
                yield self._nodes.no_amount()

    def _node(self, field: Field) -> Node:
        if field.state is FieldState.SKIPPED:
            return self._nodes.skipped(field)
        if field.state is FieldState.REPEATED:
            return self._nodes.repeated(field)
        reader = self._readers.get(field.tag or field.name, self._nodes.raw)
        return reader(field)

    def _signature(self, field: Field) -> Node:
        invoice = self._invoice
        recovery = self._nodes.recovery_id(field, invoice.recovery_id)
        payee = Node(
            say("payee"),
            say("{} (recovered)", shown(invoice.payee.hex())),
            say(words.RECOVERED_PAYEE),
            copy=invoice.payee.hex().encode(),
        )
        return self._nodes.plain(
            say("signature"),
            shown(invoice.signature.hex()),
            say(words.SIGNATURE_NAMED if invoice.payee_named else words.SIGNATURE_RECOVERED),
            field,
            (recovery,) if invoice.payee_named else (recovery, payee),
        )
