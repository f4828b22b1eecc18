"""C01 to C07, C12, C13 and C25: where the bill comes from, whether it is one, and its token."""

from __future__ import annotations

import bolt11
import pytest

from l402tui.flow.bill import read_bill
from l402tui.flow.checks import examine, out_of_cache
from l402tui.flow.findings import Facts, Severity
from l402tui.flow.model import Hop
from l402tui.practice.invoices import derive
from l402tui.protocol.amount import sat
from l402tui.protocol.url import Url
from tests.flow import makers as m
from tests.flow.checking import (
    ELSEWHERE,
    GOOD,
    HTTP_FAR,
    LOOPBACK,
    ONION,
    PUNYCODE,
    TOKEN,
    Case,
    at,
    challenged,
    charge,
    each,
    facts,
    holds,
    payment,
    third_party,
    with_body,
    with_caveats,
    with_header,
    with_headers,
)

PASS, INFO, WARN, ASK, BLOCK = Severity

BILL_OF = f'invoice="{GOOD.text}"'
OTHER = m.invoice(9)
DEARER = m.invoice(9, amount=sat(11))
HASH = GOOD.payment_hash.hex()


def on_mainnet(text: str) -> str:
    """The same invoice for the chain of real money, signed anew."""
    made = bolt11.decode(text)
    made.currency = "bc"
    return bolt11.encode(made, derive(m.SEED, "node key").hex())


MINE = {"invoice": GOOD.text, "paymentHash": HASH, "network": "regtest"}


def led_over(*urls: Url) -> Facts:
    """Asked, redirected so often, and answered from where it was asked."""
    return facts(bill=m.bill_for(GOOD, hops=tuple(Hop(302, url) for url in urls)))


NEWS = Url.parse("https://api.example/news")
ADDRESS: list[Case] = [
    ("C01", PASS, "plain", facts()),
    ("C01", WARN, "written as bücher.example", at(PUNYCODE)),
    ("C02", PASS, "is encrypted", facts()),
    ("C02", PASS, "does not leave", at(LOOPBACK)),
    ("C02", ASK, "through Tor", at(ONION)),
    ("C02", BLOCK, "No encryption", at(HTTP_FAR)),
    ("C03", PASS, "api.example", facts()),
    ("C04", PASS, "the origin you asked", facts()),
    ("C04", PASS, "the origin you asked", led_over(NEWS)),
    ("C04", BLOCK, "could not be handed in there", facts(bill=m.bill_for(GOOD, url=ELSEWHERE))),
    ("C04", BLOCK, "led to https://other.example", led_over(NEWS, ELSEWHERE, ONION, m.URL)),
]
CACHES: list[Case] = [
    ("C05", PASS, "Nothing says", facts()),
    ("C05", PASS, "No cache may", with_header("Cache-Control", "no-store")),
    ("C05", PASS, "No cache may", with_header("cache-control", "public, No-Store")),
    ("C05", PASS, "No cache may", with_header("Cache-Control", 'private="x", max-age=600')),
    ("C05", PASS, "No cache may", with_header("Cache-Control", "no-cache, max-age=600")),
    ("C05", PASS, "No cache may", with_header("Cache-Control", "max-age=0")),
    ("C05", PASS, "No cache may", with_header("Cache-Control", "s-maxage=0, max-age=600")),
    ("C05", PASS, "Nothing says", with_header("Cache-Control", "no-transform")),
    ("C05", PASS, "Nothing says", with_header("Expires", "0")),
    ("C05", PASS, "Nothing says", with_header("Age", "0")),
    ("C05", PASS, "Nothing says", with_header("Cache-Status", "Edge; fwd=miss; stored")),
    ("C05", PASS, "Nothing says", with_header("Cache-Status", "hit-parade; fwd=miss")),
    ("C05", PASS, "Nothing says", with_header("Cache-Status", "Edge; hit=?0")),
    ("C05", PASS, "Nothing says", with_header("X-Cache", "MISS")),
    ("C05", WARN, "may keep", with_header("Cache-Control", "max-age=60")),
    ("C05", WARN, "may keep", with_header("Cache-Control", "max-age=0, s-maxage=10")),
    ("C05", WARN, "may keep", with_header("Cache-Control", "public")),
    ("C05", WARN, "may keep", with_header("Expires", "Fri, 15 Jan 2027 09:00:00 GMT")),
    ("C05", ASK, "a cache 5 min old", with_header("Age", "300")),
    ("C05", ASK, "a cache 1 s old", with_headers((b"Age", b"1"), (b"Cache-Control", b"no-store"))),
    ("C05", ASK, "a cache: others", with_header("Age", "soon")),
    ("C05", ASK, "a cache 115740 days old", with_header("Age", "9999999999")),
    ("C05", ASK, "a cache: others", with_header("Age", "99999999999")),
    ("C05", ASK, "a cache: others", with_header("Age", "\xb2")),
    ("C05", ASK, "a cache: others", with_header("Cache-Status", "Origin; fwd=miss, Edge; hit")),
    ("C05", ASK, "a cache: others", with_header("Cache-Status", "Edge ;hit =?1; ttl=3")),
    ("C05", ASK, "a cache: others", with_header("X-Cache", "Hit from the edge")),
    ("C05", ASK, "a cache: others", with_header("CF-Cache-Status", "HIT")),
]
ONE_BILL: list[Case] = [
    ("C06", PASS, "exactly one", facts()),
    ("C06", BLOCK, "in the body alone", facts(bill=read_bill(m.body_bill()))),
    ("C06", BLOCK, "cannot be read", challenged(f"L402 {BILL_OF}")),
    ("C06", BLOCK, "There is no L402", facts(bill=read_bill(m.answer(402)))),
    ("C07", PASS, "agree", facts()),
    ("C07", PASS, "agree", challenged(f'L402 version="0", token="{TOKEN}", {BILL_OF}')),
    ("C07", ASK, "version 99", challenged(f'L402 version="99", token="{TOKEN}", {BILL_OF}')),
]
BODIES: list[Case] = [
    ("C13", PASS, "Nothing in the answer", facts()),
    ("C13", PASS, "Nothing", with_body({"error": "payment required"})),
    ("C13", PASS, "Nothing", with_body({"invoice": GOOD.text, "macaroon": TOKEN, "r_hash": HASH})),
    ("C13", PASS, "Nothing", with_body({"invoice": GOOD.text.upper(), "amount_sats": 10})),
    ("C13", PASS, "Nothing", with_body({"invoice": OTHER.text}, b"text/html")),
    ("C13", PASS, "Nothing", with_body({"amount": 10_000, "unit": "msat", "network": "regtest"})),
    ("C13", PASS, "Nothing", with_body({"amount": 1, "currency": "usd", "network": "lightning"})),
    ("C13", PASS, "Nothing", with_body({"amount": True, "currency": "sat"})),
    ("C13", PASS, "Nothing", with_body(["invoice"])),
    ("C13", WARN, "names a bill, too", with_body(b'{"invoice": "lnbcrt')),
    ("C13", ASK, "no amount", with_body({"invoice": GOOD.text, "price_sats": "ten"})),
    ("C13", ASK, "no hash", with_body({"invoice": GOOD.text, "payment_hash": "abc"})),
    ("C13", BLOCK, "token in the body", with_body({"invoice": GOOD.text, "macaroon": "x"})),
    ("C13", BLOCK, "invoice in the body", with_body({"invoice": OTHER.text})),
    ("C13", BLOCK, "another payment hash", with_body({"bolt11": GOOD.text, "r_hash": "0" * 64})),
    ("C13", BLOCK, "says 1 sat, the invoice 10", with_body({"invoice": GOOD.text, "sats": 1})),
    (
        "C13",
        BLOCK,
        "says 1 sat",
        with_body({"invoice": GOOD.text, "sats": 1, "payment_hash": "abc"}),
    ),
    (
        "C13",
        BLOCK,
        "contradicts itself",
        with_body({"invoice": GOOD.text, "sats": 10, "amountSats": 2}),
    ),
    ("C13", BLOCK, "says 1 sat", with_body({"amount": 1, "currency": "sat"})),
    ("C13", BLOCK, "says 1 sat", with_body({"amount": "1", "unit": "SATS"})),
    ("C13", BLOCK, "says 10.001 sat", with_body({"amount": 10_001, "currency": "msat"})),
    ("C13", BLOCK, "says 10.001 sat", with_body({"amount": 10_001, "unit": "msats"})),
    ("C13", BLOCK, "the network bitcoin", with_body({"network": "mainnet"})),
    ("C13", BLOCK, "the network signet", with_body({"network": "Signet"})),
]
PAYMENTS: list[Case] = [
    ("C13", PASS, "Nothing", payment(charge(**MINE))),
    ("C13", PASS, "Nothing", payment(charge(paymentHash=HASH.upper()))),
    # An invoice of its own is another way to pay the same price.
    ("C13", PASS, "Nothing", payment(charge(invoice=OTHER.text))),
    ("C13", PASS, "Nothing", payment(charge("1", "usd"), method="stripe")),
    ("C13", PASS, "Nothing", payment(charge("1", "sat"), intent="session")),
    ("C13", PASS, "Nothing", payment(None, invoice=GOOD.text, method=None)),
    ("C13", PASS, "Nothing", payment(None, invoice=GOOD.text, amount="10", currency="sat")),
    ("C13", PASS, "Nothing", payment()),
    ("C13", WARN, "cannot be read", payment(charge(invoice="lnbcrt1"))),
    ("C13", BLOCK, "challenge says 1 sat, the invoice 10", payment(charge("1", **MINE))),
    ("C13", BLOCK, "says 1 sat", payment(charge("1", invoice=OTHER.text))),
    ("C13", BLOCK, "says 1 sat", payment(None, invoice=GOOD.text, amount="1", currency="sat")),
    ("C13", BLOCK, "says 11 sat", payment(charge("11", invoice=DEARER.text))),
    ("C13", BLOCK, "of another amount", payment(charge("10", invoice=DEARER.text))),
    ("C13", ASK, "names an amount that cannot", payment(charge("-1", **MINE))),
    ("C13", ASK, "names an amount that cannot", payment(charge("", **MINE))),
    ("C13", ASK, "names an amount that cannot", payment(None, invoice=GOOD.text, amount="ten")),
    ("C13", PASS, "Nothing", payment(charge(None, **MINE))),
    ("C13", BLOCK, "counts in usd", payment(charge("10", "usd", **MINE))),
    ("C13", BLOCK, "counts in SAT", payment(charge("10", "SAT", **MINE))),
    ("C13", BLOCK, "counts in no currency", payment(charge("10", None, **MINE))),
    ("C13", BLOCK, "hash than its", payment(charge(paymentHash=OTHER.payment_hash.hex()))),
    ("C13", BLOCK, "hash than its", payment(charge(invoice=OTHER.text, paymentHash=HASH))),
    (
        "C13",
        BLOCK,
        "hash than its",
        payment({"depositInvoice": OTHER.text, "paymentHash": HASH}, intent="session"),
    ),
    ("C13", BLOCK, "the network bitcoin", payment(charge(network="mainnet"))),
    ("C13", BLOCK, "of another network", payment(charge(invoice=on_mainnet(GOOD.text)))),
]
TICKETS: list[Case] = [
    ("C12", PASS, "commits to", facts()),
    (
        "C12",
        BLOCK,
        "do not belong together",
        facts(bill=m.bill_for(GOOD, m.token(m.invoice(5).payment_hash))),
    ),
    ("C12", ASK, "does not say", facts(bill=m.bill_for(GOOD, "dGhpcyBpcyBubyBtYWNhcm9vbg=="))),
    ("C25", PASS, "is for: weather", facts()),
    ("C25", PASS, "2 caveats", with_caveats(b"a=b", b"c=d")),
    ("C25", PASS, "is for: a, b", with_caveats(b"services=a:0,b:1")),
    ("C25", ASK, "not a macaroon", facts(bill=m.bill_for(GOOD, "bm90aGluZw=="))),
    ("C25", ASK, "discharge", third_party()),
    ("C25", PASS, "is for", with_caveats(b"services=a:0", b"a_valid_until=%d" % (m.NOW + 300))),
    ("C25", WARN, "4 min", with_caveats(b"services=a:0", b"a_valid_until=%d" % (m.NOW + 299))),
    ("C25", WARN, "Caveat 2 allows more", with_caveats(b"services=a:0", b"services=a:0,b:0")),
    ("C25", WARN, "for 1 s only", with_caveats(b"services=a:0", b"a_valid_until=%d" % (m.NOW + 1))),
    (
        "C25",
        WARN,
        "Caveat 4 allows more than caveat 2",
        with_caveats(b"x=1", b"services=a:0", b"y=2", b"services=a:0,b:0"),
    ),
    ("C25", WARN, "names no service", with_caveats(b"services=")),
    ("C25", BLOCK, "has expired", with_caveats(b"services=a:0", b"a_valid_until=%d" % m.NOW)),
    (
        "C25",
        ASK,
        "a_valid_until is over",
        with_caveats(b"services=a:0,b:0", b"a_valid_until=%d" % m.NOW),
    ),
    ("C25", ASK, "counted in unix milliseconds", with_caveats(b"expiration=%d" % (m.NOW + 900))),
    ("C25", ASK, "may open nothing", with_caveats(b"Realm = a", b"Realm = b")),
    ("C25", ASK, "may open nothing", with_caveats(b"services=a:0", b"services=b:0")),
]
CASES = ADDRESS + CACHES + ONE_BILL + BODIES + PAYMENTS + TICKETS


@each(CASES)
def test_a_check(number: str, severity: Severity, words: str, given: Facts) -> None:
    found = holds(number, severity, words, given)
    if severity is BLOCK:
        assert found.todo


@pytest.mark.parametrize(
    "value",
    ['L402 macaroon="a", invoice="b"', f'L402 macaroon="{TOKEN}", invoice="lnbcrt1"'],
    ids=["nothing readable", "no invoice"],
)
def test_what_is_no_bill_is_compared_with_nothing(value: str) -> None:
    assert "C13" not in {one.check for one in examine(challenged(value))}


def test_only_so_much_is_said_at_once() -> None:
    told = {"invoice": OTHER.text, "macaroon": "x", "r_hash": "0" * 64, "sats": 1}
    found = holds("C13", BLOCK, "The token in the body", with_body(told))
    assert found.sentence.text.count(".") == 3


def test_the_flow_may_ask_whether_an_answer_is_out_of_a_cache() -> None:
    assert out_of_cache(with_header("Age", "2").bill.response)
    assert not out_of_cache(m.BILL.response)
