"""What does one caveat say?

A caveat is bytes to the macaroon and a condition by custom: ``key=value``, ``key = value``,
``key<value``, or, in a node's own macaroons, a word, a space and the rest. This module splits it,
finds its word in the vocabulary, and reads the moments and numbers in it. It says what the words
claim, never that a server enforces them. There is no clock here: who wants to know whether a moment
has passed gives ``now`` in unix seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from l402tui.protocol.macaroon import Caveat
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.vocabulary import (
    CAPABILITIES_SUFFIX,
    COMPARISON,
    CONSTRAINT,
    LNC,
    SUFFIXES,
    UNKNOWN_WORD,
    VALID_UNTIL_SUFFIX,
    WORDS,
    Kind,
    Rule,
    Unit,
)

__all__ = [
    "Condition",
    "Expiry",
    "UnitReason",
    "conditions",
    "counted",
    "expiry_of",
    "format_time",
    "listed",
    "moment_of",
    "number_of",
    "read_condition",
]


@dataclass(frozen=True, slots=True)
class Condition:
    """A caveat split at its first ``=``, or at what stands there instead."""

    key: bytes
    value: bytes
    spaced: bool
    """Written ``key = value``. The spaces are part of the signed bytes, and of the key where a
    verifier does not strip them."""
    sign: bytes = b"="
    """What stands between the two: ``=``, ``<``, ``>`` or, in a node's words, a space."""
    capability: bytes = b""
    """The capability it limits, where :func:`conditions` found one in the same token."""

    @property
    def value_start(self) -> int:
        """Where the value begins in the caveat's bytes."""
        return len(self.key) + (3 if self.spaced else 1)

    @property
    def rule(self) -> Rule:
        """What the vocabulary knows about it."""
        if self.sign in (b"<", b">"):
            return COMPARISON
        known = WORDS.get(self.key)
        if known is not None:
            return known
        for suffix, rule in SUFFIXES:
            if self.key.endswith(suffix):
                return rule
        if self.capability:
            return CONSTRAINT
        return LNC if self.key.startswith(b"lnc.") else UNKNOWN_WORD

    @property
    def kind(self) -> Kind:
        """What it is about, judged by its key."""
        return self.rule.kind

    @property
    def service(self) -> bytes:
        """The service that a capabilities or valid-until condition is for; else empty."""
        for suffix in (CAPABILITIES_SUFFIX, VALID_UNTIL_SUFFIX):
            if self.key.endswith(suffix):
                return self.key.removesuffix(suffix)
        return b""


class UnitReason(Enum):
    """Why a number was taken as seconds or as milliseconds."""

    WORD = "the word always counts so"
    SIZE = "both are in use under this name, and its size fits only one"
    DATE = "it is written out as a date"


@dataclass(frozen=True, slots=True)
class Expiry:
    """A moment after which the token opens nothing."""

    at: int
    """Unix seconds (UTC), rounded down."""
    unit: Unit
    """How it was written; never :attr:`Unit.BY_SIZE`."""
    index: int
    """Which caveat says so, from 0."""
    reason: UnitReason = UnitReason.WORD
    """Why it was taken in that unit."""
    otherwise: int | None = None
    """The moment it would be in the other unit, where the number has the size of that one."""

    def passed(self, now: float) -> bool:
        """Whether it is over at ``now`` (unix seconds)."""
        return now >= self.at


_NODE_WORD: Final = re.compile(rb"(time-before|ipaddr|iprange|lnd-custom) (?!=)")
_COMPARED: Final = re.compile(rb"([A-Za-z][A-Za-z0-9_.-]{0,99})( ?)([<>])\2")
_SMALLEST_MILLISECONDS: Final = 10**11
"""As seconds that would be the year 5138, as milliseconds it is 1973."""
_DIGITS: Final = re.compile(rb"[0-9]{1,20}")
_DATE: Final = re.compile(
    rb"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)"
)
_LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999; calendars here go no further."""
_LONGEST_KEY: Final = 200
"""Longer keys are not compared with the names of capabilities."""


def read_condition(cid: bytes) -> Condition | None:
    """Split a caveat at its first ``=``; None where there is nothing to split it at.

    One space on both sides of the sign is taken as spelling (and noted); any other space stays.
    """
    node = _NODE_WORD.match(cid)
    if node is not None:
        return Condition(node[1], cid[node.end() :], False, b" ")
    key, equals, value = cid.partition(b"=")
    if equals:
        if key.endswith(b" ") and value.startswith(b" "):
            return Condition(key[:-1], value[1:], True)
        return Condition(key, value, False)
    compared = _COMPARED.match(cid)
    if compared is None:
        return None
    return Condition(compared[1], cid[compared.end() :], bool(compared[2]), compared[3])


def conditions(caveats: Iterable[Caveat]) -> tuple[Condition | None, ...]:
    """Each caveat's condition; None for third-party caveats and for those that are none.

    A key that begins with a capability's name, as the token itself names them, is a constraint of
    that capability.
    """
    read = [None if c.third_party else read_condition(c.cid) for c in caveats]
    capable = {
        name
        for condition in read
        if condition is not None and condition.kind is Kind.CAPABILITIES
        for name in listed(condition.value)
    }
    if not capable:
        return tuple(read)
    return tuple(c if c is None else _constrained(c, capable) for c in read)


def _constrained(condition: Condition, capable: set[bytes]) -> Condition:
    key = condition.key
    if len(key) > _LONGEST_KEY or condition.rule is not UNKNOWN_WORD:
        return condition
    at = key.rfind(b"_")
    while at > 0:
        if key[:at] in capable:
            return replace(condition, capability=key[:at])
        at = key.rfind(b"_", 0, at)
    return condition


def listed(value: bytes) -> list[bytes]:
    """The names in a list with commas, without white space around them and without empty ones."""
    return [name.strip() for name in value.split(b",") if name.strip()]


def number_of(value: bytes) -> int | None:
    """The whole number that is written there in plain digits; None where there is none."""
    return int(value) if _DIGITS.fullmatch(value) else None


def expiry_of(condition: Condition, index: int = 0) -> Expiry | None:
    """The moment an expiry condition names; None where it is none, or where it cannot be read."""
    return moment_of(condition, index) if condition.kind is Kind.EXPIRY else None


def moment_of(condition: Condition, index: int = 0) -> Expiry | None:
    """The moment that any condition names whose word is about time; else None."""
    unit = condition.rule.unit
    if unit is None:
        return None
    number = number_of(condition.value)
    if number is not None:
        return None if unit is Unit.DATE else counted(number, unit, index)
    if not _DATE.fullmatch(condition.value):
        return None
    try:
        text = condition.value.decode("ascii").upper().replace(" ", "T")
        at = int(datetime.fromisoformat(text).timestamp() // 1)
    except (ValueError, OverflowError):
        return None
    return Expiry(at, Unit.DATE, index, UnitReason.DATE)


def counted(number: int, unit: Unit, index: int) -> Expiry:
    """The moment that a number names which counts in ``unit``, with the doubt there is."""
    fits = Unit.MILLISECONDS if number >= _SMALLEST_MILLISECONDS else Unit.SECONDS
    seconds, milliseconds = number, number // 1000
    if unit is Unit.BY_SIZE:
        at = milliseconds if fits is Unit.MILLISECONDS else seconds
        return Expiry(at, fits, index, UnitReason.SIZE)
    at, other = (milliseconds, seconds) if unit is Unit.MILLISECONDS else (seconds, milliseconds)
    return Expiry(at, unit, index, UnitReason.WORD, None if fits is unit else other)


def format_time(at: int) -> Shown:
    """A moment as ``2031-01-01T00:00:00Z``. ``at`` in unix seconds."""
    if not 0 <= at <= _LAST_SECOND:
        return say("{} unix seconds, beyond the calendar", at)
    return shown(f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}")
