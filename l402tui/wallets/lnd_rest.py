"""How is a call made to an LND node over REST?

:class:`LndRest` makes the calls of :class:`~.lnd_calls.LndCalls` with httpx, without gRPC and its
stubs. A payment is a stream of lines; every line counts as it comes, and an end without a result is
an end and no result. The connection is pinned to the node's certificate (:mod:`~.lnd_pin`); the
macaroon travels with each call, after the handshake.

Nothing of the person's environment counts (no proxies), no redirect is followed, nothing is
unpacked, and a connection is used for one call: none is sent into one that is just closing.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from l402tui.protocol.secret import Secret
from l402tui.wallets import lnd_calls
from l402tui.wallets.lnd_calls import NOT_LND, Listed, NodeInfo, Payment, RpcFault
from l402tui.wallets.lnd_json import (
    LINE_LIMIT,
    balance_of,
    fault_of_body,
    info_of,
    lines_of,
    object_of,
    page_of,
    payment_of_line,
)
from l402tui.wallets.lnd_listing import TOO_LONG, Page, every_page
from l402tui.wallets.lnd_pin import fault_of_connection, pinned_to

__all__ = ["LndRest"]

_ANSWER_LIMIT: Final = 256 * 1024
"""Bytes of an answer that is no stream."""
_A_MOMENT_EARLIER: Final = 0.9


class LndRest:
    """:class:`.LndCalls` over REST: one node. Make it inside the event loop that uses it, and close
    it.

    ``url`` is ``https://host:port``, ``certificate`` the node's PEM, ``macaroon`` hex. Nothing is
    sent before the first call.
    """

    def __init__(self, url: str, certificate: bytes, macaroon: Secret) -> None:
        self._url = url
        self._macaroon = macaroon
        self._pool = httpx.AsyncHTTPTransport(
            verify=pinned_to(certificate),
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def close(self) -> None:
        """Close all connections. Payments under way go on in the node."""
        await self._pool.aclose()

    async def info(self) -> NodeInfo:
        """Who the node is. Raises RpcFault."""
        return info_of(await self._ask("/v1/getinfo"))

    async def balance(self) -> int:
        """What its channels hold on its own side, in msat. Raises RpcFault."""
        return balance_of(await self._ask("/v1/balance/channels"))

    def send(
        self,
        invoice: str,
        *,
        fee_limit_msat: int,
        cltv_limit: int,
        search_seconds: int,
        patience: float,
    ) -> AsyncGenerator[Payment, None]:
        """Pay; see :meth:`.LndCalls.send`. Raises RpcFault."""
        order = {
            "payment_request": invoice,
            "fee_limit_msat": str(fee_limit_msat),
            "cltv_limit": cltv_limit,
            "timeout_seconds": search_seconds,
            "allow_self_payment": False,
            "amp": False,
        }
        return self._stream("POST", "/v2/router/send", patience, json.dumps(order).encode())

    def track(self, payment_hash: bytes, *, patience: float) -> AsyncGenerator[Payment, None]:
        """Follow a payment: its state now, then each change (TrackPaymentV2). Raises RpcFault."""
        named = base64.urlsafe_b64encode(payment_hash).decode("ascii")
        return self._stream("GET", f"/v2/router/track/{named}", patience)

    async def payments(self, since: int) -> tuple[Listed, ...]:
        """What the node has begun to pay; see :meth:`.LndCalls.payments`. Raises RpcFault."""

        async def page(offset: int, count: int) -> Page:
            query = urlencode(
                {
                    "include_incomplete": "true",
                    "index_offset": offset,
                    "max_payments": count,
                    "creation_date_start": since,
                }
            )
            told = await self._bytes(
                f"/v1/payments?{query}", lnd_calls.LIST_SECONDS, LINE_LIMIT, TOO_LONG
            )
            # Off the loop: that many bytes take a moment.
            return await asyncio.to_thread(lambda: page_of(object_of(told)))

        return await every_page(page, since)

    async def _ask(self, path: str) -> dict[str, Any]:
        return object_of(await self._bytes(path, lnd_calls.ASK_SECONDS))

    async def _bytes(
        self, path: str, seconds: float, limit: int = _ANSWER_LIMIT, too_long: str = NOT_LND
    ) -> bytes:
        try:
            async with (
                asyncio.timeout(seconds),
                self._call("GET", path, seconds) as response,
            ):
                return await _whole(response, limit, too_long)
        except TimeoutError:
            raise _late() from None

    async def _stream(
        self, method: str, path: str, patience: float, body: bytes = b""
    ) -> AsyncGenerator[Payment, None]:
        begun, first = asyncio.get_running_loop().time(), min(lnd_calls.ASK_SECONDS, patience)
        until = begun + first
        async with aclosing(self._lines(method, path, first, body)) as lines:
            while True:
                try:
                    # Around each line alone: what is done with it is not the node's time.
                    async with asyncio.timeout_at(until):
                        line = await anext(lines, None)
                except TimeoutError:
                    raise _late() from None
                if line is None:
                    return
                yield payment_of_line(line)
                until = begun + patience

    async def _lines(
        self, method: str, path: str, seconds: float, body: bytes
    ) -> AsyncGenerator[bytes, None]:
        async with (
            self._call(method, path, seconds, body) as response,
            aclosing(lines_of(_chunks(response))) as lines,
        ):
            async for line in lines:
                yield line

    @asynccontextmanager
    async def _call(
        self, method: str, path: str, seconds: float, body: bytes = b""
    ) -> AsyncIterator[httpx.Response]:
        """Send a call once; the answer's head has come, and is a good one. Raises RpcFault.

        ``seconds``: how long the caller waits for it.
        """
        request = httpx.Request(
            method,
            self._url + path,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "Content-Type": "application/json",
                "Grpc-Metadata-macaroon": self._macaroon.reveal().decode("ascii"),
            },
            content=body or None,
            # The deadlines are the caller's. Only a handshake that hangs is ended from inside, a
            # moment earlier, because whoever cancels it from outside leaves its socket open.
            extensions={"timeout": {"connect": _A_MOMENT_EARLIER * seconds}},
        )
        try:
            response = await self._pool.handle_async_request(request)
            try:
                if response.status_code != 200:
                    raise fault_of_body(response.status_code, await _whole(response))
                yield response
            finally:
                await response.aclose()
        except httpx.TimeoutException:
            raise _late() from None
        except (httpx.TransportError, OSError) as error:  # some of ssl's come as they are
            raise fault_of_connection(error) from None


async def _chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body as it came; unlike ``aiter_raw`` it never unpacks and counts nothing."""
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for chunk in response.stream:
        yield chunk


async def _whole(
    response: httpx.Response, limit: int = _ANSWER_LIMIT, too_long: str = NOT_LND
) -> bytes:
    """The whole body. Raises RpcFault with the code ``too_long`` above ``limit`` bytes."""
    body = bytearray()
    async for chunk in _chunks(response):
        body += chunk
        if len(body) > limit:
            raise RpcFault(too_long, "the answer is too long")
    return bytes(body)


def _late() -> RpcFault:
    return RpcFault("DEADLINE_EXCEEDED", "")
