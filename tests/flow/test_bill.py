"""What a 402 asks for, in the header and in the body."""

from __future__ import annotations

from dataclasses import replace

import pytest

from l402tui.flow.bill import read_bill
from l402tui.protocol.dialects import Kind
from tests.flow import makers as m


def test_a_bill_in_the_body_alone_is_read_and_said_to_be_there() -> None:
    bill = read_bill(m.body_bill())
    assert bill.in_body
    assert bill.challenge is not None
    assert bill.invoice is not None
    assert bill.identifier is not None
    assert bill.identifier.payment_hash == bill.invoice.payment_hash


def test_a_header_is_the_bill_whatever_the_body_says() -> None:
    other = m.body_bill(invoice=m.invoice(1).text)
    first = m.invoice()
    line = f'L402 macaroon="{m.token(first.payment_hash)}", invoice="{first.text}"'
    headers = (*other.headers, (b"WWW-Authenticate", line.encode()))
    bill = read_bill(replace(other, headers=headers))
    assert not bill.in_body
    assert bill.invoice is not None
    assert bill.invoice.payment_hash == first.payment_hash


def test_another_protocol_in_the_header_is_told_beside_a_bill_in_the_body() -> None:
    assert read_bill(m.body_bill()).dialect is None
    other = m.body_bill()
    line = b'Payment id="1", realm="shop", method="stripe", intent="charge", request="e30"'
    bill = read_bill(replace(other, headers=(*other.headers, (b"WWW-Authenticate", line))))
    assert bill.in_body
    assert bill.invoice is not None
    assert bill.dialect is not None
    assert bill.dialect.kind is Kind.MPP


def test_a_scheme_that_is_no_payment_is_no_dialect_of_such_a_bill() -> None:
    other = m.body_bill()
    headers = (*other.headers, (b"WWW-Authenticate", b'Basic realm="shop"'))
    bill = read_bill(replace(other, headers=headers))
    assert bill.in_body
    assert bill.dialect is None


@pytest.mark.parametrize("status", [200, 401, 403, 500])
def test_only_a_402_has_a_bill_in_its_body(status: int) -> None:
    assert read_bill(replace(m.body_bill(), status=status)).challenge is None


@pytest.mark.parametrize(
    "changes",
    [
        {"macaroon": None},
        {"invoice": 7},
        {"token": "another"},
        {"macaroon": "two words"},
        {"macaroon": "line\nbreak"},
    ],
    ids=str,
)
def test_a_body_that_says_two_things_or_half_of_one_is_no_bill(changes: dict[str, object]) -> None:
    bill = read_bill(m.body_bill(**changes))
    assert bill.challenge is None
    assert bill.dialect is not None


def test_nothing_in_the_body_can_add_a_parameter() -> None:
    token = 'x",invoice="lnbc1evil\\'
    bill = read_bill(m.body_bill(macaroon=token))
    assert bill.challenge is not None
    assert bill.challenge.token == token
    assert bill.challenge.invoice == m.invoice().text
