"""A vault is sealed, unsealed, copied and looked at; whatever stops that, nothing is lost."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from l402tui.flow.model import IntentState
from l402tui.flow.ports import VaultError
from l402tui.protocol.secret import Secret
from l402tui.vault import SqliteVault, care, keyrings, opening, resealing
from l402tui.vault.care import Sealed
from l402tui.vault.files import DATABASE
from l402tui.vault.sealing import PLAIN, Book, standing

from . import version_1, version_2, version_3
from .makers import NOW, buy, get, happy_end, hash_of, intent, proof
from .rings import Ring, forget
from .test_vault_lineage import SEEN, child, token

CHILD = child(token(b"note=canary-caveat"), b"b=2")
CANARIES = [
    b"canary-token",
    b"canary-challenge",
    b"canary-authorization",
    b"canary-cookie",
    b"canary-body",
    proof(1).reveal(),
    CHILD.token.reveal(),
    CHILD.parent.reveal(),
]
REQUEST = get(
    method="POST",
    headers=(("Authorization", "Bearer canary-authorization"), ("Cookie", "id=canary-cookie")),
    body=b"canary-body" * 5_000,  # long enough to have pages of its own
)
LONG = get(method="PUT", body=b"long" * 500_000)


def fill(vault: SqliteVault) -> None:
    """Payments in several states, each secret in its place, and a body too long for the history."""
    number = vault.open_exchange(REQUEST, NOW)
    paid = intent(
        1, REQUEST, token=Secret("canary-token-1"), challenge=b"L402 canary-challenge", created=NOW
    )
    buy(vault, 1, REQUEST, of=paid)
    vault.close_exchange(number, happy_end(1), 200, NOW)
    vault.open_exchange(LONG, NOW)
    moving = intent(
        2, get(headers=(("X-Api-Key", "canary-cookie"),)), token=Secret("canary-token-2")
    )
    vault.reserve(moving)
    vault.record(hash_of(2), IntentState.SENDING, at=NOW)
    vault.reserve(intent(3, get("https://other.example/a"), token=Secret("canary-token-3")))
    vault.delegated(CHILD)
    vault.rehearsed(CHILD.token, SEEN)


def told(vault: SqliteVault) -> list[object]:
    """Everything that a flow or a person can learn."""
    return [
        vault.payments(every=True),
        vault.payments(),
        vault.exchanges(),
        vault.credentials(REQUEST),
        [vault.log(hash_of(number)) for number in (1, 2, 3)],
        vault.unfinished(get(headers=(("X-Api-Key", "canary-cookie"),))),
        vault.open_at("https://shop.example"),
        vault.timing(REQUEST, NOW + 1),
        vault.spending("https://shop.example", NOW + 1),
        vault.delegations(),
    ]


def leaks(folder: Path) -> set[bytes]:
    """Which secrets are in the files."""
    data = b"".join(path.read_bytes() for path in folder.iterdir())
    return {canary for canary in CANARIES if canary in data}


@pytest.fixture(autouse=True)
def careless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some builds of SQLite write over what they delete, others leave it where it was."""
    connect = opening.connect

    def leaving(path: Path, patience: float) -> Book:
        db = connect(path, patience)
        db.execute("PRAGMA secure_delete = OFF")
        return db

    monkeypatch.setattr(opening, "connect", leaving)


@pytest.fixture
def filled(folder: Path) -> list[object]:
    with SqliteVault.open(folder) as vault:
        fill(vault)
        return told(vault)


def sealed(folder: Path) -> bool:
    facts = care.look(folder)
    assert facts is not None
    return facts.sealed


def opened(folder: Path) -> list[object]:
    with SqliteVault.open(folder) as vault:
        assert vault._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert vault._db.execute("PRAGMA foreign_key_check").fetchall() == []
        return told(vault)


def rules(folder: Path) -> list[object]:
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        return db.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()


# --- there and back -------------------------------------------------------------------------------


def test_sealing_changes_nothing_that_is_known(
    folder: Path, filled: list[object], ring: Ring
) -> None:
    before = rules(folder)
    assert leaks(folder) == set(CANARIES)
    assert care.seal(folder) is Sealed.DONE
    assert leaks(folder) == set()
    assert opened(folder) == filled
    assert leaks(folder) == set()
    assert care.seal(folder) is Sealed.ALREADY
    assert care.unseal(folder) is Sealed.DONE
    assert not sealed(folder)
    assert opened(folder) == filled
    assert care.unseal(folder) is Sealed.ALREADY
    assert leaks(folder) == set(CANARIES)
    assert rules(folder) == before


def test_a_vault_sealed_from_the_beginning_never_holds_a_secret(folder: Path, ring: Ring) -> None:
    with SqliteVault.open(folder, keyring="auto") as vault:
        fill(vault)
        assert leaks(folder) == set()
        known = told(vault)
    assert leaks(folder) == set()
    assert care.unseal(folder) is Sealed.DONE
    assert opened(folder) == known


def test_what_comes_later_is_sealed_too(folder: Path, filled: list[object], ring: Ring) -> None:
    care.seal(folder)
    with SqliteVault.open(folder) as vault:
        held = vault.store_paid(hash_of(3), proof(3), at=NOW, fee=None)
        assert vault.credentials(get("https://other.example/a")) == (held,)
        again = vault.store_paid(hash_of(3), proof(3), at=NOW, fee=None)
        assert again == held
        assert len(vault.credentials(get("https://other.example/a"))) == 1
        files = b"".join(path.read_bytes() for path in folder.iterdir())
        assert proof(3).reveal() not in files


def test_an_equal_request_is_found_after_each_change(
    folder: Path, filled: list[object], ring: Ring
) -> None:
    """An open payment that is not found would be paid a second time."""
    for change in (care.seal, care.unseal, care.seal):
        assert change(folder) is Sealed.DONE
        with SqliteVault.open(folder) as vault:
            wanted = get(headers=(("X-Api-Key", "canary-cookie"),))
            known = vault.reserve(intent(9, wanted))
            assert known is not None
            assert known.payment_hash == hash_of(2)
            rows = vault._db.execute("SELECT count(*) FROM requests").fetchone()
            vault.open_exchange(REQUEST, NOW)
            assert vault._db.execute("SELECT count(*) FROM requests").fetchone() == rows


def test_every_seal_has_its_own_key_and_none_is_taken_away(
    folder: Path, filled: list[object], ring: Ring
) -> None:
    for _ in range(2):
        care.seal(folder)
        care.unseal(folder)
    assert len(set(ring.kept.values())) == 2


@pytest.mark.parametrize("old", [version_1, version_2, version_3])
def test_an_older_vault_is_brought_up_and_sealed(folder: Path, old: object, ring: Ring) -> None:
    old.build(folder)  # type: ignore[attr-defined]  # each has one
    assert care.seal(folder) is Sealed.DONE
    with SqliteVault.open(folder) as vault:
        assert [held.preimage for held in vault.credentials(get())] == [proof(1)]
    assert proof(1).reveal() not in (folder / DATABASE).read_bytes()


# --- what stops it --------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["locked", "forgetful"])
def test_nothing_is_sealed_before_its_key_is_safe(
    folder: Path, filled: list[object], ring: Ring, trouble: str
) -> None:
    before = (folder / DATABASE).read_bytes()
    setattr(ring, trouble, True)
    with pytest.raises(keyrings.KeyringTrouble):
        care.seal(folder)
    assert (folder / DATABASE).read_bytes() == before
    assert opened(folder) == filled


def test_without_the_key_it_is_not_unsealed(folder: Path, filled: list[object], ring: Ring) -> None:
    care.seal(folder)
    forget()
    before = (folder / DATABASE).read_bytes()
    kept = dict(ring.kept)
    ring.kept.clear()
    with pytest.raises(VaultError, match="key is not to be had"):
        care.unseal(folder)
    assert (folder / DATABASE).read_bytes() == before
    ring.kept.update(kept)
    assert opened(folder) == filled


def test_one_value_that_does_not_open_stops_it_all(
    folder: Path, filled: list[object], ring: Ring
) -> None:
    care.seal(folder)
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as db:
        (rule,) = db.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'credentials_keep_value'"
        ).fetchone()
        db.execute("DROP TRIGGER credentials_keep_value")
        db.execute("UPDATE credentials SET token = CAST(token || 'x' AS BLOB)")
        db.execute(rule)
    before = list(dump(folder))
    with pytest.raises(VaultError, match=r"credentials\.token"):
        care.unseal(folder)
    assert sealed(folder)
    assert [row for row in dump(folder) if "vault_seal" not in row] == [
        row for row in before if "vault_seal" not in row
    ]


def dump(folder: Path) -> Iterator[str]:
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        yield from db.iterdump()


def test_a_disk_without_room_leaves_it_as_it_was(
    folder: Path, filled: list[object], ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SqliteVault.open(folder) as vault:
        for number in range(100):
            vault.open_exchange(get(f"https://shop.example/{number}"), NOW)
        filled = told(vault)
    set_up = opening.set_up

    def small(db: Book, *args: Any, **kwargs: Any) -> None:
        set_up(db, *args, **kwargs)
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages}")

    monkeypatch.setattr(opening, "set_up", small)
    with pytest.raises(VaultError, match="disk is full"):
        care.seal(folder)
    assert not sealed(folder)
    assert opened(folder) == filled


def test_somebody_who_reads_keeps_old_pages_and_that_is_noted(
    folder: Path, filled: list[object], ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(care, "PATIENCE", 0.01)
    reader = sqlite3.connect(folder / DATABASE, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM intents").fetchone()
    assert care.seal(folder) is Sealed.UNSWEPT
    facts = care.look(folder)
    assert facts is not None
    assert (facts.sealed, facts.standing.swept) == (True, False)
    assert leaks(folder)
    with SqliteVault.open(folder) as vault:  # does not wait for the reader, and works
        assert told(vault) == filled
    reader.execute("ROLLBACK")
    reader.close()
    assert care.seal(folder) is Sealed.DONE
    assert leaks(folder) == set()


def test_what_was_not_swept_is_swept_when_it_is_opened(
    folder: Path, filled: list[object], ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = opening.sweep
    monkeypatch.setattr(opening, "sweep", lambda _: False)
    assert care.seal(folder) is Sealed.UNSWEPT
    assert leaks(folder) == {b"canary-body"}  # in pages that nothing uses any more
    monkeypatch.setattr(opening, "sweep", sweep)
    SqliteVault.open(folder).close()
    facts = care.look(folder)
    assert facts is not None
    assert facts.standing.swept
    assert leaks(folder) == set()


STOPPED = """
import os, signal, sys
from pathlib import Path
from tests.vault.rings import Ring, name_of
from l402tui.vault import care, keyrings
import keyring.core

folder, key_file, deed, at = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
ring = Ring()
if key_file.exists():
    ring.kept = dict(eval(key_file.read_text()))
keyring.core._keyring_backend = ring
keyrings.ALLOWED[name_of(Ring)] = "the ring of this test"
os.environ.pop("PYTHON_KEYRING_BACKEND", None)
put = ring.set_password
def set_password(service, username, password):
    put(service, username, password)
    key_file.write_text(repr(list(ring.kept.items())))
ring.set_password = set_password

from l402tui.vault.sealing import Book
count = 0
class Counted(Book):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        super().execute("PRAGMA secure_delete = OFF")
        super().execute("PRAGMA cache_size = 5")  # so that it writes long before it commits
    def execute(self, sql, *values):
        global count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(sql, *values)
import l402tui.vault.opening
l402tui.vault.opening.Book = Counted
getattr(care, deed)(folder)
print(count)
"""


def stopped(folder: Path, deed: str, at: int) -> tuple[int, int]:
    """The deed in a process that is killed before its statement number ``at``."""
    keys = folder.parent / "keys"
    run = [sys.executable, "-c", STOPPED, str(folder), str(keys), deed, str(at)]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    return done.returncode, int(done.stdout or 0)


@pytest.mark.parametrize("deed", ["seal", "unseal"])
def test_kill_9_at_any_statement_leaves_it_whole(
    folder: Path, tmp_path: Path, ring: Ring, deed: str
) -> None:
    """Every statement would take long; each kind of them is met by steps that grow smaller."""
    copies = iter(range(1_000))
    with SqliteVault.open(folder) as vault:
        fill(vault)
        known = told(vault)
    if deed == "unseal":
        assert stopped(folder, "seal", 0)[0] == 0
    _, steps = stopped(copy_of(folder, next(copies)), deed, 0)
    assert steps > 60
    seen = set()
    # Those of the end are the ones that matter: the commit, and the sweeping of the file.
    for at in sorted({*range(12, steps - 9, 30), *range(steps - 9, steps + 1)}):
        here = copy_of(folder, next(copies))
        code, _ = stopped(here, deed, at)
        assert code == -signal.SIGKILL
        ring.kept = dict(eval((here.parent / "keys").read_text())) if has_keys(here) else {}
        forget()
        with SqliteVault.open(here):
            facts = care.look(here)
            assert facts is not None
            seen.add(facts.sealed)
            if facts.sealed:
                assert facts.standing.swept
                assert leaks(here) == set()
        assert opened(here) == known
    # The last statement of unsealing is the commit.
    assert seen == ({True, False} if deed == "seal" else {True})


def has_keys(folder: Path) -> bool:
    return (folder.parent / "keys").exists()


def copy_of(folder: Path, number: int) -> Path:
    place = folder.parent / f"copy-{number}"
    place.mkdir(0o700)
    shutil.copytree(folder, place / "home")
    if has_keys(folder):
        shutil.copy(folder.parent / "keys", place / "keys")
    return place / "home"


# --- others who have it open ----------------------------------------------------------------------


def test_who_has_it_open_goes_on_sealed_and_unsealed(folder: Path, ring: Ring) -> None:
    with SqliteVault.open(folder) as vault:
        fill(vault)
        known = told(vault)
        assert care.seal(folder) is Sealed.DONE
        assert told(vault) == known
        held = vault.store_paid(hash_of(3), proof(3), at=NOW, fee=None)
        files = b"".join(path.read_bytes() for path in folder.iterdir())
        assert proof(3).reveal() not in files
        assert care.unseal(folder) is Sealed.DONE
        assert vault.credentials(get("https://other.example/a")) == (held,)


def test_who_has_it_open_and_no_key_is_refused_and_writes_nothing(
    folder: Path, filled: list[object], ring: Ring
) -> None:
    with SqliteVault.open(folder) as vault:
        care.seal(folder)
        forget()
        ring.locked = True
        with pytest.raises(VaultError, match="key is not to be had"):
            vault.reserve(intent(8, get("https://new.example")))
        with pytest.raises(VaultError, match="key is not to be had"):
            vault.store_paid(hash_of(2), proof(2), at=NOW, fee=None)
        assert not vault.writable()
        ring.locked = False
        assert vault.store_paid(hash_of(2), proof(2), at=NOW, fee=None).preimage == proof(2)
        assert vault.intent(hash_of(8)) is None


def test_of_two_that_seal_at_once_one_key_is_kept(
    folder: Path, filled: list[object], ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = keyrings.begin

    def late() -> keyrings.New:
        new = begin()
        monkeypatch.setattr(keyrings, "begin", begin)
        assert care.seal(folder) is Sealed.DONE
        return new

    monkeypatch.setattr(keyrings, "begin", late)
    assert care.seal(folder) is Sealed.DONE
    assert len(ring.kept) == 1
    forget()
    assert opened(folder) == filled


def test_sql_itself_lets_nothing_plain_into_a_sealed_vault(
    folder: Path, filled: list[object], ring: Ring
) -> None:
    care.seal(folder)
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as db:
        before = list(db.iterdump())
        for statement in (
            "UPDATE intents SET preimage = zeroblob(32) WHERE preimage IS NULL",
            "UPDATE intents SET token = 'plain'",
            "UPDATE requests SET head = '{}'",
            "UPDATE requests SET body = zeroblob(body_length)",
            "INSERT INTO requests SELECT NULL, '', '', '', '', '', '{}', 0, NULL",
            "INSERT INTO credentials SELECT NULL, payment_hash, '', '', '', '', 'plain', 0"
            " FROM intents",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                db.execute(statement)
        assert list(db.iterdump()) == before


# --- copies and looks -----------------------------------------------------------------------------


@pytest.mark.parametrize("kept", ["plain", "sealed"])
def test_a_backup_is_private_whole_and_kept_the_same_way(
    folder: Path, filled: list[object], ring: Ring, tmp_path: Path, kept: str
) -> None:
    if kept == "sealed":
        care.seal(folder)
    forget()
    ring.asked.clear()
    there = tmp_path / "other"
    there.mkdir(0o700)
    before = os.umask(0o000)
    try:
        assert care.backup(folder, there / DATABASE) is (kept == "sealed")
    finally:
        os.umask(before)
    assert ring.asked == []  # a copy needs no key
    assert [path.name for path in there.iterdir()] == [DATABASE]
    assert stat.S_IMODE((there / DATABASE).stat().st_mode) == 0o600
    assert leaks(there) == (set() if kept == "sealed" else set(CANARIES))
    assert opened(there) == filled


def test_a_backup_replaces_nothing(folder: Path, filled: list[object], tmp_path: Path) -> None:
    there = tmp_path / "mine"
    there.write_text("mine")
    with pytest.raises(VaultError, match="is there already"):
        care.backup(folder, there)
    assert there.read_text() == "mine"


def test_a_backup_that_fails_leaves_no_file(
    folder: Path, filled: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(VaultError, match="No space left"):
        care.backup(folder, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_backup_of_nothing_or_to_nowhere_is_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="no vault in"):
        care.backup(folder, tmp_path / "copy")
    assert not folder.exists()
    SqliteVault.open(folder).close()
    with pytest.raises(VaultError, match="No such file"):
        care.backup(folder, tmp_path / "nowhere" / "copy")


def test_looking_changes_nothing(folder: Path, ring: Ring) -> None:
    assert care.look(folder) is None
    assert not folder.exists()
    version_1.build(folder)
    before = (folder / DATABASE).read_bytes()
    facts = care.look(folder)
    assert facts is not None
    assert (facts.schema, facts.sealed, facts.mode, facts.folder_mode) == (1, False, 0o600, 0o700)
    assert (facts.payments, facts.open, facts.credentials, facts.requests) == (2, 1, 1, 1)
    assert (folder / DATABASE).read_bytes() == before
    assert ring.asked == []


def test_looking_needs_no_key(folder: Path, filled: list[object], ring: Ring) -> None:
    care.seal(folder)
    forget()
    ring.asked.clear()
    facts = care.look(folder)
    assert facts is not None
    assert (facts.sealed, facts.standing.keyring) == (True, "the ring of this test")
    assert (facts.payments, facts.open, facts.credentials, facts.requests) == (3, 2, 1, 2)
    assert ring.asked == []


def test_of_two_that_unseal_at_once_the_later_changes_nothing(
    folder: Path, filled: list[object], ring: Ring
) -> None:
    """The later one was kept waiting by its keyring, with what it had read before."""
    care.seal(folder)
    with closing(opening.connect(folder / "vault.db", 5.0)) as db:
        before = standing(db)
    assert care.unseal(folder) is Sealed.DONE
    with closing(opening.connect(folder / "vault.db", 5.0)) as db:
        assert not resealing.note(db, replace(before, swept=False))
        assert standing(db).key_id is None
    assert opened(folder) == filled


def test_a_turn_from_the_wrong_seal_writes_nothing(
    folder: Path, filled: list[object], ring: Ring
) -> None:
    new = keyrings.begin()
    care.seal(folder)
    before = list(dump(folder))
    with closing(opening.connect(folder / DATABASE, 0.1)) as db:
        assert not resealing.turn(db, PLAIN, new.seal, new.standing(swept=True))
        assert standing(db).key_id != new.seal.key_id
    assert list(dump(folder)) == before
