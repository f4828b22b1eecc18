"""What does a node's own macaroon permit?

The part of a macaroon's tree that shows the identifier which lnd writes: every permission in words,
and whether money can be moved with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from l402tui.protocol.dissect import macaroon_words as words
from l402tui.protocol.dissect.parts import joined, named
from l402tui.protocol.node_macaroon import NodeIdentifier, Permission, Risk, bakery_name
from l402tui.protocol.text import say, shown
from l402tui.protocol.tree import Mark, Node, Span

__all__ = ["dissect_node_identifier"]

_MOST: Final = 200
"""Permissions that get a line of their own; an administrator's macaroon has fewer than 20."""
_MARKS: Final = {
    Risk.READS: Mark.PLAIN,
    Risk.CHANGES: Mark.NOTE,
    Risk.UNKNOWN: Mark.WARN,
    Risk.MONEY: Mark.WARN,
}


def dissect_node_identifier(
    node: NodeIdentifier, raw: bytes, place: Callable[[int, int], Span]
) -> Node:
    """The tree of such an identifier. ``raw`` are its bytes; ``place`` gives the span of a range of
    them."""
    return Node(
        say("identifier"),
        say("{} bytes", len(raw)),
        say(words.NODE_IDENTIFIER),
        place(0, len(raw)),
        (
            Node(say("version"), say("{}", raw[0]), say(words.NODE_VERSION), place(0, 1)),
            Node(say("nonce"), shown(node.nonce.hex()), say(words.NONCE), place(*node.nonce_span)),
            Node(
                say("root key"),
                shown(node.root_key_id),
                say(words.ROOT_KEY),
                place(*node.root_key_span),
            ),
            _permissions(node, place),
        ),
        copy=raw.hex().encode(),
    )


def _permissions(node: NodeIdentifier, place: Callable[[int, int], Span]) -> Node:
    all_of_them = node.permissions
    children = [_permission(permission, place) for permission in all_of_them[:_MOST]]
    more = len(all_of_them) - len(children)
    if more:
        value, meaning = say("{} more", more), say(words.MORE_PERMISSIONS)
        children.append(Node(say("…"), value, meaning, mark=Mark.NOTE))
    risk, baked = node.risk, bakery_name(all_of_them)
    meaning = say(words.PERMISSIONS[risk])
    if baked is not None:
        meaning = joined(meaning, say(words.BAKED, say(baked)))
    return Node(
        say("permissions"),
        say(risk.value),
        meaning,
        place(all_of_them[0].start, all_of_them[-1].end),
        tuple(children),
        _MARKS[risk],
    )


def _permission(permission: Permission, place: Callable[[int, int], Span]) -> Node:
    start, action = permission.action_start, permission.action
    risk = permission.risk
    return Node(
        named(permission.entity),
        shown(action),
        say(words.MAY, say(permission.allows), say(risk.value)),
        place(start, start + len(action)),
        (),
        _MARKS[risk],
    )
