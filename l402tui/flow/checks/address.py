"""Does the bill come from where it should, unread and unchanged on its way? C01 to C05."""

from __future__ import annotations

import re
from typing import Final

from l402tui.flow.checks.making import check, lasting, ok
from l402tui.flow.findings import Answer, Facts, Severity
from l402tui.flow.model import Response
from l402tui.protocol.http_date import http_date
from l402tui.protocol.masking import shown_url
from l402tui.protocol.text import say, shown

__all__ = ["address", "certificate", "encryption", "out_of_cache", "redirects", "shared"]


@check("C01", "address")
def address(facts: Facts) -> Answer:
    """An address that hides where it leads is never opened; here its real name is shown."""
    url = facts.bill.response.url
    name = url.unicode_host
    if name is not None:
        sentence = say("The host is {}, which is written as {}.", shown(url.host), shown(name))
        return Severity.WARN, sentence, say("Letters of other scripts can look alike: compare.")
    return ok("The address is plain: {}.", shown(url.origin))


@check("C02", "encryption")
def encryption(facts: Facts) -> Answer:
    """Whoever reads the line can take the token and, after the payment, the preimage."""
    url = facts.bill.response.url
    if url.encrypted:
        return ok("The line is encrypted.")
    if url.loopback:
        return ok("Not encrypted, but it does not leave this machine.")
    if url.onion:
        return Severity.ASK, say("An onion address is encrypted only if it is reached through Tor.")
    sentence = say("No encryption: anyone on the way could take what you buy.")
    return Severity.BLOCK, sentence, say("Use https.")


@check("C03", "certificate")
def certificate(facts: Facts) -> Answer:
    """Without a valid certificate the bill may come from anybody."""
    if facts.bill.response.url.scheme != "https":
        return None
    return ok("The certificate is valid for {}.", shown(facts.bill.response.url.host))


@check("C04", "redirects")
def redirects(facts: Facts) -> Answer:
    """A redirect to another origin means that somebody else wants the money."""
    asked, response = facts.request.url.origin, facts.bill.response
    # A credential goes to the place that was asked and to no other, and does not survive a detour.
    away = [hop.url for hop in response.hops if hop.url.origin != asked]
    if not away and response.url.origin == asked:
        return ok("The bill comes from the origin you asked.")
    sentence = say(
        "You asked {}, which led to {}: what you buy could not be handed in there.",
        shown(asked), shown((away[0] if away else response.url).origin),
    )  # fmt: skip
    todo = say("If you trust it, ask for {} yourself.", shown_url(response.url))
    return Severity.BLOCK, sentence, todo


# --- C05: an invoice is for one payer, a cache is for many ------------------------------------

_HIT: Final = re.compile(rb";\s*hit\s*(?:=\s*\?1\s*)?(?:[;,]|$)", re.IGNORECASE)
"""A cache that answered by itself (RFC 9211 section 2.1)."""
_DIRECTIVE: Final = re.compile(rb"([a-z0-9-]+)(?:\s*=\s*\"?(\d{1,10})\"?)?", re.IGNORECASE)


def out_of_cache(response: Response) -> bool:
    """Whether a response says that a cache on the way, and not the server, gave it.

    ``Age`` is there only then (RFC 9111 section 5.1); caches that add it to everything make it 0.
    """
    if any(age.strip().lstrip(b"0") for age in response.values(b"age")):
        return True
    if any(_HIT.search(value) for value in response.values(b"cache-status")):
        return True
    marks = (*response.values(b"x-cache"), *response.values(b"cf-cache-status"))
    return any(b"hit" in mark.lower() for mark in marks)


def _may_be_kept(response: Response) -> bool | None:
    """Whether caches may store it and give it to others; None where nothing is said about it.

    A 402 that says nothing is not stored (RFC 9111 section 3, RFC 9110 section 15.1).
    """
    named = b",".join(response.values(b"cache-control"))
    said = {name.lower(): value for name, value in _DIRECTIVE.findall(named)}
    if not said.keys().isdisjoint((b"no-store", b"private", b"no-cache")):
        return False
    for name in (b"s-maxage", b"max-age"):
        if name in said:
            return bool(said[name].strip(b"0"))
    if b"public" in said:
        return True
    # No date are the usual 0 and -1: it has expired already (RFC 9111 section 5.3).
    if any(http_date(expires) is not None for expires in response.values(b"expires")):
        return True
    return None


_STILL_CACHED: Final = say(
    "It was asked for past every cache (Cache-Control: no-cache). Whoever runs the server should "
    "send Cache-Control: no-store."
)


@check("C05", "for you alone")
def shared(facts: Facts) -> Answer:
    """A bill out of a cache may be in other hands too, and only one of them can use it."""
    response = facts.bill.response
    if out_of_cache(response):
        ages = [int(age) for age in response.values(b"age") if age.isdigit() and len(age) < 11]
        old = say(" {} old", lasting(ages[0])) if ages else say("")
        sentence = say("This bill comes out of a cache{}: others may have been shown it too.", old)
        return Severity.ASK, sentence, _STILL_CACHED
    kept = _may_be_kept(response)
    if kept:
        sentence = say("Caches may keep this bill and show it to others.")
        return Severity.WARN, sentence, say("Its server should send Cache-Control: no-store.")
    if kept is None:
        return ok("Nothing says that the bill comes out of a cache.")
    return ok("No cache may show this bill to others.")
