"""Where in a request can the network fail?

A backend for httpcore whose steps are points: connecting, the head and the body of the request, the
first byte of the answer, the rest of its head, its body. However the bytes arrive, the steps are
the same: the first read gives one byte, and none reaches over the end of the head.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

import httpcore

from .points import Kind, Points

__all__ = ["ERRAND", "Dial"]

ERRAND: ContextVar[str] = ContextVar("ERRAND", default="http")
"""What the connection is used for just now."""


class Dial(httpcore.AsyncNetworkBackend):
    """Connects as the real one does."""

    def __init__(self, points: Points) -> None:
        self._points = points
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        await self._points.at(f"{ERRAND.get()}/connect", Kind.SOCKET)
        stream = await self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(stream, self._points)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream, points: Points) -> None:
        self._inner = inner
        self._points = points
        self._came = b""
        self._step = "first byte"
        self._written = ""
        self._broken = False

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._step != "first byte":  # the next request on the same connection
            self._step, self._written = "first byte", ""
        self._written = "write body" if self._written else "write head"
        await self._at(self._written)
        await self._inner.write(buffer, timeout)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        await self._at(f"read {self._step}")
        if not self._came:
            self._came = await self._inner.read(max_bytes, timeout)
        if self._step == "first byte":
            size, self._step = 1, "head"
        elif self._step == "head":
            end = self._came.find(b"\r\n\r\n")
            size = len(self._came) if end < 0 else end + 4
            self._step = "head" if end < 0 else "body"
        else:
            size = len(self._came)
        given, self._came = self._came[:size], self._came[size:]
        return given

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise NotImplementedError("the practice server speaks http")

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and self._came:
            return True
        return self._inner.get_extra_info(info)

    async def _at(self, step: str) -> None:
        if self._broken:
            raise httpcore.ReadError("broken")
        try:
            await self._points.at(f"{ERRAND.get()}/{step}", Kind.SOCKET)
        except httpcore.WriteError:
            self._broken = True  # an answer may still be read, and none comes
            raise
