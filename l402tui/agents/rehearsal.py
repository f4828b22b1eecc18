"""Does the server really do with this token what was predicted?

A request is sent *as the child*, with its own credential, and nothing is ever paid: there is no
wallet here at all. Taken or refused is held against the prediction. Where they differ, the parent
is tried as well: only if the server takes the parent can the added caveats be what it refused. What
was learned becomes a profile of the person's own, based on the one that was wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum

from l402tui.flow.events import Answered, Challenged, Unreachable
from l402tui.flow.model import Request
from l402tui.flow.ports import Transport
from l402tui.protocol.caveats import Kind, Unit
from l402tui.protocol.conditions import Condition, expiry_of, read_condition
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.verifiers import Effect, Meaning, Prediction, Profile, Proof, Row

__all__ = ["Rehearsal", "Seen", "corrected", "rehearse"]

_REFUSALS = (401, 402)


class Seen(Enum):
    """What the server did with a token."""

    TAKEN = "taken"
    REFUSED = "refused"
    UNCLEAR = "not clear"
    """No answer, or one that says nothing about the token."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What was predicted and what was seen."""

    prediction: Prediction
    seen: Seen
    why: Shown
    status: int | None = None
    parent: Seen | None = None
    """What the server did with the parent; None: it was not tried."""

    @property
    def differs(self) -> bool:
        """Whether the prediction was wrong. One that left it open cannot be."""
        if self.seen is Seen.UNCLEAR or self.prediction.passes is None:
            return False
        return self.prediction.passes is not (self.seen is Seen.TAKEN)

    def guessed(self, first_added: int) -> bool:
        """Whether it hangs on a service that nobody named: services were taken away, and the one
        that is left was thought to be what the address sells."""
        added = map(read_condition, self.prediction.words[first_added:])
        narrowed = any(each is not None and each.kind is Kind.SERVICES for each in added)
        return self.prediction.assumed and narrowed


async def rehearse(
    transport: Transport,
    request: Request,
    credential: Secret,
    prediction: Prediction,
    *,
    parent: Secret | None = None,
) -> Rehearsal:
    """Send ``request`` with this ``Authorization`` value. Where it is taken, it is sent once more
    without any: a page that is free proves nothing. Where it is refused against the prediction, it
    is sent once more as the ``parent``."""
    seen, why, status = await _try(transport, request, credential)
    if seen is Seen.TAKEN:
        without, _, _ = await _try(transport, request, None)
        if without is not Seen.REFUSED:
            seen = Seen.UNCLEAR
            why = say("The server answers {} without any credential, too.", status or 0)
    found = Rehearsal(prediction, seen, why, status)
    if found.differs and found.seen is Seen.REFUSED and parent is not None:
        with_parent, _, _ = await _try(transport, request, parent)
        found = replace(found, parent=with_parent)
    return found


async def _try(
    transport: Transport, request: Request, credential: Secret | None
) -> tuple[Seen, Shown, int | None]:
    event = await transport.for_one_flow().send(request, credential)
    match event:
        case Unreachable(why=why):
            return Seen.UNCLEAR, why, None
        case Challenged(response=response) | Answered(response=response):
            status = response.status
            if response.wants_payment or status in _REFUSALS:
                return Seen.REFUSED, say("The server answered {}.", status), status
            if 200 <= status < 300:
                return Seen.TAKEN, say("The server answered {}.", status), status
            why = say("The server answered {}, which says nothing about the token.", status)
            return Seen.UNCLEAR, why, status


def corrected(rehearsal: Rehearsal, *, first_added: int, where: str, at: float) -> Profile | None:
    """The profile as the rehearsal showed it to be; None where there is nothing to learn from it.

    ``first_added`` is the index of the first caveat that the parent has not, ``where`` the host
    that answered, ``at`` unix seconds.
    """
    if not rehearsal.differs or rehearsal.guessed(first_added):
        return None
    prediction = rehearsal.prediction
    if rehearsal.seen is Seen.TAKEN:
        wrong = [each for each in prediction.verdicts if each.holds is False]
        what = "A token was taken although this did not hold"
    else:
        if rehearsal.parent is not Seen.TAKEN:
            return None
        wrong = [each for each in prediction.verdicts if each.index >= first_added]
        what = "A token with it was refused, and its parent was taken"
    day = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
    taken, rows = rehearsal.seen is Seen.TAKEN, []
    for verdict in wrong:
        condition = read_condition(prediction.words[verdict.index])
        if condition is not None and not _is_a_pattern(condition.key):
            why = f"{what} (rehearsed on {day})."
            # Of several that were added, nothing says which one it was.
            row = _row(condition, taken, prediction.target.now) if len(wrong) == 1 else None
            word = condition.key.decode("utf-8", "replace")
            rows.append(replace(row or Row(word, Effect.UNKNOWN), why=why))
    if not rows:
        return None
    profile = prediction.profile
    host = re.sub(r"[^a-z0-9.-]", "-", where.lower())[:20].strip("-.") or "server"
    return replace(
        profile,
        name=f"{profile.name[:18]}-{host}",
        title=f"{profile.title}, as {shown(where, 60)} does it",
        source=f"rehearsed on {day} at {shown(where, 60)}; before that: {profile.source}"[:400],
        proof=Proof.WRITTEN,
        rows=(*rows, *profile.rows),
    )


def _is_a_pattern(key: bytes) -> bool:
    """In a profile it would stand for other words, too."""
    return key.startswith(b"*") or b"{service}" in key


def _row(condition: Condition, taken: bool, now: float) -> Row | None:
    """What one caveat alone showed; None where that leaves it open what the server does with it."""
    word = condition.key.decode("utf-8", "replace")
    if taken:
        return Row(word, Effect.IGNORED)
    end = expiry_of(condition)
    if end is not None:
        # It had ended, so it is the end that was looked at; else it is not known.
        return Row(word, Effect.ENFORCED, _UNITS[end.unit]) if end.passed(now) else None
    # A word that means something to somebody may be enforced; one that means nothing cannot be.
    return Row(word, Effect.BREAKS) if condition.kind is Kind.OTHER else None


_UNITS = {
    Unit.SECONDS: Meaning.SECONDS,
    Unit.MILLISECONDS: Meaning.MILLISECONDS,
    Unit.DATE: Meaning.DATE,
}
