"""How does one flow look, from the request to the answer?

Rail, exchange tree, bytes, reasons and log around one :class:`~l402tui.tui.watch.Watch`. This file
draws; what the keys do is in :mod:`~l402tui.tui.screens.deeds`.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.worker import Worker, WorkerCancelled

from l402tui.flow import events as e
from l402tui.flow.guide import guide
from l402tui.flow.model import Outcome
from l402tui.flow.story import story
from l402tui.protocol.text import say
from l402tui.tui.keeper import Opener
from l402tui.tui.keymap import Where, bindings
from l402tui.tui.modals.approve import Approve
from l402tui.tui.money import NOT_STARTED, money_line, so_far
from l402tui.tui.rhythm import Rhythm
from l402tui.tui.screens import SCREENS
from l402tui.tui.screens.opening import opening
from l402tui.tui.screens.refusals import same_address
from l402tui.tui.screens.sessions import Sessions
from l402tui.tui.theme import SHORT
from l402tui.tui.waiting import waiting
from l402tui.tui.watch import Change, Errand, Watch
from l402tui.tui.widgets.address import AddressBar
from l402tui.tui.widgets.exchange import ExchangeTree
from l402tui.tui.widgets.hexview import HexView
from l402tui.tui.widgets.keybar import KeyBar
from l402tui.tui.widgets.rail import Rail
from l402tui.tui.widgets.titlebar import TitleBar
from l402tui.tui.widgets.why import WhyPane
from l402tui.tui.widgets.wire import WireLog
from l402tui.tui.words import plain

__all__ = ["FlowScreen"]

_DELIVERED = (Outcome.FREE, Outcome.PAID, Outcome.REUSED)
_TICK = 0.5
"""Seconds between two looks at an answer that does not come, or a body that is long."""
_SMALL = say("Enlarge the terminal to 80x24 to see everything.")


class FlowScreen(Sessions):
    """The flow, step by step."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.FLOW)]
    PLACE = Where.FLOW

    class Changed(Message):
        """The flow went on."""

        def __init__(self, watch: Watch, change: Change) -> None:
            super().__init__()
            self.watch = watch
            self.change = change
            self.event = watch.events[-1] if watch.events else None
            """What happened last when this was posted; more may have happened since."""

    def __init__(
        self,
        opener: Opener,
        rhythm: Rhythm,
        *,
        url: str | None,
        demo: bool,
        step: bool,
        errand: Errand | None = None,
    ) -> None:
        """``errand`` is run at once."""
        super().__init__(opener, demo=demo)
        self.step = step
        self.rhythm = rhythm
        self.watched: Watch | None = None
        self._url = url
        self._errand = errand
        self._worker: Worker[None] | None = None
        self._asks_later = False

    # --- building ------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Few widgets: the first frame waits for all of them."""
        yield TitleBar(SCREENS, "Flow", id="title")
        yield AddressBar()
        yield Rail(id="rail")
        with Container(id="body"):
            with Vertical(id="left"):
                yield ExchangeTree(id="tree")
            with Vertical(id="right"):
                yield HexView(id="hex")
                yield WhyPane(id="why")
                yield WireLog(id="wire")
        yield Static(markup=False, id="status")
        yield KeyBar(Where.FLOW, Where.EVERYWHERE, id="keys")

    def on_mount(self) -> None:
        """Paint first, open the session after."""
        self.query_one(ExchangeTree).border_title = "Exchange"
        bar = self.query_one(AddressBar)
        self.query_one(Rail).show(())
        if self._url:
            bar.set(self._url)
        if self.demo or self._url or self._errand:
            self.query_one(ExchangeTree).focus()
        else:
            bar.field.focus()
        self.introduce()
        self.redraw()
        self.set_interval(_TICK, self._tick)
        if self._errand is not None:
            self.call_after_refresh(self.begin, self._errand)
        elif self.demo or self._url:
            self.call_after_refresh(self.run_worker, self._prepare(), exit_on_error=True)

    # --- the session and the flow --------------------------------------------------------------

    async def _prepare(self) -> None:
        session = await self.own_session()
        if session is None:
            return
        await self.name_wallet(session)
        bar = self.query_one(AddressBar)
        if self.demo and session.practice is not None and not bar.field.value:
            bar.set(f"{session.practice.url}/weather")
        self.introduce()
        self.redraw()

    def begin(self, errand: Errand) -> None:
        """Run it in a worker of its own."""
        bar, request = self.query_one(AddressBar), errand.request
        if not same_address(self.typed, request):
            method = "" if request.method == "GET" else f"{request.method} "
            bar.set(f"{method}{request.url}")
        self._worker = self.run_worker(self._run(errand), group="flow", exclusive=True)

    async def _run(self, errand: Errand) -> None:
        session = await self.session_for(errand)
        if session is None:
            return

        def changed(change: Change) -> None:
            self.post_message(self.Changed(watch, change))

        watch = Watch(session, errand, step=self.step, changed=changed)
        self.watched = watch
        tree = self.query_one(ExchangeTree)
        tree.show(())
        tree.focus()
        self.query_one(WhyPane).show(None)
        self.query_one(WhyPane).announce(None)
        self.query_one(HexView).clear()
        self.redraw()
        await watch.run()
        await self.name_wallet(session)

    async def stop(self) -> None:
        """Stop watching; what was sent is in the vault."""
        worker, self._worker = self._worker, None
        if worker is not None and not worker.is_finished:
            worker.cancel()
            try:
                await worker.wait()
            except WorkerCancelled:
                pass  # that is what was asked for

    def on_worker_state_changed(self) -> None:
        """Other keys make sense once a flow is over."""
        if self.is_running:
            self.redraw()

    @property
    def running(self) -> bool:
        """Whether a flow is under way."""
        return self._worker is not None and not self._worker.is_finished

    # --- drawing -------------------------------------------------------------------------------

    def on_flow_screen_changed(self, event: Changed) -> None:
        """Draw what is new."""
        watch = event.watch
        if watch is not self.watched:
            return
        match event.change:
            case Change.EVENT:
                self.query_one(ExchangeTree).show(story(watch.events))
                self.query_one(Rail).show(watch.events)
                self.query_one(WireLog).show(watch.events)
                self._show_best(event.event)
                if isinstance(event.event, e.PaidStored):
                    self.run_worker(self.name_wallet(watch.session), group="wallet")
            case Change.PACE:
                waiting = watch.waiting
                self.query_one(WhyPane).announce(guide(waiting) if waiting else None)
            case Change.QUESTION if watch.question is not None:
                self._ask()
            case Change.INVOICE if watch.intent is not None:
                self.do_invoice()
        self.redraw()

    def _ask(self) -> None:
        """Ask here, not while the person types somewhere else."""
        if self.app.screen is self or isinstance(self.app.screen, ModalScreen):
            self.do_pay()
        else:
            self._asks_later = True
            self.tell(say("The flow asks whether to pay. 1 goes there; nothing is paid before."))

    def on_screen_resume(self) -> None:
        """A question that came up meanwhile."""
        if self._asks_later and self.watched is not None and self.watched.question is not None:
            self.do_pay()
        self._asks_later = False

    def _show_best(self, event: e.Event | None) -> None:
        """Go to what matters most now: the hash that ties token and invoice, or the content."""
        tree = self.query_one(ExchangeTree)
        nodes = [node for step in tree.steps for node in step.walk()]
        match event:
            case e.Decoded():
                found = [
                    one for one in nodes if one.label.text == "payment hash" and one.mark.value
                ]
            case e.Finished(ending=ending) if ending.outcome in _DELIVERED:
                found = [one for one in nodes if one.label.text == "body"]
            case _:
                return
        if found:
            tree.choose(found[-1])

    def redraw(self) -> None:
        """The lines that depend on everything: money and keys."""
        question = self.watched.question if self.watched is not None else None
        asked = [one for one in self.app.screen_stack if isinstance(one, Approve)]
        line = NOT_STARTED
        if self.watched is not None:
            line = money_line(self.watched, asking=bool(asked))
            pause = waiting(self.watched) if self.running else None
            line = say("{} {}", so_far(self.watched), pause) if pause else line
        if self.size.height and (self.size.height < SHORT or self.size.width < 60):
            line = say("{} {}", line, _SMALL)
        self.query_one("#status", Static).update(plain(line))
        words = {"automatic": "step by step" if not self.step else "automatic"}
        if self._no_resume() is None:
            words["again"] = "resume"
        keys = self.query_one(KeyBar)
        if question is not None and asked:
            keys.answers({"yes": asked[-1].yes_word.lower(), "back": "look first"})
        else:
            keys.show(lambda action: self.why_not(action) is None, words)

    def _tick(self) -> None:
        if self.running and self.watched is not None and waiting(self.watched) is not None:
            self.redraw()

    def on_resize(self) -> None:
        """The hint for small terminals comes and goes."""
        self.redraw()

    def introduce(self) -> None:
        """Say what the first step will be, while nothing of this request was sent."""
        if self.running or not self.fresh:
            return
        vault = self.session.vault if self.session is not None else None
        said = opening(self.typed, vault, demo=self.demo, step=self.step)
        self.query_one(WhyPane).announce(said.guide, said.note, how=said.how)

    def on_address_bar_edited(self) -> None:
        """Another request has another first step."""
        self.introduce()
        self.redraw()
