"""Several processes on one vault, and processes that are killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from threading import Barrier, Thread

from l402tui.flow.model import IntentState
from l402tui.vault import SqliteVault

from .makers import NOW, get, hash_of, intent, proof

BEGIN = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from l402tui.flow.model import Intent, IntentState, Request
from l402tui.protocol.amount import sat
from l402tui.protocol.secret import Secret
from l402tui.protocol.url import Url
from l402tui.vault import SqliteVault

folder, payment_hash, preimage = Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), sys.argv[3]
request = Request(Url.parse("https://shop.example/weather"))
wanted = Intent(payment_hash, IntentState.RESERVED, request, "L402", Secret("token-1"), "lnbcrt1",
                sat(10), sat(1), "practice:-", 1_790_000_000.0, 1_790_003_600.0)
"""


def run(folder: Path, script: str) -> subprocess.Popen[str]:
    arguments = [str(folder), hash_of(1).hex(), proof(1).reveal().hex()]
    return subprocess.Popen(
        [sys.executable, "-c", BEGIN + script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_kill_9_after_sending_leaves_it_as_sending(folder: Path) -> None:
    process = run(
        folder,
        """
vault = SqliteVault.open(folder)
assert vault.reserve(wanted) is None
vault.record(payment_hash, IntentState.SENDING, at=1_790_000_001.0)
os.kill(os.getpid(), signal.SIGKILL)
""",
    )
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    with SqliteVault.open(folder) as vault:
        found = vault.unfinished(get())
        assert found is not None
        assert (found.payment_hash, found.state) == (hash_of(1), IntentState.SENDING)
        assert found.updated == NOW + 1
        assert vault.reserve(intent(1)) == found


def test_kill_9_in_the_middle_of_a_write_leaves_what_was_before(folder: Path) -> None:
    process = run(
        folder,
        """
vault = SqliteVault.open(folder)
vault.reserve(wanted)
vault.record(payment_hash, IntentState.SENDING, at=1_790_000_001.0)
def half(db):
    db.execute("UPDATE intents SET state = 'failed'")
    os.kill(os.getpid(), signal.SIGKILL)
vault._write(half)
""",
    )
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    with SqliteVault.open(folder) as vault:
        found = vault.intent(hash_of(1))
        assert found is not None
        assert found.state is IntentState.SENDING
        assert vault.store_paid(hash_of(1), proof(1), at=NOW, fee=None).preimage == proof(1)


def test_of_many_processes_that_begin_a_vault_one_reserves(folder: Path) -> None:
    processes = [
        run(
            folder,
            """
print("ready", flush=True)
sys.stdin.readline()
with SqliteVault.open(folder) as vault:
    print("mine" if vault.reserve(wanted) is None else "known")
""",
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate()[0].strip() for process in processes]
    assert sorted(answers) == ["known", "known", "known", "mine"]
    assert {process.returncode for process in processes} == {0}


def test_what_one_process_pays_the_other_offers(vault: SqliteVault, folder: Path) -> None:
    vault.reserve(intent(1))
    vault.record(hash_of(1), IntentState.SENDING, at=NOW)
    process = run(
        folder,
        """
with SqliteVault.open(folder) as vault:
    vault.store_paid(payment_hash, Secret(bytes.fromhex(preimage)), at=1.0, fee=sat(0))
    vault.record(payment_hash, IntentState.ACTIVE, at=2.0)
""",
    )
    process.communicate()
    assert process.returncode == 0
    late = vault.record(hash_of(1), IntentState.UNKNOWN, at=NOW + 3, reason="connection lost")
    assert late.state is IntentState.ACTIVE
    assert [held.preimage for held in vault.credentials(get())] == [proof(1)]


def test_threads_take_turns(folder: Path) -> None:
    together = Barrier(4)
    answers: list[bool] = []

    def reserve() -> None:
        together.wait()
        answers.extend(
            vault.reserve(intent(number, get(f"https://shop.example/{number}"))) is None
            for number in range(25)
        )

    with SqliteVault.open(folder) as vault:
        threads = [Thread(target=reserve) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(answers), sum(answers)) == (100, 25)
