"""Which screen is there, and how does the program end?

:class:`ExplorerApp` carries out the actions that are the same everywhere, and nothing else: what a
flow is lives in ``flow/``, what it looks like in ``screens/``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input

from l402tui.flow.model import Intent
from l402tui.protocol.text import Shown, say
from l402tui.tui.careful import CarefulApp
from l402tui.tui.keeper import Opener
from l402tui.tui.keymap import Where, bindings, keys_of
from l402tui.tui.money import closing, spent
from l402tui.tui.rhythm import Rhythm
from l402tui.tui.screens.flow import FlowScreen
from l402tui.tui.screens.welcome import Welcome
from l402tui.tui.theme import L402, NARROW, SHORT, theme_for
from l402tui.tui.typed import Sieve
from l402tui.tui.watch import Errand, Watch

if TYPE_CHECKING:
    from l402tui.tui.draft import Workbench
    from l402tui.tui.screens.aftercare import Aftercare
    from l402tui.tui.screens.inspect import Desk
    from l402tui.tui.screens.payments import PaymentsScreen
    from l402tui.tui.till import Till

__all__ = ["ExplorerApp"]


class ExplorerApp(CarefulApp):
    """The explorer in the terminal."""

    TITLE = "l402tui"
    # All of them here: Textual loads no style sheet of a first screen's own.
    CSS_PATH: ClassVar[list[str | PurePath]] = [
        "app.tcss", "screens/welcome.tcss", "screens/looking.tcss", "screens/flow.tcss",
        "screens/inspect.tcss", "screens/payments.tcss", "screens/delegate.tcss",
        "modals/modals.tcss",
    ]  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.EVERYWHERE)]
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-roomy")]  # noqa: RUF012 - Textual's own type
    VERTICAL_BREAKPOINTS = [(0, "-short"), (SHORT, "-high")]  # noqa: RUF012 - Textual's own type

    def __init__(
        self,
        opener: Opener,
        url: str | None = None,
        *,
        demo: bool = False,
        step: bool = True,
        inspect: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        """``opener`` makes the sessions. It begins with a flow where there is a ``url`` or it is a
        ``demo``, with ``inspect`` on that screen, else with a welcome. ``now``: unix seconds."""
        super().__init__()
        self.animation_level = "none"
        self.rhythm = Rhythm()
        self._sieve = Sieve(self)
        self._opener = opener
        self._url = url
        self._demo = demo
        self._step = step
        self._inspect = inspect
        self._now = now
        self._desk: Desk | None = None
        self._bench: Workbench | None = None
        self._watch: Watch | None = None
        self._spent = 0
        self.register_theme(L402)
        self.theme = theme_for()

    def get_default_screen(self) -> Screen[Any]:
        """The flow at once, or the welcome."""
        if self._demo or self._url:
            return self._flow(self._url, demo=self._demo)
        return self._inspector() if self._inspect else Welcome()

    def _flow(
        self, url: str | None, *, demo: bool = False, errand: Errand | None = None
    ) -> FlowScreen:
        return FlowScreen(
            self._opener, self.rhythm, url=url, demo=demo, step=self._step, errand=errand
        )

    @property
    def _flows(self) -> FlowScreen | None:
        """The flow that is there, on top or below."""
        found = [one for one in self.screen_stack if isinstance(one, FlowScreen)]
        return found[-1] if found else None

    def _inspector(self) -> Screen[Any]:
        from l402tui.tui.screens.inspect import (  # not needed for the first frame
            Desk,
            InspectScreen,
        )

        if self._desk is None:
            self._desk = Desk()
        return InspectScreen(self._desk, self._now)

    def _payments(self) -> Screen[Any]:
        from l402tui.tui.screens.payments import PaymentsScreen

        return PaymentsScreen(self._till(), self.rhythm, self._under_way)

    def _delegation(self) -> Screen[Any]:
        from l402tui.tui.draft import Workbench
        from l402tui.tui.screens.delegate import DelegateScreen

        if self._bench is None:
            self._bench = Workbench()
        return DelegateScreen(self._bench, self._till(), self.rhythm, self._now)

    def _till(self) -> Till:
        from l402tui.tui.till import Till

        flow = self._flows
        return Till(self._opener, flow.own_session if flow is not None and flow.demo else None)

    def _under_way(self, intent: Intent) -> Shown | None:
        """Why this payment is to be left to the flow that is under way."""
        if self._flows is None or not self._flows.running:
            return None
        return say("A flow is under way: 1 goes there, and Esc stops it.")

    def on_payments_screen_resume(self, event: PaymentsScreen.Resume) -> None:
        """Follow a payment where flows are watched."""
        flow = self._flows
        if flow is None:
            self.push_screen(self._flow(None, errand=event.errand))
        elif not flow.running:
            self.do_flow()
            flow.begin(event.errand)

    def on_aftercare_attenuate(self, event: Aftercare.Attenuate) -> None:
        """Begin with what a payment bought."""
        from l402tui.tui.draft import Workbench

        self._bench = Workbench(wanted=event.payment_hash)
        self.do_delegate()

    def on_welcome_open(self, event: Welcome.Open) -> None:
        """From the welcome to a flow."""
        self.push_screen(self._flow(None, demo=event.demo))

    def on_flow_screen_changed(self, event: FlowScreen.Changed) -> None:
        """Remember the flow for the last line."""
        if event.watch is not self._watch:
            self._spent += spent(self._watch) if self._watch is not None else 0
            self._watch = event.watch

    @property
    def closing(self) -> Shown | None:
        """What is to be said about money after the end; None where no flow ran."""
        return closing(self._watch, self._spent) if self._watch is not None else None

    async def on_event(self, event: events.Event) -> None:
        """Note when keys come, before anybody acts on them: see :mod:`~l402tui.tui.rhythm`."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self.rhythm.key(event.time)
        elif isinstance(event, events.Paste) and not event.is_forwarded:
            self.rhythm.paste(event.time)
        if self._sieve.passes(event):
            await super().on_event(event)

    # --- actions -------------------------------------------------------------------------------

    def action_do(self, action: str) -> None:
        """Do what a key, the palette or a click asks for, or say why it does nothing now."""
        screen = self.screen
        why_not = getattr(screen, "why_not", None)
        refusal: Shown | None = why_not(action) if why_not is not None else None
        if refusal is not None:
            self.notify(refusal.text, timeout=6, markup=False)
            return
        deed = getattr(screen, f"do_{action}", None) or getattr(self, f"do_{action}", None)
        if deed is not None:
            deed()

    def do_help(self) -> None:
        """The keys."""
        from l402tui.tui.modals.help import Help

        self.push_screen(Help(getattr(self.screen, "PLACE", Where.EVERYWHERE)))

    def do_palette(self) -> None:
        """All commands by name."""
        self.action_command_palette()

    def do_back(self) -> None:
        """From a screen without a way back of its own."""
        self.exit()

    def do_flow(self) -> None:
        """To the flow there is, or to a new one."""
        if self._flows is None:
            self.push_screen(self._flow(self._url, demo=self._demo))
            return
        while not isinstance(self.screen, FlowScreen):
            self.pop_screen()

    def do_inspect(self) -> None:
        """Paste something. A flow below goes on meanwhile."""
        self._go(Where.INSPECT, self._inspector)

    def do_payments(self) -> None:
        """How the payments stand. A flow below goes on meanwhile."""
        self._go(Where.PAYMENTS, self._payments)

    def do_delegate(self) -> None:
        """The workbench. A flow below goes on meanwhile."""
        self._go(Where.DELEGATE, self._delegation)

    def _go(self, place: Where, make: Callable[[], Screen[Any]]) -> None:
        """To a screen beside the flow: above it, in place of another such."""
        here, *below = [getattr(one, "PLACE", None) for one in reversed(self.screen_stack)]
        if here is place:
            return
        if here not in (Where.INSPECT, Where.PAYMENTS, Where.DELEGATE) or not below:
            self.push_screen(make())
        elif below[0] is place:
            self.pop_screen()
        else:
            self.switch_screen(make())

    def do_pane(self) -> None:
        """The next pane."""
        self.screen.focus_next()

    def do_pane_back(self) -> None:
        """The pane before."""
        self.screen.focus_previous()

    def do_leave(self) -> None:
        """Out, from wherever."""
        flow = self._flows
        if flow is not None and flow.running:
            flow.leave(self.exit)
        else:
            self.exit()

    def do_interrupt(self) -> None:
        """Ctrl+C: copy what is selected, else leave."""
        focused = self.focused
        selected = focused.selected_text if isinstance(focused, Input) else None
        selected = selected or self.screen.get_selected_text()
        if selected:
            self.copy_to_clipboard(selected)
            self.notify("Sent to the terminal clipboard.", markup=False)
        else:
            self.do_leave()

    def action_leave_screen(self) -> None:
        """Back to the screen below, or out."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        else:
            self.exit()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every action of the key table that has a place on this screen, then the theme."""
        place = getattr(screen, "PLACE", Where.EVERYWHERE)
        why_not = getattr(screen, "why_not", lambda action: None)
        for key in keys_of(place, Where.EVERYWHERE):
            if key.action == "palette":
                continue
            refusal = why_not(key.action)
            about = f"{key.help} [{key.faces}]" if refusal is None else f"Not now: {refusal}"
            title = f"{key.label[0].upper()}{key.label[1:]}"
            yield SystemCommand(
                title,
                Content(about),  # type: ignore[arg-type]  # it reads a str as markup
                lambda action=key.action: self.action_do(action),
            )
        picture = "Save what is on the screen as SVG; secrets are masked first"
        yield SystemCommand("Screenshot", picture, self.deliver_screenshot)
        yield SystemCommand("Theme", "Change the colours", self.action_change_theme)
