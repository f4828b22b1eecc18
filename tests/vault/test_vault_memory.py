"""What is remembered about payees, prices and bills: case by case, and against a plain model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median_low
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from l402tui.flow.limits import STUCK_AFTER
from l402tui.flow.model import (
    Intent,
    IntentState,
    Memory,
    PayeeMemory,
    PriceMemory,
    Request,
    Spending,
    Timing,
    Unsettled,
)
from l402tui.protocol.amount import Msat, sat
from l402tui.protocol.invoice import Invoice
from l402tui.vault import SqliteVault
from l402tui.vault.memory import SEEN_LASTS, SHOWN_LASTS, payee_of

from .makers import NOW, billed, bring, buy, get, hash_of, intent, invoice, node, proof

S = IntentState
HOUR, DAY = 3_600.0, 86_400.0
ORIGIN = "https://shop.example"
OTHER = get("https://other.example/weather")


def paid(
    vault: SqliteVault,
    number: int,
    request: Request | None = None,
    amount: Msat = sat(10),  # noqa: B008  # an int
    to: str = "shop",
    *,
    at: float = NOW,
) -> None:
    """A real invoice, paid."""
    where = request or get()
    buy(vault, number, where, at=at, of=billed(number, where, amount, to, at=at))


# --- timing -------------------------------------------------------------------------------------


def test_timing_counts_payments_for_this_method_and_path(vault: SqliteVault) -> None:
    buy(vault, 1, get(), at=NOW - 599)
    buy(vault, 2, get("https://shop.example/weather?x=1"), at=NOW)
    buy(vault, 3, get(), at=NOW - 600)
    buy(vault, 4, get("https://shop.example/news"), at=NOW)
    buy(vault, 5, get(method="POST"), at=NOW)
    buy(vault, 6, get("https://other.example/weather"), at=NOW)
    for number, state in ((7, S.RESERVED), (8, S.FAILED), (9, S.RELEASED), (10, S.SENDING)):
        vault.reserve(intent(number, get(f"https://shop.example/weather?n={number}")))
        bring(vault, number, state)
    assert vault.timing(get(), NOW) == Timing(3, None, NOW - 599)
    assert vault.timing(get("https://shop.example/weather?x=1"), NOW).paid_at == NOW
    assert vault.timing(get("https://shop.example/weather?x=2"), NOW).paid_at is None


def test_timing_knows_when_a_paid_credential_was_refused_here(vault: SqliteVault) -> None:
    for number, at in ((1, NOW - 50), (2, NOW - 30), (3, NOW - 40)):
        buy(vault, number, get("https://shop.example/any"), at=at)
        vault.record(hash_of(number), S.REJECTED, at=at)
    assert vault.timing(get(), NOW).rejected_at == NOW - 30
    assert vault.timing(get("https://other.example/"), NOW).rejected_at is None


# --- payees -------------------------------------------------------------------------------------


def test_a_new_vault_knows_nothing(vault: SqliteVault) -> None:
    assert vault.memory(get(), invoice(1), NOW) == Memory()


def test_a_node_is_known_once_it_was_paid_and_not_before(vault: SqliteVault) -> None:
    vault.reserve(billed(1, get()))
    for state in (S.SENDING, S.IN_FLIGHT, S.HELD):
        vault.record(hash_of(1), state, at=NOW)
        assert vault.memory(get(), invoice(2), NOW).payee == PayeeMemory()
    vault.store_paid(hash_of(1), proof(1), at=NOW, fee=None)
    known = vault.memory(get(), invoice(2), NOW).payee
    assert known == PayeeMemory(True, node("shop"), NOW, None)


def test_the_last_node_paid_here_and_a_node_known_elsewhere(vault: SqliteVault) -> None:
    paid(vault, 1, at=NOW - 9, to="first")
    paid(vault, 2, at=NOW - 5, to="second")
    paid(vault, 3, at=NOW - 7, to="third")
    paid(vault, 4, OTHER, to="fourth")
    here = vault.memory(get(), invoice(9, to="fourth"), NOW).payee
    assert here == PayeeMemory(False, node("second"), NOW - 5, "https://other.example")
    there = vault.memory(OTHER, invoice(9, to="first"), NOW).payee
    assert there == PayeeMemory(False, node("fourth"), NOW, ORIGIN)
    for name, known in (("first", True), ("third", True), ("new", False)):
        assert vault.memory(get(), invoice(9, to=name), NOW).payee.known_here is known


def test_an_invoice_that_cannot_be_read_has_no_payee(vault: SqliteVault) -> None:
    buy(vault, 1, get())
    assert payee_of("lnbcrt100n1p1") is None
    assert vault.memory(get(), invoice(2), NOW).payee == PayeeMemory()


# --- prices -------------------------------------------------------------------------------------


def test_the_last_five_amounts_of_this_place_newest_first(vault: SqliteVault) -> None:
    for number in range(7):
        paid(vault, number, get(f"{ORIGIN}/weather?q={number}"), sat(10 + number), at=NOW + number)
    paid(vault, 8, get(f"{ORIGIN}/news"), sat(99))
    paid(vault, 9, OTHER, sat(98))
    vault.reserve(billed(10, get(), sat(97)))
    known = vault.memory(get(method="POST"), invoice(20), NOW + 9).prices
    assert known == PriceMemory(tuple(map(sat, (16, 15, 14, 13, 12))), NOW + 6)
    own = vault.memory(get(), invoice(6), NOW + 9).prices
    assert own.paid == tuple(map(sat, (15, 14, 13, 12, 11)))


def test_the_least_that_was_shown_counts_until_something_is_paid(vault: SqliteVault) -> None:
    for number, amount in ((1, 50), (2, 20), (3, 90)):
        vault.remember(get(), invoice(number, sat(amount)), NOW + number)
    assert vault.memory(get(), invoice(9), NOW + 9).prices == PriceMemory(
        shown=sat(20), shown_at=NOW + 2
    )
    assert vault.memory(get(), invoice(2), NOW + 9).prices.shown == sat(50)  # not its own
    assert vault.memory(OTHER, invoice(9), NOW + 9).prices == PriceMemory()
    assert vault.memory(get(f"{ORIGIN}/news"), invoice(9), NOW + 9).prices == PriceMemory()
    late = vault.memory(get(), invoice(9), NOW + 2 + SHOWN_LASTS).prices
    assert late == PriceMemory(shown=sat(90), shown_at=NOW + 3)
    paid(vault, 4, at=NOW + 2.5)
    since = vault.memory(get(), invoice(9), NOW + 9).prices
    assert since == PriceMemory((sat(10),), NOW + 2.5, sat(90), NOW + 3)


def test_what_was_shown_long_ago_is_forgotten_though_nothing_was_paid_since(
    vault: SqliteVault,
) -> None:
    paid(vault, 1, at=NOW - 9 * DAY)
    vault.remember(get(), invoice(2, sat(1)), NOW - 8 * DAY)
    assert vault.memory(get(), invoice(9), NOW).prices == PriceMemory((sat(10),), NOW - 9 * DAY)


# --- bills --------------------------------------------------------------------------------------


def test_who_showed_a_bill_is_remembered(vault: SqliteVault) -> None:
    vault.remember(get(), invoice(1), NOW)
    vault.remember(get(), invoice(1), NOW + 1)
    assert vault.memory(get(), invoice(1), NOW + 2).shown_by is None
    assert vault.memory(OTHER, invoice(1), NOW + 2).shown_by == ORIGIN
    assert vault.memory(OTHER, invoice(2), NOW + 2).shown_by is None


def test_a_hash_that_comes_again_with_other_terms_is_noticed(vault: SqliteVault) -> None:
    vault.remember(get(), invoice(1), NOW)
    assert not vault.memory(get(), invoice(1), NOW).changed
    assert not vault.memory(OTHER, invoice(1, sat(11)), NOW).changed
    for changed in (invoice(1, sat(11)), invoice(1, to="another")):
        assert vault.memory(get(), changed, NOW).changed
        vault.remember(get(), changed, NOW + 1)  # the first one stays what it is held against
        assert vault.memory(get(), changed, NOW + 1).changed


def test_bills_are_forgotten_a_month_after_and_payments_are_not(vault: SqliteVault) -> None:
    vault.remember(get(), invoice(1), NOW)
    vault.remember(get(), invoice(2, expiry=int(SEEN_LASTS) + 50), NOW)
    vault.remember(get(), invoice(3, expiry=2**40), NOW)
    paid(vault, 1)

    def known(at: float) -> list[int]:
        vault.remember(get(), invoice(99), at)
        rows = vault._db.execute("SELECT payment_hash FROM bills_seen").fetchall()
        return [number for number in (1, 2, 3) if (hash_of(number),) in rows]

    assert known(NOW + SEEN_LASTS) == [1, 2, 3]
    assert known(NOW + SEEN_LASTS + 1) == [2, 3]
    assert known(NOW + SEEN_LASTS + 51) == [3]
    assert known(NOW + 401 * DAY) == []
    assert vault.intent(hash_of(1)) is not None


# --- against a model ----------------------------------------------------------------------------

PLACES = [
    get(f"https://{host}.example{path}")
    for host in ("a", "b", "c")
    for path in ("/x", "/x?q=1", "/y")
]
NODES = ["one", "two", "three"]
AMOUNTS = [sat(1), sat(10), sat(250)]
BEFORE = st.one_of(
    st.integers(-100, 1_000),
    st.sampled_from([60, 61, 600, HOUR, HOUR + 1, DAY, DAY - 1, SHOWN_LASTS, SHOWN_LASTS + 1]),
).map(float)


@dataclass
class Model:
    """The same vault as lists."""

    payments: list[tuple[Intent, Invoice]] = field(default_factory=list)
    bills: list[tuple[Request, Invoice, float]] = field(default_factory=list)

    def remember(self, where: Request, its: Invoice, at: float) -> None:
        known = {(one.payment_hash, place.url.origin) for place, one, _ in self.bills}
        if (its.payment_hash, where.url.origin) not in known:
            self.bills.append((where, its, at))

    def spending(self, origin: str, now: float) -> Spending:
        def total(ones: Iterable[Intent]) -> Msat:
            return Msat(sum(_cost(one) for one in ones))

        money = [one for one, _ in self.payments if one.state.holds_money]
        day = [one for one in money if one.created > now - DAY or not one.state.proven]
        hour = [one for one in money if one.created > now - HOUR or not one.state.proven]
        return Spending(
            total(one for one in day if one.request.url.origin == origin),
            total(day),
            total(one for one in hour if one.request.url.origin == origin),
            total(hour),
            total(money),
        )

    def memory(self, request: Request, bill: Invoice, now: float) -> Memory:
        origin, path = request.url.origin, request.url.path
        proven = [(one, its) for one, its in self.payments if one.state.proven]
        here = [(one, its) for one, its in proven if one.request.url.origin == origin]
        same = [its for _, its in here if its.payee == bill.payee]
        others = sorted(
            {
                one.request.url.origin
                for one, its in proven
                if its.payee == bill.payee and one.request.url.origin != origin
            }
        )
        after = [one for one in others if one > origin]
        elsewhere = next(iter([*after, *others]), None)
        last = max(here, key=lambda pair: pair[0].created, default=None)
        begun = [
            (one, its)
            for one, its in self.payments
            if one.state.holds_money
            and not one.state.proven
            and one.payment_hash != bill.payment_hash
        ]
        stuck = [
            one
            for one, its in begun
            if its.payee == bill.payee
            and one.state is not S.RESERVED
            and not now - STUCK_AFTER <= (one.sent or one.created) <= now
        ]
        seen = [
            (where, its)
            for where, its, at in sorted(self.bills, key=lambda row: row[2])
            if its.payment_hash == bill.payment_hash
        ]
        return Memory(
            PayeeMemory(
                bool(same),
                last and last[1].payee,
                last and last[0].created,
                elsewhere,
            ),
            self._prices(origin, path, bill, now),
            Unsettled(len(stuck), Msat(sum(one.amount + one.fee_cap for one, _ in begun))),
            next((w.url.origin for w, _ in seen if w.url.origin != origin), None),
            any(
                w.url.origin == origin and (its.amount, its.payee) != (bill.amount, bill.payee)
                for w, its in seen
            ),
        )

    def _prices(self, origin: str, path: str, bill: Invoice, now: float) -> PriceMemory:
        def is_here(where: Request) -> bool:
            return (where.url.origin, where.url.path) == (origin, path)

        ones = [
            one
            for one, _ in self.payments
            if one.state.proven and is_here(one.request) and one.payment_hash != bill.payment_hash
        ]
        ones.sort(key=lambda one: -one.created)
        since = now - SHOWN_LASTS
        if ones:
            since = max(since, ones[0].created)
        shown = [
            (its.amount or 0, -at)
            for where, its, at in self.bills
            if is_here(where) and at > since and its.payment_hash != bill.payment_hash
        ]
        least = min(shown, default=None)
        return PriceMemory(
            tuple(one.amount for one in ones[:5]),
            ones[0].created if ones else None,
            None if least is None else Msat(least[0]),
            None if least is None else -least[1],
        )


def _cost(one: Intent) -> int:
    if one.state.proven and one.fee is not None:
        return one.amount + one.fee
    return one.amount + one.fee_cap


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[bool, int, float]]:
    """Payments (True) and bills that were only shown, by number, with seconds before now. No two
    moments are the same, so that "the last" means one."""
    moments = draw(st.lists(BEFORE, max_size=14, unique=True))
    return [(draw(st.booleans()), number, before) for number, before in enumerate(moments)]


@settings(max_examples=80, deadline=None)
@given(
    lives(),
    st.data(),
    st.sampled_from(PLACES),
    st.sampled_from(NODES),
)
def test_every_answer_is_that_of_a_plain_model(
    life: list[tuple[bool, int, float]], data: st.DataObject, asked: Request, to: str
) -> None:
    model = Model()
    with TemporaryDirectory() as folder, SqliteVault.open(Path(folder) / "vault") as vault:
        for is_payment, number, before in life:
            at = NOW - before
            where = data.draw(st.sampled_from(PLACES))
            amount = data.draw(st.sampled_from(AMOUNTS))
            its = invoice(number, amount, data.draw(st.sampled_from(NODES)))
            if is_payment:
                # Its own query: a request with an unfinished payment gets no second one.
                url = where.url.join(f"{where.url.path}?n={number}")
                wanted = intent(
                    number, get(str(url)), invoice=its.text, amount=amount, created=at, updated=at
                )
                assert vault.reserve(wanted) is None
                state = data.draw(st.sampled_from(S))
                bring(vault, number, state, at=at)
                written = vault.intent(hash_of(number))
                assert written is not None
                model.payments.append((written, its))
            else:
                its = data.draw(st.sampled_from([its, *(one for _, one, _ in model.bills)]))
                vault.remember(where, its, at)
                model.remember(where, its, at)
        # The bill in question may be one that is known.
        number = data.draw(st.integers(0, len(life)))
        bill = invoice(number, data.draw(st.sampled_from(AMOUNTS)), to)
        assert vault.memory(asked, bill, NOW) == model.memory(asked, bill, NOW)
        origin = asked.url.origin
        assert vault.spending(origin, NOW) == model.spending(origin, NOW)
        paid_here = vault.memory(asked, bill, NOW).prices.paid
        assert not paid_here or median_low(paid_here) in AMOUNTS
