"""The workbench of the real app, on a real vault and the practice server, driven by keys."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from textual.widgets import Input, OptionList, Static

from l402tui.flow.lineage import Delegation
from l402tui.flow.model import Intent
from l402tui.protocol.macaroon import Caveat, Macaroon, Token
from l402tui.tui.draft import Draft
from l402tui.tui.modals.choose import Choose
from l402tui.tui.modals.fill import Fill
from l402tui.tui.screens.delegate import DelegateScreen
from l402tui.tui.widgets.card import Card
from l402tui.tui.widgets.templates import TemplateRow
from l402tui.tui.widgets.tokentree import TokenTree
from l402tui.vault import SqliteVault
from tests.tui.explorer import Explorer, Shop, shop, visiting

__all__ = ["Workplace", "delegating", "token"]


def token(*caveats: bytes) -> str:
    """A token from outside, with a payment hash that nobody here knows."""
    minted = Macaroon.mint(b"key", bytes(66), b"lsat", caveats or (b"services=weather:0",))
    return base64.b64encode(minted.raw).decode()


@dataclass
class Workplace:
    """The app on screen 4."""

    shop: Shop
    explorer: Explorer
    intent: Intent

    @property
    def screen(self) -> DelegateScreen:
        for screen in self.explorer.app.screen_stack:
            if isinstance(screen, DelegateScreen):
                return screen
        raise AssertionError("the workbench is not there")

    @property
    def draft(self) -> Draft:
        assert self.screen.draft is not None
        return self.screen.draft

    @property
    def caveats(self) -> Sequence[Caveat]:
        return self.draft.token.macaroon.caveats

    @property
    def card(self) -> str:
        text = self.screen.query_one(Card).query_one(Static).render()
        return " ".join(str(text).split())

    @property
    def status(self) -> str:
        return " ".join(str(self.screen.query_one("#status", Static).render()).split())

    @property
    def kept(self) -> Sequence[Delegation]:
        """What the vault remembers, seen from outside the app."""
        with SqliteVault.open(self.shop.home) as vault:
            return vault.delegations()

    async def begin(self) -> None:
        """With the first token of the tree."""
        self.screen.query_one(TokenTree).focus()
        await self.explorer.press("enter")
        await self.explorer.until(lambda: self.screen.draft is not None)

    async def told(self, text: str) -> None:
        await self.explorer.until(lambda: text in self.card)

    async def wish(self, name: str, **values: str) -> None:
        """Choose it in the row, and fill in what it asks."""
        self.screen.query_one(TemplateRow).post_message(TemplateRow.Picked(name))
        await self.fill(**values)

    async def fill(self, **values: str) -> None:
        await self.explorer.until_screen(Fill)
        for field, value in values.items():
            self.explorer.app.screen.query_one(f"#field-{field}", Input).value = value
        self.explorer.app.screen.query(Input).first().focus()
        await self.explorer.press("enter")
        await self.explorer.pilot.pause()

    @property
    def refusal(self) -> str:
        """What the open question says against what was typed."""
        screen = self.explorer.app.screen
        assert isinstance(screen, Fill)
        return " ".join(str(screen.query_one("#word", Static).render()).split())

    async def choose(self, key: str, name: str) -> None:
        """Choose from the list that this key brings."""
        await self.explorer.press(key)
        await self.explorer.until_screen(Choose)
        listed = self.explorer.app.screen.query_one(OptionList)
        listed.highlighted = listed.get_option_index(name)
        await self.explorer.press("enter")
        await self.explorer.pilot.pause()

    async def answer(self, button: str) -> None:
        """By the button of this name."""
        self.explorer.app.screen.query_one(f"#{button}").focus()
        await self.explorer.press("enter")
        await self.explorer.pilot.pause()


@asynccontextmanager
async def delegating(
    home: Path, size: tuple[int, int] = (100, 34), switches: str = ""
) -> AsyncIterator[Workplace]:
    """Something was bought, and the person is on screen 4."""
    async with shop(home) as street:
        intent = await street.buy(path=f"/with/{switches}/weather" if switches else "/weather")
        async with visiting(street, size) as explorer:
            await explorer.press("4")
            await explorer.until_screen(DelegateScreen)
            place = Workplace(street, explorer, intent)
            await explorer.until(lambda: place.screen.query_one(TokenTree).chosen is not None)
            yield place


def bought(intent: Intent) -> Token:
    """What the payment bought."""
    return Token.read(intent.token.reveal().decode())
