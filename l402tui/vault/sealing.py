"""How are secrets kept in a file that somebody else may come to read?

Encrypted (XChaCha20-Poly1305, through PyNaCl) with a random key that is not in the file: it lies in
the operating system's keyring (:mod:`~l402tui.vault.keyrings`). Each value is bound to its place,
so that one that was moved to another row or column does not open. What is sealed: tokens,
preimages, challenges, and the headers and bodies of requests. Addresses, amounts, times and payment
hashes are not: the vault looks things up by them.

A vault without a key is kept by :data:`PLAIN`, which changes nothing; PyNaCl is then not imported.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Protocol

from l402tui.flow.ports import VaultError
from l402tui.protocol.secret import Secret

__all__ = [
    "KEY_LENGTH",
    "OVERHEAD",
    "PLAIN",
    "Book",
    "KeySeal",
    "Place",
    "Seal",
    "Standing",
    "SwappedKey",
    "standing",
]

KEY_LENGTH: Final = 32
"""Bytes of a vault's key."""
_MARK: Final = b"\0LS\x01"
"""What a sealed value begins with. The triggers of the schema look for it."""
OVERHEAD: Final = len(_MARK) + 24 + 16
"""Bytes by which a value grows: the mark, the nonce and the tag (draft-irtf-cfrg-xchacha)."""


class Place(tuple[str, str, bytes | int]):
    """Where a value stands: table, column, and what names its row."""

    __slots__ = ()

    def __new__(cls, table: str, column: str, row: bytes | int) -> Place:
        """The place of one value."""
        return super().__new__(cls, (table, column, row))


class Seal(Protocol):
    """How the secrets of one vault are kept."""

    @property
    def key_id(self) -> bytes | None:
        """Names the key; None where nothing is sealed."""

    def close(self, place: Place, value: bytes) -> bytes:
        """The value as it is written."""

    def open(self, place: Place, kept: bytes) -> bytes:
        """The value as it was. Raises VaultError where it was changed, or is another place's."""

    def search(self, fingerprint: str) -> str:
        """What to look for in place of a fingerprint: equal ones stay equal, and guesses at what a
        request held cannot be tried out without the key."""


class _Plain:
    """Nothing is sealed: only the file's mode keeps others out."""

    key_id: Final = None

    def close(self, place: Place, value: bytes) -> bytes:
        return value

    def open(self, place: Place, kept: bytes) -> bytes:
        return kept

    def search(self, fingerprint: str) -> str:
        return fingerprint


PLAIN: Final[Seal] = _Plain()


class KeySeal:
    """Every secret is sealed with one key."""

    def __init__(self, key_id: bytes, key: Secret) -> None:
        # Imported here: a vault without a key must open without it.
        from nacl.exceptions import CryptoError
        from nacl.secret import Aead

        self._id = key_id
        self._box, self._refused = Aead(key.reveal()), CryptoError
        self._searching = blake2b(b"fingerprints", key=key.reveal(), person=b"l402tui").digest()

    @property
    def key_id(self) -> bytes:
        """Names the key."""
        return self._id

    def close(self, place: Place, value: bytes) -> bytes:
        """The value, sealed for this place; never the same twice."""
        return _MARK + bytes(self._box.encrypt(value, self._bound(place)))

    def open(self, place: Place, kept: bytes) -> bytes:
        """The value as it was. Raises VaultError where it does not open here."""
        try:
            if not kept.startswith(_MARK):
                raise ValueError
            return self._box.decrypt(kept[len(_MARK) :], self._bound(place))
        except (self._refused, ValueError):
            raise VaultError(
                f"The vault holds a value ({place[0]}.{place[1]}) that does not open with its key: "
                "the file is damaged, or was changed by something else. Keep it as it is, and try "
                "a backup."
            ) from None

    def search(self, fingerprint: str) -> str:
        """A keyed hash (BLAKE2b, hex) of a fingerprint."""
        return blake2b(fingerprint.encode(), key=self._searching, digest_size=32).hexdigest()

    def _bound(self, place: Place) -> bytes:
        table, column, row = place
        name = row if isinstance(row, bytes) else b"#%d" % row
        return b"\0".join((self._id.hex().encode(), table.encode(), column.encode(), name))


class Book(sqlite3.Connection):
    """A connection to a vault, which knows how the secrets in it are kept."""

    seal: Seal = PLAIN


class SwappedKey(Exception):
    """The key that was found is not the one that this vault was sealed with."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a vault says about its own seal."""

    key_id: bytes | None = None
    """Names the key in the keyring; None: not sealed."""
    keyring: str = ""
    """Where the key was put, in words."""
    proof: bytes | None = None
    """Opens with the right key, and with no other."""
    swept: bool = True
    """False: parts of the file that are not in use may still hold what was there before."""

    @classmethod
    def by(cls, seal: KeySeal, keyring: str, *, swept: bool) -> Standing:
        """How a vault stands once it is sealed with this."""
        place = Place("vault_seal", "proof", seal.key_id)
        return cls(seal.key_id, keyring, seal.close(place, seal.key_id), swept)

    def seal(self, key: Secret) -> KeySeal:
        """The seal of this vault. Raises SwappedKey for a key that is another's."""
        assert self.key_id is not None
        assert self.proof is not None
        if len(key) != KEY_LENGTH:
            raise SwappedKey
        seal = KeySeal(self.key_id, key)
        try:
            seal.open(Place("vault_seal", "proof", self.key_id), self.proof)
        except VaultError:
            raise SwappedKey from None
        return seal

    def write(self, db: sqlite3.Connection) -> None:
        """Write it down, inside the transaction that makes it true."""
        db.execute(
            "UPDATE vault_seal SET key_id = ?, keyring = ?, proof = ?, swept = ?",
            (self.key_id, self.keyring, self.proof, self.swept),
        )


def standing(db: sqlite3.Connection) -> Standing:
    """How this vault (of schema 3 or later) is kept at this moment."""
    key_id, keyring, proof, swept = db.execute(
        "SELECT key_id, keyring, proof, swept FROM vault_seal"
    ).fetchone()
    return Standing(key_id, keyring, proof, bool(swept))
