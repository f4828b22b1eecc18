"""What does a caveat allow, in words, and when does the token end?

A caveat is bytes to the macaroon and a ``key=value`` condition by custom. This module splits it,
knows the usual conditions (services, capabilities, expiry), and finds a condition that comes again
and grows. It says what the words claim, never that a server enforces them. There is no clock here:
who wants to know whether a moment has passed gives ``now`` in unix seconds.

Sources: L402 protocol specification, "macaroons" (services, capabilities); aperture
(``<service>_valid_until`` in unix seconds).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Final, NamedTuple

from l402tui.protocol.macaroon import Caveat
from l402tui.protocol.text import Shown, say, shown

__all__ = [
    "Condition",
    "Expiry",
    "Kind",
    "Service",
    "Unit",
    "Widening",
    "conditions",
    "effective_expiry",
    "expiry_of",
    "format_time",
    "read_condition",
    "services",
    "widenings",
]


class Kind(Enum):
    """What a condition is about."""

    SERVICES = "services"
    CAPABILITIES = "capabilities"
    EXPIRY = "expiry"
    PREIMAGE = "preimage"
    """The payment's preimage inside the token: such a token is a credential by itself."""
    LIMIT = "limit"
    """Another condition whose key is in common use."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Condition:
    """A caveat split at its first ``=``."""

    key: bytes
    value: bytes
    spaced: bool
    """Written ``key = value``. The spaces are part of the signed bytes, and of the key where a
    verifier does not strip them."""

    @property
    def value_start(self) -> int:
        """Where the value begins in the caveat's bytes."""
        return len(self.key) + (3 if self.spaced else 1)

    @property
    def kind(self) -> Kind:
        """What it is about, judged by its key alone."""
        if self.key in _EXPIRY_UNITS or self.key.endswith(_VALID_UNTIL):
            return Kind.EXPIRY
        if self.key.endswith(_CAPABILITIES):
            return Kind.CAPABILITIES
        return _KINDS.get(self.key, Kind.OTHER)

    @property
    def service(self) -> bytes:
        """The service that a capabilities or valid-until condition is for; else empty."""
        for suffix in (_CAPABILITIES, _VALID_UNTIL):
            if self.key.endswith(suffix):
                return self.key.removesuffix(suffix)
        return b""


class Unit(Enum):
    """In what an expiry counts."""

    SECONDS = "unix seconds"
    MILLISECONDS = "unix milliseconds"
    BY_SIZE = "seconds or milliseconds, judged by its size"
    DATE = "an RFC 3339 date"


@dataclass(frozen=True, slots=True)
class Expiry:
    """A moment after which the token opens nothing."""

    at: int
    """Unix seconds (UTC), rounded down."""
    unit: Unit
    """How it was written; never :attr:`Unit.BY_SIZE`."""
    index: int
    """Which caveat says so, from 0."""

    def passed(self, now: float) -> bool:
        """Whether it is over at ``now`` (unix seconds)."""
        return now >= self.at


class Service(NamedTuple):
    """One entry of a ``services`` condition."""

    name: bytes
    tier: bytes | None


@dataclass(frozen=True, slots=True)
class Widening:
    """A condition that came again and allows more than before: verifiers refuse such a token."""

    index: int
    """Which caveat grows, from 0."""
    earlier: int
    """The caveat it repeats."""
    why: Shown


_CAPABILITIES: Final = b"_capabilities"
_VALID_UNTIL: Final = b"_valid_until"
_KINDS: Final = {
    b"services": Kind.SERVICES,
    b"preimage": Kind.PREIMAGE,
    **dict.fromkeys(
        b"service method path path_prefix RequestPath RequestMethod Realm route ip client_ip "
        b"n_uses max_sats resource_id bodyHash amount".split(),
        Kind.LIMIT,
    ),
}
# Names that say when, without a service before them. Two units are in use for some of them, and
# the sizes of the two are three orders of magnitude apart.
_EXPIRY_UNITS: Final = {
    b"valid_until": Unit.BY_SIZE,
    b"expires_at": Unit.BY_SIZE,
    b"expires": Unit.BY_SIZE,
    b"expiry": Unit.BY_SIZE,
    b"expiration": Unit.BY_SIZE,
    b"exp": Unit.BY_SIZE,
    b"ExpiresAt": Unit.SECONDS,
    b"lnc.expires_at": Unit.SECONDS,
}
_SMALLEST_MILLISECONDS: Final = 10**11
"""As seconds that would be the year 5138, as milliseconds it is 1973."""
_DIGITS: Final = re.compile(rb"[0-9]{1,20}")
_DATE: Final = re.compile(
    rb"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)"
)
_LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999; calendars here go no further."""


def read_condition(cid: bytes) -> Condition | None:
    """Split a caveat at its first ``=``; None where there is none.

    One space on both sides of it is taken as spelling (and noted); any other space stays.
    """
    key, equals, value = cid.partition(b"=")
    if not equals:
        return None
    if key.endswith(b" ") and value.startswith(b" "):
        return Condition(key[:-1], value[1:], True)
    return Condition(key, value, False)


def conditions(caveats: Iterable[Caveat]) -> tuple[Condition | None, ...]:
    """Each caveat's condition; None for third-party caveats and for those without a ``=``."""
    return tuple(None if c.third_party else read_condition(c.cid) for c in caveats)


def expiry_of(condition: Condition, index: int = 0) -> Expiry | None:
    """The moment an expiry condition names; None where it is none, or where it cannot be read."""
    if condition.kind is not Kind.EXPIRY:
        return None
    value = condition.value
    if _DIGITS.fullmatch(value):
        number = int(value)
        unit = _EXPIRY_UNITS.get(condition.key, Unit.SECONDS)
        if unit is Unit.BY_SIZE:
            unit = Unit.MILLISECONDS if number >= _SMALLEST_MILLISECONDS else Unit.SECONDS
        return Expiry(number // 1000 if unit is Unit.MILLISECONDS else number, unit, index)
    if not _DATE.fullmatch(value):
        return None
    try:
        moment = datetime.fromisoformat(value.decode("ascii").upper().replace(" ", "T"))
        return Expiry(int(moment.timestamp() // 1), Unit.DATE, index)
    except (ValueError, OverflowError):
        return None


def effective_expiry(caveats: Iterable[Caveat]) -> Expiry | None:
    """The earliest moment any caveat names: all of them have to hold. None: no end is named."""
    named = (
        expiry_of(condition, index)
        for index, condition in enumerate(conditions(caveats))
        if condition is not None
    )
    return min((end for end in named if end is not None), key=lambda end: end.at, default=None)


def services(caveats: Iterable[Caveat]) -> tuple[Service, ...] | None:
    """The services that every ``services`` caveat names, as the last one writes them.

    None: there is no such caveat, so the token is not bound to a service by name.
    """
    allowed: tuple[Service, ...] | None = None
    for condition in conditions(caveats):
        if condition is None or condition.kind is not Kind.SERVICES:
            continue
        named = _services(condition.value)
        before = None if allowed is None else {service.name for service in allowed}
        allowed = tuple(s for s in named if before is None or s.name in before)
    return allowed


def widenings(caveats: Sequence[Caveat]) -> tuple[Widening, ...]:
    """Every condition that repeats an earlier one and allows more (specification: a caveat may
    only restrict)."""
    latest: dict[bytes, tuple[int, Condition]] = {}
    found: list[Widening] = []
    for index, condition in enumerate(conditions(caveats)):
        if condition is None:
            continue
        if condition.key in latest:
            earlier, before = latest[condition.key]
            why = _widens(before, condition)
            if why is not None:
                found.append(Widening(index, earlier, why))
        latest[condition.key] = index, condition
    return tuple(found)


def format_time(at: int) -> Shown:
    """A moment as ``2031-01-01T00:00:00Z``. ``at`` in unix seconds."""
    if not 0 <= at <= _LAST_SECOND:
        return say("{} unix seconds, beyond the calendar", at)
    return shown(f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}")


def _services(value: bytes) -> list[Service]:
    entries = (entry.strip().partition(b":") for entry in value.split(b",") if entry.strip())
    return [Service(name, tier if colon else None) for name, colon, tier in entries]


def _names(condition: Condition) -> set[bytes]:
    if condition.kind is Kind.SERVICES:
        return {service.name for service in _services(condition.value)}
    return {name.strip() for name in condition.value.split(b",") if name.strip()}


def _widens(before: Condition, after: Condition) -> Shown | None:
    if after.kind is Kind.EXPIRY:
        first, second = expiry_of(before), expiry_of(after)
        if first and second and second.at > first.at:
            return say("it ends later than before, on {}", format_time(second.at))
        return None
    if after.kind not in (Kind.SERVICES, Kind.CAPABILITIES):
        return None
    earlier, now = _names(before), _names(after)
    # Without a name a capabilities condition restricts nothing.
    if after.kind is Kind.CAPABILITIES and not earlier:
        return None
    if after.kind is Kind.CAPABILITIES and not now:
        return say("it names no capability any more, which restricts nothing")
    grown = sorted(now - earlier)
    if not grown:
        return None
    return say("it adds {}", shown(b", ".join(grown), 80))
