"""Which tokens are there, who has them, and which could still be used?

A tree: what was paid for, what came from outside, and below each what was made of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence

from l402tui.agents.family import Member, Use, family, matching, walk
from l402tui.agents.profiles import known
from l402tui.cli.arguments import Options
from l402tui.cli.configure import configured
from l402tui.cli.exits import Exit
from l402tui.cli.ink import Ink, Pen
from l402tui.flow.endings import handle
from l402tui.protocol.attenuation import caveat_words
from l402tui.protocol.caveats import format_time
from l402tui.protocol.masking import shown_url
from l402tui.protocol.text import Shown, say, shown
from l402tui.vault import SqliteVault

__all__ = ["tokens"]

_INK = {Use.COULD: Ink.GOOD, Use.COULD_NOT: Ink.DIM, Use.UNKNOWN: Ink.WARN}


def tokens(options: Options) -> Exit:
    """Run ``tokens``. Raises SettingsError and VaultError."""
    settings = configured(options)
    now, profiles, pen = time.time(), known(settings.home), Pen()
    for trouble in profiles.troubles:
        pen.words(trouble.text)
    with SqliteVault.open(settings.home, keyring=settings.keyring) as vault:
        members = family(
            vault.payments(every=True),
            vault.delegations(),
            now,
            profiles.profiles,
        )
    found = matching(members, options.search, usable=options.usable)
    if options.json:
        for member in walk(found):
            print(json.dumps(_as_json(member)))
        return Exit.OK
    if not found:
        pen.words("There is no such token." if members else "There is no token in the vault.")
    for line in _lines(pen, found):
        print(line)
    return Exit.OK


def _lines(pen: Pen, members: Sequence[Member], lead: str = "") -> Iterator[str]:
    for member in members:
        root = not lead
        last = member is members[-1]
        branch = "" if root else f"{lead[:-3]}{'└─ ' if last else '├─ '}"
        yield f"{branch}{_title(member)}"
        inner = "" if root else f"{lead[:-3]}{'   ' if last else '│  '}"
        bar = "│  " if member.children else "   "
        yield f"{inner}{bar}{pen.dye(_INK[member.use], member.use.value)}: {member.why}"
        for told in _more(member):
            yield f"{inner}{bar}{told}"
        yield from _lines(pen, member.children, f"{inner}   ")


def _title(member: Member) -> Shown:
    one = member.delegation
    where = shown_url(member.url) if member.url else say("no address")
    if one is None:
        payment = member.intent
        name = say("payment {}", handle(payment.payment_hash)) if payment else say("token")
        return say("{}  {}", name, where)
    if one.from_outside:
        return say("{}  from outside, {}", one.number, format_time(int(one.at)))
    to = say("for {}", shown(one.to, 60)) if one.to else say("for nobody named")
    return say("{}  {}, {}  {}", one.number, to, format_time(int(one.at)), where)


def _more(member: Member) -> Iterator[Shown]:
    one = member.delegation
    if one is None:
        return
    if one.why:
        yield say("why: {}", shown(one.why, 200))
    first = _first_added(member)
    for caveat in member.token.macaroon.caveats[first:]:
        yield say("+ {}", caveat_words(caveat))
    for seen in one.rehearsals:
        yield say(
            "{} on {} ({}), predicted: {}",
            shown(seen.seen),
            format_time(int(seen.at)),
            shown_url(seen.url),
            Shown({True: "taken", False: "refused", None: "left open"}[seen.predicted]),
        )


def _first_added(member: Member) -> int:
    one = member.delegation
    if one is None or one.from_outside:
        return len(member.token.macaroon.caveats)
    return one.first_added


def _as_json(member: Member) -> dict[str, object]:
    one, payment = member.delegation, member.intent
    return {
        "number": None if one is None else one.number,
        "parent": None if one is None else one.parent,
        "payment_hash": payment.payment_hash.hex() if payment is not None else None,
        "to": None if one is None else shown(one.to).text,
        "why": None if one is None else shown(one.why).text,
        "at": None if one is None else one.at,
        "url": shown_url(member.url).text if member.url else None,
        "verifier": member.prediction.profile.name,
        "use": member.use.name.lower(),
        "reason": member.why.text,
        "end": member.prediction.end,
        "caveats": [caveat_words(each, 400).text for each in member.token.macaroon.caveats],
        "seen": [
            {"at": seen.at, "url": shown_url(seen.url).text, "seen": seen.seen,
             "status": seen.status, "predicted": seen.predicted}
            for seen in (one.rehearsals if one is not None else ())
        ],
    }  # fmt: skip
