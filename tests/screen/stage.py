"""What does the explorer write to a real terminal, when everything it shows is hostile?

``python -m tests.screen.stage REPORT`` runs the real app with Textual's own driver on the terminal
it is started on: each scene (:mod:`.scenes`) first with harmless words, then with every payload. In
the stream it says by marks which is which; what can only be seen from inside goes to REPORT: the
widgets that were mounted, the actions that were run, and the cells that a click would run.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from l402tui.practice.samples import MADE_AT
from l402tui.protocol.url import Url
from l402tui.settings import Settings
from l402tui.tui.app import ExplorerApp
from l402tui.tui.screens.flow import FlowScreen
from l402tui.tui.screens.telling import Telling
from l402tui.tui.watch import Errand, Watch
from l402tui.wiring import Receive, Session, practice_session
from tests.flow import makers

from .hostile import Supply
from .oracle import mark
from .payloads import BENIGN, PAYLOADS, Effect, Payload, batches

__all__ = ["SCROLLING", "Report", "Stage", "main"]

_HARMLESS_BATCHES = 3
SCROLLING = frozenset({"scroll_up", "scroll_down", "scroll_left", "scroll_right", "grab"})
"""What the cells of Textual's scroll bars do."""


@dataclass
class Report:
    """What was seen from inside."""

    mounted: dict[str, list[str]] = field(default_factory=dict)
    """Class of a widget: the scenes in which it was mounted."""
    actions: list[str] = field(default_factory=list)
    """Every action that was run while payloads were on the screen."""
    clickable: list[str] = field(default_factory=list)
    """Cells that would run an action or open a link."""
    tooltips: list[str] = field(default_factory=list)
    copied: list[str] = field(default_factory=list)
    clicks: int = 0
    settled: int = 0
    seconds: dict[str, tuple[float, int]] = field(default_factory=dict)
    """For each scene, of the processor, and how many times it was drawn."""
    watching: bool = False
    """Whether actions are noted."""
    left: list[str] = field(default_factory=list)
    """Scenes after which another screen was there than before."""


def _noting(app: ExplorerApp, report: Report) -> None:
    """Note every action that is run, and everything that is copied."""
    run, copy = app.run_action, app.copy_to_clipboard

    async def run_action(action: Any, *more: Any, **how: Any) -> bool:
        if report.watching:
            report.actions.append(str(action))
        return await run(action, *more, **how)

    def copy_to_clipboard(text: str) -> None:
        report.copied.append(text)
        copy(text)

    # In place of a class of its own: Textual looks for style sheets beside the class.
    app.run_action = run_action  # type: ignore[method-assign]  # see above
    app.copy_to_clipboard = copy_to_clipboard  # type: ignore[method-assign]  # see above


class Stage:
    """The app, and what a scene needs."""

    def __init__(
        self, app: ExplorerApp, report: Report, pilot: Pilot[Any], session: Session
    ) -> None:
        self.app, self.report = app, report
        self.pilot, self.session = pilot, session
        self.scene = ""
        self.hostile = False
        self.fresh = True
        """No batch of this scene was shown yet: its widgets are noted."""
        self.obeyed = False
        """There is markup among the payloads: the cells are looked at."""

    def supplies(self, size: int) -> Iterator[Supply]:
        """The payloads of this run, so many at a time; each is named in the stream."""
        table: Sequence[Payload] = PAYLOADS if self.hostile else BENIGN[: size * _HARMLESS_BATCHES]
        for number, batch in enumerate(batches(table, size)):
            self.say(f"{self.scene};{number}")
            self.obeyed = any(one.effect is Effect.MARKUP for one in batch)
            yield Supply(batch)
            self.fresh = False

    def say(self, name: str) -> None:
        """Put a mark into the stream."""
        driver = self.app._driver
        assert driver is not None
        driver.write(mark(f"{'hostile' if self.hostile else 'benign'};{name}"))

    async def settle(self) -> None:
        """Let the app work until what it shows is on the terminal."""
        await self.pilot._wait_for_screen()
        await asyncio.sleep(0)
        self.app.screen._on_timer_update()
        self.report.settled += 1
        if self.fresh:
            for widget in self.app.screen.walk_children(with_self=True):
                self._note(widget)
        if self.hostile and self.obeyed:
            self._look_at_cells()

    def _note(self, widget: Any) -> None:
        kind = type(widget)
        scenes = self.report.mounted.setdefault(f"{kind.__module__}.{kind.__qualname__}", [])
        if self.scene not in scenes:
            scenes.append(self.scene)
        if isinstance(widget, Widget) and widget.tooltip is not None:
            self.report.tooltips.append(f"{self.scene}: {kind.__qualname__}")

    def _look_at_cells(self) -> None:
        for strip in self.app.screen._compositor.render_strips(self.app.size):
            for segment in strip:
                style = segment.style
                if style is None:
                    continue
                meta = style.meta if style._meta else {}
                runs = {str(value) for key, value in meta.items() if key.startswith("@")}
                if runs - SCROLLING or style.link:
                    told = f"{self.scene}: {segment.text!r} {meta} {style.link}"
                    self.report.clickable.append(told)

    async def large(self, pane: Widget) -> None:
        """Let a pane fill the screen."""
        screen = self.app.screen
        assert isinstance(screen, Telling)
        pane.focus()
        await self.settle()
        screen.do_maximise()
        await self.settle()
        assert screen.maximized is pane

    async def pages(self, widget: Widget, most: int = 40) -> None:
        """Show all of it, page by page."""
        high = max(1, widget.scrollable_content_region.height)
        for y in range(0, min(widget.virtual_size.height, most * high) + 1, high):
            widget.scroll_to(y=y, animate=False)
            await self.settle()

    async def push(self, screen: Screen[Any]) -> None:
        """Show a screen."""
        await self.app.push_screen(screen)
        await self.settle()

    async def pop(self) -> None:
        """Take it away."""
        await self.app.pop_screen()
        await self.settle()

    def flow_screen(self) -> FlowScreen:
        """The flow's own screen, with nothing running."""
        opener = self.app._opener
        return FlowScreen(opener, self.app.rhythm, url=None, demo=False, step=True)

    def watch(self) -> Watch:
        """A flow of which the scene says what has happened."""
        return Watch(self.session, Errand(makers.REQUEST), step=True, changed=lambda change: None)

    async def click_on(self, word: str) -> None:
        """Click in the middle of the text behind this word, wherever it can be seen."""
        size = self.app.size
        for y, strip in enumerate(self.app.screen._compositor.render_strips(size)):
            line = "".join(segment.text for segment in strip)
            x = line.find(word)
            if x >= 0:
                self.report.clicks += self.hostile
                self.report.watching = self.hostile
                await self.pilot.click(offset=(min(x + len(word) + 1, size.width - 1), y))
                await self.settle()
                self.report.watching = False
                return


def _opener(
    *, demo: bool, url: Url | None, receive: Receive, wallet: str | None = None
) -> AbstractAsyncContextManager[Session]:
    raise AssertionError("no scene opens a session of its own")


async def _play(stage: Stage) -> None:
    from .scenes import SCENES

    chosen = os.environ.get("L402TUI_SCENES", "").split()
    for hostile in (False, True):
        stage.hostile = hostile
        for scene in SCENES:
            if chosen and scene.__name__ not in chosen:
                continue
            stage.scene = scene.__name__
            stage.fresh, stage.obeyed = True, False
            stage.say(stage.scene)
            before = list(stage.app.screen_stack)
            begun, settled = time.process_time(), stage.report.settled
            await scene(stage)
            if hostile:
                spent = time.process_time() - begun
                stage.report.seconds[stage.scene] = (
                    round(spent, 2),
                    stage.report.settled - settled,
                )
            if stage.app.screen_stack != before:
                stage.report.left.append(stage.scene)
                while len(stage.app.screen_stack) > len(before):
                    await stage.app.pop_screen()
    stage.hostile = False
    stage.say("end")


def main(report_to: str) -> int:
    """Run all scenes, and write the report."""
    report = Report()
    failed: list[BaseException] = []

    async def run(folder: Path) -> int:
        app = ExplorerApp(_opener, now=lambda: MADE_AT)
        _noting(app, report)

        async def show(pilot: Pilot[Any]) -> None:
            try:
                async with practice_session(Settings(home=folder)) as session:
                    await _play(Stage(app, report, pilot, session))
            except BaseException as error:
                failed.append(error)
            app.exit()

        await app.run_async(auto_pilot=show)
        return app.return_code or 0

    with tempfile.TemporaryDirectory(prefix="l402tui-stage-") as folder:
        code = asyncio.run(run(Path(folder)))
    Path(report_to).write_text(json.dumps(asdict(report)))
    if failed:
        raise failed[0]
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
