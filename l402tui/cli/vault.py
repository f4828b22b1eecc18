"""Where is everything kept, who can read it, and is it encrypted?

``l402tui vault`` looks and changes nothing; its deeds encrypt, decrypt and copy. No request is made
and no wallet is asked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from l402tui.cli.arguments import Options
from l402tui.cli.exits import Exit
from l402tui.cli.ink import Pen
from l402tui.cli.trouble import Trouble
from l402tui.flow.ports import VaultError
from l402tui.protocol.text import shown
from l402tui.settings import Settings, load
from l402tui.vault import care, keyrings
from l402tui.vault.care import Facts, Sealed
from l402tui.vault.faults import named
from l402tui.vault.files import DATABASE

__all__ = ["vault"]

_PLAIN = "not encrypted: only you can read it"
_WILL_NOT = "will not be encrypted; only you will be able to read them"
_LEFT = (
    "Another program has the vault open, so old unencrypted pages may still be in its file. Close "
    "the other program, and run `l402tui vault seal` once more."
)


def vault(options: Options) -> Exit:
    """Look at the vault, or do what was asked with it."""
    settings = load()
    match options.deed:
        case "seal":
            return _seal(settings)
        case "unseal":
            return _unseal(settings)
        case "backup":
            return _backup(settings, Path(options.file).expanduser())
    facts = care.look(settings.home)
    rows = _none(settings) if facts is None else _rows(facts)
    for name, what in rows:
        print(f"{name:<9}  {what}")
    return Exit.OK


def _none(settings: Settings) -> Iterator[tuple[str, str]]:
    yield "Vault", f"{named(settings.home / DATABASE)} (begun with the first request)"
    if settings.keyring == "never":
        yield "Secrets", f'{_WILL_NOT} (keyring = "never" in settings.toml)'
        return
    try:
        yield "Secrets", f"will be encrypted; the key goes into {keyrings.here()}"
    except keyrings.KeyringTrouble as trouble:
        yield "Secrets", f"{_WILL_NOT}. {trouble}"


def _rows(facts: Facts) -> Iterator[tuple[str, str]]:
    yield "Vault", named(facts.path)
    if os.name == "posix":  # elsewhere the mode says nothing
        mode = f"mode {facts.mode:03o}, its folder {facts.folder_mode:03o}"
        private = not (facts.mode | facts.folder_mode) & 0o077
        yield "Readers", f"{'only you' if private else 'OTHERS, TOO'} ({mode})"
    yield "Secrets", " ".join(_secrets(facts))
    yield "Payments", f"{facts.payments:,}, of which {facts.open:,} have not ended"
    yield "Bought", f"{facts.credentials:,} {_plural('credential', facts.credentials)}"
    yield "History", f"{facts.requests:,} {_plural('request', facts.requests)}"
    yield "Size", f"{facts.size / 1024:,.0f} KiB, schema {facts.schema}"


def _secrets(facts: Facts) -> Iterator[str]:
    if not facts.sealed:
        yield f"{_PLAIN}."
        try:
            yield f"`l402tui vault seal` encrypts them, with a key in {keyrings.here()}."
        except keyrings.KeyringTrouble as trouble:
            yield str(trouble)
        return
    kept = shown(facts.standing.keyring).text
    yield f"encrypted; the key was put into {kept}."
    try:
        keyrings.seal_of(facts.standing, named(facts.path))
    except VaultError as error:
        yield str(error)
    else:
        yield "It is there."
    if not facts.standing.swept:
        yield "Old unencrypted pages may still be in the file; `l402tui vault seal` removes them."


def _plural(word: str, number: int) -> str:
    return word if number == 1 else f"{word}s"


def _seal(settings: Settings) -> Exit:
    pen = Pen()
    _there(settings)
    try:
        done = care.seal(settings.home)
    except keyrings.KeyringTrouble as trouble:
        raise Trouble(
            Exit.BROKEN,
            f"{trouble} The vault is as it was: its secrets are not encrypted, and only you can "
            "read them.",
        ) from None
    if done is Sealed.ALREADY:
        pen.words("The secrets in the vault are encrypted already.")
        return Exit.OK
    pen.words(
        "The secrets in the vault are encrypted now. It opens only where its key is: with your "
        "keyring, on this machine. Without the key they are lost, so keep a backup of the keyring, "
        "and run `l402tui vault unseal` before you move the vault elsewhere."
    )
    if done is Sealed.UNSWEPT:
        pen.words(_LEFT)
        return Exit.BROKEN
    pen.words("Copies and backups from before are not encrypted.")
    return Exit.OK


def _unseal(settings: Settings) -> Exit:
    _there(settings)
    if care.unseal(settings.home) is Sealed.ALREADY:
        Pen().words(f"The vault is {_PLAIN}.")
    else:
        Pen().words(
            f"The vault is {_PLAIN}. Its key stays in the keyring: backups that were made before "
            "need it."
        )
    return Exit.OK


def _backup(settings: Settings, to: Path) -> Exit:
    sealed = care.backup(settings.home, to)
    how = (
        "It is encrypted, and opens only with the key in your keyring."
        if sealed
        else f"It is {_PLAIN}."
    )
    Pen().words(
        f"Copied to {named(to)}. {how} It knows only what was paid until now: payments that are "
        "made later are not in it."
    )
    return Exit.OK


def _there(settings: Settings) -> None:
    if care.look(settings.home) is None:
        raise Trouble(
            Exit.USAGE,
            f"There is no vault in {named(settings.home)} yet. It is begun with the first request: "
            "encrypted where a keyring takes its key, unless settings.toml says otherwise.",
        )
