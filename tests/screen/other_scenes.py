"""The other screens, and every question that opens over one."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from textual.events import Paste
from textual.widgets import Input

from l402tui.flow.model import IntentState, LogLine
from l402tui.flow.prospects import prospect
from l402tui.protocol.text import say
from l402tui.tui.keymap import Where
from l402tui.tui.modals.approve import Approve
from l402tui.tui.modals.ask import Ask
from l402tui.tui.modals.choose import Choice, Choose
from l402tui.tui.modals.giveup import GiveUp
from l402tui.tui.modals.help import Help
from l402tui.tui.modals.invoice import InvoiceModal
from l402tui.tui.modals.preimage import BringPreimage
from l402tui.tui.screens.inspect import Desk, InspectScreen
from l402tui.tui.screens.payments import PaymentsScreen
from l402tui.tui.screens.welcome import Welcome
from l402tui.tui.till import Till
from l402tui.tui.widgets.exchange import ExchangeTree
from l402tui.tui.widgets.pastebox import PasteBox
from l402tui.tui.widgets.paymentcard import PaymentCard
from l402tui.tui.widgets.paymentlist import Payment, PaymentList
from l402tui.tui.widgets.qrcode import QrCode
from tests.flow import makers

from .playing import clicks, lent, no_session, put
from .stage import Stage

__all__ = [
    "WHOLE",
    "approve",
    "ask",
    "choose",
    "giving_up",
    "inspect",
    "invoice",
    "pastebox",
    "payments",
    "preimage",
    "still",
]

WHOLE: Final = "whole"
"""The name of the part that begins when a payment question is there with all of its frame."""


async def inspect(stage: Stage) -> None:
    """Anything that was pasted, named or put there."""
    screen = InspectScreen(Desk(), lambda: makers.NOW)
    await stage.push(screen)
    for supply in stage.supplies(13):
        lines = b"\r\n".join(b"X-Odd: " + one.raw for one in supply.batch)
        answer = b"HTTP/1.1 402 " + supply.raw + b"\r\nWWW-Authenticate: " + supply.challenge()
        screen._lay(answer + b"\r\n" + lines + b"\r\n\r\n" + supply.raw)
        await stage.settle()
        await stage.pages(screen.query_one(ExchangeTree), 4)
    await stage.pop()


async def pastebox(stage: Stage) -> None:
    """The boxes themselves: given, pasted, pasted at the cursor, typed; and what cannot be read."""
    screen = InspectScreen(Desk(), lambda: makers.NOW)
    await stage.push(screen)
    box = screen.query_one("#first", PasteBox)
    for supply in stage.supplies(25):
        box.give(b"\n".join(one.raw for one in supply.batch))
        box.focus()
        await stage.settle()
        await stage.pages(box)
        stage.app.post_message(Paste("\n".join(one.text for one in supply.batch)))
        await stage.settle()
        box.give(b"")
        box.write()
        await stage.settle()
        await put(stage, "")
        stage.app.post_message(Paste(" ".join(one.text for one in supply.batch)))
        await stage.settle()
        await put(stage, "".join(one.text for one in supply.batch))
    await stage.pop()


async def approve(stage: Stage) -> None:
    """The payment question."""
    for supply in stage.supplies(25):
        modal = Approve(
            supply.quote, supply.findings(25), stage.session.clock, stage.app.rhythm, step=True
        )
        await stage.push(modal)
        stage.say(f"{stage.scene};{WHOLE}")
        await stage.pages(modal.query_one("#bill"))
        await clicks(stage, supply)
        if stage.app.screen is modal:
            await stage.pop()


async def invoice(stage: Stage) -> None:
    """The invoice, and whatever is pasted or typed where its preimage belongs."""
    made = makers.invoice(2, created=int(stage.session.clock.now()))
    challenge = makers.bill_for(made)
    assert challenge.invoice is not None
    modal = InvoiceModal(challenge.invoice, stage.session.clock, asking=True, typing=True)
    await stage.push(modal)
    assert modal.query_one(QrCode).is_mounted
    box = modal.query_one("#preimage", Input)
    box.focus()
    stage.app.post_message(Paste("too long " * 50))  # Textual rings the bell then
    await stage.settle()
    for supply in stage.supplies(1):
        box.value = ""
        stage.app.post_message(Paste(supply.text))
        await stage.settle()
    for supply in stage.supplies(7):
        box.value = ""
        await put(stage, "".join(one.text for one in supply.batch))
    await stage.pop()


async def payments(stage: Stage) -> None:
    """The list of payments, and one of them with its log."""
    screen = PaymentsScreen(Till(no_session, lent(stage)), stage.app.rhythm, lambda intent: None)
    screen.every = True  # it does not look again by itself
    await stage.push(screen)
    listed, card = screen.query_one(PaymentList), screen.query_one(PaymentCard)
    for supply in stage.supplies(25):
        found: list[Payment] = []
        for state in IntentState:
            intent = replace(supply.intent, state=state)
            found.append(Payment(intent, prospect(intent, makers.NOW)))
        listed.show(found)
        await stage.settle()
        await stage.pages(listed.lines)
        log = [LogLine(makers.NOW, IntentState.SENDING, one.text) for one in supply.batch]
        card.show(replace(found[0], outlook=replace(found[0].outlook, next=supply.shown())), log,
                  supply.shown())  # fmt: skip
        card.announce(supply.shown())
        await stage.settle()
        await stage.pages(card)
        await clicks(stage, supply)
        card.show(None, (), supply.shown())
        await stage.settle()
    await stage.pop()


async def giving_up(stage: Stage) -> None:
    """The question before a payment is given up, and whatever is pasted or typed below it."""
    for supply in stage.supplies(25):
        losses = say(" ".join(["{}"] * 25), *(supply.shown() for _ in range(25)))
        modal = GiveUp(supply.intent, losses, stage.app.rhythm)
        await stage.push(modal)
        modal.query_one(Input).focus()
        await stage.settle()
        stage.app.post_message(Paste(supply.text))
        await put(stage, "".join(one.text for one in supply.batch))
        await clicks(stage, supply)
        if stage.app.screen is modal:
            await stage.pop()


async def preimage(stage: Stage) -> None:
    """The field for a preimage, which shows nothing of what is in it."""
    for supply in stage.supplies(65):
        modal = BringPreimage(supply.intent)
        await stage.push(modal)
        modal.query_one(Input).focus()
        await stage.settle()
        for one in supply.batch[:4]:
            stage.app.post_message(Paste(one.text))
            await stage.settle()
        await stage.pilot.press("enter")
        await stage.settle()
        if stage.app.screen is modal:
            await stage.pop()


async def choose(stage: Stage) -> None:
    """A list."""
    for supply in stage.supplies(31):
        choices = [Choice(str(at), supply.shown(), supply.shown()) for at in range(31)]
        modal = Choose(supply.ours, choices)
        await stage.push(modal)
        await stage.pages(modal.query_one("OptionList"))
        await stage.pop()


async def ask(stage: Stage) -> None:
    """A question."""
    for supply in stage.supplies(17):
        question = say(" ".join(["{}"] * 17), *(supply.shown() for _ in range(17)))
        modal = Ask(supply.ours, question, supply.ours, supply.ours)
        await stage.push(modal)
        await clicks(stage, supply)
        if stage.app.screen is modal:
            await stage.pop()


async def still(stage: Stage) -> None:
    """What holds nothing from outside."""
    for screen in (Welcome(), Help(Where.FLOW)):
        await stage.push(screen)
        await stage.pop()
