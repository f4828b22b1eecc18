"""Does the server do with a token what was predicted?

A request is sent as the child, and never a payment: the session has no wallet. Where prediction
and server differ, ``--keep`` writes what was learned as a profile of the person's own.
"""

from __future__ import annotations

import time
from dataclasses import replace

from l402tui.agents.profiles import keep
from l402tui.agents.rehearsal import Rehearsal, Seen, corrected, rehearse
from l402tui.cli.arguments import Options
from l402tui.cli.attenuate import profile_named
from l402tui.cli.chosen_token import Chosen, chosen_token
from l402tui.cli.configure import configured
from l402tui.cli.exits import Exit
from l402tui.cli.ink import Ink, Pen
from l402tui.cli.running import until_interrupted
from l402tui.cli.trouble import Trouble
from l402tui.flow.lineage import Rehearsed
from l402tui.flow.model import Request
from l402tui.protocol.attenuation import read_parent
from l402tui.protocol.credential import Credential
from l402tui.protocol.kinship import Kinship, relate
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.url import Url
from l402tui.protocol.verifiers import Profile, Target, predict
from l402tui.settings import Settings
from l402tui.vault import SqliteVault
from l402tui.wiring import open_session, request_of

__all__ = ["rehearse_token"]

_NOTHING = "Nothing was sent."
_FORETOLD = {True: "that it is taken", False: "that it is refused", None: "nothing for certain"}
_INK = {Seen.TAKEN: Ink.GOOD, Seen.REFUSED: Ink.BAD, Seen.UNCLEAR: Ink.WARN}


def rehearse_token(options: Options) -> Exit:
    """Run ``rehearse``. Raises Trouble, UrlError, SettingsError and VaultError."""
    settings, pen = configured(options), Pen(plain=options.plain)
    child = chosen_token(settings, options.thing)
    request = request_of(options.url, options.method_used)
    child.refuse_elsewhere(request.url, anywhere=options.anywhere, deed=_NOTHING)
    parent = _parent(settings, options, child)
    profile = profile_named(options.verifier, child)
    found: list[Rehearsal] = []
    work = _rehearse(settings, options, request, child, parent, profile, found)
    if not until_interrupted(work):
        pen.words("\nStopped. Nothing was paid.")
        return Exit.STOPPED
    _remember(settings, request, child, found[0])
    return _told(settings, options, pen, parent, found[0])


def _parent(settings: Settings, options: Options, child: Chosen) -> Chosen | None:
    """The token it was made from: named, or known to the vault. Raises Trouble."""
    if options.parent:
        parent = chosen_token(settings, options.parent)
    elif child.maker is not None:
        parent = replace(child, given=read_parent(child.maker.reveal()))
    else:
        return None
    related = relate(parent.token.macaroon, child.token.macaroon).kinship
    if related not in (Kinship.CHILD, Kinship.SAME):
        raise Trouble(
            Exit.USAGE, f"--parent: the other token was not made from this one. {_NOTHING}"
        )
    return parent


def _remember(settings: Settings, request: Request, child: Chosen, found: Rehearsal) -> None:
    """Write beside a token of the vault what was seen. Raises VaultError."""
    seen = Rehearsed(
        at=time.time(),
        method=request.method,
        url=str(request.url),
        verifier=found.prediction.profile.name,
        predicted=found.prediction.passes,
        seen=found.seen.value,
        status=found.status,
    )
    with SqliteVault.open(settings.home, keyring=settings.keyring) as vault:
        vault.rehearsed(Secret(child.token.text), seen)


async def _rehearse(
    settings: Settings,
    options: Options,
    request: Request,
    child: Chosen,
    parent: Chosen | None,
    profile: Profile,
    found: list[Rehearsal],
) -> None:
    value = _credential(child)
    other = None if parent is None else _credential(parent)
    async with open_session(settings, "none") as session:
        target = Target(
            session.clock.now(),
            service=options.service.encode("utf-8", "surrogateescape") if options.service else None,
            method=request.method,
            path=request.url.path,
        )
        prediction = predict(profile, child.token.macaroon.caveats, target)
        found.append(await rehearse(session.transport, request, value, prediction, parent=other))


def _credential(chosen: Chosen) -> Secret:
    """The whole credential; the preimage may be known from the payment. Raises Trouble."""
    preimage = chosen.preimage
    if preimage is None:
        raise Trouble(
            Exit.USAGE,
            "The preimage is not known here, and without it a token opens nothing. Give the whole "
            f"credential (L402 token:preimage) in a file. {_NOTHING}",
        )
    return Credential(Secret(chosen.token.text), preimage).header_value(chosen.given.scheme)


def _told(
    settings: Settings, options: Options, pen: Pen, parent: Chosen | None, found: Rehearsal
) -> Exit:
    profile = found.prediction.profile
    foretold = Shown(_FORETOLD[found.prediction.passes])
    why = found.prediction.why
    pen.words(say("predicted {} ({}). {}", foretold, shown(profile.name), why).text)
    service = found.prediction.target.service
    if found.prediction.assumed and service is not None:
        which = "          (for the service {}, the one the token names: --service says otherwise)"
        pen.words(say(which, shown(service, 60)).text)
    pen.words(say("seen      {}. {}", Shown(found.seen.value), found.why).text, _INK[found.seen])
    if found.seen is Seen.UNCLEAR:
        pen.words("Whether the prediction is right is not known. Nothing was paid.")
        return Exit.UNREACHABLE
    if not found.differs:
        same = "They agree." if found.prediction.passes is not None else "Now it is known."
        pen.words(f"{same} Nothing was paid.")
        return Exit.OK
    pen.words("They differ. Nothing was paid.", Ink.WARN)
    _learn(settings, options, pen, parent, found)
    return Exit.OK


def _learn(
    settings: Settings, options: Options, pen: Pen, parent: Chosen | None, found: Rehearsal
) -> None:
    first_added = len(parent.token.macaroon.caveats) if parent is not None else 0
    if parent is not None and found.guessed(first_added):
        pen.words(
            "Nothing is learned from it: services were taken away, and nobody has said which one "
            "is sold at that address (--service NAME)."
        )
        return
    host = Url.parse(options.url).host
    learned = corrected(found, first_added=first_added, where=host, at=time.time())
    if learned is None:
        pen.words(
            "Nothing is learned from it. Name the token it was made from (--parent FILE or N): if "
            "the server still takes that one, it is the added caveats that it refused."
            if parent is None
            else "Nothing is learned from it: the parent is not taken either, so it is not the "
            "added caveats that the server refused."
        )
        return
    for row in learned.rows[: len(learned.rows) - len(found.prediction.profile.rows)]:
        parts = (shown(row.word, 60), Shown(row.effect.value), Shown(row.why))
        pen.words(say("learned   {}: {}. {}", *parts).text)
    if not options.keep:
        pen.words("--keep writes that as a profile of your own.")
        return
    try:
        path = keep(settings.home, learned)
    except FileExistsError:
        raise Trouble(
            Exit.USAGE,
            f"There is a profile {learned.name} already; it is left alone. Move it away, or add "
            "what was learned by hand.",
        ) from None
    pen.words(f"Kept: {shown(str(path), 300)}. Use it with --for {learned.name}")
