"""What is in this file that begins as a binary macaroon?

One macaroon, or one with its discharges behind it. Editors and shells put a line break behind
everything; where the macaroon can be read without that, it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from l402tui.protocol.dissect.token import dissect_token
from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon import Macaroon
from l402tui.protocol.macaroon_bundle import read_bundle
from l402tui.protocol.text import say
from l402tui.protocol.tree import Mark, Node

__all__ = ["dissect_binary", "dissect_several"]

_SPACE: Final = b" \t\r\n"
_MOST_SPACE: Final = 8
"""Bytes of white space behind a macaroon that are passed over."""
_SPACE_AFTER: Final = (
    "It stands behind the macaroon and does not belong to it: most likely the line break that an "
    "editor put there. A program that reads the file as it is may refuse it."
)


def dissect_binary(raw: bytes, now: float | None) -> Node:
    """The tree of a macaroon in a binary format, with its discharges if it has any.

    White space behind it gets a node of its own. Never raises.
    """
    # The last byte of a signature may look like a line break, so the most that can be read counts.
    for end in range(len(raw), max(0, len(raw) - _MOST_SPACE) - 1, -1):
        if raw[end:].strip(_SPACE):
            break
        tree = _whole(raw[:end], now)
        if tree is not None:
            return tree if end == len(raw) else _with_space(tree, len(raw) - end)
    return dissect_token(raw, now=now)


def dissect_several(given: bytes | str, now: float | None) -> Node | None:
    """A token and its discharges, one behind the other; None where it is nothing of the kind."""
    try:
        bundle = read_bundle(given)
    except MacaroonError:
        return None
    if not bundle.discharges:
        return None
    from l402tui.protocol.dissect.bundle import dissect_bundle

    return dissect_bundle(bundle, now=now)


def _whole(raw: bytes, now: float | None) -> Node | None:
    several = dissect_several(raw, now)
    if several is not None:
        return several
    try:
        Macaroon.decode(raw)
    except MacaroonError:
        return None
    return dissect_token(raw, now=now)


def _with_space(tree: Node, size: int) -> Node:
    told = say("1 byte" if size == 1 else "{} bytes", size)
    note = Node(say("white space"), told, say(_SPACE_AFTER), mark=Mark.NOTE)
    return replace(tree, children=(*tree.children, note))
