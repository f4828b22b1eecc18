"""The real app on the real practice server, driven by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textual.events import Paste
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from l402tui.flow import events as e
from l402tui.flow.model import Intent, IntentState, Quote
from l402tui.practice.node import Payment
from l402tui.practice.run import PracticeServer
from l402tui.practice.samples import MADE_AT
from l402tui.practice.switches import Switches
from l402tui.protocol.network import Network
from l402tui.protocol.text import say
from l402tui.protocol.url import Url
from l402tui.settings import LimitSettings, Settings
from l402tui.tui.app import ExplorerApp
from l402tui.tui.modals.approve import Approve
from l402tui.tui.screens.flow import FlowScreen
from l402tui.tui.watch import Watch
from l402tui.tui.widgets.address import AddressBar
from l402tui.wiring import Receive, Session, open_session, practice_session, request_of

__all__ = ["Explorer", "Shop", "exploring", "shop", "visiting"]


@dataclass
class Explorer:
    """The app, its pilot, and what the other side knows."""

    app: ExplorerApp
    pilot: Pilot[None]
    sessions: list[Session]
    now: list[float] = field(default_factory=lambda: [1000.0])

    @property
    def session(self) -> Session:
        return self.sessions[-1]

    @property
    def payments(self) -> tuple[Payment, ...]:
        """What the practice node was asked to pay."""
        assert self.session.practice is not None
        return self.session.practice.node.payments()

    @property
    def flow(self) -> FlowScreen:
        for screen in self.app.screen_stack:
            if isinstance(screen, FlowScreen):
                return screen
        raise AssertionError("no flow screen")

    @property
    def ready(self) -> bool:
        """The practice server's address is there."""
        return bool(self.flow.query_one(AddressBar).field.value)

    @property
    def watch(self) -> Watch:
        assert self.flow.watched is not None
        return self.flow.watched

    @property
    def status(self) -> str:
        return str(self.flow.query_one("#status", Static).render())

    def events(self, kind: type[e.Event]) -> list[e.Event]:
        return [one for one in self.watch.events if isinstance(one, kind)]

    async def until(self, true: Callable[[], bool]) -> None:
        """Let the app work until something is so."""
        for _ in range(600):
            if true():
                return
            await self.pilot.pause(0.01)
        raise AssertionError(f"it never came to that; status: {self.screen_text()}")

    async def until_text(self, text: str) -> None:
        await self.until(lambda: text in self.screen_text())

    def words(self) -> str:
        """All sentences of the screen, wherever their lines break."""
        found = [str(one.render()) for one in self.app.screen.query(Static).results(Static)]
        found += [note.message for note in self.app._notifications]
        return " ".join(" ".join(found).split())

    async def until_words(self, text: str) -> None:
        await self.until(lambda: text in self.words())

    async def until_screen(self, kind: type[Screen[Any]]) -> None:
        await self.until(lambda: isinstance(self.app.screen, kind) and self.app.screen.is_mounted)
        await self.pilot.pause()

    async def paste(self, text: str) -> None:
        """As a terminal with bracketed paste does it."""
        self.app.post_message(Paste(text))
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def to_question(self) -> Approve:
        """Run automatically up to the payment question, and let the deaf moment pass."""
        if self.flow.step:
            await self.press("a")
        await self.press("s")
        await self.until_screen(Approve)
        self.now[0] += 1.0
        modal = self.app.screen
        assert isinstance(modal, Approve)
        return modal

    async def to_end(self) -> None:
        await self.until(lambda: self.watch.ending is not None and not self.flow.running)
        await self.pilot.pause()

    def screen_text(self) -> str:
        """Everything that is on the screen, as a terminal would show it."""
        width, height = self.app.size
        strips = self.app.screen._compositor.render_strips(self.app.size)
        lines = ["".join(segment.text for segment in strip) for strip in strips]
        assert len(lines) <= height
        assert all(len(line) <= width * 2 for line in lines)
        return "\n".join(lines)


@asynccontextmanager
async def exploring(
    home: Path,
    size: tuple[int, int] = (100, 34),
    *,
    demo: bool = True,
    step: bool = True,
    external: bool = False,
    inspect: bool = False,
    switches: str = "",
) -> AsyncIterator[Explorer]:
    sessions: list[Session] = []

    def opener(
        *, demo: bool, url: Url | None, receive: Receive, wallet: str | None = None
    ) -> AbstractAsyncContextManager[Session]:
        return remembered(receive if external else None)

    @asynccontextmanager
    async def remembered(receive: Receive | None) -> AsyncIterator[Session]:
        settings = Settings(home=home)
        async with practice_session(settings, switches=switches, receive=receive) as session:
            sessions.append(session)
            yield session

    app = ExplorerApp(opener, demo=demo, step=step, inspect=inspect, now=lambda: MADE_AT)
    async with app.run_test(size=size, notifications=True) as pilot:
        explorer = Explorer(app, pilot, sessions)
        app.rhythm.now = lambda: explorer.now[0]
        app.rhythm.gap = 0.0  # the pilot types faster than any person
        if demo:
            await explorer.until(lambda: bool(explorer.sessions) and explorer.ready)
        yield explorer


@dataclass
class Shop:
    """A practice server, and the person's own vault, in which its payments are."""

    home: Path
    server: PracticeServer
    limits: LimitSettings = field(default_factory=LimitSettings)

    def open(
        self, wallet: str = "practice", receive: Receive | None = None, url: Url | None = None
    ) -> AbstractAsyncContextManager[Session]:
        settings = Settings(home=self.home, network=Network.REGTEST.word, limits=self.limits)
        place = url or Url.parse(self.server.url)
        return open_session(settings, wallet, receive=receive, url=place)

    async def buy(
        self,
        until: type[e.Event] = e.Finished,
        *,
        method: str = "GET",
        path: str = "/weather",
        wallet: str = "practice",
        state: IntentState | None = None,
    ) -> Intent:
        """Pay for something as an earlier run did, which was stopped after this event. With
        ``state`` it is written down as that."""

        async def nothing(intent: Intent) -> None:
            return None

        request = request_of(f"{self.server.url}{path}", method)
        async with self.open(wallet, nothing) as session:
            async with aclosing(session.runner(Yes()).run(request)) as events:
                async for event in events:
                    if isinstance(event, until):
                        break
            intent = session.vault.payments(every=True)[-1]
            if state is not None:
                vault, now = session.vault, session.clock.now()
                intent = vault.record(intent.payment_hash, state, at=now)
            return intent

    async def stands(self, intent: Intent) -> IntentState:
        async with self.open("none") as session:
            found = session.vault.intent(intent.payment_hash)
            assert found is not None
            return found.state

    async def preimage(self, intent: Intent) -> str:
        """As the wallet of a person who has paid the invoice shows it."""
        node = self.server.node
        node.send(intent.invoice, intent.fee_cap, "the person")
        async for paid in node.follow(intent.payment_hash, "the person"):
            if paid.preimage is not None:
                return paid.preimage.reveal().hex()
        raise AssertionError("it was not paid")


class Yes:
    """An earlier run whose person said yes."""

    async def approve(self, quote: Quote, findings: object) -> e.Approved | e.Declined:
        return e.Approved(quote.digest, say("you"))


@asynccontextmanager
async def shop(
    home: Path, switches: str = "", limits: LimitSettings | None = None
) -> AsyncIterator[Shop]:
    async with PracticeServer.start(switches=Switches.parse(switches)) as server:
        yield Shop(home, server, limits or LimitSettings())


@asynccontextmanager
async def visiting(
    shop: Shop,
    size: tuple[int, int] = (100, 34),
    *,
    url: str | None = None,
    wallet: str = "practice",
) -> AsyncIterator[Explorer]:
    """The explorer on the person's own vault; with no ``url`` it begins with the welcome."""
    usual = wallet

    def opener(
        *, demo: bool, url: Url | None, receive: Receive, wallet: str | None = None
    ) -> AbstractAsyncContextManager[Session]:
        assert not demo
        return shop.open(wallet or usual, receive, url)

    app = ExplorerApp(opener, url, step=False)
    async with app.run_test(size=size, notifications=True) as pilot:
        explorer = Explorer(app, pilot, [])
        app.rhythm.now = lambda: explorer.now[0]
        app.rhythm.gap = 0.0
        yield explorer
