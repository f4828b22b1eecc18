"""What does this token say, whatever it calls itself, and who could have made it?

A macaroon gives the tree of a macaroon; anything else its own, as far as it can be read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from l402tui.protocol.dissect.macaroon import dissect_macaroon
from l402tui.protocol.dissect.parts import hidden, why
from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon import Token
from l402tui.protocol.text import say, shown
from l402tui.protocol.token import Trust, read_token
from l402tui.protocol.tree import Buffer, Mark, Node, Span

__all__ = ["dissect_token"]

_TRUST: Final = {
    Trust.CHAIN: "Made with a key only the server has. Whoever holds it may add a caveat, and "
    "nobody can take one away.",
    Trust.UNKNOWN: "Nothing in it can be checked before paying; only the server knows what it is.",
}
_OPAQUE: Final = (
    "It is no macaroon and nothing else this program knows. It can still be sent back as it is, "
    "but nothing in it can be checked before paying."
)
_BROKEN: Final = "It begins as a macaroon but cannot be read as one: {}."


def dissect_token(
    text: str | bytes,
    *,
    invoice_hash: bytes | None = None,
    now: float | None = None,
    secret: bool = False,
) -> Node:
    """The tree of a token of any kind. Never raises."""
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    copy = text.encode("utf-8", "surrogatepass")
    value = hidden(len(text), "characters") if secret else shown(text)
    span = Span(Buffer(say("token"), copy, secret), 0, len(copy))
    try:
        token = read_token(text)
    except MacaroonError as error:
        meaning = say(_BROKEN, why(error))
        return Node(say("macaroon"), value, meaning, span, (), Mark.BAD, copy, secret)
    if isinstance(token, Token):
        tree = dissect_macaroon(token, invoice_hash=invoice_hash, now=now, secret=secret)
        trust = Node(say("trust"), say(Trust.CHAIN.value), say(_TRUST[Trust.CHAIN]))
        return replace(tree, children=(*tree.children, trust))
    trust = Node(say("trust"), say(token.trust.value), say(_TRUST[token.trust]), mark=Mark.WARN)
    label, meaning = say(token.kind.value), say(_OPAQUE)
    return Node(label, value, meaning, span, (trust,), Mark.WARN, copy, secret)
