"""What can be seen of the process from outside: arguments, environment, children, memory (H99)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from l402tui.cli.exits import Exit
from tests.cli.command import PATIENCE, Commands
from tests.wallets.lnd_fake import MACAROON

from .canaries import Canaries
from .conftest import Search
from .world import Errand, Shop, node_files, shopping

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture
def shop(canaries: Canaries, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with shopping(canaries, monkeypatch, hold=True) as opened:
        yield opened


@pytest.fixture
def l402tui(tmp_path: Path) -> Iterator[Commands]:
    commands = Commands(tmp_path / "home")
    yield commands
    commands.end()


def paying(l402tui: Commands, shop: Shop, errand: Errand, *more: str) -> subprocess.Popen[bytes]:
    """A command whose payment is on its way. Its address comes by stdin."""
    words = ("get", *errand.options, "--wallet", "practice", "--yes", "--json", *more)
    process = l402tui._start(words, stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{shop.url}{errand.target}".encode())
    process.stdin.close()
    process.stdin = None
    for line in process.stdout:
        if b'"payment_sent"' in line:
            return process
    raise AssertionError("it never paid")


def family(pid: int) -> list[int]:
    """The process and all that it has started."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += family(int(child))
    return found


def test_arguments_and_environment(
    l402tui: Commands,
    shop: Shop,
    canaries: Canaries,
    search: Search,
    tmp_path: Path,
) -> None:
    errand = Errand(canaries, tmp_path)
    process = paying(l402tui, shop, errand, *node_files(canaries, tmp_path, MACAROON)[2:])
    seen = b""
    for pid in family(process.pid):
        for name in ("cmdline", "environ", "comm"):
            seen += Path(f"/proc/{pid}/{name}").read_bytes()
        seen += b"\n".join(os.readlink(fd).encode() for fd in _files(pid))
    assert b"--yes" in seen
    assert b"L402TUI_HOME" in seen
    assert family(process.pid) == [process.pid]
    search("process table", canaries, seen)


def _files(pid: int) -> list[Path]:
    return [fd for fd in Path(f"/proc/{pid}/fd").iterdir() if fd.is_symlink()]


def test_there_is_no_core(
    l402tui: Commands, shop: Shop, canaries: Canaries, search: Search, tmp_path: Path
) -> None:
    errand = Errand(canaries, tmp_path)
    process = paying(l402tui, shop, errand)
    limits = Path(f"/proc/{process.pid}/limits").read_text()
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
    if os.geteuid() != 0:  # what cannot be dumped belongs to root there
        assert Path(f"/proc/{process.pid}/environ").stat().st_uid == 0
    before = set(Path.cwd().iterdir())
    process.send_signal(signal.SIGSEGV)
    assert process.wait(PATIENCE) == -signal.SIGSEGV
    left = set(Path.cwd().iterdir()) - before
    assert not [path for path in left if "core" in path.name]
    search("core", canaries, limits.encode())


_DUMPABLE = """
import ctypes, sys
sys.argv = ["l402tui", *sys.argv[1:]]
from l402tui.__main__ import main
code = main()
print("dumpable", ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), code)
"""
"""Whether the process that has run the program may be dumped (PR_GET_DUMPABLE)."""


@pytest.mark.parametrize("words", [("history",), ("practice", "--switch", "list")], ids=" ".join)
def test_nobody_may_look_into_the_memory(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _DUMPABLE, *words],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "L402TUI_HOME": str(tmp_path / "home")},
        check=True,
    )
    assert done.stdout.splitlines()[-1] == f"dumpable 0 {int(Exit.OK)}"


_UNRAISABLE = """
import sys
from l402tui.cli.shelter import take_shelter
take_shelter()
class Held:
    def __del__(self):
        raise ValueError(open(sys.argv[1]).read())
Held()
raise RuntimeError(open(sys.argv[1]).read())
"""


def test_what_python_itself_would_print(tmp_path: Path, canaries: Canaries, search: Search) -> None:
    given = tmp_path / "secrets"
    given.write_text(f"{canaries.hex('preimage')} {canaries.text('token')}")
    done = subprocess.run(
        [sys.executable, "-c", _UNRAISABLE, str(given)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1
    assert "ValueError in __del__" in done.stderr
    assert "RuntimeError in <module>" in done.stderr
    search("crash of the command", canaries, done.stderr.encode())
