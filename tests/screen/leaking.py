"""What does a terminal get from a widget that is not careful?

``python -m tests.screen.leaking`` writes every payload to its terminal as it is, by a widget where
Textual lets it through, else as somebody would who writes to the terminal directly. The oracle must
see each of them, or its silence about the explorer means nothing.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from .oracle import mark
from .payloads import PAYLOADS, Effect, Payload

__all__ = ["BY_WIDGET", "DIRECTLY", "HARMLESS", "MARKUP"]

HARMLESS, BY_WIDGET, DIRECTLY, MARKUP = "harmless", "widget", "directly", "markup"
"""The parts of the stream, each followed by the number of a payload."""


class _Careless(Widget):
    """Draws what it is given."""

    text = "harmless"

    def render_line(self, y: int) -> Strip:
        return Strip([Segment(self.text)], 40) if y == 0 else Strip.blank(self.size.width)


class _Leaky(App[None]):
    def compose(self) -> ComposeResult:
        yield _Careless()
        yield Static("harmless", id="markup")


async def _leak(pilot: Pilot[Any]) -> None:
    app = pilot.app
    careless, markup = app.query_one(_Careless), app.query_one("#markup", Static)
    careless.styles.height = 2

    async def draw(name: str) -> None:
        driver = app._driver
        assert driver is not None
        driver.write(mark(name))
        await pilot._wait_for_screen()
        app.screen._on_timer_update()

    await draw(HARMLESS)
    for payload in PAYLOADS:
        careless.text = payload.text if payload.effect is not Effect.BROKEN else "harmless"
        careless.refresh()
        await draw(f"{BY_WIDGET};{payload.number}")
        if payload.effect is Effect.MARKUP:
            _read_as_markup(markup, payload)
            await draw(f"{MARKUP};{payload.number}")
    await draw(HARMLESS)
    app.exit()


def _read_as_markup(widget: Static, payload: Payload) -> None:
    try:
        widget.update(payload.text)
    except Exception:  # it raises for what it cannot read, which nobody overlooks
        widget.update("harmless")


def _write_directly() -> None:
    for payload in PAYLOADS:
        os.write(1, mark(f"{DIRECTLY};{payload.number}").encode() + payload.raw)
    os.write(1, mark(HARMLESS).encode())


if __name__ == "__main__":
    leaky = _Leaky()
    leaky.run(auto_pilot=_leak)
    _write_directly()
    sys.exit(leaky.return_code or 0)
