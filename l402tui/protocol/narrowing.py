"""Does a condition that comes again allow more than before?

A caveat may only restrict. What "more" means depends on the kind of condition: a later moment, a
greater number, a name that was not in the list, a path that lies outside. Where it cannot be told
for certain, nothing is claimed.

Sources: L402 protocol specification, "macaroons"; for path prefixes and patterns, how bolthub and
paygate compare them (whole segments, case as it is).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from l402tui.protocol.conditions import (
    Condition,
    expiry_of,
    format_time,
    listed,
    number_of,
)
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.vocabulary import Kind, Together

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

__all__ = [
    "below",
    "grows",
    "matched",
    "names_of",
    "network_of",
    "patterns_of",
    "prefix_of",
    "within",
]

_MOST_PAIRS: Final = 400
"""Pairs of patterns that are compared; beyond that nothing is claimed."""
_ODD_PATH: Final = re.compile(rb"[%\\]|//|(?:^|/)\.\.?(?:/|$)")
_LONGEST_NETWORK: Final = 64


def grows(before: Condition, after: Condition) -> Shown | None:
    """What ``after`` allows and ``before`` with the same key did not; None where nothing is, or
    where that cannot be told."""
    compare = _GROWTH.get(after.rule.together)
    return None if compare is None else compare(before, after)


# --- moments, numbers, names ----------------------------------------------------------------------


def _later(before: Condition, after: Condition) -> Shown | None:
    first, second = expiry_of(before), expiry_of(after)
    if first and second and second.at > first.at:
        return say(
            "it ends later than before, on {} and not on {}",
            format_time(second.at),
            format_time(first.at),
        )
    return None


def _greater(before: Condition, after: Condition) -> Shown | None:
    first, second = number_of(before.value), number_of(after.value)
    if first is not None and second is not None and second > first:
        return say("{} is more than {}", shown(after.value, 40), shown(before.value, 40))
    return None


def names_of(condition: Condition) -> list[bytes]:
    """The names in a list; of services without their tiers."""
    names = listed(condition.value)
    if condition.kind is Kind.SERVICES:
        return [name.partition(b":")[0] for name in names]
    return names


def _more_names(before: Condition, after: Condition) -> Shown | None:
    earlier, now = set(names_of(before)), set(names_of(after))
    # Without a name a capabilities condition restricts nothing.
    if after.kind is Kind.CAPABILITIES:
        if not earlier:
            return None
        if not now:
            return say("it names no capability any more, which restricts nothing")
    grown = sorted(now - earlier)
    if not grown:
        return None
    return say("it adds {}", shown(b", ".join(grown), 80))


# --- paths ----------------------------------------------------------------------------------------


def prefix_of(value: bytes) -> bytes | None:
    """A path without the slash at its end; None where it has parts that servers read in different
    ways (escapes, dots, double slashes)."""
    if not value.startswith(b"/") or _ODD_PATH.search(value):
        return None
    return value.rstrip(b"/") if value != b"/" else b""


def below(path: bytes, prefix: bytes) -> bool:
    """Whether ``path`` is ``prefix`` or lies below it, segment by segment."""
    return path == prefix or path.startswith(prefix + b"/")


def _outside(before: Condition, after: Condition) -> Shown | None:
    first, second = prefix_of(before.value), prefix_of(after.value)
    if first is None or second is None or below(second, first):
        return None
    return say("it is not below {}", shown(before.value, 80))


def patterns_of(value: bytes) -> list[list[bytes]] | None:
    """A list of path patterns, each as its segments; None where one is not made of whole segments,
    ``*`` and a last ``**``."""
    patterns: list[list[bytes]] = []
    for pattern in listed(value):
        path = prefix_of(pattern)
        segments = [] if not path else path.split(b"/")[1:]
        if path is None or b"**" in segments[:-1]:
            return None
        if any((b"*" in s and s not in (b"*", b"**")) or b"?" in s for s in segments):
            return None
        patterns.append(segments)
    return patterns


def matched(pattern: list[bytes], wider: list[bytes]) -> bool:
    """Whether everything that ``pattern`` matches is matched by ``wider`` too."""
    if wider[-1:] == [b"**"]:
        stem = wider[:-1]
        return len(pattern) >= len(stem) and matched(pattern[: len(stem)], stem)
    if len(pattern) != len(wider) or pattern[-1:] == [b"**"]:
        return False
    return all(w in (b"*", p) for p, w in zip(pattern, wider, strict=True))


def _more_paths(before: Condition, after: Condition) -> Shown | None:
    first, second = patterns_of(before.value), patterns_of(after.value)
    if first is None or second is None or len(first) * len(second) > _MOST_PAIRS:
        return None
    for pattern in second:
        if not any(matched(pattern, wider) for wider in first):
            path = b"/" + b"/".join(pattern)
            return say("it adds {}", shown(path, 80))
    return None


# --- networks -------------------------------------------------------------------------------------


def network_of(value: bytes) -> IPv4Network | IPv6Network | None:
    """A range of IP addresses (``10.0.0.0/8``); None where it is none."""
    # Only tokens that have such a condition pay for the import.
    from ipaddress import ip_network

    if len(value) > _LONGEST_NETWORK:
        return None
    try:
        return ip_network(value.decode("ascii"), strict=False)
    except ValueError:
        return None


def within(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    """Whether all addresses of ``inner`` are in ``outer``."""
    return (
        inner.version == outer.version
        and outer.prefixlen <= inner.prefixlen
        and inner.network_address in outer
    )


def _other_network(before: Condition, after: Condition) -> Shown | None:
    first, second = network_of(before.value), network_of(after.value)
    if first is None or second is None or within(second, first):
        return None
    return say("it holds addresses that {} does not", shown(before.value, 80))


_GROWTH: Final[dict[Together, Callable[[Condition, Condition], Shown | None]]] = {
    Together.EARLIEST: _later,
    Together.SMALLEST: _greater,
    Together.COMMON: _more_names,
    Together.DEEPEST: _outside,
    Together.PATTERNS: _more_paths,
    Together.NARROWEST: _other_network,
}
