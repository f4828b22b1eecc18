"""What does this token say, whatever it calls itself, and who could have made it?

A macaroon gives the tree of a macaroon, anything else its own, as far as it can be read; both say
who could have made it. A token that cannot be read still gives a node, with the reason.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from l402tui.protocol.caveats import Expiry, format_time
from l402tui.protocol.dissect import token_words as words
from l402tui.protocol.dissect.broken_macaroon import dissect_broken
from l402tui.protocol.dissect.hash_node import hash_node
from l402tui.protocol.dissect.macaroon import dissect_macaroon
from l402tui.protocol.dissect.parts import Place, hidden, joined, named
from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.foreign import Block, Foreign, Part, Role, TokenKind, Trust
from l402tui.protocol.macaroon import Macaroon, Token
from l402tui.protocol.pasted import unwrap
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.token import read_token
from l402tui.protocol.tree import Buffer, Mark, Node, Span

__all__ = ["dissect_token"]

_BINARY: Final = re.compile(rb"\x02[\x01\x02]|[0-9a-f]{4}location ")
_MOST_PARTS: Final = 1_000
"""Fields of one block that get a line of their own."""
_TRUST_MARK: Final = {
    Trust.CHAIN: Mark.PLAIN,
    Trust.BLOB: Mark.NOTE,
    Trust.UNSIGNED: Mark.WARN,
    Trust.UNKNOWN: Mark.NOTE,
}
_TIMES: Final = (Role.EXPIRY, Role.ISSUED, Role.NOT_BEFORE)


def dissect_token(
    text: str | bytes,
    *,
    invoice_hash: bytes | None = None,
    now: float | None = None,
    secret: bool = False,
) -> Node:
    """The tree of a token of any kind, over buffers of its decoded bytes. Never raises.

    ``text`` is the token as it travels or as a person pasted it; ``bytes`` may also be a macaroon
    in binary. ``invoice_hash`` is the payment hash of the invoice it came with: the token's own
    hash then says MATCH or MISMATCH. With ``now`` (unix seconds) an end that has passed says so.
    ``secret`` for a token out of a credential: its signature and its text are not shown.

    A foreign token's tree is labelled with its kind, that of any macaroon ``macaroon``; each has a
    child ``trust``. What cannot be read is marked wrong, with the offset and the reason.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    given = text if isinstance(text, str) else text.decode("latin-1")
    steps: tuple[str, ...] = ()
    token: Token | Macaroon | Foreign
    try:
        if _BINARY.match(raw):
            token = Macaroon.decode(raw)
        else:
            given, steps = unwrap(given)
            token = read_token(given)
    except MacaroonError as error:
        binary = _BINARY.match(raw) is not None
        return dissect_broken(
            raw if binary else given, error, invoice_hash=invoice_hash, secret=secret
        )
    if isinstance(token, Foreign):
        tree = _Dissection(token, invoice_hash, now, secret).tree()
    else:
        tree = dissect_macaroon(token, invoice_hash=invoice_hash, now=now, secret=secret)
        trust = _trust(Trust.CHAIN, say(words.MACAROON_TRUST))
        tree = replace(tree, children=(*tree.children, trust))
    if not steps:
        return tree
    taken = Node(say("pasted with"), say(", ".join(steps)), say(words.PASTED), mark=Mark.NOTE)
    return replace(tree, children=(*tree.children, taken), copy=raw)


def _trust(trust: Trust, meaning: Shown) -> Node:
    return Node(say("trust"), say(trust.value), meaning, mark=_TRUST_MARK[trust])


class _Dissection:
    """One foreign token and its buffers."""

    def __init__(
        self, token: Foreign, invoice_hash: bytes | None, now: float | None, secret: bool
    ) -> None:
        self._token = token
        self._invoice_hash = invoice_hash
        self._now = now
        # With the preimage in it a token needs nothing else to be used.
        self._secret = secret or any(part.role is Role.PREIMAGE for part in token.parts)
        self._buffers = {
            id(block): Buffer(say(block.name), block.raw, self._secret) for block in token.blocks
        }

    def tree(self) -> Node:
        token = self._token
        raw = token.text.encode("utf-8", "surrogatepass")
        if token.blocks:
            children = self._blocks()
            nested = token.kind is TokenKind.SIGNED_JSON
            size = sum(len(block.raw) for block in token.blocks[: 1 if nested else None])
            value, span = say("{}, {} bytes", say(token.written), size), None
        else:
            children = []
            value = hidden(len(token.text), "characters") if self._secret else shown(raw)
            value = say("{}: {}", say(token.written), value)
            span = Span(Buffer(say("token"), raw, self._secret), 0, len(raw))
        meaning = say(words.KIND[token.kind])
        if token.note:
            meaning = say("{} {}", meaning, shown(token.note, 400))
        children.append(self._trust())
        label = say(token.kind.value)
        return Node(label, value, meaning, span, tuple(children), Mark.NOTE, raw, self._secret)

    def _trust(self) -> Node:
        token = self._token
        other = None if self._invoice_hash is None else self._invoice_hash.hex()
        if token.kind is TokenKind.OPAQUE and token.text.lower() == other:
            return _trust(Trust.UNSIGNED, say(words.FORGED_HASH))
        return _trust(token.trust, say(words.TRUST[token.kind, token.trust]))

    def _blocks(self) -> list[Node]:
        """The fields of the first block, or a node for each block with its fields below."""
        first, *others = self._token.blocks
        if not others or self._token.kind is TokenKind.SIGNED_JSON:
            return self._parts(first)
        nodes: list[Node] = []
        for block in self._token.blocks:
            inside = self._parts(block)
            if [part.role for part in block.parts] == [Role.SIGNATURE]:
                nodes += inside
                continue
            span = Span(self._buffers[id(block)], 0, len(block.raw))
            value, meaning = say("{} bytes", len(block.raw)), say(words.BLOCK[block.name])
            nodes.append(Node(say(block.name), value, meaning, span, tuple(inside)))
        return nodes

    def _parts(self, block: Block) -> list[Node]:
        return self._listed(block.parts, Place(self._buffers[id(block)]))

    def _listed(self, parts: tuple[Part, ...], place: Place) -> list[Node]:
        nodes = [self._part(part, place) for part in parts[:_MOST_PARTS]]
        left = parts[_MOST_PARTS:]
        if left:
            span = place.span(left[0].start, left[-1].end)
            value, meaning = say("{} more", len(left)), say(words.MORE)
            nodes.append(Node(say("…"), value, meaning, span, (), Mark.NOTE))
        return nodes

    def _part(self, part: Part, place: Place) -> Node:
        label, span = named(part.name), place.span(part.start, part.end)
        if part.role is Role.PAYMENT_HASH:
            named_hash = bytes.fromhex(part.value.decode("ascii"))
            return hash_node(label, named_hash, span, self._invoice_hash)
        if part.role in _TIMES:
            value, meaning, mark = self._moment(part)
            return Node(label, value, meaning, span, (), mark, part.value)
        unknown = self._token.trust is Trust.UNKNOWN
        if part.role in (Role.SIGNATURE, Role.PREIMAGE) or (self._secret and unknown):
            return self._hidden(part, label, span)
        meaning = say(words.ROLE[part.role])
        if part.role is Role.PAYLOAD:
            inner = self._token.blocks[1]
            value, children = say("{} bytes", len(inner.raw)), self._parts(inner)
            return Node(label, value, meaning, span, tuple(children))
        if part.role is Role.CAVEATS:
            count = say("{}", len(part.parts))
            return Node(label, count, meaning, span, tuple(self._listed(part.parts, place)))
        if part.role is Role.RESTRICTION:
            return self._restriction(part, label, span, place)
        return Node(label, shown(part.value), meaning, span, copy=part.value)

    def _hidden(self, part: Part, label: Shown, span: Span) -> Node:
        """A signature, hidden in a secret token; a preimage, hidden always. Of a secret token of
        an unknown form any field may be what makes it good."""
        value, meaning = shown(part.value) or say("left out"), say(words.ROLE[part.role])
        if self._secret:
            value = hidden(len(part.value), "characters")
        return Node(label, value, meaning, span, (), Mark.NOTE, part.value, self._secret)

    def _moment(self, part: Part) -> tuple[Shown, Shown, Mark]:
        """Value, meaning and mark of a time."""
        value, expiry = shown(part.value, 60), part.expiry
        if part.compare != "=":
            value = say("{} {}", shown(part.compare), value)
        if expiry is None:
            return value, say(words.NO_TIME), Mark.WARN
        moment = format_time(expiry.at)
        meaning = say(words.ROLE[part.role], moment, say(expiry.unit.value))
        told = value if value.text == moment.text else say("{} = {}", value, moment)
        return self._judged(part.role, expiry, told, meaning)

    def _judged(
        self, role: Role, moment: Expiry, told: Shown, meaning: Shown
    ) -> tuple[Shown, Shown, Mark]:
        if self._now is None or role is Role.ISSUED:
            return told, meaning, Mark.PLAIN
        over = moment.passed(self._now)
        if role is Role.NOT_BEFORE:
            if over:
                return told, meaning, Mark.PLAIN
            return say("{}, not yet", told), joined(meaning, say(words.NOT_YET)), Mark.BAD
        if over:
            return say("{}, EXPIRED", told), joined(meaning, say(words.EXPIRED)), Mark.BAD
        return say("{}, in date", told), meaning, Mark.GOOD

    def _restriction(self, part: Part, label: Shown, span: Span, place: Place) -> Node:
        if part.parts:
            children = tuple(self._listed(part.parts, place))
            meaning = say(words.ANY_OF)
            return Node(label, shown(part.value), meaning, span, children, copy=part.value)
        value = say("{} {}", shown(part.compare), shown(part.value))
        meaning = say(words.ROLE[part.role], say(words.COMPARE[part.compare]))
        return Node(label, value, meaning, span, copy=span.bytes())
