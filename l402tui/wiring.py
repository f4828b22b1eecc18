"""Which parts are chosen, and who puts them together?

The one place that knows every room: it turns settings into a :class:`Session` that is ready to run
flows. Heavy parts (httpx, grpc, the practice server) are imported only when they are chosen.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from l402tui.flow.events import Event
from l402tui.flow.model import Limits, Request
from l402tui.flow.ports import Approver, Clock, Transport, Turns, Vault, Wallet
from l402tui.flow.record import record
from l402tui.flow.runner import Gate, Runner
from l402tui.protocol.amount import Msat, parse_amount
from l402tui.protocol.errors import AmountError
from l402tui.protocol.network import Network
from l402tui.protocol.url import Url, UrlError
from l402tui.settings import LimitSettings, Settings, SettingsError
from l402tui.wallets.external import ExternalWallet, NotPaid, Receive

if TYPE_CHECKING:
    from l402tui.practice.run import PracticeServer
    from l402tui.web.part import Part

__all__ = [
    "NotPaid",
    "Receive",
    "Session",
    "SystemClock",
    "limits_of",
    "network_of",
    "open_session",
    "practice_session",
    "private_hosts_of",
    "request_of",
]


_LOG: Final = logging.getLogger("l402tui.flow")
# Nobody keeps a log unless a face is asked to; Python's own last resort would print the words raw.
logging.getLogger("l402tui").addHandler(logging.NullHandler())


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


@dataclass(slots=True)
class Session:
    """Everything that flows need, put together."""

    settings: Settings
    vault: Vault
    transport: Transport
    wallet: Wallet | None
    """None: the no-pay mode. There is nothing that could pay."""
    limits: Limits
    clock: Clock
    practice: PracticeServer | None = None
    """The embedded server, in a practice session."""
    turns: Turns | None = None
    """Shared by all runners of the session: what many want at once is bought once."""

    def runner(self, approver: Approver, gate: Gate | None = None) -> Runner:
        """A runner for flows; ``gate`` makes it step by step."""
        chosen = {} if gate is None else {"gate": gate}
        return _LoggedRunner(
            transport=self.transport,
            vault=self.vault,
            clock=self.clock,
            approver=approver,
            wallet=self.wallet,
            limits=self.limits,
            turns=self.turns,
            **chosen,
        )


class _LoggedRunner(Runner):
    """Writes each event to the log ``l402tui.flow``, if somebody keeps one."""

    async def run(
        self, request: Request, *, follow: bytes | None = None, resend: bool = False
    ) -> AsyncGenerator[Event, None]:
        """As :meth:`.Runner.run`."""
        try:
            async with aclosing(super().run(request, follow=follow, resend=resend)) as events:
                async for event in events:
                    if _LOG.isEnabledFor(logging.INFO):
                        _LOG.info("%s", record(event), extra={"at": event.at})
                    yield event
        except Exception:
            _LOG.info("A mistake of this program has ended the flow.", exc_info=True)
            raise


def limits_of(settings: Settings) -> Limits:
    """Read the limits. Raises SettingsError, naming the file and the key."""
    chosen = settings.limits

    def amount(key: str) -> Msat:
        try:
            return parse_amount(getattr(chosen, key))
        except AmountError as error:
            raise SettingsError(f"{settings.file}: limits.{key}: {error.why}.") from None

    def perhaps(key: str) -> Msat | None:
        return amount(key) if getattr(chosen, key) else None

    return Limits(
        payment=amount("payment"),
        fee=amount("fee"),
        origin_hour=perhaps("origin_hour"),
        origin_day=perhaps("origin_day"),
        hour=perhaps("hour"),
        day=perhaps("day"),
        total=perhaps("total"),
        unsettled=perhaps("unsettled"),
    )


def network_of(settings: Settings) -> Network:
    """The network of an external wallet. Raises SettingsError, naming the file and the key."""
    for network in Network:
        if network.word == settings.network:
            return network
    words = ", ".join(network.word for network in Network)
    raise SettingsError(f"{settings.file}: network must be one of {words}.")


def private_hosts_of(settings: Settings) -> frozenset[str]:
    """The hosts that may lead inside, as addresses spell them. Raises SettingsError, naming the
    file and the key."""
    return frozenset(_host(name, settings) for name in settings.private_hosts)


def _host(name: str, settings: Settings) -> str:
    try:
        url = Url.parse(f"https://{name}/")
    except UrlError as error:
        raise SettingsError(
            f"{settings.file}: private_hosts: {name!a} is no host: {error}."
        ) from None
    if url != replace(url, port=443, path="/", query=""):
        raise SettingsError(
            f"{settings.file}: private_hosts: {name!a} is more than a host. Leave out port and "
            "path."
        )
    return url.host


@asynccontextmanager
async def open_session(
    settings: Settings,
    wallet: str | None = None,
    *,
    receive: Receive | None = None,
    url: Url | None = None,
    part: Part | None = None,
) -> AsyncIterator[Session]:
    """A session on the person's own vault.

    ``wallet``: ``practice`` (the practice server at ``url``'s origin), ``external`` (needs
    ``receive``), ``lnd``, or ``none`` for the no-pay mode; the settings' choice when None.
    ``part`` takes the bodies of good answers, which may then be larger than the memory limit.
    Raises SettingsError and VaultError.
    """
    from l402tui.vault import SqliteVault
    from l402tui.vault.turns import LocalTurns
    from l402tui.web.transport import HttpTransport

    limits, inside = limits_of(settings), private_hosts_of(settings)
    async with AsyncExitStack() as stack:
        chosen = await _wallet(settings, wallet or settings.wallet, receive, url, stack)
        vault = stack.enter_context(SqliteVault.open(settings.home, keyring=settings.keyring))
        deadline, limit = settings.timeout_seconds, settings.body_limit
        transport = HttpTransport(
            deadline=deadline, body_limit=limit, part=part, private_hosts=inside
        )
        stack.push_async_callback(transport.close)
        yield Session(settings, vault, transport, chosen, limits, SystemClock(), turns=LocalTurns())


@asynccontextmanager
async def practice_session(
    settings: Settings, *, switches: str = "", receive: Receive | None = None
) -> AsyncIterator[Session]:
    """A session on the embedded practice server, with a vault that is thrown away at the end.

    With ``receive`` the invoices go to the person (as with an external wallet) instead of the
    practice wallet. ``switches`` (``wrong-hash,slow``) are the mistakes the server makes.
    Raises ValueError for an unknown switch.
    """
    from l402tui.practice.run import PracticeServer
    from l402tui.practice.switches import Switches

    chosen = Switches.parse(switches)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="l402tui-")))
        server = await stack.enter_async_context(PracticeServer.start(switches=chosen))
        settings = replace(
            settings,
            home=folder,
            network=Network.REGTEST.word,
            keyring="never",  # what is thrown away at the end leaves no key behind
            limits=LimitSettings(),
        )
        name = "external" if receive is not None else "practice"
        opened = open_session(settings, name, receive=receive, url=Url.parse(server.url))
        session = await stack.enter_async_context(opened)
        session.practice = server
        yield session


async def _wallet(
    settings: Settings,
    name: str,
    receive: Receive | None,
    url: Url | None,
    stack: AsyncExitStack,
) -> Wallet | None:
    match name:
        case "none":
            return None
        case "practice":
            from l402tui.wallets.practice import PracticeWallet

            if url is None or not url.loopback or url.scheme != "http":
                raise SettingsError(
                    "The practice wallet pays only a practice server on this machine. "
                    "Start one with `l402tui practice`, or choose another wallet."
                )
            practice = PracticeWallet(url.origin)
            stack.push_async_callback(practice.close)
            return practice
        case "external":
            if receive is None:
                raise SettingsError("An external wallet needs somebody to show the invoice to.")
            return ExternalWallet(network_of(settings), receive)
        case "lnd":
            from l402tui.wallets.lnd import LndWallet

            lnd = LndWallet.connect(settings.lnd)
            stack.push_async_callback(lnd.close)
            return lnd
        case _:
            raise SettingsError(f"There is no wallet {name!r}: practice, external, lnd or none.")


def request_of(
    url: str, method: str = "GET", headers: tuple[tuple[str, str], ...] = (), body: bytes = b""
) -> Request:
    """A request for an address as a person typed it. Raises UrlError."""
    return Request(Url.parse(url), method.upper(), headers, body)
