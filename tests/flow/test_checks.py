"""Does each check give each of its answers, and to the right facts?

One table: the check, the severity, words of the sentence, and the facts. What a case does not name
is a bill that passes every check.
"""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest

from l402tui.flow.bill import read_bill
from l402tui.flow.checks import CHECKS, examine
from l402tui.flow.findings import Facts, Finding, Severity
from l402tui.flow.model import (
    Advice,
    Bill,
    IntentState,
    Limits,
    Request,
    Response,
    Spending,
    Timing,
)
from l402tui.protocol.amount import Msat, sat
from l402tui.protocol.features import Features
from l402tui.protocol.macaroon import Macaroon
from l402tui.protocol.network import Network
from l402tui.protocol.text import say
from l402tui.protocol.url import Url
from tests.flow import makers as m

PASS, INFO, WARN, ASK, BLOCK = Severity

GOOD = m.INVOICE
HTTP_FAR = Url.parse("http://api.example/weather")
LOOPBACK = Url.parse("http://127.0.0.1:8402/weather")
ONION = Url.parse("http://" + "a" * 56 + ".onion/weather")
ELSEWHERE = Url.parse("https://other.example/weather")
PUNYCODE = Url.parse("https://xn--bcher-kva.example/")


def facts(**changes: Any) -> Facts:
    return replace(m.FACTS, **changes)


def challenged(value: str, **more: Any) -> Facts:
    return facts(bill=read_bill(m.challenge(value, **more)))


def at(url: Url) -> Facts:
    """Asked there, and answered from there."""
    return facts(request=Request(url), bill=m.bill_for(GOOD, url=url))


def with_invoice(**changes: Any) -> Facts:
    invoice = m.BILL.invoice
    assert invoice is not None
    return facts(bill=replace(m.BILL, invoice=replace(invoice, **changes)))


def with_date(seconds: float) -> Facts:
    date = formatdate(m.NOW + seconds, usegmt=True).encode()
    return facts(bill=_with_header(b"Date", date))


def _with_header(name: bytes, value: bytes) -> Bill:
    response: Response = m.BILL.response
    return replace(m.BILL, response=replace(response, headers=(*response.headers, (name, value))))


def with_caveats(*caveats: bytes) -> Facts:
    return facts(bill=m.bill_for(GOOD, m.token(GOOD.payment_hash, caveats)))


def third_party() -> Facts:
    token = m.BILL.token
    assert token is not None
    caveats = tuple(one._replace(vid=b"v", location=b"elsewhere") for one in token.macaroon.caveats)
    changed: Macaroon = replace(token.macaroon, caveats=caveats)
    return facts(bill=replace(m.BILL, token=replace(token, macaroon=changed)))


def mismatched() -> Facts:
    return facts(bill=m.bill_for(GOOD, m.token(m.invoice(5).payment_hash)))


def wallet(**changes: Any) -> Facts:
    return facts(wallet=replace(m.WALLET, **changes))


def known(state: IntentState, url: Url = m.URL) -> Facts:
    intent = replace(m.PAID.to(state), request=Request(url))
    return facts(known=intent)


def spent(origin: int = 0, day: int = 0) -> dict[str, Any]:
    return {"spending": Spending(sat(origin), sat(day))}


TOKEN = m.token(GOOD.payment_hash)
BILL_OF = f'invoice="{GOOD.text}"'
CASES: list[tuple[str, Severity, str, Facts]] = [
    ("C01", PASS, "plain", facts()),
    ("C01", WARN, "written as bücher.example", at(PUNYCODE)),
    ("C02", PASS, "is encrypted", facts()),
    ("C02", PASS, "does not leave", at(LOOPBACK)),
    ("C02", ASK, "through Tor", at(ONION)),
    ("C02", BLOCK, "No encryption", at(HTTP_FAR)),
    ("C03", PASS, "api.example", facts()),
    ("C04", PASS, "the origin you asked", facts()),
    ("C04", BLOCK, "could not be handed in there", facts(bill=m.bill_for(GOOD, url=ELSEWHERE))),
    ("C06", PASS, "exactly one", facts()),
    ("C06", BLOCK, "in the body alone", facts(bill=read_bill(m.body_bill()))),
    ("C06", BLOCK, "cannot be read", challenged(f"L402 {BILL_OF}")),
    ("C06", BLOCK, "There is no L402", facts(bill=read_bill(m.answer(402)))),
    ("C07", PASS, "agree", facts()),
    ("C07", PASS, "agree", challenged(f'L402 version="0", token="{TOKEN}", {BILL_OF}')),
    ("C07", ASK, "version 99", challenged(f'L402 version="99", token="{TOKEN}", {BILL_OF}')),
    ("C08", PASS, "whole", facts()),
    ("C08", BLOCK, "damaged", challenged(f'L402 token="{TOKEN}", invoice="{GOOD.text[:-1]}b"')),
    ("C08", BLOCK, "no invoice", facts(bill=replace(m.BILL, invoice=None))),
    ("C09", PASS, "both on regtest", facts()),
    ("C09", WARN, "look that your wallet is", wallet(network=None)),
    ("C09", BLOCK, "your wallet is on bitcoin", wallet(network=Network.MAINNET)),
    ("C10", PASS, "10 sat", facts()),
    ("C10", BLOCK, "no amount", with_invoice(amount=None)),
    ("C11", PASS, "ordinary", facts()),
    ("C11", BLOCK, "AMP", with_invoice(features=Features(1 << 30))),
    ("C11", BLOCK, "(bits 98)", with_invoice(features=Features(1 << 98))),
    ("C12", PASS, "commits to", facts()),
    (
        "C12",
        BLOCK,
        "do not belong together",
        mismatched(),
    ),
    ("C12", ASK, "does not say", facts(bill=m.bill_for(GOOD, "dGhpcyBpcyBubyBtYWNhcm9vbg=="))),
    ("C14", PASS, "new", facts()),
    ("C14", PASS, "new", known(IntentState.RELEASED)),
    ("C14", ASK, "not finished", facts(open_here=(m.IN_FLIGHT,))),
    ("C14", INFO, "being paid already", known(IntentState.SENDING)),
    ("C14", INFO, "being paid already", known(IntentState.UNKNOWN)),
    ("C14", INFO, "is paid already", known(IntentState.PAID)),
    ("C14", INFO, "is paid already", known(IntentState.ACTIVE)),
    ("C14", BLOCK, "did not accept", known(IntentState.REJECTED)),
    ("C14", BLOCK, "tried before", known(IntentState.FAILED)),
    ("C14", BLOCK, "by https://other.example before", known(IntentState.PAID, ELSEWHERE)),
    ("C16", PASS, "60 min", facts()),
    ("C16", PASS, "another 30 s", facts(now=m.EXPIRES - 30)),
    ("C16", BLOCK, "in 29 seconds", facts(now=m.EXPIRES - 29)),
    ("C16", BLOCK, "expired 0 s ago", facts(now=m.EXPIRES)),
    ("C16", BLOCK, "expired 7 s ago", facts(now=m.EXPIRES + 7)),
    ("C16", BLOCK, "in the future", facts(now=m.NOW - 601)),
    ("C16", WARN, "7 days", facts(bill=m.bill_for(m.invoice(expiry=7 * 86_400 + 1)))),
    ("C16", PASS, "another", with_date(120)),
    ("C16", WARN, "Your clock is 2 min behind the server", with_date(121)),
    ("C16", WARN, "2 min ahead of the server", with_date(-121)),
    ("C16", PASS, "another", facts(bill=_with_header(b"Date", b"yesterday, perhaps"))),
    ("C18", PASS, "The payee is", facts()),
    ("C18", BLOCK, "pay yourself", wallet(node_id=m.BILL.invoice and m.BILL.invoice.payee)),
    ("C20", PASS, "within your limit", facts()),
    ("C20", PASS, "within your limit", facts(limits=Limits(sat(10), sat(10)))),
    ("C20", BLOCK, "over your limit of 9.999 sat", facts(limits=Limits(Msat(9_999), sat(10)))),
    (
        "C20",
        PASS,
        "within",
        facts(limits=Limits(sat(10), sat(1), origin_day=sat(100), day=sat(100)), **spent(89, 89)),
    ),
    (
        "C20",
        BLOCK,
        "this server and 24 hours (90 sat",
        facts(limits=Limits(sat(10), sat(1), origin_day=sat(100)), **spent(90, 90)),
    ),
    (
        "C20",
        BLOCK,
        "for 24 hours (90 sat",
        facts(limits=Limits(sat(10), sat(1), day=sat(100)), **spent(0, 90)),
    ),
    ("C22", PASS, "not just paid", facts()),
    ("C22", WARN, "cost 11 sat", facts(refused=m.HELD)),
    (
        "C22",
        Severity.INFO,
        "bought for /news does not open this",
        facts(refused=replace(m.HELD, path="/news")),
    ),
    ("C22", ASK, "2 times", facts(timing=Timing(paid_recently=2))),
    ("C22", ASK, "gave nothing", facts(timing=Timing(rejected_at=m.NOW - 60))),
    ("C22", PASS, "not just paid", facts(timing=Timing(1, m.NOW - 86_400))),
    ("C24", INFO, "“Weather report”", facts()),
    ("C24", INFO, "no description", facts(bill=m.bill_for(m.invoice(description="")))),
    ("C24", INFO, "only the hash", with_invoice(description=None, description_hash=bytes(32))),
    ("C25", PASS, "is for: weather", facts()),
    ("C25", PASS, "2 caveats", with_caveats(b"a=b", b"c=d")),
    ("C25", ASK, "not a macaroon", facts(bill=m.bill_for(GOOD, "bm90aGluZw=="))),
    ("C25", ASK, "discharge", third_party()),
    (
        "C25",
        WARN,
        "for 4 min",
        with_caveats(b"services=weather:0", b"weather_valid_until=%d" % (m.NOW + 299)),
    ),
    (
        "C25",
        BLOCK,
        "has expired",
        with_caveats(b"services=weather:0", b"weather_valid_until=%d" % m.NOW),
    ),
    ("C25", ASK, "counted in unix milliseconds", with_caveats(b"expiration=%d" % (m.NOW + 900))),
    ("C25", ASK, "may open nothing", with_caveats(b"Realm = a", b"Realm = b")),
    (
        "C25",
        ASK,
        "weather_valid_until is over",
        with_caveats(b"services=weather:0,tides:0", b"weather_valid_until=%d" % m.NOW),
    ),
    ("C26", PASS, "is ready", facts()),
    ("C26", INFO, "switched off", facts(wallet=None)),
    ("C26", BLOCK, "unremembered", facts(writable=False)),
    ("C26", BLOCK, "not ready: locked", wallet(ready=False, trouble=say("locked"))),
    ("C26", BLOCK, "can send 19.999 sat", wallet(balance=Msat(19_999))),
    ("C26", PASS, "is ready", wallet(balance=sat(20))),
    ("C26", PASS, "is ready", wallet(balance=None)),
    ("C26", INFO, "is ready. It may look", wallet(advice=Advice(say("It may look.")))),
    ("C26", WARN, "may spend", wallet(advice=Advice(say("It may spend."), serious=True))),
    ("C26", BLOCK, "locked", wallet(ready=False, trouble=say("locked"), advice=Advice(say("x")))),
]


def finding(number: str, given: Facts) -> Finding:
    found = [one for one in examine(given) if one.check == number]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("number", "severity", "words", "given"),
    CASES,
    ids=[f"{number}-{severity.name}-{words}" for number, severity, words, _ in CASES],
)
def test_a_check(number: str, severity: Severity, words: str, given: Facts) -> None:
    found = finding(number, given)
    assert found.severity is severity
    assert words in found.sentence.text
    if severity is Severity.BLOCK and number in ("C02", "C06", "C08", "C16", "C20"):
        assert found.todo or "future" not in words


def test_a_good_bill_passes_every_check() -> None:
    found = examine(m.FACTS)
    assert {one.severity for one in found} == {Severity.PASS, Severity.INFO}
    assert [one.check for one in found] == [check.number for check in CHECKS]


@pytest.mark.parametrize("number", ["C03", "C09", "C18"])
def test_a_check_that_does_not_apply_is_silent(number: str) -> None:
    given = replace(at(LOOPBACK), wallet=None)
    assert number not in {one.check for one in examine(given)}


def test_a_bill_that_cannot_be_read_is_blocked_and_nothing_stumbles() -> None:
    found = examine(challenged("L402 nonsense"))
    assert Severity.BLOCK in {one.severity for one in found}


def test_every_check_says_why_it_is_made() -> None:
    assert all(check.why.endswith((".", "?")) for check in CHECKS)


def test_the_numbers_are_in_order_and_only_once() -> None:
    numbers = [check.number for check in CHECKS]
    assert numbers == sorted(set(numbers))


def test_what_the_seller_writes_cannot_move_the_terminal() -> None:
    text = "cheap\x1b]52;c;aGk=\x07 \u202e 0 sat [@click=app.quit]x[/]"
    found = finding("C24", facts(bill=m.bill_for(m.invoice(description=text))))
    assert found.sentence.text.isprintable()
    assert "\\x1b]52" in found.sentence.text
