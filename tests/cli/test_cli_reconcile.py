"""An older copy of the vault was put back: nothing is paid again without a person."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from l402tui.cli.exits import Exit
from l402tui.practice.run import PracticeServer
from tests.cli.command import Commands, paid

PAY = ("--yes", "--wallet", "practice")
LOOKED = "Type: i have looked"


@pytest.fixture
def restored(l402tui: Commands, server: PracticeServer, tmp_path: Path) -> str:
    """The weather is in the copy, the forecast was bought after it; the forecast's address."""
    assert l402tui.run("get", f"{server.url}/weather", *PAY).code == Exit.OK
    copy = tmp_path / "backup.db"
    assert l402tui.run("vault", "backup", str(copy)).code == Exit.OK
    assert l402tui.run("get", f"{server.url}/forecast", *PAY).code == Exit.OK
    for path in l402tui.home.glob("vault.db*"):
        path.unlink()
    shutil.copy(copy, l402tui.home / "vault.db")
    (l402tui.home / "vault.db").chmod(0o600)
    assert len(paid(server)) == 2
    return f"{server.url}/forecast"


def test_what_is_not_known_any_more_is_not_paid_again_by_itself(
    l402tui: Commands, server: PracticeServer, restored: str
) -> None:
    done = l402tui.run("get", restored, *PAY)
    assert done.code == Exit.DECLINED
    assert "1 payment is not in it" in " ".join(done.err.split())
    assert "payments reconcile" in done.err
    listed = l402tui.run("payments")
    assert "older copy of itself" in listed.err
    assert len(paid(server)) == 2


def test_what_is_known_opens_as_before(
    l402tui: Commands, server: PracticeServer, restored: str
) -> None:
    done = l402tui.run("get", restored.replace("forecast", "weather"), *PAY)
    assert done.code == Exit.OK
    assert "No money was spent now" in done.err
    assert len(paid(server)) == 2


def test_a_person_says_that_they_have_looked(
    l402tui: Commands, server: PracticeServer, restored: str
) -> None:
    nobody = l402tui.run("payments", "reconcile", "--wallet", "practice")
    assert nobody.code == Exit.USAGE
    assert "1 payment is missing" in nobody.err
    with l402tui.at_terminal("payments", "reconcile", "--wallet", "practice") as screen:
        screen.until(LOOKED)
        screen.type("yes\n")
        assert screen.end() == Exit.DECLINED
    assert l402tui.run("get", restored, *PAY).code == Exit.DECLINED
    with l402tui.at_terminal("payments", "reconcile", "--wallet", "practice") as screen:
        screen.until(LOOKED)
        screen.type("i have looked\n")
        assert screen.end() == Exit.OK
    assert l402tui.run("get", restored, *PAY).code == Exit.OK
    assert len(paid(server)) == 3


def test_where_nothing_is_missing(l402tui: Commands, server: PracticeServer) -> None:
    assert l402tui.run("get", f"{server.url}/weather", *PAY).code == Exit.OK
    done = l402tui.run("payments", "reconcile", "--wallet", "practice")
    assert done.code == Exit.OK
    assert "No payment is missing" in done.err
