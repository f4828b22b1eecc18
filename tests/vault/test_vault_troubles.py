"""What goes wrong with a file is told with its cure, and nothing is half written."""

from __future__ import annotations

import shutil
import sqlite3
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from l402tui.flow.model import IntentState
from l402tui.flow.ports import VaultError
from l402tui.vault import SqliteVault
from l402tui.vault.files import DATABASE
from l402tui.vault.store import ROOM

from .makers import NOW, buy, get, hash_of, intent, proof


def test_a_vault_that_is_in_order_is_writable(vault: SqliteVault) -> None:
    assert vault.writable()


def test_locked_by_another_for_too_long(vault: SqliteVault, folder: Path) -> None:
    other = sqlite3.connect(folder / DATABASE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(VaultError, match="locked by another program"):
        vault.reserve(intent(1))
    assert not vault.writable()
    assert vault.intent(hash_of(1)) is None  # readers do not wait for writers
    other.execute("ROLLBACK")
    other.close()
    assert vault.reserve(intent(1)) is None


def fill(vault: SqliteVault) -> None:
    """Leave no room for another page."""
    (pages,) = vault._db.execute("PRAGMA page_count").fetchone()
    vault._db.execute(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_leaves_what_was_there(vault: SqliteVault) -> None:
    vault.reserve(intent(1))
    vault.record(hash_of(1), IntentState.SENDING, at=NOW)
    fill(vault)
    big = get(method="POST", body=bytes(100_000))
    with pytest.raises(VaultError, match="disk is full"):
        vault.reserve(intent(2, big))
    with pytest.raises(VaultError, match="disk is full"):
        vault.open_exchange(big, NOW)
    assert vault.intent(hash_of(2)) is None
    assert vault.unfinished(get()) == vault.intent(hash_of(1))
    vault._db.execute("PRAGMA max_page_count = 1000000")
    assert vault.reserve(intent(2, big)) is None


def test_the_preimage_is_stored_once_there_is_room_again(vault: SqliteVault) -> None:
    vault.reserve(intent(1, challenge=bytes(3_000)))
    vault.record(hash_of(1), IntentState.SENDING, at=NOW)
    fill(vault)
    with pytest.raises(VaultError, match="disk is full"):  # once the pages in use are full too
        deque(buy(vault, number, get("https://shop.example/news")) for number in range(50, 90))
    vault._db.execute("PRAGMA max_page_count = 1000000")
    assert vault.store_paid(hash_of(1), proof(1), at=NOW, fee=None).preimage == proof(1)


class Disk(NamedTuple):
    total: int
    used: int
    free: int


def test_too_little_room_is_not_writable(
    vault: SqliteVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    for free, expected in ((ROOM - 1, False), (ROOM, True)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: Disk(0, 0, free))
        assert vault.writable() is expected


def test_read_only(vault: SqliteVault) -> None:
    vault._db.execute("PRAGMA query_only = ON")
    with pytest.raises(VaultError, match="read-only"):
        vault.reserve(intent(1))
    assert not vault.writable()
    assert vault.exchanges() == ()


def overwrite_everything(path: Path) -> None:
    path.write_bytes(b"nothing that a database begins with" * 300)


def overwrite_the_middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)


def cut_short(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize("damage", [overwrite_everything, overwrite_the_middle, cut_short])
def test_a_damaged_file_is_told_and_kept(folder: Path, damage: Callable[[Path], None]) -> None:
    with SqliteVault.open(folder) as vault:
        buy(vault, 1, get())
    damage(folder / DATABASE)
    damaged = (folder / DATABASE).read_bytes()
    with pytest.raises(VaultError, match="is damaged") as caught, SqliteVault.open(folder) as vault:
        vault.credentials(get())
    assert "do not delete it" in str(caught.value)
    assert (folder / DATABASE).read_bytes() == damaged


def test_a_closed_vault_says_so(vault: SqliteVault) -> None:
    vault.close()
    vault.close()
    with pytest.raises(VaultError, match="closed"):
        vault.exchanges()


def test_an_exception_in_the_middle_writes_nothing(vault: SqliteVault) -> None:
    def half(db: sqlite3.Connection) -> None:
        db.execute("UPDATE write_probe SET written = 77")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vault._write(half)
    assert vault._db.execute("SELECT written FROM write_probe").fetchone() == (0,)
    assert vault.writable()
