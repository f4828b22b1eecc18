"""Where are the payments kept, and who can say how one of them stands?

In the demo its own session does both: vault and wallet are gone with it. Otherwise a session that
cannot pay is there for looking, and one with the wallet that a payment was given to is opened for
as long as something is done about it. No other wallet is ever asked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from l402tui.flow.model import Intent
from l402tui.flow.ports import Vault, VaultError
from l402tui.protocol.secret import Secret
from l402tui.tui.keeper import Keeper, Opener
from l402tui.wiring import NotPaid, Session

__all__ = ["Till", "wallet_of"]


class Till:
    """The payments of one vault."""

    def __init__(
        self, opener: Opener, demo: Callable[[], Awaitable[Session | None]] | None = None
    ) -> None:
        """``demo`` gives the session of the demo that is under way."""
        self._opener = opener
        self._demo = demo
        self._keeper = Keeper(
            lambda: opener(demo=False, url=None, receive=_nobody, wallet="none"),
        )

    @property
    def practice(self) -> bool:
        """Whether these payments are part of a demo."""
        return self._demo is not None

    async def session(self) -> Session:
        """The session for looking. Raises what opening it raised."""
        return await self._lent() or await self._keeper.get()

    async def vault(self) -> Vault:
        """What is remembered. Raises what opening it raised."""
        return (await self.session()).vault

    @asynccontextmanager
    async def acting_on(self, intent: Intent) -> AsyncIterator[Session]:
        """A session whose wallet, if it has one, is the one that this payment was given to."""
        lent = await self._lent()
        if lent is not None:
            yield lent
            return
        # A person's own wallet cannot be asked, and what does not move need not be.
        asks = intent.state.moving and not intent.external
        wallet, url = wallet_of(intent) if asks else "none", intent.request.url
        opened = self._opener(demo=False, url=url, receive=_nobody, wallet=wallet)
        async with opened as session:
            yield session

    async def _lent(self) -> Session | None:
        if self._demo is None:
            return None
        session = await self._demo()
        if session is None:
            raise VaultError("The demo has not begun, so it has no payments.")
        return session

    async def close(self) -> None:
        """Close what was opened here."""
        await self._keeper.close()


def wallet_of(intent: Intent) -> str:
    """The name of the wallet that a payment was given to."""
    return intent.wallet.partition(":")[0]


async def _nobody(intent: Intent) -> Secret | NotPaid | None:
    return None
