"""What does a 402 say that is not L402, field by field, and what could pay it?

The tree of everything that :mod:`~l402tui.protocol.dialects` decodes. Its first branch is what the
server said, the others are what follows from it: what could pay it, and how it differs from L402.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from l402tui.protocol.dialects import Dialect, Kind, survey
from l402tui.protocol.dialects.kinds import Demand, DialectError, Difference
from l402tui.protocol.dialects.mpp import MppBill
from l402tui.protocol.dissect import dialect_words as words
from l402tui.protocol.dissect.demands import Where, content, has_invoice
from l402tui.protocol.dissect.parts import Place, why
from l402tui.protocol.text import Shown, say
from l402tui.protocol.tree import Buffer, Mark, Node

__all__ = ["dissect_dialect", "header_places"]

# Such a response asks for nothing by its status, so only marks that nothing else has are believed.
_AT_ANY_STATUS: Final = (
    Kind.X402_V1,
    Kind.X402_V2,
    Kind.X402_OTHER,
    Kind.X402_LIGHTNING,
    Kind.CASHU,
    Kind.MCP_X402,
    Kind.MCP_MPP,
    Kind.MCP_TPP,
    Kind.MANIFEST,
    Kind.DRY_RUN,
)
_WITHOUT_DEMAND: Final = (Kind.L402, Kind.L402_BODY, Kind.OTHER_SCHEME, Kind.PAYWALL)
_MOST_PROBLEMS: Final = 16
"""Mistakes of one demand that get a line each."""


def dissect_dialect(
    status: int,
    headers: Sequence[tuple[bytes, bytes]],
    body: bytes,
    *,
    places: Mapping[str, Sequence[Place]] | None = None,
    body_place: Place | None = None,
    beside_l402: bool = False,
    now: float | None = None,
) -> Node | None:
    """The tree of what a response asks for in other protocols; None where it asks for nothing.

    ``places`` says where the values of header lines begin in a larger buffer, by name in lower
    case, in order; ``body_place`` where the body begins. Without them each gets a buffer of its
    own. With ``beside_l402`` the response carries a usable L402 challenge too. With ``now`` (unix
    seconds) what has expired says so. Never raises.
    """
    main, found = survey(status, headers, body)
    told = [dialect for dialect in found if _fits(status, dialect)]
    if beside_l402:
        told = [d for d in told if d.kind not in (Kind.INVOICE_ONLY, Kind.ACCEPT_PAYMENT)]
    elif main.demand is None and main.kind in _WITHOUT_DEMAND and status in (401, 402):
        told = [main, *told]
    if not told:
        return None
    if places is None:
        places = header_places(headers)
    where = Where(places, body_place or Place(Buffer(say("body"), body)), now)
    first, *others = (_protocol(dialect, where) for dialect in told)
    also = tuple(replace(node, label=say("also"), meaning=say(words.ALSO)) for node in others)
    if beside_l402:
        first = replace(first, label=say("also"))
    return replace(first, children=(*first.children, *also))


def header_places(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, list[Place]]:
    """A buffer for each header value, by name in lower case."""
    places: dict[str, list[Place]] = {}
    for name, value in headers:
        key = name.decode("latin-1").lower()
        places.setdefault(key, []).append(Place(Buffer(say("header"), value)))
    return places


def _fits(status: int, dialect: Dialect) -> bool:
    return status in (401, 402) or dialect.kind in _AT_ANY_STATUS


def _protocol(dialect: Dialect, where: Where) -> Node:
    demand = dialect.demand
    children: list[Node] = []
    if demand is not None:
        children += content(demand, where)
        children += _problems(demand)
    if dialect.could_pay:
        children.append(_could_pay(dialect, demand))
    if dialect.words is not None and dialect.words.different is not None:
        children.append(_different(dialect.words.different))
    parts = tuple(children)
    return Node(say("protocol"), dialect.name, dialect.sentence, children=parts, mark=Mark.NOTE)


def _problems(demand: Demand) -> list[Node]:
    if isinstance(demand, MppBill):
        return []  # each of its challenges tells its own
    found = demand.problems[:_MOST_PROBLEMS]
    nodes = [Node(say("problem"), why(e), _place(demand, e), mark=Mark.BAD) for e in found]
    left = len(demand.problems) - len(found)
    if left:
        nodes.append(Node(say("problems"), say("{} more", left), mark=Mark.BAD))
    return nodes


def _place(demand: Demand, error: DialectError) -> Shown:
    if error.offset is None or demand.source is None:
        return say(words.PROBLEM_ANYWHERE)
    return say(words.PROBLEM, error.offset, say(demand.source.name))


def _could_pay(dialect: Dialect, demand: Demand | None) -> Node:
    invoiced = has_invoice(demand) or dialect.kind is Kind.L402_BODY
    told = "a Lightning invoice is in it" if invoiced else "no Lightning invoice in it"
    return Node(
        say("could pay it"), say(told), say("{} {}", dialect.could_pay, say(words.NOT_PAID))
    )


def _different(different: Difference) -> Node:
    rows = (
        ("used again", different.again, words.AGAIN),
        ("handed on", different.hand_on, words.HAND_ON),
        ("to be trusted", different.trust, words.TRUST),
        ("proof", different.proof, words.PROOF),
    )
    return Node(
        say("different from L402"),
        say("in four ways"),
        say(words.DIFFERENT),
        children=tuple(
            Node(say(name), meaning=say("{} {}", say(told), say(ours))) for name, told, ours in rows
        ),
    )
