"""Does the tree of a whole message say how it asks for payment, whatever protocol it speaks?"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l402tui.protocol.dialects import Kind, recognise, survey
from l402tui.protocol.dissect.dialect import dissect_dialect
from l402tui.protocol.dissect.message import dissect_message
from l402tui.protocol.outline import outline
from l402tui.protocol.tree import Mark, Node
from tests.protocol.dialect_samples import (
    AUTH,
    EVERYTHING,
    HASH,
    Headers,
    base64url,
    body,
    canonical,
    choice,
    creq_a,
    over_lightning,
    payment,
    request,
    x402_v1,
    x402_v2,
)
from tests.protocol.tokens import INVOICE, TOKEN

BILL = f'L402 macaroon="{TOKEN.text}", invoice="{INVOICE}"'.encode()
OLD_BILL = BILL.replace(b"L402", b"LSAT")
GRPC: Headers = [(b"Content-Type", b"application/grpc")]
UNPAID: Headers = [(b"grpc-status", b"13"), (b"grpc-message", b"payment%20required")]


def answer(
    headers: Headers, content: bytes = b"", status: bytes = b"402 Payment Required", **more: Any
) -> Node:
    return dissect_message(b"HTTP/1.1 " + status, headers, content, **more)


def labels(node: Node) -> list[str]:
    return [child.label.text for child in node.children]


def check(tree: Node) -> None:
    """Every node's bytes are those of its field; nothing is drawn that a terminal would obey."""
    for node in tree.walk():
        if node.span is not None:
            assert 0 <= node.span.start <= node.span.end <= len(node.span.buffer.data)
    for line in outline(tree):
        assert line.isprintable()


def inside(tree: Node, *path: str) -> Node:
    for label in path:
        tree = next(child for child in tree.children if child.label.text == label)
    return tree


def tops(tree: Node) -> Iterator[Node]:
    return (child for child in tree.children if child.label.text in ("protocol", "also"))


# --- every dialect --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_protocol_has_its_branch(name: str) -> None:
    headers, content = EVERYTHING[name]
    tree = answer(headers, content)
    check(tree)
    (protocol,) = tops(tree)
    dialect = recognise(402, headers, content)
    assert protocol.value == dialect.name
    assert protocol.meaning == dialect.sentence
    assert "could pay it" in labels(protocol)
    assert "problem" not in labels(protocol)
    assert not [node.label.text for node in protocol.walk() if node.mark is Mark.BAD]
    if dialect.kind is not Kind.MANIFEST:
        points = inside(protocol, "different from L402")
        assert labels(points) == ["used again", "handed on", "to be trusted", "proof"]


@pytest.mark.parametrize("name", EVERYTHING)
def test_fields_in_the_body_have_their_bytes(name: str) -> None:
    headers, content = EVERYTHING[name]
    tree = answer(headers, content)
    (protocol,) = tops(tree)
    for node in protocol.walk():
        if node.span is None or node.children or node.span.buffer is not tree.span.buffer:  # type: ignore[union-attr]  # the whole message has a span
            continue
        raw = node.span.bytes().strip(b'"')
        assert not node.copy or node.copy == raw


def test_amounts_chains_and_invoices_are_told() -> None:
    tree = answer([], x402_v1(extra={"name": "USDC"}))
    entry = inside(next(tops(tree)), "content", "accepts", "1")
    assert entry.value.text.endswith("on Base's test network Sepolia")
    told = inside(entry, "maxAmountRequired").value.text
    assert told == "7300 = 7 300 base units (0.0073 if the token is USDC, as it says)"
    network = inside(entry, "network")
    assert network.value.text == "base-sepolia = Base's test network Sepolia"
    assert "worth nothing" in network.meaning.text
    assert network.span is not None
    assert network.span.bytes() == b'"base-sepolia"'


def test_an_invoice_inside_is_taken_apart() -> None:
    tree = answer(x402_v2(over_lightning()))
    protocol = next(tops(tree))
    assert inside(protocol, "could pay it").value.text == "a Lightning invoice is in it"
    invoice = protocol.find("invoice")
    assert invoice.find("payment hash").value.text == HASH
    lines = tree.find("PAYMENT-REQUIRED")
    assert lines.meaning.text.startswith("A request for payment by x402")


def test_a_broken_invoice_inside_is_marked_and_still_taken_apart() -> None:
    broken = INVOICE[:-1] + ("q" if INVOICE[-1] != "q" else "p")
    tree = answer(x402_v2(over_lightning(extra={"invoice": broken})))
    check(tree)
    protocol = next(tops(tree))
    invoice = protocol.find("invoice")
    assert invoice.mark is Mark.BAD
    assert invoice.children
    assert inside(protocol, "could pay it").value.text == "no Lightning invoice in it"


def test_a_payment_request_says_whether_it_is_canonical() -> None:
    good = answer(payment()).find("canonical")
    assert (good.value.text, good.mark) == ("yes", Mark.GOOD)
    bad = answer(payment(raw=canonical(request()).replace(b":", b": ", 1))).find("canonical")
    assert bad.mark is Mark.BAD
    assert "white space" in bad.value.text
    assert "(byte 10)" in bad.value.text


def test_an_expired_payment_challenge_says_so() -> None:
    fresh, stale = (answer(payment(), now=now) for now in (1_767_227_399, 1_767_227_400))
    path = ("Payment challenge", "expires")
    assert inside(next(tops(fresh)), *path).mark is Mark.PLAIN
    assert inside(next(tops(stale)), *path).mark is Mark.WARN


def test_what_is_wrong_stands_at_its_field_and_below() -> None:
    tree = answer([], x402_v1(payTo=5))
    protocol = next(tops(tree))
    assert inside(protocol, "content", "accepts", "1", "payTo").mark is Mark.BAD
    problem = inside(protocol, "problem")
    assert problem.value.text == "payTo should be text"
    at = x402_v1(payTo=5).index(b"5", x402_v1(payTo=5).index(b"payTo"))
    assert f"(byte {at} of body)" in problem.meaning.text


# --- beside L402 ----------------------------------------------------------------------------------


def test_another_protocol_beside_a_usable_bill_is_named_as_such() -> None:
    tree = answer([(AUTH, OLD_BILL), (AUTH, BILL), *payment()])
    check(tree)
    assert [node.label.text for node in tops(tree)] == ["also"]
    assert "bill" not in labels(tree)


@pytest.mark.parametrize("same", [True, False])
def test_accept_payment_beside_a_bill_is_held_against_it(same: bool) -> None:
    token = TOKEN.text if same else "eyJ4IjoxfQ"
    value = f'L402 price=5sat invoice="{INVOICE}" macaroon="{token}"'.encode()
    tree = answer([(AUTH, BILL), (b"Accept-Payment", value)])
    check(tree)
    assert list(tops(tree)) == []
    node = inside(tree, "Accept-Payment")
    assert node.mark is (Mark.PLAIN if same else Mark.WARN)
    assert ("It says the same" in node.meaning.text) == same


def test_tokens_in_other_places_are_taken_apart() -> None:
    for name in ("Accept-Payment", "MCP TPP"):
        trust = next(tops(answer(*EVERYTHING[name]))).find("trust")
        assert trust.value


def test_several_protocols_at_once() -> None:
    tree = answer([*x402_v2(), (b"X-Cashu", creq_a())])
    protocol = next(tops(tree))
    assert protocol.value.text == "x402 version 2"
    assert inside(protocol, "also").value.text == "Cashu (NUT-24)"


def test_a_402_without_a_challenge() -> None:
    protocol = next(tops(answer([(b"Content-Type", b"text/html")], b"<p>Subscribe!</p>")))
    assert protocol.value.text == "a plain paywall"
    assert (
        "says nothing about how to pay"
        in inside(protocol, "different from L402", "proof").meaning.text
    )


def test_a_401_with_a_bill_and_one_without() -> None:
    status = b"401 Unauthorized"
    tree = answer([(AUTH, BILL)], b"", status)
    assert "under status 401" in tree.find("start line").meaning.text
    assert "bill" not in labels(tree)
    other = answer([(AUTH, b'Basic realm="x"')], b"", status)
    assert next(tops(other)).value.text == "another authentication scheme"
    assert list(tops(answer([], b"", status))) == []


@pytest.mark.parametrize("status", [b"200 OK", b"404 Not Found"])
def test_an_answer_of_another_kind_asks_for_nothing(status: bytes) -> None:
    assert list(tops(answer([(AUTH, b'Basic realm="x"')], body(invoice=INVOICE), status))) == []
    assert list(tops(answer([], b"goods", status))) == []


# --- the body -------------------------------------------------------------------------------------


def test_a_body_that_repeats_the_bill_hangs_below_the_body() -> None:
    content = body(macaroon=TOKEN.text, invoice=INVOICE, payment_hash=HASH)
    tree = answer([(AUTH, BILL)], content)
    check(tree)
    bill = inside(tree, "body", "challenge in the body")
    assert bill.mark is Mark.PLAIN
    assert "disagrees" not in labels(bill)


def test_a_header_and_a_body_that_disagree() -> None:
    other = TOKEN.text.replace("A", "B", 1)
    tree = answer([(AUTH, BILL)], body(macaroon=other, invoice=INVOICE, payment_hash="00" * 32))
    bill = inside(tree, "body", "challenge in the body")
    told = [node.value.text for node in bill.children if node.label.text == "disagrees"]
    assert len(told) == 2
    assert bill.mark is Mark.WARN


def test_a_bill_in_the_body_alone() -> None:
    tree = answer([], body(macaroon=TOKEN.text, invoice=INVOICE))
    assert next(tops(tree)).value.text == "an L402 bill in the body only"
    assert inside(tree, "body", "challenge in the body").children
    assert "in the body" in next(tops(tree)).meaning.text


def test_an_invoice_alone_is_told_once() -> None:
    tree = answer([], body(invoice=INVOICE, payment_hash=HASH))
    assert labels(inside(tree, "body")) == []
    assert next(tops(tree)).value.text == "a bare invoice in JSON"


def test_rails_are_not_told_again_as_x402() -> None:
    headers, content = EVERYTHING["rails"]
    (protocol,) = tops(answer(headers, content))
    assert "also" not in labels(protocol)
    assert [dialect.kind for dialect in survey(402, headers, content)[1]] == [Kind.MULTI_RAIL]


def test_the_body_says_that_the_bill_is_in_it() -> None:
    assert "taken apart under protocol" in inside(answer([], x402_v1()), "body").meaning.text
    header_only = inside(answer(x402_v2(), b"{}"), "body").meaning.text
    assert "taken apart" not in header_only


# --- gRPC -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("trailing", [False, True])
def test_grpc_says_200_and_means_402(trailing: bool) -> None:
    lines: Headers = [*UNPAID, (b"www-authenticate", OLD_BILL), (b"www-authenticate", BILL)]
    if trailing:
        tree = answer(GRPC, b"\0\0\0\0\0", b"200 OK", trailers=lines)
    else:
        tree = answer([*GRPC, *lines], b"", b"200 OK")
    check(tree)
    said = inside(tree, "gRPC")
    assert said.value.text == "status 13 (internal): payment required"
    assert "gRPC's way of a 402" in said.meaning.text
    assert inside(tree, "grpc-message").value.text == "payment required"
    challenges = [node for node in tree.children if node.label.text == "www-authenticate"]
    assert [node.value.text for node in challenges] == ["LSAT", "L402"]
    for (name, value), node in zip(lines, [*tree.children][-4 if trailing else 2 :], strict=False):
        assert node.span is not None
        assert node.span.bytes() == name + b": " + value
    invoice = challenges[1].find("invoice")
    assert invoice.span is not None
    assert invoice.span.bytes() == INVOICE.encode()


def test_grpc_with_16_and_other_protocols() -> None:
    headers: Headers = [*GRPC, (b"grpc-status", b"16"), (b"grpc-message", b"go away"), *payment()]
    tree = answer(headers, b"", b"200 OK")
    assert inside(tree, "gRPC").value.text == "status 16 (unauthenticated): go away"
    assert next(tops(tree)).value.text == "Payment (MPP)"


def test_the_last_status_of_grpc_counts() -> None:
    headers = [*GRPC, (b"grpc-status", b"0"), *UNPAID, (AUTH, BILL)]
    said = inside(answer(headers, b"", b"200 OK"), "gRPC")
    assert said.value.text == "status 13 (internal): payment required"


def test_a_challenge_for_a_password_is_no_bill_of_grpc() -> None:
    said = inside(answer([*GRPC, *UNPAID, (AUTH, b'Bearer realm="x"')], b"", b"200 OK"), "gRPC")
    assert said.mark is Mark.WARN
    assert "there is no challenge in it" in said.meaning.text


def test_grpc_that_failed_without_a_challenge() -> None:
    said = inside(answer([*GRPC, *UNPAID], b"", b"200 OK"), "gRPC")
    assert said.mark is Mark.WARN
    assert "no challenge in it" in said.meaning.text


@pytest.mark.parametrize(
    "headers",
    [
        [*GRPC, (b"grpc-status", b"0"), (AUTH, BILL)],
        [*GRPC, (b"grpc-status", b"13"), (b"grpc-message", b"out of cheese")],
        [(b"grpc-message", b"payment required")],
        [*GRPC, (b"grpc-status", b"16"), (AUTH, b'Bearer realm="shop"')],
        [*GRPC, *UNPAID, (b"grpc-status", b"0")],
    ],
)
def test_grpc_that_asks_for_nothing(headers: Headers) -> None:
    assert "gRPC" not in labels(answer(headers, b"", b"200 OK"))


@pytest.mark.parametrize(
    ("wire", "told"),
    [
        (b"100%25 paid%3F", "100% paid?"),
        (b"%zz %", "%zz %"),
        (b"%1b[2J%0a", "\\x1b[2J\\x0a"),
        (b"%e2%82%ac", "€"),
        (b"%ff", "\\xff"),
    ],
)
def test_percent_encoding(wire: bytes, told: str) -> None:
    tree = answer([(b"grpc-status", b"99"), (b"grpc-message", wire)], b"", b"200 OK")
    assert inside(tree, "grpc-message").value.text == told
    assert inside(tree, "grpc-message").copy == wire
    assert inside(tree, "grpc-status").value.text == "99"


# --- headers that are no bill ---------------------------------------------------------------------


@pytest.mark.parametrize("name", [b"PAYMENT-RESPONSE", b"X-PAYMENT-RESPONSE", b"Payment-Receipt"])
def test_a_receipt_is_decoded(name: bytes) -> None:
    raw = body(success=True, transaction="0xfeed", network="eip155:84532")
    tree = answer([(name, base64.b64encode(raw))], b"goods", b"200 OK")
    check(tree)
    assert inside(tree, name.decode(), "transaction").value.text == "0xfeed"
    broken = answer([(name, b"!")], b"", b"200 OK")
    assert inside(broken, name.decode(), "problem").mark is Mark.BAD


def test_ecash_in_an_answer_is_money_and_hidden() -> None:
    ecash = b"cashuBo2F0gaJhaUgA_9SLj17PgGFwgaNhYQFhc3g"
    tree = answer([(b"X-Cashu", ecash)], b"", b"200 OK")
    node = inside(tree, "X-Cashu")
    assert node.secret
    assert tree.secret
    assert "cashuB" not in "\n".join(outline(tree))
    bill = answer([(b"X-Cashu", creq_a())])
    assert not bill.secret


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"Authorization", b"L402 " + TOKEN.text.encode() + b":" + b"7c" * 32),
        (b"Authorization", b"Payment " + base64url(body(payload={"preimage": "7c" * 32}))),
        (b"Authorization", b"Basic dXNlcjpwYXNz"),
        (b"X-Cashu", b"cashuBo2F0gaJhaUgA_9SLj17PgGFwgaNhYQFhc3g"),
        (b"X-Payment", TOKEN.text.encode() + b":" + b"7c" * 32),
        (b"X-Payment-Hash", b"7c" * 32),
        (b"Macaroon", TOKEN.macaroon.raw.hex().encode()),
        (b"Grpc-Metadata-Macaroon", b"not hex"),
        (b"PAYMENT-SIGNATURE", b"e30="),
        (b"Cookie", b"session=7c7c7c7c"),
        (b"Token", b"whatever-7c7c7c7c"),
    ],
)  # fmt: skip
def test_what_a_request_shows_is_a_secret(name: bytes, value: bytes) -> None:
    tree = dissect_message(b"GET /tide HTTP/1.1", [(b"Host", b"shop.example"), (name, value)], b"")
    check(tree)
    node = inside(tree, name.decode())
    assert node.secret
    assert node.span is not None
    assert node.span.bytes() == name + b": " + value
    drawn = "\n".join(outline(tree))
    assert "7c7c7c7c" not in drawn or name == b"X-Payment-Hash"
    assert value.split(b" ")[-1].decode() not in drawn or name == b"X-Payment-Hash"


# --- never ----------------------------------------------------------------------------------------


@st.composite
def mangled(draw: st.DrawFn) -> tuple[Headers, bytes]:
    """A good request for payment with something cut out, doubled, or put into it."""
    headers, content = draw(st.sampled_from(list(EVERYTHING.values())))
    parts = [value for _, value in headers] + [content]
    which = draw(st.integers(0, len(parts) - 1))
    raw = parts[which]
    at = draw(st.integers(0, len(raw)))
    end = draw(st.integers(at, min(len(raw), at + 20)))
    parts[which] = raw[:at] + draw(st.binary(max_size=8) | st.just(raw[at:end] * 2)) + raw[end:]
    names = [name for name, _ in headers]
    return list(zip(names, parts[:-1], strict=True)), parts[-1]


@settings(deadline=None)
@given(mangled(), st.sampled_from([b"402 Pay", b"200 OK", b"401 No", b""]))
def test_nothing_raises_on_mangled_requests(case: tuple[Headers, bytes], status: bytes) -> None:
    headers, content = case
    check(answer(headers, content, status, now=1.8e9))


NAMES = st.sampled_from(
    b"payment-required x-cashu accept-payment payment-protocol x-l402-dry-run grpc-status "
    b"grpc-message x-l402-dry-run-price-msat www-authenticate payment-receipt "
    b"x-settlegrid-protocol-negotiation x-settlegrid-protocol".split()
)


@settings(deadline=None)
@given(st.lists(st.tuples(NAMES, st.binary(max_size=80)), max_size=5), st.binary(max_size=200))
def test_nothing_raises_on_anything(headers: Headers, content: bytes) -> None:
    check(answer(headers, content))
    check(answer([], content, b"200 OK", trailers=headers))


HOSTILE = {
    "deep": b'{"x402Version":1,"accepts":' + b"[" * 60_000,
    "wide": b'{"x402Version":1,"accepts":[' + b'{"scheme":"exact"},' * 3_000 + b"{}]}",
    "huge number": b'{"x402Version":1,"accepts":[{"amount":' + b"9" * 60_000 + b"}]}",
    "huge exponent": b'{"x402Version":1,"accepts":[{"amount":1e999999999}]}',
    "long text": body(x402Version=1, accepts=[choice(payTo="\u202e" * 8_000)]),
    "many invoices": body(
        x402Version=2, accepts=[over_lightning(extra={"invoice": INVOICE})] * 120
    ),
    "many offers": body(offers=[{"amount": "x"}] * 4_000),
    "escapes": b'{"invoice":"' + b"\\u0041" * 10_000 + b'"}',
    "spaces": b"{" + b" " * 65_000 + b'"offers":[]}',
    "longer than is looked at": body(x402Version=1, accepts=[], pad="x" * 66_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_gives_a_bounded_tree(name: str) -> None:
    tree = answer([], HOSTILE[name])
    assert sum(1 for _ in tree.walk()) < 20_000
    assert len(next(tops(tree)).children) < 40


def test_more_than_anybody_reads_is_counted() -> None:
    listed = [{"id": str(number)} for number in range(130)]
    tree = answer([], body(version="0.2.2", offers=listed))
    shown = inside(next(tops(tree)), "content", "offers")
    assert len(shown.children) == 101
    assert (shown.children[-1].label.text, shown.children[-1].value.text) == ("more", "30")


def test_a_longer_body_is_not_looked_at() -> None:
    assert recognise(402, [], HOSTILE["longer than is looked at"]).kind is Kind.PAYWALL


def test_a_longer_header_is_not_looked_at() -> None:
    headers = [(b"PAYMENT-REQUIRED", b"A" * 16_385)]
    assert recognise(402, headers, b"").kind is Kind.PAYWALL
    assert survey(402, headers, b"")[1] == ()


def test_without_a_message_every_part_has_a_buffer_of_its_own() -> None:
    tree = dissect_dialect(402, payment(), b"")
    assert tree is not None
    check(tree)
    method = tree.find("method")
    assert method.span is not None
    assert method.span.bytes() == b"lightning"
    assert dissect_dialect(200, [], b"goods") is None
    assert dissect_dialect(404, [], body(invoice=INVOICE)) is None
