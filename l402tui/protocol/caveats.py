"""What do the caveats of a token allow, all of them together, and when does the token end?

Every caveat has to hold, so a condition that comes again adds to the first: the earliest end
counts, the services that all name, the smallest number. This module works that out and finds a
condition that comes again and grows. What one caveat says is in
:mod:`~l402tui.protocol.conditions`, the words themselves in :mod:`~l402tui.protocol.vocabulary`.

Sources: L402 protocol specification, "macaroons" (services, capabilities); for other conditions,
the servers named in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple, TypeAlias

from l402tui.protocol.conditions import (
    Condition,
    Expiry,
    UnitReason,
    conditions,
    expiry_of,
    format_time,
    listed,
    moment_of,
    number_of,
    read_condition,
)
from l402tui.protocol.macaroon import Caveat
from l402tui.protocol.narrowing import (
    below,
    grows,
    names_of,
    network_of,
    prefix_of,
    within,
)
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.vocabulary import Kind, Rule, Together, Unit

__all__ = [
    "Condition",
    "Effective",
    "Expiry",
    "Kind",
    "Outcome",
    "Rule",
    "Service",
    "Together",
    "Unit",
    "UnitReason",
    "Widening",
    "conditions",
    "effective",
    "effective_expiry",
    "expiry_of",
    "format_time",
    "moment_of",
    "read_condition",
    "services",
    "widenings",
]


class Service(NamedTuple):
    """One entry of a ``services`` condition."""

    name: bytes
    tier: bytes | None


@dataclass(frozen=True, slots=True)
class Widening:
    """A condition that came again and allows more than before, which a caveat must not."""

    index: int
    """Which caveat grows, from 0."""
    earlier: int
    """The caveat it repeats."""
    why: Shown


def effective_expiry(caveats: Iterable[Caveat]) -> Expiry | None:
    """The moment after which the token opens nothing. None: no such end is named.

    An end without a service is one for the whole token. One that is for a service ends the token
    only where the token names its services and each of them has an end: then the last one counts.
    """
    caveats = tuple(caveats)
    ends = _ends(caveats)
    found = [ends[_ALL]] if _ALL in ends else []
    allowed = {service.name for service in services(caveats) or ()}
    if allowed and allowed <= ends.keys():
        found.append(max((ends[name] for name in allowed), key=_moment))
    return min(found, key=_moment, default=None)


_ALL: Final = b""
"""Instead of a service: the whole token."""


def _ends(caveats: Sequence[Caveat]) -> dict[bytes, Expiry]:
    """The earliest end for each service that has one, and for the whole token."""
    found: dict[bytes, Expiry] = {}
    for index, condition in enumerate(conditions(caveats)):
        end = None if condition is None else expiry_of(condition, index)
        if condition is None or end is None:
            continue
        found[condition.service] = min(found.get(condition.service, end), end, key=_moment)
    return found


def _moment(end: Expiry) -> int:
    return end.at


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


def _services(value: bytes) -> list[Service]:
    entries = (entry.partition(b":") for entry in listed(value))
    return [Service(name, tier if colon else None) for name, colon, tier in entries]


def widenings(caveats: Sequence[Caveat]) -> tuple[Widening, ...]:
    """Every condition that repeats an earlier one and allows more (specification: a caveat may
    only restrict)."""
    latest: dict[tuple[bytes, bytes], tuple[int, Condition]] = {}
    found: list[Widening] = []
    for index, condition in enumerate(conditions(caveats)):
        if condition is None:
            continue
        key = condition.key, condition.sign
        if key in latest:
            earlier, before = latest[key]
            why = grows(before, condition)
            if why is not None:
                found.append(Widening(index, earlier, why))
        latest[key] = index, condition
    return tuple(found)


# --- all of them together -------------------------------------------------------------------------


class Outcome(Enum):
    """Whether several conditions can hold at once."""

    HOLDS = "all of them can hold"
    IMPOSSIBLE = "nothing can satisfy all of them"
    UNCERTAIN = "what they come to is up to the server"


@dataclass(frozen=True, slots=True)
class Effective:
    """What the conditions with one key come to."""

    key: bytes
    """Empty for the end of the whole token."""
    kind: Kind
    value: Shown
    """What is left: a list, a number, a moment."""
    why: Shown
    """How it follows, with the caveats' numbers from 1."""
    indices: tuple[int, ...]
    """Which caveats they are, from 0."""
    outcome: Outcome
    end: Expiry | None = None
    """The moment, where it is one."""


_Numbered: TypeAlias = tuple[int, Condition]
_Result: TypeAlias = tuple[Shown, Shown, Outcome]
_MOST_NUMBERS: Final = 8
_SHOWN: Final = 120
"""Characters of a value from outside in such a line."""


def effective(caveats: Sequence[Caveat]) -> tuple[Effective, ...]:
    """The end of the token, where it has one, the end for each service, and one entry for each
    other key that comes more than once, in the order of the caveats. Empty: each caveat stands for
    itself."""
    groups: dict[tuple[bytes, bytes], list[_Numbered]] = {}
    ends: dict[bytes, list[_Numbered]] = {}
    for index, condition in enumerate(conditions(caveats)):
        if condition is None:
            continue
        if condition.kind is Kind.EXPIRY and condition.sign == b"=":
            ends.setdefault(condition.service, []).append((index, condition))
        elif condition.kind is Kind.EXPIRY:
            ends.setdefault(_ALL, []).append((index, condition))
        else:
            groups.setdefault((condition.key, condition.sign), []).append((index, condition))
    found = _endings(caveats, ends)
    found += [_together(group) for group in groups.values() if len(group) > 1]
    return tuple(found)


def _endings(caveats: Sequence[Caveat], groups: dict[bytes, list[_Numbered]]) -> list[Effective]:
    """The end of the token, then the end for each service that is not already that."""
    end, found = effective_expiry(caveats), []
    if end is not None:
        service = next(name for name, group in groups.items() if _holds(group, end.index))
        value, why, outcome = _earliest(groups[service])
        if service and len(groups) > 1:
            last = say("Each service that it names has an end, and this is the last of them.")
            why = say("{} {}", why, last)
        everywhere = tuple(index for group in groups.values() for index, _ in group)
        found.append(Effective(_ALL, Kind.EXPIRY, value, why, everywhere, outcome, end))
    for service, group in groups.items():
        alone = end is not None and len(groups) == 1
        own = _ends([caveats[index] for index, _ in group]).get(service)
        if alone or (service == _ALL and own is not None) or (own is None and len(group) < 2):
            continue
        value, why, outcome = _earliest(group)
        indices = tuple(index for index, _ in group)
        key = group[0][1].key
        found.append(Effective(key, Kind.EXPIRY, value, why, indices, outcome, own))
    return found


def _holds(group: list[_Numbered], wanted: int) -> bool:
    return any(index == wanted for index, _ in group)


def _together(group: list[_Numbered]) -> Effective:
    condition = group[0][1]
    indices = tuple(index for index, _ in group)
    if len({each.value for _, each in group}) == 1:
        value, why, outcome = _agreeing(group)
    else:
        value, why, outcome = _COMBINED[condition.rule.together](group)
    return Effective(condition.key, condition.kind, value, why, indices, outcome)


def _agreeing(group: list[_Numbered]) -> _Result:
    condition = group[0][1]
    secret = condition.kind is Kind.PREIMAGE
    value = say("the same each time") if secret else shown(condition.value, _SHOWN)
    return value, say("{} say the same.", _numbers(group)), Outcome.HOLDS


def _numbers(group: Sequence[_Numbered]) -> Shown:
    told = ", ".join(str(index + 1) for index, _ in group[:_MOST_NUMBERS])
    more = len(group) - _MOST_NUMBERS
    word = "Caveats" if len(group) > 1 else "Caveat"
    if more > 0:
        return say("{} {} and {} more", say(word), shown(told), more)
    return say("{} {}", say(word), shown(told))


def _earliest(group: list[_Numbered]) -> _Result:
    read = [(expiry_of(condition, index), index, condition) for index, condition in group]
    named = [(end, condition) for end, _, condition in read if end is not None]
    unread = [(index, condition) for end, index, condition in read if end is None]
    if not named:
        return _undecided(group)
    first, condition = min(named, key=lambda pair: pair[0].at)
    only = say("Caveat {} says so.", first.index + 1)
    several = say("Of {} moments the earliest counts: caveat {}.", len(named), first.index + 1)
    why = several if len(named) > 1 else only
    if condition.service:
        why = say("{} It is the end for the service {}.", why, shown(condition.service, 60))
    if unread:
        why = say("{} {} should name a moment too, but none can be read.", why, _numbers(unread))
    outcome = Outcome.UNCERTAIN if unread else Outcome.HOLDS
    return format_time(first.at), why, outcome


def _smallest(group: list[_Numbered]) -> _Result:
    read = [(number_of(condition.value), index) for index, condition in group]
    numbers = [(number, index) for number, index in read if number is not None]
    if len(numbers) < len(group):
        return _undecided(group)
    number, index = min(numbers)
    why = say("The smallest of {} counts: caveat {}.", len(numbers), index + 1)
    return shown(str(number)), why, Outcome.HOLDS


def _common(group: list[_Numbered]) -> _Result:
    lists = [names_of(condition) for _, condition in group]
    kind = group[0][1].kind
    if kind is Kind.CAPABILITIES:
        # An empty list restricts nothing.
        lists = [names for names in lists if names] or [[]]
        if not lists[0]:
            return say("everything"), say("{} restrict nothing.", _numbers(group)), Outcome.HOLDS
    left = set(lists[0]).intersection(*lists[1:])
    if not left:
        none = say("Nothing is named in all of them; nothing can satisfy all of them.")
        return say("nothing"), say("{}: {}", _numbers(group), none), Outcome.IMPOSSIBLE
    # As the last one writes them, each once.
    names = [name for name in dict.fromkeys(lists[-1]) if name in left]
    why = say("{}: what all of them name is left.", _numbers(group))
    return shown(b", ".join(names), _SHOWN), why, Outcome.HOLDS


def _deepest(group: list[_Numbered]) -> _Result:
    read = [prefix_of(condition.value) for _, condition in group]
    paths = [path for path in read if path is not None]
    if len(paths) < len(group):
        return _undecided(group)
    longest = max(paths, key=len)
    if not all(below(longest, path) for path in paths):
        return _contradicting(group)
    why = say("{}: the longest counts, it lies below the others.", _numbers(group))
    return shown(longest or b"/", _SHOWN), why, Outcome.HOLDS


def _narrowest(group: list[_Numbered]) -> _Result:
    read = [network_of(condition.value) for _, condition in group]
    networks = [network for network in read if network is not None]
    if len(networks) < len(group):
        return _undecided(group)
    smallest = max(networks, key=lambda network: (network.version, network.prefixlen))
    if not all(within(smallest, network) for network in networks):
        return _contradicting(group)
    why = say("{}: the smallest counts, it lies in the others.", _numbers(group))
    return shown(str(smallest)), why, Outcome.HOLDS


def _contradicting(group: list[_Numbered]) -> _Result:
    why = say("{} ask for different things: nothing can satisfy all of them.", _numbers(group))
    return _values(group), why, Outcome.IMPOSSIBLE


def _patterns(group: list[_Numbered]) -> _Result:
    why = say("{}: only what matches each of them is allowed.", _numbers(group))
    return _values(group), why, Outcome.HOLDS


def _unrestricting(group: list[_Numbered]) -> _Result:
    why = say("{} differ; they restrict nothing.", _numbers(group))
    return _values(group), why, Outcome.HOLDS


def _undecided(group: list[_Numbered]) -> _Result:
    why = say("{} differ. What they come to is up to the server.", _numbers(group))
    return _values(group), why, Outcome.UNCERTAIN


def _values(group: list[_Numbered]) -> Shown:
    if group[0][1].kind is Kind.PREIMAGE:
        return say("different each time")
    values = list(dict.fromkeys(condition.value for _, condition in group))
    told = [shown(value, _SHOWN // 3) or say("(empty)") for value in values[:3]]
    more = say(" and {} more", len(values) - 3) if len(values) > 3 else say("")
    return say("{}" + "; {}" * (len(told) - 1) + "{}", *told, more)


_COMBINED: Final[dict[Together, Callable[[list[_Numbered]], _Result]]] = {
    Together.EARLIEST: _earliest,
    Together.SMALLEST: _smallest,
    Together.COMMON: _common,
    Together.DEEPEST: _deepest,
    Together.NARROWEST: _narrowest,
    Together.PATTERNS: _patterns,
    Together.EQUAL: _contradicting,
    Together.SERVER: _undecided,
    Together.NOTHING: _unrestricting,
}
