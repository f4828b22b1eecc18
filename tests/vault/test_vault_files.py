"""Nobody else can read what is remembered."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from l402tui.flow.ports import VaultError
from l402tui.vault import SqliteVault
from l402tui.vault.files import DATABASE, prepare

from .makers import intent


@pytest.fixture(params=[0o022, 0o000, 0o277], ids=["022", "000", "277"])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_everything_is_private_whatever_the_umask(folder: Path) -> None:
    nested = folder / "deeper"
    with SqliteVault.open(nested) as vault:
        vault.reserve(intent(1))
        files = sorted(path.name for path in nested.iterdir())
        assert files == ["vault.db", "vault.db-shm", "vault.db-wal", "vault.mark"]
        assert {mode(path) for path in nested.iterdir()} == {0o600}
        assert mode(nested) == mode(folder) == 0o700


@pytest.mark.usefixtures("umask")
def test_the_database_is_never_open_to_others_even_for_a_moment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "fchmod")  # what would take rights away afterwards
    prepare(folder)
    assert mode(folder / DATABASE) & 0o077 == 0


@pytest.mark.parametrize("others", [0o040, 0o004, 0o020, 0o002, 0o010, 0o001])
def test_a_folder_open_to_others_is_refused_with_the_cure(folder: Path, others: int) -> None:
    folder.mkdir(0o700)
    folder.chmod(0o700 | others)
    with pytest.raises(VaultError, match=rf"chmod 700 {folder}"):
        SqliteVault.open(folder)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["vault.db", "vault.db-wal", "vault.db-shm"])
def test_a_file_open_to_others_is_refused_with_the_cure(folder: Path, name: str) -> None:
    with SqliteVault.open(folder):
        (folder / name).chmod(0o640)
        with pytest.raises(VaultError, match=rf"chmod 600 {folder}/{name}"):
            SqliteVault.open(folder)


def test_a_link_in_the_place_of_the_database_is_not_followed(folder: Path, tmp_path: Path) -> None:
    folder.mkdir(0o700)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"")
    (folder / DATABASE).symlink_to(elsewhere)
    with pytest.raises(VaultError, match="not a plain file"):
        SqliteVault.open(folder)
    assert elsewhere.read_bytes() == b""


def test_a_file_in_the_place_of_the_folder_is_told(folder: Path) -> None:
    folder.write_text("mine")
    with pytest.raises(VaultError, match="L402TUI_HOME"):
        SqliteVault.open(folder)
    assert folder.read_text() == "mine"


def test_the_path_in_a_sentence_is_safe_to_show(tmp_path: Path) -> None:
    folder = tmp_path / "a\x1b]52;c;b"
    folder.mkdir(0o755)
    folder.chmod(0o755)
    with pytest.raises(VaultError) as caught:
        SqliteVault.open(folder)
    assert "\x1b" not in str(caught.value)
