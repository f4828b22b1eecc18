"""What will this verifier make of a token, caveat by caveat, and of a request with it?

:func:`predict` holds every caveat against a profile. For each it says whether it is enforced,
ignored, or breaks the token, and why; for a request and a moment it says whether the token would be
taken. What the profile does not know stays not known: nothing is promised that a server may not
keep.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from l402tui.protocol.caveats import services
from l402tui.protocol.conditions import Condition, read_condition
from l402tui.protocol.macaroon import Caveat
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.verifiers.meanings import (
    Target,
    allows_more,
    moment_in,
    satisfied,
)
from l402tui.protocol.verifiers.model import Effect, Meaning, Profile, Repeat, Row, Spacing

__all__ = ["Prediction", "Target", "Verdict", "predict", "service_of"]

_Words: TypeAlias = list[tuple[bytes | None, bytes | None, Row]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one caveat."""

    index: int
    """Which caveat, from 0."""
    effect: Effect
    holds: bool | None
    """Whether it lets this request pass. True for what is ignored, False for what breaks the token
    or widens; None where it cannot be told."""
    why: Shown
    row: Row | None = None
    """What the profile says about its word; None: the word is in no row."""
    widens: Shown | None = None
    """What it allows more than the same word before."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What this verifier makes of the token."""

    profile: Profile
    target: Target
    verdicts: tuple[Verdict, ...]
    """One a caveat, in their order."""
    words: tuple[bytes, ...]
    """The caveats themselves."""
    assumed: bool = False
    """Nobody said which service is asked for: it was taken from the token."""

    @property
    def passes(self) -> bool | None:
        """Whether this request would be let through. None: it cannot be told from here."""
        held = [verdict.holds for verdict in self.verdicts]
        if False in held:
            return False
        return None if None in held or self.profile.attenuates else True

    @property
    def why(self) -> Shown:
        """The reason, with the number of the caveat that decides."""
        for verdict in self.verdicts:
            if verdict.holds is False:
                return say("Caveat {}: {}", verdict.index + 1, verdict.why)
        for verdict in self.verdicts:
            if verdict.holds is None:
                return say("Caveat {}: {}", verdict.index + 1, verdict.why)
        if self.profile.attenuates:
            return Shown(self.profile.attenuates)
        return say("Every caveat that is looked at holds.")

    @property
    def end(self) -> int | None:
        """The moment (unix seconds) at which the verifier stops taking the token, as far as it
        enforces one; None: it enforces none."""
        moments = []
        for verdict in self.having(Effect.ENFORCED):
            condition = _split(self.profile.spacing, self.words[verdict.index])
            if condition is not None and verdict.row is not None and verdict.row.meaning:
                moments.append(moment_in(verdict.row.meaning, condition.value))
        return min((moment for moment in moments if moment is not None), default=None)

    def having(self, effect: Effect) -> tuple[Verdict, ...]:
        """The caveats with this effect."""
        return tuple(verdict for verdict in self.verdicts if verdict.effect is effect)


def service_of(caveats: Iterable[Caveat]) -> bytes | None:
    """The one service a token is for; None where it names none, or more than one."""
    named = services(each for each in caveats if each.cid.startswith(b"services"))
    names = {each.name for each in named or ()}
    return names.pop() if len(names) == 1 else None


def predict(profile: Profile, caveats: Sequence[Caveat], target: Target) -> Prediction:
    """Hold all caveats of a token against the profile, in their order, for one request.

    Where ``target.service`` is None it is taken from the token, if that names only one.
    """
    named = target.service is None
    service = target.service if target.service is not None else service_of(caveats)
    if service != target.service:
        target = replace(target, service=service)
    known = _words(profile.rows, service)
    latest: dict[bytes, bytes] = {}
    verdicts = [
        _judge(profile, known, index, caveat, target, latest)
        for index, caveat in enumerate(caveats)
    ]
    words = tuple(caveat.cid for caveat in caveats)
    assumed = named and target.service is not None and any(map(_is_by_service, profile.rows))
    return Prediction(profile, target, tuple(verdicts), words, assumed)


def _is_by_service(row: Row) -> bool:
    return _BY_SERVICE in row.word or row.meaning in (Meaning.SERVICES, Meaning.SERVICE)


def _judge(
    profile: Profile,
    known: _Words,
    index: int,
    caveat: Caveat,
    target: Target,
    latest: dict[bytes, bytes],
) -> Verdict:
    """``latest`` has the last value of each word that may only narrow, and is brought up to
    date."""
    if caveat.third_party:
        return _untested(index, profile.third_party, say("It is a third-party caveat."))
    condition = _split(profile.spacing, caveat.cid)
    if condition is None:
        return _untested(index, profile.bare, say("It is written as no condition."))
    if not _spelled(profile.spacing, condition):
        wanted = Shown(profile.spacing.value)
        why = say("It is not written as {}, so it is another word there.", wanted)
        return _untested(index, profile.unknown, why)
    row = _row_of(known, condition.key)
    if row is None:
        why = say("{} is not among the words it knows.", shown(condition.key, 60))
        return _untested(index, profile.unknown, why)
    if target.service is None and _BY_SERVICE in row.word:
        why = say("It counts for one service only, and which is asked for is not known.")
        return _untested(index, Effect.UNKNOWN, why, row)
    if row.effect is not Effect.ENFORCED or row.meaning is None:
        return _untested(index, row.effect, Shown(row.why), row)
    return _tested(index, row, row.meaning, condition, target, latest)


def _tested(
    index: int,
    row: Row,
    meaning: Meaning,
    condition: Condition,
    target: Target,
    latest: dict[bytes, bytes],
) -> Verdict:
    value = condition.value
    widens = None
    if row.repeat is Repeat.NARROWS:
        before = latest.get(condition.key)
        widens = None if before is None else allows_more(meaning, before, value)
        latest[condition.key] = value
    if widens is not None:
        why = say("It allows more than the one before: {}.", widens)
        return Verdict(index, Effect.ENFORCED, False, why, row, widens)
    holds, why = satisfied(meaning, value, target)
    return Verdict(index, Effect.ENFORCED, holds, why, row)


_BY_SERVICE: Final = "{service}"
_HOLDS: Final = {
    Effect.IGNORED: True,
    Effect.BREAKS: False,
    Effect.UNKNOWN: None,
    Effect.ENFORCED: None,
}


def _untested(index: int, effect: Effect, why: Shown, row: Row | None = None) -> Verdict:
    return Verdict(index, effect, _HOLDS[effect], why or say("It is skipped."), row)


def _split(spacing: Spacing, cid: bytes) -> Condition | None:
    """The condition as this verifier splits it; None where it finds none."""
    if spacing is not Spacing.WORD:
        return read_condition(cid)
    key, space, value = cid.partition(b" ")
    return Condition(key, value, False, b" ") if key and space else None


def _spelled(spacing: Spacing, condition: Condition) -> bool:
    match spacing:
        case Spacing.WORD:
            return condition.sign == b" "
        case Spacing.TIGHT:
            return condition.sign == b"=" and not condition.spaced
        case Spacing.SPACED:
            return condition.sign == b"=" and condition.spaced
        case Spacing.ANY:
            return condition.sign == b"="


def _row_of(words: _Words, key: bytes) -> Row | None:
    """The first row whose word fits this key."""
    for whole, end, row in words:
        if key == whole or (end is not None and key.endswith(end)):
            return row
    return None


def _words(rows: Sequence[Row], service: bytes | None) -> _Words:
    """Each row with the whole word that it is about, or with the end of all such words. While the
    service is not known, ``{service}`` fits any."""
    found: _Words = []
    for row in rows:
        word = row.word.encode()
        if _BY_SERVICE in row.word:
            end = word.replace(_BY_SERVICE.encode(), b"")
            found.append((None, end, row) if service is None else (service + end, None, row))
        elif word.startswith(b"*"):
            found.append((None, word[1:], row))
        else:
            found.append((word, None, row))
    return found
