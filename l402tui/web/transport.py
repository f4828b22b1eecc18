"""How does a request leave, under which limits?

By the connection pools of httpcore, with a network of our own below them
(:mod:`~l402tui.web.network`): no proxies, no settings from the environment, no redirects but ours,
nothing unpacked but by our rules, cookies for one flow only, and headers exactly as
:mod:`~l402tui.web.head` composed them. Whatever goes wrong becomes an event.
"""

from __future__ import annotations

import asyncio
import copy
import ssl
from collections.abc import AsyncIterable, Collection
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import httpcore

from l402tui.flow.events import Answered, Challenged, Fault, Unreachable
from l402tui.flow.message import Request, Response
from l402tui.flow.ports import PreparedRequest
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import say, shown
from l402tui.protocol.url import Url
from l402tui.web.addresses import literal, local_name
from l402tui.web.arriving import Arriving
from l402tui.web.body import BROKEN, Memory, read_body
from l402tui.web.cookies import Jar
from l402tui.web.faults import explain, late
from l402tui.web.head import HeaderRefused, Headers, compose, head_bytes
from l402tui.web.network import Network, Resolve, resolve
from l402tui.web.part import Admit, Part
from l402tui.web.redirects import Journey, RedirectRefused, follow
from l402tui.web.unpack import CodingRefused, Unpacker, unpacker

__all__ = ["BODY_LIMIT", "DEADLINE", "IDLE", "HttpTransport"]

DEADLINE: Final = 30.0
"""Seconds for a whole answer, redirects included. A body that goes to a file has more time."""
IDLE: Final = 20.0
"""Seconds of silence after which a connection is given up."""
BODY_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of an answer's body that are read into memory."""
# Shorter than servers commonly keep an idle connection: a request that meets a closing one is lost.
_KEEPALIVE: Final = 3.0
_MAX_CONNECTIONS: Final = 100
_MAX_IDLE: Final = 20


@dataclass(slots=True)
class _Progress:
    """How far one exchange has come."""

    sent: bool = False

    async def trace(self, what: str, _: dict[str, Any]) -> None:
        """Told by the connection of every step it takes."""
        if what.endswith("send_request_headers.started"):
            self.sent = True


class _Anew(Exception):
    """What came is a rest that does not fit: all of it must be asked for."""


class HttpTransport:
    """A :class:`~l402tui.flow.ports.Transport` over HTTP/1.1. One event loop at a time; ``close``
    it at the end.

    ``deadline`` and ``idle`` are in seconds, ``body_limit`` in bytes. ``tls`` replaces the
    certificate authorities (of certifi) that are trusted. ``part`` is where the body of a good
    answer goes instead of memory. ``private_hosts`` are names that may lead to private addresses
    although they look public; ``resolve`` and ``dial`` replace the system's resolver and sockets.
    """

    def __init__(
        self,
        *,
        deadline: float = DEADLINE,
        idle: float = IDLE,
        body_limit: int = BODY_LIMIT,
        tls: ssl.SSLContext | None = None,
        part: Part | None = None,
        private_hosts: Collection[str] = (),
        resolve: Resolve = resolve,
        dial: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._deadline = deadline
        self._idle = min(idle, deadline)
        self._body_limit = body_limit
        self._tls = tls
        self._part = part
        self._private_hosts = frozenset(private_hosts)
        self._resolve = resolve
        self._dial = dial
        self._jar = Jar()
        self.arriving = Arriving()
        """Shared by all flows of this transport."""
        self._pools: dict[tuple[bool, bool], httpcore.AsyncConnectionPool] = {}

    def for_one_flow(self) -> Self:
        """The same transport, on the same connections, with no cookies yet."""
        other = copy.copy(self)
        other._jar = Jar()
        return other

    def prepare(self, request: Request, authorization: Secret | None) -> PreparedRequest:
        """The head of the request as it will leave, byte for byte.

        Empty where nothing will leave, because :meth:`send` will refuse a header.
        """
        try:
            headers, _ = self._headers(Journey(request, authorization))
        except HeaderRefused:
            return PreparedRequest(b"")
        return PreparedRequest(head_bytes(request, headers))

    async def send(
        self, request: Request, authorization: Secret | None
    ) -> Challenged | Answered | Unreachable:
        """Send it, follow redirects, and read the answer. Raises nothing but cancellation.

        A body that ends early, takes too long or is over the limit makes ``Response.complete``
        False. A header that cannot be sent, or an address that is not for servers to lead to, is
        ``Unreachable`` with ``REFUSED_ADDRESS``.
        """
        begun = asyncio.get_running_loop().time()
        journey = Journey(request, authorization)
        while True:
            try:
                outcome = await self._hop(journey, begun)
            except _Anew:  # at most once: then the part asks for no rest any more
                continue
            match outcome:
                case Journey():
                    journey = outcome
                case Response(wants_payment=True):
                    return Challenged(outcome)
                case Response():
                    return Answered(outcome)
                case Unreachable():
                    return outcome

    async def close(self) -> None:
        """Close all connections."""
        while self._pools:
            await self._pools.popitem()[1].aclose()

    # --- one request ---------------------------------------------------------------------------

    async def _hop(self, journey: Journey, begun: float) -> Response | Unreachable | Journey:
        """Send one request: an answer, a reason why there is none, or where to go next."""
        url = journey.request.url
        # A server that redirected here has already seen the request.
        progress = _Progress(sent=bool(journey.hops))
        try:
            headers, asked = self._headers(journey)
        except HeaderRefused as error:
            why = say("The request was not sent: {}.", shown(str(error)))
            return Unreachable(Fault.REFUSED_ADDRESS, why)
        outgoing = self._outgoing(journey.request, headers, progress)
        try:
            async with asyncio.timeout_at(begun + self._deadline):
                incoming = await self._pool(journey).handle_async_request(outgoing)
        except TimeoutError:
            return late(url, self._deadline, sent=progress.sent)
        except httpcore.TimeoutException:
            return late(url, self._idle, sent=progress.sent)
        except BROKEN as error:
            return explain(error, url, sent=progress.sent)
        try:
            return await self._read(incoming, journey, begun, asked=asked)
        finally:
            await incoming.aclose()

    def _headers(self, journey: Journey) -> tuple[Headers, bool]:
        """What leaves, and whether only the rest of a file is asked for. Raises HeaderRefused."""
        request = journey.request
        cookie = None if journey.away else self._jar.value(request.url)
        more = self._part.rest_of(journey.begin, request.url) if self._part else ()
        return compose(request, journey.authorization, cookie=cookie, more=more), bool(more)

    def _outgoing(
        self, request: Request, headers: Headers, progress: _Progress
    ) -> httpcore.Request:
        url = request.url
        return httpcore.Request(
            request.method.upper(),
            # In its parts: the path leaves as it was shown.
            httpcore.URL(
                scheme=url.scheme.encode(),
                host=url.host.encode("ascii"),
                port=url.port,
                target=url.target.encode("ascii"),
            ),
            headers=headers,
            content=request.body,
            extensions={
                "timeout": dict.fromkeys(("connect", "read", "write"), self._idle),
                "trace": progress.trace,
            },
        )

    def _pool(self, journey: Journey) -> httpcore.AsyncConnectionPool:
        """The connections for this step. Those that may lead inside are kept apart: where a server
        may not send us, it may not find an open connection either."""
        url = journey.request.url
        key = (url.encrypted, url.host == journey.begin.url.host and self._may_lead_inside(url))
        if key not in self._pools:
            self._pools[key] = httpcore.AsyncConnectionPool(
                # Loading the authorities takes 25 ms, which http:// need not wait for: its pool
                # gets a context that trusts nobody.
                ssl_context=(self._tls or _authorities())
                if url.encrypted
                else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                max_connections=_MAX_CONNECTIONS,
                max_keepalive_connections=_MAX_IDLE,
                keepalive_expiry=_KEEPALIVE,
                network_backend=Network(anywhere=key[1], resolve=self._resolve, dial=self._dial),
            )
        return self._pools[key]

    def _may_lead_inside(self, url: Url) -> bool:
        """Whether a person who types this can mean a place inside."""
        if literal(url.host) is not None or url.host in self._private_hosts:
            return True
        return local_name(url.host)

    # --- one answer ----------------------------------------------------------------------------

    async def _read(
        self, incoming: httpcore.Response, journey: Journey, begun: float, *, asked: bool
    ) -> Response | Unreachable | Journey:
        head = Response(
            status=incoming.status,
            reason=incoming.extensions["reason_phrase"],
            version=incoming.extensions["http_version"].decode("ascii"),
            headers=tuple(incoming.headers),
            body=b"",
            url=journey.request.url,
            hops=journey.hops,
        )
        if not journey.away:
            self._jar.take(head.url, head.values(b"set-cookie"))
        try:
            onward = follow(journey, head.status, head.values(b"location"))
            if onward is not None:
                return onward
            packing = _packing(journey.request, head)
        except RedirectRefused as refused:
            return Unreachable(Fault.REDIRECT, refused.why, maybe_received=True)
        except CodingRefused as refused:
            return Unreachable(Fault.PROTOCOL, refused.why, maybe_received=True)
        into = await self._into(journey.begin, head, asked=asked)
        if into is None:  # our own disk: the answer is lost, and the file says why
            return replace(head, complete=False)
        assert isinstance(incoming.stream, AsyncIterable)
        deadline = begun + self._deadline
        with self.arriving.watching(into, head, packed=packing is not None):
            complete = await read_body(
                incoming.stream, into, packing, deadline=deadline, span=self._deadline
            )
        seconds = asyncio.get_running_loop().time() - begun
        if isinstance(into, Memory):
            return replace(head, body=into.value(), complete=complete, seconds=seconds)
        complete = complete and into.whole
        return replace(head, saved=into.saved(), complete=complete, seconds=seconds)

    async def _into(self, request: Request, head: Response, *, asked: bool) -> Memory | Part | None:
        """Where the body goes; None where our own disk does not work. Raises _Anew."""
        part = self._part
        if part is None:
            return Memory(self._body_limit)
        try:
            match part.admit(request, head, asked=asked):
                case Admit.HERE:
                    return part
                case Admit.REST:
                    await asyncio.to_thread(part.take_up)  # which may be long
                    return part
                case Admit.ANEW:
                    raise _Anew
                case Admit.ELSEWHERE:
                    return Memory(self._body_limit)
        except OSError as error:
            part.trouble = error
            return None


def _packing(request: Request, head: Response) -> Unpacker | None:
    """How to unpack it; not at all where the person asked for it packed. Raises CodingRefused."""
    wanted = any(name.lower() == "accept-encoding" for name, _ in request.headers)
    if wanted or request.method.upper() == "HEAD":
        return None
    return unpacker(head.values(b"content-encoding"))


def _authorities() -> ssl.SSLContext:
    import certifi

    return ssl.create_default_context(cafile=certifi.where())
