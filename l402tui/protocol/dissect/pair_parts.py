"""How do two tokens or two invoices differ, and what can be compared at all?

Pieces of the comparison of two things (:mod:`~l402tui.protocol.dissect.pair`) that need nothing but
the two.
"""

from __future__ import annotations

import re
from typing import Final

from l402tui.protocol.caveats import Kind, conditions, widenings
from l402tui.protocol.dissect import pair_words as words
from l402tui.protocol.errors import DecodeError
from l402tui.protocol.facts import Facts, Held
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.kinship import Relation, relate
from l402tui.protocol.macaroon import Token
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.token import Foreign
from l402tui.protocol.tree import Mark, Node

__all__ = [
    "added",
    "asked_for",
    "difference",
    "kind_of",
    "refuse_word",
    "relation_of",
    "spelled",
    "unlike",
]

_NEARLY: Final = re.compile(r"(0[xX])?[0-9a-fA-F]{56,72}", re.ASCII)
"""32 bytes in hex, or what was meant to be that."""
_MOST_CAVEATS: Final = 100
_SHORTEST: Final = 16
"""Characters of an opaque token; a shorter word is more likely a slip of the pen."""


def refuse_word(side: str, mine: Facts, other: Facts) -> None:
    """Any word could be an opaque token, a preimage with a slip of the pen too. It is taken for one
    only where that can be told. Raises DecodeError."""
    word = mine.word
    if word is None or mine.tokens[0].text in [held.text for held in other.tokens]:
        return
    nearly = _NEARLY.fullmatch(word)
    if nearly is not None:
        why = words.WITH_0X if nearly[1] else words.NOT_64.format(len(word))
    elif not other.tokens or len(word) < _SHORTEST:
        why = words.ANY_WORD
    else:
        return
    raise DecodeError(f"the {side} cannot be read: {why}")


def relation_of(one: Held, two: Held) -> Relation | None:
    """What two macaroons are to each other; None where one of the tokens is no macaroon."""
    first, second = one.macaroon, two.macaroon
    return None if first is None or second is None else relate(first, second)


def added(relation: Relation) -> tuple[Node, ...]:
    """The caveats that one has more; a preimage among them stays hidden. One that allows more than
    an earlier one did is marked."""
    first = len(relation.kept)
    wider = {one.index - first: one for one in widenings((*relation.kept, *relation.added))}
    split = conditions(relation.added)
    nodes = []
    for index, caveat in enumerate(relation.added[:_MOST_CAVEATS]):
        condition = split[index]
        if caveat.third_party:
            told, meaning = shown(caveat.cid), say(words.ADDED_THIRD_PARTY)
            nodes.append(Node(say("added third-party caveat"), told, meaning, mark=Mark.WARN))
            continue
        secret = condition is not None and condition.kind is Kind.PREIMAGE
        value = say("preimage, hidden") if secret else shown(caveat.cid)
        meaning, mark = say(words.ADDED), Mark.PLAIN
        if index in wider:
            meaning = say(words.ADDED_WIDER, wider[index].earlier + 1, wider[index].why)
            mark = Mark.WARN
        nodes.append(Node(say("added caveat"), value, meaning, mark=mark))
    more = len(relation.added) - len(nodes)
    if more:
        nodes.append(Node(say("…"), say("{} more", more), mark=Mark.NOTE))
    return tuple(nodes)


def kind_of(held: Held) -> Shown:
    """What a token is, as a noun of ours."""
    if isinstance(held.token, Foreign):
        return say(held.token.kind.value)
    return say("macaroon")


def unlike(one: Held, two: Held) -> str:
    """The sentence for two tokens that are not both macaroons."""
    if one.token is None or two.token is None:
        return words.UNREAD_TOKEN
    return words.OTHER_TOKEN if kind_of(one) == kind_of(two) else words.OTHER_KIND


def spelled(one: Held, two: Held) -> Shown:
    """The sentence for one macaroon that came twice, perhaps in other letters."""
    ways = [
        say(held.token.spelling.value if isinstance(held.token, Token) else "raw bytes")
        for held in (one, two)
    ]
    return say(words.TOKEN_SAME if ways[0] == ways[1] else words.TOKEN_SPELLED, *ways)


def difference(one: Invoice, two: Invoice) -> str:
    """In which of the parts that matter to the payer two invoices differ, as words of ours."""
    parts = {
        "amount": one.amount != two.amount,
        "description": (one.description, one.description_hash)
        != (two.description, two.description_hash),
        "payee": one.payee != two.payee,
        "network": one.network is not two.network,
        "time": one.created != two.created,
        "expiry": one.expiry != two.expiry,
        "payment secret": one.payment_secret != two.payment_secret,
    }
    different = [name for name, differs in parts.items() if differs]
    return ", ".join(different) or "nothing that matters to the payer"


def asked_for(facts: Facts, held: Held) -> bool:
    """Whether it is the discharge of a caveat of another token beside it."""
    asked = {
        caveat.cid
        for other in facts.tokens
        if other is not held and other.macaroon is not None
        for caveat in other.macaroon.caveats
        if caveat.third_party
    }
    return held.macaroon is not None and held.macaroon.identifier in asked
