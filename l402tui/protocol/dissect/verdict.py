"""What does the specification say about the way a challenge is written, and who can read it?

Two branches under every challenge that was read whole, a line a point and a line a family of
clients.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from l402tui.protocol.challenge import L402Challenge, Reading
from l402tui.protocol.clients import (
    FAMILIES,
    HABITS,
    READERS,
    ChallengeVerdict,
    Family,
    Opinion,
    Reads,
    able,
    judge_challenge,
)
from l402tui.protocol.conformance import Point
from l402tui.protocol.text import say
from l402tui.protocol.tree import Mark, Node

__all__ = ["challenge_verdict", "dissect_readers"]

_SPECIFICATION: Final = (
    'The L402 specification of 2026 asks for the form L402 version="0", token="T", invoice="P". '
    "Many servers and clients are older than that form."
)
_FAMILIES: Final = (
    "Clients by what they read, not by name. Below them stands what some of them ask for besides "
    "and do not find here."
)
_ANSWER: Final = (
    "A client that takes the challenges in their order and goes on with the first it can read."
)
_MARKS: Final = {
    Reads.CAN: Mark.GOOD,
    Reads.CANNOT: Mark.NOTE,
    Reads.WRONG_READING: Mark.WARN,
}
_NARROWER: Final = "a client that also"


def challenge_verdict(reading: Reading, challenge: L402Challenge) -> tuple[Node, ...]:
    """The branches ``specification`` and ``who can read it`` of one of the usable challenges."""
    judged = judge_challenge(reading, challenge)
    readers = _readers("who can read it", _FAMILIES, judged.opinions)
    return (_specification(judged), readers)


def dissect_readers(reading: Reading) -> Node | None:
    """Who can read a response with several challenges; None where there are not several."""
    if not reading.usable or len(reading.challenges) < 2:
        return None
    opinions = [(family, able(reading, family)) for family in FAMILIES]
    return _readers("who can read the answer", _ANSWER, opinions)


def _specification(judged: ChallengeVerdict) -> Node:
    followed = sum(point.follows is True for point in judged.points)
    return Node(
        say("specification"),
        say("{} of {} points followed", followed, len(judged.points)),
        say(_SPECIFICATION),
        children=tuple(_point(point) for point in judged.points),
        mark=Mark.GOOD if followed == len(judged.points) else Mark.NOTE,
    )


def _point(point: Point) -> Node:
    label, mark = {
        True: ("followed", Mark.GOOD),
        False: ("not followed", Mark.NOTE),
        None: ("cannot be seen", Mark.NOTE),
    }[point.follows]
    meaning = f"{point.level}, {point.section}. {point.why}" if point.why else ""
    return Node(say(label), say(point.rule), say(meaning), mark=mark)


def _readers(label: str, meaning: str, opinions: Sequence[tuple[Family, Opinion]]) -> Node:
    """All readers, and those of the habits that stand in the way."""
    readers = [(family, opinion) for family, opinion in opinions if family in READERS]
    able = sum(opinion.reads is Reads.CAN for _, opinion in readers)
    stopped = [
        (family, opinion)
        for family, opinion in opinions
        if family in HABITS and opinion.reads is not Reads.CAN
    ]
    children = [_family(family, opinion, "") for family, opinion in readers]
    children += [_family(family, opinion, f"{_NARROWER} ") for family, opinion in stopped]
    return Node(
        say(label),
        say("{} of {} families", able, len(readers)),
        say(meaning),
        children=tuple(children),
    )


def _family(family: Family, opinion: Opinion, before: str) -> Node:
    reads, why = opinion
    return Node(say(reads.value), say(before + family.name), say(why), mark=_MARKS[reads])
