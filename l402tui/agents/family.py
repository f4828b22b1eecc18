"""What has been handed out, who has it, and which of it could still be used?

Credentials that were paid for and tokens from outside are the roots; what was made of them hangs
below. Whether a token could still be used is the prediction of its verifier for this moment, and
what a server last did with it: a guess with its reason, never a promise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from l402tui.flow.lineage import Delegation, Rehearsed
from l402tui.flow.model import Intent, IntentState
from l402tui.protocol.attenuation import caveat_words
from l402tui.protocol.caveats import format_time
from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon import Token
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.url import Url, UrlError
from l402tui.protocol.verifiers import (
    PROFILES,
    Meaning,
    Prediction,
    Profile,
    Target,
    predict,
)

__all__ = ["Member", "Use", "family", "matching", "walk"]


_OF_A_REQUEST = (Meaning.METHOD, Meaning.METHODS, Meaning.PATH, Meaning.PREFIX, Meaning.PATTERNS)
"""What depends on the request, and not on the token and the time alone."""


class Use(Enum):
    """Whether a token could be used now."""

    COULD = "could be used"
    COULD_NOT = "cannot be used"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Member:
    """One token."""

    token: Token
    delegation: Delegation | None
    """None: it is a payment's own."""
    intent: Intent | None
    """The payment it stems from, where it is one of this vault."""
    prediction: Prediction
    use: Use
    why: Shown
    children: tuple[Member, ...] = ()

    @property
    def preimage(self) -> Secret | None:
        """What makes it a credential, where it is known here."""
        return self.intent.preimage if self.intent is not None else None

    @property
    def url(self) -> str:
        """Where it is meant to be used; empty where that is not known."""
        if self.delegation is not None and self.delegation.url:
            return self.delegation.url
        return str(self.intent.request.url) if self.intent is not None else ""


def family(
    payments: Iterable[Intent],
    delegations: Sequence[Delegation],
    now: float,
    profiles: Mapping[str, Profile] = PROFILES,
) -> tuple[Member, ...]:
    """All roots with what was made of them, oldest first. ``now`` in unix seconds."""
    intents = {intent.payment_hash: intent for intent in payments if intent.preimage is not None}
    below: dict[int | bytes | None, list[Delegation]] = {}
    for one in delegations:
        root = one.payment_hash if one.payment_hash in intents and not one.from_outside else None
        below.setdefault(one.parent if one.parent is not None else root, []).append(one)

    def member(one: Delegation) -> Member | None:
        intent = intents.get(one.payment_hash) if one.payment_hash is not None else None
        profile = profiles.get(one.verifier or "aperture")
        return _member(one.token, one, intent, profile, now, children(one.number))

    def children(key: int | bytes | None) -> tuple[Member, ...]:
        return tuple(filter(None, map(member, below.get(key, ()))))

    roots = [
        _member(
            intent.token, None, intent, PROFILES["aperture"], now, children(intent.payment_hash)
        )
        for intent in intents.values()
    ]
    return (*filter(None, roots), *children(None))


def walk(members: Iterable[Member]) -> Iterator[Member]:
    """Each of them, parents before children."""
    for member in members:
        yield member
        yield from walk(member.children)


def matching(
    members: Iterable[Member], text: str = "", *, usable: bool = False
) -> tuple[Member, ...]:
    """The tree without the branches in which nothing matches. ``text`` is looked for, in any case,
    in names, reasons, verifiers, addresses, caveats and payment hashes; ``usable`` leaves out what
    cannot be used."""
    found = []
    for member in members:
        children = matching(member.children, text, usable=usable)
        fits = not (usable and member.use is Use.COULD_NOT) and text.lower() in _words(member)
        if fits or children:
            found.append(replace(member, children=children))
    return tuple(found)


def _words(member: Member) -> str:
    words = [member.url, member.prediction.profile.name]
    if member.delegation is not None:
        words += [member.delegation.to, member.delegation.why, str(member.delegation.number)]
    if member.intent is not None:
        words.append(member.intent.payment_hash.hex())
    words += [caveat_words(each, 400).text for each in member.token.macaroon.caveats]
    return "\n".join(words).lower()


def _member(
    text: Secret,
    one: Delegation | None,
    intent: Intent | None,
    profile: Profile | None,
    now: float,
    children: tuple[Member, ...],
) -> Member | None:
    try:
        token = Token.read(text.reveal().decode())
    except (MacaroonError, UnicodeDecodeError):
        return None  # a payment's token may be no macaroon, and then nothing is made of it
    target = Target(now, path=_path(one, intent))
    prediction = predict(profile or PROFILES["aperture"], token.macaroon.caveats, target)
    use, why = _use(one, intent, prediction, now)
    if profile is None and one is not None:
        why = say("Its verifier, {}, is not among the profiles here.", shown(one.verifier, 60))
        use = Use.UNKNOWN
    return Member(token, one, intent, prediction, use, why, children)


def _path(one: Delegation | None, intent: Intent | None) -> str:
    if one is not None and one.url:
        try:
            return Url.parse(one.url).path
        except UrlError:
            return "/"
    return intent.request.url.path if intent is not None else "/"


def _use(
    one: Delegation | None, intent: Intent | None, prediction: Prediction, now: float
) -> tuple[Use, Shown]:
    if intent is not None and intent.state is IntentState.REJECTED:
        return Use.COULD_NOT, say("The server has refused what was paid for.")
    end, name = prediction.end, shown(prediction.profile.name)
    last = _last_seen(one)
    if last is not None and last.seen == "taken" and (end is None or now < end):
        return Use.COULD, say("It was taken on {}.", format_time(int(last.at)))
    if prediction.passes is False:
        # Another method or path than the one that is guessed here may well be let in.
        hangs = all(
            each.row is not None and each.row.meaning in _OF_A_REQUEST and each.widens is None
            for each in prediction.verdicts
            if each.holds is False
        )
        return (Use.UNKNOWN if hangs else Use.COULD_NOT), prediction.why
    if last is not None and last.seen == "refused":
        return Use.COULD_NOT, say("It was refused on {}.", format_time(int(last.at)))
    if intent is None:
        return Use.UNKNOWN, say("Its payment is not in this vault: who has the preimage can tell.")
    if prediction.passes is None:
        return Use.UNKNOWN, prediction.why
    if end is None:
        return Use.COULD, say("It has no end that {} enforces.", name)
    return Use.COULD, say("It ends on {}; {} enforces that.", format_time(end), name)


def _last_seen(one: Delegation | None) -> Rehearsed | None:
    """The last clear trial at the place that the token is for; another place says nothing."""
    if one is None:
        return None
    here = one.url.partition("?")[0]
    clear = [
        seen
        for seen in one.rehearsals
        if seen.seen != "not clear" and (not here or seen.url.partition("?")[0] == here)
    ]
    return clear[-1] if clear else None
