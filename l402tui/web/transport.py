"""How does a request leave, under which limits?

By the connection pools of httpx, below its client: no cookies, no proxies, no settings from the
environment, no redirects but ours, no unpacking, and headers exactly as
:mod:`~l402tui.web.head` composed them. Whatever goes wrong becomes an event.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import Any, Final

import httpx

from l402tui.flow.events import Answered, Challenged, Fault, Unreachable
from l402tui.flow.model import Request, Response
from l402tui.flow.ports import PreparedRequest
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import say, shown
from l402tui.web.faults import explain, late
from l402tui.web.head import HeaderRefused, compose, head_bytes
from l402tui.web.redirects import Journey, RedirectRefused, follow

__all__ = ["BODY_LIMIT", "DEADLINE", "HEADER_LIMIT", "IDLE", "HttpTransport"]

DEADLINE: Final = 30.0
"""Seconds for a whole answer, redirects included."""
IDLE: Final = 20.0
"""Seconds of silence after which a connection is given up."""
BODY_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of an answer's body that are read."""
HEADER_LIMIT: Final = 64 * 1024
"""Bytes of an answer's headers, all together."""
# Shorter than servers commonly keep an idle connection: a request that meets a closing one is lost.
_KEEPALIVE: Final = 3.0


@dataclass(slots=True)
class _Progress:
    """How far one exchange has come."""

    sent: bool = False

    async def trace(self, what: str, _: dict[str, Any]) -> None:
        """Told by the connection of every step it takes."""
        if what.endswith("send_request_headers.started"):
            self.sent = True


class HttpTransport:
    """A :class:`~l402tui.flow.ports.Transport` over HTTP/1.1. One event loop at a time; ``close``
    it at the end.

    ``deadline`` and ``idle`` are in seconds, ``body_limit`` in bytes. ``tls`` replaces the
    certificate authorities (of certifi) that are trusted.
    """

    def __init__(
        self,
        *,
        deadline: float = DEADLINE,
        idle: float = IDLE,
        body_limit: int = BODY_LIMIT,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._deadline = deadline
        self._idle = min(idle, deadline)
        self._body_limit = body_limit
        self._tls = tls
        self._pools: dict[str, httpx.AsyncHTTPTransport] = {}

    def prepare(self, request: Request, authorization: Secret | None) -> PreparedRequest:
        """The head of the request as it will leave, byte for byte.

        Empty where nothing will leave, because :meth:`send` will refuse a header.
        """
        try:
            return PreparedRequest(head_bytes(request, compose(request, authorization)))
        except HeaderRefused:
            return PreparedRequest(b"")

    async def send(
        self, request: Request, authorization: Secret | None
    ) -> Challenged | Answered | Unreachable:
        """Send it, follow redirects, and read the answer. Raises nothing but cancellation.

        A body that ends early, takes too long or is over the limit makes ``Response.complete``
        False. A header that cannot be sent is ``Unreachable`` with ``REFUSED_ADDRESS``.
        """
        begun = asyncio.get_running_loop().time()
        journey = Journey(request, authorization)
        while True:
            outcome = await self._hop(journey, begun)
            match outcome:
                case Journey():
                    journey = outcome
                case Response(wants_payment=True):
                    return Challenged(outcome)
                case Response():
                    return Answered(outcome)
                case Unreachable():
                    return outcome

    def for_one_flow(self) -> HttpTransport:
        """Nothing is remembered from one request to the next."""
        return self

    async def close(self) -> None:
        """Close all connections."""
        while self._pools:
            await self._pools.popitem()[1].aclose()

    async def _hop(self, journey: Journey, begun: float) -> Response | Unreachable | Journey:
        """Send one request: an answer, a reason why there is none, or where to go next."""
        url, deadline = journey.request.url, begun + self._deadline
        # A server that redirected here has already seen the request.
        progress = _Progress(sent=bool(journey.hops))
        try:
            outgoing = self._outgoing(journey, progress)
        except HeaderRefused as error:
            why = say("The request was not sent: {}.", shown(str(error)))
            return Unreachable(Fault.REFUSED_ADDRESS, why)
        try:
            async with asyncio.timeout_at(deadline):
                incoming = await self._pool(url.scheme).handle_async_request(outgoing)
        except TimeoutError:
            return late(url, self._deadline, sent=progress.sent)
        except httpx.TimeoutException:
            return late(url, self._idle, sent=progress.sent)
        except (httpx.TransportError, OSError) as error:  # some of ssl's come as they are
            return explain(error, url, sent=progress.sent)
        try:
            return await self._read(incoming, journey, begun)
        finally:
            await incoming.aclose()

    def _outgoing(self, journey: Journey, progress: _Progress) -> httpx.Request:
        request = journey.request
        return httpx.Request(
            request.method,
            str(request.url),
            headers=compose(request, journey.authorization),
            # As a stream it gets no headers but ours.
            stream=httpx.ByteStream(request.body),
            extensions={
                # httpx would write the path in its own way; it leaves as it was shown.
                "target": request.url.target.encode("ascii"),
                "timeout": dict.fromkeys(("connect", "read", "write"), self._idle),
                "trace": progress.trace,
            },
        )

    def _pool(self, scheme: str) -> httpx.AsyncHTTPTransport:
        if scheme not in self._pools:
            # Loading the authorities takes 25 ms, which http:// need not wait for: its pool gets a
            # context that trusts nobody.
            plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._pools[scheme] = httpx.AsyncHTTPTransport(
                verify=(self._tls or True) if scheme == "https" else plain,
                trust_env=False,
                limits=httpx.Limits(keepalive_expiry=_KEEPALIVE),
            )
        return self._pools[scheme]

    async def _read(
        self, incoming: httpx.Response, journey: Journey, begun: float
    ) -> Response | Unreachable | Journey:
        url, headers = journey.request.url, tuple(incoming.headers.raw)
        # Four bytes a line for the colon, the blank and the line end.
        if sum(len(name) + len(value) + 4 for name, value in headers) > HEADER_LIMIT:
            why = say("The headers of the answer from {} are too long.", shown(url.authority))
            return Unreachable(Fault.TOO_LARGE, why, maybe_received=True)
        locations = tuple(value for name, value in headers if name.lower() == b"location")
        try:
            onward = follow(journey, incoming.status_code, locations)
        except RedirectRefused as refused:
            return Unreachable(Fault.REDIRECT, refused.why, maybe_received=True)
        if onward is not None:
            return onward
        body, complete = await self._body(incoming, begun + self._deadline)
        return Response(
            status=incoming.status_code,
            reason=incoming.extensions["reason_phrase"],
            version=incoming.extensions["http_version"].decode("ascii"),
            headers=headers,
            body=body,
            url=url,
            hops=journey.hops,
            complete=complete,
            seconds=asyncio.get_running_loop().time() - begun,
        )

    async def _body(self, incoming: httpx.Response, deadline: float) -> tuple[bytes, bool]:
        """What came of the body within the limits, and whether it is whole."""
        body = bytearray()
        assert isinstance(incoming.stream, httpx.AsyncByteStream)
        try:
            async with asyncio.timeout_at(deadline):
                async for chunk in incoming.stream:
                    body += chunk[: self._body_limit + 1 - len(body)]
                    if len(body) > self._body_limit:
                        return bytes(body[: self._body_limit]), False
        except (httpx.TransportError, OSError):
            return bytes(body), False
        return bytes(body), True
