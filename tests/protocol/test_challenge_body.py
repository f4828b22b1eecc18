"""Is a bill in a JSON body read with its places, and held against the header?"""

from __future__ import annotations

import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.auth_header import IN_BODY
from l402tui.protocol.body_challenge import (
    BodyChallenge,
    agree,
    read_body_challenge,
)
from l402tui.protocol.challenge import Deviation, L402Challenge, read_challenges
from l402tui.protocol.dissect.challenge import dissect_body_challenge
from l402tui.protocol.dissect.parts import Place
from l402tui.protocol.errors import ChallengeError
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.text import say
from l402tui.protocol.tree import Buffer, Mark, Node
from tests.protocol.tokens import INVOICE, PAYMENT_HASH, spelled

M = spelled()
OTHER = spelled(b"services=other:0")
AMOUNT = Invoice.decode(INVOICE).amount
assert AMOUNT is not None
SATS = AMOUNT // 1_000


def body(**fields: object) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()


def found(raw: bytes, content_type: bytes | None = None) -> BodyChallenge:
    challenge = read_body_challenge(raw, content_type)
    assert challenge is not None
    return challenge


def header(token: str = M) -> L402Challenge:
    return read_challenges([f'L402 macaroon="{token}", invoice="{INVOICE}"'.encode()]).chosen()


def tree(raw: bytes, beside: L402Challenge | None = None) -> Node:
    node = dissect_body_challenge(found(raw), Place(Buffer(say("body"), raw)), beside)
    for inner in node.walk():
        if inner.span is not None:
            assert 0 <= inner.span.start <= inner.span.end <= len(inner.span.buffer.data)
    return node


BODIES: dict[str, bytes] = {
    "15 l402-kit's": body(error="Payment Required", priceSats=SATS, invoice=INVOICE, macaroon=M),
    "16 SettleGrid's": body(
        error="payment_required", protocol="l402", version="1.0", amount_sats=SATS, amount_cents=1,
        currency="btc-lightning", description="Wetter für alle", tool="weather", macaroon=M,
        invoice=INVOICE, r_hash=PAYMENT_HASH.hex(), macaroon_id="w-1", expires_in_seconds=3600,
    ),
    "20 l402-toolkit's": body(
        error="Payment Required", price_sats=SATS, resource_id="w", macaroon=M, invoice=INVOICE,
        token_format={"header": "Authorization: L402 <macaroon>:<preimage>"},
    ),
    "other names": body(
        token=M, paymentRequest=INVOICE, paymentHash=b64encode(PAYMENT_HASH).decode(),
        amountMsat=str(AMOUNT),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_bodies(name: str) -> None:
    raw = BODIES[name]
    challenge = found(raw, b"application/json; charset=utf-8")
    bill = challenge.as_challenge()
    assert (bill.scheme, bill.token, bill.invoice) == ("L402", M, INVOICE)
    assert bill.token_param == ("token" if name == "other names" else "macaroon")
    assert bill.deviations == (Deviation.IN_BODY,)
    assert bill.source.line == IN_BODY
    assert challenge.amount == AMOUNT
    assert challenge.payment_hash in (None, PAYMENT_HASH)
    assert agree(header(), challenge) == agree(None, challenge) == ()
    for field in challenge.fields:
        assert raw[field.start : field.end].decode() == str(field.value)
    for param in bill.source.params:
        assert raw[param.value_start : param.value_end] == param.value


def test_what_a_body_says_besides() -> None:
    challenge = found(BODIES["16 SettleGrid's"])
    assert challenge.payment_hash == PAYMENT_HASH
    assert challenge.expires_in == 3600
    assert [field.name for field in challenge.fields] == [
        "protocol", "amount_sats", "macaroon", "invoice", "r_hash", "expires_in_seconds",
    ]  # fmt: skip


def test_escapes_are_undone() -> None:
    raw = BODIES["15 l402-kit's"].replace(M.encode(), M.replace("A", "\\u0041").encode())
    assert found(raw).as_challenge().token == M


NOTHING: dict[str, tuple[bytes, bytes | None]] = {
    "empty": (b"", None),
    "text": (b"payment required\n", None),
    "a list": (b'[{"invoice": "ln", "macaroon": "A"}]', None),
    "neither": (body(error="x", token=M), None),
    "23 offers": (body(version="0.2.2", offers=[], payment_request_url="/pay"), None),
    "broken, and no challenge": (b'{"error": ', None),
    "said to be a page": (BODIES["15 l402-kit's"], b"text/html"),
    "too long": (body(macaroon=M, invoice=INVOICE, x="x" * 65_536), None),
}


@pytest.mark.parametrize("name", NOTHING)
def test_nothing_there(name: str) -> None:
    raw, content_type = NOTHING[name]
    assert read_body_challenge(raw, content_type) is None


REFUSED: dict[str, tuple[bytes, str]] = {
    "a name twice": (
        f'{{"macaroon": "{M}", "macaroon": "{M}", "invoice": "{INVOICE}"}}'.encode(), "twice"),
    "two tokens": (body(macaroon=M, token=OTHER, invoice=INVOICE), "token twice"),
    "two invoices": (body(macaroon=M, invoice=INVOICE, bolt11="ln"), "invoice twice"),
    "two amounts": (body(macaroon=M, invoice=INVOICE, sats=1, amount_msat=2), "amount twice"),
    "two hashes": (
        body(macaroon=M, invoice=INVOICE, r_hash="00" * 32, paymentHash=PAYMENT_HASH.hex()),
        "payment hash twice"),
    "23 only an invoice": (body(invoice=INVOICE, payment_hash=PAYMENT_HASH.hex()), "no token"),
    "no invoice": (body(macaroon=M), "no invoice"),
    "an invoice that is no text": (body(macaroon=M, invoice=7), "no invoice"),
    "an empty token": (body(macaroon="", invoice=INVOICE), "token is empty"),
    "a line break in the token": (body(macaroon=M + "\n", invoice=INVOICE), "visible ASCII"),
    "half a character": (b'{"macaroon": "\\ud800", "invoice": "ln"}', "visible ASCII"),
    "too long a token": (body(macaroon="A" * 8_193, invoice=INVOICE), "longer"),
    "broken": (BODIES["15 l402-kit's"][:-1], "no JSON"),
    "not UTF-8": (BODIES["15 l402-kit's"] + b"\xff", "not UTF-8"),
    "no number": (b'{"invoice": "ln", "macaroon": "A", "x": NaN}', "NaN"),
    "nested": (b'{"invoice": ' + b"[" * 30_000, "nested"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    raw, reason = REFUSED[name]
    with pytest.raises(ChallengeError, match=reason):
        found(raw).as_challenge()
    tree(raw)


def test_names_that_agree() -> None:
    raw = body(macaroon=M, token=M, invoice=INVOICE, bolt11=INVOICE, sats=SATS, amount_msat=AMOUNT)
    assert found(raw).as_challenge().token_param == "both"


DISAGREEING: dict[str, tuple[bytes, L402Challenge | None, str]] = {
    "token": (body(macaroon=OTHER, invoice=INVOICE), header(), "token in the body is another"),
    "invoice": (body(macaroon=M, invoice="lnbcrt1x"), header(), "invoice in the body is another"),
    "hash": (
        body(macaroon=M, invoice=INVOICE, r_hash="00" * 32), header(), "another payment hash"),
    "hash, alone": (
        body(macaroon=M, invoice=INVOICE, r_hash="00" * 32), None, "another payment hash"),
    "no hash": (body(macaroon=M, invoice=INVOICE, r_hash="0x1"), None, "no hash of 32 bytes"),
    "amount": (
        body(macaroon=M, invoice=INVOICE, priceSats=SATS + 1), header(), "says 2 501 sat"),
    "no amount": (body(macaroon=M, invoice=INVOICE, priceSats=-1), None, "is no amount"),
    "an amount without end": (
        body(macaroon=M, invoice=INVOICE, priceSats=10**30), None, "is no amount"),
}  # fmt: skip


@pytest.mark.parametrize("name", DISAGREEING)
def test_differences(name: str) -> None:
    raw, beside, words = DISAGREEING[name]
    (told,) = agree(beside, found(raw))
    assert words in told.text
    node = tree(raw, beside)
    assert node.mark is Mark.WARN
    assert node.find("disagrees").value == told


def test_an_invoice_in_capitals_is_the_same() -> None:
    assert agree(header(), found(body(macaroon=M, invoice=INVOICE.upper()))) == ()


def test_the_tree() -> None:
    raw = BODIES["16 SettleGrid's"]
    node = tree(b" " * 9 + raw)
    assert node.label.text == "challenge in the body"
    assert node.mark is Mark.PLAIN
    for label, value in (("macaroon", M), ("invoice", INVOICE), ("r_hash", PAYMENT_HASH.hex())):
        part = node.find(label)
        assert part.span is not None
        assert part.span.bytes().decode() == value
    assert node.find("payment hash").value.text.startswith("MATCH")
    assert "not in a header" in node.meaning.text
    assert "once more" in tree(raw, header()).meaning.text


TEXT = st.text('aZ0 é\u202e\n"\\', max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=4,
)
NAMES = st.sampled_from(
    ["macaroon", "token", "invoice", "bolt11", "r_hash", "paymentHash", "sats", "priceSats",
     "amount_msat", "expires_in", "protocol", "token_format", "Invoice", "INVOICE", "x"]
)  # fmt: skip


@given(st.dictionaries(NAMES, VALUES | st.sampled_from([M, OTHER, INVOICE]), max_size=8))
def test_any_object(fields: dict[str, object]) -> None:
    check(json.dumps(fields).encode())


@given(st.binary(max_size=80))
def test_any_bytes(raw: bytes) -> None:
    check(raw)
    check(b'{"macaroon": "' + raw + b'", "invoice": "ln"}')
    check(b'{"invoice": ' + raw)


def check(raw: bytes) -> None:
    challenge = read_body_challenge(raw)
    if challenge is None:
        return
    tree(raw)
    tree(raw, header())
    try:
        bill = challenge.as_challenge()
    except ChallengeError:
        return
    read = json.loads(raw)
    assert bill.token in read.values()
    assert bill.invoice in read.values()
