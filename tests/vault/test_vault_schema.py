"""An older vault becomes a newer one, and a newer one is left alone."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from l402tui.flow.model import IntentState, LatestEnd
from l402tui.flow.ports import VaultError
from l402tui.protocol.secret import Secret
from l402tui.vault import SqliteVault
from l402tui.vault.files import DATABASE
from l402tui.vault.schema import APPLICATION_ID, MIGRATIONS, examine, migrate, statements

from . import version_1, version_2, version_3
from .makers import NOW, get, hash_of, invoice, node, proof
from .rings import Ring
from .version_1 import build


def connect(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / DATABASE, isolation_level=None)


def shape(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """The schema without its comments and layout."""
    rows = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    return [(name, squeezed(sql)) for name, sql in rows]


def squeezed(sql: str) -> str:
    lines = (line.split("--")[0] for line in sql.splitlines())
    return "".join("".join(lines).split())


def test_an_empty_file_becomes_the_newest_version(vault: SqliteVault) -> None:
    read = {
        pragma: vault._db.execute(f"PRAGMA {pragma}").fetchone()[0]
        for pragma in (
            "user_version",
            "application_id",
            "journal_mode",
            "synchronous",
            "foreign_keys",
        )
    }
    assert read == {
        "user_version": MIGRATIONS[-1][0],
        "application_id": APPLICATION_ID,
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
    }


def test_versions_are_numbered_without_a_gap() -> None:
    assert [number for number, _ in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


@pytest.mark.parametrize(("number", "released"), [(1, version_1), (2, version_2), (3, version_3)])
def test_a_version_as_it_was_released_is_still_what_it_makes(
    number: int, released: ModuleType
) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as ours:
        migrate(ours, Path("memory"), MIGRATIONS[:number])
        with closing(sqlite3.connect(":memory:")) as theirs:
            theirs.executescript(released.SCHEMA)
            assert shape(ours) == shape(theirs)
            assert states(ours) == states(theirs)


def states(db: sqlite3.Connection) -> list[tuple[object, ...]]:
    return db.execute("SELECT * FROM intent_states ORDER BY state").fetchall()


def test_the_table_of_states_is_that_of_the_program(vault: SqliteVault) -> None:
    told = [(one.value, one.open, one.holds_money, one.proven) for one in IntentState]
    assert states(vault._db) == sorted(told)


@pytest.mark.parametrize("kind", ["2", "3", "3 sealed"])
def test_a_file_of_version_2_or_3_is_opened_with_everything_in_it(
    folder: Path, kind: str, ring: Ring
) -> None:
    if kind == "2":
        version_2.build(folder)
    else:
        version_3.build(folder, seal=kind.endswith("sealed"))
    ring.kept["l402tui", f"vault {version_3.KEY_ID.hex()}"] = version_3.KEY.hex()
    with SqliteVault.open(folder) as vault:
        assert vault._db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert [one.payment_hash for one in vault.payments(every=True)] == [hash_of(1), hash_of(2)]
        assert vault.unfinished(get()) == vault.intent(hash_of(2))
        assert [held.token for held in vault.credentials(get())] == [Secret("token-1")]
        assert vault.exchanges()[0].request == get()
        paid, held = vault.intent(hash_of(1)), vault.intent(hash_of(2))
        assert paid is not None
        assert held is not None
        assert (paid.state, paid.preimage, paid.sent) == (IntentState.ACTIVE, proof(1), NOW + 1)
        assert held.state is IntentState.HELD
        assert (paid.token, paid.challenge) == (Secret("token-1"), b'L402 version="0"')
        assert held.latest_end == LatestEnd(800_000, NOW + 86_400)
        assert [line.state for line in vault.log(hash_of(2))] == [IntentState.HELD]
        assert vault.spending("https://shop.example", NOW + 99).total == 10_250 + 11_000
        memory = vault.memory(get(), invoice(9), NOW + 99)
        assert memory.payee.known_here
        assert (memory.prices.paid, memory.prices.shown) == ((10_000,), 7_000)
        assert vault.memory(get("https://b.example"), invoice(3), NOW).shown_by is not None


OLD_PAYMENT = """
    INSERT INTO intents
    SELECT ?, 'active', '', request_id, origin, scheme, token, challenge, ?, 9000, 0, 0, wallet,
           created, expires, updated, ? FROM intents WHERE payment_hash = ?
"""


def test_what_version_1_had_paid_is_remembered(folder: Path) -> None:
    """Its payments say no more than their invoices do; who was paid is read out of those."""
    build(folder)
    row = (hash_of(5), invoice(5, to="theirs").text, proof(5).reveal(), hash_of(1))
    with closing(connect(folder)) as db:
        db.execute(OLD_PAYMENT, row)
    with SqliteVault.open(folder) as vault:
        known = vault.memory(get(), invoice(9, to="theirs"), NOW + 99)
        assert known.payee.known_here
        assert known.payee.last_here == node("theirs")
        assert sorted(known.prices.paid) == [9_000, 10_000]
        assert not vault.memory(get(), invoice(9, to="other"), NOW + 99).payee.known_here
        assert vault.spending("https://shop.example", NOW + 99).total == 9_000 + 10_250 + 11_000
        lost = vault.intent(hash_of(2))
        assert lost is not None
        assert lost.sent == NOW


def test_an_older_program_leaves_a_newer_vault_alone(folder: Path) -> None:
    version_2.build(folder)
    before = untouched(folder)
    with (
        closing(connect(folder)) as db,
        pytest.raises(VaultError, match=r"made by a newer l402tui.*schema 2.*up to 1"),
    ):
        migrate(db, folder / DATABASE, MIGRATIONS[:1])
    assert untouched(folder) == before


def test_a_version_1_file_is_opened_with_everything_in_it(folder: Path) -> None:
    build(folder)
    with SqliteVault.open(folder) as vault:
        paid, lost = vault.intent(hash_of(1)), vault.intent(hash_of(2))
        assert paid is not None
        assert lost is not None
        assert (paid.state, paid.preimage) == (IntentState.ACTIVE, proof(1))
        assert lost.state is IntentState.SENDING
        assert vault.unfinished(get()) == lost
        assert [held.preimage for held in vault.credentials(get())] == [proof(1)]
        assert [row.status for row in vault.exchanges()] == [200]
        assert (paid.sent, lost.sent) == (paid.created, lost.created)
        assert [line.state for line in vault.log(hash_of(2))] == [IntentState.SENDING]


STEPS = (*MIGRATIONS, (MIGRATIONS[-1][0] + 1, "ALTER TABLE intents ADD COLUMN note TEXT;"))


def test_a_migration_is_applied_once(folder: Path) -> None:
    build(folder)
    db = connect(folder)
    for _ in range(2):
        migrate(db, folder / DATABASE, STEPS)
        assert db.execute("PRAGMA user_version").fetchone() == (STEPS[-1][0],)
    assert db.execute("SELECT count(note), count(*) FROM intents").fetchone() == (0, 2)
    db.close()


def test_a_migration_that_fails_changes_nothing(folder: Path) -> None:
    build(folder)
    db = connect(folder)
    before = list(db.iterdump())
    last = STEPS[-1][0]
    broken = (*STEPS, (last + 1, "CREATE TABLE more (a);\nINSERT INTO nowhere VALUES (1);"))
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(db, folder / DATABASE, broken)
    assert list(db.iterdump()) == before
    assert db.execute("PRAGMA user_version").fetchone() == (1,)
    db.close()


class Interrupted(sqlite3.Connection):
    """A connection during whose first question another process makes the vault."""

    folder: Path
    came = False

    def execute(self, sql: str, /, *arguments: object) -> sqlite3.Cursor:
        answer = super().execute(sql, *arguments)  # type: ignore[arg-type]  # passed on as it came
        if sql == "PRAGMA application_id":
            other = connect(self.folder)
            migrate(other, self.folder / DATABASE)
            other.close()
            self.came = True
        return answer


def test_what_is_made_while_it_is_looked_at_is_no_foreign_database(folder: Path) -> None:
    """The id from before and the version from after the other's commit would look like one."""
    folder.mkdir(0o700)
    first = connect(folder)
    first.execute("PRAGMA journal_mode = WAL")
    db = sqlite3.connect(folder / DATABASE, isolation_level=None, factory=Interrupted)
    db.folder = folder
    assert examine(db, folder / DATABASE) == 0
    assert db.came
    assert examine_again(first, folder) == MIGRATIONS[-1][0]
    db.close()
    first.close()


def examine_again(db: sqlite3.Connection, folder: Path) -> int:
    version = examine(db, folder / DATABASE)
    assert not db.in_transaction
    return version


def untouched(folder: Path) -> bytes:
    """Everything in the file, as its bytes."""
    return (folder / DATABASE).read_bytes()


def test_a_newer_vault_is_left_alone(folder: Path) -> None:
    build(folder)
    db = connect(folder)
    db.execute("PRAGMA user_version = 99")
    db.close()
    before = untouched(folder)
    with pytest.raises(VaultError, match=r"made by a newer l402tui.*99.*Update"):
        SqliteVault.open(folder)
    assert untouched(folder) == before


@pytest.mark.parametrize("mark", [0, 7])
def test_another_programs_database_is_left_alone(folder: Path, mark: int) -> None:
    folder.mkdir(0o700)
    db = connect(folder)
    db.execute(f"PRAGMA application_id = {mark}")
    db.execute("CREATE TABLE theirs (a)")
    db.close()
    os.chmod(folder / DATABASE, 0o600)
    before = untouched(folder)
    with pytest.raises(VaultError, match="another program's database"):
        SqliteVault.open(folder)
    assert untouched(folder) == before


def test_statements_keep_triggers_whole() -> None:
    script = """
        CREATE TABLE a (b); -- with a comment; and a semicolon
        CREATE TRIGGER t BEFORE DELETE ON a
        BEGIN SELECT 1; SELECT 2; END;
        -- the end
    """
    first, second, rest = statements(script)
    assert first.strip().startswith("CREATE TABLE")
    assert second.strip().startswith("CREATE TRIGGER")
    assert second.strip().endswith("END;")
    assert rest.strip() == "-- the end"
