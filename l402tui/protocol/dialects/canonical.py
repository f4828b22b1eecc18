"""Is this JSON written in its one canonical form?

The Payment scheme has its requests written as RFC 8785 (JCS) says, so that everyone who signs or
hashes them gets the same bytes. Comparing with the canonical writing of the same value shows the
first byte that differs. The writing itself is left to the ``rfc8785`` library.
"""

from __future__ import annotations

from l402tui.protocol.dialects.kinds import DialectError
from l402tui.protocol.dialects.located import Item, plain

__all__ = ["not_canonical"]

_SAFE: int = 2**53 - 1


def not_canonical(raw: bytes, item: Item) -> DialectError | None:
    """Where and why ``raw``, which reads as ``item``, is not canonical; None where it is."""
    import rfc8785  # only bills of the Payment scheme need it

    try:
        wanted = rfc8785.dumps(_doubles(plain(item)))  # type: ignore[arg-type]  # JSON by its making
    except ValueError:
        why = "it holds a number or a character for which RFC 8785 has no writing"
        return DialectError(why, item.start)
    if wanted == raw:
        return None
    pairs = zip(wanted, raw, strict=False)
    at = next((n for n, (one, other) in enumerate(pairs) if one != other), len(wanted))
    if raw[at : at + 1] in (b" ", b"\t", b"\r", b"\n"):
        why = "white space stands here, which the canonical form (RFC 8785) does not have"
    elif sorted(wanted) == sorted(raw):
        why = "the names are not in the order of the canonical form (RFC 8785)"
    else:
        why = "the canonical form (RFC 8785) is written differently from here on"
    return DialectError(why, at)


def _doubles(value: object) -> object:
    """RFC 8785 takes every number as an IEEE double; large whole ones must become one first."""
    if isinstance(value, dict):
        return {name: _doubles(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_doubles(element) for element in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _SAFE:
        return float(value)
    return value
