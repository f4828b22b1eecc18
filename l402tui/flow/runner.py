"""Who carries the commands out?

:class:`Runner` is the only part of this room that awaits. It takes each command of
:func:`~l402tui.flow.flow.step`, does it through a port, and feeds the events back. An event and the
book-keeping it causes are done before anybody is told of it: whoever watches the stream may stop
watching at any point, and nothing is lost by that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Final, TypeVar

from l402tui.flow import commands as c
from l402tui.flow import events as e
from l402tui.flow.bill import read_bill
from l402tui.flow.checks import examine
from l402tui.flow.endings import handle
from l402tui.flow.findings import Facts
from l402tui.flow.flow import begin, step
from l402tui.flow.model import (
    Ending,
    Held,
    Intent,
    IntentState,
    Limits,
    Memory,
    Moving,
    Quote,
    Request,
    WalletFacts,
)
from l402tui.flow.ports import (
    Approver,
    Clock,
    OverLimit,
    Overtaken,
    Transport,
    Turns,
    Vault,
    VaultError,
    Wallet,
)
from l402tui.protocol.credential import Credential
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown

__all__ = ["Gate", "Runner"]

Gate = Callable[[c.Command], Awaitable[None]]
"""Step mode: awaited before each command that a person wants to watch."""

NO_WALLET: Final = WalletFacts(name="none", network=None, ready=False, real_money=False)

LIVELY: Final = 30.0
"""Seconds since the last news, for which somebody is thought to be making a payment."""
SENTENCE: Final = 1_000
"""Characters of our own sentences, which end with the cure, and may quote a path."""

E = TypeVar("E", bound=e.Event)


async def _straight_on(command: c.Command) -> None:
    """Automatic mode."""


class Runner:
    """Runs flows over one set of ports. One runner may run many flows, one after the other."""

    def __init__(
        self,
        *,
        transport: Transport,
        vault: Vault,
        clock: Clock,
        approver: Approver,
        wallet: Wallet | None,
        limits: Limits,
        gate: Gate = _straight_on,
        turns: Turns | None = None,
    ) -> None:
        """``wallet=None`` is the no-pay mode: there is nothing that could pay. ``turns`` is shared
        by all runners whose flows should not pay for the same twice."""
        self._transport = self._way_out = transport
        self._vault = vault
        self._clock = clock
        self._approver = approver
        self._wallet = wallet
        self._limits = limits
        self._gate = gate
        self._turns = turns
        self._turn: str | None = None
        self._facts: WalletFacts | None = None
        self._exchange: int | None = None
        self._status: int | None = None
        self._answered_at: float | None = None

    async def run(
        self, request: Request, *, follow: bytes | None = None, resend: bool = False
    ) -> AsyncGenerator[e.Event, None]:
        """Run one flow to its end and yield what happens. The last event is ``Finished``.

        With ``follow``, a payment hash of this request: follow that payment until it has an end,
        use what it bought, and buy nothing else. ``resend``: a person has said that a request
        which must not be sent twice may go out again.

        Closing the iterator (or cancelling) stops watching; a payment that was sent goes on, and
        the next run of the same request finds it.
        """
        self._facts = self._exchange = self._status = None
        self._way_out = self._transport.for_one_flow()
        may_pay = self._wallet is not None
        state, first = begin(request, may_pay=may_pay, follow=follow, resend=resend)
        try:
            self._exchange = self._vault.open_exchange(request, self._clock.now())
        except VaultError:
            pass  # Found will say so: the next question to the vault fails in the same way
        queue = deque(first)
        try:
            while queue:
                command = queue.popleft()
                if command.shown:
                    await self._gate(command)
                async with aclosing(self._carry_out(command)) as stream:
                    async for event in stream:
                        told = [self._stamped(event)]
                        for happened in told:  # grows while the books are being kept
                            state, more = step(state, happened)
                            for next_command in more:
                                if next_command.at_once:
                                    told += map(self._stamped, self._keep_books(next_command))
                                else:
                                    queue.append(next_command)
                        for happened in told:
                            yield happened
        finally:
            self._leave_turn(None)

    async def _take_turn(self, command: c.TakeTurn) -> AsyncGenerator[e.Event, None]:
        turns, key = self._turns, command.request.purpose
        if turns is None or self._turn == key:
            yield e.TurnTaken()
            return
        if not turns.free(key):
            yield e.Queued()
        place = await turns.take(key)
        if place.ending is None:
            self._turn = key
        yield e.TurnTaken(place.waited, place.ending)

    def _leave_turn(self, ending: Ending | None) -> None:
        if self._turns is not None and self._turn is not None:
            key, self._turn = self._turn, None
            self._turns.leave(key, ending)

    def _stamped(self, event: E) -> E:
        return replace(event, at=self._clock.now())

    async def _carry_out(self, command: c.Command) -> AsyncGenerator[e.Event, None]:
        match command:
            case c.Send():
                fresh = command.past_caches
                async for event in self._send(command.request, command.held, None, fresh):
                    yield event
            case c.Retry():
                async for event in self._send(command.request, command.held, command.attempt):
                    yield event
            case c.Decode():
                yield e.Decoded(read_bill(command.response))
            case c.TakeTurn():
                async for event in self._take_turn(command):
                    yield event
            case c.Check():
                yield await self._check(command)
            case c.Ask():
                yield e.ApprovalAsked(command.quote, command.findings)
                yield await self._approver.approve(command.quote, command.findings)
            case c.Pay() | c.Track():
                async for event in self._ask_wallet(command):
                    yield event
            case c.Wait():
                yield e.Waiting(command.seconds, command.why)
                await self._clock.sleep(command.seconds)
                yield e.Waited()
            case _:
                for event in self._keep_books(command):
                    yield event

    # --- the vault: never awaits, so that nothing can come between -----------------------------

    def _keep_books(self, command: c.Command) -> Iterator[e.Event]:
        try:
            yield from self._book(command)
        except VaultError as error:
            yield e.Failed(shown(str(error), SENTENCE))

    def _book(self, command: c.Command) -> Iterator[e.Event]:
        vault, now = self._vault, self._clock.now()
        match command:
            case c.LookUp(request=request, payment_hash=payment_hash):
                line = vault.line()  # first: what is bought from now on is news
                if payment_hash is None:
                    held, unfinished = vault.credentials(request), vault.unfinished(request)
                    yield e.Found(tuple(held), unfinished, line)
                else:
                    yield e.Found((), vault.intent(payment_hash), line)
            case c.Reserve() | c.StoreSending():
                try:
                    yield self._commit(command, now)
                except OverLimit as limit:
                    yield e.Outstanding(None, shown(str(limit), SENTENCE))
                except Overtaken as overtaken:
                    yield e.Outstanding(overtaken.by)
            case c.StorePaid(intent=intent, preimage=preimage, fee=fee):
                yield e.PaidStored(vault.store_paid(intent.payment_hash, preimage, at=now, fee=fee))
            case c.Record(intent=intent, state=state, reason=reason, latest_end=end):
                yield e.ResultStored(
                    vault.record(intent.payment_hash, state, at=now, reason=reason, latest_end=end)
                )
            case c.RecordUse(held=held, request=request, accepted=accepted):
                vault.used(held, request, accepted=accepted, at=now)
            case c.Release(intent=intent, reason=reason):
                released = IntentState.RELEASED
                yield e.Released(vault.record(intent.payment_hash, released, at=now, reason=reason))
            case c.Finish(ending=ending):
                self._close_exchange(ending, now)
                self._leave_turn(ending)
                yield e.Finished(ending)
            case _:
                raise TypeError(f"nobody knows how to carry out {type(command).__name__}")

    def _commit(self, command: c.Reserve | c.StoreSending, now: float) -> e.Event:
        """Set the money aside, and then allow it to leave. Raises OverLimit and Overtaken."""
        vault, intent = self._vault, command.intent
        if isinstance(command, c.Reserve):
            known = vault.reserve(intent, self._limits, command.seen)
            return e.Reserved(intent) if known is None else e.Outstanding(known)
        sending, row = IntentState.SENDING, self._exchange
        stored = vault.record(intent.payment_hash, sending, at=now, exchange=row, seen=command.seen)
        return e.PaymentSent(stored)

    def _close_exchange(self, ending: Ending, now: float) -> None:
        if self._exchange is None:
            return
        try:
            self._vault.close_exchange(self._exchange, ending, self._status, now)
        except VaultError:
            pass  # a history row that stays open must not hide how the flow ended

    # --- the network and the wallet ------------------------------------------------------------

    async def _send(
        self, request: Request, held: Held | None, attempt: int | None, fresh: bool = False
    ) -> AsyncGenerator[e.Event, None]:
        authorization: Secret | None = None
        if held is not None:
            authorization = Credential(held.token, held.preimage).header_value(held.scheme)
        leaves = request.past_caches() if fresh else request
        sent = self._way_out.prepare(leaves, authorization).head
        if attempt is None:
            yield e.Requested(request, sent, held, fresh)
        else:
            yield e.Retried(request, sent, attempt)
        event = await self._way_out.send(leaves, authorization)
        if isinstance(event, e.Challenged | e.Answered):
            self._status, self._answered_at = event.response.status, self._clock.now()
        yield event

    async def _check(self, command: c.Check) -> e.Event:
        bill, request = command.bill, command.request
        if self._wallet is not None:
            self._facts = await self._wallet.facts()
        vault, now, origin = self._vault, self._clock.now(), request.url.origin
        invoice = bill.invoice
        limits = self._limits
        if command.again is not None:
            # What was approved then is asked about now, and its reservation is not counted twice.
            limits = limits.once_more(command.again.fee_cap)
        try:
            facts = Facts(
                request=request,
                bill=bill,
                wallet=self._facts,
                limits=limits,
                now=now,
                spending=vault.spending(origin, now),
                timing=vault.timing(request, now),
                memory=vault.memory(request, invoice, now) if invoice else Memory(),
                known=vault.intent(invoice.payment_hash) if invoice else None,
                open_here=tuple(vault.open_at(origin)),
                refused=command.refused,
                writable=self._wallet is None or vault.writable(),
                behind=vault.behind(),
                answered_at=self._answered_at,
            )
            bought = vault.bought_since(request, command.line)
        except VaultError as error:
            return e.Failed(shown(str(error), SENTENCE))
        if invoice is not None and command.again is None:
            with suppress(VaultError):  # a bill that was only looked at may be forgotten
                vault.remember(request, invoice, now)
        return e.Checked(
            examine(facts),
            _quote(facts),
            facts.known,
            _under_way(facts),
            frozenset(intent.payment_hash for intent in facts.open_here),
            bought,
        )

    async def _ask_wallet(self, command: c.Pay | c.Track) -> AsyncGenerator[e.WalletEvent, None]:
        wallet, intent = self._wallet, command.intent
        if wallet is None:
            raise RuntimeError("there is no wallet in no-pay mode, and nothing may ask for one")
        if self._facts is None:
            self._facts = await wallet.facts()
        if self._facts.identity != intent.wallet:
            yield _wrong_wallet(intent, self._facts)
            self._facts = None
            return
        stream = wallet.pay(intent) if isinstance(command, c.Pay) else wallet.track(intent)
        answered = False
        async with aclosing(stream):
            while not answered:
                try:
                    event = await anext(stream, None)
                except Exception as error:  # a mistake in a wallet says nothing about the payment
                    why = say("The wallet stopped working ({}).", shown(type(error).__name__))
                    event = e.PaymentUnknown(why)
                if event is None:
                    break
                yield event
                answered = not isinstance(event, e.PaymentProgressed)
            with suppress(Exception):  # nothing counts after the last word
                # Asked for more even so: a wallet may close its connection in good order.
                await anext(stream, None)
        if not answered:
            # A stream that just ends has said nothing about the payment.
            yield e.PaymentUnknown(say("The wallet stopped talking before it had an answer."))


def _quote(facts: Facts) -> Quote | None:
    invoice = facts.invoice
    if invoice is None or invoice.amount is None:
        return None
    return Quote(
        request=facts.request,
        payment_hash=invoice.payment_hash,
        amount=invoice.amount,
        fee_cap=facts.limits.fee_cap(invoice.amount),
        payee=invoice.payee,
        description=shown(invoice.description or b"", 120),
        expires=float(invoice.expires_at),
        wallet=facts.wallet or NO_WALLET,
        limits=facts.limits,
        spending=facts.spending,
    )


def _under_way(facts: Facts) -> tuple[Intent | Moving, ...]:
    """Payments for the same that were heard of just now: another run of this program makes them."""
    return tuple(
        intent
        for intent in facts.open_here
        if intent.purpose == facts.request.purpose
        and intent.state.moving
        and not intent.external  # its person has the invoice, and may take their time
        and facts.now - intent.updated < LIVELY
    )


def _wrong_wallet(intent: Intent, facts: WalletFacts) -> e.PaymentUnknown:
    """The payment is frozen: nothing is sent, and nothing that this wallet says counts."""
    if not facts.ready and facts.node_id is None:
        return e.PaymentUnknown(facts.trouble or Shown("The wallet does not answer."))
    if intent.wallet.partition(":")[0] == facts.name:
        sentence = say(
            "The node behind this wallet is another one now: this payment was given to {}, and "
            "here is {}. It is frozen: nothing is sent again. Bring the first node back; if it is "
            "gone for good: l402tui payments settle or give-up {}.",
            shown(intent.wallet),
            shown(facts.identity),
            handle(intent.payment_hash),
        )
        return e.PaymentUnknown(sentence, ask_again=False)
    sentence = say(
        "This payment was given to the wallet {}, and the wallet here is {}. Only the first can "
        "say how it stands: run the request with that wallet.",
        shown(intent.wallet),
        shown(facts.identity),
    )
    return e.PaymentUnknown(sentence, ask_again=False)
