"""Where does a redirect lead, and do we follow?

At most five, never from https to http, and to another origin only with a request that changes
nothing (GET, HEAD) and only with headers that tell nothing about the person. The credential stays
with the origin it was given for; once a redirect has led away it does not come back.
RFC 9110 section 15.4 says which redirects turn a request into a GET.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from l402tui.flow.model import Hop, Request
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.url import Url, UrlError
from l402tui.web.head import for_another_origin, without_body

__all__ = ["MAX_HOPS", "Journey", "RedirectRefused", "follow"]

MAX_HOPS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_READING: Final = frozenset({"GET", "HEAD"})


class RedirectRefused(Exception):
    """A redirect that is not followed; :attr:`why` is a sentence."""

    def __init__(self, why: Shown) -> None:
        super().__init__(why.text)
        self.why = why


@dataclass(frozen=True, slots=True)
class Journey:
    """A request on its way through redirects."""

    request: Request
    authorization: Secret | None
    hops: tuple[Hop, ...] = ()
    asked: Request | None = None
    """What the person asked for, where a redirect has led on from there."""
    away: bool = False
    """It has been at another origin, and nothing private goes along any more."""

    @property
    def begin(self) -> Request:
        """What the person asked for."""
        return self.asked or self.request


def follow(journey: Journey, status: int, locations: tuple[bytes, ...]) -> Journey | None:
    """The next step, or None where this answer is no redirect. Raises RedirectRefused."""
    if status not in _REDIRECTS or not locations:
        return None
    here = journey.request
    there = _there(here, locations)
    if len(journey.hops) >= MAX_HOPS:
        raise RedirectRefused(say("The server redirected more than {} times.", MAX_HOPS))
    place, method = shown(there.origin), here.method.upper()
    if here.url.scheme == "https" and there.scheme != "https":
        leak = "The redirect leads from https to {}, where anyone on the way can read along."
        raise RedirectRefused(say(leak, place))
    away = there.origin != here.url.origin
    if away and method not in _READING:
        unasked = "The redirect leads to {}; a {} is not passed on to another place by itself."
        raise RedirectRefused(say(unasked, place, shown(method)))
    if (status == 303 and method not in _READING) or (status in (301, 302) and method == "POST"):
        here = without_body(here)
    if away:
        here = for_another_origin(here)
    return Journey(
        replace(here, url=there),
        None if away else journey.authorization,
        (*journey.hops, Hop(status, there)),
        journey.begin,
        away or journey.away,
    )


def _there(here: Request, locations: tuple[bytes, ...]) -> Url:
    if len(set(locations)) > 1:
        raise RedirectRefused(say("The server redirects to several places at once."))
    try:
        return here.url.join(locations[0].decode("ascii"))
    except UnicodeDecodeError:
        raise RedirectRefused(say("The redirect's address holds letters it may not.")) from None
    except UrlError as error:
        why = say("The redirect's address is not opened: {}.", shown(str(error)))
        raise RedirectRefused(why) from None
