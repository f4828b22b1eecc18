"""Do the facts reach the checks? Real server, wallet, HTTP and vault, run by run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self, cast

import pytest

from l402tui.flow import events as e
from l402tui.flow.findings import Finding, Severity
from l402tui.flow.model import Limits, Money, Outcome, Quote
from l402tui.practice.run import PracticeServer
from l402tui.practice.switches import Switch
from l402tui.protocol.amount import Msat, sat
from l402tui.protocol.url import Url
from l402tui.wiring import Session
from tests.flow.test_runner import Bench, Yes, bench, ending
from tests.vault.makers import invoice

ROOMY = Limits(payment=sat(10_000_000), fee=sat(10))


class Limited(Bench):
    """The same with limits of its own."""

    limits = ROOMY

    @asynccontextmanager
    async def session(self, wallet: str = "practice") -> AsyncIterator[Session]:
        async with super().session(wallet) as session:
            session.limits = self.limits
            yield session


@asynccontextmanager
async def limited(home: Path, *switches: Switch) -> AsyncIterator[Limited]:
    async with bench(home, *switches) as on:
        yield Limited(on.server, home)


def said(events: list[e.Event], number: str) -> Finding:
    """What one check has found."""
    checked = next(event for event in events if isinstance(event, e.Checked))
    return next(found for found in checked.findings if found.check == number)


async def test_a_limit_for_all_payments_ever_ends_it(tmp_path: Path) -> None:
    async with limited(tmp_path) as on:
        on.limits = replace(ROOMY, total=sat(30))
        assert ending(await on.run(on.request("/weather"))) == (Outcome.PAID, Money.SPENT)
        events = await on.run(on.request("/forecast"))
        assert ending(events) == (Outcome.REFUSED, Money.NONE)
        assert "all payments ever (11 sat is spent" in said(events, "C20").sentence.text
        assert on.payments == 1


class Meanwhile(Yes):
    """Thinks for as long as it takes another run to buy something else."""

    def __init__(self, on: Bench) -> None:
        super().__init__()
        self._on = on

    async def approve(self, quote: Quote, findings: Sequence[Finding]) -> e.Approved | e.Declined:
        if not self.asked:
            self.asked.append(quote)
            await self._on.run(self._on.request("/forecast"))
        return await super().approve(quote, findings)


async def test_a_limit_that_another_run_uses_up_meanwhile_is_named(tmp_path: Path) -> None:
    async with limited(tmp_path) as on:
        on.limits = replace(ROOMY, total=sat(40))
        on.approver = Meanwhile(on)
        events = await on.run(on.request("/weather"))
        assert ending(events) == (Outcome.REFUSED, Money.NONE)
        (outstanding,) = [one for one in events if isinstance(one, e.Outstanding)]
        assert outstanding.why.text == (
            "Another payment has used up the limit of 40 sat for all payments ever meanwhile: "
            "26 sat is spent or reserved"
        )
        assert on.payments == 1


async def test_a_price_that_was_only_looked_at_is_remembered(tmp_path: Path) -> None:
    async with limited(tmp_path, Switch.OVERPRICED) as on:
        first = await on.run(wallet="none")
        assert said(first, "C21").severity.value == "ok"
        async with on.session() as session:
            session.vault.remember(on.request(), invoice(1, sat(50)), first[-1].at)
        events = await on.run(wallet="none")
        found = said(events, "C21")
        assert found.severity.value == "ask"
        assert "from 50 sat to 1 000 000 sat" in found.sentence.text


async def test_the_node_of_another_server_is_recognised(tmp_path: Path) -> None:
    """The same shop under a new name, and another shop that passes its bills on, look alike."""
    async with limited(tmp_path) as on:
        assert said(await on.run(), "C19").sentence.text == "You have not paid here before."
        again = on.request("/forecast")
        assert "before" in said(await on.run(again, wallet="none"), "C19").sentence.text
        elsewhere = replace(again, url=replace(again.url, host="localhost"))
        found = said(await on.run(elsewhere, wallet="none"), "C19")
        assert found.severity.value == "warning"
        assert f"paid at {on.server.url}." in found.sentence.text


async def test_a_bill_that_two_origins_show_is_noticed(tmp_path: Path) -> None:
    async with limited(tmp_path) as on:
        events = await on.run(until=e.Decoded)
        decoded = events[-1]
        assert isinstance(decoded, e.Decoded)
        async with on.session() as session:
            assert decoded.bill.invoice is not None
            here = on.request()
            there = replace(here, url=replace(here.url, host="localhost"))
            session.vault.remember(there, decoded.bill.invoice, decoded.at)
            known = session.vault.memory(here, decoded.bill.invoice, decoded.at)
        assert known.shown_by == there.url.origin


async def test_the_very_same_request_again_at_once_wants_a_person(tmp_path: Path) -> None:
    async with limited(tmp_path) as on:
        await on.run()
        async with on.session() as session:
            (held,) = session.vault.credentials(on.request())
            session.vault.used(held, on.request(), accepted=False, at=session.clock.now())
        found = said(await on.run(wallet="none"), "C22")
        assert found.severity.value == "ask"
        assert "You paid for this very request" in found.sentence.text
        other = said(await on.run(on.request("/weather?city=Rome"), wallet="none"), "C22")
        assert other.severity.value == "ok"


async def test_a_vault_that_cannot_write_still_looks(tmp_path: Path) -> None:
    async with limited(tmp_path) as on, on.session("none") as session:
        session.vault._db.execute("PRAGMA query_only = ON")  # type: ignore[attr-defined] # SQLite's
        runner = session.runner(on.approver)
        events = [event async for event in runner.run(on.request())]
        assert ending(events) == (Outcome.PREVIEWED, Money.NONE)


async def test_the_clock_is_compared_when_the_bill_comes(tmp_path: Path) -> None:
    """A person who thinks for a while before a step has no wrong clock."""
    async with limited(tmp_path) as on, on.session("none") as session:

        class Later:
            moved = 0.0

            def now(self) -> float:
                return session_clock.now() + self.moved

            async def sleep(self, seconds: float) -> None:
                raise NotImplementedError

        session_clock, session.clock = session.clock, (later := Later())

        async def think(command: object) -> None:
            if type(command).__name__ == "Check":
                later.moved = 900.0

        runner = session.runner(on.approver, think)
        events = [event async for event in runner.run(on.request())]
        assert said(events, "C16").severity.value == "ok"


def test_a_payment_that_was_approved_keeps_its_own_terms() -> None:
    limits = replace(
        Limits(sat(1), sat(2), at_most=sat(9)),
        **{name: Msat(1) for name in ("origin_hour", "origin_day", "hour", "day", "total")},
        unsettled=sat(1),
    )
    assert limits.once_more(sat(5)) == Limits(sat(1), sat(5), at_most=sat(9))


@pytest.mark.parametrize("stubborn", [False, True], ids=["it gives way", "it does not"])
async def test_a_bill_out_of_a_cache_is_fetched_past_it(tmp_path: Path, stubborn: bool) -> None:
    """A cache before the shop keeps the first bill and shows it to everybody."""
    async with bench(tmp_path) as on, Cache(on.server.url, stubborn=stubborn) as cache:
        on.server = cast(PracticeServer, cache)
        await on.run(wallet="none")
        events = await on.run(wallet="none")
        assert [b"no-cache" in head for head in cache.heads] == [False, False, True]
        asked = [one for one in events if isinstance(one, e.Requested)]
        assert [one.past_caches for one in asked] == [False, True]
        assert b"Cache-Control: no-cache\r\nPragma: no-cache\r\n" in asked[1].sent
        assert {one.request for one in asked} == {on.request()}
        assert (said(events, "C05").severity is Severity.ASK) is stubborn
        bills = [one.bill.invoice for one in events if isinstance(one, e.Decoded)]
        assert (bills[0] == bills[1]) is stubborn


class Cache:
    """A shared cache that stores what it should not."""

    def __init__(self, shop: str, *, stubborn: bool) -> None:
        self._shop = Url.parse(shop)
        self._stubborn = stubborn
        self._kept: bytes | None = None
        self.heads: list[bytes] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        self._listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._listening.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listening.close()
        await self._listening.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        if self._kept is None or (b"no-cache" in head and not self._stubborn):
            self._kept = answer = await self._fetch(head)
        else:
            answer = self._kept.replace(b"\r\n", b"\r\nAge: 300\r\n", 1)
        writer.write(answer)
        await writer.drain()
        writer.close()

    async def _fetch(self, head: bytes) -> bytes:
        there, to = await asyncio.open_connection(self._shop.host, self._shop.port)
        to.write(head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        answer = await there.read()
        to.close()
        return answer
