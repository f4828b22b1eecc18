"""Is a 402 that is not L402 called by its name?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.dialects import Kind, recognise

AUTH = b"WWW-Authenticate"


def body(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


@pytest.mark.parametrize(
    ("headers", "content", "kind"),
    [
        ([], body(x402Version=1, accepts=[{"scheme": "exact"}]), Kind.X402_V1),
        ([], body(x402Version=2, accepts=[]), Kind.X402_V2),
        ([(b"payment-required", b"e30=")], b"", Kind.X402_V2),
        ([(AUTH, b'Payment id="1", method="lightning", intent="charge"')], b"", Kind.MPP),
        ([(b"X-Cashu", b"creqAabc")], b"", Kind.CASHU),
        ([(AUTH, b'Cashu mint="https://mint.example", amount="3"')], b"", Kind.CASHU),
        ([], body(version="0.2.2", offers=[{"id": "1"}]), Kind.OFFERS),
        ([(b"X-SettleGrid-Protocol-Negotiation", b"v1")], b"", Kind.MULTI_RAIL),
        ([(AUTH, b'Payment realm="settlegrid", scheme="exact"')], b"", Kind.MULTI_RAIL),
        ([], body(invoice="lnbc1", payment_hash="00"), Kind.INVOICE_ONLY),
        ([], body(invoice="lnbc1", macaroon="AgE"), Kind.L402_BODY),
        ([(AUTH, b"L402")], b"", Kind.L402),
        ([(AUTH, b'Basic realm="x"')], b"", Kind.OTHER_SCHEME),
        ([(AUTH, b'Basic realm="x"')], body(x402Version=1), Kind.X402_V1),
        ([], b"<html>please subscribe</html>", Kind.PAYWALL),
        ([], b"", Kind.PAYWALL),
        ([], b'{"a":' * 10_000, Kind.PAYWALL),
        ([], b"[1]", Kind.PAYWALL),
        ([], b"{" + b" " * 70_000 + b"}", Kind.PAYWALL),
    ],
)
def test_names(headers: list[tuple[bytes, bytes]], content: bytes, kind: Kind) -> None:
    dialect = recognise(402, headers, content)
    assert dialect.kind is kind
    assert dialect.name.text == kind.value
    assert dialect.sentence.text.endswith(".")


def test_an_answer_that_asks_for_nothing() -> None:
    assert recognise(200, [], b"hello").kind is Kind.NOT_A_BILL


@given(st.lists(st.tuples(st.binary(max_size=30), st.binary(max_size=99))), st.binary())
def test_anything(headers: list[tuple[bytes, bytes]], content: bytes) -> None:
    dialect = recognise(402, [*headers, *((AUTH, value) for _, value in headers)], content)
    assert dialect.sentence
