"""Is the payment hash in a token the one of the invoice it came with?"""

from __future__ import annotations

from l402tui.protocol.dissect import words
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Mark, Node, Span

__all__ = ["hash_node"]


def hash_node(label: Shown, payment_hash: bytes, span: Span, invoice_hash: bytes | None) -> Node:
    """The node of a token's payment hash (32 bytes): MATCH or MISMATCH where there is an invoice's
    to compare it with."""
    value = shown(payment_hash.hex())
    if invoice_hash is None:
        return Node(label, value, say(words.HASH_ALONE), span, copy=value.raw)
    if invoice_hash == payment_hash:
        told = say("MATCH with the invoice: {}", value)
        return Node(label, told, say(words.HASH_MATCH), span, (), Mark.GOOD, value.raw)
    told = say("MISMATCH with the invoice: {}", value)
    meaning = say(words.HASH_MISMATCH, shown(invoice_hash.hex()))
    return Node(label, told, meaning, span, (), Mark.BAD, value.raw)
