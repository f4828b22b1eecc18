"""The flow's screen, each of its parts, and what is said on it."""

from __future__ import annotations

from dataclasses import replace

from textual.events import Paste
from textual.widgets import Input

from l402tui.flow import events as e
from l402tui.flow.guide import Guide
from l402tui.flow.model import Ending, Money, Outcome
from l402tui.flow.story import story
from l402tui.protocol.text import say
from l402tui.tui.screens.flow import FlowScreen
from l402tui.tui.watch import Change
from l402tui.tui.widgets.address import AddressBar
from l402tui.tui.widgets.exchange import ExchangeTree
from l402tui.tui.widgets.hexview import HexView
from l402tui.tui.widgets.keybar import KeyBar
from l402tui.tui.widgets.rail import Rail
from l402tui.tui.widgets.titlebar import TitleBar
from l402tui.tui.widgets.why import WhyPane
from l402tui.tui.widgets.wire import WireLog

from .playing import clicks, put
from .stage import Stage

__all__ = [
    "address",
    "copy",
    "flow",
    "hexes",
    "keys",
    "palette",
    "rail",
    "refusal",
    "title",
    "toast",
    "tree",
    "trouble",
    "why",
    "wire",
]


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
        await put(stage, " ".join(one.text for one in supply.batch))
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
        await clicks(stage, supply)
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
        await clicks(stage, supply)
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
        await clicks(stage, supply)
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
        await clicks(stage, supply)
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
        await clicks(stage, supply)
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
        await leave_palette(stage)
    await stage.pop()


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


async def palette(stage: Stage) -> None:
    """Whatever is pasted into the list of commands."""
    stage.app.do_palette()
    await stage.settle()
    box = stage.app.screen.query_one(Input)
    for supply in stage.supplies(4):
        box.value = ""
        stage.app.post_message(Paste(" ".join(one.text for one in supply.batch)))
        await stage.settle()
    await leave_palette(stage)


async def leave_palette(stage: Stage) -> None:
    from textual.command import CommandPalette

    while isinstance(stage.app.screen, CommandPalette):
        await stage.app.pop_screen()
    await stage.settle()
