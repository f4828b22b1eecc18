"""The workbench: tokens, their caveats, and how they are handed over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from textual.events import Paste
from textual.widgets import Input

from l402tui.agents.family import Member, Use
from l402tui.flow.lineage import Delegation
from l402tui.protocol.attenuation import CannotAttenuate, read_parent
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say
from l402tui.protocol.verifiers import PROFILES
from l402tui.tui.draft import Draft, Workbench, begin
from l402tui.tui.modals.fill import Field, Fill
from l402tui.tui.modals.handedqr import HandedQr
from l402tui.tui.screens.delegate import DelegateScreen
from l402tui.tui.till import Till
from l402tui.tui.widgets.card import Card, Line
from l402tui.tui.widgets.caveats import CaveatTable
from l402tui.tui.widgets.pastebox import PasteBox
from l402tui.tui.widgets.qrcode import QrCode
from l402tui.tui.widgets.templates import TemplateRow
from l402tui.tui.widgets.tokentree import TokenTree
from tests.flow import makers

from .hostile import Supply
from .playing import clicks, lent, no_session, put
from .stage import Stage

__all__ = ["bench", "fill", "handed", "tokens"]


async def bench(stage: Stage) -> None:
    """Parent and child side by side, row by row."""
    screen = await _screen(stage)
    table = screen.query_one(CaveatTable)
    for supply in stage.supplies(25):
        draft = _draft(supply)
        screen.change(draft)
        await stage.settle()
        assert screen.query_one(TemplateRow).region.height
        await stage.pages(table)
        await clicks(stage, supply)
        for caveat in (one.raw for one in supply.batch):
            try:
                draft = draft.adding(caveat)
            except CannotAttenuate as error:
                screen.answer(error.why)
        screen.change(draft, end=True)
        await stage.settle()
        card = screen.query_one(Card)
        card.show([Line("", one.shown()) for one in _each(supply)])
        card.announce(supply.shown())
        await stage.settle()
        await stage.pages(card)
    screen.change(None)
    await stage.pop()


async def tokens(stage: Stage) -> None:
    """The tree of tokens, what is searched for, and what is pasted."""
    screen = await _screen(stage)
    listed = screen.query_one(TokenTree)
    for supply in stage.supplies(25):
        listed.show([_member(one, number) for number, one in enumerate(_each(supply))])
        listed.focus()
        await stage.settle()
        await stage.pages(listed)
        await stage.pages(screen.query_one(Card))
        search = screen.query_one("#search", Input)
        screen.add_class("searching")
        search.focus()
        await stage.settle()
        search.value = ""
        stage.app.post_message(Paste(supply.text))
        await put(stage, supply.text)
        box = screen.query_one(PasteBox)
        box.give(b"\n".join(one.raw for one in supply.batch))
        await stage.settle()
        screen.change(None)
    await stage.pop()


async def fill(stage: Stage) -> None:
    """A question with fields, and why an answer is not taken."""
    for supply in stage.supplies(25):
        told = [one.shown() for one in _each(supply)]
        modal = Fill(
            supply.ours, told, [Field("one", supply.ours, supply.text, supply.ours)],
            [("go", supply.ours)], lambda answer, values, supply=supply: supply.shown(),  # type: ignore[misc]  # loop
        )  # fmt: skip
        await stage.push(modal)
        await stage.pages(modal.query_one(".about"))
        typed = modal.query_one(Input)
        typed.value = ""
        stage.app.post_message(Paste(supply.text))
        await put(stage, supply.text)
        await stage.pilot.press("enter")
        await stage.settle()
        await clicks(stage, supply)
        if stage.app.screen is modal:
            await stage.pop()


async def handed(stage: Stage) -> None:
    """A credential as a picture, and where it was written down."""
    for supply in stage.supplies(25):
        told = _all(supply)
        modal = HandedQr(Secret(b"L402 " + supply.batch[0].core.hex().encode()), told)
        await stage.push(modal)
        assert modal.query_one(QrCode).is_mounted
        await stage.pages(modal.query_one("#facts"))
        await stage.pop()


async def _screen(stage: Stage) -> DelegateScreen:
    till = Till(no_session, lent(stage))
    screen = DelegateScreen(Workbench(), till, stage.app.rhythm, lambda: makers.NOW)
    await stage.push(screen)
    await stage.settle()
    return screen


def _draft(supply: Supply) -> Draft:
    """With a parent that holds the whole batch."""
    token = makers.token(makers.HASH, [b"services=x:0", *(one.raw for one in supply.batch)])
    return begin(read_parent(token.encode()), PROFILES, makers.NOW, str(supply.url))


def _member(supply: Supply, number: int) -> Member:
    token = makers.token(makers.HASH, [b"services=x:0", supply.raw])
    draft = begin(read_parent(token.encode()), PROFILES, makers.NOW)
    one = supply.made(Delegation)
    assert isinstance(one, Delegation)
    one = replace(one, number=number, from_outside=False, first_added=1, url=str(supply.url))
    return Member(draft.token, one, supply.intent, draft.prediction, Use.COULD, supply.shown())


def _each(supply: Supply) -> Iterator[Supply]:
    """One for each payload."""
    return (Supply([payload]) for payload in supply.batch)


def _all(supply: Supply) -> Shown:
    told = [one.shown() for one in _each(supply)]
    return say(" ".join(["{}"] * len(told)), *told)
