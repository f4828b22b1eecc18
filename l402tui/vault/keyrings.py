"""Where is the key of a sealed vault, and may it be had?

In the keyring of the operating system, through the ``keyring`` library (an optional extra), and
only in those that keep what they are given encrypted (:data:`ALLOWED`): that library can be made to
use others, which write it into a file or throw it away. A chain of several is never used as such,
because it may lead to one of those; the allowed ones in it are used by themselves.

A keyring is asked once a run at most, and not at all for a vault that is not sealed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from l402tui.flow.ports import VaultError
from l402tui.protocol.secret import Secret
from l402tui.vault.sealing import KEY_LENGTH, PLAIN, KeySeal, Seal, Standing, SwappedKey

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

__all__ = ["ALLOWED", "KeyringTrouble", "New", "begin", "forget", "here", "seal_of"]

SERVICE: Final = "l402tui"
"""Under this name a person finds the keys in their keyring."""
ALLOWED: Final[dict[str, str]] = {
    "keyring.backends.SecretService.Keyring": "the Secret Service (GNOME Keyring, KeePassXC)",
    "keyring.backends.libsecret.Keyring": "the Secret Service (libsecret)",
    "keyring.backends.kwallet.DBusKeyring": "KWallet",
    "keyring.backends.kwallet.DBusKeyringKWallet4": "KWallet 4",
    "keyring.backends.macOS.Keyring": "the macOS Keychain",
    "keyring.backends.Windows.WinVaultKeyring": "the Windows Credential Manager",
}
"""The classes of keyrings that are trusted, and what they are called. Exactly these: a class that
is derived from one may do as it likes."""
PATIENCE: Final = 60.0
"""Seconds for a person to unlock a keyring that asks them."""

T = TypeVar("T")


class KeyringTrouble(Exception):
    """No keyring took or gave a key; the message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class New:
    """A key that was made just now, and is in a keyring."""

    seal: KeySeal
    keyring: str
    """Which one, in words."""

    def standing(self, *, swept: bool) -> Standing:
        """What a vault that is sealed with it says about itself."""
        return Standing.by(self.seal, self.keyring, swept=swept)


_lock = threading.Lock()
_fetched: dict[bytes, Secret] = {}
"""Keys by their ids, so that no keyring is asked twice."""


def begin() -> New:
    """Make a key and see it safe in a keyring: written and read back. Raises KeyringTrouble."""
    backend, name = _first()
    key_id, key = os.urandom(16), Secret(os.urandom(KEY_LENGTH))
    _ask(name, partial(backend.set_password, SERVICE, _user(key_id), key.reveal().hex()))
    if _read(backend, name, key_id) != key:
        raise KeyringTrouble(f"{_large(name)} took the key and does not give it back.")
    with _lock:
        _fetched[key_id] = key
    return New(KeySeal(key_id, key), name)


def forget(new: New) -> None:
    """Take a key away that no vault was sealed with. It does no harm where that fails."""
    with suppress(KeyringTrouble), _lock:
        _fetched.pop(new.seal.key_id, None)
        backend, name = _first()
        _ask(name, partial(backend.delete_password, SERVICE, _user(new.seal.key_id)))


def here() -> str:
    """The keyring that a key would be put into, in words. Raises KeyringTrouble."""
    return _first()[1]


def seal_of(standing: Standing, vault: str) -> Seal:
    """The seal of a vault. Raises VaultError where its key cannot be had.

    ``vault`` is its path, for the sentence.
    """
    if standing.key_id is None:
        return PLAIN
    begins = f"The vault {vault} is encrypted, and its key is not to be had."
    try:
        return standing.seal(_fetch(standing.key_id))
    except SwappedKey:
        why = "The keyring has another key under its name."
    except KeyringTrouble as trouble:
        why = str(trouble)
    kept = f" (It was put into {standing.keyring}.)" if standing.keyring else ""
    raise VaultError(
        f"{begins} {why}{kept} Bring that keyring back and unlock it. Do not begin a new vault "
        "instead: it would not know what is paid or under way already."
    )


def _fetch(key_id: bytes) -> Secret:
    with _lock:
        if key_id not in _fetched:
            _fetched[key_id] = _found(key_id)
        return _fetched[key_id]


def _found(key_id: bytes) -> Secret:
    trouble: KeyringTrouble | None = None
    for backend, name in _all():
        try:
            key = _read(backend, name, key_id)
        except KeyringTrouble as error:
            trouble = trouble or error
            continue
        if key is not None:
            return key
        trouble = trouble or KeyringTrouble(
            f"{_large(name)} has no key for it: it was removed, or this is the keyring of another "
            "user or machine."
        )
    raise trouble or _nothing()


def _read(backend: KeyringBackend, name: str, key_id: bytes) -> Secret | None:
    text = _ask(name, partial(backend.get_password, SERVICE, _user(key_id)))
    try:
        return None if text is None else Secret(bytes.fromhex(text))
    except ValueError:
        return Secret(b"")  # somebody else's; no vault opens with it


def _user(key_id: bytes) -> str:
    return f"vault {key_id.hex()}"


def _first() -> tuple[KeyringBackend, str]:
    for found in _all():
        return found
    raise _nothing()


def _nothing() -> KeyringTrouble:
    return KeyringTrouble(
        "No keyring of a kind that keeps secrets encrypted can be reached from this session."
    )


def _all() -> Iterator[tuple[KeyringBackend, str]]:
    """The allowed keyrings that work here, best first. Raises KeyringTrouble."""
    for backend in _ask("the keyring", _chosen):
        kind = type(backend)
        name = ALLOWED.get(f"{kind.__module__}.{kind.__qualname__}")
        if name is not None:
            yield backend, name


def _chosen() -> list[Any]:
    # Looked at first: it takes a moment to import the library, only to hear the same.
    if os.environ.get("PYTHON_KEYRING_BACKEND", next(iter(ALLOWED))) not in ALLOWED:
        return []
    try:
        import keyring
        from keyring.backends.chainer import ChainerBackend
    except ImportError:
        raise KeyringTrouble(
            "The library that asks keyrings is not installed (pip install 'l402tui[keyring]')."
        ) from None
    # Asked for and not looked for: who has chosen one, or none, has it that way here too.
    chosen = keyring.get_keyring()
    return list(chosen.backends) if isinstance(chosen, ChainerBackend) else [chosen]


def _ask(name: str, question: Callable[[], T]) -> T:
    """Ask in a thread of its own: a keyring may wait for a person, and for ever."""
    answers: list[T] = []
    troubles: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(question())
        except BaseException as error:
            troubles.append(error)

    thread = threading.Thread(target=run, name="keyring", daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if answers:
        return answers[0]
    if not troubles:
        raise KeyringTrouble(f"{_large(name)} did not answer within {PATIENCE:.0f} seconds.")
    trouble = troubles[0]
    if isinstance(trouble, KeyringTrouble):
        raise trouble
    # Its kind only: what libraries say about secrets may hold them.
    said = type(trouble).__name__
    raise KeyringTrouble(f"{_large(name)} is locked or does not work ({said}).") from None


def _large(name: str) -> str:
    return name[0].upper() + name[1:]
