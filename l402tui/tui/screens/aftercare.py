"""What can a person still do about one payment, by a key?

Follow it to its end or hand it in again (a flow, which asks first), bring its preimage, give it up.
The rules are those of :mod:`~l402tui.flow.aftermath`, and the words those of the command line.
Nothing here pays, and nothing is sent or given up without a question.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from textual.message import Message

from l402tui.flow.aftermath import Aftermath, Refusal, over_already
from l402tui.flow.endings import money
from l402tui.flow.model import Intent, IntentState, Money
from l402tui.flow.ports import VaultError
from l402tui.flow.prospects import prospect
from l402tui.protocol.masking import shown_url
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.tui.modals.ask import Ask
from l402tui.tui.rhythm import Rhythm
from l402tui.tui.screens.telling import Telling
from l402tui.tui.till import Till, wallet_of
from l402tui.tui.trouble import told_trouble
from l402tui.tui.watch import Errand

__all__ = ["Aftercare"]

_S: Final = IntentState
_NOBODY: Final = say("No payment is selected.")


class Aftercare(Telling):
    """The part of a screen that acts on a payment."""

    rhythm: Rhythm
    till: Till

    class Attenuate(Message):
        """The person wants a narrower token of what this payment bought."""

        def __init__(self, payment_hash: bytes) -> None:
            super().__init__()
            self.payment_hash = payment_hash

    if TYPE_CHECKING:  # what the screen brings

        @property
        def payment(self) -> Intent | None:
            """The payment that is meant, as it stands now."""

        def busy(self, intent: Intent) -> Shown | None:
            """Why nothing can be done about it now."""

        def answer(self, sentence: Shown) -> None:
            """Say how it went, where it stays to be read."""

    # --- following, and handing in again -------------------------------------------------------

    def _no_resume(self) -> Shown | None:
        intent = self.payment
        if intent is None:
            return _NOBODY
        if intent.state in (_S.FAILED, _S.RELEASED):
            state = Shown(intent.state.value)
            return say("There is nothing to resume: it is {} already.", state)
        return self.busy(intent)

    def ask_to_resume(self, intent: Intent, now: float, go: Callable[[Errand], None]) -> None:
        """Ask, then let ``go`` run the flow."""
        errand = _errand(intent)
        title, question, yes = _question(intent, now)

        def heard(sure: bool | None) -> None:
            if sure:
                go(errand)

        self.app.push_screen(Ask(title, question, yes, "Cancel", rhythm=self.rhythm), heard)

    # --- a preimage ----------------------------------------------------------------------------

    def _no_settle(self) -> Shown | None:
        intent = self.payment
        if intent is None:
            return _NOBODY
        if intent.state is _S.RELEASED:
            return say("Nothing was ever sent for this payment, so it has no preimage.")
        if intent.state.proven:
            return say("It is paid, and proven: its preimage is kept.")
        return self.busy(intent)

    def do_settle(self) -> None:
        """Bring the preimage of this payment."""
        from l402tui.tui.modals.preimage import BringPreimage

        intent = self.payment
        if intent is None:
            return

        def brought(preimage: Secret | None) -> None:
            if preimage is not None:
                self.run_worker(self._settle(intent, preimage), group="aftercare")

        self.app.push_screen(BringPreimage(intent), brought)

    async def _settle(self, intent: Intent, preimage: Secret) -> None:
        async with self._trouble_told("Not taken."):
            session = await self.till.session()
            held = Aftermath(session.vault, session.clock).settle(intent, preimage)
            self.answer(
                say(
                    "The preimage is right: {} were paid. The credential is kept. Money was spent "
                    "earlier, none now. To fetch what was bought: r.",
                    money(held.amount),
                )
            )

    # --- handing over --------------------------------------------------------------------------

    @property
    def bought(self) -> bytes | None:
        """The payment hash of the credential that is meant, where there is one."""
        intent = self.payment
        return intent.payment_hash if intent is not None and intent.preimage is not None else None

    def _no_attenuate(self) -> Shown | None:
        if self.bought is not None:
            return None
        return say("No paid token is chosen here, so there is none to narrow. 4 lists all of them.")

    def do_attenuate(self) -> None:
        """To the workbench, with what it bought."""
        if self.bought is not None:
            self.post_message(self.Attenuate(self.bought))

    # --- giving up -----------------------------------------------------------------------------

    def _no_give_up(self) -> Shown | None:
        intent = self.payment
        if intent is None:
            return _NOBODY
        refusal = over_already(intent)
        return refusal.why if refusal is not None else self.busy(intent)

    def do_give_up(self) -> None:
        """Ask the wallet, then the person, then free the money."""
        intent = self.payment
        if intent is not None:
            self.run_worker(self._give_up(intent), group="aftercare", exclusive=True)

    async def _give_up(self, intent: Intent) -> None:
        from l402tui.tui.modals.giveup import GiveUp

        if intent.state.moving and not intent.external:
            self.answer(say("Asking the wallet how it stands; nothing is given up yet."))
        async with self._trouble_told("Not given up."), self.till.acting_on(intent) as session:
            aftermath = Aftermath(session.vault, session.clock, session.wallet)
            found = await aftermath.ask_before_giving_up(intent)
            if isinstance(found, Refusal):
                self.answer(say("Not given up. {} {}", found.why, Shown(found.money.value)))
                return
            if not await self.app.push_screen_wait(GiveUp(intent, found.losses, self.rhythm)):
                self.answer(say("Not given up; it stays as it is. Nothing was paid now."))
                return
            self.answer(_given_up(aftermath.give_up(intent)))

    @asynccontextmanager
    async def _trouble_told(self, first: str) -> AsyncIterator[None]:
        """``first`` is a literal: what was not done."""
        try:
            yield
        except (VaultError, ValueError) as error:
            self.answer(say("{} {} Nothing was paid now.", Shown(first), shown(str(error), 400)))
        except Exception as error:
            told = told_trouble(error)
            if told is None:
                raise
            self.answer(say("{} {}", Shown(first), told))


def _errand(intent: Intent) -> Errand:
    request, state = intent.request, intent.state
    unsure = state is _S.REDEEMING and not request.repeatable
    # What is proven needs no wallet: it is only handed in.
    wallet = "none" if state.proven else wallet_of(intent)
    return Errand(request, intent.payment_hash, unsure, wallet)


def _question(intent: Intent, now: float) -> tuple[str, Shown, str]:
    """Title, question and yes."""
    method, state = shown(intent.request.method), intent.state
    what = say("{} for {} {}", money(intent.amount), method, shown_url(intent.request.url, 200))
    if not state.proven:
        told = prospect(intent, now)
        line = say("{}. It stands at: {}. {}", what, Shown(told.state.value), told.next)
        return "Follow it to its end?", line, "Follow it"
    again = say("{}. It is sent again with the credential that is kept; nothing is paid.", what)
    if intent.request.repeatable or state not in (_S.REDEEMING, _S.ACTIVE):
        return "Hand it in again?", again, "Send again"
    left = (
        "{} This {} has left before, and its answer was lost: the server may have acted on it. To "
        "send it again costs nothing, and may do it twice."
        if state is _S.REDEEMING
        else "{} This {} was answered before. To send it again costs nothing, and may do it twice."
    )
    return "Send it again?", say(left, again, method), "Send again"


def _given_up(after: Intent) -> Shown:
    if after.state.holds_money:
        return say("Not given up: meanwhile it is {}.", Shown(after.state.value))
    known = say("Whether it was ever paid, nobody here can say.")
    if after.state is _S.RELEASED:
        known = Shown(Money.NONE.value)
    return say(
        "Given up: {} are free again. {} That is written down, and the payment is kept: a preimage "
        "can still be brought.",
        money(after.amount),
        known,
    )
