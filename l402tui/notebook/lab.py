"""Where does a notebook practise? On an L402 server and a Lightning node inside the kernel."""

from __future__ import annotations

import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from l402tui.practice.run import PracticeServer
from l402tui.protocol.network import Network
from l402tui.protocol.url import Url
from l402tui.settings import LimitSettings, Settings

__all__ = ["Lab", "practice", "settings_for"]

_RUNNING: dict[str, Lab] = {}


class Lab:
    """A running practice server, with a vault that is thrown away when it closes."""

    def __init__(self, server: PracticeServer, folder: Path, stack: AsyncExitStack) -> None:
        self.server = server
        self.settings = Settings(
            wallet="practice",
            network=Network.REGTEST.word,
            limits=LimitSettings(),
            home=folder,
        )
        self._stack = stack

    @property
    def url(self) -> str:
        """Something to buy: the weather, for 10 practice sat."""
        return f"{self.server.url}/weather?city=Oslo"

    def wrong(self, switch: str) -> str:
        """The same, on a server that makes the named mistake."""
        return f"{self.server.url}/with/{switch}/weather"

    async def close(self) -> None:
        """Stop the server and delete the vault."""
        _RUNNING.pop(Url.parse(self.server.url).origin, None)
        await self._stack.aclose()

    def __repr__(self) -> str:
        return f"<practice server at {self.server.url}; no real money>"


async def practice(*, seed: bytes | None = None) -> Lab:
    """Start a practice server in this kernel's event loop."""
    stack = AsyncExitStack()
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="l402tui-")))
    started = PracticeServer.start() if seed is None else PracticeServer.start(seed=seed)
    server = await stack.enter_async_context(started)
    lab = Lab(server, folder, stack)
    _RUNNING[Url.parse(server.url).origin] = lab
    return lab


def settings_for(origin: str) -> Settings | None:
    """The lab's own settings, where the address is a lab's: practice never touches real records."""
    lab = _RUNNING.get(origin)
    return lab.settings if lab else None
