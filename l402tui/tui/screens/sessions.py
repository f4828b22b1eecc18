"""Which session does a flow run in, and who closes it?

One for the screen, opened when it is first needed. A payment of an earlier run may have been given
to another wallet: following it opens that one, for as long as it is followed.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from l402tui.flow.model import Intent
from l402tui.protocol.secret import Secret
from l402tui.tui.keeper import Keeper, Opener
from l402tui.tui.screens.deeds import Deeds
from l402tui.tui.till import Till
from l402tui.tui.trouble import told_trouble
from l402tui.tui.watch import Errand, Watch
from l402tui.tui.widgets.titlebar import TitleBar
from l402tui.tui.widgets.why import WhyPane
from l402tui.wiring import NotPaid, Session

__all__ = ["Sessions"]


class Sessions(Deeds):
    """The part of the flow screen that opens and closes."""

    watched: Watch | None

    def __init__(self, opener: Opener, *, demo: bool) -> None:
        super().__init__()
        self.demo = demo
        self.session = None
        self._opener = opener
        self._keeper = Keeper(self._open)
        self._guest: Keeper | None = None
        self.till = Till(opener, self.own_session if demo else None)

    if TYPE_CHECKING:

        async def stop(self) -> None:
            """Stop watching."""

    def _open(self) -> AbstractAsyncContextManager[Session]:
        typed = self.typed  # None in the demo, which brings its own address
        url = typed.url if typed is not None else None
        return self._opener(demo=self.demo, url=url, receive=self._receive)

    async def own_session(self) -> Session | None:
        """The screen's own session; None where it cannot be opened, and that was said."""
        session = await self._opened(self._keeper)
        self.session = session or self.session
        return session

    async def session_for(self, errand: Errand) -> Session | None:
        """The session to run this in; it is the screen's until the next one."""
        before, guest = self._guest, None
        if errand.wallet is None or self.demo:
            session = await self.own_session()
        else:
            wallet, url = errand.wallet, errand.request.url
            guest = Keeper(
                lambda: self._opener(demo=False, url=url, receive=self._receive, wallet=wallet)
            )
            session = await self._opened(guest)
        if session is None:
            return None
        self.session, self._guest = session, guest
        await self.name_wallet(session)
        if before is not None:
            await before.close()
        return session

    async def _opened(self, keeper: Keeper) -> Session | None:
        try:
            return await keeper.get()
        except Exception as error:
            told = told_trouble(error)
            if told is None:
                raise
            self.query_one(WhyPane).announce(None, told)
            self.tell(told, error=True)
            return None

    async def name_wallet(self, session: Session) -> None:
        """Say at the top which wallet would pay."""
        wallet = session.wallet
        facts = await wallet.facts() if wallet is not None else None
        self.query_one(TitleBar).show(facts)

    async def _receive(self, intent: Intent) -> Secret | NotPaid | None:
        return await self.watched.receive(intent) if self.watched is not None else None

    async def on_unmount(self) -> None:
        """Stop watching, then close the sessions: wallet, vault and practice server."""
        await self.stop()
        await self.till.close()
        if self._guest is not None:
            await self._guest.close()
        await self._keeper.close()
