"""What do the keys of the flow screen do?

One ``do_<action>`` for each row of the key table. When one makes no sense is said in
:mod:`~l402tui.tui.screens.refusals`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.url import UrlError
from l402tui.tui.modals.approve import Approve, Verdict
from l402tui.tui.modals.ask import Ask
from l402tui.tui.modals.choose import Choice, Choose
from l402tui.tui.modals.invoice import Brought, InvoiceModal
from l402tui.tui.money import so_far
from l402tui.tui.rhythm import Rhythm
from l402tui.tui.screens.refusals import Refusals, same_address
from l402tui.tui.watch import Errand
from l402tui.tui.widgets.address import AddressBar
from l402tui.tui.widgets.exchange import ExchangeTree
from l402tui.tui.widgets.why import WhyPane

__all__ = ["Deeds"]


class Deeds(Refusals):
    """The actions; :class:`~l402tui.tui.screens.flow.FlowScreen` draws."""

    rhythm: Rhythm

    if TYPE_CHECKING:  # what the screen brings

        def begin(self, errand: Errand) -> None:
            """Run it."""

        async def stop(self) -> None:
            """Stop watching."""

        def introduce(self) -> None:
            """Say what the first step will be."""

    # --- the flow ------------------------------------------------------------------------------

    def on_address_bar_entered(self) -> None:
        """Enter in the address sends."""
        refusal = self._no_send()
        if refusal is not None:
            self.tell(refusal)
        else:
            self.do_send()

    def do_send(self) -> None:
        """Run the request in the address bar."""
        try:
            request = self.query_one(AddressBar).request()
        except UrlError as error:
            reason = shown(str(error))
            told = say("This address cannot be opened: {}. Nothing was sent.", reason)
            self.query_one(WhyPane).announce(None, told)
            self.query_one(AddressBar).field.focus()
            return
        watch = self.watched
        if watch is not None and same_address(request, watch.request):
            request = watch.request  # with its headers and its body
        self.begin(Errand(request))

    def do_next(self) -> None:
        """The next step, the first one included."""
        if self.watched is not None and self.watched.waiting is not None:
            self.watched.go_on()
        else:
            self.do_send()

    def do_automatic(self) -> None:
        """Step mode or automatic mode."""
        self.step = not self.step
        if self.watched is not None:
            self.watched.set_step(self.step)
        self.introduce()
        self.tell(say("Step mode: every step waits for you." if self.step else "Automatic mode."))
        self.redraw()

    def do_again(self) -> None:
        """The same request, after a warning; a payment without an end is followed instead."""
        payment = self.payment
        if payment is not None and self.session is not None and not self.fresh:
            self.ask_to_resume(payment, self.session.clock.now(), self.begin)
            return
        told = say(
            "A credential that is held is used first, and costs nothing. If the server wants money "
            "again, you are asked before anything is paid."
        )

        def go(sure: bool | None) -> None:
            if sure:
                self.do_send()

        self.app.push_screen(Ask("Run it again?", told, "Run again", "Cancel"), go)

    def do_address(self) -> None:
        """Edit the address."""
        self.query_one(AddressBar).field.focus()

    # --- money ---------------------------------------------------------------------------------

    def do_pay(self) -> None:
        """Open the payment question."""
        watch = self.watched
        if watch is None or watch.question is None or self.session is None:
            return
        question = watch.question

        def heard(verdict: Verdict | None) -> None:
            if watch.question is not question:
                return
            if verdict is Verdict.PAY:
                watch.say_yes(question.quote.digest)
            elif verdict is Verdict.CANCEL:
                watch.say_no()
            self.redraw()

        modal = Approve(
            question.quote, question.findings, self.session.clock, self.rhythm, step=watch.step
        )
        self.app.push_screen(modal, heard)
        self.redraw()

    def do_invoice(self, *, typing: bool = False) -> None:
        """Show the invoice."""
        watch, invoice = self.watched, self.checked_invoice()
        if watch is None or invoice is None or self.session is None:
            return
        asking = watch.intent is not None

        def brought(result: Brought | None) -> None:
            if result is not None:
                watch.bring(result.answer)
            self.redraw()

        modal = InvoiceModal(invoice, self.session.clock, asking=asking, typing=typing)
        self.app.push_screen(modal, brought)

    def do_preimage(self) -> None:
        """Enter the preimage, of the invoice that waits or of a payment without an end."""
        if self.watched is not None and self.watched.intent is not None:
            self.do_invoice(typing=True)
        else:
            self.do_settle()

    def answer(self, sentence: Shown) -> None:
        """What became of a payment, beside the tree."""
        self.query_one(WhyPane).announce(None, sentence)
        self.redraw()

    # --- looking -------------------------------------------------------------------------------

    def do_wire(self) -> None:
        """The log, shown or hidden."""
        wide = self.has_class("-wide")
        self.toggle_class("hide-wire" if wide else "show-wire")
        self.remove_class("show-hex")

    def do_mistakes(self) -> None:
        """Choose what the practice server does wrong."""
        from l402tui.practice.switches import Switch

        choices = [Choice("", say("none"), say("The server does everything right."))]
        choices += [Choice(one.value, shown(one.value), shown(one.sentence)) for one in Switch]

        def chosen(name: str | None) -> None:
            session = self.session
            if name is None or session is None or session.practice is None:
                return
            path = f"/with/{name}/weather" if name else "/weather"
            self.query_one(AddressBar).set(session.practice.url + path)
            self.query_one(ExchangeTree).focus()
            self.tell(
                say(
                    "s sends the request to the server with this mistake."
                    if name
                    else "No mistakes."
                )
            )

        self.app.push_screen(Choose("Mistakes of the practice server", choices), chosen)

    # --- leaving -------------------------------------------------------------------------------

    def leave(self, then: Callable[[], object]) -> None:
        """Leave the flow, after asking where something is under way."""
        if not self.running:
            then()
            return
        moving = self.watched is not None and self.watched.money_moving
        if moving:
            told = say(
                "A payment is under way. It goes on without you; it is written down, and running "
                "the same request again finds it. Stop watching?"
            )
        else:
            money = so_far(self.watched) if self.watched is not None else say("No money spent.")
            told = say("{} Stop here?", money)
        title = "Stop watching?" if moving else "Stop?"

        def go(sure: bool | None) -> None:
            if sure:
                self.run_worker(self._stop_then(then), group="stop")

        if not isinstance(self.app.screen, Ask):
            self.app.push_screen(Ask(title, told, "Stop", "Stay"), go)

    async def _stop_then(self, then: Callable[[], object]) -> None:
        await self.stop()
        self.redraw()
        then()

    def do_back(self) -> None:
        """Out of the field, out of a large pane, out of the flow, out of the screen."""
        if self.maximized is not None:
            self.minimize()
        elif self.query_one(AddressBar).field.has_focus:
            self.query_one(ExchangeTree).focus()
        elif self.running:
            self.leave(lambda: self.query_one(WhyPane).announce(None, say("Stopped.")))
        else:
            self.app.call_later(self.app.run_action, "leave_screen")
