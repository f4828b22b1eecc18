"""What does a flow get that is watched at every step?

One wrapper a port of :mod:`l402tui.flow.ports`, around the real thing: the vault on disk, the
transport and the practice wallet over sockets. They change nothing; they only come past points.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from l402tui.flow import events as e
from l402tui.flow.commands import Command
from l402tui.flow.findings import Finding, Severity
from l402tui.flow.model import Ending, Intent, IntentState, Quote, Request, WalletFacts
from l402tui.flow.ports import Clock, Place, PreparedRequest, Transport, Turns, Wallet
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import say
from l402tui.vault import SqliteVault
from l402tui.wallets.practice import PracticeWallet

from .disk import CALL
from .points import Kind, Points
from .wires import ERRAND, Dial

__all__ = [
    "Careful",
    "Muddled",
    "OneName",
    "WatchedClock",
    "WatchedTransport",
    "WatchedTurns",
    "WatchedVault",
    "WatchedWallet",
    "gate_of",
    "rewire",
]


class WatchedVault:
    """The vault: a point before and after each call, whichever calls there are."""

    def __init__(self, inner: SqliteVault, points: Points) -> None:
        self._inner = inner
        self._points = points

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._inner, name)
        if not callable(real):
            return real

        def called(*args: Any, **named: Any) -> Any:
            state = next((one for one in args if isinstance(one, IntentState)), None)
            call = f"vault.{name}" + (f"[{state.value}]" if state else "")
            self._points.here(f"{call}:before", Kind.VAULT)
            mark = CALL.set(call)
            try:
                result = real(*args, **named)
            finally:
                CALL.reset(mark)
            self._points.here(f"{call}:after", Kind.VAULT)
            return result

        return called


class WatchedTransport:
    """The transport: before and after each request, with and without a credential."""

    def __init__(self, inner: Transport, points: Points) -> None:
        self._inner = inner
        self._points = points

    def for_one_flow(self) -> WatchedTransport:
        return WatchedTransport(self._inner.for_one_flow(), self._points)

    def prepare(self, request: Request, authorization: Secret | None) -> PreparedRequest:
        return self._inner.prepare(request, authorization)

    async def send(
        self, request: Request, authorization: Secret | None
    ) -> e.Challenged | e.Answered | e.Unreachable:
        what = "request" if authorization is None else "paid request"
        ERRAND.set(what)
        await self._points.at(f"transport.send[{what}]:before")
        event = await self._inner.send(request, authorization)
        await self._points.at(f"transport.send[{what}]:after")
        return event


class OneName:
    """A way out to a server that takes credentials only under the name LSAT."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def for_one_flow(self) -> OneName:
        return OneName(self._inner.for_one_flow())

    def prepare(self, request: Request, authorization: Secret | None) -> PreparedRequest:
        return self._inner.prepare(request, authorization)

    async def send(
        self, request: Request, authorization: Secret | None
    ) -> e.Challenged | e.Answered | e.Unreachable:
        if authorization is not None and authorization.reveal().startswith(b"L402 "):
            authorization = None
        return await self._inner.send(request, authorization)


class WatchedWallet:
    """A wallet: before each event of a stream, and after the last."""

    def __init__(self, inner: Wallet, points: Points) -> None:
        self._inner = inner
        self._points = points

    async def facts(self) -> WalletFacts:
        ERRAND.set("wallet.facts")
        await self._points.at("wallet.facts:before")
        facts = await self._inner.facts()
        await self._points.at("wallet.facts:after")
        return facts

    async def pay(self, intent: Intent) -> AsyncGenerator[e.WalletEvent, None]:
        async with aclosing(self._stream("wallet.pay", self._inner.pay, intent)) as events:
            async for event in events:
                yield event

    async def track(self, intent: Intent) -> AsyncGenerator[e.WalletEvent, None]:
        async with aclosing(self._stream("wallet.track", self._inner.track, intent)) as events:
            async for event in events:
                yield event

    async def _stream(
        self,
        name: str,
        ask: Callable[[Intent], AsyncGenerator[e.WalletEvent, None]],
        intent: Intent,
    ) -> AsyncGenerator[e.WalletEvent, None]:
        ERRAND.set(name)
        await self._points.at(f"{name}:before")
        number = 0
        async with aclosing(ask(intent)) as events:
            async for event in events:
                number += 1
                await self._points.at(f"{name}:{number}")
                yield event
        await self._points.at(f"{name}:end")


class Muddled:
    """A wallet that pays, and then shows a preimage of something else."""

    def __init__(self, inner: Wallet) -> None:
        self._inner = inner

    async def facts(self) -> WalletFacts:
        return await self._inner.facts()

    async def pay(self, intent: Intent) -> AsyncGenerator[e.WalletEvent, None]:
        async with aclosing(self._inner.pay(intent)) as events:
            async for event in events:
                settled = isinstance(event, e.PaymentSettled)
                yield e.PaymentSettled(Secret(bytes(32))) if settled else event

    def track(self, intent: Intent) -> AsyncGenerator[e.WalletEvent, None]:
        return self._inner.track(intent)


class WatchedTurns:
    """The turns of one session."""

    def __init__(self, inner: Turns, points: Points) -> None:
        self._inner = inner
        self._points = points

    def free(self, key: str) -> bool:
        self._points.here("turns.free", Kind.TURN)
        return self._inner.free(key)

    async def take(self, key: str) -> Place:
        await self._points.at("turns.take:before")
        place = await self._inner.take(key)
        try:
            await self._points.at("turns.take:after")
        except BaseException:
            # Between the turns and the runner nothing awaits but this point itself.
            if place.ending is None:
                self._inner.leave(key, None)
            raise
        return place

    def leave(self, key: str, ending: Ending | None) -> None:
        try:
            self._points.here("turns.leave", Kind.TURN)
        finally:
            self._inner.leave(key, ending)


class WatchedClock:
    """The time; its pauses are points."""

    def __init__(self, inner: Clock, points: Points) -> None:
        self._inner = inner
        self._points = points

    def now(self) -> float:
        return self._inner.now()

    async def sleep(self, seconds: float) -> None:
        await self._points.at("clock.sleep:before")
        await self._inner.sleep(seconds)
        await self._points.at("clock.sleep:after")


class Careful:
    """Approves what no check wants a person to look at, as ``--yes`` does."""

    def __init__(self, points: Points) -> None:
        self._points = points

    async def approve(self, quote: Quote, findings: Sequence[Finding]) -> e.Approved | e.Declined:
        await self._points.at("approver.approve:before")
        doubts = [one for one in findings if one.severity in (Severity.ASK, Severity.BLOCK)]
        await self._points.at("approver.approve:after")
        if doubts:
            return e.Declined(doubts[0].sentence)
        return e.Approved(quote.digest, say("a test"))


def gate_of(points: Points) -> Callable[[Command], Any]:
    """Step mode: a point before each command that a person watches."""

    async def gate(command: Command) -> None:
        await points.at(f"gate:{type(command).__name__}")

    return gate


def rewire(wallet: PracticeWallet, points: Points) -> PracticeWallet:
    """Let the wallet's connections come past points. httpx has no parameter for that."""
    wallet._http._transport._pool._network_backend = Dial(points)  # type: ignore[attr-defined]  # see there
    return wallet
