"""Which of the other protocols is it? The order in which their marks are looked for.

The most explicit mark wins: a header made for one protocol, then the scheme of a challenge, then
the shape of a JSON body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from l402tui.protocol.dialects import bare, cashu, mcp, mpp, named, offers, rails, x402
from l402tui.protocol.dialects.evidence import Evidence
from l402tui.protocol.dialects.kinds import Demand, Dialect, Difference, Kind, Words
from l402tui.protocol.text import Shown, say

__all__ = ["first", "survey"]

_WORDS: Final = {
    Kind.L402: Words(
        "It is meant as L402, but the challenge is incomplete or unreadable.",
        "A Lightning wallet could pay an L402 bill; this one is not paid as it is.",
        None,
    ),
    Kind.L402_BODY: Words(
        "It gives a token and an invoice as L402 does, but in the body and not in the header.",
        "A Lightning wallet could pay the invoice. This program pays bills in the header only: "
        "there each part has one meaning.",
        None,
    ),
    Kind.OTHER_SCHEME: Words(
        "It names an authentication scheme that is no payment protocol known here.",
        "An account at the server may be what it wants.",
        None,
    ),
    Kind.PAYWALL: Words(
        "There is nothing in it that a program could pay.",
        "Open the address in a browser, or ask who runs the server.",
        Difference(
            "What was paid is good for as long as the account is.",
            "There is no token that could be narrowed or handed on.",
            "The server has to be trusted with everything.",
            "The status code 402 by itself says nothing about how to pay, or what proves it.",
        ),
    ),
    Kind.NOT_A_BILL: Words("The answer does not ask for payment.", "", None),
}

Decoder: TypeAlias = Callable[[Evidence], Demand | None]


def _marked(name: str, decode: Decoder) -> Decoder:
    """``decode``, but only where a header line of that name is there."""
    return lambda seen: decode(seen) if seen.first(name) is not None else None


_BY_HEADER: Final[tuple[Decoder, ...]] = (
    _marked("x-settlegrid-protocol-negotiation", rails.decode),
    _marked("payment-required", x402.decode),
    _marked("x-cashu", cashu.decode),
)
_BY_SCHEME: Final[tuple[Decoder, ...]] = (rails.decode, mpp.decode, cashu.decode)
_BY_BODY: Final[tuple[Decoder, ...]] = (
    mcp.decode,
    x402.decode,
    offers.decode,
    named.manifest,
    named.accept_payment,
    named.dry_run,
    named.named,
)


def first(status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> Dialect:
    """See :func:`l402tui.protocol.dialects.recognise`."""
    evidence = Evidence.of(status, headers, body)
    found = next(_found(evidence), None)
    if isinstance(found, Demand):
        return _dialect(found)
    return _plain(found if found is not None else _fallback(evidence))


def survey(
    status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes
) -> tuple[Dialect, tuple[Dialect, ...]]:
    """See :func:`l402tui.protocol.dialects.survey`."""
    evidence = Evidence.of(status, headers, body)
    found = list(_found(evidence))
    leading = found[0] if found else _fallback(evidence)
    main = _dialect(leading) if isinstance(leading, Demand) else _plain(leading)
    told: dict[Kind, Dialect] = {}
    for demand in found:
        if isinstance(demand, Demand) and demand.kind not in told:
            told[demand.kind] = main if demand is leading else _dialect(demand)
    return main, tuple(told.values())


def _found(evidence: Evidence) -> Iterator[Demand | Kind]:
    yield from _each(_BY_HEADER, evidence)
    if evidence.challenges("l402", "lsat"):
        yield Kind.L402
    yield from _each(_BY_SCHEME, evidence)
    # A body of several rails is one of x402 as well, by its making; it is named once.
    yield from _each(_BY_BODY, evidence.without_body() if rails.marked(evidence) else evidence)
    item = evidence.json
    token = item is not None and (item.text("macaroon") or item.text("token"))
    if item is not None and token and item.text("invoice"):
        yield Kind.L402_BODY  # the bare invoice in it is that bill's own
    else:
        yield from _each((bare.decode,), evidence)


def _each(decoders: Sequence[Decoder], evidence: Evidence) -> Iterator[Demand]:
    for decode in decoders:
        demand = decode(evidence)
        if demand is not None:
            yield demand


def _fallback(evidence: Evidence) -> Kind:
    if evidence.reading.challenges:
        return Kind.OTHER_SCHEME
    return Kind.PAYWALL if evidence.status == 402 else Kind.NOT_A_BILL


def _dialect(demand: Demand) -> Dialect:
    name = Shown(demand.name) if isinstance(demand, named.NamedOnly) else say(demand.kind.value)
    return _told(demand.kind, name, demand.words, demand)


def _plain(kind: Kind) -> Dialect:
    return _told(kind, say(kind.value), _WORDS[kind], None)


def _told(kind: Kind, name: Shown, words: Words, demand: Demand | None) -> Dialect:
    parts = [say(part) for part in (words.asks, words.could_pay) if part]
    sentence = say(" ".join(["{}"] * len(parts)), *parts)
    different = say(" ".join(words.different or ()))
    return Dialect(kind, name, sentence, say(words.could_pay), different, words, demand)
