"""How does a profile read as a table?

Help, README and screens print these, so they say what is predicted and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable

from l402tui.protocol.macaroon import Caveat
from l402tui.protocol.verifiers.meanings import Target
from l402tui.protocol.verifiers.model import Effect, Profile, Repeat, Template
from l402tui.protocol.verifiers.predict import predict
from l402tui.protocol.verifiers.wishes import NoWord, Wish, write

__all__ = ["markdown", "matrix", "rows"]

_NOW = 1_900_000_000
_ISSUED = (Caveat(b"services=weather:0", None, None, 0, 0, 0),)
_WISHES = {
    Template.EXPIRY: Wish(Template.EXPIRY, number=_NOW + 3_600),
    Template.SERVICES: Wish(Template.SERVICES, "weather"),
    Template.CAPABILITY: Wish(Template.CAPABILITY, "read"),
    Template.PATH: Wish(Template.PATH, "/weather"),
    Template.METHOD: Wish(Template.METHOD, "GET"),
    Template.USES: Wish(Template.USES, number=3),
    Template.AMOUNT: Wish(Template.AMOUNT, number=100),
    Template.ADDRESS: Wish(Template.ADDRESS, "10.0.0.1"),
}
_TARGET = Target(_NOW, service=b"weather", path="/weather", address="10.0.0.1")
_NO_WORD = "-"
_CANNOT = "cannot"


def rows(profile: Profile) -> list[tuple[str, str, str]]:
    """Word, effect and remark for everything the profile says."""
    found = [("caveat", "what happens", "")]
    for row in profile.rows:
        word = row.word.replace("{service}", "SERVICE")
        parts = [row.meaning.value] if row.meaning is not None else []
        if row.repeat is Repeat.NARROWS:
            parts.append(f"{row.repeat.value} when it comes again")
        told = "; ".join(parts)
        found.append(
            (word, row.effect.value, " ".join(filter(None, (told and told + ".", row.why))))
        )
    found.append(("any other word", profile.unknown.value, ""))
    found.append((f"not {profile.spacing.value}", profile.bare.value, ""))
    found.append(("third-party caveat", profile.third_party.value, ""))
    return found


def matrix(profiles: Iterable[Profile]) -> list[list[str]]:
    """A row for each wish and a column for each profile, with names first: what the caveat comes to
    that the profile itself would write for that wish."""
    chosen = list(profiles)
    head = ["verifier", *(template.value for template in Template), "another word"]
    return [head, *([profile.name, *_cells(profile)] for profile in chosen)]


def markdown(profiles: Iterable[Profile]) -> str:
    """The same as a table in Markdown."""
    head, *body = matrix(profiles)
    lines = [head, ["---"] * len(head), *([f"`{row[0]}`", *row[1:]] for row in body)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cells(profile: Profile) -> list[str]:
    if profile.attenuates:
        return [_CANNOT] * (len(Template) + 1)
    return [*(_cell(profile, _WISHES[template]) for template in Template), profile.unknown.value]


def _cell(profile: Profile, wish: Wish) -> str:
    try:
        caveat = Caveat(write(profile, wish, _ISSUED), None, None, 0, 0, 0)
    except NoWord:
        return _NO_WORD
    verdict = predict(profile, (*_ISSUED, caveat), _TARGET).verdicts[-1]
    return verdict.effect.value if verdict.effect is not Effect.ENFORCED else "enforced"
