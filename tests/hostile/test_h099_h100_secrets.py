"""H99, H100: what do others on this machine, and a crash, get to see?

Where secrets may turn up at all is the business of tests/secrets; here are the attacks.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from l402tui.cli.exits import Exit
from l402tui.flow import runner
from l402tui.flow.flow import step
from tests.secrets.canaries import Canaries, hits
from tests.secrets.test_crash import PHASES
from tests.wallets.lnd_fake import IN_FLIGHT, MACAROON, Hang, payment

from .verdicts import NO_MONEY, paid
from .world import Bill, Shop, World

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
OURS = stat.S_IRWXU


def standing(world: World) -> tuple[Shop, Bill]:
    shop = world.local_shop()
    return shop, shop.sells(world.bill())


def not_begun(world: World, told: Any, shop: Shop) -> None:
    """It did not start: nobody was asked for anything."""
    assert told.code in (Exit.BROKEN, Exit.USAGE), told.text
    assert not world.node.calls
    assert not shop.heard


# --- H99: files -----------------------------------------------------------------------------------


@pytest.fixture
def careless() -> Iterator[None]:
    """The person lets everybody read what they make."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("careless")
def test_h099_whatever_the_umask_is_nobody_else_can_read_the_vault(world: World) -> None:
    shop, sold = standing(world)
    kept = {path.name for path in world.home.iterdir()}
    log = world.home / "run.log"
    told = world.get(f"{shop.url}/weather", "--log", str(log))
    paid(world, told, shop, sold)
    made = [path for path in world.home.rglob("*") if path.name not in kept]
    assert {"vault.db", "run.log"} <= {path.name for path in made}
    for path in made:
        assert stat.S_IMODE(path.stat().st_mode) & ~OURS == 0, path.name


@pytest.mark.usefixtures("careless")
def test_h099_nor_is_a_new_home_open_to_others(world: World) -> None:
    shop, _ = standing(world)
    home = world.home / "a" / "new" / "one"
    world.monkeypatch.setenv("L402TUI_HOME", str(home))
    assert world.run("get", f"{shop.url}/weather", "--no-pay").code == Exit.OK
    for folder in (home, home.parent, home.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == OURS


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o777])
def test_h099_a_home_that_others_can_enter_is_refused(world: World, mode: int) -> None:
    shop, _ = standing(world)
    world.home.chmod(mode)
    told = world.get(f"{shop.url}/weather", person=["yes"])
    not_begun(world, told, shop)
    assert "chmod" in told.text


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604])
def test_h099_a_vault_that_others_can_read_is_refused(world: World, mode: int) -> None:
    shop, sold = standing(world)
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    calls, heard = len(world.node.calls), len(shop.heard)
    (world.home / "vault.db").chmod(mode)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.BROKEN
    assert "chmod" in told.text
    assert (len(world.node.calls), len(shop.heard)) == (calls, heard)


@pytest.mark.parametrize("name", ["vault.db", "vault.db-wal", "vault.db-shm"])
@pytest.mark.parametrize("there", [True, False])
def test_h099_a_vault_that_leads_elsewhere_is_refused(world: World, name: str, there: bool) -> None:
    """Somebody has put a link in its place: nothing is written where it leads."""
    shop, _ = standing(world)
    bait = world.home.parent / "bait"
    if there:
        bait.write_bytes(b"somebody else's file")
        bait.chmod(0o600)
    (world.home / name).symlink_to(bait)
    told = world.get(f"{shop.url}/weather", person=["yes"])
    not_begun(world, told, shop)
    assert bait.exists() is there
    if there:
        assert bait.read_bytes() == b"somebody else's file"


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o660, 0o666])
def test_h099_a_macaroon_that_others_can_read_is_not_used(world: World, mode: int) -> None:
    shop, _ = standing(world)
    (world.home / "pay.macaroon").chmod(mode)
    told = world.get(f"{shop.url}/weather", person=["yes"])
    not_begun(world, told, shop)
    assert "and whoever reads it can spend" in told.text
    assert "chmod 600" in told.text
    assert MACAROON.hex() not in told.text


def test_h099_as_lnd_writes_it_is_a_warning(world: World) -> None:
    """Its group can read it, which is LND's own choice: a person is told."""
    shop, sold = standing(world)
    (world.home / "pay.macaroon").chmod(0o640)
    told = world.get(f"{shop.url}/weather")
    paid(world, told, shop, sold)
    assert "can read it, and spend" in told.text


@pytest.mark.parametrize("how", ["hex", "hex in capitals"])
def test_h099_a_macaroon_itself_is_no_argument(world: World, how: str) -> None:
    """What stands on the command line, everybody can read: it is refused, and not repeated."""
    shop, _ = standing(world)
    given = MACAROON.hex() if how == "hex" else MACAROON.hex().upper()
    told = world.get(f"{shop.url}/weather", "--macaroonpath", given, person=["yes"])
    not_begun(world, told, shop)
    assert given not in told.text


# --- H99: the process -----------------------------------------------------------------------------


def spelled(secret: bytes) -> set[bytes]:
    import base64

    return {
        secret,
        secret.hex().encode(),
        base64.b64encode(secret)[:40],
        base64.urlsafe_b64encode(secret)[:40],
    }


@LINUX
def test_h099_what_ps_and_proc_show_of_a_payment_under_way(world: World) -> None:
    """A process of its own, in the middle of a payment: arguments, environment, names, and whether
    its memory can be dumped."""
    shop, sold = standing(world)
    world.node.sends.append([payment(IN_FLIGHT, payment_hash=sold.payment_hash.hex()), Hang()])
    words = ["get", f"{shop.url}/weather", "--wallet", "lnd", "--yes", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "l402tui", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "L402TUI_HOME": str(world.home)},
    )
    try:
        assert process.stdout is not None
        assert any(b'"payment_progressed"' in told for told in process.stdout)
        place = Path(f"/proc/{process.pid}")
        seen = b"".join((place / name).read_bytes() for name in ("cmdline", "environ", "status"))
        assert b"--yes" in seen
        limits = (place / "limits").read_text()
        core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert core.split()[4:6] == ["0", "0"]
        tasks = [task / "children" for task in (place / "task").iterdir()]
        assert not any(task.read_text().split() for task in tasks)
        token = sold.token.encode()
        for secret in (MACAROON, sold.preimage, token):
            assert not [form for form in spelled(secret) if form in seen]
    finally:
        process.kill()
        process.communicate()
    assert world.sends == 1
    assert world.paid == ["in flight"]


# --- H100: a crash at every moment ----------------------------------------------------------------


class Broken:
    """The flow, until it comes to one event: there it breaks, with every secret in its words and in
    the variables around it."""

    def __init__(self, phase: str, canaries: Canaries) -> None:
        self._phase = phase
        self._canaries = canaries
        self.reached = False

    def __call__(self, state: Any, event: Any) -> Any:
        if type(event).__name__ != self._phase:
            return step(state, event)
        self.reached = True
        known = dict(self._canaries.values)
        told = "; ".join(f"{name} {value!r} {value.hex()}" for name, value in known.items())
        raise RuntimeError(f"{told} {state!r} {event!r}")


@pytest.mark.parametrize("person", [None, ["yes"]], ids=["yes", "person"])
@pytest.mark.parametrize("phase", PHASES)
def test_h100_a_crash_tells_no_secret_and_the_truth_about_the_money(
    world: World, phase: str, person: list[str] | None
) -> None:
    canaries = Canaries()
    for number in range(20):
        canaries.text(f"text {number}")
        canaries.hex(f"hex {number}")
    shop, sold = standing(world)
    canaries.add("preimage", sold.preimage.hex())
    canaries.add("preimage as it is", sold.preimage)
    canaries.add("credential", sold.authorization)
    canaries.add("macaroon", MACAROON)
    assert len(canaries.values) == 44
    broken = Broken(phase, canaries)
    world.monkeypatch.setattr(runner, "step", broken)
    log = world.home / "run.log"
    told = world.get(f"{shop.url}/weather", "--log", str(log), person=person)
    assert broken.reached
    assert told.code == Exit.BROKEN
    assert "RuntimeError in " in told.text
    assert not hits(canaries.values, f"{told.err}{told.terminal}".encode() + told.out)
    assert not hits(canaries.values, log.read_bytes())
    if world.sends:
        assert "Money was spent" in told.text or "Money may have been spent" in told.text
        assert NO_MONEY not in told.text
    else:
        assert NO_MONEY in told.text or "Money may have been spent" in told.text
    world.monkeypatch.setattr(runner, "step", step)
    world.later(11)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.OK, told.text
    assert world.sends == 1
