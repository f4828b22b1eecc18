"""Which of these macaroons is the token, and does each third-party caveat have its discharge?

The tree of a token that is sent together with discharges. Without the root key the names can be
matched, and no more; the tree says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from l402tui.protocol.discharge import Answer, Bundle, Examination, Status, examine
from l402tui.protocol.dissect.macaroon import dissect_macaroon
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Mark, Node

__all__ = ["dissect_bundle"]

_BUNDLE: Final = (
    "A token and the discharges of its third-party caveats, as they are sent together. L402 "
    "servers do not use third-party caveats; other services that take macaroons do."
)
_DISCHARGE: Final = (
    "A third party's answer: a macaroon whose identifier is the question of a caveat, signed with "
    "the key that is sealed inside that caveat."
)
_ASKED: Final = "The question of the caveat that it answers."
_UNUSED: Final = "It answers none of the caveats. Some verifiers refuse a bundle with such a part."
_ANSWERS: Final = "What became of each third-party caveat, those of the discharges included."
_MARK: Final = {Status.MISSING: Mark.BAD, Status.ANSWERED: Mark.NOTE, Status.BOUND: Mark.GOOD}


def dissect_bundle(bundle: Bundle, *, now: float | None = None) -> Node:
    """The tree of a token and its discharges. With ``now`` (unix seconds) caveats that have
    expired say so."""
    known = examine(bundle)
    root, *others = (dissect_macaroon(one, now=now) for one in bundle.macaroons)
    discharges = [_discharge(known, index, node) for index, node in enumerate(others, 1)]
    answers = tuple(_answer(known, answer) for answer in known.answers)
    told = Node(
        say("third-party caveats"),
        _count(len(answers)),
        say(_ANSWERS),
        children=answers,
        mark=Mark.BAD if any(one.mark is Mark.BAD for one in answers) else Mark.PLAIN,
    )
    return Node(
        say("token and discharges"),
        say("1 token and {}", _number(len(discharges), "discharge")),
        say(_BUNDLE),
        children=(replace(root, label=say("token")), *discharges, told),
        secret=root.secret or any(one.secret for one in discharges),
    )


def _discharge(known: Examination, index: int, node: Node) -> Node:
    if index in known.unused:
        return replace(node, label=say("unused"), meaning=say(_UNUSED), mark=Mark.WARN)
    parts = tuple(_question(part) for part in node.children)
    return replace(node, label=say("discharge"), meaning=say(_DISCHARGE), children=parts)


def _question(part: Node) -> Node:
    """A discharge's identifier names no payment, and need not."""
    if part.label.text != "identifier":
        return part
    return replace(part, meaning=say(_ASKED), mark=Mark.PLAIN, children=())


def _answer(known: Examination, answer: Answer) -> Node:
    caveat = known.bundle.macaroons[answer.holder].caveats[answer.caveat]
    holder = say("the token") if answer.holder == 0 else say("discharge {}", answer.holder)
    label = say("caveat {} of {}", answer.caveat + 1, holder)
    return Node(
        label,
        shown(caveat.cid, 80),
        say(answer.status.value),
        mark=_MARK.get(answer.status, Mark.WARN),
    )


def _count(number: int) -> Shown:
    return say("none") if number == 0 else say("{}", number)


def _number(number: int, what: str) -> Shown:
    return say("1 {}" if number == 1 else "{1} {0}s", say(what), number)
