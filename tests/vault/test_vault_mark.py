"""Does a vault notice that it is an older copy, until somebody has looked?"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from l402tui.flow.model import IntentState
from l402tui.flow.ports import VaultError
from l402tui.vault import SqliteVault
from l402tui.vault.mark import NAME

from .makers import NOW, buy, get, hash_of, intent

COPY = "copy.db"


def copied(folder: Path) -> Path:
    """A copy as somebody would make it while nothing runs."""
    return Path(shutil.copy(folder / "vault.db", folder.parent / COPY))


def put_back(copy: Path, folder: Path) -> None:
    for path in folder.glob("vault.db*"):
        path.unlink()
    shutil.copy(copy, folder / "vault.db")
    (folder / "vault.db").chmod(0o600)


def begin(folder: Path, *numbers: int) -> None:
    with SqliteVault.open(folder) as vault:
        for number in numbers:
            assert vault.reserve(intent(number, get(f"https://shop.example/{number}"))) is None


@pytest.fixture
def restored(tmp_path: Path) -> Path:
    """Two payments are in the copy, three were begun after it."""
    folder = tmp_path / "v"
    begin(folder, 1, 2)
    copy = copied(folder)
    begin(folder, 3, 4, 5)
    put_back(copy, folder)
    return folder


def missing(folder: Path) -> int:
    with SqliteVault.open(folder) as vault:
        return vault.behind()


def test_a_vault_as_it_is_misses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "v"
    assert missing(folder) == 0
    begin(folder, 1, 2)
    with SqliteVault.open(folder) as vault:
        buy(vault, 3, get("https://shop.example/3"))
    assert missing(folder) == 0
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600


def test_an_older_copy_knows_how_many_are_missing(restored: Path) -> None:
    assert missing(restored) == 3


def test_new_payments_do_not_make_up_for_it(restored: Path) -> None:
    begin(restored, 6, 7, 8, 9)
    assert missing(restored) == 3


def test_it_is_over_when_somebody_has_looked(restored: Path) -> None:
    with SqliteVault.open(restored) as vault:
        vault.reconciled()
        assert vault.behind() == 0
    begin(restored, 6)
    assert missing(restored) == 0


def test_since_when_it_misses_something_stays_known(tmp_path: Path) -> None:
    """Also after a later payment: the node is asked from before the gap."""
    folder = tmp_path / "v"
    day = 86_400.0
    with SqliteVault.open(folder) as vault:
        vault.reserve(intent(1, get("https://shop.example/1"), created=NOW))
    copy = copied(folder)
    with SqliteVault.open(folder) as vault:
        vault.reserve(intent(2, get("https://shop.example/2"), created=NOW + day))
    put_back(copy, folder)
    with SqliteVault.open(folder) as vault:
        assert vault.missing_since() == NOW
        vault.reserve(intent(3, get("https://shop.example/3"), created=NOW + 10 * day))
        assert (vault.behind(), vault.missing_since()) == (1, NOW)
        vault.reserve(intent(4, get("https://shop.example/4"), created=NOW + 11 * day))
        assert (vault.behind(), vault.missing_since()) == (1, NOW)
        vault.reconciled()
        assert (vault.behind(), vault.missing_since()) == (0, NOW + 11 * day)


def test_a_payment_that_is_taken_up_again_is_none_that_is_missing(tmp_path: Path) -> None:
    folder = tmp_path / "v"
    with SqliteVault.open(folder) as vault:
        vault.reserve(intent(1))
        vault.record(hash_of(1), IntentState.RELEASED, at=NOW)
        assert vault.reserve(intent(1)) is None
        assert vault.behind() == 0


def test_what_cannot_be_written_down_is_said(restored: Path) -> None:
    with SqliteVault.open(restored) as vault:
        (restored / f"{NAME}.{os.getpid()}").mkdir()
        with pytest.raises(VaultError, match="could not be written down"):
            vault.reconciled()
        assert vault.behind() == 3


def test_a_known_payment_moves_nothing(restored: Path) -> None:
    with SqliteVault.open(restored) as vault:
        vault.reconciled()
        assert vault.reserve(intent(1, get("https://shop.example/1"))) is not None
        assert vault.behind() == 0


@pytest.mark.parametrize("text", [b"", b"garbage", b"-5 0 0", b"9" * 50, b"\xff", b"7", b"7 0 x"])
def test_a_mark_that_cannot_be_read_claims_nothing(restored: Path, text: bytes) -> None:
    (restored / NAME).write_bytes(text)
    assert missing(restored) == 0
    begin(restored, 6)
    assert missing(restored) == 0


def test_a_folder_without_the_mark_claims_nothing(restored: Path) -> None:
    (restored / NAME).unlink()
    assert missing(restored) == 0
