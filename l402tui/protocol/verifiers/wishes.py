"""How is a wish written as a caveat, in this verifier's own words?

A person wants "until noon" or "only this path"; each server has its own word for that, its own
unit, and its own spaces. :func:`write` takes them from the profile. Where the verifier has no word
for a wish, no caveat would restrict anything, and it says so instead of inventing one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from l402tui.protocol.caveats import services
from l402tui.protocol.conditions import format_time
from l402tui.protocol.macaroon import Caveat
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.verifiers.model import Profile, Template
from l402tui.protocol.verifiers.predict import service_of

__all__ = ["NoWord", "Wish", "write"]


class NoWord(ValueError):
    """The wish cannot be written for this verifier; :attr:`why` says why."""

    def __init__(self, why: Shown) -> None:
        super().__init__(why.text)
        self.why = why


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caveat should do, in no server's words."""

    template: Template
    text: str = ""
    """Names with commas, a path, a method or an address."""
    number: int = 0
    """Unix seconds for an expiry, satoshi for an amount, a count for uses."""


def write(
    profile: Profile, wish: Wish, caveats: Sequence[Caveat], service: bytes | None = None
) -> bytes:
    """The caveat for this wish, to be added after ``caveats``.

    ``service`` is the one it is for, where the verifier wants to know; None: the only one that the
    token names. Raises NoWord.
    """
    pattern = profile.templates.get(wish.template)
    if pattern is None:
        raise NoWord(_no_word(profile, wish.template))
    parts = {
        "seconds": str(wish.number),
        "milliseconds": str(wish.number * 1000),
        "date": format_time(wish.number).text if wish.template is Template.EXPIRY else "",
        "number": str(wish.number),
        "names": _names(wish),
        "services": "",
        "service": "",
        "path": wish.text,
        "method": wish.text.upper(),
        "address": wish.text,
    }
    _look(profile, wish)
    if "{service}" in pattern:
        parts["service"] = _service(caveats, service)
    if "{services}" in pattern:
        parts["services"] = _subset(wish, caveats)
    try:
        return pattern.format(**parts).encode("utf-8", "surrogateescape")
    except (KeyError, IndexError, ValueError):
        why = say(
            "The profile {} writes it as {}, which names an unknown part.",
            shown(profile.name),
            shown(pattern),
        )
        raise NoWord(why) from None


def _no_word(profile: Profile, template: Template) -> Shown:
    return say(
        "{} has no caveat for {} that is known here: whatever was added would not restrict that.",
        shown(profile.name),
        Shown(_ABOUT[template]),
    )


_ABOUT = {
    Template.EXPIRY: "an end in time",
    Template.SERVICES: "services",
    Template.CAPABILITY: "capabilities",
    Template.PATH: "paths",
    Template.METHOD: "methods",
    Template.USES: "a number of uses",
    Template.AMOUNT: "an amount",
    Template.ADDRESS: "the caller's address",
}


def _look(profile: Profile, wish: Wish) -> None:
    """Refuse what could not hold in any server's words. Raises NoWord."""
    match wish.template:
        case Template.EXPIRY | Template.USES | Template.AMOUNT if wish.number <= 0:
            raise NoWord(say("{} must be a positive number.", Shown(_ABOUT[wish.template])))
        case Template.PATH if not wish.text.startswith("/"):
            raise NoWord(say("A path begins with a slash."))
        case Template.METHOD if not wish.text.isalpha():
            raise NoWord(say("A method is one word of letters."))
        case Template.ADDRESS:
            try:
                ip_address(wish.text)
            except ValueError:
                raise NoWord(say("{} is no IP address.", shown(wish.text, 60))) from None
        case _:
            pass


def _names(wish: Wish) -> str:
    return ",".join(name.strip() for name in wish.text.split(",") if name.strip())


def _service(caveats: Sequence[Caveat], service: bytes | None) -> str:
    named = services(caveats)
    if service is not None and named is not None and service not in {one.name for one in named}:
        there = shown(b", ".join(one.name for one in named), 120) or say("none")
        why = "The token does not open the service {}. It opens: {}."
        raise NoWord(say(why, shown(service, 60), there))
    chosen = service if service is not None else service_of(caveats)
    if chosen is not None:
        return chosen.decode("utf-8", "surrogateescape")
    if named is None:
        why = "It is written with the name of the service, and the token names none. Say which."
        raise NoWord(say(why))
    names = shown(b", ".join(one.name for one in named), 120)
    raise NoWord(say("It is for one service. The token names several: {}. Say which.", names))


def _subset(wish: Wish, caveats: Sequence[Caveat]) -> str:
    """The wanted services as the token writes them, with their tiers."""
    named = services(caveats)
    wanted = _names(wish).split(",") if _names(wish) else []
    if not wanted:
        raise NoWord(say("A list of services must name one at least."))
    if named is None:
        return ",".join(name if ":" in name else f"{name}:0" for name in wanted)
    tiers = {one.name.decode("utf-8", "surrogateescape"): one for one in named}
    written: list[str] = []
    for name in wanted:
        bare = name.partition(":")[0]
        if bare not in tiers:
            there = shown(", ".join(tiers), 120) or say("none")
            raise NoWord(say("The token does not open {}. It opens: {}.", shown(bare, 60), there))
        tier = tiers[bare].tier
        written.append(
            name
            if ":" in name or tier is None
            else f"{bare}:{tier.decode('utf-8', 'surrogateescape')}"
        )
    return ",".join(written)
