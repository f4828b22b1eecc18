"""What is done while something goes wrong?

Each :class:`Scenario` is one thing that people do with a bill. ``before`` is what has happened
already, undisturbed; ``act`` is what is cut off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final
from unittest import mock

from l402tui.flow import events as e
from l402tui.flow.aftermath import Aftermath, Question
from l402tui.flow.model import Request
from l402tui.protocol.url import Url
from l402tui.vault import requests

from .points import FLOW
from .world import LIMITS, NO_FEE, World

__all__ = ["SCENARIOS", "Goal", "Scenario"]

Work = Callable[[World], Awaitable[object]]


class Goal(Enum):
    """What must be true once everything is reconciled."""

    DELIVERED = auto()
    """The person has what they asked for."""
    REJECTED = auto()
    """The server does not deliver; the payment is kept as evidence, and nothing is paid again."""


@dataclass(frozen=True)
class Scenario:
    """One of them."""

    name: str
    act: Work
    before: Work | None = None
    path: str = "/weather"
    method: str = "GET"
    body: bytes = b""
    goal: Goal = Goal.DELIVERED
    external: bool = False
    file: bool = False
    held: bool = False
    """The node keeps a payment in flight until it is asked about it."""

    def request(self, url: str) -> Request:
        return Request(Url.parse(url + self.path), self.method, (), self.body)

    @property
    def content(self) -> bytes:
        """What is in the answer."""
        return b"You sent" if self.body else b'"city": "Oslo"'


async def buy(world: World) -> None:
    await world.buy()


def until(*kinds: type[e.Event], later: float = 0.0) -> Work:
    """A run that stops in the middle; then time goes by (seconds)."""

    async def work(world: World) -> None:
        await world.buy(*kinds)
        world.clock.pass_by(later)

    return work


async def post_at_length(world: World) -> None:
    """A body that is too long for the history is kept once it is paid for."""
    with mock.patch.object(requests, "BODY_LIMIT", 3):
        await world.buy()


async def under_the_other_name(world: World) -> None:
    """A server that reads only one of the scheme's two names."""
    world.one_name = True
    try:
        await world.buy()
    finally:
        world.one_name = False


async def replay(world: World) -> None:
    """``history``, then ``replay 1``."""
    async with world.session() as session:
        rows = session.vault.exchanges()
        exchange = session.vault.exchange(rows[-1].number)
        assert exchange is not None
        assert exchange.request == world.request
        await world.flow(session)


async def two_at_once(world: World) -> None:
    async with world.session() as session:
        both = [asyncio.ensure_future(world.flow(session)) for _ in range(2)]
        try:
            await asyncio.wait(both)
        finally:
            for one in both:
                one.cancel()
            await asyncio.gather(*both, return_exceptions=True)
        for one in both:
            if not one.cancelled() and one.exception() is not None:
                raise one.exception() or RuntimeError


async def download(world: World) -> None:
    await world.fetch()


async def without_a_fee(world: World) -> None:
    """The node finds no way for that, and says so for good."""
    world.limits = NO_FEE
    try:
        await world.buy()
    finally:
        world.limits = LIMITS


async def without_a_proof(world: World) -> None:
    """The wallet says that it paid, and its preimage is none."""
    world.muddled = True
    try:
        await world.buy()
    finally:
        world.muddled = False


async def resume(world: World) -> None:
    (intent,) = world.open_payments()
    await world.resume(intent)


async def shown_and_left(world: World) -> None:
    """An invoice for a phone; its person leaves before it is paid."""
    world.person_pays = False
    try:
        await world.buy()
    finally:
        world.person_pays = True


async def shown_and_paid(world: World) -> None:
    """The same; then the phone pays, and nobody has brought the preimage."""
    await shown_and_left(world)
    (intent,) = world.open_payments()
    assert await world.phone(intent) is not None


async def settle(world: World) -> None:
    """``payments settle``: what the phone shows, typed in."""
    FLOW.set(asyncio.current_task())
    async with world.session() as session:
        (open_one,) = session.vault.payments()
        (intent,) = session.vault.alike(open_one.payment_hash.hex()[:8])
        assert session.vault.log(intent.payment_hash)
        preimage = await world.phone(intent)
        assert preimage is not None
        Aftermath(session.vault, session.clock, session.wallet).settle(intent, preimage)


async def give_up(world: World) -> None:
    """``payments give-up``, and yes."""
    FLOW.set(asyncio.current_task())
    async with world.session() as session:
        (intent,) = session.vault.payments()
        aftermath = Aftermath(session.vault, session.clock, session.wallet)
        if isinstance(await aftermath.ask_before_giving_up(intent), Question):
            aftermath.give_up(intent)


_REFUSING: Final = "/with/reject-after-payment/weather"
_REFUSING_401: Final = "/with/mode-401,reject-after-payment/weather"
_UNDER_WAY: Final = until(e.ResultStored, e.Failed)
_SENT: Final = until(e.PaymentSent)

SCENARIOS: Final = {
    one.name: one
    for one in (
        Scenario("buy", buy),
        Scenario("use a credential again", replay, before=buy),
        Scenario("503 after paying", buy, path="/with/error-after-payment/weather"),
        Scenario("leave a held payment", _UNDER_WAY, held=True),
        Scenario("follow a held payment", buy, before=_UNDER_WAY, held=True),
        Scenario("follow for an hour", buy, before=until(e.ResultStored, later=3_900), held=True),
        Scenario("paid without a proof", without_a_proof),
        Scenario("leave an invoice", shown_and_left, external=True),
        Scenario("stopped after reserving", buy, before=until(e.Reserved)),
        Scenario("stopped before paying", buy, before=_SENT),
        Scenario("stopped before paying, late", buy, before=until(e.PaymentSent, later=200)),
        Scenario("stopped before paying, expired", buy, before=until(e.PaymentSent, later=3_900)),
        Scenario("stopped before storing", buy, before=until(e.PaymentSettled)),
        Scenario("resume by hash", resume, before=_SENT),
        Scenario("give up what is sent", give_up, before=until(e.PaymentSent, later=3_900)),
        Scenario("external wallet", buy, external=True),
        Scenario("settle", settle, before=shown_and_paid, external=True),
        Scenario("give up", give_up, before=shown_and_left, external=True),
        Scenario("two at once", two_at_once),
        Scenario("POST", buy, path="/forecast", method="POST", body=b"hello"),
        Scenario("POST at length", post_at_length, path="/forecast", method="POST", body=b"hello"),
        Scenario("under the other name", under_the_other_name),
        Scenario("into a file", download, file=True),
        Scenario("no way", without_a_fee),
        Scenario("refused", buy, path=_REFUSING, goal=Goal.REJECTED),
        Scenario("refused with 401", buy, path=_REFUSING_401, goal=Goal.REJECTED),
    )
}
