"""Do our readers find in what lnd and aperture write what those put into it?

The rule: what was asked of the node, what the node reads and what we read are held against each
other; where lnd and we differ over an invoice, a row of `decoding.TABLE` names the rule of ours.
"""

import base64
import hashlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from l402tui.protocol.challenge import read_challenges
from l402tui.protocol.dissect import dissect_invoice, dissect_macaroon
from l402tui.protocol.errors import InvoiceError
from l402tui.protocol.identifier import Form, read_identifier
from l402tui.protocol.invoice import FieldState, Invoice
from l402tui.protocol.invoice import Network as Chain
from l402tui.protocol.macaroon import Format, Macaroon, Spelling, Token
from l402tui.protocol.network import P2PKH, P2SH, address
from l402tui.protocol.node_macaroon import bakery_name, read_node_identifier
from tests.differential.invoice_cases import random_case
from tests.differential.invoice_facts import Facts
from tests.differential.table import Report, judge

from .aperture import SERVICES
from .decoding import TABLE, read_lnd, read_ours
from .lnd_client import Hop
from .network import Network
from .node import Node

GENERATED = 600
ISSUED = 60


def compare(report: Report, node: Node, kind: str, text: str) -> None:
    """Read an invoice with lnd and here."""
    ours, theirs = read_ours(text), read_lnd(node.client, text)
    judge(report, TABLE, ours, theirs, lambda: Facts(text), f"{kind} invoice {text}")


# --- invoices of ours ----------------------------------------------------------------------------


def generated() -> Iterator[tuple[str, str]]:
    """Random invoices of the regtest chain, about half of them right."""
    rng = random.Random("lnd")
    made = 0
    while made < GENERATED:
        kind, text, _ = random_case(rng)
        if text.lower().startswith("lnbcrt"):
            made += 1
            yield kind, text


def test_lnd_reads_generated_invoices_as_we_do(alice: Node) -> None:
    report = Report()
    for kind, text in generated():
        compare(report, alice, kind, text)
    print(dict(report.cases), dict(report.rows))
    assert report.failures == []
    assert report.cases["read alike"] > 50
    assert report.cases["refused by both"] > 100


# --- invoices of lnd -----------------------------------------------------------------------------


def issued(rng: random.Random, nodes: list[str]) -> dict[str, Any]:
    """What to ask lnd for."""
    fields: dict[str, Any] = {}
    if rng.random() < 0.7:
        fields["memo"] = "".join(rng.choices("abc äß 日本 ☕", k=rng.randint(1, 60)))
    elif rng.random() < 0.5:
        fields["description_hash"] = rng.randbytes(32)
    if rng.random() < 0.7:
        fields["value_msat"] = rng.choice((1, 999, 1_000, 2_500_000, 123_456_789, 10**11))
    if rng.random() < 0.5:
        fields["expiry"] = rng.choice((1, 60, 3_600, 86_400, 31_536_000))
    if rng.random() < 0.4:
        fields["cltv_expiry"] = rng.randint(20, 500)
    if rng.random() < 0.3:
        fields["fallback_addr"] = rng.choice(ADDRESSES)
    if rng.random() < 0.3:
        fields["private"] = True
    hints = rng.choice((0, 0, 1, 3))
    fields["hints"] = [
        [random_hop(rng, nodes) for _ in range(rng.randint(1, 5))] for _ in range(hints)
    ]
    return fields


# Written by us, so that lnd's own reader of addresses has to agree as well.
ADDRESSES = tuple(
    address(Chain.REGTEST, version, bytes(range(size)))
    for version, size in ((0, 20), (0, 32), (1, 32), (P2PKH, 20), (P2SH, 20))
)


def random_hop(rng: random.Random, nodes: list[str]) -> Hop:
    """A channel of one of these nodes; lnd takes only real keys."""
    channel = rng.getrandbits(63)
    fees = rng.randrange(2**31), rng.randrange(2**31)
    return Hop(rng.choice(nodes), channel, *fees, rng.randrange(2**15))


def test_invoices_of_lnd_hold_what_was_asked_for(network: Network, bob: Node) -> None:
    rng = random.Random("issued")
    nodes = [node.pubkey for node in network.nodes]
    report = Report()
    for _ in range(ISSUED):
        fields = issued(rng, nodes)
        text = bob.client.issue(**fields)
        compare(report, bob, "issued", text)
        invoice = Invoice.decode(text)
        assert invoice.network is Chain.REGTEST
        assert invoice.payee.hex() == bob.pubkey
        assert invoice.amount == fields.get("value_msat")
        hashed = fields.get("description_hash")
        memo = fields.get("memo", "").encode()
        assert invoice.description == (None if hashed else memo)
        assert invoice.description_hash == hashed
        if "expiry" in fields:
            assert invoice.expiry == fields["expiry"]
        if "cltv_expiry" in fields:
            assert invoice.min_final_cltv_expiry >= fields["cltv_expiry"]
        assert [f.address for f in invoice.fallbacks] == [
            written for written in [fields.get("fallback_addr")] if written
        ]
        assert [
            [Hop(h.node_id.hex(), h.short_channel_id, *h[2:]) for h in hint]
            for hint in invoice.route_hints
        ] == fields["hints"]
        assert all(field.state is FieldState.READ for field in invoice.fields)
        assert "wrong" not in {node.mark.value for node in dissect_invoice(invoice).walk()}
    assert report.failures == []
    assert report.cases["read alike"] == ISSUED
    assert not report.rows


def test_an_amp_invoice_is_for_looking_only(bob: Node) -> None:
    text = bob.client.issue(is_amp=True, value_msat=1_000)
    with pytest.raises(InvoiceError, match=r"bits 30"):
        Invoice.decode(text)
    invoice = Invoice.decode(text, lenient_features=True)
    assert "amp (required)" in invoice.features.names


# --- tokens of aperture --------------------------------------------------------------------------


@pytest.mark.parametrize("name", [each.name for each in SERVICES.values() if each.price_sat])
def test_tokens_of_aperture_are_read_and_emitted_again(network: Network, name: str) -> None:
    answer = httpx.get(network.url(name), trust_env=False)
    lines = [value.encode() for value in answer.headers.get_list("www-authenticate")]
    reading = read_challenges(lines)
    assert not reading.troubles
    older, newer = reading.usable
    assert (older.scheme.upper(), newer.scheme.upper()) == ("LSAT", "L402")
    assert (older.token, older.invoice) == (newer.token, newer.invoice)

    token, invoice = Token.read(newer.token), Invoice.decode(newer.invoice)
    raw = base64.b64decode(newer.token, validate=True)
    assert token.spelling is Spelling.STANDARD
    assert (token.macaroon.format, token.macaroon.location) == (Format.V2, b"lsat")
    assert token.macaroon.raw == token.macaroon.encode() == raw
    assert token.spelling.spell(raw) == newer.token

    identifier = read_identifier(token.macaroon.identifier)
    assert (identifier.form, identifier.version) == (Form.L402, 0)
    assert identifier.payment_hash == invoice.payment_hash
    assert identifier.token_id is not None
    assert len(identifier.token_id) == 32

    service = SERVICES[name]
    conditions = [caveat.cid for caveat in token.macaroon.caveats]
    assert f"services={name}:0".encode() in conditions
    capabilities = f"{name}_capabilities={service.capabilities}".encode()
    assert (capabilities in conditions) or not service.capabilities
    until = [each for each in conditions if each.startswith(f"{name}_valid_until=".encode())]
    assert bool(until) is (service.timeout_s is not None)
    assert not any(caveat.third_party for caveat in token.macaroon.caveats)
    tree = dissect_macaroon(token, invoice_hash=invoice.payment_hash)
    assert any("MATCH with the invoice" in node.value.text for node in tree.walk())


def test_a_paid_token_carries_the_hash_of_its_preimage(network: Network) -> None:
    answer = httpx.get(network.url("weather"), trust_env=False)
    reading = read_challenges([answer.headers.get_list("www-authenticate")[0].encode()])
    (bill,) = reading.usable
    paid = network.alice.client.pay(bill.invoice)
    identifier = read_identifier(Token.read(bill.token).macaroon.identifier)
    assert hashlib.sha256(bytes.fromhex(paid.preimage)).digest() == identifier.payment_hash


# --- macaroons of lnd ----------------------------------------------------------------------------


def permissions(macaroon: Macaroon) -> set[tuple[str, str]]:
    """What a node's macaroon allows."""
    read = read_node_identifier(macaroon.identifier).permissions
    return {(each.entity.decode(), each.action.decode()) for each in read}


@pytest.mark.parametrize("name", ["admin", "readonly", "invoice"])
def test_the_macaroons_of_a_node_are_read_and_named(alice: Node, name: str) -> None:
    path = Path(alice.macaroon.parent) / f"{name}.macaroon"
    raw = path.read_bytes()
    macaroon = Macaroon.decode(raw)
    assert macaroon.encode() == raw
    read = read_node_identifier(macaroon.identifier)
    assert bakery_name(read.permissions) == f"{name}.macaroon"
    assert (("offchain", "write") in permissions(macaroon)) is (name == "admin")
    assert all(each.allows for each in read.permissions)
    again = Token.read(raw.hex())
    assert (again.spelling, again.macaroon) == (Spelling.HEX, macaroon)


@pytest.mark.parametrize(
    "asked",
    [
        {("info", "read")},
        {("invoices", "read"), ("invoices", "write"), ("address", "read")},
        {("offchain", "write"), ("onchain", "read"), ("peers", "write")},
        {("uri", "/lnrpc.Lightning/GetInfo"), ("uri", "/routerrpc.Router/SendPaymentV2")},
        {("signer", "generate"), ("macaroon", "generate"), ("message", "write")},
    ],
)
def test_a_baked_macaroon_allows_what_was_asked_for(
    alice: Node, asked: set[tuple[str, str]]
) -> None:
    macaroon = Macaroon.decode(alice.client.bake(*sorted(asked)))
    assert permissions(macaroon) == asked
    assert read_node_identifier(macaroon.identifier).root_key_id == b"0"
    with alice.connect(macaroon.raw) as client:
        allowed = {("info", "read"), ("uri", "/lnrpc.Lightning/GetInfo")} & asked
        if allowed:
            assert client.info().pubkey == alice.pubkey


def test_a_baked_macaroon_names_its_root_key_and_takes_caveats(alice: Node) -> None:
    macaroon = Macaroon.decode(alice.client.bake(("info", "read"), root_key_id=7))
    assert read_node_identifier(macaroon.identifier).root_key_id == b"7"
    good = macaroon.with_caveat(b"time-before 2090-01-01T00:00:00Z")
    late = macaroon.with_caveat(b"time-before 2020-01-01T00:00:00Z")
    with alice.connect(good.raw) as client:
        assert client.info().pubkey == alice.pubkey
    with alice.connect(late.raw) as client, pytest.raises(Exception, match=r"macaroon|expired"):
        client.info()
