"""``l402tui vault``, as a person types it; with a real keyring where there is one.

The real one is gnome-keyring on a session bus of the test's own, with its files in the test's
folder. Where it is not installed these tests are skipped, unless ``L402TUI_REQUIRE_KEYRING`` is set
(Debian: ``apt-get install gnome-keyring dbus``).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from l402tui.cli.exits import Exit
from l402tui.practice.run import PracticeServer
from tests.cli.command import Commands, paid

PAY = ("--yes", "--wallet", "practice")


# --- without a keyring ----------------------------------------------------------------------------


def test_before_the_first_request_it_says_what_will_be(l402tui: Commands) -> None:
    done = l402tui.run("vault")
    assert done.code == Exit.OK
    assert b"vault.db (begun with the first request)" in done.out
    assert b"will not be encrypted; only you will be able to read them. No keyring" in done.out
    assert not l402tui.home.exists()
    l402tui.settings('keyring = "never"')
    assert b'(keyring = "never" in settings.toml)' in l402tui.run("vault").out


def test_a_plain_vault_is_told_as_what_it_is(l402tui: Commands, server: PracticeServer) -> None:
    l402tui.run("get", f"{server.url}/weather", *PAY)
    done = l402tui.run("vault")
    assert done.code == Exit.OK
    lines = dict(line.split("  ", 1) for line in done.out.decode().splitlines())
    told = {name: what.strip() for name, what in lines.items()}
    assert told["Vault"] == str(l402tui.home / "vault.db")
    assert told["Readers"] == "only you (mode 600, its folder 700)"
    assert told["Secrets"].startswith("not encrypted: only you can read it. No keyring")
    assert told["Payments"] == "1, of which 0 have not ended"
    assert told["Bought"] == "1 credential"
    assert told["History"] == "1 request"


def test_a_vault_that_others_can_read_is_pointed_out(l402tui: Commands) -> None:
    l402tui.run("history")
    (l402tui.home / "vault.db").chmod(0o644)
    assert b"OTHERS, TOO (mode 644, its folder 700)" in l402tui.run("vault").out


def test_sealing_needs_a_vault_and_a_keyring(l402tui: Commands) -> None:
    done = l402tui.run("vault", "seal")
    assert done.code == Exit.USAGE
    assert "There is no vault in" in done.err
    assert not l402tui.home.exists()
    l402tui.run("history")
    done = l402tui.run("vault", "seal")
    assert done.code == Exit.BROKEN
    assert "No keyring of a kind" in done.err
    assert "The vault is as it was" in done.err
    assert l402tui.run("vault", "unseal").code == Exit.OK


def test_a_backup_says_how_it_is_kept(l402tui: Commands, tmp_path: Path) -> None:
    l402tui.run("history")
    copy = tmp_path / "copy"
    done = l402tui.run("vault", "backup", str(copy))
    assert done.code == Exit.OK
    assert "It is not encrypted" in done.err
    assert copy.stat().st_mode & 0o777 == 0o600
    again = l402tui.run("vault", "backup", str(copy))
    assert again.code == Exit.BROKEN
    assert "is there already" in again.err


def test_a_setting_that_is_neither_is_told(l402tui: Commands) -> None:
    l402tui.settings('keyring = "always"')
    done = l402tui.run("vault")
    assert done.code == Exit.USAGE
    assert "keyring must be one of auto, never" in done.err


# --- with a real one ------------------------------------------------------------------------------

HOLD = """
printf 'pw' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
echo "$DBUS_SESSION_BUS_ADDRESS"
exec cat
"""
ON_COLLECTION = """
import secretstorage, sys
bus = secretstorage.dbus_init()
collection = secretstorage.get_default_collection(bus)
"""
LOCK = "collection.lock(); assert collection.is_locked()"
REMOVE = """
items = [item for item in collection.get_all_items() if "l402tui" in item.get_label()]
assert len(items) == 1
items[0].delete()
"""
Do = Callable[[str], None]


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Do]:
    """A real keyring for the commands of this test; calling it does something with it."""
    missing = [
        name for name in ("dbus-run-session", "gnome-keyring-daemon") if not shutil.which(name)
    ]
    if missing:
        assert not os.environ.get("L402TUI_REQUIRE_KEYRING"), f"not installed: {missing}"
        pytest.skip(f"not installed: {', '.join(missing)}")
    own = tmp_path / "session"
    own.mkdir(mode=0o700)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "PYTHON_KEYRING_BACKEND", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(own))
    bus = subprocess.Popen(
        ["dbus-run-session", "--", "sh", "-c", HOLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert bus.stdin is not None
    assert bus.stdout is not None
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.stdout.readline().strip())

    def do(what: str) -> None:
        subprocess.run([sys.executable, "-c", ON_COLLECTION + what], check=True)

    yield do
    bus.stdin.close()  # the session ends with what it runs
    bus.wait(timeout=30)
    bus.stdout.close()


def secrets_in(home: Path, server: PracticeServer) -> bool:
    """Whether a preimage or a token of what was bought is in the files."""
    data = b"".join(path.read_bytes() for path in home.iterdir())
    (payment,) = paid(server)
    assert payment.preimage is not None
    proof = payment.preimage.reveal()
    return proof in data or proof.hex().encode() in data or b"AgE" in data  # a macaroon in base64


def buy(l402tui: Commands, server: PracticeServer) -> None:
    done = l402tui.run("get", f"{server.url}/weather", *PAY)
    assert (done.code, len(paid(server))) == (Exit.OK, 1), done.err
    assert b"Oslo" in done.out


def test_a_new_vault_is_sealed_with_the_systems_keyring(
    l402tui: Commands, server: PracticeServer, real: Do
) -> None:
    assert b"will be encrypted; the key goes into the Secret Service" in l402tui.run("vault").out
    for _ in range(2):  # the second time with the credential that is held
        buy(l402tui, server)
    assert not secrets_in(l402tui.home, server)
    told = l402tui.run("vault").out.decode()
    assert "encrypted; the key was put into the Secret Service" in told
    assert "It is there." in told


def test_a_vault_is_sealed_and_unsealed_with_the_systems_keyring(
    l402tui: Commands, server: PracticeServer, real: Do, tmp_path: Path
) -> None:
    l402tui.settings('keyring = "never"')
    buy(l402tui, server)
    assert secrets_in(l402tui.home, server)
    assert b"`l402tui vault seal` encrypts them, with a key in the Secr" in l402tui.run("vault").out
    done = l402tui.run("vault", "seal")
    assert done.code == Exit.OK
    assert "are encrypted now" in done.err
    assert not secrets_in(l402tui.home, server)
    buy(l402tui, server)
    done = l402tui.run("vault", "backup", str(tmp_path / "copy"))
    assert "opens only with the key in your keyring" in done.err
    done = l402tui.run("vault", "unseal")
    assert done.code == Exit.OK
    assert "not encrypted" in done.err
    assert secrets_in(l402tui.home, server)
    buy(l402tui, server)


@pytest.mark.parametrize(
    ("loss", "why"), [(LOCK, "is locked or does not work"), (REMOVE, "has no key for it")]
)
def test_without_its_key_nothing_is_sent_and_nothing_is_paid(
    l402tui: Commands, server: PracticeServer, real: Do, loss: str, why: str
) -> None:
    buy(l402tui, server)
    real(loss)
    for words in (("get", f"{server.url}/weather", *PAY), ("payments",), ("history",)):
        done = l402tui.run(*words)
        assert done.code == Exit.BROKEN
        assert "is encrypted, and its key is not to be had" in done.err
        assert why in done.err
        assert "Nothing was sent and nothing was paid." in done.err
    assert len(paid(server)) == 1
    told = l402tui.run("vault")  # which is how a person finds out
    assert told.code == Exit.OK
    assert why.encode() in told.out
    with closing(sqlite3.connect(l402tui.home / "vault.db")) as db:
        assert db.execute("SELECT count(*) FROM exchanges").fetchone() == (1,)
