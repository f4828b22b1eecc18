"""What happens at one address? :func:`explore` asks, and a :class:`Flow` shows the answer.

Looking never pays: without a wallet there is nothing that could. Paying is a second, explicit call
that names a wallet and the most it may cost.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from time import time

from l402tui.flow import events as e
from l402tui.flow.findings import Finding, Severity
from l402tui.flow.model import Ending, Intent, IntentState, Quote, Request, Response
from l402tui.flow.seen import Seen
from l402tui.notebook import display
from l402tui.protocol.amount import Msat, format_msat, parse_amount
from l402tui.protocol.crash import told_error
from l402tui.protocol.credential import preimage_matches, read_preimage
from l402tui.protocol.errors import DecodeError
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import say, shown
from l402tui.settings import Settings, load
from l402tui.wiring import Session, open_session, request_of

__all__ = ["Flow", "FlowError", "explore"]


class FlowError(RuntimeError):
    """A mistake of this program has ended a flow. Says whether money was spent, and no secret."""


class Flow:
    """What was seen at one address. Put it last in a cell to see it."""

    def __init__(self, request: Request, events: Sequence[e.Event], settings: Settings) -> None:
        self.request = request
        self.events: tuple[e.Event, ...] = tuple(events)
        """Everything that happened, in order."""
        self._settings = settings

    @property
    def ending(self) -> Ending:
        """How it ended, and what it cost."""
        last = self.events[-1]
        assert isinstance(last, e.Finished), "a flow that returned has ended"
        return last.ending

    @property
    def response(self) -> Response | None:
        """The last answer of the server."""
        for event in reversed(self.events):
            if isinstance(event, e.Answered | e.Challenged):
                return event.response
        return None

    @property
    def quote(self) -> Quote | None:
        """What it would cost, and to whom; None where there was no readable bill."""
        quotes = (event.quote for event in reversed(self.events) if isinstance(event, e.Checked))
        return next(quotes, None)

    @property
    def text(self) -> str:
        """The last answer's body as text, unchanged: print it with care."""
        return self.response.body.decode("utf-8", "replace") if self.response else ""

    async def pay(self, wallet: str, *, at_most: str) -> Flow:
        """Ask the server again and pay its bill with ``practice``, ``external`` or ``lnd``.

        ``at_most`` (such as ``"20 sat"``) is your approval: amount and routing fee together may not
        be more, and nothing is paid where a check wants a human to look. A credential that is held
        already is used instead, at no cost.
        """
        cap = parse_amount(at_most)
        return await _run(self.request, self._settings, wallet, _UpTo(cap))

    async def redeem(self, preimage: str | Secret | None = None) -> Flow:
        """Use the invoice that is shown here after you paid it with a wallet of your own.

        ``preimage`` is the 64 hex digits that the wallet shows. Without it you are asked, and it
        does not stay in the notebook. It is stored, and the request is sent again with the
        credential; nothing is paid. Raises ValueError where there is no invoice that passed the
        checks, or the preimage belongs to another one.
        """
        bill, quote = display.payable(self.events), self.quote
        if bill is None or quote is None:
            raise ValueError("There is no invoice here that passed the checks. Nothing was sent.")
        if preimage is None:
            preimage = getpass.getpass("Preimage (64 hex digits): ")
        proof = preimage if isinstance(preimage, Secret) else read_preimage(preimage)
        del preimage  # a traceback may show the values of variables
        if not preimage_matches(proof, quote.payment_hash):
            raise ValueError(
                "This is not the preimage of the invoice shown here: its SHA-256 is another hash. "
                "Nothing was sent."
            )
        intent = replace(Intent.of(self.request, bill, quote, time()), wallet="external:-")
        async with open_session(self._settings, "none") as session:
            session.vault.reserve(intent, None)  # it is paid: no limit can help
            session.vault.record(intent.payment_hash, IntentState.SENDING, at=time())
            session.vault.store_paid(intent.payment_hash, proof, at=time(), fee=None)
            return Flow(
                self.request, await _watched(session, _Nobody(), self.request), self._settings
            )

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> Mapping[str, str]:
        return {
            "text/plain": display.as_text(self.events),
            "text/html": display.as_html(self.events),
        }

    def __repr__(self) -> str:
        return f"<Flow {self.ending.outcome.value}: {self.ending}>"


async def explore(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    settings: Settings | None = None,
) -> Flow:
    """Send a request and look at what comes back, without any way to pay.

    A credential that the vault holds for this address is used. Raises UrlError for an address that
    is not opened, and SettingsError.
    """
    request = request_of(url, method, tuple((headers or {}).items()), body)
    from l402tui.notebook.lab import settings_for

    chosen = settings or settings_for(request.url.origin) or load()
    return await _run(request, chosen, "none", _Nobody())


async def _run(
    request: Request, settings: Settings, wallet: str, approver: _UpTo | _Nobody
) -> Flow:
    receive = _ask_for_preimage if wallet == "external" else None
    async with open_session(settings, wallet, receive=receive, url=request.url) as session:
        if isinstance(approver, _UpTo):
            session.limits = replace(session.limits, at_most=approver.cap)
        events = await _watched(session, approver, request)
    return Flow(request, events, settings)


async def _watched(
    session: Session, approver: _UpTo | _Nobody, request: Request
) -> Sequence[e.Event]:
    """Run the flow to its end. Raises FlowError for what nobody expected."""
    seen, events = Seen(), list[e.Event]()
    try:
        async with aclosing(session.runner(approver).run(request)) as stream:
            async for event in stream:
                seen.note(event)
                events.append(event)
    except Exception as error:
        told = say(
            "This is a mistake in l402tui itself ({}). {}", told_error(error), seen.stopped()
        )
    else:
        return events
    # Outside of the `except`: what it came from would be shown below, with its words as they are.
    raise FlowError(told.text)


class _Nobody:
    """Looking only."""

    async def approve(self, quote: Quote, findings: Sequence[Finding]) -> e.Declined:
        """Never reached without a wallet, and a no if it were."""
        return e.Declined(say("Looking does not pay."))


class _UpTo:
    """The approval that a person wrote down in the cell."""

    def __init__(self, cap: Msat) -> None:
        self.cap = cap

    async def approve(self, quote: Quote, findings: Sequence[Finding]) -> e.Approved | e.Declined:
        """Yes, unless a check wants a human. The amount is a limit (C20), checked before."""
        asks = [found for found in findings if found.severity is Severity.ASK]
        if asks:
            return e.Declined(say("A human must look first. {}", asks[0].sentence))
        return e.Approved(quote.digest, say("the cell, up to {}", shown(format_msat(self.cap))))


async def _ask_for_preimage(intent: Intent) -> Secret | None:
    display.show_invoice(intent)
    while True:
        typed = getpass.getpass("Preimage (64 hex digits; empty to stop): ")
        if not typed.strip():
            return None
        try:
            return read_preimage(typed)
        except (DecodeError, ValueError) as error:
            print(shown(str(error)))
