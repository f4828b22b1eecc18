"""An older copy of the vault was put back: nothing is paid again without a person."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from l402tui.cli.exits import Exit
from l402tui.practice.run import PracticeServer
from tests.cli.command import Commands, paid
from tests.hostile.world import FEE, World, opened
from tests.wallets.lnd_fake import SUCCEEDED, Abort, info, payment

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


# --- with a node that lists its payments ----------------------------------------------------------


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Iterator[World]:
    """One payment is in the copy, and another was made after it."""
    with opened(tmp_path / "world", monkeypatch, capfdbinary) as world:
        shop = world.shop()
        for path in ("/first", "/second"):
            shop.sells(world.bill())
            assert world.get(f"{shop.url}{path}").code == Exit.OK
            if path == "/first":
                assert world.run("vault", "backup", str(tmp_path / "backup.db")).code == Exit.OK
        for file in world.home.glob("vault.db*"):
            file.unlink()
        shutil.copy(tmp_path / "backup.db", world.home / "vault.db")
        (world.home / "vault.db").chmod(0o600)
        now = int(time.time())
        world.node.made = [
            payment(
                SUCCEEDED,
                bill.preimage.hex(),
                payment_hash=bill.payment_hash.hex(),
                value_msat=10_000,
                fee_msat=FEE,
                creation_date=now,
                creation_time_ns=now * 10**9,
                payment_index=number,
            )
            for number, bill in enumerate(world.node.paid.values(), 1)
        ]
        shop.sells(world.bill())
        yield world


def test_the_node_says_what_is_missing(world: World) -> None:
    asked = world.get("https://shop.example/second")
    assert asked.code == Exit.DECLINED
    done = world.run("payments", "reconcile", "--wallet", "lnd")
    assert done.code == Exit.OK
    first, second = (payment_hash.hex() for payment_hash in world.node.paid)
    assert second in done.err
    assert first not in done.err
    assert "These come to 11 sat, fees included." in done.text
    assert world.sends == 2
    assert world.get("https://shop.example/second").code == Exit.OK


def test_a_node_that_may_not_tell_leaves_it_to_a_person(world: World) -> None:
    world.node.listing = lambda made, request: Abort("UNKNOWN", "permission denied")
    done = world.run("payments", "reconcile", "--wallet", "lnd")
    assert done.code == Exit.USAGE
    assert "ListPayments" in done.text
    assert world.get("https://shop.example/second").code == Exit.DECLINED
    looked = world.run("payments", "reconcile", "--wallet", "lnd", person=["i have looked"])
    assert looked.code == Exit.OK
    assert world.sends == 2


def test_another_nodes_list_says_nothing(world: World) -> None:
    world.node.info = info(identity_pubkey="03" + "ab" * 32)
    done = world.run("payments", "reconcile", "--wallet", "lnd")
    assert done.code == Exit.USAGE
    assert "made by another one" in done.text
    assert world.sends == 2
