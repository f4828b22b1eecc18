"""Which keyrings are asked, how often, and what is said when they do not help."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import keyring
import pytest
from keyring.backends import chainer
from keyring.core import load_keyring

from l402tui.flow.ports import VaultError
from l402tui.vault import SqliteVault, keyrings
from l402tui.vault.keyrings import KeyringTrouble
from l402tui.vault.sealing import PLAIN, Standing

from .makers import get, intent
from .rings import Ring, Writes, forget, name_of, use


def test_a_key_is_written_and_read_back(ring: Ring) -> None:
    new = keyrings.begin()
    assert ring.asked == ["set", "get"]
    ((place, key),) = ring.kept.items()
    assert place == ("l402tui", f"vault {new.seal.key_id.hex()}")
    assert len(bytes.fromhex(key)) == 32
    assert new.keyring == "the ring of this test"


def test_every_key_is_a_new_one(ring: Ring) -> None:
    ids = {keyrings.begin().seal.key_id for _ in range(3)}
    assert (len(ids), len(set(ring.kept.values()))) == (3, 3)


def test_a_keyring_that_forgets_is_not_trusted(ring: Ring) -> None:
    ring.forgetful = True
    with pytest.raises(KeyringTrouble, match="does not give it back"):
        keyrings.begin()


def test_what_a_library_says_about_its_trouble_is_not_repeated(ring: Ring) -> None:
    ring.locked = True
    with pytest.raises(
        KeyringTrouble, match=r"is locked or does not work \(KeyringLocked\)"
    ) as told:
        keyrings.begin()
    assert "nobody should see" not in str(told.value)
    assert told.value.__cause__ is None


def test_a_keyring_that_waits_for_ever_is_not_waited_for(
    ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = threading.Event()
    monkeypatch.setattr(keyrings, "PATIENCE", 0.02)
    monkeypatch.setattr(ring, "set_password", lambda *_: never.wait())
    with pytest.raises(KeyringTrouble, match="did not answer within"):
        keyrings.begin()
    never.set()


# --- which of them --------------------------------------------------------------------------------


NULL, FAIL = "keyring.backends.null.Keyring", "keyring.backends.fail.Keyring"
CHAIN = "keyring.backends.chainer.ChainerBackend"


@pytest.mark.parametrize("name", [NULL, FAIL, name_of(Writes)])
def test_others_are_never_used(name: str, ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not those that throw away, none that is derived from an allowed one."""
    use(load_keyring(name), monkeypatch)
    with pytest.raises(KeyringTrouble, match="No keyring of a kind"):
        keyrings.begin()
    with pytest.raises(KeyringTrouble, match="No keyring of a kind"):
        keyrings.here()


def test_of_a_chain_only_the_allowed_ones_are_used(
    ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    plaintext = Writes()
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [plaintext, load_keyring(NULL), ring])
    use(load_keyring(CHAIN), monkeypatch)
    new = keyrings.begin()
    forget()
    assert keyrings.seal_of(new.standing(swept=True), "v").key_id == new.seal.key_id
    assert plaintext.asked == []
    assert ring.asked == ["set", "get", "get"]


def test_a_chain_of_others_is_none(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    plaintext = Writes()
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [plaintext, load_keyring(NULL)])
    use(load_keyring(CHAIN), monkeypatch)
    with pytest.raises(KeyringTrouble, match="No keyring of a kind"):
        keyrings.begin()
    assert plaintext.asked == []


def test_the_allowed_ones_are_there_under_these_names() -> None:
    """A name that the library does not have would never be allowed."""
    root = Path(keyring.__file__).parent / "backends"
    for name in keyrings.ALLOWED:
        module, _, kind = name.removeprefix("keyring.backends.").partition(".")
        sources = [root / f"{module}.py", root / module / "__init__.py"]
        (source,) = [path for path in sources if path.exists()]
        assert f"class {kind}(" in source.read_text()


def test_whoever_chose_another_one_by_the_environment_is_heard_without_the_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(KeyringTrouble, match="No keyring of a kind"):
        keyrings.begin()


def test_without_the_library_it_says_what_to_install(
    ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(KeyringTrouble, match=r"pip install 'l402tui\[keyring\]'"):
        keyrings.begin()


# --- how often ------------------------------------------------------------------------------------


def test_a_vault_that_is_begun_asks_once_and_is_sealed(folder: Path, ring: Ring) -> None:
    with SqliteVault.open(folder, keyring="auto") as vault:
        assert vault.reserve(intent(1)) is None
    for _ in range(3):
        with SqliteVault.open(folder, keyring="auto") as vault:
            assert vault.unfinished(get()) is not None
    assert ring.asked == ["set", "get"]


def test_a_run_asks_once_however_often_it_opens(folder: Path, ring: Ring) -> None:
    SqliteVault.open(folder, keyring="auto").close()
    forget()
    ring.asked.clear()
    for how in ("auto", "never"):
        with SqliteVault.open(folder, keyring=how) as vault:
            vault.exchanges()
    assert ring.asked == ["get"]


@pytest.mark.parametrize("trouble", ["locked", "forgetful"])
def test_where_no_keyring_helps_a_vault_is_begun_plain(
    folder: Path, ring: Ring, trouble: str
) -> None:
    setattr(ring, trouble, True)
    with SqliteVault.open(folder, keyring="auto") as vault:
        assert vault._db.seal is PLAIN
        assert vault.reserve(intent(1)) is None


def test_a_plain_vault_stays_plain_and_asks_nobody(folder: Path, ring: Ring) -> None:
    SqliteVault.open(folder).close()
    with SqliteVault.open(folder, keyring="auto") as vault:
        assert vault._db.seal is PLAIN
    assert ring.asked == []


def test_a_vault_that_another_process_began_meanwhile_leaves_no_key(
    folder: Path, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = keyrings.begin

    def late() -> keyrings.New:
        new = begin()
        monkeypatch.setattr(keyrings, "begin", begin)
        SqliteVault.open(folder).close()
        return new

    monkeypatch.setattr(keyrings, "begin", late)
    with SqliteVault.open(folder, keyring="auto") as vault:
        assert vault._db.seal is PLAIN
    assert ring.kept == {}


def test_a_plain_vault_opens_without_the_libraries(folder: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from l402tui.vault import SqliteVault\n"
        "with SqliteVault.open(Path(sys.argv[1])) as vault: vault.exchanges()\n"
        "print([m for m in ('keyring', 'nacl', 'l402tui.vault.keyrings') if m in sys.modules])"
    )
    run = [sys.executable, "-c", script, str(folder)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- a key that is not to be had ------------------------------------------------------------------


def sealed(folder: Path) -> None:
    with SqliteVault.open(folder, keyring="auto") as vault:
        vault.reserve(intent(1))
    forget()


def refused(folder: Path) -> str:
    before = (folder / "vault.db").read_bytes()
    with pytest.raises(VaultError, match="is encrypted, and its key is not to be had") as told:
        SqliteVault.open(folder, keyring="auto")
    assert (folder / "vault.db").read_bytes() == before
    assert "Do not begin a new vault" in str(told.value)
    assert "(It was put into the ring of this test.)" in str(told.value)
    return str(told.value)


def test_a_locked_keyring_keeps_the_vault_shut(folder: Path, ring: Ring) -> None:
    sealed(folder)
    ring.locked = True
    assert "The ring of this test is locked" in refused(folder)
    ring.locked = False
    SqliteVault.open(folder).close()


def test_a_missing_key_keeps_the_vault_shut(folder: Path, ring: Ring) -> None:
    sealed(folder)
    ring.kept.clear()
    assert "has no key for it" in refused(folder)


@pytest.mark.parametrize("other", [bytes(32).hex(), bytes(8).hex(), "not hex"])
def test_another_key_keeps_the_vault_shut(folder: Path, ring: Ring, other: str) -> None:
    sealed(folder)
    (place,) = ring.kept
    ring.kept[place] = other
    assert "another key under its name" in refused(folder)


def test_a_missing_keyring_keeps_the_vault_shut(
    folder: Path, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed(folder)
    use(load_keyring(FAIL), monkeypatch)
    assert "No keyring of a kind" in refused(folder)


def test_a_missing_library_keeps_the_vault_shut(
    folder: Path, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed(folder)
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert "pip install" in refused(folder)


def test_nothing_is_asked_for_what_is_not_sealed(ring: Ring) -> None:
    ring.locked = True
    assert keyrings.seal_of(Standing(), "v") is PLAIN
    assert ring.asked == []


def test_a_key_that_is_not_used_is_taken_away_and_no_other(ring: Ring) -> None:
    kept, lost = keyrings.begin(), keyrings.begin()
    keyrings.forget(lost)
    ((_, user),) = ring.kept
    assert user == f"vault {kept.seal.key_id.hex()}"
    ring.locked = True
    keyrings.forget(kept)  # no harm where that does not work
    assert len(ring.kept) == 1
