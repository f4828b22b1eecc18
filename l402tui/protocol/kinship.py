"""How are two macaroons related, as far as that can be told without the root key?

Caveats are signed in a chain, so whoever holds a macaroon can check that another one was made from
it by adding caveats: the chain, continued from the signature that is known, has to end in the
signature of the other. That is proof without any key. What two macaroons had in common before
either of them is not in their signatures any more.

Source: libmacaroons ``macaroons.c`` (the chain, with and without a third party).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from l402tui.protocol.macaroon import Caveat, Macaroon
from l402tui.protocol.macaroon_chain import next_signature

__all__ = ["Kinship", "Relation", "continued", "relate"]


class Kinship(Enum):
    """What the second macaroon is to the first."""

    SAME = "the same bytes"
    REWRITTEN = "the same macaroon in other bytes"
    """Identifier, caveats and signature are equal; the format or the unsigned location is not."""
    CHILD = "derived from it"
    PARENT = "what it was derived from"
    FALSE_CHILD = "its caveats go on, its signature does not"
    FALSE_PARENT = "its caveats go back, its signature does not"
    RESIGNED = "the same words with another signature"
    SIBLING = "the same identifier with other caveats"
    DISCHARGE = "the discharge of one of its third-party caveats"
    DISCHARGED = "the macaroon that it discharges"
    STRANGER = "another identifier"


@dataclass(frozen=True, slots=True)
class Relation:
    """What the second macaroon is to the first, and how far they agree."""

    kinship: Kinship
    shared: int
    """Caveats that both begin with."""
    added: tuple[Caveat, ...]
    """The caveats that one has more than the other; of two siblings, those of the second."""
    moved: bool
    """Whether the locations differ, which no signature covers."""
    kept: tuple[Caveat, ...] = ()
    """The caveats before :attr:`added`, which both have."""


def continued(signature: bytes, caveats: Iterable[Caveat]) -> bytes:
    """The end of the HMAC chain after more ``caveats``. ``signature``: 32 bytes before them."""
    for caveat in caveats:
        signature = next_signature(signature, caveat.cid, caveat.vid)
    return signature


def relate(first: Macaroon, second: Macaroon) -> Relation:
    """What ``second`` is to ``first``. Never raises; signatures are compared in constant time."""
    moved = first.location != second.location
    if first.raw == second.raw:
        return Relation(Kinship.SAME, len(first.caveats), (), moved)
    if first.identifier != second.identifier:
        return Relation(_apart(first, second), 0, (), moved)
    one, two = _words(first), _words(second)
    shared = next(
        (at for at, (mine, other) in enumerate(zip(one, two, strict=False)) if mine != other),
        min(len(one), len(two)),
    )
    if shared < min(len(one), len(two)):
        kept = second.caveats[:shared]
        return Relation(Kinship.SIBLING, shared, second.caveats[shared:], moved, kept)
    if len(one) == len(two):
        same = hmac.compare_digest(first.signature, second.signature)
        kinship = Kinship.REWRITTEN if same else Kinship.RESIGNED
        return Relation(kinship, shared, (), moved)
    grown = len(two) > len(one)
    elder, younger = (first, second) if grown else (second, first)
    added = younger.caveats[shared:]
    derived = hmac.compare_digest(continued(elder.signature, added), younger.signature)
    if grown:
        kinship = Kinship.CHILD if derived else Kinship.FALSE_CHILD
    else:
        kinship = Kinship.PARENT if derived else Kinship.FALSE_PARENT
    return Relation(kinship, shared, added, moved, younger.caveats[:shared])


def _words(macaroon: Macaroon) -> list[tuple[bytes, bytes | None]]:
    """What of each caveat is signed."""
    return [(caveat.cid, caveat.vid) for caveat in macaroon.caveats]


def _apart(first: Macaroon, second: Macaroon) -> Kinship:
    if _asks_for(first, second):
        return Kinship.DISCHARGE
    return Kinship.DISCHARGED if _asks_for(second, first) else Kinship.STRANGER


def _asks_for(macaroon: Macaroon, discharge: Macaroon) -> bool:
    """A discharge carries as identifier what its caveat asks the third party to confirm."""
    return any(c.third_party and c.cid == discharge.identifier for c in macaroon.caveats)
