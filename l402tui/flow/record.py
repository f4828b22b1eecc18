"""What does one event say in a log?

The words of :func:`~l402tui.flow.telling.tell` in one line, with the kind of the event and how the
payment stands that it is about.
"""

from __future__ import annotations

from l402tui.flow import events as e
from l402tui.flow.endings import handle
from l402tui.flow.findings import Severity
from l402tui.flow.model import Intent
from l402tui.flow.telling import tell
from l402tui.protocol.text import Shown, say

__all__ = ["record"]


def record(event: e.Event) -> Shown:
    """The line, without the time. It names no secret; what a server wrote in it is safe to show."""
    parts = [Shown(f"{type(event).__name__}:"), *_words(event)]
    intent = _intent(event)
    if intent is not None:
        parts.append(say("[{} {}]", handle(intent.payment_hash), Shown(intent.state.value)))
    return say(" ".join(["{}"] * len(parts)), *parts)


def _words(event: e.Event) -> list[Shown]:
    told = tell(event)
    if told is None:
        return []
    if isinstance(event, e.Checked):
        worth = [found for found in event.findings if found.severity is not Severity.PASS]
        return [
            told.headline,
            *(say("{} {}: {}", Shown(f.check), Shown(f.severity.value), f.sentence) for f in worth),
        ]
    return [told.headline, *told.details]


def _intent(event: e.Event) -> Intent | None:
    match event:
        case e.Found(unfinished=intent) | e.Checked(known=intent):
            return intent
        case (
            e.Reserved(intent=intent)
            | e.Outstanding(intent=intent)
            | e.PaymentSent(intent=intent)
            | e.ResultStored(intent=intent)
            | e.Released(intent=intent)
        ):
            return intent
        case _:
            return None
