"""Is there a secret in a tree where nobody expected one?

Decoders hide what they know to be secret. A preimage or a node's own macaroon may also stand in a
JSON body, an address or a parameter that means something else, in any spelling. Where
:mod:`~l402tui.protocol.leaks` knows one in any text of the tree, it is hidden in all of them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace
from typing import Final

from l402tui.protocol.dissect.parts import hidden
from l402tui.protocol.leaks import SHORTEST, Leaks, names_preimage
from l402tui.protocol.text import Shown
from l402tui.protocol.tree import Buffer, Node, Span

__all__ = ["redacted"]

_CUT: Final = re.compile(r"([0-9A-Za-z+/_-]{8,}+)…")
"""What is left of a value that was too long to be shown whole."""


def redacted(tree: Node) -> Node:
    """The same tree; what holds a secret that is known by its name or place anywhere in it is
    secret and hidden: value, copy, and the bytes of every span."""
    leaks = _leaks(tree)
    return _Redaction(leaks).of(tree) if leaks else tree


def _leaks(tree: Node) -> Leaks:
    leaks, seen = Leaks(), set[bytes]()

    def look(data: bytes) -> None:
        if len(data) > SHORTEST and data not in seen:
            seen.add(data)
            leaks.look(data)

    for node in tree.walk():
        if node.span is not None:
            look(node.span.buffer.data)
        look(node.label.raw)
        look(node.value.raw)
        look(node.copy)
        if names_preimage(node.label.text):
            leaks.take(node.value.raw)
            leaks.take(node.copy)
    return leaks


class _Redaction:
    """One tree, and the secrets in it."""

    def __init__(self, leaks: Leaks) -> None:
        self._leaks = leaks
        self._buffers: dict[Buffer, tuple[Buffer, list[int], list[int]]] = {}
        self._known: dict[bytes, bool] = {}

    def of(self, node: Node) -> Node:
        """A node and everything below it."""
        span, secret = node.span, node.secret or self._holds(node.copy)
        if span is not None:
            buffer, starts, ends = self._buffer(span.buffer)
            secret = secret or _touches(span, starts, ends)
            if buffer is not span.buffer:
                span = Span(buffer, span.start, span.end)
        texts = self._text(node.label), self._text(node.value), self._text(node.meaning)
        children = tuple(self.of(child) for child in node.children)
        if all(one is other for one, other in zip(children, node.children, strict=True)):
            children = node.children
        now = (*texts, span, children, secret)
        was = (node.label, node.value, node.meaning, node.span, node.children, node.secret)
        if all(one is other for one, other in zip(now, was, strict=True)):
            return node
        label, value, meaning = texts
        return Node(label, value, meaning, span, children, node.mark, node.copy, secret)

    def _buffer(self, buffer: Buffer) -> tuple[Buffer, list[int], list[int]]:
        """The buffer as it is from now on, and where the secrets in it begin and end."""
        known = self._buffers.get(buffer)
        if known is None:
            starts, ends = _joined(sorted(self._leaks.places(buffer.data)))
            fresh = replace(buffer, secret=True) if starts and not buffer.secret else buffer
            known = self._buffers[buffer] = (fresh, starts, ends)
        return known

    def _text(self, text: Shown) -> Shown:
        # What is cut off in the middle of a secret is recognised by the whole, or else by its
        # beginning.
        secret = self._holds(text.raw) or self._holds(text.text.encode())
        if secret or any(self._leaks.begins(cut[1]) for cut in _CUT.finditer(text.text)):
            return hidden(len(text.raw) or len(text.text), "characters")
        return text

    def _holds(self, data: bytes) -> bool:
        if len(data) < 32:
            return False
        known = self._known.get(data)
        if known is None:
            known = self._known[data] = self._leaks.holds(data)
        return known


def _joined(places: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """The same without overlaps, as starts and ends."""
    starts: list[int] = []
    ends: list[int] = []
    for start, end in places:
        if ends and start <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends


def _touches(span: Span, starts: list[int], ends: list[int]) -> bool:
    """Whether a part of a secret lies in the span."""
    at = bisect_right(ends, span.start)
    return at < len(starts) and starts[at] < span.end
