"""What do all checks have in common?

Their shape, and the words that come again in their sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from l402tui.flow.findings import Answer, Check, Facts, Severity
from l402tui.protocol.amount import format_msat
from l402tui.protocol.text import Shown, say, shown

__all__ = ["NEW_BILL", "ago", "check", "lasting", "money", "ok", "together"]

NEW_BILL: Final = say("Ask the server again for a new bill.")


def check(number: str, title: str) -> Callable[[Callable[[Facts], Answer]], Check]:
    """Make a check of a function whose docstring says why it is asked."""
    return lambda function: Check(number, title, function)


def ok(template: str, /, *parts: Shown | int) -> tuple[Severity, Shown]:
    """Nothing to object to, and why."""
    return Severity.PASS, say(template, *parts)


def money(msat: int) -> Shown:
    """An amount in words."""
    return shown(format_msat(msat))


def lasting(seconds: float) -> Shown:
    """``45 s``, ``59 min``, ``26 h``, ``3 days``: rounded down, and never less than nothing."""
    whole = max(0, int(seconds))
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if whole >= 2 * size or (whole >= size and unit == "min"):
            return say("{} {}", whole // size, Shown(unit))
    return say("{} s", whole)


def ago(then: float | None, now: float) -> Shown:
    """``3 h ago``."""
    return say("earlier") if then is None else say("{} ago", lasting(now - then))


def together(sentences: Sequence[Shown]) -> Shown:
    """Several sentences, one after the other."""
    return say(" ".join(["{}"] * len(sentences)), *sentences)
