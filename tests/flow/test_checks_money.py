"""C08 to C11, C14 to C24 and C26: the invoice, what was before, the limits, the wallet."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from l402tui.flow.checks import examine
from l402tui.flow.findings import Facts, Severity
from l402tui.flow.model import Advice, IntentState, Limits, Timing
from l402tui.protocol.amount import MAX_MSAT, Msat, sat
from l402tui.protocol.features import Features
from l402tui.protocol.network import Network
from l402tui.protocol.text import say
from tests.flow import makers as m
from tests.flow.checking import (
    ELSEWHERE,
    GOOD,
    TOKEN,
    Case,
    challenged,
    dated,
    each,
    facts,
    finding,
    holds,
    known,
    paid_node,
    prices,
    remembered,
    spent,
    unsettled,
    wallet,
    with_header,
    with_invoice,
)

PASS, INFO, WARN, ASK, BLOCK = Severity

PAYEE = with_invoice().bill.invoice
assert PAYEE is not None
DAY = 86_400
BROKEN = f'L402 token="{TOKEN}", invoice="{GOOD.text[:-1]}b"'
EARLIER = m.WALLET.node_id
WEEK = wallet(longest_lock=1008)
OTHER = replace(m.IN_FLIGHT, payment_hash=bytes(32))


def limited(before: dict[str, int], **caps: int) -> Facts:
    """A bill of 10 sat and at most 1 sat of fee, with these limits (sat)."""
    limits = replace(Limits(sat(10), sat(1)), **{name: sat(cap) for name, cap in caps.items()})
    return facts(limits=limits, spending=spent(**before))


def locking(blocks: int) -> Facts:
    """The payee may hold it for so long, and the whole way for a week."""
    return replace(with_invoice(min_final_cltv_expiry=blocks), wallet=WEEK.wallet)


def timed(agent: bool = False, **changes: Any) -> Facts:
    return facts(timing=Timing(**changes), agent=agent)


def repeated() -> Facts:
    invoice = m.BILL.invoice
    assert invoice is not None
    fields = tuple(
        field._replace(state=type(field.state).REPEATED) if field.tag == "d" else field
        for field in invoice.fields
    )
    return with_invoice(fields=fields)


INVOICES: list[Case] = [
    ("C08", PASS, "whole", facts()),
    ("C08", ASK, "twice; the first counts: d", repeated()),
    ("C08", BLOCK, "damaged", challenged(BROKEN)),
    ("C08", BLOCK, "no invoice", facts(bill=replace(m.BILL, invoice=None))),
    ("C09", PASS, "both on regtest", facts()),
    ("C09", WARN, "look that your wallet is", wallet(network=None)),
    ("C09", BLOCK, "your wallet is on bitcoin", wallet(network=Network.MAINNET)),
    ("C09", BLOCK, "on signet", wallet(network=Network.SIGNET, proves_payment=False)),
    ("C10", PASS, "10 sat", facts()),
    ("C10", BLOCK, "no amount", with_invoice(amount=None)),
    ("C10", BLOCK, "no amount", with_invoice(amount=Msat(0))),
    ("C10", PASS, "asks for 0.001 sat", with_invoice(amount=Msat(1))),
    ("C10", PASS, "2 100 000 000 000 000 sat", with_invoice(amount=MAX_MSAT)),
    ("C10", BLOCK, "no amount", with_invoice(amount=Msat(MAX_MSAT + 1))),
    ("C11", PASS, "ordinary", facts()),
    ("C11", BLOCK, "AMP", with_invoice(features=Features(1 << 30))),
    ("C11", BLOCK, "AMP", with_invoice(features=Features(1 << 31))),
    ("C11", BLOCK, "(bits 98)", with_invoice(features=Features(1 << 98))),
    ("C16", PASS, "60 min", facts()),
    ("C16", PASS, "another 30 s", facts(now=m.EXPIRES - 30)),
    ("C16", BLOCK, "in 29 seconds", facts(now=m.EXPIRES - 29)),
    ("C16", BLOCK, "in 1 seconds", facts(now=m.EXPIRES - 1)),
    ("C16", BLOCK, "expired 0 s ago", facts(now=m.EXPIRES)),
    ("C16", BLOCK, "expired 7 s ago", facts(now=m.EXPIRES + 7)),
    ("C16", PASS, "another", facts(now=m.NOW - 600)),
    ("C16", BLOCK, "in the future, in 10 min", facts(now=m.NOW - 601)),
    ("C16", PASS, "7 days", facts(bill=m.bill_for(m.invoice(expiry=7 * DAY)))),
    ("C16", WARN, "paid for 7 days", facts(bill=m.bill_for(m.invoice(expiry=7 * DAY + 1)))),
    ("C16", PASS, "another", dated(120)),
    ("C16", PASS, "another", dated(-120)),
    ("C16", WARN, "Your clock is 2 min behind the server", dated(121)),
    ("C16", WARN, "Your clock is 2 min ahead of the server", dated(-121)),
    # What counts is when it came, not when a person came to look at it...
    ("C16", PASS, "another", dated(-900, answered_at=m.NOW - 900)),
    # ...and when it was made, not when a cache gave it.
    ("C16", PASS, "another", dated(-900, (b"Age", b"900"))),
    ("C16", PASS, "another", dated(-900, (b"Age", b"0000000900"))),
    ("C16", WARN, "15 min ahead", dated(-900, (b"Age", b"00000000900"))),
    ("C16", WARN, "15 min ahead", dated(-900, (b"Age", b"x"))),
    ("C16", PASS, "another", with_header("Date", "yesterday, perhaps")),
    ("C16", PASS, "another", with_header("Date", "Fri, 15 Jan 2027 08:00:00 -0000")),
    ("C17", PASS, "80 blocks", facts()),
    ("C17", PASS, "144 blocks", with_invoice(min_final_cltv_expiry=144)),
    ("C17", ASK, "24 h (145 blocks)", with_invoice(min_final_cltv_expiry=145)),
    ("C17", ASK, "28 days (4032", with_invoice(min_final_cltv_expiry=28 * 144)),
    ("C17", BLOCK, "28 days (4033", with_invoice(min_final_cltv_expiry=28 * 144 + 1)),
    ("C17", PASS, "80 blocks. On its whole way it is locked for 1008 blocks (about 7 days)", WEEK),
    ("C17", ASK, "24 h (145 blocks) without taking it. On its whole way", locking(145)),
    ("C17", ASK, "(1004 blocks)", locking(1004)),
    ("C17", BLOCK, "(1005 blocks)", locking(1005)),
    ("C17", BLOCK, "28 days (4033", locking(4033)),
    ("C24", INFO, "“Weather report”", facts()),
    ("C24", INFO, "no description", facts(bill=m.bill_for(m.invoice(description="")))),
    ("C24", INFO, "only the hash", with_invoice(description=None, description_hash=bytes(32))),
]
BEFORE: list[Case] = [
    ("C14", PASS, "new", facts()),
    ("C14", PASS, "new", known(IntentState.RELEASED)),
    ("C14", ASK, "not finished", facts(open_here=(m.IN_FLIGHT,))),
    ("C14", INFO, "being paid already", known(IntentState.SENDING)),
    (
        "C14",
        ASK,
        "being paid already, and 10 sat in other payments",
        replace(known(IntentState.SENDING), open_here=(m.SENDING, OTHER)),
    ),
    ("C14", INFO, "being paid already", known(IntentState.UNKNOWN)),
    ("C14", INFO, "is paid already", known(IntentState.PAID)),
    ("C14", INFO, "is paid already", known(IntentState.ACTIVE)),
    ("C14", BLOCK, "did not accept", known(IntentState.REJECTED)),
    ("C14", BLOCK, "tried before", known(IntentState.FAILED)),
    ("C14", BLOCK, "by https://other.example before", known(IntentState.PAID, ELSEWHERE)),
    ("C15", PASS, "No other server", facts()),
    ("C15", ASK, "by https://shop.example", remembered(shown_by="https://shop.example")),
    ("C15", ASK, "another amount or payee", remembered(changed=True)),
    ("C18", PASS, "The payee is", facts()),
    ("C18", BLOCK, "pay yourself", wallet(node_id=PAYEE.payee)),
    ("C19", PASS, "not paid here before", facts()),
    ("C19", PASS, "this node here before", paid_node(known_here=True, last_here=EARLIER)),
    ("C19", PASS, "here before", paid_node(known_here=True, elsewhere="https://a.example")),
    (
        "C19",
        WARN,
        "You paid node 0200000000000000… here 2 days ago; this bill pays node",
        paid_node(last_here=EARLIER, last_at=m.NOW - 2 * DAY),
    ),
    ("C19", WARN, "paid at https://a.example", paid_node(elsewhere="https://a.example")),
    (
        "C19",
        WARN,
        "here earlier; this",
        paid_node(last_here=EARLIER, elsewhere="https://a.example"),
    ),
    ("C19", ASK, "this bill pays node", paid_node(agent=True, last_here=EARLIER, last_at=m.NOW)),
    ("C19", ASK, "paid at https://a.e", paid_node(agent=True, elsewhere="https://a.example")),
    ("C22", PASS, "not just paid", facts()),
    ("C22", WARN, "cost 11 sat", facts(refused=m.HELD)),
    ("C22", INFO, "for /news does not open", facts(refused=replace(m.HELD, path="/news"))),
    ("C22", PASS, "not just paid", timed(paid_recently=1, rejected_at=m.NOW - DAY)),
    ("C22", ASK, "2 times", timed(paid_recently=2)),
    ("C22", ASK, "took money 23 h ago", timed(rejected_at=m.NOW - DAY + 1)),
    ("C22", ASK, "very request 59 s ago", timed(paid_recently=1, paid_at=m.NOW - 59)),
    ("C22", PASS, "not just paid", timed(paid_recently=1, paid_at=m.NOW - 60)),
    ("C22", BLOCK, "2 times", timed(agent=True, paid_recently=2)),
    ("C22", BLOCK, "took money", timed(agent=True, rejected_at=m.NOW - 5)),
    ("C22", BLOCK, "very request", timed(agent=True, paid_at=m.NOW - 5)),
]
MONEY: list[Case] = [
    ("C20", PASS, "within your limit", facts()),
    ("C20", PASS, "limit of 10 sat", facts(limits=Limits(sat(10), sat(10)))),
    ("C20", BLOCK, "over your limit of 9.999 sat", facts(limits=Limits(Msat(9_999), sat(10)))),
    ("C20", PASS, "limit of 10 sat", facts(limits=Limits(sat(100), sat(10), at_most=sat(10)))),
    ("C20", BLOCK, "of 9 sat for one", facts(limits=Limits(sat(100), sat(9), at_most=sat(9)))),
    *(
        ("C20", PASS, "within", limited({name: 89}, **{name: 100}))
        for name in ("origin_hour", "origin_day", "hour", "day", "total")
    ),
    (
        "C20",
        BLOCK,
        "for this server and one hour (90",
        limited({"origin_hour": 90}, origin_hour=100),
    ),
    ("C20", BLOCK, "for this server and 24 hours (90", limited({"origin_day": 90}, origin_day=100)),
    ("C20", BLOCK, "for one hour (90 sat is spent", limited({"hour": 90}, hour=100)),
    ("C20", BLOCK, "for 24 hours (90 sat is spent", limited({"day": 90}, day=100)),
    ("C20", BLOCK, "for all payments ever (90 sat", limited({"total": 90}, total=100)),
    (
        "C20",
        BLOCK,
        "for this server and 24 hours",
        limited({"origin_day": 50, "total": 500}, origin_day=50, total=500, hour=11),
    ),
    ("C21", PASS, "Nothing was paid here", facts()),
    ("C21", PASS, "before (3 sat)", prices(10_000, (3_000, 9_000))),
    # More than twice, and more than 100 sat more: both.
    ("C21", PASS, "about", prices(200_000, (100_000,))),
    ("C21", PASS, "about", prices(200_000, (100_000,) * 5)),
    ("C21", PASS, "about", prices(400_000, (200_000,))),
    ("C21", ASK, "from 200 sat to 400.001 sat", prices(400_001, (200_000,))),
    ("C21", ASK, "from 100 sat to 200.001 sat", prices(200_001, (100_000,))),
    ("C21", PASS, "about", prices(109_000, (9_000,))),
    ("C21", ASK, "from 9 sat to 109.001 sat", prices(109_001, (9_000,))),
    # The middle one counts, so that one dear purchase does not make the next one usual.
    (
        "C21",
        ASK,
        "last 5 payments here, the latest 25 h ago",
        prices(300_000, (999_000,) * 2 + (100_000,) * 3),
    ),
    ("C21", PASS, "about", prices(300_000, (100_000,) * 2 + (999_000,) * 3)),
    ("C21", ASK, "from 50 sat", prices(300_000, (999_000, 50_000))),
    ("C21", PASS, "Nothing was paid here", prices(200_000, shown=100_000)),
    ("C21", ASK, "the first was shown here 25 h ago", prices(200_001, shown=100_000)),
    ("C21", ASK, "the first was shown here", prices(500_000, (500_000,), shown=50_000)),
    ("C21", ASK, "usual for your last 1", prices(500_000, (50_000,), shown=50_000)),
    ("C23", PASS, "No other payment", facts()),
    ("C23", PASS, "22 sat is in payments", unsettled(2, 22_000)),
    ("C23", BLOCK, "3 payments to this node", unsettled(3, 33_000)),
    ("C23", PASS, "80 sat is", unsettled(0, 80_000, limits=replace(m.LIMITS, unsettled=sat(100)))),
    (
        "C23",
        BLOCK,
        "limit of 100 sat",
        unsettled(0, 80_001, limits=replace(m.LIMITS, unsettled=sat(100))),
    ),
    ("C26", PASS, "is ready", facts()),
    ("C26", INFO, "switched off", facts(wallet=None)),
    ("C26", INFO, "is ready. Mind", wallet(advice=Advice(say("Mind the gap.")))),
    ("C26", WARN, "is ready. Mind", wallet(advice=Advice(say("Mind the gap."), serious=True))),
    ("C26", BLOCK, "unremembered", facts(writable=False)),
    ("C26", ASK, "3 payments are not in it", facts(behind=3)),
    ("C26", ASK, "1 payment is not in it", facts(behind=1)),
    ("C26", BLOCK, "not ready: locked", wallet(ready=False, trouble=say("locked"))),
    ("C26", BLOCK, "not ready: unknown", wallet(ready=False)),
    ("C26", BLOCK, "can send 19.999 sat", wallet(balance=Msat(19_999))),
    ("C26", PASS, "is ready", wallet(balance=sat(20))),
    ("C26", PASS, "is ready", wallet(balance=None)),
]
CASES = INVOICES + BEFORE + MONEY


@each(CASES)
def test_a_check(number: str, severity: Severity, words: str, given: Facts) -> None:
    found = holds(number, severity, words, given)
    if severity is BLOCK and number in ("C09", "C16", "C17", "C20", "C23"):
        assert found.todo


@pytest.mark.parametrize("given", [facts(now=m.EXPIRES), facts(now=m.NOW - 601)])
def test_a_clock_that_is_wrong_is_named_where_it_matters(given: Facts) -> None:
    """The bill may be good, and the clock wrong."""
    right = dated(0, now=given.now)
    found = finding("C16", right)
    assert found.severity is BLOCK
    assert "Your clock is" in found.todo.text
    assert "Look at your clock." in found.todo.text


def test_a_date_without_a_place_is_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XYZ-5")
    time.tzset()
    try:
        given = with_header("Date", "Fri, 15 Jan 2027 08:00:00 -0000")
        assert finding("C16", given).severity is PASS
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("given", "todo"),
    [
        (dated(121), "Look at your clock."),
        (facts(bill=m.bill_for(m.invoice(expiry=30 * DAY))), ""),
        (facts(now=m.EXPIRES), "Ask the server again"),
        (wallet(network=Network.SIGNET), "Choose a wallet"),
        (wallet(network=Network.SIGNET, proves_payment=False), "say so with --network"),
        (limited({"day": 90}, day=100), "Raise the limit"),
        (unsettled(3, 33_000), "l402tui payments"),
        (paid_node(elsewhere="https://a.example"), "ask the seller"),
        (remembered(shown_by="https://a.example"), "Pay it only where"),
    ],
)
def test_what_to_do_is_said(given: Facts, todo: str) -> None:
    (odd,) = [
        one for one in examine(given) if one.severity not in (PASS, INFO) and one.check != "C26"
    ]
    assert todo in odd.todo.text
    assert bool(odd.todo) is bool(todo)


def test_both_oddities_of_a_long_expiry_and_a_clock_are_told() -> None:
    made = m.bill_for(m.invoice(expiry=30 * DAY))
    date = (b"Date", b"Fri, 15 Jan 2027 09:00:00 GMT")
    response = replace(made.response, headers=(*made.response.headers, date))
    found = finding("C16", facts(bill=replace(made, response=response)))
    assert (
        found.sentence.text
        == "Your clock is 60 min behind the server's. It can be paid for 30 days."
    )


@pytest.mark.parametrize(
    "number", ["C10", "C11", "C12", "C15", "C16", "C17", "C19", "C20", "C21", "C23", "C24"]
)
def test_without_an_invoice_there_is_nothing_to_say(number: str) -> None:
    assert number not in {one.check for one in examine(challenged(BROKEN))}


@pytest.mark.parametrize("number", ["C20", "C21", "C23"])
def test_without_an_amount_there_is_nothing_to_compare(number: str) -> None:
    assert number not in {one.check for one in examine(with_invoice(amount=None))}
