"""When does a key of the flow screen do nothing, and why?

:meth:`Refusals.why_not` answers with a sentence for an action that makes no sense now. Keys, the
key bar and the palette all ask it, so that none of them ever stays silent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from l402tui.flow import events as e
from l402tui.flow.model import Intent, Request
from l402tui.flow.ports import VaultError
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.text import Shown, say
from l402tui.protocol.url import UrlError
from l402tui.tui.screens.aftercare import Aftercare
from l402tui.tui.screens.looking import Looking
from l402tui.tui.widgets.address import AddressBar
from l402tui.wiring import Session

__all__ = ["Refusals", "same_address"]


def same_address(typed: Request | None, request: Request) -> bool:
    """Whether what stands in the address bar, which has no room for headers and body, is this."""
    return typed is not None and (typed.method, typed.url) == (request.method, request.url)


class Refusals(Looking, Aftercare):
    """The part of the flow screen that says no."""

    demo: bool
    step: bool
    session: Session | None

    if TYPE_CHECKING:  # what the screen brings

        @property
        def running(self) -> bool:
            """Whether a flow is under way."""

    @property
    def typed(self) -> Request | None:
        """The request in the address bar; None where it cannot be read."""
        try:
            return self.query_one(AddressBar).request()
        except UrlError:
            return None

    @property
    def fresh(self) -> bool:
        """Whether the request in the address bar was not run yet."""
        typed = self.typed
        return self.watched is None or not (
            typed is None or same_address(typed, self.watched.request)
        )

    @property
    def payment(self) -> Intent | None:
        """The payment of the flow that is over, as it stands now, where it has no end."""
        watch = self.watched
        stake = watch.at_stake if watch is not None and not self.running else None
        if watch is None or stake is None:
            return None
        try:
            intent = watch.session.vault.intent(stake.payment_hash)
        except VaultError:
            return None  # the flow itself says it, and how money stands
        return intent if intent is not None and intent.state.open else None

    @property
    def bought(self) -> bytes | None:
        """What this flow paid for, or used in place of paying."""
        watch = self.watched
        if watch is None:
            return None
        if watch.paid is not None:
            return watch.paid.held.payment_hash
        found = watch.last(e.Found)
        held = found.credentials if isinstance(found, e.Found) else ()
        return held[0].payment_hash if held else super().bought

    def busy(self, intent: Intent) -> Shown | None:
        """Nothing is done behind a flow's back."""
        return say("A flow is under way. Esc stops it.") if self.running else None

    def _no_send(self) -> Shown | None:
        if self.running:
            return say("A flow is under way. Esc stops it.")
        return None

    def _no_next(self) -> Shown | None:
        if not self.running:
            return None if self.fresh else say("This flow is over. r runs it again.")
        if self.watched is not None and self.watched.waiting is not None:
            return None
        if self.watched is not None and self.watched.question is not None:
            return say("The next step is yours: p opens the payment question.")
        if self.watched is not None and self.watched.intent is not None:
            return say("The next step is yours: v enters the preimage, i shows the invoice.")
        return say("It is under way; nothing waits for you.")

    def _no_pay(self) -> Shown | None:
        watch = self.watched
        if watch is not None and watch.question is not None:
            return None
        if self.session is not None and self.session.wallet is None:
            return say("Paying is switched off (no-pay).")
        if watch is not None and watch.ending is not None:
            return say("This flow is over. r runs the request again.")
        return say("There is no bill to pay yet. Nothing was paid.")

    def _no_invoice(self) -> Shown | None:
        if self.checked_invoice() is not None:
            return None
        if self.watched is None or self.watched.last(e.Checked) is None:
            return say("There is no checked invoice yet.")
        if self.watched.paid is not None:
            return say("This invoice is paid.")
        if self.watched.ending is not None:
            return say("This flow is over. r runs it again, with a new invoice.")
        return say(
            "The invoice is shown once you have said yes: its payment is written down first."
        )

    def _no_preimage(self) -> Shown | None:
        if self.watched is not None and self.watched.intent is not None:
            return None
        if self.payment is not None:
            return self._no_settle()
        return say("No invoice waits for a preimage. Only an external wallet needs this.")

    def _no_give_up(self) -> Shown | None:
        if self.running:
            return say("A flow is under way. Esc stops it.")
        if self.payment is None:
            return say("There is no payment without an end here. 3 lists those of other flows.")
        return super()._no_give_up()

    def _no_again(self) -> Shown | None:
        if self.running:
            return say("It is still running. Esc stops it.")
        return (
            None if self.watched is not None else say("Nothing was run yet: s sends the request.")
        )

    def _no_address(self) -> Shown | None:
        return say("A flow is under way. Esc stops it.") if self.running else None

    def _no_mistakes(self) -> Shown | None:
        if not self.demo:
            return say("Only the practice server makes mistakes to order (l402tui demo).")
        return say("A flow is under way. Esc stops it.") if self.running else None

    def checked_invoice(self) -> Invoice | None:
        """The invoice that may be shown: an approved one, or a practice one that passed."""
        watch = self.watched
        if watch is None:
            return None
        if watch.intent is not None:
            return Invoice.decode(watch.intent.invoice)
        if watch.paid is not None or watch.ending is not None:
            return None
        decoded, asked = watch.last(e.Decoded), watch.last(e.ApprovalAsked)
        if isinstance(decoded, e.Decoded) and isinstance(asked, e.ApprovalAsked):
            # Nobody can pay a practice invoice from outside, so looking at it is harmless.
            return None if asked.quote.wallet.name != "practice" else decoded.bill.invoice
        return None
