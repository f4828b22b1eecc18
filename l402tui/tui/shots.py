"""How are the pictures in ``screenshots/`` made?

``python -m l402tui.tui.shots [FOLDER]`` runs the explorer on the practice server with a fixed seed
and a fixed clock, presses keys, and writes what is on the screen as SVG. The same program gives the
same pictures, so they cannot show what is not there. They load no font from anywhere.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from textual.events import Paste
from textual.pilot import Pilot

from l402tui.flow.events import Answered, Challenged, ResultStored, Unreachable
from l402tui.flow.model import Request, Response
from l402tui.flow.ports import PreparedRequest, Transport
from l402tui.practice.invoices import DEMO_SEED
from l402tui.practice.run import PracticeServer
from l402tui.practice.samples import samples
from l402tui.practice.switches import Switches
from l402tui.protocol.network import Network
from l402tui.protocol.qr import Matrix, encode
from l402tui.protocol.secret import Secret
from l402tui.protocol.url import Url
from l402tui.settings import Settings
from l402tui.tui.app import ExplorerApp
from l402tui.tui.keeper import Opener
from l402tui.tui.modals.approve import Approve
from l402tui.tui.modals.invoice import InvoiceModal
from l402tui.tui.rhythm import DEAF
from l402tui.tui.screens.delegate import DelegateScreen
from l402tui.tui.screens.flow import FlowScreen
from l402tui.tui.widgets.address import AddressBar
from l402tui.tui.widgets.exchange import ExchangeTree
from l402tui.tui.widgets.paymentlist import PaymentList
from l402tui.tui.widgets.qrcode import QrCode
from l402tui.wiring import Receive, Session, open_session

__all__ = ["NAMES", "SIZES", "take"]

NAMES: Final = (
    "welcome",
    "flow",
    "approve",
    "qr",
    "paid",
    "refused",
    "inspect",
    "compare",
    "payments",
    "delegate",
)
SIZES: Final = ((80, 24), (120, 40))

_PORT: Final = 8402
"""The port that the pictures show, whichever was free."""
_ENTER_NOTE: Final = ("enter", *"agent", "equals_sign", *"anna")
_BEGIN: Final = 1_767_225_600.0
_COLUMN: Final = 12.2
_ROW: Final = 24.4
"""Width and height of a character cell in the SVG, as Rich draws it."""


class _Clock:
    """Stands still, except while a picture's next key is pressed."""

    def __init__(self) -> None:
        self.time = _BEGIN

    def now(self) -> float:
        """Unix seconds."""
        return self.time

    async def sleep(self, seconds: float) -> None:
        """Nothing waits for a standing clock."""
        self.time += seconds


class _SamePort:
    """A transport that shows one port and uses another."""

    def __init__(self, inner: Transport, real: int) -> None:
        self._inner, self._real = inner, real

    def prepare(self, request: Request, authorization: Secret | None) -> PreparedRequest:
        """With the port that is shown."""
        return self._inner.prepare(request, authorization)

    async def send(
        self, request: Request, authorization: Secret | None
    ) -> Challenged | Answered | Unreachable:
        """To the port there is."""
        real = replace(request, url=replace(request.url, port=self._real))
        event = await self._inner.send(real, authorization)
        if isinstance(event, Unreachable):
            return event
        shown: Response = replace(event.response, url=request.url, seconds=0.031)
        return replace(event, response=shown)

    def for_one_flow(self) -> Transport:
        """Nobody sets cookies here."""
        return self


def _opener(clock: _Clock, *, external: bool) -> Opener:
    @asynccontextmanager
    async def open_(
        *, demo: bool, url: Url | None, receive: Receive, wallet: str | None = None
    ) -> AsyncIterator[Session]:
        server = PracticeServer.start(switches=Switches(), seed=DEMO_SEED, clock=clock)
        with tempfile.TemporaryDirectory(prefix="l402tui-shots-") as folder:
            async with server as practice:
                settings = Settings(home=Path(folder), network=Network.REGTEST.word)
                real = Url.parse(practice.url)
                wallet = "external" if external else "practice"
                async with open_session(settings, wallet, receive=receive, url=real) as session:
                    session.clock = clock
                    session.transport = _SamePort(session.transport, real.port)
                    practice.url = f"http://127.0.0.1:{_PORT}"
                    session.practice = practice
                    yield session

    return open_


class _Photographer:
    """One run of the app, key by key."""

    def __init__(self, app: ExplorerApp, pilot: Pilot[None], clock: _Clock) -> None:
        self._app, self._pilot, self._clock = app, pilot, clock

    @property
    def flow(self) -> FlowScreen:
        """The flow's screen."""
        return next(one for one in self._app.screen_stack if isinstance(one, FlowScreen))

    async def press(self, key: str, seconds: float = 0.012) -> None:
        """One key, and a moment later."""
        self._clock.time += seconds
        await self._pilot.press(key)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until the app is as far as that. Raises TimeoutError."""
        for _ in range(1000):
            await self._pilot.pause(0.01)
            if true():
                await self._pilot.pause(0.05)
                return
        raise TimeoutError("the app did not get as far as the picture")

    async def to_question(self) -> None:
        """Up to the payment question, and past its deaf moment."""
        await self.press("a")
        await self.press("s")
        await self.until(lambda: isinstance(self._app.screen, Approve))
        self._app.clear_notifications()
        await self._pilot.pause(DEAF + 0.1)

    async def pose(self, name: str) -> None:
        """Bring the app to where the picture is taken."""
        if name == "welcome":
            return
        if name in ("inspect", "compare"):
            await self._inspect(compare=name == "compare")
            return
        await self.until(lambda: self.flow.session is not None)
        if name == "flow":
            await self.press("space")
            await self.until(lambda: self._waits())
            await self.press("n", 0.031)
            await self.until(lambda: self._waits())
            return
        if name == "refused":
            mistaken = f"http://127.0.0.1:{_PORT}/with/wrong-hash/weather"
            self.flow.query_one(AddressBar).set(mistaken)
            await self.press("a")
            await self.press("s")
            await self.until(self._over)
            return
        await self.to_question()
        if name == "approve":
            return
        await self.press("y", 0.5)
        if name == "qr":
            await self.until(self._drawn)
            return
        await self.until(self._over)
        if name == "payments":
            await self._hold_one()
        if name == "delegate":
            await self._narrow()

    async def _hold_one(self) -> None:
        """A second payment, which the network holds; then the list."""
        session, first = self.flow.session, self.flow.watched
        assert session is not None
        assert session.practice is not None
        session.practice.node.hold = True
        self.flow.query_one(AddressBar).set(f"http://127.0.0.1:{_PORT}/forecast")
        self._clock.time += 660.0
        await self.press("s")
        await self.until(lambda: isinstance(self._app.screen, Approve))
        await self._pilot.pause(DEAF + 0.1)
        await self.press("y", 0.5)
        await self.until(lambda: self.flow.watched is not first and self._moving())
        self._clock.time += 1_260.0
        await self.press("escape")
        await self.press("y")
        await self.until(lambda: not self.flow.running)
        await self.press("3")
        await self.press("e")
        await self.until(lambda: self._app.screen.query_one(PaymentList).chosen is not None)

    async def _narrow(self) -> None:
        """Two caveats on what was bought: one that is enforced, and one that is not."""
        await self.press("h")
        await self.until(lambda: self._added() == 0)
        for keys, added in ((("c", "enter", *"1h"), 1), (("c", "left", *_ENTER_NOTE), 2)):
            for key in keys:
                await self.press(key)
                await self._pilot.pause()
            await self.press("enter")
            await self.until(lambda added=added: self._added() == added)  # type: ignore[misc]  # loop
        await self.press("escape")

    def _added(self) -> int:
        screen = self._app.screen
        draft = screen.draft if isinstance(screen, DelegateScreen) else None
        return len(draft.added) if draft is not None else -1

    def _moving(self) -> bool:
        watch = self.flow.watched
        return watch is not None and watch.last(ResultStored) is not None

    async def _inspect(self, *, compare: bool) -> None:
        """A pasted challenge, or a token beside the one it was made of."""
        first = "token.txt" if compare else "challenge-unquoted.txt"
        await self._paste(samples()[first].content)
        if compare:
            await self.press("c")
            await self._paste(samples()["token-narrowed.txt"].content)

    async def _paste(self, text: str) -> None:
        self._app.post_message(Paste(text))
        await self.until(lambda: isinstance(self._app.focused, ExchangeTree))

    def _waits(self) -> bool:
        watch = self.flow.watched
        return watch is not None and watch.waiting is not None

    def _drawn(self) -> bool:
        return any(code.drawn for code in self._app.screen.query(QrCode))

    def _over(self) -> bool:
        watch = self.flow.watched
        return watch is not None and watch.ending is not None and not self.flow.running

    def picture(self) -> str:
        """What is on the screen, as SVG without any address in it."""
        self._app.clear_notifications()
        drawn = self._app.export_screenshot(title="l402tui")
        drawn = re.sub(r"@font-face\s*\{.*?\}", "", drawn, flags=re.DOTALL)
        drawn = re.sub(r"Fira Code", "DejaVu Sans Mono, Menlo, Consolas", drawn)
        screen = self._app.screen
        if isinstance(screen, InvoiceModal):
            watch = self.flow.watched
            assert watch is not None
            assert watch.intent is not None
            drawn = _with_code(drawn, encode(watch.intent.invoice), screen.query_one(QrCode))
        return drawn


def _with_code(drawn: str, matrix: Matrix, code: QrCode) -> str:
    """Draw the code as squares over its characters: not every viewer's font has them."""
    rows, columns = len(code.drawn), len(code.drawn[0])
    left, top = code.region.x * _COLUMN, code.region.y * _ROW + 1.5
    wide, high = columns * _COLUMN, rows * _ROW
    x_step, y_step = wide / len(matrix[0]), high / len(matrix)
    squares = "".join(
        f"M{left + x * x_step:.2f} {top + y * y_step:.2f}h{x_step:.2f}v{y_step:.2f}h-{x_step:.2f}z"
        for y, row in enumerate(matrix)
        for x, black in enumerate(row)
        if black
    )
    over = (
        f'<rect x="{left:.2f}" y="{top:.2f}" width="{wide:.2f}" height="{high:.2f}" fill="#fff"/>'
        f'<path d="{squares}" fill="#000" shape-rendering="crispEdges"/>'
    )
    at = drawn.rindex("</g>")
    return f"{drawn[:at]}{over}{drawn[at:]}"


async def take(name: str, size: tuple[int, int]) -> str:
    """Take one picture; ``name`` is one of :data:`NAMES`. Gives the SVG text."""
    clock = _Clock()
    opener = _opener(clock, external=name == "qr")
    inspect = name in ("inspect", "compare")
    demo = name != "welcome" and not inspect
    app = ExplorerApp(opener, demo=demo, inspect=inspect, now=clock.now)
    app.theme = "l402"
    async with app.run_test(size=size) as pilot:
        app.rhythm.gap = 0.0
        photographer = _Photographer(app, pilot, clock)
        await photographer.pose(name)
        before, now = "", photographer.picture()
        while now != before:
            await pilot.pause(0.2)
            before, now = now, photographer.picture()
        return now


def _all(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        for columns, rows in SIZES:
            path = folder / f"{name}-{columns}x{rows}.svg"
            path.write_text(asyncio.run(take(name, (columns, rows))), encoding="utf-8")
            print(path)


if __name__ == "__main__":
    _all(Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots"))
