"""Is there a preimage in a tree where nobody expected one?

Decoders hide what they know to be secret. A preimage may also stand in a JSON body, an address or a
parameter that means something else; where its name is before it, or a token and a colon, it is
hidden there too.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from l402tui.protocol.dissect.parts import hidden
from l402tui.protocol.text import Shown
from l402tui.protocol.tree import Buffer, Node

__all__ = ["redacted"]

_QUOTES: Final = rb"(?:[\\\"']|&\w{1,6};){0,9}"
_NAMED: Final = re.compile(
    rb"(?:preimage(?:[_-]?hex)?%s[ \t]*+[:=][ \t]*+%s" % (_QUOTES, _QUOTES)
    + rb"|(?<![A-Za-z0-9+/_=.~-])[A-Za-z0-9+/_=.~-]{40,}+:)([0-9a-f]{64})(?![0-9a-f])",
    re.IGNORECASE,
)
_HEX: Final = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", re.IGNORECASE)


def redacted(tree: Node) -> Node:
    """The same tree; what holds a preimage that is named somewhere in it is secret and hidden."""
    known: set[bytes] = set()
    seen: set[int] = set()
    for node in tree.walk():
        if node.span is not None and id(node.span.buffer) not in seen:
            seen.add(id(node.span.buffer))
            known.update(found[1].lower() for found in _NAMED.finditer(node.span.buffer.data))
        known.update(found[1].lower() for found in _NAMED.finditer(node.value.raw))
    return _Redaction(frozenset(known)).of(tree) if known else tree


class _Redaction:
    """One tree, and the preimages in it (64 hex characters in lower case)."""

    def __init__(self, known: frozenset[bytes]) -> None:
        self._known = known
        self._buffers: dict[Buffer, Buffer] = {}

    def of(self, node: Node) -> Node:
        """A node and everything below it."""
        span, secret = node.span, node.secret or self._holds(node.copy)
        if span is not None:
            secret = secret or self._holds(span.bytes())
            span = replace(span, buffer=self._buffer(span.buffer))
        return replace(
            node,
            value=self._text(node.value),
            meaning=self._text(node.meaning),
            span=span,
            children=tuple(self.of(child) for child in node.children),
            secret=secret,
        )

    def _buffer(self, buffer: Buffer) -> Buffer:
        known = self._buffers.get(buffer)
        if known is None:
            secret = buffer.secret or self._holds(buffer.data)
            known = buffer if secret is buffer.secret else replace(buffer, secret=True)
            self._buffers[buffer] = known
        return known

    def _text(self, text: Shown) -> Shown:
        # What is cut off in the middle of a preimage is recognised by the whole.
        if self._holds(text.raw) or self._holds(text.text.encode()):
            return hidden(len(text.raw) or len(text.text), "characters")
        return text

    def _holds(self, data: bytes) -> bool:
        return len(data) >= 64 and any(
            found[0].lower() in self._known for found in _HEX.finditer(data)
        )
