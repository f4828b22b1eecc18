"""A sealed value opens in its own place with its own key, and nowhere else."""

from __future__ import annotations

import pytest

from l402tui.flow.ports import VaultError
from l402tui.protocol.secret import Secret
from l402tui.vault.sealing import OVERHEAD, PLAIN, KeySeal, Place, Standing, SwappedKey

from . import version_3

KEY, OTHER = Secret(bytes(32)), Secret(b"\1" * 32)
HERE = Place("intents", "token", bytes(32))


def seal(key: Secret = KEY, key_id: bytes = bytes(16)) -> KeySeal:
    return KeySeal(key_id, key)


@pytest.mark.parametrize("value", [b"", b"token-1", bytes(range(256)) * 5_000])
def test_what_was_closed_opens(value: bytes) -> None:
    kept = seal().close(HERE, value)
    assert seal().open(HERE, kept) == value
    assert len(kept) == len(value) + OVERHEAD
    assert not value or value not in kept


def test_the_same_is_never_kept_the_same_way_twice() -> None:
    assert seal().close(HERE, b"token-1") != seal().close(HERE, b"token-1")


@pytest.mark.parametrize(
    "there",
    [
        Place("intents", "challenge", bytes(32)),
        Place("credentials", "token", bytes(32)),
        Place("intents", "token", b"\1" + bytes(31)),
        Place("intents", "token", 0),
    ],
)
def test_a_value_that_was_moved_does_not_open(there: Place) -> None:
    with pytest.raises(VaultError, match=rf"{there[0]}.{there[1]}.*does not open"):
        seal().open(there, seal().close(HERE, b"token-1"))


def test_rows_are_not_mixed_up() -> None:
    one, ten = Place("requests", "head", 1), Place("requests", "head", 10)
    with pytest.raises(VaultError):
        seal().open(ten, seal().close(one, b"x"))


def flipped(kept: bytes, at: int) -> bytes:
    return kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :]


@pytest.mark.parametrize("at", [0, 3, 4, 27, 28, 34, -1])
def test_a_value_that_was_changed_does_not_open(at: int) -> None:
    kept = seal().close(HERE, b"token-1")
    with pytest.raises(VaultError, match="damaged"):
        seal().open(HERE, flipped(kept, at % len(kept)))


@pytest.mark.parametrize("kept", [b"", b"token-1", b"\0LS\x01", b"\0LS\x01" + bytes(20)])
def test_what_is_no_sealed_value_does_not_open(kept: bytes) -> None:
    with pytest.raises(VaultError, match="damaged"):
        seal().open(HERE, kept)


@pytest.mark.parametrize("other", [seal(OTHER), seal(KEY, b"\1" * 16)], ids=["key", "vault"])
def test_another_vaults_key_opens_nothing(other: KeySeal) -> None:
    with pytest.raises(VaultError):
        other.open(HERE, seal().close(HERE, b"token-1"))


def test_a_plain_vault_keeps_values_as_they_are() -> None:
    assert PLAIN.close(HERE, b"token-1") == PLAIN.open(HERE, b"token-1") == b"token-1"
    assert PLAIN.search("ab") == "ab"


def test_fingerprints_are_found_again_and_say_nothing_without_the_key() -> None:
    assert seal().search("ab") == seal().search("ab")
    assert len({"ab", seal().search("ab"), seal().search("ac"), seal(OTHER).search("ab")}) == 4


def test_the_form_is_that_of_schema_3() -> None:
    """What another program could read and write, with the key."""
    ours = KeySeal(version_3.KEY_ID, Secret(version_3.KEY))
    theirs = version_3.sealed("intents.token", bytes(32), b"token-1")
    assert ours.open(HERE, theirs) == b"token-1"
    row = version_3.sealed("requests.head", b"#12", b"{}")
    assert ours.open(Place("requests", "head", 12), row) == b"{}"
    assert ours.search("ab") == version_3.searched("ab")


def test_a_standing_knows_its_key_from_another() -> None:
    standing = Standing.by(seal(), "a keyring", swept=True)
    assert standing.seal(KEY).key_id == bytes(16)
    for wrong in (OTHER, Secret(b""), Secret(bytes(31))):
        with pytest.raises(SwappedKey):
            standing.seal(wrong)
