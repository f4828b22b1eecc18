"""What does each part of a macaroon say, and why is it there?

Turns a decoded macaroon into the tree that all faces show, over a buffer of its own decoded bytes.
Nothing here needs or knows the root key.
"""

from __future__ import annotations

from typing import Final

from l402tui.protocol.caveats import (
    Condition,
    Kind,
    Widening,
    conditions,
    expiry_of,
    format_time,
    read_condition,
    widenings,
)
from l402tui.protocol.dissect import words
from l402tui.protocol.dissect.parts import Place, hidden, joined, named, why
from l402tui.protocol.errors import IdentifierError
from l402tui.protocol.identifier import Form, Identifier, read_identifier
from l402tui.protocol.macaroon import Caveat, Format, Macaroon, Token
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Buffer, Mark, Node, Span

__all__ = ["dissect_macaroon"]

_MOST_CAVEATS: Final = 1_000
"""Caveats that get a line of their own; real tokens have fewer than ten."""


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
    ``secret`` for a token out of a credential: its signature and its text are not shown.
    """
    return _Dissection(thing, invoice_hash, now, secret).tree()


class _Dissection:
    """One macaroon and its buffer."""

    def __init__(
        self, thing: Token | Macaroon, invoice_hash: bytes | None, now: float | None, secret: bool
    ) -> None:
        self._token = thing if isinstance(thing, Token) else None
        self._macaroon = thing.macaroon if isinstance(thing, Token) else thing
        self._invoice_hash = invoice_hash
        self._now = now
        # With the preimage among its caveats a token needs nothing else to be used.
        self._secret = secret or any(
            condition is not None and condition.kind is Kind.PREIMAGE
            for condition in conditions(self._macaroon.caveats)
        )
        self._place = Place(Buffer(say("macaroon"), self._macaroon.raw, self._secret))

    def tree(self) -> Node:
        macaroon, token = self._macaroon, self._token
        size = say("v{}, {} bytes", macaroon.format.value, len(macaroon.raw))
        value = size if token is None else say("{}, {}", size, say(token.spelling.value))
        return Node(
            say("macaroon"),
            value,
            say(words.MACAROON),
            self._place.span(0, len(macaroon.raw)),
            (self._format(), self._location(), self._identifier(), self._caveats(),
             self._signature()),
            copy=macaroon.raw.hex().encode() if token is None else token.text.encode(),
            secret=self._secret,
        )  # fmt: skip

    def _format(self) -> Node:
        number = self._macaroon.format.value
        # v1 has no version byte: its first packet shows what it is.
        span = self._place.span(0, 1) if self._macaroon.format is Format.V2 else None
        return Node(say("format"), say("{}", number), say(words.FORMAT[number]), span)

    def _location(self) -> Node:
        location, start = self._macaroon.location, self._macaroon.location_start
        if location is None:
            return Node(say("location"), say("absent"), say(words.LOCATION))
        span = self._place.span(start, start + len(location))
        return Node(say("location"), shown(location), say(words.LOCATION), span, copy=location)

    def _identifier(self) -> Node:
        raw, start = self._macaroon.identifier, self._macaroon.identifier_start
        span = self._place.span(start, start + len(raw))
        size, copy = say("{} bytes", len(raw)), raw.hex().encode()
        try:
            identifier = read_identifier(raw)
        except IdentifierError as error:
            meaning = say(words.UNKNOWN_IDENTIFIER, why(error))
            value = say("{}: {}", size, shown(raw, 80))
            return Node(say("identifier"), value, meaning, span, (), Mark.WARN, copy)
        form = words.RAW_IDENTIFIER if identifier.form is Form.RAW_HASH else words.IDENTIFIER
        children = tuple(self._field(identifier, raw, name, start + first, start + last)
                         for name, first, last in identifier.spans)  # fmt: skip
        return Node(say("identifier"), size, say(form), span, children, copy=copy)

    def _field(self, identifier: Identifier, raw: bytes, name: str, start: int, end: int) -> Node:
        span = self._place.span(start, end)
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

    def _caveats(self) -> Node:
        caveats = self._macaroon.caveats
        if not caveats:
            return Node(say("caveats"), say("none"), say(words.NO_CAVEATS))
        grown = {widening.index: widening for widening in widenings(caveats)}
        children = [
            self._caveat(caveat, grown.get(index))
            for index, caveat in enumerate(caveats[:_MOST_CAVEATS])
        ]
        more = len(caveats) - len(children)
        if more:
            span = self._place.span(caveats[len(children)].start, caveats[-1].end)
            value = say("{} more", more)
            children.append(Node(say("…"), value, say(words.MORE_CAVEATS), span, (), Mark.NOTE))
        span = self._place.span(caveats[0].start, caveats[-1].end)
        count = say("{}", len(caveats))
        return Node(say("caveats"), count, say(words.CAVEATS), span, tuple(children))

    def _caveat(self, caveat: Caveat, widening: Widening | None) -> Node:
        if caveat.third_party:
            return self._third_party(caveat)
        span = self._place.span(caveat.cid_start, caveat.cid_start + len(caveat.cid))
        condition = read_condition(caveat.cid)
        if condition is None:
            meaning = say(words.NOT_A_CONDITION)
            return Node(say("caveat"), shown(caveat.cid), meaning, span, copy=caveat.cid)
        label = named(condition.key)
        if condition.kind is Kind.PREIMAGE:
            value, meaning = hidden(len(condition.value), "characters"), _meaning(condition)
            return Node(label, value, meaning, span, (), Mark.NOTE, caveat.cid, secret=True)
        value, meaning, mark = self._told(condition)
        if condition.spaced:
            meaning = joined(meaning, say(words.SPACED))
        if widening is not None:
            grows = say(words.WIDENS, widening.earlier + 1, widening.why)
            meaning, mark = joined(meaning, grows), Mark.WARN
        return Node(label, value, meaning, span, (), mark, caveat.cid)

    def _told(self, condition: Condition) -> tuple[Shown, Shown, Mark]:
        """Value, meaning and mark of a condition."""
        value = shown(condition.value)
        if condition.kind is not Kind.EXPIRY:
            return value, _meaning(condition), Mark.PLAIN
        end = expiry_of(condition)
        if end is None:
            return value, say(words.NO_TIME), Mark.WARN
        moment = format_time(end.at)
        meaning = say(words.CAVEAT[Kind.EXPIRY], moment, say(end.unit.value))
        told = value if value.text == moment.text else say("{} = {}", value, moment)
        if self._now is None:
            return told, meaning, Mark.PLAIN
        if end.passed(self._now):
            return say("{}, EXPIRED", told), joined(meaning, say(words.EXPIRED)), Mark.BAD
        return say("{}, in date", told), meaning, Mark.GOOD

    def _third_party(self, caveat: Caveat) -> Node:
        location, vid = caveat.location, caveat.vid or b""
        id_span = self._place.span(caveat.cid_start, caveat.cid_start + len(caveat.cid))
        place_start, vid_start = _third_party_starts(self._macaroon.format, caveat)
        vid_span = self._place.span(vid_start, vid_start + len(vid))
        children = [
            Node(say("asked"), shown(caveat.cid), say(words.THIRD_PARTY_ID), id_span),
            Node(say("key"), shown(vid.hex(), 80), say(words.THIRD_PARTY_KEY), vid_span),
        ]
        if location is not None:
            where = self._place.span(place_start, place_start + len(location))
            meaning = say(words.THIRD_PARTY_LOCATION)
            children.insert(0, Node(say("location"), shown(location), meaning, where))
        return Node(
            say("third-party caveat"),
            shown(location or caveat.cid),
            say(words.THIRD_PARTY),
            self._place.span(caveat.start, caveat.end),
            tuple(children),
            Mark.NOTE,
        )

    def _signature(self) -> Node:
        start, signature = self._macaroon.signature_start, self._macaroon.signature
        value = hidden(len(signature), "bytes") if self._secret else shown(signature.hex())
        return Node(
            say("signature"),
            value,
            say(words.SIGNATURE),
            self._place.span(start, start + len(signature)),
            (),
            Mark.NOTE,
            signature.hex().encode(),
            secret=self._secret,
        )


def _meaning(condition: Condition) -> Shown:
    return say(words.CAVEAT[condition.kind])


def _third_party_starts(format: Format, caveat: Caveat) -> tuple[int, int]:
    """Where a third-party caveat's location and its key begin. v2 has the location in front, with
    a tag and a length before it; v1 has it behind the key, in a packet of its own."""
    place, vid = caveat.location or b"", caveat.vid or b""
    if format is Format.V2:
        tag = 2 if len(place) < 0x80 else 3 if len(place) < 0x4000 else 4
        return caveat.start + tag, caveat.end - 1 - len(vid)
    packet = 0 if caveat.location is None else len(place) + len("0000cl \n")
    return caveat.end - 1 - len(place), caveat.end - packet - 1 - len(vid)
