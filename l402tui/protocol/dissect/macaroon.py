"""What does each part of a macaroon say, and why is it there?

Turns a decoded macaroon into the tree that all faces show, over a buffer of its own decoded bytes.
Nothing here needs or knows the root key.
"""

from __future__ import annotations

from l402tui.protocol.caveats import Kind, conditions
from l402tui.protocol.dissect import macaroon_words, words
from l402tui.protocol.dissect.conditions import dissect_caveats, dissect_together
from l402tui.protocol.dissect.node_macaroon import dissect_node_identifier
from l402tui.protocol.dissect.parts import Place, hidden, why
from l402tui.protocol.errors import IdentifierError
from l402tui.protocol.identifier import Form, Identifier, read_identifier
from l402tui.protocol.leaks import Leaks, is_node_identifier
from l402tui.protocol.macaroon import Format, Macaroon, Token
from l402tui.protocol.node_macaroon import NodeIdentifier, read_node_identifier
from l402tui.protocol.text import say, shown
from l402tui.protocol.tree import Buffer, Mark, Node, Span

__all__ = ["dissect_macaroon"]


def dissect_macaroon(
    thing: Token | Macaroon,
    *,
    invoice_hash: bytes | None = None,
    now: float | None = None,
    secret: bool = False,
) -> Node:
    """The tree of a macaroon, over one buffer that holds its decoded bytes.

    ``invoice_hash`` is the payment hash of the invoice it came with: the identifier's hash then
    says MATCH or MISMATCH. With ``now`` (unix seconds) a caveat that has expired says so.
    ``secret`` for a token out of a credential: its signature and its text are not shown. They are
    not either where the macaroon needs nothing beside it to be used: with the preimage among its
    caveats, and for a node's own macaroon.
    """
    return _Dissection(thing, invoice_hash, now, secret).tree()


class _Dissection:
    """One macaroon and its buffer."""

    def __init__(
        self, thing: Token | Macaroon, invoice_hash: bytes | None, now: float | None, secret: bool
    ) -> None:
        self._token = thing if isinstance(thing, Token) else None
        self._macaroon = thing.macaroon if isinstance(thing, Token) else thing
        self._spans = self._macaroon.spans
        self._invoice_hash = invoice_hash
        self._now = now
        self._node = _node_identifier(self._macaroon)
        self._secret = secret or _opens_alone(self._macaroon)
        self._place = Place(Buffer(say("macaroon"), self._macaroon.raw, self._secret))

    def tree(self) -> Node:
        macaroon, token, node = self._macaroon, self._token, self._node
        value = say("{}, {} bytes", say(macaroon.format.title), len(macaroon.raw))
        if token is not None:
            value = say("{}, {}", value, say(token.spelling.value))
        if node is not None:
            value = say("a node's own, {}: {}", say(node.risk.value), value)
        caveats = dissect_caveats(
            macaroon, self._place, invoice_hash=self._invoice_hash, now=self._now
        )
        together = dissect_together(macaroon, now=self._now)
        return Node(
            say("macaroon"),
            value,
            say(words.MACAROON if node is None else macaroon_words.NODE),
            self._place.span(0, len(macaroon.raw)),
            (
                self._format(),
                self._location(),
                self._identifier(),
                caveats,
                *(() if together is None else (together,)),
                self._signature(),
            ),
            Mark.PLAIN if node is None else Mark.NOTE,
            macaroon.raw.hex().encode() if token is None else token.text.encode(),
            self._secret,
        )

    def _format(self) -> Node:
        format = self._macaroon.format
        # Only v2 has a byte that says so; of the others the whole form shows what it is.
        span = self._place.span(0, 1) if format is Format.V2 else None
        value = say(format.title) if format.json else say("{}", format.version)
        return Node(say("format"), value, say(macaroon_words.FORMAT[format]), span)

    def _location(self) -> Node:
        location, where = self._macaroon.location, self._spans.location
        if location is None or where is None:
            return Node(say("location"), say("absent"), say(words.LOCATION))
        span = self._place.span(*where)
        return Node(say("location"), shown(location), say(words.LOCATION), span, copy=location)

    def _inside(self, first: int, last: int) -> Span:
        """Where these bytes of the identifier stand."""
        macaroon = self._macaroon
        whole = self._spans.identifier
        return self._place.span(*macaroon.part(whole, macaroon.identifier, first, last))

    def _identifier(self) -> Node:
        raw = self._macaroon.identifier
        if self._node is not None:
            return dissect_node_identifier(self._node, raw, self._inside)
        span = self._place.span(*self._spans.identifier)
        size, copy = say("{} bytes", len(raw)), raw.hex().encode()
        try:
            identifier = read_identifier(raw)
        except IdentifierError as error:
            meaning = say(words.UNKNOWN_IDENTIFIER, why(error))
            value = say("{}: {}", size, shown(raw, 80))
            return Node(say("identifier"), value, meaning, span, (), Mark.WARN, copy)
        form = say(macaroon_words.FORM[identifier.form])
        children = [
            self._field(identifier, name, self._inside(first, last))
            for name, first, last in identifier.spans
        ]
        if identifier.form is Form.GOB:
            children.insert(0, self._unwritten_version(identifier))
        value = say("{}, {}", size, say(identifier.form.value))
        return Node(say("identifier"), value, form, span, tuple(children), copy=copy)

    def _unwritten_version(self, identifier: Identifier) -> Node:
        value = say("{}", identifier.version or 0)
        return Node(say("version"), value, say(macaroon_words.UNWRITTEN_VERSION))

    def _field(self, identifier: Identifier, name: str, span: Span) -> Node:
        if name == "payment hash":
            return self._payment_hash(identifier.payment_hash, span)
        if name == "version":
            return Node(say(name), say("{}", identifier.version or 0), say(words.VERSION), span)
        value = shown((identifier.token_id or b"").hex())
        return Node(say(name), value, say(words.SERIAL), span, copy=value.raw)

    def _payment_hash(self, payment_hash: bytes, span: Span) -> Node:
        value, other = shown(payment_hash.hex()), self._invoice_hash
        meaning, mark = say(words.HASH_ALONE), Mark.PLAIN
        if other == payment_hash:
            told = say("MATCH with the invoice: {}", value)
            meaning, mark = say(words.HASH_MATCH), Mark.GOOD
        elif other is not None:
            told = say("MISMATCH with the invoice: {}", value)
            meaning, mark = say(words.HASH_MISMATCH, shown(other.hex())), Mark.BAD
        else:
            told = value
        return Node(say("payment hash"), told, meaning, span, (), mark, value.raw)

    def _signature(self) -> Node:
        signature = self._macaroon.signature
        value = hidden(len(signature), "bytes") if self._secret else shown(signature.hex())
        return Node(
            say("signature"),
            value,
            say(words.SIGNATURE),
            self._place.span(*self._spans.signature),
            (),
            Mark.NOTE,
            signature.hex().encode(),
            secret=self._secret,
        )


def _opens_alone(macaroon: Macaroon) -> bool:
    """Whether nothing beside it is needed to use it. In doubt it is: with a preimage in any
    spelling, and with an identifier that only begins as a node's."""
    if is_node_identifier(macaroon.identifier):
        return True
    for caveat, condition in zip(macaroon.caveats, conditions(macaroon.caveats), strict=True):
        if condition is not None and condition.kind is Kind.PREIMAGE:
            return True
        if Leaks().look(caveat.cid):
            return True
    return False


def _node_identifier(macaroon: Macaroon) -> NodeIdentifier | None:
    try:
        return read_node_identifier(macaroon.identifier)
    except IdentifierError:
        return None
