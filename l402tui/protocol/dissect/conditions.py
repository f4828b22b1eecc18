"""What does each condition of a token claim, and what do all of them come to?

The part of a macaroon's tree that is about its caveats: one node each, and a node "together" where
a condition comes again or names an end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Final, NamedTuple

from l402tui.protocol.caveats import (
    Condition,
    Effective,
    Expiry,
    Kind,
    Outcome,
    Together,
    Widening,
    conditions,
    effective,
    format_time,
    moment_of,
    widenings,
)
from l402tui.protocol.conditions import number_of
from l402tui.protocol.dissect import macaroon_words, words
from l402tui.protocol.dissect.parts import Place, hidden, joined, named
from l402tui.protocol.errors import IdentifierError
from l402tui.protocol.identifier import read_identifier
from l402tui.protocol.macaroon import Caveat, Macaroon
from l402tui.protocol.narrowing import network_of
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Mark, Node
from l402tui.protocol.vocabulary import VALID_UNTIL_SUFFIX

__all__ = ["dissect_caveats", "dissect_together"]

_MOST: Final = 1_000
"""Caveats that get a line of their own; real tokens have fewer than ten."""
_HASH: Final = re.compile(rb"[0-9a-f]{64}|[0-9A-F]{64}")
_HASH_WORDS: Final = (b"payment_hash", b"paymentHash", b"lnc.payment_hash")
_SELF_EVIDENT: Final = (Kind.SERVICES, Kind.CAPABILITIES, Kind.PREIMAGE)
_SAID_IN_THE_CLAIM: Final = (Kind.NOTE, Kind.EXTENSION, Kind.OTHER)
_OUTCOME_MARK: Final = {
    Outcome.HOLDS: Mark.PLAIN,
    Outcome.IMPOSSIBLE: Mark.WARN,
    Outcome.UNCERTAIN: Mark.NOTE,
}


class _Told(NamedTuple):
    """What a node says."""

    value: Shown
    meaning: Shown
    mark: Mark = Mark.PLAIN


def dissect_caveats(
    macaroon: Macaroon, place: Place, *, invoice_hash: bytes | None, now: float | None
) -> Node:
    """The node of all caveats, one child each, over the macaroon's own bytes at ``place``.

    ``invoice_hash`` is the payment hash of the invoice it came with, ``now`` in unix seconds.
    """
    caveats = macaroon.caveats
    if not caveats:
        return Node(say("caveats"), say("none"), say(words.NO_CAVEATS))
    grown = {widening.index: widening for widening in widenings(caveats)}
    split = conditions(caveats)
    telling = _Telling(invoice_hash, now)
    committed = _committed(macaroon)
    children = [
        _third_party(macaroon, place, caveat)
        if caveat.third_party
        else _caveat(macaroon, place, caveat, split[index], grown.get(index), telling, committed)
        for index, caveat in enumerate(caveats[:_MOST])
    ]
    more = len(caveats) - len(children)
    if more:
        span = place.span(caveats[len(children)].start, caveats[-1].end)
        value = say("{} more", more)
        children.append(Node(say("…"), value, say(words.MORE_CAVEATS), span, (), Mark.NOTE))
    span = place.span(caveats[0].start, caveats[-1].end)
    count = say("{}", len(caveats))
    return Node(say("caveats"), count, say(words.CAVEATS), span, tuple(children))


def _caveat(
    macaroon: Macaroon,
    place: Place,
    caveat: Caveat,
    condition: Condition | None,
    widening: Widening | None,
    telling: _Telling,
    committed: bytes | None,
) -> Node:
    span = place.span(*macaroon.caveat_spans(caveat).cid)
    if condition is None:
        meaning = say(words.NOT_A_CONDITION)
        return Node(say("caveat"), shown(caveat.cid), meaning, span, copy=caveat.cid)
    label = named(condition.key)
    if condition.kind is Kind.PREIMAGE or _pays(condition.value, committed):
        value, meaning = hidden(len(condition.value), "characters"), _claim(condition)
        return Node(label, value, meaning, span, (), Mark.NOTE, caveat.cid, secret=True)
    value, meaning, mark = telling.of(condition)
    if condition.sign in (b"<", b">"):
        value = say("{} {}", shown(condition.sign), value)
        meaning = joined(meaning, say(macaroon_words.OTHER_SIGN, shown(condition.sign)))
    if condition.spaced:
        meaning = joined(meaning, say(words.SPACED))
    if widening is not None:
        grows = say(words.WIDENS, widening.earlier + 1, widening.why)
        meaning, mark = joined(meaning, grows), Mark.WARN
    return Node(label, value, meaning, span, (), mark, caveat.cid)


def _committed(macaroon: Macaroon) -> bytes | None:
    try:
        return read_identifier(macaroon.identifier).payment_hash
    except IdentifierError:
        return None


def _pays(value: bytes, committed: bytes | None) -> bool:
    """Whether it is the preimage, whatever its key says."""
    return (
        committed is not None
        and _HASH.fullmatch(value) is not None
        and sha256(bytes.fromhex(value.decode("ascii"))).digest() == committed
    )


def _third_party(macaroon: Macaroon, place: Place, caveat: Caveat) -> Node:
    location, vid = caveat.location, caveat.vid or b""
    spans = macaroon.caveat_spans(caveat)
    children = [
        Node(say("asked"), shown(caveat.cid), say(words.THIRD_PARTY_ID), place.span(*spans.cid)),
        Node(
            say("key"),
            shown(vid.hex(), 80),
            say(words.THIRD_PARTY_KEY),
            None if spans.vid is None else place.span(*spans.vid),
        ),
    ]
    if location is not None:
        where = None if spans.location is None else place.span(*spans.location)
        meaning = say(words.THIRD_PARTY_LOCATION)
        children.insert(0, Node(say("location"), shown(location), meaning, where))
    return Node(
        say("third-party caveat"),
        shown(location or caveat.cid),
        say(words.THIRD_PARTY),
        place.span(caveat.start, caveat.end),
        tuple(children),
        Mark.NOTE,
    )


# --- what one condition says ----------------------------------------------------------------------


def _claim(condition: Condition) -> Shown:
    rule = condition.rule
    if condition.capability:
        return say(macaroon_words.CAPABILITY, shown(condition.capability, 60))
    if rule.kind in _SELF_EVIDENT:
        return say(rule.claim)
    told = macaroon_words.CLAIM_ONLY if rule.kind in _SAID_IN_THE_CLAIM else macaroon_words.CLAIM
    return say(told, say(rule.claim), say(rule.dialect)) if rule.dialect else say(rule.claim)


class _Telling:
    """Value, meaning and mark of a condition, given the invoice and the time."""

    def __init__(self, invoice_hash: bytes | None, now: float | None) -> None:
        self._invoice_hash = invoice_hash
        self._now = now

    def of(self, condition: Condition) -> _Told:
        rule, value = condition.rule, shown(condition.value)
        if rule.kind is Kind.EXPIRY:
            return self._expiry(condition, value)
        meaning = _claim(condition)
        if rule.unit is not None:
            moment = moment_of(condition)
            if moment is None:
                return _Told(value, joined(meaning, say(macaroon_words.NO_MOMENT)), Mark.NOTE)
            return _Told(_dated(value, moment), joined(meaning, _reason(moment)))
        if condition.key in _HASH_WORDS:
            return self._hash(condition, value, meaning)
        for together, readable, missing in _READABLE:
            counted = rule.together is together and rule.kind is not Kind.CONSTRAINT
            if counted and readable(condition.value) is None:
                return _Told(value, joined(meaning, say(missing)), Mark.WARN)
        return _Told(value, meaning)

    def _expiry(self, condition: Condition, value: Shown) -> _Told:
        end = moment_of(condition)
        if end is None:
            return _Told(value, say(words.NO_TIME), Mark.WARN)
        moment, unit = format_time(end.at), say(end.unit.value)
        if condition.service:
            service = shown(condition.service, 60)
            meaning = say(macaroon_words.ENDS_FOR, moment, unit, service)
        else:
            meaning = say(macaroon_words.ENDS, moment, unit)
        told, meaning = _dated(value, end), joined(meaning, _reason(end))
        doubt = Mark.PLAIN if end.otherwise is None else Mark.WARN
        if self._now is None:
            return _Told(told, meaning, doubt)
        if end.passed(self._now):
            # For one service, or in a unit that may be another, it is no end for certain.
            sure = not condition.service and end.otherwise is None
            mark = Mark.BAD if sure else Mark.WARN
            return _Told(say("{}, EXPIRED", told), joined(meaning, say(words.EXPIRED)), mark)
        return _Told(say("{}, in date", told), meaning, doubt if end.otherwise else Mark.GOOD)

    def _hash(self, condition: Condition, value: Shown, meaning: Shown) -> _Told:
        if not _HASH.fullmatch(condition.value):
            return _Told(value, joined(meaning, say(macaroon_words.NO_HASH)), Mark.NOTE)
        other = self._invoice_hash
        if other is None:
            return _Told(value, meaning)
        if bytes.fromhex(condition.value.decode("ascii")) == other:
            told = say("MATCH with the invoice: {}", value)
            return _Told(told, joined(meaning, say(macaroon_words.THE_HASH)), Mark.GOOD)
        told = say("MISMATCH with the invoice: {}", value)
        wrong = say(macaroon_words.ANOTHER_HASH, shown(other.hex()))
        return _Told(told, joined(meaning, wrong), Mark.BAD)


_READABLE: Final[tuple[tuple[Together, Callable[[bytes], object], str], ...]] = (
    (Together.SMALLEST, number_of, macaroon_words.NO_NUMBER),
    (Together.NARROWEST, network_of, macaroon_words.NO_NETWORK),
)


def _dated(value: Shown, moment: Expiry) -> Shown:
    told = format_time(moment.at)
    return value if value.text == told.text else say("{} = {}", value, told)


def _reason(moment: Expiry) -> Shown:
    reason = say(macaroon_words.REASON[moment.reason])
    if moment.otherwise is None:
        return reason
    return joined(reason, say(macaroon_words.OTHERWISE, format_time(moment.otherwise)))


# --- all of them ----------------------------------------------------------------------------------


def dissect_together(macaroon: Macaroon, *, now: float | None) -> Node | None:
    """What the conditions come to, one child a key; None where each stands for itself."""
    lines = effective(macaroon.caveats)
    if not lines:
        return None
    children = [_line(line, now) for line in lines[:_MOST]]
    more = len(lines) - len(children)
    if more:
        meaning = say(macaroon_words.MORE_TOGETHER)
        children.append(Node(say("…"), say("{} more", more), meaning, mark=Mark.NOTE))
    meaning = say(macaroon_words.TOGETHER)
    if any(line.outcome is Outcome.IMPOSSIBLE for line in lines):
        told, meaning = say("contradictory"), say(macaroon_words.IMPOSSIBLE)
        return Node(say("together"), told, meaning, None, tuple(children), Mark.WARN)
    return Node(say("together"), say("{}", len(lines)), meaning, None, tuple(children))


def _line(line: Effective, now: float | None) -> Node:
    end, mark = line.end, _OUTCOME_MARK[line.outcome]
    if end is None:
        return Node(named(line.key), line.value, line.why, mark=mark)
    whole = not line.key
    label = say("ends") if whole else say("ends for {}", _service(line.key))
    meaning = joined(line.why, say(macaroon_words.ENDS_TOGETHER)) if whole else line.why
    if end.otherwise is not None:
        meaning, mark = joined(meaning, _reason(end)), Mark.WARN
    if now is None:
        return Node(label, line.value, meaning, mark=mark)
    if end.passed(now):
        certain = Mark.BAD if whole and end.otherwise is None else Mark.WARN
        return Node(label, say("{}, EXPIRED", line.value), meaning, mark=certain)
    good = Mark.GOOD if mark is Mark.PLAIN else mark
    return Node(label, say("{}, in date", line.value), meaning, mark=good)


def _service(key: bytes) -> Shown:
    return shown(key.removesuffix(VALID_UNTIL_SUFFIX), 60)
