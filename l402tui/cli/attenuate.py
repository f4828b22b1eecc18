"""How is a child of a token made on the command line?

The child alone goes to stdout, or into a new file; everything that is said about it goes to stderr:
the parent's caveats and the added ones with what the verifier makes of each, how the chain goes on,
whether a request would pass, and what travels along when it is handed over.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from l402tui.agents.handover import Form, Handed, Missing, Parcel, hand_over
from l402tui.agents.moments import moment
from l402tui.agents.profiles import known
from l402tui.cli.arguments import Options
from l402tui.cli.chosen_token import Chosen, chosen_token
from l402tui.cli.configure import configured
from l402tui.cli.exits import Exit
from l402tui.cli.ink import Ink, Pen, wrapped
from l402tui.cli.trouble import Trouble
from l402tui.flow.lineage import NewDelegation
from l402tui.flow.ports import VaultError
from l402tui.protocol.amount import parse_amount
from l402tui.protocol.attenuation import CannotAttenuate, Child, Parent, attenuate, caveat_words
from l402tui.protocol.errors import AmountError
from l402tui.protocol.macaroon import Caveat
from l402tui.protocol.node_macaroon import node_of
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.url import Url, UrlError
from l402tui.protocol.verifiers import (
    Effect,
    NoWord,
    Prediction,
    Profile,
    Target,
    Template,
    Wish,
    predict,
    write,
)
from l402tui.settings import Settings, home
from l402tui.vault import SqliteVault

__all__ = ["attenuate_token", "profile_named"]

_NOTHING: Final = "Nothing was written."
_INK: Final = {
    Effect.ENFORCED: Ink.GOOD,
    Effect.IGNORED: Ink.WARN,
    Effect.BREAKS: Ink.BAD,
    Effect.UNKNOWN: Ink.BOLD,
}
_PASSES: Final = {True: ("yes", Ink.GOOD), False: ("no", Ink.BAD), None: ("not known", Ink.BOLD)}


def attenuate_token(options: Options) -> Exit:
    """Run ``attenuate``. Raises Trouble."""
    now, settings = time.time(), configured(options)
    chosen = chosen_token(settings, options.thing)
    parent, url = chosen.given, _url(options, chosen)
    if url is not None:
        chosen.refuse_elsewhere(url, anywhere=options.anywhere, deed=_NOTHING)
    profile = profile_named(options.verifier, chosen)
    try:
        child = _child(parent, profile, options, now)
        prediction = _predicted(child, profile, options, url, now)
        parcel = Parcel(child.token, chosen.preimage, parent.scheme, url)
        handed = hand_over(Form(options.form), parcel, prediction, now=now)
    except NoWord as error:
        which = " (--service NAME)" if error.why.text.endswith("Say which.") else ""
        raise Trouble(Exit.USAGE, f"{error.why}{which} {_NOTHING}") from None
    except (CannotAttenuate, Missing) as error:
        raise Trouble(Exit.USAGE, f"{error.why} {_NOTHING}") from None
    pen = Pen(plain=options.plain)
    for line in _told(pen, parent, child, prediction, handed):
        pen.line(line)
    with _NewFile(options.output) as file:
        pen.words(_kept(settings, options, parent, child, prediction, url, now))
        _deliver(options, parent, child, handed, file)
    return Exit.OK


def profile_named(name: str | None, chosen: Chosen) -> Profile:
    """The chosen profile; without a name that for which the token was made, lnd for a node's
    macaroon, and else aperture. Raises Trouble."""
    found = known(home())
    if name is None and chosen.delegation is not None and chosen.delegation.verifier:
        name = chosen.delegation.verifier
    if name is None:
        name = "lnd" if node_of(chosen.token.macaroon) is not None else "aperture"
    if name in found.profiles:
        return found.profiles[name]
    words = [f"There is no verifier {shown(name, 60)}. Known: {', '.join(found.profiles)}."]
    words += [trouble.text for trouble in found.troubles]
    raise Trouble(Exit.USAGE, " ".join([*words, _NOTHING]))


# --- the child ------------------------------------------------------------------------------------


def _child(parent: Parent, profile: Profile, options: Options, now: float) -> Child:
    service = options.service.encode("utf-8", "surrogateescape") if options.service else None
    have = parent.token.macaroon.caveats
    caveats: list[bytes] = []
    for name, text in options.wishes:
        if name == "caveat":
            caveats.append(text.encode("utf-8", "surrogateescape"))
            continue
        added = tuple(Caveat(caveat, None, None, 0, 0, 0) for caveat in caveats)
        caveats.append(write(profile, _wish(name, text, now), (*have, *added), service))
    return attenuate(parent.token, caveats)


def _wish(name: str, text: str, now: float) -> Wish:
    try:
        match name:
            case "expires":
                return Wish(Template.EXPIRY, number=moment(text, now))
            case "uses":
                return Wish(Template.USES, number=int(text))
            case "amount":
                return Wish(Template.AMOUNT, number=parse_amount(text) // 1_000)
    except AmountError as error:
        raise Trouble(Exit.USAGE, f"--amount: {error.why}. {_NOTHING}") from None
    except ValueError as error:
        why = str(error) if name == "expires" else "write a whole number"
        raise Trouble(Exit.USAGE, f"--{name}: {why}. {_NOTHING}") from None
    return Wish(Template(name), text)


def _predicted(
    child: Child, profile: Profile, options: Options, url: Url | None, now: float
) -> Prediction:
    try:
        at = moment(options.at, now) if options.at else now
    except ValueError as error:
        raise Trouble(Exit.USAGE, f"--at: {error}. {_NOTHING}") from None
    target = Target(
        at,
        service=options.service.encode("utf-8", "surrogateescape") if options.service else None,
        method=options.method_used.upper(),
        path=url.path if url is not None else "/",
        address=options.caller,
    )
    return predict(profile, child.token.macaroon.caveats, target)


def _url(options: Options, chosen: Chosen) -> Url | None:
    """Where it is meant to be used: as named, else where the token was made for, or bought."""
    named = options.thing if options.thing.startswith(("http://", "https://")) else ""
    where = options.url or named or chosen.url
    if not where:
        return None
    try:
        return Url.parse(where)
    except UrlError as error:
        raise Trouble(Exit.USAGE, f"--url: {error}. {_NOTHING}") from None


# --- what is said ---------------------------------------------------------------------------------


def _told(
    pen: Pen, parent: Parent, child: Child, prediction: Prediction, handed: Handed
) -> Iterator[str]:
    macaroon = parent.token.macaroon
    yield _row(pen, "parent", say("{}, {} bytes", Shown(macaroon.format.name), len(macaroon.raw)))
    if parent.payment_hash is not None:
        yield _row(pen, "", say("payment hash {}", Shown(parent.payment_hash.hex())))
    profile = prediction.profile
    yield _row(pen, "verifier", say("{} ({})", Shown(profile.title), Shown(profile.proof.value)))
    if profile.attenuates:
        yield _row(pen, "", Shown(profile.attenuates))
    yield ""
    yield from _caveats(pen, child, prediction)
    yield ""
    word, ink = _PASSES[prediction.passes]
    target = prediction.target
    asked = say("{} {}", shown(target.method, 20), shown(target.path, 80))
    if prediction.assumed and target.service is not None:
        which = "{} if that is the service {} (the one the token names; --service says otherwise)"
        asked = say(which, asked, shown(target.service, 60))
    yield _row(pen, "passes?", say("{}: {}. {}", asked, Shown(word), prediction.why), ink)
    limit = profile.header_limit
    yield _row(pen, "header", say("{} of {} bytes", child.header_size, limit))
    for note in profile.notes:
        yield from _sentences(pen, "know", Shown(note))
    for sentence in handed.travels:
        yield from _sentences(pen, "handing", sentence)
    yield ""


def _caveats(pen: Pen, child: Child, prediction: Prediction) -> Iterator[str]:
    for verdict, caveat in zip(prediction.verdicts, child.token.macaroon.caveats, strict=True):
        new = verdict.index >= child.first_added
        effect = pen.dye(_INK[verdict.effect], f"{verdict.effect.value:<18}")
        yield (f"{'+' if new else ' '}{verdict.index + 1:>4}  {effect} {caveat_words(caveat)}")
        for line in wrapped(verdict.why.text, max(24, pen.width - 8)):
            yield f"        {pen.dye(Ink.DIM, line)}"
        if new:
            step = child.steps[verdict.index - child.first_added]
            # The beginning only: with the whole of it the caveats behind it could be taken off.
            yield f"        {pen.dye(Ink.DIM, f'signature {step.signature.hex()[:8]}…')}"


def _row(pen: Pen, label: str, words: Shown, ink: Ink = Ink.PLAIN) -> str:
    return f"{label:<9} {pen.dye(ink, words.text)}"


def _sentences(pen: Pen, label: str, words: Shown) -> Iterator[str]:
    first, *more = wrapped(words.text, max(24, pen.width - 12))
    yield f"{label:<9} {first}"
    for line in more:
        yield f"{'':<9} {line}"


# --- where it goes --------------------------------------------------------------------------------


def _kept(
    settings: Settings,
    options: Options,
    parent: Parent,
    child: Child,
    prediction: Prediction,
    url: Url | None,
    now: float,
) -> str:
    """Write the child into the vault, and say so. Raises Trouble."""
    if options.unrecorded:
        return "Not kept in the vault, as you wish: nobody remembers who has it."
    if node_of(parent.token.macaroon) is not None:
        return "A node's macaroon is not kept in the vault: it is a key to the node's money."
    new = NewDelegation(
        parent=Secret(parent.token.text),
        token=Secret(child.token.text),
        scheme=parent.scheme,
        payment_hash=parent.payment_hash,
        first_added=child.first_added,
        at=now,
        to=options.to or "",
        why=options.why or "",
        verifier=prediction.profile.name,
        predicted=prediction.passes,
        url=str(url) if url is not None else "",
    )
    try:
        with SqliteVault.open(settings.home, keyring=settings.keyring) as vault:
            number = vault.delegated(new)
            kept = vault.delegation(number)
    except VaultError as error:
        words = f"{error} Without the vault: --unrecorded. {_NOTHING}"
        raise Trouble(Exit.BROKEN, words) from None
    if kept is not None and (kept.to, kept.why) != (new.to, new.why):
        whose = f"for {shown(kept.to, 60)}" if kept.to else "for nobody named"
        return (
            f"The very same child is token {number} already, {whose}; that is what stays written. "
            "To tell two people apart, give each a caveat of their own: --caveat 'for=...'"
        )
    return f"Kept as token {number}: l402tui tokens"


class _NewFile:
    """A new file of mode 0600, which is taken away again where nothing came to be in it; nothing
    that is there is written over. Without a name there is none. Raises Trouble."""

    def __init__(self, name: str | None) -> None:
        self._path = Path(name) if name not in (None, "-") and name else None
        self._written = False

    def __enter__(self) -> Self:
        if self._path is not None:
            self._descriptor = self._open(self._path)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._path is not None and not self._written:
            os.close(self._descriptor)
            self._path.unlink()

    def write(self, content: bytes) -> bool:
        """Whether there is a file, and it was written."""
        if self._path is None:
            return False
        self._written = True
        with open(self._descriptor, "wb") as file:
            file.write(content)
        return True

    def _open(self, path: Path) -> int:
        try:
            return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            why = "it is there already, and is left alone: choose another name"
            raise Trouble(Exit.USAGE, f"{shown(str(path), 200)}: {why}. {_NOTHING}") from None
        except OSError as error:
            why = shown(error.strerror or "it cannot be made").text
            raise Trouble(Exit.BROKEN, f"{shown(str(path), 200)}: {why}. {_NOTHING}") from None


def _deliver(
    options: Options, parent: Parent, child: Child, handed: Handed, file: _NewFile
) -> None:
    raw = parent.binary and options.form == Form.TOKEN.value
    if file.write(child.token.macaroon.raw if raw else handed.text.reveal()):
        return
    if options.form == Form.QR.value:
        _draw(handed)
    else:
        sys.stdout.write(handed.text.reveal().decode())


def _draw(handed: Handed) -> None:
    from l402tui.protocol import qr

    matrix = qr.encode(handed.text.reveal().decode(), exact=True)
    for row in qr.render(matrix, qr.Style.HALF_BLOCKS):
        print(f"\x1b[30;107m{row}\x1b[0m" if sys.stdout.isatty() else row)
