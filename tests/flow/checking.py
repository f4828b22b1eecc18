"""What the tables of checks are made of.

A case is a row: the check's number, the severity, words of its sentence, and the facts. What a case
does not name is a bill that passes every check.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest

from l402tui.flow.bill import read_bill
from l402tui.flow.checks import examine
from l402tui.flow.findings import Facts, Finding, Severity
from l402tui.flow.model import (
    Intent,
    IntentState,
    Memory,
    PayeeMemory,
    PriceMemory,
    Request,
    Spending,
    Unsettled,
)
from l402tui.protocol.amount import Msat
from l402tui.protocol.macaroon import Macaroon
from l402tui.protocol.url import Url
from tests.flow import makers as m

Case = tuple[str, Severity, str, Facts]

GOOD = m.INVOICE
TOKEN = m.token(GOOD.payment_hash)
HTTP_FAR = Url.parse("http://api.example/weather")
LOOPBACK = Url.parse("http://127.0.0.1:8402/weather")
ONION = Url.parse("http://" + "a" * 56 + ".onion/weather")
ELSEWHERE = Url.parse("https://other.example/weather")
PUNYCODE = Url.parse("https://xn--bcher-kva.example/")


def each(cases: list[Case]) -> pytest.MarkDecorator:
    """A test for each row."""
    names = [f"{number}-{severity.name}-{words}" for number, severity, words, _ in cases]
    return pytest.mark.parametrize(("number", "severity", "words", "given"), cases, ids=names)


def finding(number: str, given: Facts) -> Finding:
    """What one check says."""
    found = [one for one in examine(given) if one.check == number]
    assert len(found) == 1
    return found[0]


def holds(number: str, severity: Severity, words: str, given: Facts) -> Finding:
    """One row of a table; whoever is stopped is told what to do, where anything can be done."""
    found = finding(number, given)
    assert (found.severity, words in found.sentence.text) == (severity, True), found
    assert found.sentence.text[0].isupper() or found.sentence.text[0].isdigit()
    assert found.sentence.text.endswith((".", "”")) or number == "C26"
    return found


# --- facts ------------------------------------------------------------------------------------


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


def with_headers(*headers: tuple[bytes, bytes], **changes: Any) -> Facts:
    """The good bill with these headers, too, read as it would be from the wire."""
    response = m.BILL.response
    told = replace(response, headers=(*response.headers, *headers))
    return facts(bill=read_bill(told), **changes)


def with_header(name: str, value: str, **changes: Any) -> Facts:
    return with_headers((name.encode(), value.encode()), **changes)


def dated(seconds: float, *headers: tuple[bytes, bytes], **changes: Any) -> Facts:
    """The server's clock is so far from ours."""
    date = formatdate(m.NOW + seconds, usegmt=True).encode()
    return with_headers((b"Date", date), *headers, **changes)


def with_body(told: object, kind: bytes = b"application/json") -> Facts:
    """The good bill, and a body that says this besides."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    response = replace(
        m.BILL.response, headers=(*m.BILL.response.headers, (b"Content-Type", kind)), body=body
    )
    return facts(bill=read_bill(response))


def payment(request: object = None, **params: str | None) -> Facts:
    """The good bill, and a challenge of scheme Payment beside it. None leaves a parameter out."""
    told: dict[str, str | None] = {
        "id": "1",
        "realm": "shop",
        "method": "lightning",
        "intent": "charge",
        **params,
    }
    if request is not None:
        coded = json.dumps(request, separators=(",", ":"), sort_keys=True).encode()
        told["request"] = base64.urlsafe_b64encode(coded).decode().rstrip("=")
    line = ", ".join(f'{name}="{value}"' for name, value in told.items() if value is not None)
    return with_header("WWW-Authenticate", f"Payment {line}")


def charge(amount: object = "10", currency: object = "sat", **details: object) -> dict[str, object]:
    """What a Payment challenge asks for."""
    fields = {"amount": amount, "currency": currency, "methodDetails": details}
    return {name: value for name, value in fields.items() if value is not None}


def with_caveats(*caveats: bytes) -> Facts:
    return facts(bill=m.bill_for(GOOD, m.token(GOOD.payment_hash, caveats)))


def third_party() -> Facts:
    token = m.BILL.token
    assert token is not None
    caveats = tuple(one._replace(vid=b"v", location=b"elsewhere") for one in token.macaroon.caveats)
    changed: Macaroon = replace(token.macaroon, caveats=caveats)
    return facts(bill=replace(m.BILL, token=replace(token, macaroon=changed)))


def wallet(**changes: Any) -> Facts:
    return facts(wallet=replace(m.WALLET, **changes))


def known(state: IntentState, url: Url = m.URL) -> Facts:
    intent: Intent = replace(m.PAID.to(state), request=Request(url))
    return facts(known=intent)


def spent(**msat: int) -> Spending:
    """In sat, by window."""
    return Spending(**{name: Msat(amount * 1_000) for name, amount in msat.items()})


# --- memories ---------------------------------------------------------------------------------


def remembered(**changes: Any) -> Facts:
    return facts(memory=Memory(**changes))


def paid_node(agent: bool = False, **changes: Any) -> Facts:
    return facts(memory=Memory(payee=PayeeMemory(**changes)), agent=agent)


def unsettled(stuck: int = 0, money: int = 0, **changes: Any) -> Facts:
    return facts(memory=Memory(unsettled=Unsettled(stuck, Msat(money))), **changes)


def prices(
    asked: int, paid: tuple[int, ...] = (), shown: int | None = None, at: float = m.NOW - 90_000
) -> Facts:
    """A bill over so many msat, and what is remembered."""
    known = PriceMemory(
        tuple(map(Msat, paid)),
        at if paid else None,
        None if shown is None else Msat(shown),
        None if shown is None else at,
    )
    return facts(bill=m.bill_for(m.invoice(amount=Msat(asked))), memory=Memory(prices=known))
