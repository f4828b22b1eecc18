"""Which of our rules explains a difference?

The rule of the table: a row says what *we* accept or refuse and which source makes us. It applies
only where two things hold: what we said is what that rule says, and a look at the input itself, by
code that is not the code under test, finds the thing the rule is about. The other way round, where
that look finds it and we accept all the same, we have broken our own rule, and that is a failure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

FactsT = TypeVar("FactsT")

ACCEPTED = "accepted"
"""The name of the difference between one that reads an input and one that refuses it."""
MOST_FAILURES = 20
"""Failures that are kept whole; the others are only counted."""


@dataclass(frozen=True)
class Reading:
    """What one implementation made of an input."""

    values: dict[str, Any] | None
    """By the names that both use; None where the input was refused."""
    why: str = ""
    """The reason for a refusal."""


@dataclass(frozen=True)
class Difference:
    """One name under which the two readings differ."""

    name: str
    ours: Any
    theirs: Any


@dataclass(frozen=True)
class Row(Generic[FactsT]):
    """One explained difference."""

    name: str
    about: str
    """The name of the differences it can explain."""
    rule: str
    """What we accept or refuse, and by which source."""
    holds: Callable[[FactsT, Difference], bool]
    """Whether the input has in it what the rule is about."""
    why: str | None = None
    """Where we refuse: a pattern that our reason must match. Where we accept: None."""
    always: bool = False
    """We refuse whenever :attr:`holds` does, also where the other refuses or accepts as well."""

    def explains(self, facts: FactsT, difference: Difference, ours: Reading) -> bool:
        """Whether the rule is what made the difference."""
        if difference.name != self.about or (ours.values is None) is not (self.why is not None):
            return False
        if self.why is not None and not re.search(self.why, ours.why):
            return False
        return self.holds(facts, difference)


@dataclass
class Report:
    """What came of a number of inputs. Reports of several processes add up."""

    cases: Counter[str] = field(default_factory=Counter)
    """How many inputs, by kind and by what both made of them."""
    rows: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    failed: int = 0

    def fail(self, text: str) -> None:
        """Remember an unexplained difference."""
        self.failed += 1
        if len(self.failures) < MOST_FAILURES:
            self.failures.append(text)

    def add(self, other: Report) -> None:
        """Take another report into this one."""
        self.cases += other.cases
        self.rows += other.rows
        self.failed += other.failed
        self.failures += other.failures[: MOST_FAILURES - len(self.failures)]


def differences(ours: Reading, theirs: Reading) -> list[Difference]:
    """Where two readings differ."""
    if ours.values is None or theirs.values is None:
        if ours.values is None and theirs.values is None:
            return []
        return [Difference(ACCEPTED, ours.values is not None, theirs.values is not None)]
    return [
        Difference(name, ours.values[name], theirs.values[name])
        for name in ours.values
        if name in theirs.values and ours.values[name] != theirs.values[name]
    ]


def judge(
    report: Report,
    table: Sequence[Row[FactsT]],
    ours: Reading,
    theirs: Reading,
    facts: Callable[[], FactsT],
    reproducer: str,
    *,
    look: bool = True,
) -> None:
    """Count an input, and explain every difference or remember it as a failure.

    Without ``look`` nobody asks whether an input that we accept is one we should refuse.
    """
    for name, reading in (("we read", ours), ("the other reads", theirs)):
        report.cases[name] += reading.values is not None
    if look and ours.values is not None:
        accepted = Difference(ACCEPTED, True, theirs.values is not None)
        for broken in (row for row in table if row.always and row.holds(facts(), accepted)):
            report.fail(f"{reproducer}\n    we accept it against our rule: {broken.rule}")
    found = differences(ours, theirs)
    if not found:
        report.cases["read alike" if ours.values is not None else "refused by both"] += 1
        return
    report.cases["different"] += 1
    known = facts()
    for difference in found:
        row = next((row for row in table if row.explains(known, difference, ours)), None)
        if row is not None:
            report.rows[row.name] += 1
        else:
            report.fail(
                f"{reproducer}\n    {difference.name}:\n"
                f"      ours   {difference.ours!r} {ours.why}\n"
                f"      theirs {difference.theirs!r} {theirs.why}"
            )
