"""What can still be seen of a macaroon that cannot be read, and where does reading stop?"""

from __future__ import annotations

from typing import Final

from l402tui.protocol.broken_macaroon import Remain, What, leading_bytes, remains
from l402tui.protocol.caveats import Kind, read_condition
from l402tui.protocol.dissect import token_words as words
from l402tui.protocol.dissect.hash_node import hash_node
from l402tui.protocol.dissect.parts import Place, hidden, named
from l402tui.protocol.errors import IdentifierError, MacaroonError
from l402tui.protocol.identifier import read_identifier
from l402tui.protocol.leaks import gives_away, is_node_identifier
from l402tui.protocol.macaroon import MAX_BYTES
from l402tui.protocol.spelling import unspell
from l402tui.protocol.text import say, shown
from l402tui.protocol.tree import Buffer, Mark, Node, Span

__all__ = ["dissect_broken"]

_MOST: Final = 1_000
"""Fields that get a line of their own."""


def dissect_broken(
    given: str | bytes, error: MacaroonError, *, invoice_hash: bytes | None, secret: bool
) -> Node:
    """The tree of what ``error`` refused: text as it travels, or a macaroon in binary.

    Marked wrong, with the reason and the offset; its children are the fields that are whole before
    that. Never raises.
    """
    travels = given if isinstance(given, bytes) else given.encode("utf-8", "surrogatepass")
    if not travels:
        meaning = say(words.NO_TOKEN, shown(error.why))
        return Node(say("token"), say("empty"), meaning, mark=Mark.BAD)
    raw = given if isinstance(given, bytes) else _decoded(given)
    left = remains(raw)[:_MOST] if len(raw) <= MAX_BYTES else ()
    # A preimage among the caveats makes a token good by itself, and it may be the one cut off. A
    # node's own macaroon needs none, and a byte too much at its end is soon taken away.
    secret = secret or b"preimage" in raw.lower() or gives_away(raw)
    place = Place(Buffer(say("macaroon"), raw, secret))
    children = tuple(_node(raw, remain, place, invoice_hash, secret) for remain in left)
    why = error.why if error.offset is None else f"{error.why} (at byte {error.offset})"
    meaning = say(words.BROKEN, shown(why))
    if children:
        meaning = say("{} {}", meaning, say(words.REMAINS))
    # Fields may be hidden one by one; the text is all of them at once.
    value = hidden(len(travels), "characters") if secret else shown(travels)
    span = Span(Buffer(say("token"), travels, secret), 0, len(travels))
    return Node(say("macaroon"), value, meaning, span, children, Mark.BAD, travels, secret)


def _decoded(text: str) -> bytes:
    try:
        return unspell(text)[1]
    except MacaroonError:
        return leading_bytes(text[: 2 * MAX_BYTES])


def _is_preimage(raw: bytes, remain: Remain) -> bool:
    if remain.what is not What.CAVEAT:
        return False
    condition = read_condition(raw[remain.start : remain.end])
    return condition is not None and condition.kind is Kind.PREIMAGE


def _node(
    raw: bytes, remain: Remain, place: Place, invoice_hash: bytes | None, secret: bool
) -> Node:
    what, (start, end) = remain.what, remain[1:]
    value, span = raw[start:end], place.span(start, end)
    meaning = say(words.REMAIN[what])
    if what is What.IDENTIFIER:
        return _identifier(value, span, invoice_hash, hide=is_node_identifier(value))
    if what is What.CAVEAT:
        return _caveat(value, span, hide=_is_preimage(raw, remain))
    if what in (What.SIGNATURE, What.KEY):
        copy, hide = value.hex().encode(), secret and what is What.SIGNATURE
        told = hidden(len(value), "bytes") if hide else shown(copy, 80)
        return Node(say(what.value), told, meaning, span, (), Mark.NOTE, copy, hide)
    return Node(say(what.value), shown(value), meaning, span, copy=value)


def _identifier(value: bytes, span: Span, invoice_hash: bytes | None, hide: bool) -> Node:
    children: tuple[Node, ...] = ()
    told, copy = say("{} bytes", len(value)), value.hex().encode()
    meaning = say(words.REMAIN[What.IDENTIFIER])
    if hide:
        told = hidden(len(value), "bytes")
        return Node(say("identifier"), told, meaning, span, copy=copy, secret=True)
    try:
        payment_hash = read_identifier(value).payment_hash
    except IdentifierError:
        told = say("{}: {}", told, shown(value, 80))
        payment_hash = None
    if payment_hash is not None:
        children = (hash_node(say("payment hash"), payment_hash, span, invoice_hash),)
    return Node(say("identifier"), told, meaning, span, children, copy=copy)


def _caveat(value: bytes, span: Span, hide: bool) -> Node:
    condition, meaning = read_condition(value), say(words.REMAIN[What.CAVEAT])
    if condition is None:
        return Node(say("caveat"), shown(value), meaning, span, copy=value)
    if hide:
        told = hidden(len(condition.value), "characters")
        return Node(named(condition.key), told, meaning, span, (), Mark.NOTE, value, secret=True)
    return Node(named(condition.key), shown(condition.value), meaning, span, copy=value)
