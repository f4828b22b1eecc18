"""What can still be said about an invoice that cannot be read?

An invoice is refused as a whole, because it is paid as a whole. A person who looks at one wants to
see where it broke and what the rest says. So its parts are read one by one here, as far as they can
be told apart, and the part that broke is marked. None of it is vouched for: no value from here may
ever reach a payment, which is why this gives a tree and no
:class:`~l402tui.protocol.invoice.Invoice`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from l402tui.protocol.amount import hrp_amount
from l402tui.protocol.bech32 import BECH32, CHECKSUM, residue, to_base32, to_quintets
from l402tui.protocol.dissect import invoice_words as words
from l402tui.protocol.dissect.invoice import dissect_invoice
from l402tui.protocol.dissect.invoice_nodes import FieldNodes
from l402tui.protocol.dissect.parts import joined, why
from l402tui.protocol.errors import AmountError, InvoiceError
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.invoice_parts import (
    HEAD,
    MAX_CHARACTERS,
    SIGNATURE,
    TIMESTAMP,
    Field,
    FieldState,
    tagged_fields,
)
from l402tui.protocol.invoice_values import (
    read_bytes,
    read_fallback,
    read_features,
    read_number,
    read_route_hint,
    read_text,
)
from l402tui.protocol.network import Network
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Buffer, Mark, Node, Span

__all__ = ["dissect_broken_invoice", "dissect_invoice_text"]


def dissect_invoice_text(text: str, *, now: float | None = None) -> Node:
    """The tree of what should be an invoice, with nothing around it. Never raises.

    What cannot be read gives the tree of :func:`dissect_broken_invoice`; an invoice that requires
    an unknown feature is read whole, with that feature marked. With ``now`` (unix seconds) one that
    has expired says so.
    """
    try:
        return dissect_invoice(Invoice.decode(text, lenient_features=True), now=now)
    except InvoiceError as error:
        return dissect_broken_invoice(text, error, now=now)


def dissect_broken_invoice(text: str, error: InvoiceError, *, now: float | None = None) -> Node:
    """The tree of an invoice that was refused with ``error``: a node marked wrong that says why,
    and below it, in order, every part that can still be told apart."""
    return _Broken(text, error, now).tree()


class _Broken:
    """One broken invoice.

    Only its ASCII beginning is cut up: there characters and bytes are the same, and an invoice has
    no others.
    """

    def __init__(self, text: str, error: InvoiceError, now: float | None) -> None:
        self._why = why(error)
        self._offset = error.offset
        self._whole = _encoded(text)
        self._buffer = Buffer(say("invoice"), self._whole)
        self._nodes = FieldNodes(self._buffer, now)
        self._text = text
        self._lower = _ascii_beginning(text[:MAX_CHARACTERS]).lower()
        self._complete = len(self._lower) == len(text)
        self._network: Network | None = None
        self._created = 0

    def tree(self) -> Node:
        offset = self._offset
        children = [self._blamed(node) for node in self._parts()]
        if offset is not None and not any(_stands_at(node, offset) for node in children):
            children.append(self._place(offset))
        return Node(
            say("invoice"),
            say("cannot be read: {}", self._why),
            say(words.BROKEN, self._why),
            Span(self._buffer, 0, len(self._whole)),
            tuple(children),
            Mark.BAD,
            self._whole,
        )

    def _blamed(self, node: Node) -> Node:
        """The node, marked as wrong where the error points at it."""
        if self._offset is None or node.mark is Mark.BAD or not _stands_at(node, self._offset):
            return node
        told = say(words.BROKEN_PLACE, self._why)
        return replace(node, mark=Mark.BAD, meaning=joined(told, say(" "), node.meaning))

    def _place(self, offset: int) -> Node:
        """The place the error names, where no part stands for it."""
        start, end = (len(_encoded(self._text[:at])) for at in (offset, offset + 1))
        return Node(
            say("character {}", offset),
            shown(self._text[offset : offset + 1]) or say("(the end)"),
            say(words.BROKEN_PLACE, self._why),
            Span(self._buffer, start, end) if start < end else None,
            mark=Mark.BAD,
        )

    def _parts(self) -> Iterator[Node]:
        separator = self._lower.rfind("1")
        head = HEAD.fullmatch(self._lower[:separator]) if separator >= 0 else None
        if head is None:
            return
        yield from self._head(head.start(2), separator)
        start = separator + 1
        end = len(self._lower)
        try:
            to_quintets(self._lower[start:].encode())
        except ValueError as bad:
            self._complete = False
            end = start + int(bad.args[0])
        yield from self._data(self._lower[:end], start)

    def _head(self, amount_at: int, separator: int) -> Iterator[Node]:
        prefix = self._fixed("prefix", 0, amount_at)
        try:
            self._network = Network(prefix.data[2:])
            yield self._nodes.network(prefix, self._network)
        except ValueError:
            yield self._wrong(prefix, say("network"), say(words.UNKNOWN_NETWORK))
        amount = self._fixed("amount", amount_at, separator)
        if not amount.data:
            yield self._nodes.no_amount()
        else:
            try:
                yield self._nodes.amount(amount, hrp_amount(amount.data))
            except AmountError as error:
                yield self._wrong(amount, say("amount"), say(words.BROKEN_PLACE, why(error)))
        yield self._nodes.raw(self._fixed("separator", separator, separator + 1))

    def _data(self, data: str, start: int) -> Iterator[Node]:
        """What stands behind the separator, as far as its characters are those of an invoice."""
        end = len(data)
        fields_at = start + TIMESTAMP
        if end < fields_at:
            yield from self._rest(start, end)
            return
        digits = to_base32(data.encode())
        self._created = int(digits[start:fields_at], 32)
        yield self._nodes.created(self._fixed("timestamp", start, fields_at), self._created)
        tail_at = end - CHECKSUM - SIGNATURE
        right = self._complete and residue(*_summed(data, start)) == BECH32
        if tail_at < fields_at or not (right or _fits(data, digits, fields_at, tail_at)):
            tail_at = end  # then something may be cut off, and what stands at the end is anything
        at = fields_at
        try:
            for field in tagged_fields(data, digits, at, tail_at):
                yield self._field(field, digits)
                at = field.end
        except InvoiceError:
            yield from self._rest(at, tail_at)
        if tail_at < end:
            yield self._unchecked(self._fixed("signature", tail_at, end - CHECKSUM))
            checksum = self._nodes.raw(self._fixed("checksum", end - CHECKSUM, end))
            yield checksum if right else replace(checksum, mark=Mark.BAD)

    def _unchecked(self, field: Field) -> Node:
        return self._nodes.plain(shown(field.name), shown(field.data), say(words.UNSIGNED), field)

    def _field(self, field: Field, digits: bytes) -> Node:
        if field.state is FieldState.SKIPPED:
            return self._nodes.skipped(field)
        if field.state is FieldState.REPEATED:
            return self._nodes.repeated(field)
        try:
            return self._value(field, digits)
        except InvoiceError as error:
            return self._wrong(field, shown(field.name), say(words.BROKEN_PLACE, why(error)))

    def _value(self, field: Field, digits: bytes) -> Node:
        nodes, network = self._nodes, self._network
        match field.tag:
            case "d":
                return nodes.description(field, read_text(field, digits))
            case "x":
                return nodes.expiry(field, read_number(field, digits), self._created)
            case "c":
                return nodes.final_cltv(field, read_number(field, digits))
            case "r":
                return nodes.route_hint(field, read_route_hint(field, digits))
            case "9":
                return nodes.features(field, read_features(field, digits, lenient=True))
            case "f" if network is not None:
                return nodes.fallback(field, read_fallback(field, digits, network))
            case "f":  # on an unknown network nobody knows how its address is written
                return nodes.raw(field)
            case _:
                return nodes.hex(field, read_bytes(field, digits))

    def _fixed(self, name: str, start: int, end: int) -> Field:
        return Field("", name, self._lower[start:end], start, end)

    def _wrong(self, field: Field, label: Shown, meaning: Shown) -> Node:
        return self._nodes.plain(label, shown(field.data), meaning, field, mark=Mark.BAD)

    def _rest(self, start: int, end: int) -> Iterator[Node]:
        """All that is left, in one piece; nothing where nothing is left."""
        if start < end:
            field = self._fixed("rest", start, end)
            yield self._nodes.plain(say("rest"), shown(field.data), say(words.REST), field)


def _summed(data: str, start: int) -> tuple[bytes, bytes]:
    """What the checksum is over: the part before the separator, and the values behind it."""
    return data[: start - 1].encode(), to_quintets(data[start:].encode())


def _fits(data: str, digits: bytes, start: int, end: int) -> bool:
    """Whether fields fill the characters ``start`` to ``end`` exactly."""
    try:
        return start <= end and all(True for _ in tagged_fields(data, digits, start, end))
    except InvoiceError:
        return False


def _stands_at(node: Node, offset: int) -> bool:
    return node.span is not None and node.span.start <= offset < node.span.end


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _ascii_beginning(text: str) -> str:
    if text.isascii():
        return text
    return text[: next(at for at, char in enumerate(text) if not char.isascii())]
