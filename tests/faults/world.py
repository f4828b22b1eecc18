"""What does a flow run in, and what stays when it is cut off?

A :class:`World` is one person's: a vault on disk, an account of their own at a practice node, a
phone. The node belongs to the server and is the truth. Everything else is put together anew for
each :meth:`World.session`, as after a start of the program.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import time

from l402tui.flow import events as e
from l402tui.flow.model import Intent, Limits, Request
from l402tui.flow.ports import Transport, Wallet
from l402tui.flow.seen import Seen
from l402tui.protocol.amount import Msat, sat
from l402tui.protocol.network import Network
from l402tui.protocol.secret import Secret
from l402tui.settings import LimitSettings, Settings
from l402tui.vault import SqliteVault
from l402tui.vault.turns import LocalTurns
from l402tui.wallets.external import ExternalWallet, NotPaid
from l402tui.wallets.practice import PracticeWallet
from l402tui.web.part import Part
from l402tui.web.transport import HttpTransport
from l402tui.wiring import Session

from .parts import (
    Careful,
    Muddled,
    OneName,
    WatchedClock,
    WatchedTransport,
    WatchedTurns,
    WatchedVault,
    WatchedWallet,
    gate_of,
    rewire,
)
from .points import FLOW, Points
from .wires import Dial

__all__ = ["LIMITS", "NO_FEE", "MovingClock", "Told", "World"]

LIMITS = Limits(payment=sat(1_000), fee=sat(10))
NO_FEE = Limits(payment=sat(1_000), fee=Msat(0))


class MovingClock:
    """The real time, without its pauses: they go by at once. Server and flows share it."""

    def __init__(self, later: float = 0.0) -> None:
        self.later = later

    def now(self) -> float:
        return time() + self.later

    async def sleep(self, seconds: float) -> None:
        self.pass_by(seconds)
        await asyncio.sleep(0)

    def pass_by(self, seconds: float) -> None:
        self.later += seconds


@dataclass
class Told:
    """What one flow told its person, and how it was cut off if it was."""

    seen: Seen = field(default_factory=Seen)
    escaped: BaseException | None = None
    """What came out of the runner instead of an event."""


class World:
    """``payer`` is the account at the node of ``url``; ``home`` the folder of the vault."""

    def __init__(
        self, url: str, payer: str, home: Path, clock: MovingClock, request: Request
    ) -> None:
        self.url = url
        self.payer = payer
        self.home = home
        self.clock = clock
        self.request = request
        self.external = False
        self.person_pays = True
        self.one_name = False
        """The server reads only one of the scheme's two names."""
        self.muddled = False
        """The wallet shows no preimage for what it has paid."""
        self.limits = LIMITS
        self.points = Points(clock.pass_by)
        self.told: list[Told] = []

    @property
    def vault(self) -> Path:
        return self.home / "home"

    @property
    def file(self) -> Path:
        return self.home / "answer"

    @asynccontextmanager
    async def session(self, part: Part | None = None) -> AsyncIterator[Session]:
        """All parts anew, watched."""
        points = self.points
        opened = SqliteVault.open(self.vault)
        transport = HttpTransport(dial=Dial(points), part=part)
        way_out: Transport = OneName(transport) if self.one_name else transport
        practice = rewire(PracticeWallet(self.url, payer=self.payer), points)
        wallet: Wallet = practice
        if self.muddled:
            wallet = Muddled(practice)
        if self.external:
            wallet = ExternalWallet(Network.REGTEST, self.receive, now=self.clock.now)
        try:
            yield Session(
                settings=Settings(wallet="practice", limits=LimitSettings(), home=self.vault),
                vault=WatchedVault(opened, points),
                transport=WatchedTransport(way_out, points),
                wallet=WatchedWallet(wallet, points),
                limits=self.limits,
                clock=WatchedClock(self.clock, points),
                turns=WatchedTurns(LocalTurns(), points),
            )
        finally:
            opened.close()
            # To the end, even where the flow is cancelled once more meanwhile.
            await asyncio.shield(asyncio.ensure_future(_close(transport, practice)))

    async def flow(
        self,
        session: Session,
        *,
        until: tuple[type[e.Event], ...] = (),
        follow: bytes | None = None,
        resend: bool = False,
    ) -> Told:
        """Run one flow; a point after each event, where the face may break."""
        FLOW.set(asyncio.current_task())
        told = Told()
        self.told.append(told)
        points = self.points
        runner = session.runner(Careful(points), gate_of(points))
        flow = runner.run(self.request, follow=follow, resend=resend)
        async with aclosing(flow) as events:
            while True:
                try:
                    event = await anext(events, None)
                except BaseException as error:
                    told.escaped = error
                    raise
                if event is None:
                    return told
                told.seen.note(event)
                await points.at(f"told:{type(event).__name__}")
                if isinstance(event, until):
                    return told

    async def buy(self, *until: type[e.Event]) -> Told:
        """The request, as ``get`` makes it."""
        async with self.session() as session:
            return await self.flow(session, until=until)

    async def fetch(self, *, resume: bool = False) -> Told:
        """The request with its answer going to a file, as ``get -o`` makes it."""
        part = Part.open(self.file, resume=resume)
        try:
            async with self.session(part) as session:
                told = await self.flow(session)
                response = told.seen.response
                if response is not None and response.complete and response.saved is not None:
                    part.finish(0o600)
            return told
        finally:
            part.close()

    async def resume(self, intent: Intent) -> Told:
        """``payments resume``; the person says yes where a request might be done twice."""
        async with self.session() as session:
            return await self.flow(session, follow=intent.payment_hash, resend=True)

    async def receive(self, intent: Intent) -> Secret | NotPaid | None:
        """The person with the phone: pays, or looks what became of it, and brings the preimage."""
        await self.points.at("person.pays:before")
        if not self.person_pays:
            return None
        preimage = await self.phone(intent)
        await self.points.at("person.brings:after")
        return preimage or NotPaid.SURE

    async def phone(self, intent: Intent) -> Secret | None:
        """Another wallet, in nobody's sight. It never pays an invoice twice."""
        wallet = PracticeWallet(self.url, payer=self.payer)
        try:
            async with aclosing(wallet.pay(intent)) as events:
                async for event in events:
                    if isinstance(event, e.PaymentSettled):
                        return event.preimage
        finally:
            await wallet.close()
        return None

    def open_payments(self) -> tuple[Intent, ...]:
        """What the vault says is not finished."""
        with self.points.resting(), SqliteVault.open(self.vault) as vault:
            return tuple(vault.payments())


async def _close(transport: HttpTransport, wallet: PracticeWallet) -> None:
    await transport.close()
    await wallet.close()
