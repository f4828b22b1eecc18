"""How does a connection come about, and to which machine exactly?

A backend for httpcore. A name is resolved once, every address it has is looked at
(:mod:`~l402tui.web.addresses`), and the connection goes to one of exactly these addresses: nobody
gets to answer the same question a second time with something else. What then comes in passes
:class:`~l402tui.web.head_watch.HeadWatch` first.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Any, Final

import httpcore

from l402tui.web.addresses import inside, literal
from l402tui.web.head_watch import HeadWatch

__all__ = ["AddressRefused", "Network", "Resolve", "resolve"]

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""All addresses of a name, the best first. Raises OSError."""

_HEAD_START: Final = 0.25
"""Seconds that an address has before the next one is tried beside it (RFC 8305 section 5)."""

_SocketOptions = Iterable[Any]


class AddressRefused(httpcore.ConnectError):
    """The host leads to a place where only a person may send us."""

    def __init__(self, address: str, where: str) -> None:
        super().__init__(f"{address} is {where}")
        self.address = address
        self.where = where
        """Words of ours."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(place[0]) for *_, place in found))


class Network(httpcore.AsyncNetworkBackend):
    """Connects for one pool. ``anywhere`` lets it lead inside; else AddressRefused is raised."""

    def __init__(
        self,
        *,
        anywhere: bool,
        resolve: Resolve = resolve,
        dial: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """``dial`` opens the connection to an address that was looked at."""
        self._anywhere = anywhere
        self._resolve = resolve
        self._dial = dial or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: _SocketOptions | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the host, with what every answer is watched by."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._addresses(host, port)
                stream = await self._first(addresses, port, timeout)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return _Watched(stream)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        found = (host,) if literal(host) else tuple(await self._resolve(host, port))
        if not self._anywhere:
            for address in found:
                where = inside(ip_address(address))
                # One of several is enough: who else would mix them?
                if where is not None:
                    raise AddressRefused(address, where)
        return _families_in_turn(found)

    async def _first(
        self, addresses: Sequence[str], port: int, timeout: float | None
    ) -> httpcore.AsyncNetworkStream:
        """The first of them that answers; each has a short head start on the next."""
        untried = list(addresses)
        trying: set[asyncio.Task[httpcore.AsyncNetworkStream]] = set()
        errors: list[Exception] = []
        won: httpcore.AsyncNetworkStream | None = None
        try:
            while won is None and (untried or trying):
                if untried:
                    dialing = self._dial.connect_tcp(untried.pop(0), port, timeout)
                    trying.add(asyncio.ensure_future(dialing))
                done, trying = await asyncio.wait(
                    trying,
                    timeout=_HEAD_START if untried else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for task in done:
                    error = task.exception()
                    if isinstance(error, Exception):
                        errors.append(error)
                    elif won is None:
                        won = task.result()
                    else:
                        trying.add(task)
        finally:
            await _give_up(trying)
        if won is not None:
            return won
        if len(errors) == 1:
            raise errors[0]
        raise OSError("no address answered") from ExceptionGroup("each of them", errors or [_NONE])


_NONE: Final = OSError("the name has no address")


def _families_in_turn(addresses: Sequence[str]) -> Sequence[str]:
    """The first address, the first of the other kind (IPv4, IPv6), then the rest."""
    first = addresses[:1]
    other = next((one for one in addresses if (":" in one) != (":" in first[0])), None)
    return tuple(dict.fromkeys((*first, *([other] if other else []), *addresses)))


async def _give_up(trying: Iterable[asyncio.Task[httpcore.AsyncNetworkStream]]) -> None:
    """Nobody is left connected whom nobody talks to."""
    for task in trying:
        task.cancel()
    for outcome in await asyncio.gather(*trying, return_exceptions=True):
        if isinstance(outcome, httpcore.AsyncNetworkStream):
            await outcome.aclose()


class _Watched(httpcore.AsyncNetworkStream):
    """A connection whose answers' heads are looked at as they come in."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self._watch = HeadWatch()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What came. Raises HeadRefused."""
        data = await self._inner.read(max_bytes, timeout)
        self._watch.comes(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send it."""
        self._watch.leaves(buffer)
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close it."""
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """The same with encryption; it is the inside that is watched."""
        return _Watched(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        """As below; but an idle connection that is not to be used again says that it has ended."""
        if info == "is_readable" and not self._watch.reusable:
            return True
        return self._inner.get_extra_info(info)
