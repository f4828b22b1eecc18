"""Which widgets are put before the terminal, and with what?

One scene for each thing that is drawn. :data:`COVERED` says which classes a scene stands for; a
widget of :mod:`l402tui.tui` that stands in no row fails the test, so that a new one is not
forgotten. Each scene takes its payloads in batches that fit the room there is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Final

from textual.events import Key, Paste
from textual.widgets import Input

from l402tui.flow import events as e
from l402tui.flow.guide import Guide
from l402tui.flow.model import Ending, IntentState, LogLine, Money, Outcome
from l402tui.flow.prospects import prospect
from l402tui.flow.story import story
from l402tui.protocol.text import say
from l402tui.tui.keymap import Where
from l402tui.tui.modals.approve import Approve
from l402tui.tui.modals.ask import Ask
from l402tui.tui.modals.choose import Choice, Choose
from l402tui.tui.modals.giveup import GiveUp, _Typed
from l402tui.tui.modals.help import Help
from l402tui.tui.modals.invoice import InvoiceModal
from l402tui.tui.modals.preimage import BringPreimage
from l402tui.tui.screens.flow import FlowScreen
from l402tui.tui.screens.inspect import Desk, InspectScreen
from l402tui.tui.screens.payments import PaymentsScreen
from l402tui.tui.screens.welcome import Welcome
from l402tui.tui.till import Till
from l402tui.tui.watch import Change
from l402tui.tui.widgets.address import AddressBar
from l402tui.tui.widgets.exchange import ExchangeTree
from l402tui.tui.widgets.hexview import HexView
from l402tui.tui.widgets.keybar import KeyBar
from l402tui.tui.widgets.pastebox import PasteBox
from l402tui.tui.widgets.paymentcard import PaymentCard
from l402tui.tui.widgets.paymentlist import Payment, PaymentList
from l402tui.tui.widgets.qrcode import QrCode
from l402tui.tui.widgets.rail import Rail
from l402tui.tui.widgets.titlebar import TitleBar
from l402tui.tui.widgets.why import WhyPane
from l402tui.tui.widgets.wire import WireLog
from l402tui.wiring import Session
from tests.flow import makers

from .hostile import Supply
from .stage import Stage

__all__ = ["BARE", "COVERED", "LEAST", "SCENES", "WHOLE", "Scene"]

WHOLE: Final = "whole"
"""The name of the part that begins when a payment question is there with all of its frame."""

Scene = Callable[[Stage], Awaitable[None]]


async def title(stage: Stage) -> None:
    """The name of a wallet."""
    screen = stage.flow_screen()
    await stage.push(screen)
    for supply in stage.supplies(2):
        name = f"{supply.text} {supply.text}"
        screen.query_one(TitleBar).show(replace(supply.wallet, name=name))
        await stage.settle()
    await stage.pop()


async def address(stage: Stage) -> None:
    """An address of a server, of a file, of the clipboard, of the keyboard."""
    screen = stage.flow_screen()
    await stage.push(screen)
    bar = screen.query_one(AddressBar)
    bar.field.focus()
    for supply in stage.supplies(4):
        bar.set(" ".join(one.text for one in supply.batch))
        await stage.settle()
        bar.field.value = ""
        await _put(stage, " ".join(one.text for one in supply.batch))
        bar.field.value = ""
        stage.app.post_message(Paste("".join(one.text for one in supply.batch)))
        await stage.settle()
    for supply in stage.supplies(12):
        bar.set("".join(one.text for one in supply.batch))
        screen.do_send()  # it is no address: the reason is told
        await stage.settle()
    await stage.pop()


async def tree(stage: Stage) -> None:
    """A whole flow, every node of it."""
    screen = stage.flow_screen()
    await stage.push(screen)
    widget = screen.query_one(ExchangeTree)
    for supply in stage.supplies(35):
        whole = supply.node(supply.fields())
        widget.show([*story(supply.events()), whole, *supply.fields()])
        widget.root.expand_all()
        await stage.settle()
        await stage.pages(widget)
        await _clicks(stage, supply)
    await stage.pop()


async def why(stage: Stage) -> None:
    """A field with its reason, and the next step."""
    screen = stage.flow_screen()
    await stage.push(screen)
    pane = screen.query_one(WhyPane)
    await stage.large(pane)
    for supply in stage.supplies(25):
        pane.announce(Guide(supply.shown(), supply.shown(), supply.shown()), supply.shown(),
                      how=supply.shown())  # fmt: skip
        pane.show(supply.node())
        await stage.settle()
        await stage.pages(pane)
        await _clicks(stage, supply)
        pane.show(replace(supply.node(), secret=True), reveal=True)
        await stage.settle()
    screen.minimize()
    await stage.pop()


async def hexes(stage: Stage) -> None:
    """Bytes, as hex and as characters."""
    screen = stage.flow_screen()
    await stage.push(screen)
    view = screen.query_one(HexView)
    if not view.region.height:
        screen.do_hex()
        await stage.settle()
    await stage.large(view)
    for supply in stage.supplies(40):
        span = supply.node().span
        assert span is not None
        view.show(span.buffer, span, [])
        await stage.settle()
        await stage.pages(view)
    screen.minimize()
    await stage.pop()


async def wire(stage: Stage) -> None:
    """The log of a flow."""
    screen = stage.flow_screen()
    await stage.push(screen)
    log = screen.query_one(WireLog)
    if not log.region.height:
        screen.do_wire()
        await stage.settle()
    await stage.large(log)
    for supply in stage.supplies(25):
        told = [e.PaymentProgressed(what=supply.shown()) for _ in supply.batch]
        log.show([*supply.events(), *told])
        await stage.settle()
        await stage.pages(log)
        await _clicks(stage, supply)
    screen.minimize()
    await stage.pop()


async def flow(stage: Stage) -> None:
    """The whole screen as a flow goes on, and the line about money at its end."""
    screen = stage.flow_screen()
    await stage.push(screen)
    for supply in stage.supplies(25):
        watch = screen.watched = stage.watch()
        events = supply.events()
        watch.events[:] = [one for one in events if not isinstance(one, e.Finished)]
        screen.on_flow_screen_changed(FlowScreen.Changed(watch, Change.EVENT))
        await stage.settle()
        for _ in range(13):
            what = say("{} {}", supply.shown(), supply.shown())
            ending = Ending(Outcome.REFUSED, Money.NONE, what)
            watch.events.append(e.Finished(ending))
            screen.redraw()
            await stage.settle()
        await _clicks(stage, supply)
    screen.watched = None
    await stage.pop()


async def rail(stage: Stage) -> None:
    """How far it is."""
    screen = stage.flow_screen()
    await stage.push(screen)
    for supply in stage.supplies(1_000):
        for event in supply.events():
            screen.query_one(Rail).show([event])
            await stage.settle()
    await stage.pop()


async def keys(stage: Stage) -> None:
    """Words in place of labels."""
    screen = stage.flow_screen()
    await stage.push(screen)
    bar = screen.query_one(KeyBar)
    for supply in stage.supplies(3):
        bar.answers({"yes": supply.ours, "no": supply.ours, "back": supply.ours})
        await stage.settle()
    await stage.pop()


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
        await _put(stage, "")
        stage.app.post_message(Paste(" ".join(one.text for one in supply.batch)))
        await stage.settle()
        await _put(stage, "".join(one.text for one in supply.batch))
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
        await _clicks(stage, supply)
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
        await _put(stage, "".join(one.text for one in supply.batch))
    await stage.pop()


async def payments(stage: Stage) -> None:
    """The list of payments, and one of them with its log."""
    screen = PaymentsScreen(Till(_no_session, _lent(stage)), stage.app.rhythm, lambda intent: None)
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
        await _clicks(stage, supply)
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
        await _put(stage, "".join(one.text for one in supply.batch))
        await _clicks(stage, supply)
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
        await _clicks(stage, supply)
        if stage.app.screen is modal:
            await stage.pop()


async def copy(stage: Stage) -> None:
    """What is offered for copying, and the clipboard."""
    screen = stage.flow_screen()
    await stage.push(screen)
    widget = screen.query_one(ExchangeTree)
    for supply in stage.supplies(49):
        node = supply.node()
        widget.show([replace(node, span=None), node])
        widget.choose(widget.steps[-1])
        await stage.settle()
        await stage.settle()
        screen.do_copy()
        await stage.settle()
        await stage.pilot.press("enter")
        await stage.settle()
    stage.app.clear_notifications()
    await stage.pop()


async def toast(stage: Stage) -> None:
    """A note."""
    screen = stage.flow_screen()
    await stage.push(screen)
    for supply in stage.supplies(3):
        screen.tell(say("{} {} {}", *(supply.shown() for _ in range(3))), error=True)
        await stage.settle()
        await stage.settle()
        await _clicks(stage, supply)
    stage.app.clear_notifications()
    await stage.pop()


async def refusal(stage: Stage) -> None:
    """Why a key does nothing now, as a note and in the list of commands."""
    screen = stage.flow_screen()
    await stage.push(screen)
    for supply in stage.supplies(3):
        told = say("{} {} {}", *(supply.shown() for _ in range(3)))
        screen.why_not = lambda action, told=told: told  # type: ignore[method-assign,misc]  # one for this test
        stage.app.action_do("send")
        await stage.settle()
        await stage.settle()
    stage.app.clear_notifications()
    for supply in stage.supplies(35):
        screen.why_not = lambda action, supply=supply: supply.shown(60)  # type: ignore[method-assign,misc]  # one for this test
        stage.app.do_palette()
        await stage.settle()
        listed = stage.app.screen.query_one("CommandList")
        for _ in range(50):
            if listed.virtual_size.height > 10:
                break
            await stage.pilot.pause(0.01)
        await stage.pages(listed)
        await _leave_palette(stage)
    await stage.pop()


async def palette(stage: Stage) -> None:
    """Whatever is pasted into the list of commands."""
    stage.app.do_palette()
    await stage.settle()
    box = stage.app.screen.query_one(Input)
    for supply in stage.supplies(4):
        box.value = ""
        stage.app.post_message(Paste(" ".join(one.text for one in supply.batch)))
        await stage.settle()
    await _leave_palette(stage)


async def trouble(stage: Stage) -> None:
    """Why a session cannot be opened."""
    from l402tui.settings import SettingsError
    from l402tui.tui.trouble import told_trouble

    screen = stage.flow_screen()
    await stage.push(screen)
    pane = screen.query_one(WhyPane)
    await stage.large(pane)
    for supply in stage.supplies(9):
        words = "".join(one.text for one in supply.batch)
        errors = SettingsError(words), OSError(5, words), ImportError("x", name=words)
        for error in errors:
            told = told_trouble(error)
            assert told is not None
            pane.announce(None, told)
            await stage.settle()
    screen.minimize()
    await stage.pop()


async def still(stage: Stage) -> None:
    """What holds nothing from outside."""
    for screen in (Welcome(), Help(Where.FLOW)):
        await stage.push(screen)
        await stage.pop()


SCENES: Final[tuple[Scene, ...]] = (
    title, address, tree, why, hexes, wire, flow, rail, keys, inspect, pastebox, approve, invoice,
    payments, giving_up, preimage, choose, ask, copy, toast, refusal, palette, trouble, still,
)  # fmt: skip

COVERED: Final[dict[type, Sequence[Scene]]] = {
    TitleBar: (title,),
    AddressBar: (address,),
    ExchangeTree: (tree, inspect),
    WhyPane: (why, trouble),
    HexView: (hexes,),
    WireLog: (wire,),
    Rail: (rail, flow),
    KeyBar: (keys,),
    PasteBox: (pastebox,),
    QrCode: (invoice,),
    FlowScreen: (flow, title, address, toast, copy, refusal),
    InspectScreen: (inspect, pastebox),
    Welcome: (still,),
    Help: (still,),
    Approve: (approve,),
    InvoiceModal: (invoice,),
    PaymentsScreen: (payments,),
    PaymentList: (payments,),
    PaymentCard: (payments,),
    GiveUp: (giving_up,),
    _Typed: (giving_up,),
    BringPreimage: (preimage,),
    Choose: (choose, copy),
    Ask: (ask,),
}
"""Every widget and screen of the explorer, and the scenes it is in."""

BARE: Final[tuple[Scene, ...]] = (rail, still, preimage)
"""Scenes in which nothing from outside is drawn, whatever is given: words of our own, and dots."""


LEAST: Final[dict[Scene, float]] = {
    copy: 0.05, hexes: 0.5, toast: 0.4, refusal: 0.6, palette: 0.6, keys: 0.7,
}  # fmt: skip
"""The part of the payloads that must have been read on the screen, where it is less than nearly
all: values are cut to their line, or broken into rows of bytes."""


async def _put(stage: Stage, text: str) -> None:
    """As somebody types it; a terminal sends every character as a key. Of those that every
    keyboard has, one is enough."""
    for char in "z" + "".join(char for char in text if char > "\x7f"):
        stage.app.post_message(Key(char, char))
    await stage.settle()


async def _clicks(stage: Stage, supply: Supply) -> None:
    """Click on whatever is markup for a click, and on the first of harmless words."""
    for payload in supply.batch:
        if b"@click" in payload.core or payload.name == "harmless":
            await stage.click_on(payload.before)
            if not stage.hostile:
                return


def _no_session(**how: object) -> AbstractAsyncContextManager[Session]:
    raise AssertionError("the demo's session is lent")


def _lent(stage: Stage) -> Callable[[], Awaitable[Session | None]]:
    async def session() -> Session | None:
        return stage.session

    return session


async def _leave_palette(stage: Stage) -> None:
    from textual.command import CommandPalette

    while isinstance(stage.app.screen, CommandPalette):
        await stage.app.pop_screen()
    await stage.settle()
