"""How does a test use the program as a person with a real node does, or sit at its elbow?

The rule: one home folder and one vault, whether the program runs as a process of its own
(:class:`Customer`) or as a session in the test (:meth:`Customer.session`), where the test can hold
the clock and stand between the program and its wallet.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from l402tui.cli.exits import Exit
from l402tui.flow import events as e
from l402tui.flow.findings import Finding
from l402tui.flow.model import Ending, Intent, Quote, Request, WalletFacts
from l402tui.flow.ports import Wallet
from l402tui.protocol.text import say
from l402tui.protocol.url import Url
from l402tui.settings import LndSettings, Settings
from l402tui.vault import SqliteVault
from l402tui.wiring import Session, open_session
from tests.cli.command import Commands, Done, Running

PAY = ("--wallet", "lnd", "--yes")


class Customer(Commands):
    """The command line of somebody with a node, and their vault."""

    def __init__(self, home: Path, lnd: LndSettings) -> None:
        super().__init__(home)
        self.lnd = lnd

    def begin_to_buy(self, url: str, *more: str) -> Running:
        """Start ``get`` with permission to pay, telling its events."""
        return self.begin("get", url, *PAY, "--json", *more)

    def buy(self, url: str, *more: str) -> Done:
        """Run ``get`` with permission to pay."""
        return self.run("get", url, *PAY, *more)

    def rows(self, *more: str) -> list[dict[str, Any]]:
        """Return what ``payments --json`` lists."""
        done = self.run("payments", "--json", *more)
        assert done.code == Exit.OK, done.err
        return done.events

    def begin_to_resume(self, payment_hash: str) -> Running:
        """Start ``payments resume``, telling its events."""
        return self.begin("payments", "resume", payment_hash, "--json")

    @contextmanager
    def vault(self) -> Iterator[SqliteVault]:
        """Open the vault beside the program."""
        with SqliteVault.open(self.home) as vault:
            yield vault

    @asynccontextmanager
    async def session(
        self, clock: FastClock | None = None, guard: Callable[[Wallet], Wallet] | None = None
    ) -> AsyncIterator[Session]:
        """Open a session on the person's vault and node, inside the test.

        Args:
            clock: whose time it goes by; the machine's where not given.
            guard: what stands between the flow and the wallet.
        """
        settings = Settings(wallet="lnd", lnd=self.lnd, home=self.home)
        async with open_session(settings, "lnd") as session:
            if clock is not None:
                session.clock = clock
            if guard is not None and session.wallet is not None:
                session.wallet = guard(session.wallet)
            yield session

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        lnd = {
            "LNCLI_RPCSERVER": self.lnd.rpcserver,
            "LNCLI_TLSCERTPATH": self.lnd.tlscertpath,
            "LNCLI_MACAROONPATH": self.lnd.macaroonpath,
        }
        return super()._environment({**lnd, **more})


class FastClock:
    """The machine's time and as much more as has been slept; sleeping itself takes none.

    Attributes:
        later: seconds that it is ahead of the machine's; negative for behind.
        at_least: seconds that pass in any pause.
        slept: the pauses, in seconds, as they were asked for.
        in_a_pause: done in each pause, in a thread of its own, with what `now` says then.
    """

    def __init__(self, later: float = 0.0, at_least: float = 0.0) -> None:
        self.later = later
        self.at_least = at_least
        self.slept: list[float] = []
        self.in_a_pause: Callable[[float], None] = lambda _: None

    def now(self) -> float:
        """Return unix seconds."""
        return time.time() + self.later

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.slept.append(seconds)
        self.later += max(seconds, self.at_least)
        await asyncio.to_thread(self.in_a_pause, self.now())


class Guard:
    """Passes everything on to a wallet, counts the calls, and can do something before one pays."""

    def __init__(self, real: Wallet, before_paying: Callable[[], None] = lambda: None) -> None:
        self._real = real
        self._before_paying = before_paying
        self.calls: list[str] = []

    async def facts(self) -> WalletFacts:
        """Ask the wallet."""
        return await self._real.facts()

    async def pay(self, intent: Intent) -> AsyncGenerator[e.WalletEvent, None]:
        """Let it pay."""
        self.calls.append("pay")
        await asyncio.to_thread(self._before_paying)
        async with aclosing(self._real.pay(intent)) as events:
            async for event in events:
                yield event

    async def track(self, intent: Intent) -> AsyncGenerator[e.WalletEvent, None]:
        """Let it look."""
        self.calls.append("track")
        async with aclosing(self._real.track(intent)) as events:
            async for event in events:
                yield event


class Yes:
    """Approves everything, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[Quote] = []

    async def approve(self, quote: Quote, findings: Sequence[Finding]) -> e.Approved | e.Declined:
        """Say yes."""
        self.asked.append(quote)
        return e.Approved(quote.digest, say("a test"))


def request(url: str) -> Request:
    """Return the request that ``get`` makes of an address."""
    return Request(Url.parse(url))


async def run(
    flow: AsyncGenerator[e.Event, None], until: type[e.Event] = e.Finished
) -> list[e.Event]:
    """Run a flow until the first event of this kind, then stop watching."""
    seen: list[e.Event] = []
    async with aclosing(flow) as events:
        async for event in events:
            seen.append(event)
            if isinstance(event, until):
                break
    return seen


def ending(events: Sequence[e.Event]) -> Ending:
    """Return how a flow ended."""
    last = events[-1]
    assert isinstance(last, e.Finished)
    return last.ending
