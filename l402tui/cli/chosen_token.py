"""Which token does a person mean, and what does the vault know about it?

A token itself, a file, stdin, or one of the vault: by its number in ``l402tui tokens``, by the
beginning of its payment's hash, or by the address that it opens. Whichever it is, the payment that
it stems from is looked up: it has the preimage, and the one origin the credential belongs to.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, replace
from typing import Final

from l402tui.cli.exits import Exit
from l402tui.cli.inspect import without_comments
from l402tui.cli.trouble import Trouble
from l402tui.flow.lineage import Delegation
from l402tui.flow.model import Intent, Request
from l402tui.protocol.attenuation import CannotAttenuate, Parent, read_parent
from l402tui.protocol.kinship import Kinship, relate
from l402tui.protocol.macaroon import Token
from l402tui.protocol.masking import shown_url
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import shown
from l402tui.protocol.url import Url
from l402tui.settings import Settings
from l402tui.vault import SqliteVault

__all__ = ["Chosen", "chosen_token"]

_MOST: Final = 256 * 1024
"""Bytes that are read."""
_NUMBER: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_HASH: Final = re.compile(r"[0-9a-f]{6,64}", re.ASCII)
_NOTHING: Final = "Nothing was done."


@dataclass(frozen=True, slots=True)
class Chosen:
    """A token, and what is known about it here."""

    given: Parent
    delegation: Delegation | None = None
    """Its own row, where it is one of `l402tui tokens`."""
    maker: Secret | None = None
    """The text of the token it was made from, where that is in the vault."""
    intent: Intent | None = None
    """The payment it stems from, where that is one of this vault."""

    @property
    def token(self) -> Token:
        """The token itself."""
        return self.given.token

    @property
    def preimage(self) -> Secret | None:
        """What came along, or what the payment has proven."""
        if self.given.preimage is not None or self.intent is None:
            return self.given.preimage
        return self.intent.preimage

    @property
    def url(self) -> str:
        """Where it was meant to be used, or bought; empty where that is not known."""
        if self.delegation is not None and self.delegation.url:
            return self.delegation.url
        return str(self.intent.request.url) if self.intent is not None else ""

    def refuse_elsewhere(self, url: Url, *, anywhere: bool, deed: str) -> None:
        """A credential belongs to the origin that it was bought at, and travels encrypted. Raises
        Trouble where ``url`` is elsewhere and nobody has said that this is meant."""
        if anywhere:
            return
        home = self.intent.request.url.origin if self.intent is not None else url.origin
        if url.origin != home:
            raise Trouble(
                Exit.USAGE,
                f"This was bought at {shown(home)}, and {shown(url.origin)} is somebody else, who "
                f"could use it. If that is meant: --anywhere. {deed}",
            )
        if url.scheme == "http" and not url.loopback:
            raise Trouble(
                Exit.USAGE,
                "The address is not encrypted: anyone on the way could take the credential. Use "
                f"https, or --anywhere if that is meant. {deed}",
            )


def chosen_token(settings: Settings, thing: str) -> Chosen:
    """The token that is meant. Raises Trouble, UrlError and VaultError."""
    if thing == "-":
        return _known(settings, _read(sys.stdin.buffer.read(_MOST)))
    if len(thing) < 1_000 and os.path.exists(thing):
        try:
            with open(thing, "rb") as file:
                return _known(settings, _read(file.read(_MOST)))
        except OSError as error:
            why = shown(error.strerror or "it cannot be read")
            raise Trouble(Exit.USAGE, f"{shown(thing, 200)}: {why}. {_NOTHING}") from None
    if thing.startswith(("http://", "https://")):
        return _of_an_address(settings, thing)
    if _NUMBER.fullmatch(thing) or _HASH.fullmatch(thing):
        return _of_the_vault(settings, thing)
    parent = _read(thing.encode("utf-8", "surrogateescape"), "There is no file of that name. ")
    if parent.preimage is not None:
        raise Trouble(
            Exit.USAGE,
            "A credential is a secret, and other users of this machine can read arguments. Give it "
            f"in a file or on stdin. {_NOTHING}",
        )
    return _known(settings, parent)


def _read(data: bytes, before: str = "") -> Parent:
    try:
        return read_parent(without_comments(data))
    except CannotAttenuate as error:
        raise Trouble(Exit.USAGE, f"{before}{error.why} {_NOTHING}") from None


def _known(settings: Settings, given: Parent) -> Chosen:
    """With what the vault knows about it. Looking things up makes no vault."""
    if not (settings.home / "vault.db").exists():
        return Chosen(given)
    with SqliteVault.open(settings.home, keyring=settings.keyring) as vault:
        return _in(vault, given)


def _in(vault: SqliteVault, given: Parent) -> Chosen:
    payment_hash = given.payment_hash
    intent = vault.intent(payment_hash) if payment_hash is not None else None
    _refuse_forged(given, intent)
    kept = vault.delegation_of(Secret(given.token.text))
    maker = None
    if kept is not None and kept.parent is not None:
        above = vault.delegation(kept.parent)
        maker = above.token if above is not None else None
    elif kept is not None and not kept.from_outside and intent is not None:
        maker = intent.token
    return Chosen(given, kept, maker, intent)


def _refuse_forged(given: Parent, intent: Intent | None) -> None:
    """Without the root key only this can be told: whether a token goes on from the one that the
    payment bought, or only says so. Raises Trouble."""
    if intent is None:
        return
    try:
        bought = read_parent(intent.token.reveal()).token.macaroon
    except CannotAttenuate:
        return
    related = relate(bought, given.token.macaroon).kinship
    if related in (Kinship.FALSE_CHILD, Kinship.RESIGNED):
        raise Trouble(
            Exit.USAGE,
            "This token says that it stems from a payment in the vault, and its signature does not "
            "go on from that payment's token: it is damaged or forged, and no server would take "
            f"it. {_NOTHING}",
        )


def _of_the_vault(settings: Settings, thing: str) -> Chosen:
    with SqliteVault.open(settings.home, keyring=settings.keyring) as vault:
        if _NUMBER.fullmatch(thing):
            kept = vault.delegation(int(thing))
            if kept is None:
                raise _unknown(thing)
            given = replace(_read(kept.token.reveal()), scheme=kept.scheme)
            return _in(vault, given)
        found = vault.alike(thing)
        if len(found) != 1:
            raise _unknown(thing, "More than one payment begins with" if found else "")
        given = replace(_read(found[0].token.reveal()), scheme=found[0].scheme)
        return _in(vault, given)


def _of_an_address(settings: Settings, url: str) -> Chosen:
    """What `get` would use at exactly that path."""
    request = Request(Url.parse(url))
    with SqliteVault.open(settings.home, keyring=settings.keyring) as vault:
        held = vault.credentials(request)
        here = [each for each in held if each.path == request.url.path]
        if here:
            best = here[0]
            given = replace(_read(best.token.reveal()), scheme=best.scheme)
            return _in(vault, given)
    paths = ", ".join(shown(each.path, 60).text for each in held)
    other = f" At this server there is one for {paths}." if held else ""
    raise Trouble(
        Exit.USAGE,
        f"No credential is kept for {shown_url(url)}.{other} Buy it first, with l402tui get. "
        f"{_NOTHING}",
    )


def _unknown(thing: str, why: str = "") -> Trouble:
    said = why or "There is no file, no token and no payment in the vault called"
    return Trouble(
        Exit.USAGE, f"{said} {shown(thing, 80)}. `l402tui tokens` lists them. {_NOTHING}"
    )
