"""Does a request satisfy a value, and does a later value allow more than an earlier one?

One function each for every :class:`~l402tui.protocol.verifiers.model.Meaning`. ``None`` is an
answer: it cannot be told from here. A value that cannot be read satisfies nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, NamedTuple

from l402tui.protocol.conditions import Condition, expiry_of, format_time, listed, number_of
from l402tui.protocol.narrowing import below, matched, network_of, patterns_of, prefix_of, within
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.verifiers.model import Meaning

__all__ = ["Answer", "Target", "allows_more", "moment_in", "satisfied"]

_SHOWN: Final = 80
_SERVICES: Final = re.compile(rb"[^,:]+:[+-]?[0-9]{1,18}(?:,[^,:]+:[+-]?[0-9]{1,18})*")
_SIGNED: Final = re.compile(rb"\+[0-9]{1,20}")
_LAST_MOMENT: Final = 2**63 - 1 - 62_135_596_800
"""Unix seconds. Go counts from the year 1 in 63 bits, so a later moment is one long ago there."""
_DATE: Final = re.compile(
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?)(?<=\d)\d*(Z|[+-]\d\d:\d\d)"
)
_RANGE: Final = re.compile(rb"[^/]+/[0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class Target:
    """The request that a token is held against."""

    now: float
    """Unix seconds by the verifier's clock."""
    service: bytes | None = None
    """The service that is asked for; None: the only one the token names."""
    method: str = "GET"
    path: str = "/"
    address: str | None = None
    """The caller's IP address as the verifier sees it; None: not known."""


class Answer(NamedTuple):
    """Whether a value holds, and why."""

    holds: bool | None
    why: Shown


def satisfied(meaning: Meaning, value: bytes, target: Target) -> Answer:
    """Whether ``value`` allows this request."""
    return _SATISFIED[meaning](value, target)


def allows_more(meaning: Meaning, before: bytes, after: bytes) -> Shown | None:
    """What ``after`` allows and ``before`` did not; None where nothing is, or where that cannot be
    told."""
    compare = _GROWS.get(meaning)
    return None if compare is None else compare(before, after)


def moment_in(meaning: Meaning, value: bytes) -> int | None:
    """The moment a value names, in unix seconds; None where its meaning is no moment, or where it
    cannot be read."""
    match meaning:
        case Meaning.SECONDS:
            return number_of(value)
        case Meaning.MILLISECONDS:
            number = number_of(value)
            return None if number is None else number // 1000
        case Meaning.DATE:
            return _date_of(value)
        case _:
            return None


# --- does it hold? --------------------------------------------------------------------------------


def _names(value: bytes) -> list[bytes]:
    """Of services, without their tiers; a space is a part of the name."""
    return [name.partition(b":")[0] for name in value.split(b",")]


def _services(value: bytes, target: Target) -> Answer:
    if not _SERVICES.fullmatch(value):
        return Answer(False, say("It is not written as name:tier,name:tier."))
    if target.service is None:
        return Answer(None, say("It is not known which service the request is for."))
    if target.service in _names(value):
        return Answer(True, say("It names {}.", shown(target.service, _SHOWN)))
    return Answer(False, say("It does not name {}.", shown(target.service, _SHOWN)))


def _service(value: bytes, target: Target) -> Answer:
    if target.service is None:
        return Answer(None, say("It is not known which service the request is for."))
    return _equal(value, target.service)


def _moment(seconds: int | None, target: Target) -> Answer:
    if seconds is None:
        return Answer(False, say("No moment can be read in it."))
    until = format_time(seconds)
    if target.now < seconds:
        return Answer(True, say("It ends on {}.", until))
    return Answer(False, say("It ended on {}.", until))


def _seconds(value: bytes, target: Target) -> Answer:
    return _counted(Meaning.SECONDS, value, target)


def _milliseconds(value: bytes, target: Target) -> Answer:
    return _counted(Meaning.MILLISECONDS, value, target)


def _counted(meaning: Meaning, value: bytes, target: Target) -> Answer:
    """Numbers are read in different ways where they are not plain, or larger than any clock."""
    seconds = moment_in(meaning, value)
    if _SIGNED.fullmatch(value) or (seconds is not None and seconds > _LAST_MOMENT):
        return Answer(None, say("Servers read such a number in different ways."))
    return _moment(seconds, target)


def _date(value: bytes, target: Target) -> Answer:
    return _moment(moment_in(Meaning.DATE, value), target)


def _date_of(value: bytes) -> int | None:
    """With a T and a Z as capital letters, and any number of decimals."""
    plain = _DATE.fullmatch(value)
    if plain is None:
        return None
    end = expiry_of(Condition(b"time-before", plain[1] + plain[2], False, b" "))
    return None if end is None else end.at


def _equal(value: bytes, wanted: bytes) -> Answer:
    if value == wanted:
        return Answer(True, say("It is {}.", shown(wanted, _SHOWN)))
    return Answer(False, say("It is not {}.", shown(wanted, _SHOWN)))


def _method(value: bytes, target: Target) -> Answer:
    return _equal(value, target.method.encode())


def _methods(value: bytes, target: Target) -> Answer:
    method = target.method.encode()
    if method in listed(value):
        return Answer(True, say("It names {}.", shown(method)))
    return Answer(False, say("It does not name {}.", shown(method)))


def _path(value: bytes, target: Target) -> Answer:
    return _equal(value, target.path.encode())


def _prefix(value: bytes, target: Target) -> Answer:
    prefix, path = prefix_of(value), prefix_of(target.path.encode())
    if prefix is None or path is None:
        return Answer(None, say("Servers read a path with such parts in different ways."))
    where = shown(target.path, _SHOWN)
    if below(path, prefix):
        return Answer(True, say("{} lies below it.", where))
    return Answer(False, say("{} does not lie below it.", where))


def _patterns(value: bytes, target: Target) -> Answer:
    patterns, path = patterns_of(value), prefix_of(target.path.encode())
    if patterns is None or path is None:
        return Answer(None, say("Servers read such a pattern or path in different ways."))
    segments = path.split(b"/")[1:]
    where = shown(target.path, _SHOWN)
    if any(matched(segments, pattern) for pattern in patterns):
        return Answer(True, say("{} matches it.", where))
    return Answer(False, say("{} does not match it.", where))


def _address(value: bytes, target: Target) -> Answer:
    if target.address is None:
        return Answer(None, say("It is not known from which address the request will come."))
    wanted = target.address.encode()
    if value != wanted and _same_address(value, wanted):
        why = "It is {} in another spelling, which servers read in different ways."
        return Answer(None, say(why, shown(target.address)))
    return _equal(value, wanted)


def _same_address(one: bytes, other: bytes) -> bool:
    try:
        first, second = (ip_address(text.decode("ascii")) for text in (one, other))
    except ValueError:
        return False
    return _plain(first) == _plain(second)


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address that is written as one of IPv6, as the IPv4 address."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped if mapped is not None else address


def _addresses(value: bytes, target: Target) -> Answer:
    if target.address is None:
        return Answer(None, say("It is not known from which address the request will come."))
    if target.address.encode() in listed(value):
        return Answer(True, say("It names {}.", shown(target.address)))
    return Answer(False, say("It does not name {}.", shown(target.address)))


def _network(value: bytes, target: Target) -> Answer:
    network = network_of(value) if _RANGE.fullmatch(value) else None
    if network is None:
        return Answer(False, say("It is no range of addresses, such as 10.0.0.0/8."))
    if target.address is None:
        return Answer(None, say("It is not known from which address the request will come."))
    try:
        address = ip_address(target.address)
    except ValueError:
        return Answer(None, say("{} is no IP address.", shown(target.address, _SHOWN)))
    where = shown(target.address)
    if isinstance(network.network_address, IPv6Address) and network.network_address.ipv4_mapped:
        return Answer(None, say("Servers read IPv4 written as IPv6 in different ways."))
    inside = address in network
    return Answer(inside, say("{} lies in it." if inside else "{} does not lie in it.", where))


def _count(value: bytes, target: Target) -> Answer:
    number = number_of(value)
    if number is None:
        return Answer(False, say("It is no whole number."))
    if number == 0:
        return Answer(False, say("Nothing is left of it."))
    return Answer(None, say("Only the server knows how much of it is left."))


def _other(value: bytes, target: Target) -> Answer:
    return Answer(None, say("The request alone does not show whether it holds."))


_SATISFIED: Final[dict[Meaning, Callable[[bytes, Target], Answer]]] = {
    Meaning.SERVICES: _services,
    Meaning.SERVICE: _service,
    Meaning.SECONDS: _seconds,
    Meaning.MILLISECONDS: _milliseconds,
    Meaning.DATE: _date,
    Meaning.METHOD: _method,
    Meaning.METHODS: _methods,
    Meaning.PATH: _path,
    Meaning.PREFIX: _prefix,
    Meaning.PATTERNS: _patterns,
    Meaning.ADDRESS: _address,
    Meaning.ADDRESSES: _addresses,
    Meaning.NETWORK: _network,
    Meaning.COUNT: _count,
    Meaning.OTHER: _other,
}


# --- does it grow? --------------------------------------------------------------------------------


def _greater(before: bytes, after: bytes) -> Shown | None:
    first, second = number_of(before), number_of(after)
    if first is None or second is None or second <= first:
        return None
    return say("{} is more than {}", shown(after, _SHOWN), shown(before, _SHOWN))


def _later(first: int | None, second: int | None) -> Shown | None:
    if first is None or second is None or second <= first:
        return None
    return say("{} is later than {}", format_time(second), format_time(first))


def _later_seconds(before: bytes, after: bytes) -> Shown | None:
    return _later(number_of(before), number_of(after))


def _later_milliseconds(before: bytes, after: bytes) -> Shown | None:
    first, second = number_of(before), number_of(after)
    if first is None or second is None or second <= first:
        return None
    return say("{} is later than {}", format_time(second // 1000), format_time(first // 1000))


def _later_date(before: bytes, after: bytes) -> Shown | None:
    return _later(_date_of(before), _date_of(after))


def _added(before: set[bytes], after: set[bytes]) -> Shown | None:
    grown = sorted(after - before)
    return say("it adds {}", shown(b", ".join(grown), _SHOWN)) if grown else None


def _more_services(before: bytes, after: bytes) -> Shown | None:
    return _added(set(_names(before)), set(_names(after)))


def _more_names(before: bytes, after: bytes) -> Shown | None:
    return _added(set(listed(before)), set(listed(after)))


def _another(before: bytes, after: bytes) -> Shown | None:
    return None if before == after else say("it is not {}", shown(before, _SHOWN))


def _outside(before: bytes, after: bytes) -> Shown | None:
    first, second = prefix_of(before), prefix_of(after)
    if first is None or second is None or below(second, first):
        return None
    return say("it is not below {}", shown(before, _SHOWN))


def _more_paths(before: bytes, after: bytes) -> Shown | None:
    first, second = patterns_of(before), patterns_of(after)
    if first is None or second is None:
        return None
    for pattern in second:
        if not any(matched(pattern, wider) for wider in first):
            return say("it adds {}", shown(b"/" + b"/".join(pattern), _SHOWN))
    return None


def _other_network(before: bytes, after: bytes) -> Shown | None:
    first, second = network_of(before), network_of(after)
    if first is None or second is None or within(second, first):
        return None
    return say("it holds addresses that {} does not", shown(before, _SHOWN))


_GROWS: Final[dict[Meaning, Callable[[bytes, bytes], Shown | None]]] = {
    Meaning.SERVICES: _more_services,
    Meaning.SERVICE: _another,
    Meaning.SECONDS: _later_seconds,
    Meaning.MILLISECONDS: _later_milliseconds,
    Meaning.DATE: _later_date,
    Meaning.METHOD: _another,
    Meaning.METHODS: _more_names,
    Meaning.PATH: _another,
    Meaning.PREFIX: _outside,
    Meaning.PATTERNS: _more_paths,
    Meaning.ADDRESS: _another,
    Meaning.ADDRESSES: _more_names,
    Meaning.NETWORK: _other_network,
    Meaning.COUNT: _greater,
}
