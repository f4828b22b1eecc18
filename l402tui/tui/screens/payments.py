"""How do the payments stand, and what can be done about one of them?

The same list as ``l402tui payments``, with the same sentences and the same three deeds: ``resume``,
``settle`` and ``give up``. Following a payment is a flow, so that one goes to the flow's screen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message
from textual.widgets import Static

from l402tui.flow.model import Intent, IntentState, LogLine
from l402tui.flow.ports import Vault, VaultError
from l402tui.flow.prospects import prospect
from l402tui.protocol.amount import format_msat
from l402tui.protocol.masking import masked_url
from l402tui.protocol.text import Shown, say, shown
from l402tui.tui.keymap import Where, bindings
from l402tui.tui.modals.choose import Choice, Choose
from l402tui.tui.rhythm import Rhythm
from l402tui.tui.screens import SCREENS
from l402tui.tui.screens.aftercare import Aftercare
from l402tui.tui.theme import SHORT
from l402tui.tui.till import Till
from l402tui.tui.watch import Errand
from l402tui.tui.widgets.keybar import KeyBar
from l402tui.tui.widgets.paymentcard import PaymentCard
from l402tui.tui.widgets.paymentlist import Payment, PaymentList
from l402tui.tui.widgets.titlebar import TitleBar
from l402tui.tui.words import plain
from l402tui.wiring import Session

__all__ = ["PaymentsScreen"]

_MOST: Final = 1_000
"""Payments that are listed; of more, the newest."""
_LOOK: Final = 2.0
"""Seconds between two looks at what other runs do."""
_LEAVES: Final = say("Nothing leaves without a question.")
_NONE: Final = say("No payment is unfinished. e lists those that have ended, too.")
_EVER: Final = say("Nothing was ever paid here, or tried to.")


class PaymentsScreen(Aftercare):
    """The payments."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.PAYMENTS)]
    PLACE = Where.PAYMENTS
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - Textual's own type
    VERTICAL_BREAKPOINTS = [(0, "-short"), (SHORT, "-high")]  # noqa: RUF012 - Textual's own type
    ALLOW_IN_MAXIMIZED_VIEW = "#status, #keys"

    class Resume(Message):
        """The person wants this payment followed."""

        def __init__(self, errand: Errand) -> None:
            super().__init__()
            self.errand = errand

    def __init__(
        self, till: Till, rhythm: Rhythm, under_way: Callable[[Intent], Shown | None]
    ) -> None:
        """``under_way`` says why a payment is to be left alone now, if it is."""
        super().__init__()
        self.till = till
        self.rhythm = rhythm
        self.every = False
        self._under_way = under_way
        self._session: Session | None = None
        self._found: tuple[Payment, ...] = ()
        self._more = 0

    def compose(self) -> ComposeResult:
        """List above, the one under the cursor below."""
        yield TitleBar(SCREENS, "Payments", id="title")
        with Container(id="body"):
            yield PaymentList(id="list")
            yield PaymentCard(id="card")
        yield Static(markup=False, id="status")
        yield KeyBar(Where.PAYMENTS, Where.EVERYWHERE, id="keys")

    def on_mount(self) -> None:
        """Paint first, open the vault after."""
        self.query_one(PaymentList).lines.focus()
        self.redraw()
        self.call_after_refresh(self.run_worker, self._open(), group="open")
        self.set_interval(_LOOK, self._look)

    async def on_unmount(self) -> None:
        """Close what was opened for looking."""
        await self.till.close()

    def on_screen_resume(self) -> None:
        """Things may have happened meanwhile."""
        self.look()

    # --- what there is -------------------------------------------------------------------------

    async def _open(self) -> None:
        async with self._trouble_told("The payments cannot be listed."):
            self._session = await self.till.session()
        self.look()

    def _look(self) -> None:
        if self.is_current and not self.every:
            self.look()

    def look(self) -> None:
        """Read the payments anew."""
        session = self._session
        if session is None or not self.is_running:
            return
        found = self._read(session.vault)
        self._more = max(0, len(found) - _MOST)
        now = session.clock.now()
        self._found = tuple(Payment(one, prospect(one, now)) for one in found[::-1][:_MOST])
        self.query_one(PaymentList).show(self._found)

    def _read(self, vault: Vault) -> Sequence[Intent]:
        try:
            return vault.payments(every=self.every)
        except VaultError as error:
            self.answer(say("{} Nothing was sent or paid.", shown(str(error), 400)))
            return ()

    @property
    def payment(self) -> Intent | None:
        """The payment under the cursor."""
        chosen = self.query_one(PaymentList).chosen
        return chosen.intent if chosen is not None else None

    def busy(self, intent: Intent) -> Shown | None:
        """A flow that has it."""
        return self._under_way(intent)

    def answer(self, sentence: Shown) -> None:
        """How it went, above what happens next."""
        self.look()
        self.query_one(PaymentCard).announce(sentence)

    # --- drawing -------------------------------------------------------------------------------

    def on_payment_list_selected(self) -> None:
        """Another payment, or another word about it."""
        chosen = self.query_one(PaymentList).chosen
        vault = self._session.vault if self._session is not None else None
        log: Sequence[LogLine] = ()
        if vault is not None and chosen is not None:
            with suppress(VaultError):  # reading the list says it, too
                log = vault.log(chosen.intent.payment_hash)
        empty = Shown("") if vault is None else _EVER if self.every else _NONE
        self.query_one(PaymentCard).show(chosen, log, empty)
        self.redraw()

    def redraw(self) -> None:
        """The title of the list, the money and the keys."""
        count = len(self._found) + self._more
        kind = say("in all" if self.every else "unfinished")
        title = say("Payments: {} {}", count, kind)
        if self.till.practice:
            title = say("{} (practice, no real money)", title)
        if self._more:
            title = say("{}, the newest {}", title, _MOST)
        self.query_one(PaymentList).border_title = plain(title)
        self.query_one("#status", Static).update(plain(say("{} {}", self._money(), _LEAVES)))
        self.query_one(KeyBar).show(
            lambda action: self.why_not(action) is None,
            {"every": "unfinished" if self.every else "every one"},
        )

    def _money(self) -> Shown:
        """What is at stake, in one line."""
        states = IntentState
        moving = [
            one.intent
            for one in self._found
            if one.intent.state.moving or one.intent.state is states.PAID_NO_PREIMAGE
        ]
        waiting = [
            one.intent for one in self._found if one.intent.state.proven and one.intent.state.open
        ]
        parts: list[Shown] = []
        if moving:
            parts.append(say("Perhaps spent: {}.", _sum(moving)))
        if waiting:
            parts.append(say("Paid, and not delivered yet: {}.", _sum(waiting)))
        return say(" ".join(["{}"] * len(parts)), *parts) if parts else say("No money is moving.")

    # --- actions -------------------------------------------------------------------------------

    def do_resume(self) -> None:
        """Follow it, or hand it in again, on the flow's screen."""
        intent, session = self.payment, self._session
        if intent is None or session is None:
            return

        def go(errand: Errand) -> None:
            self.post_message(self.Resume(errand))

        self.ask_to_resume(intent, session.clock.now(), go)

    def do_every(self) -> None:
        """All of them, or the unfinished ones."""
        self.every = not self.every
        self.look()

    def _no_copy(self) -> Shown | None:
        return None if self.payment is not None else say("No payment is selected.")

    def do_copy(self) -> None:
        """What names this payment elsewhere. Nothing of it is a secret."""
        intent = self.payment
        if intent is None:
            return
        values = {
            "payment hash": intent.payment_hash.hex(),
            "invoice": intent.invoice,
            "address": masked_url(str(intent.request.url)),
        }
        choices = [Choice(name, Shown(name), shown(text)) for name, text in values.items()]

        def chosen(name: str | None) -> None:
            if name is not None:
                self.app.copy_to_clipboard(values[name])
                self.tell(say("Sent to the terminal clipboard. Not every terminal takes it."))

        self.app.push_screen(Choose("Copy", choices, one_line=True), chosen)

    def do_back(self) -> None:
        """Out of a large pane, out of the screen."""
        if self.maximized is not None:
            self.minimize()
        else:
            self.app.call_later(self.app.run_action, "leave_screen")


def _sum(intents: Sequence[Intent]) -> Shown:
    amount = shown(format_msat(sum(one.amount for one in intents)))
    if len(intents) == 1:
        return say("{} in one payment", amount)
    return say("{} in {} payments", amount, len(intents))
