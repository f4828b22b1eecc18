"""How does a person walk beside one flow?

:class:`Watch` runs one flow and holds what a screen needs to draw it: the events so far, the
command that step mode is waiting before, the question that waits for a yes or no, and the invoice
that waits for a preimage. It knows no widget; it says that something changed, and the screen looks
at it. Stopping it only stops watching: what was sent is in the vault, and the next run finds it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import Enum

from l402tui.flow import events as e
from l402tui.flow.commands import Command
from l402tui.flow.findings import Finding
from l402tui.flow.model import Ending, Intent, Quote, Request
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import say
from l402tui.wiring import NotPaid, Session

__all__ = ["Change", "Errand", "Question", "Watch"]


class Change(Enum):
    """What a screen has to look at anew."""

    EVENT = "event"
    PACE = "pace"
    """Step mode has come to a stop, or went on."""
    QUESTION = "question"
    INVOICE = "invoice"


@dataclass(frozen=True, slots=True)
class Errand:
    """What a flow is to do."""

    request: Request
    follow: bytes | None = None
    """The hash of the payment to follow to its end; then nothing else is bought."""
    resend: bool = False
    """A person has said that a request which must not be sent twice may go out again."""
    wallet: str | None = None
    """The wallet it takes, by name; None: whichever pays here."""


@dataclass(frozen=True, slots=True)
class Question:
    """May this be paid? Answered once."""

    quote: Quote
    findings: tuple[Finding, ...]
    answer: asyncio.Future[e.Approved | e.Declined]


class Watch:
    """One flow, from its first command to its end."""

    def __init__(
        self, session: Session, errand: Errand, *, step: bool, changed: Callable[[Change], None]
    ) -> None:
        self.session = session
        self.errand = errand
        self.request = errand.request
        self.events: list[e.Event] = []
        self.waiting: Command | None = None
        """What step mode will do next."""
        self.question: Question | None = None
        self.intent: Intent | None = None
        """Whose invoice another wallet is asked to pay now."""
        self._preimage: asyncio.Future[Secret | NotPaid | None] | None = None
        self._step = step
        self._go = asyncio.Event()
        self._first = True
        self._changed = changed

    async def run(self) -> None:
        """Run it to its end. Cancelling stops watching."""
        runner = self.session.runner(self, self.gate)
        errand = self.errand
        flow = runner.run(errand.request, follow=errand.follow, resend=errand.resend)
        async with aclosing(flow) as stream:
            async for event in stream:
                self.events.append(event)
                self._changed(Change.EVENT)

    # --- step mode -----------------------------------------------------------------------------

    @property
    def step(self) -> bool:
        """Whether it waits before each step."""
        return self._step

    def set_step(self, step: bool) -> None:
        """Switch between step mode and automatic mode, also in the middle."""
        self._step = step
        if not step:
            self.go_on()
        self._changed(Change.PACE)

    def go_on(self) -> None:
        """Take the step that is waiting."""
        self._go.set()

    async def gate(self, command: Command) -> None:
        """The runner asks before each step that a person wants to watch."""
        # Pressing "send" was the first step already.
        if not self._step or self._first:
            self._first = False
            return
        self._go.clear()
        self.waiting = command
        self._changed(Change.PACE)
        try:
            await self._go.wait()
        finally:
            self.waiting = None
            self._changed(Change.PACE)

    # --- the question --------------------------------------------------------------------------

    async def approve(self, quote: Quote, findings: Sequence[Finding]) -> e.Approved | e.Declined:
        """The runner asks whether this may be paid."""
        answer: asyncio.Future[e.Approved | e.Declined]
        answer = asyncio.get_running_loop().create_future()
        self.question = Question(quote, tuple(findings), answer)
        self._changed(Change.QUESTION)
        try:
            return await answer
        finally:
            self.question = None
            self._changed(Change.QUESTION)

    def say_yes(self, digest: str) -> None:
        """Yes, to exactly what has this digest."""
        if self.question is not None and not self.question.answer.done():
            self.question.answer.set_result(e.Approved(digest, say("you")))

    def say_no(self) -> None:
        """No."""
        if self.question is not None and not self.question.answer.done():
            self.question.answer.set_result(e.Declined(say("You said no.")))

    # --- another wallet ------------------------------------------------------------------------

    async def receive(self, intent: Intent) -> Secret | NotPaid | None:
        """An external wallet waits for the preimage of this intent; None when the person stops."""
        self.intent = intent
        self._preimage = asyncio.get_running_loop().create_future()
        self._changed(Change.INVOICE)
        try:
            return await self._preimage
        finally:
            self.intent = self._preimage = None
            self._changed(Change.INVOICE)

    def bring(self, answer: Secret | NotPaid | None) -> None:
        """What the person brought from the other wallet; None: they stop."""
        if self._preimage is not None and not self._preimage.done():
            self._preimage.set_result(answer)

    # --- how it stands -------------------------------------------------------------------------

    def last(self, *kinds: type[e.Event]) -> e.Event | None:
        """The newest event of one of these kinds."""
        return next((one for one in reversed(self.events) if isinstance(one, kinds)), None)

    @property
    def ending(self) -> Ending | None:
        """How it ended, once it has."""
        last = self.events[-1] if self.events else None
        return last.ending if isinstance(last, e.Finished) else None

    @property
    def money_moving(self) -> bool:
        """Whether a payment may be on its way at this moment."""
        last = self.last(
            e.PaymentSent, e.PaymentProgressed, e.PaymentUnknown, e.Outstanding, e.Found,
            e.PaidStored, e.PaymentFailed, e.Finished,
        )  # fmt: skip
        if isinstance(last, e.Found):
            return self.resumed is not None and self.resumed.state.moving
        return isinstance(
            last, e.PaymentSent | e.PaymentProgressed | e.PaymentUnknown | e.Outstanding
        )

    @property
    def at_stake(self) -> Intent | None:
        """The payment that may have cost something: this flow's, or an earlier one it follows."""
        last = self.last(e.PaymentSent, e.Reserved, e.Outstanding, e.Found)
        match last:
            case e.PaymentSent(intent=intent) | e.Reserved(intent=intent):
                return intent
            case e.Outstanding(intent=intent) | e.Found(unfinished=intent):
                return intent
            case _:
                return None

    @property
    def resumed(self) -> Intent | None:
        """The earlier payment for this very request that was found unfinished."""
        found = self.last(e.Found)
        return found.unfinished if isinstance(found, e.Found) else None

    @property
    def paid(self) -> e.PaidStored | None:
        """The proof of this flow's payment."""
        stored = self.last(e.PaidStored)
        return stored if isinstance(stored, e.PaidStored) else None
