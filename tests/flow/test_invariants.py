"""Do the six rules about money hold in every order of events, stops and restarts?

A model wallet answers as it likes, a person says yes or no, limits are small, and the vault is the
real one on disk; flows of several requests run interleaved, and any of them may be dropped at any
moment, as a crash would. After each event:

* I1 one intent a payment hash, for ever
* I2 a payment that may have been sent changes its state only by the wallet's word about its hash
* I3 what is paid is never deleted and its proof never overwritten
* I4 time and silence change no state
* I5 what is spent and reserved is within the limits
* I6 while a payment is under way, another one at its origin is sent only by the yes of a person who
  was shown it; and nothing is sent for what was bought since the flow looked for credentials

and never: two pay calls for one hash where the wallet had taken the first one over, or one before
the disk says so.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from l402tui.flow import commands as c
from l402tui.flow import events as e
from l402tui.flow.bill import read_bill
from l402tui.flow.checks import examine
from l402tui.flow.findings import Facts, Severity
from l402tui.flow.flow import Phase, State, begin, step
from l402tui.flow.model import Intent, IntentState, Limits, Quote, Request
from l402tui.flow.ports import OverLimit, Overtaken, VaultError
from l402tui.practice.invoices import PracticeInvoice
from l402tui.protocol.amount import Msat, sat
from l402tui.protocol.credential import preimage_matches
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import say, shown
from l402tui.vault import SqliteVault
from tests.flow import makers as m

S = IntentState
WHY = say("because")
LIMITS = Limits(payment=sat(100), fee=sat(2), day=sat(60), origin_day=sat(40))
REQUESTS = tuple(
    Request(replace(m.URL, path=path), method)
    for path in ("/weather", "/forecast")
    for method in ("GET", "POST")
) + tuple(Request(replace(m.URL, query=f"city={number}")) for number in range(2))


@dataclass
class Book:
    """What the model wallet has in its own list."""

    taken: bool = False
    settled: bool = False
    failed: bool = False


@dataclass
class Running:
    """One flow and the commands it waits for."""

    state: State
    due: list[c.Command] = field(default_factory=list)
    shown: frozenset[bytes] = frozenset()
    """Payments under way that the person was shown, who then said yes."""
    offered: frozenset[bytes] = frozenset()
    """What was bought already when the flow last looked for credentials."""


class World:
    """The world around the machine."""

    def __init__(self, folder: Path, data: st.DataObject) -> None:
        self.folder = folder
        self.data = data
        self.vault = SqliteVault.open(folder)
        self.now = m.NOW
        self.invoices: dict[bytes, PracticeInvoice] = {}
        self.wallet: dict[bytes, Book] = {}
        self.flows: list[Running] = []
        self.before: dict[bytes, Intent] = {}
        self.words: set[bytes] = set()
        """Hashes about which the wallet has said something since the last look."""
        self.notes: set[bytes] = set()
        """Hashes that a flow reserved, released or sent since the last look."""
        self.smooth = False
        """For the moment everybody does what leads to a payment."""

    def goes_on(self) -> None:
        """Something happens, and the rules hold."""
        happening = self.data.draw(st.sampled_from(_HAPPENINGS))
        happening(self)
        self.the_rules_hold()

    def somebody_wants_something(self) -> None:
        if len(self.flows) < 4:
            request = self.data.draw(st.sampled_from(REQUESTS))
            state, commands = begin(request, may_pay=True)
            self.flows.append(Running(state, list(commands)))

    def a_flow_goes_on(self) -> None:
        if not self.flows:
            self.somebody_wants_something()
        flow = self.data.draw(st.sampled_from(self.flows))
        for _ in range(self.data.draw(st.integers(1, 12))):
            if flow.due:
                self._carry_out(flow, flow.due.pop(0), self.data)
        if flow.state.phase is Phase.DONE:
            self.flows.remove(flow)

    def two_come_to_the_same_point(self) -> None:
        """And the first of them goes on: that is where the other's yes is overtaken."""
        point = self.data.draw(st.sampled_from([c.Ask, c.Reserve, c.StoreSending]))
        begun = len(self.flows)
        self.somebody_wants_something()
        self.somebody_wants_something()
        self.smooth = True
        for flow in self.flows[begun:]:
            for _ in range(12):
                if flow.due and not isinstance(flow.due[0], point):
                    self._carry_out(flow, flow.due.pop(0), self.data)
        for flow in self.flows[begun:]:
            for _ in range(4):
                if flow.due:
                    self._carry_out(flow, flow.due.pop(0), self.data)
        self.smooth = False

    def a_flow_is_dropped(self) -> None:
        if self.flows:
            self.flows.remove(self.data.draw(st.sampled_from(self.flows)))

    def the_program_is_started_again(self) -> None:
        self.flows.clear()
        self.vault.close()
        self.vault = SqliteVault.open(self.folder)

    def time_passes(self) -> None:
        self.now += self.data.draw(st.sampled_from([1.0, 30.0, 200.0, 700.0, 4_000.0, 90_000.0]))

    def a_payment_ends_in_the_wallet(self) -> None:
        moving = [
            book
            for book in self.wallet.values()
            if book.taken and not book.failed and not book.settled
        ]
        if moving:
            book = self.data.draw(st.sampled_from(moving))
            book.settled = self.data.draw(st.booleans())
            book.failed = not book.settled

    # --- carrying out --------------------------------------------------------------------------

    def _feed(self, flow: Running, event: e.Event) -> None:
        event = replace(event, at=self.now)
        flow.state, more = step(flow.state, event)
        for command in more:
            if command.at_once:
                self._book(flow, command)
            else:
                flow.due.append(command)

    def _carry_out(self, flow: Running, command: c.Command, data: st.DataObject) -> None:
        match command:
            case c.Send(request=request, held=held):
                self._server(flow, request, held is not None, data)
            case c.Retry(request=request):
                self._server(flow, request, True, data)
            case c.Decode(response=response):
                self._feed(flow, e.Decoded(read_bill(response)))
            case c.TakeTurn():
                self._feed(flow, e.TurnTaken())
            case c.Check():
                self._feed(flow, self._check(command))
            case c.Ask(quote=quote, findings=findings):
                self._person(flow, quote, any(one.check == "C14" and one.severity is Severity.ASK
                                              for one in findings), data)  # fmt: skip
            case c.Pay(intent=intent):
                self._pay(flow, intent, data)
            case c.Track(intent=intent):
                self._track(flow, intent, data)
            case c.Wait():
                self._feed(flow, e.Waited())
            case _:
                self._book(flow, command)

    def _server(
        self, flow: Running, request: Request, credential: bool, data: st.DataObject
    ) -> None:
        choices = ["402"] if self.smooth else ["yes", "yes", "402", "503", "cut", "429"]
        choice = data.draw(st.sampled_from(choices))
        if choice == "cut":
            self._feed(flow, e.Unreachable(e.Fault.PROTOCOL, WHY, maybe_received=True))
        elif choice in ("503", "429"):
            self._feed(flow, e.Answered(m.answer(int(choice), url=request.url)))
        elif choice == "yes" and credential:
            self._feed(flow, e.Answered(m.answer(url=request.url)))
        else:
            new = self.smooth or not self.invoices or data.draw(st.booleans())
            number = len(self.invoices) if new else data.draw(
                st.integers(0, len(self.invoices) - 1)
            )  # fmt: skip
            made = m.invoice(number, sat(7), created=self.now) if new else None
            if made is not None:
                self.invoices[made.payment_hash] = made
            else:
                made = list(self.invoices.values())[number]
            self._feed(flow, e.Challenged(m.bill_for(made, url=request.url).response))

    def _check(self, command: c.Check) -> e.Checked:
        bill, request, origin = command.bill, command.request, command.request.url.origin
        assert bill.invoice is not None
        facts = Facts(
            request=request,
            bill=bill,
            wallet=m.WALLET,
            limits=LIMITS,
            now=self.now,
            spending=self.vault.spending(origin, self.now),
            timing=self.vault.timing(request, self.now),
            known=self.vault.intent(bill.invoice.payment_hash),
            open_here=tuple(self.vault.open_at(origin)),
            refused=command.refused,
        )
        bought = self.vault.bought_since(request, command.line)
        quote = Quote(
            request=request,
            payment_hash=bill.invoice.payment_hash,
            amount=bill.invoice.amount or Msat(0),
            fee_cap=LIMITS.fee,
            payee=bill.invoice.payee,
            description=shown(""),
            expires=float(bill.invoice.expires_at),
            wallet=m.WALLET,
            limits=LIMITS,
            spending=facts.spending,
        )
        seen = frozenset(intent.payment_hash for intent in facts.open_here)
        return e.Checked(examine(facts), quote, facts.known, seen=seen, bought=bought)

    def _person(self, flow: Running, quote: Quote, warned: bool, data: st.DataObject) -> None:
        if self.smooth or data.draw(st.integers(0, 4)):
            flow.shown = flow.state.seen.open if warned else frozenset()
            self._feed(flow, e.Approved(quote.digest, WHY))
        else:
            self._feed(flow, e.Declined(WHY))

    def _pay(self, flow: Running, intent: Intent, data: st.DataObject) -> None:
        on_disk = self.vault.intent(intent.payment_hash)
        assert on_disk is not None
        assert on_disk.state is not S.RESERVED, "the pay call left before the disk said so"
        assert intent.state is S.SENDING, "paid again, although the wallet had it once"
        book = self.wallet.setdefault(intent.payment_hash, Book())
        if data.draw(st.integers(0, 3)) == 0:  # the call is lost before it gets there
            self._feed(flow, e.PaymentUnknown(WHY))
            return
        # An honest wallet takes an invoice over once; told again, it says how that one stands.
        book.taken = True
        if self.smooth:
            book.settled = data.draw(st.booleans())
        self._tell(flow, intent, data)

    def _track(self, flow: Running, intent: Intent, data: st.DataObject) -> None:
        book = self.wallet.get(intent.payment_hash, Book())
        if data.draw(st.integers(0, 3)) == 0:
            self._feed(flow, e.PaymentUnknown(WHY, ask_again=data.draw(st.booleans())))
        elif not book.taken or data.draw(st.integers(0, 9)) == 0:  # or its records were deleted
            self.words.add(intent.payment_hash)
            self._feed(flow, e.PaymentNotFound())
        else:
            self._tell(flow, intent, data)

    def _tell(self, flow: Running, intent: Intent, data: st.DataObject) -> None:
        book, key = self.wallet[intent.payment_hash], intent.payment_hash
        self.words.add(key)
        if data.draw(st.booleans()):
            self._feed(flow, e.PaymentProgressed(WHY))
        if book.settled:
            wrong = data.draw(st.integers(0, 4)) == 0
            proof = Secret(bytes(32)) if wrong else self.invoices[key].preimage
            self._feed(flow, e.PaymentSettled(proof, data.draw(st.sampled_from([None, sat(1)]))))
        elif book.failed:
            self._feed(flow, e.PaymentFailed(WHY))
        else:
            self._feed(flow, e.PaymentUnknown(WHY, ask_again=data.draw(st.booleans())))

    def _book(self, flow: Running, command: c.Command) -> None:
        try:
            self._write(flow, command)
        except VaultError:  # what the vault refuses is told as it is
            self._feed(flow, e.Failed(WHY))

    def _write(self, flow: Running, command: c.Command) -> None:
        vault, now = self.vault, self.now
        match command:
            case c.LookUp(request=request):
                line, credentials = vault.line(), tuple(vault.credentials(request))
                flow.offered = frozenset(one.payment_hash for one in self._bought())
                self._feed(flow, e.Found(credentials, vault.unfinished(request), line))
            case c.Reserve() | c.StoreSending():
                self.notes.add(command.intent.payment_hash)
                try:
                    self._commit(flow, command)
                except OverLimit:
                    self._feed(flow, e.Outstanding(None))
                except Overtaken as overtaken:
                    MET_NEWS[type(command)] += 1
                    self._feed(flow, e.Outstanding(overtaken.by))
            case c.StorePaid(intent=intent, preimage=preimage, fee=fee):
                held = vault.store_paid(intent.payment_hash, preimage, at=now, fee=fee)
                self._feed(flow, e.PaidStored(held))
            case c.Record(intent=intent, state=state, reason=reason):
                if intent.state.proven or state.proven:
                    self.notes.add(intent.payment_hash)  # the server's answer, not the wallet's
                after = vault.record(intent.payment_hash, state, at=now, reason=reason)
                self._feed(flow, e.ResultStored(after))
            case c.RecordUse(held=held, request=request, accepted=accepted):
                vault.used(held, request, accepted=accepted, at=now)
            case c.Release(intent=intent, reason=reason):
                self.notes.add(intent.payment_hash)
                after = vault.record(intent.payment_hash, S.RELEASED, at=now, reason=reason)
                self._feed(flow, e.Released(after))
            case c.Finish(ending=ending):
                self._feed(flow, e.Finished(ending))
            case _:
                raise AssertionError(command)

    def _commit(self, flow: Running, command: c.Reserve | c.StoreSending) -> None:
        intent = command.intent
        if isinstance(command, c.Reserve):
            known = self.vault.reserve(intent, LIMITS, command.seen)
            self._feed(flow, e.Reserved(intent) if known is None else e.Outstanding(known))
            return
        key, purpose = intent.payment_hash, intent.request.purpose
        sent = self.vault.record(key, S.SENDING, at=self.now, seen=command.seen)
        for other in self.vault.open_at(intent.request.url.origin):  # I6
            assert other.payment_hash == key or other.payment_hash in flow.shown
        for bought in self._bought():
            if bought.purpose == purpose and bought.payment_hash != key:
                assert bought.payment_hash in flow.offered
        self._feed(flow, e.PaymentSent(sent))

    def _bought(self) -> list[Intent]:
        every = self.vault.payments(every=True)
        return [one for one in every if one.state.proven and one.state is not S.REJECTED]

    # --- what always holds ---------------------------------------------------------------------

    def the_rules_hold(self) -> None:
        found = self.vault.payments(every=True)
        after = {intent.payment_hash: intent for intent in found}
        assert len(after) == len(found)  # I1
        assert self.before.keys() <= after.keys()  # I1, I3
        for key, old in self.before.items():
            self._same_or_said(old, after[key])
        for intent in found:
            if intent.state.proven:
                assert intent.preimage is not None
                assert preimage_matches(intent.preimage, intent.payment_hash)
        self._within_limits(found)
        self.before = after
        self.words.clear()
        self.notes.clear()

    def _same_or_said(self, old: Intent, new: Intent) -> None:
        if old.state.proven:  # I3
            assert new.state.proven
            assert new.preimage == old.preimage
        key = old.payment_hash
        MET[old.state, new.state] += 1
        if old.state.moving and new.state is not old.state:
            assert key in self.words, f"{old.state} became {new.state} without a word"  # I2, I4
        if old.state is S.PAID_NO_PREIMAGE:
            assert new.state is S.PAID_NO_PREIMAGE or new.state.proven
        if new.state is not old.state:
            assert key in self.words | self.notes  # I4

    def _within_limits(self, found: object) -> None:
        # I5: what the wallet takes up again after it called it failed cannot be refused any more.
        for origin in {request.url.origin for request in REQUESTS}:
            spent = self.vault.spending(origin, self.now)
            assert spent.day <= (LIMITS.day or 0)
            assert spent.origin_day <= (LIMITS.origin_day or 0)


_HAPPENINGS = (
    World.somebody_wants_something,
    *[World.a_flow_goes_on] * 8,
    World.two_come_to_the_same_point,
    World.a_flow_is_dropped,
    World.the_program_is_started_again,
    World.time_passes,
    World.a_payment_ends_in_the_wallet,
)

MET: Counter[tuple[IntentState, IntentState]] = Counter()
"""Changes of state that were met, so that a world in which nothing happens is noticed."""
MET_NEWS: Counter[type[c.Command]] = Counter()
"""Where a yes was overtaken by another payment."""


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def _in_any_world(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder) / "home", data)
        try:
            for _ in range(50):
                world.goes_on()
        finally:
            world.vault.close()


def test_the_rules_hold_in_any_world() -> None:
    MET.clear()
    MET_NEWS.clear()
    _in_any_world()
    reached = {new for old, new in MET if new is not old}
    assert {S.IN_FLIGHT, S.FAILED, S.ACTIVE} <= reached, f"little happened: {reached}"
    assert set(MET_NEWS) == {c.Reserve, c.StoreSending}, f"nobody was overtaken: {MET_NEWS}"
