"""What do the trees of all the other protocols have in common?

Where their parts stand in the response, and how an invoice, a token and the parameters of a
challenge look among their fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from l402tui.protocol.auth_header import AuthChallenge
from l402tui.protocol.dialects.inside import Bolt11
from l402tui.protocol.dialects.kinds import Demand, Source
from l402tui.protocol.dialects.located import Item
from l402tui.protocol.dissect import dialect_words as words
from l402tui.protocol.dissect.invoice_broken import dissect_invoice_text
from l402tui.protocol.dissect.items import Gloss, ItemTree, by_offset
from l402tui.protocol.dissect.parts import Place, joined, named, why
from l402tui.protocol.dissect.token import dissect_token
from l402tui.protocol.invoice import strip_uri
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Buffer, Mark, Node, Span

__all__ = [
    "Glosses",
    "Where",
    "add_gloss",
    "add_invoice",
    "decoded_place",
    "invoice_gloss",
    "params",
    "source_tree",
    "token_gloss",
]

Glosses = dict[int, Gloss]

_BROKEN: Final = "It cannot be read for certain: {}."


@dataclass(frozen=True, slots=True)
class Where:
    """Where the parts of the response begin, and what time it is."""

    headers: Mapping[str, Sequence[Place]]
    """By name in lower case, in order."""
    body: Place
    now: float | None
    """Unix seconds."""

    def header(self, name: str, number: int = 0) -> Place | None:
        """Where the value of the ``number``-th header line of that name begins."""
        found = self.headers.get(name, ())
        return found[number] if number < len(found) else None


def source_tree(
    label: str,
    source: Source | None,
    where: Where,
    meanings: Mapping[str, str],
    glosses: Glosses,
    demand: Demand,
) -> list[Node]:
    """The whole of a source, or nothing where it holds nothing that could be read."""
    if source is None or source.item is None:
        return []
    place = _place_of(source, where)
    tree = ItemTree(place, meanings, glosses, by_offset(demand.problems))
    children = tree.members(source.item)
    what = say("{} fields", len(children)) if len(children) != 1 else say("1 field")
    span = place.span(0, len(source.data))
    return [Node(say(label), what, say(words.CONTENT), span, children)]


def _place_of(source: Source, where: Where) -> Place:
    if source.name == "body":
        return where.body
    return Place(Buffer(say("{}, decoded", say(source.name)), source.data))


def invoice_gloss(bolt11: Bolt11, now: float | None) -> Gloss:
    """An invoice, whole or broken, with its tree below it."""
    tree = dissect_invoice_text(strip_uri(bolt11.text), now=now)
    if bolt11.error is not None:
        meaning = joined(say(words.INVOICE), say(_BROKEN, why(bolt11.error)))
        return Gloss(shown(bolt11.text), meaning, tree.children, Mark.BAD)
    return Gloss(tree.value, joined(say(words.INVOICE), tree.meaning), tree.children)


def add_gloss(
    glosses: Glosses, item: Item | None, value: Shown | None, meaning: Shown | None = None
) -> None:
    """Give ``item`` another value and meaning, where it is there and there is a value."""
    if item is not None and value is not None:
        glosses[id(item)] = Gloss(value, meaning or Shown(""))


def add_invoice(glosses: Glosses, bolt11: Bolt11 | None, now: float | None) -> None:
    """Take an invoice apart at the place it was read from."""
    if bolt11 is not None:
        glosses[id(bolt11.at)] = invoice_gloss(bolt11, now)


def token_gloss(text: str, bolt11: Bolt11 | None, now: float | None) -> Gloss:
    """A token, held against the invoice that came with it."""
    invoice = None if bolt11 is None else bolt11.invoice
    expected = None if invoice is None else invoice.payment_hash
    tree = dissect_token(text, invoice_hash=expected, now=now)
    return Gloss(tree.value, tree.meaning, tree.children, tree.mark)


def params(
    challenge: AuthChallenge,
    place: Place | None,
    meanings: Mapping[str, str],
    special: Mapping[str, Gloss],
) -> tuple[Node, ...]:
    """The parameters of a challenge, those in ``special`` (by name) with what is known of them."""
    nodes = []
    for param in challenge.params:
        name = param.name.lower()
        gloss = special.get(name, Gloss(shown(param.value)))
        span: Span | None = None
        if place is not None:
            span = place.span(param.value_start, param.value_end)
        meaning = gloss.meaning or say(meanings.get(name, ""))
        value = gloss.value if name != "opaque" else shown(param.value)
        label = named(param.name)
        nodes.append(Node(label, value, meaning, span, gloss.children, gloss.mark, param.value))
    return tuple(nodes)


def decoded_place(source: Source) -> Place:
    """A buffer of its own for what was decoded out of a header."""
    return Place(Buffer(say("{}, decoded", say(source.name)), source.data))
