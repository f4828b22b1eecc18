"""Which token does a person mean?

A token itself, a file, stdin, or one of the vault: by its number in ``l402tui tokens``, by the
beginning of its payment's hash, or by the address that it opens.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Final

from l402tui.cli.exits import Exit
from l402tui.cli.inspect import without_comments
from l402tui.cli.trouble import Trouble
from l402tui.flow.model import Request
from l402tui.protocol.attenuation import CannotAttenuate, Parent, read_parent
from l402tui.protocol.errors import IdentifierError
from l402tui.protocol.macaroon import Macaroon
from l402tui.protocol.masking import shown_url
from l402tui.protocol.node_macaroon import read_node_identifier
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import shown
from l402tui.protocol.url import Url
from l402tui.settings import Settings
from l402tui.vault import SqliteVault

__all__ = ["chosen_token", "is_node", "preimage_of"]

_MOST: Final = 256 * 1024
"""Bytes that are read."""
_NUMBER: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_HASH: Final = re.compile(r"[0-9a-f]{6,64}", re.ASCII)


def chosen_token(settings: Settings, thing: str) -> Parent:
    """The token, with its preimage where that came along or is in the vault. Raises Trouble and
    VaultError."""
    if thing == "-":
        return _read(sys.stdin.buffer.read(_MOST))
    if len(thing) < 1_000 and os.path.exists(thing):
        try:
            with open(thing, "rb") as file:
                return _read(file.read(_MOST))
        except OSError as error:
            why = shown(error.strerror or "it cannot be read")
            raise Trouble(Exit.USAGE, f"{shown(thing, 200)}: {why}. Nothing was done.") from None
    if thing.startswith(("http://", "https://")):
        return _of_an_address(settings, thing)
    if _NUMBER.fullmatch(thing) or _HASH.fullmatch(thing):
        return _of_the_vault(settings, thing)
    parent = _read(thing.encode("utf-8", "surrogateescape"), " There is no file of that name.")
    if parent.preimage is not None:
        raise Trouble(
            Exit.USAGE,
            "A credential is a secret, and other users of this machine can read arguments. Give it "
            "in a file or on stdin. Nothing was done.",
        )
    return parent


def preimage_of(settings: Settings, parent: Parent) -> Secret | None:
    """The preimage that came with it, or that its payment in the vault has proven. Raises
    VaultError."""
    if parent.preimage is not None or parent.payment_hash is None:
        return parent.preimage
    if not (settings.home / "vault.db").exists():  # looking things up makes no vault
        return None
    with SqliteVault.open(settings.home, keyring=settings.keyring) as vault:
        intent = vault.intent(parent.payment_hash)
    return None if intent is None else intent.preimage


def is_node(macaroon: Macaroon) -> bool:
    """Whether it is a node's own macaroon, which opens the node and no shop."""
    try:
        read_node_identifier(macaroon.identifier)
    except IdentifierError:
        return False
    return True


def _read(data: bytes, more: str = "") -> Parent:
    try:
        return read_parent(without_comments(data))
    except CannotAttenuate as error:
        raise Trouble(Exit.USAGE, f"{error.why}{more} Nothing was done.") from None


def _of_the_vault(settings: Settings, thing: str) -> Parent:
    with SqliteVault.open(settings.home, keyring=settings.keyring) as vault:
        if _NUMBER.fullmatch(thing):
            kept = vault.delegation(int(thing))
            if kept is None:
                raise _unknown(thing)
            parent = _read(kept.token.reveal())
            known = vault.intent(kept.payment_hash) if kept.payment_hash is not None else None
            preimage = None if known is None else known.preimage
            return Parent(parent.token, preimage, kept.scheme)
        found = vault.alike(thing)
    if len(found) != 1:
        raise _unknown(thing, "More than one payment begins with" if found else "")
    parent = _read(found[0].token.reveal())
    return Parent(parent.token, found[0].preimage, found[0].scheme)


def _of_an_address(settings: Settings, url: str) -> Parent:
    """What `get` would use there. Raises UrlError, too."""
    request = Request(Url.parse(url))
    with SqliteVault.open(settings.home, keyring=settings.keyring) as vault:
        held = vault.credentials(request)
    if not held:
        raise Trouble(
            Exit.USAGE,
            f"No credential is kept for {shown_url(url)}: buy it first, with l402tui get. Nothing "
            "was done.",
        )
    best = held[0]
    return Parent(_read(best.token.reveal()).token, best.preimage, best.scheme)


def _unknown(thing: str, why: str = "") -> Trouble:
    said = why or "There is no file, no token and no payment in the vault called"
    return Trouble(
        Exit.USAGE, f"{said} {shown(thing, 80)}. `l402tui tokens` lists them. Nothing was done."
    )
