"""Names and addresses that look public, all of which lead to loopback.

What a transport resolves and where it connects is written down. Without this only a refusal could
be tested: nothing on loopback is public.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpcore

from l402tui.web.transport import HttpTransport


class Internet(httpcore.AsyncNetworkBackend):
    """``names`` has the addresses of each name; with several lists, one after the other."""

    def __init__(self, names: dict[str, list[str]] | None = None) -> None:
        self.names = names or {}
        self.resolved: list[str] = []
        self.dialed: list[str] = []
        self.dead: set[str] = set()
        """Addresses that refuse a connection."""
        self._real = httpcore.AnyIOBackend()

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.resolved.append(host)
        return self.names[host]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialed.append(host)
        if host in self.dead:
            raise httpcore.ConnectError("refused") from ConnectionRefusedError("refused")
        return await self._real.connect_tcp("127.0.0.1", port, timeout)

    @asynccontextmanager
    async def transport(self, **more: Any) -> AsyncIterator[HttpTransport]:
        made = HttpTransport(resolve=self.resolve, dial=self, **more)
        try:
            yield made
        finally:
            await made.close()
