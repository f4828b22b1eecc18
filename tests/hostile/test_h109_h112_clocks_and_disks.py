"""H109-H112: other processes, other clocks, and a disk that takes nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest

from l402tui.cli.approving import YesOption
from l402tui.cli.exits import Exit
from l402tui.flow import commands as c
from l402tui.flow.events import Approved, Declined, Finished
from l402tui.flow.findings import Finding
from l402tui.flow.model import Ending, Outcome, Quote
from l402tui.flow.ports import Approver
from l402tui.protocol.text import say
from l402tui.vault import SqliteVault
from l402tui.wiring import Session, request_of
from tests.wallets.lnd_fake import IN_FLIGHT, SUCCEEDED, Abort, Hang, payment

from .verdicts import EARLIER, NO_MONEY, SPENT, paid, refused
from .world import FEE, GOODS, Bill, Shop, World, answer, wants

NEVER_SEEN = Abort("NOT_FOUND", "payment isn't initiated")
AWAY = Abort("UNAVAILABLE", "the node is away")
HOUR = 3_600
DAY = 24 * HOUR


def under_way(sold: Bill) -> Any:
    return payment(IN_FLIGHT, payment_hash=sold.payment_hash.hex())


def done(sold: Bill) -> Any:
    named = sold.payment_hash.hex()
    return payment(SUCCEEDED, sold.preimage.hex(), payment_hash=named, fee_msat=FEE)


def standing(world: World) -> tuple[Shop, Bill]:
    shop = world.shop()
    return shop, shop.sells(world.bill())


def counted(world: World) -> int:
    """What the limits count in all, in msat."""
    with SqliteVault.open(world.home) as vault:
        return vault.spending("", 0.0).total


async def ends(
    session: Session,
    url: str,
    approver: Approver | None = None,
    gate: Callable[[c.Command], Awaitable[None]] | None = None,
) -> Ending:
    async for event in session.runner(approver or YesOption(None), gate).run(request_of(url)):
        if isinstance(event, Finished):
            return event.ending
    raise AssertionError("it never ended")


# --- H109: another process ------------------------------------------------------------------------


@contextmanager
def another(world: World, url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own that is in the middle of paying for this."""
    process = subprocess.Popen(
        [sys.executable, "-m", "l402tui", "get", url, "--wallet", "lnd", "--yes", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "L402TUI_HOME": str(world.home)},
    )
    try:
        assert process.stdout is not None
        assert any(b'"payment_sent"' in told for told in process.stdout)
        waited = time.monotonic() + 20
        while not world.sends and time.monotonic() < waited:
            time.sleep(0.01)
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("how", ["the same", "resume", "another thing", "--no-pay"])
def test_h109_a_second_process_sends_nothing_more(world: World, how: str) -> None:
    shop = world.local_shop()
    sold = shop.sells(world.bill())
    world.node.sends.append([Hang()])
    with another(world, f"{shop.url}/weather") as first:
        assert world.paid == ["sending"]
        world.node.tracks.extend([[under_way(sold)]] * 40)
        match how:
            case "the same":
                told = world.get(f"{shop.url}/weather", person=["yes", "yes"])
            case "resume":
                world.node.tracks.clear()
                world.node.tracks.append([done(sold)])
                handle = sold.payment_hash.hex()[:12]
                told = world.run("payments", "resume", handle, "--wallet", "lnd", "--yes")
            case "another thing":
                shop.sells(world.bill())
                told = world.get(f"{shop.url}/news")
            case _:
                told = world.run("get", f"{shop.url}/weather", "--no-pay")
        assert first.poll() is None
        assert world.sends == 1
    expected = {"resume": Exit.OK, "another thing": Exit.DECLINED}.get(how, Exit.UNSETTLED)
    assert told.code == expected, told.text
    if how == "another thing":
        assert "another could pay twice for the same thing" in told.text
    world.node.tracks.clear()
    world.node.tracks.append([done(sold)])
    shop.sells(sold)
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert world.sends == 1
    assert world.paid == ["active"]


# --- H110: a laptop that sleeps -------------------------------------------------------------------


def sleeps(world: World, seconds: float, before: type[c.Command]) -> Any:
    async def gate(command: c.Command) -> None:
        if isinstance(command, before):
            world.later(seconds)

    return gate


@pytest.mark.parametrize("hours", [0.04, 0.9, 2, 200])
async def test_h110_a_yes_that_has_become_old_is_none(world: World, hours: float) -> None:
    """Between the yes and the order the machine sleeps; the invoice may be good for days."""
    shop = world.shop()
    shop.sells(world.bill(expiry=30 * DAY))
    async with world.session() as session:
        gate = sleeps(world, hours * HOUR, c.Reserve)
        end = await ends(session, f"{shop.url}/weather", gate=gate)
    assert end.outcome is Outcome.REFUSED
    assert "more than two minutes passed since you said yes (check C27)" in end.why.text
    assert world.sends == 0
    assert world.paid == ["released"]
    assert not shop.credentials


async def test_h110_a_yes_to_an_invoice_that_is_over_by_then_is_none(world: World) -> None:
    shop = world.shop()
    shop.sells(world.bill(expiry=600))

    class Slow:
        async def approve(self, quote: Quote, findings: Sequence[Finding]) -> Approved | Declined:
            world.later(2 * HOUR)
            return Approved(quote.digest, say("me"))

    async with world.session() as session:
        end = await ends(session, f"{shop.url}/weather", Slow())
    assert end.outcome is Outcome.REFUSED
    assert "The invoice expired while it was being read." in end.what.text
    assert world.sends == 0


async def test_h110_a_minute_is_no_sleep(world: World) -> None:
    shop, sold = standing(world)
    async with world.session() as session:
        end = await ends(session, f"{shop.url}/weather", gate=sleeps(world, 60, c.Reserve))
    assert end.outcome is Outcome.PAID
    assert world.sends == 1
    assert shop.credentials == [sold.authorization]


# --- H111: clocks ---------------------------------------------------------------------------------

LIMITS = ("hour", "day", "origin_hour", "origin_day", "total")


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("jump", [-DAY, -HOUR, -1, 1, -400 * DAY], ids=lambda jump: f"{jump} s")
def test_h111_a_clock_that_jumps_gives_no_new_allowance(
    world: World, limit: str, jump: int
) -> None:
    """A day back, summer time, a leap second, a battery that was empty: what was paid stays paid.
    What seems to lie in the future counts as well."""
    world.settings(limits=f"{limit} = '25 sat'")
    shop, first = standing(world)
    paid(world, world.get(f"{shop.url}/weather"), shop, first)
    world.later(jump)
    shop.sells(world.bill())
    told = world.get(f"{shop.url}/news", person=["yes"])
    assert told.code == Exit.REFUSED
    assert "Refused by check C20" in told.text
    assert NO_MONEY in told.text
    assert world.sends == 1


@pytest.mark.parametrize(("limit", "jump"), [("hour", HOUR), ("day", DAY)])
def test_h111_time_that_has_passed_does(world: World, limit: str, jump: int) -> None:
    world.settings(limits=f"{limit} = '25 sat'")
    shop, first = standing(world)
    paid(world, world.get(f"{shop.url}/weather"), shop, first)
    world.later(jump + 1)
    second = shop.sells(world.bill())
    paid(world, world.get(f"{shop.url}/news"), shop, second, sends=2)


def dated(sold: Bill, seconds: float) -> bytes:
    """A bill from a server whose clock says this time."""
    return wants(sold, ("Date", format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)))


@pytest.mark.parametrize("jump", [-HOUR, -DAY, -400 * DAY])
def test_h111_with_a_clock_that_is_behind_no_bill_is_believed(world: World, jump: int) -> None:
    """An expired invoice would look fresh; made in the future, it cannot be right, whoever's clock
    it is."""
    shop, sold = world.shop(), world.bill()
    now = time.time()
    shop.says(dated(sold, now))
    world.later(jump)
    told = world.get(f"{shop.url}/weather", person=["yes"])
    refused(world, told, "C16", shop)
    assert "The invoice was made in the future" in told.text
    assert "Your clock is" in told.text
    assert "behind the server's. Look at your clock." in told.text


@pytest.mark.parametrize("jump", [HOUR, DAY])
def test_h111_with_a_clock_that_is_ahead_it_has_expired(world: World, jump: int) -> None:
    shop, sold = world.shop(), world.bill()
    shop.says(dated(sold, time.time()))
    world.later(jump)
    told = world.get(f"{shop.url}/weather", person=["yes"])
    refused(world, told, "C16", shop)
    assert "ahead of the server's" in told.text


def test_h111_a_minute_is_nobodys_fault(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    ask = dated(sold, time.time() - 60)
    shop.reply = lambda asked: answer() if asked.authorization else ask
    told = world.get(f"{shop.url}/weather")
    paid(world, told, shop, sold)
    assert "clock" not in told.text


@pytest.mark.parametrize("jump", [-DAY, DAY, 400 * DAY])
def test_h111_what_is_under_way_is_followed_by_any_clock(world: World, jump: int) -> None:
    shop, sold = standing(world)
    world.node.sends.append([under_way(sold)])
    world.node.tracks.extend([[AWAY]] * 8)
    assert world.get(f"{shop.url}/weather").code == Exit.UNSETTLED
    world.node.tracks.clear()
    world.later(jump)
    world.node.tracks.extend([[NEVER_SEEN]] * 8)
    assert world.get(f"{shop.url}/weather").code == Exit.UNSETTLED
    world.node.tracks.clear()
    world.node.tracks.append([done(sold)])
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert world.sends == 1


# --- H112: a disk that takes nothing --------------------------------------------------------------

Write = Callable[[str, Any], bool]


def full_at(world: World, when: Write, code: int = sqlite3.SQLITE_FULL) -> list[str]:
    """From now on SQLite says so of these writes. What it refused is in the list."""
    real, refused_ones = sqlite3.connect, list[str]()

    def connect(*args: Any, **options: Any) -> Any:
        base = options.pop("factory", sqlite3.Connection)

        def execute(self: Any, statement: str, *values: Any) -> Any:
            if when(statement, values[0] if values else ()):
                refused_ones.append(statement)
                error = sqlite3.OperationalError("refused")
                error.sqlite_errorcode = code
                raise error
            return base.execute(self, statement, *values)

        full = type("Full", (base,), {"execute": execute})
        return real(*args, **options, factory=full)

    world.monkeypatch.setattr(sqlite3, "connect", connect)
    return refused_ones


def writes_state(state: str) -> Write:
    """The intent's row is about to get this state."""

    def when(statement: str, values: Any) -> bool:
        words = statement.split()
        if words[:2] == ["UPDATE", "intents"]:
            return not isinstance(values, dict) and state in values[:1]
        if words[:3] == ["INSERT", "INTO", "intents"]:
            return isinstance(values, dict) and values["state"] == state
        return False

    return when


CODES = {
    "full": sqlite3.SQLITE_FULL,
    "read-only": sqlite3.SQLITE_READONLY,
    "broken": sqlite3.SQLITE_IOERR,
}


@pytest.mark.parametrize("person", [None, ["yes"]])
@pytest.mark.parametrize("state", ["reserved", "sending"])
@pytest.mark.parametrize("how", CODES)
def test_h112_what_cannot_be_written_down_is_not_paid(
    world: World, how: str, state: str, person: list[str] | None
) -> None:
    shop, _ = standing(world)
    with world.monkeypatch.context():
        refusals = full_at(world, writes_state(state), CODES[how])
        told = world.get(f"{shop.url}/weather", person=person)
    assert refusals
    assert told.code == Exit.BROKEN, told.text
    assert NO_MONEY in told.text
    assert "Without it nothing is ever paid." in told.text
    assert world.sends == 0
    assert not shop.credentials
    world.monkeypatch.undo()


@pytest.mark.parametrize("times", [1, 3, 1_000])
def test_h112_a_proof_that_cannot_be_written_is_kept_and_used(world: World, times: int) -> None:
    """It stays in memory, opens what was bought, is written as soon as there is room; and where
    there never is, the wallet gives it again."""
    shop, sold = standing(world)
    left = [times]
    paid_now = writes_state("paid")

    def when(statement: str, values: Any) -> bool:
        if left[0] and paid_now(statement, values):
            left[0] -= 1
            return True
        return False

    refusals = full_at(world, when)
    told = world.get(f"{shop.url}/weather")
    assert refusals
    assert (told.code, told.out) == (Exit.OK, GOODS), told.text
    assert SPENT in told.text
    assert shop.credentials == [sold.authorization]
    assert world.sends == 1
    if times == 1_000:
        assert "The preimage could not be written" in told.text
        assert world.paid == ["in flight"]
        left[0] = 0
        told = world.get(f"{shop.url}/weather")
        assert (told.code, told.out) == (Exit.OK, GOODS)
        assert EARLIER in told.text
    assert world.paid == ["active"]
    assert world.sends == 1
    assert counted(world) == 10_000 + FEE


@pytest.mark.parametrize("free", [0, 1, 16 * 1024 * 1024 - 1])
def test_h112_with_hardly_any_room_left_nothing_is_begun(world: World, free: int) -> None:
    shop, sold = standing(world)
    real = shutil.disk_usage

    def usage(path: Any) -> Any:
        return real(path)._replace(free=free)

    with world.monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", usage)
        told = world.get(f"{shop.url}/weather", person=["yes"])
    refused(world, told, "C26", shop)
    assert "no payment may go unremembered" in told.text
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
