"""Are a node's own macaroons told apart, and is what they allow said rightly?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l402tui.protocol.errors import IdentifierError
from l402tui.protocol.node_macaroon import (
    NodeIdentifier,
    Risk,
    bakery_name,
    read_node_identifier,
)

NONCE = bytes(range(0x40, 0x50))
PAIRS = st.tuples(
    st.sampled_from([b"onchain", b"offchain", b"invoices", b"uri", b"colour"]),
    st.lists(st.sampled_from([b"read", b"write", b"/x"]), min_size=1, max_size=3),
)


def piece(number: int, value: bytes) -> bytes:
    assert len(value) < 0x4000
    size = len(value)
    length = bytes([size]) if size < 0x80 else bytes([size & 0x7F | 0x80, size >> 7])
    return bytes([number << 3 | 2]) + length + value


def operation(entity: bytes, *actions: bytes) -> bytes:
    return piece(3, piece(1, entity) + b"".join(piece(2, action) for action in actions))


def baked(*operations: bytes, nonce: bytes = NONCE, key: bytes = b"0") -> bytes:
    return b"\x03" + piece(1, nonce) + piece(2, key) + b"".join(operations)


INVOICES = baked(
    operation(b"address", b"read", b"write"),
    operation(b"invoices", b"read", b"write"),
    operation(b"onchain", b"read"),
)
# The same operations, out of the library that lnd uses.
BAKERY = bytes.fromhex(
    "030a1041130f342e34b9528fcf16c55ea98e091201301a160a0761646472657373120472656164120577726974651a"
    "170a08696e766f69636573120472656164120577726974651a0f0a076f6e636861696e120472656164"
)


def refusal_says_where(error: IdentifierError, raw: bytes) -> None:
    assert error.offset is not None
    assert 0 <= error.offset <= len(raw)


def read(*operations: bytes) -> NodeIdentifier:
    return read_node_identifier(baked(*operations))


@pytest.mark.parametrize("raw", [INVOICES, BAKERY])
def test_every_field_and_where_it_stands(raw: bytes) -> None:
    node = read_node_identifier(raw)
    assert raw[slice(*node.nonce_span)] == node.nonce
    assert raw[slice(*node.root_key_span)] == node.root_key_id == b"0"
    assert [(p.entity, p.action) for p in node.permissions] == [
        (b"address", b"read"),
        (b"address", b"write"),
        (b"invoices", b"read"),
        (b"invoices", b"write"),
        (b"onchain", b"read"),
    ]
    for permission in node.permissions:
        at = permission.action_start
        assert raw[at : at + len(permission.action)] == permission.action
        assert permission.entity in raw[permission.start : permission.end]
    assert bakery_name(node.permissions) == "invoice.macaroon"
    assert node.risk is Risk.CHANGES


@pytest.mark.parametrize(
    ("entity", "action", "risk", "allows"),
    [
        (b"onchain", b"read", Risk.READS, "balance"),
        (b"onchain", b"write", Risk.MONEY, "send on-chain"),
        (b"offchain", b"read", Risk.READS, "preimages"),
        (b"offchain", b"write", Risk.MONEY, "pay over Lightning"),
        (b"address", b"read", Risk.READS, "addresses"),
        (b"address", b"write", Risk.CHANGES, "new addresses"),
        (b"message", b"read", Risk.READS, "who signed"),
        (b"message", b"write", Risk.CHANGES, "sign messages"),
        (b"peers", b"read", Risk.READS, "peers"),
        (b"peers", b"write", Risk.CHANGES, "connect"),
        (b"info", b"read", Risk.READS, "which node"),
        (b"info", b"write", Risk.CHANGES, "stop the node"),
        (b"invoices", b"read", Risk.READS, "look up invoices"),
        (b"invoices", b"write", Risk.CHANGES, "create"),
        (b"signer", b"read", Risk.READS, "check signatures"),
        (b"signer", b"generate", Risk.MONEY, "sign with the node's keys"),
        (b"macaroon", b"read", Risk.READS, "root keys"),
        (b"macaroon", b"write", Risk.UNKNOWN, "middleware"),
        (b"macaroon", b"generate", Risk.MONEY, "everything"),
        (b"macaroon", b"paint", Risk.UNKNOWN, "not known"),
        (b"colour", b"read", Risk.UNKNOWN, "not known"),
        (b"\xff\x1b", b"\x00", Risk.UNKNOWN, "not known"),
        (b"uri", b"/lnrpc.Lightning/GetInfo", Risk.READS, "one call"),
        (b"uri", b"/lnrpc.Lightning/WalletBalance", Risk.READS, "one call"),
        (b"uri", b"/routerrpc.Router/SendPaymentV2", Risk.MONEY, "one call"),
        (b"uri", b"/walletrpc.WalletKit/SendOutputs", Risk.MONEY, "one call"),
        (b"uri", b"/lnrpc.Lightning/Getaway", Risk.UNKNOWN, "one call"),
        (b"uri", b"/elsewhere.Thing/GetInfo", Risk.UNKNOWN, "one call"),
        (b"uri", b"GetInfo", Risk.UNKNOWN, "one call"),
    ],
)
def test_what_a_permission_allows(entity: bytes, action: bytes, risk: Risk, allows: str) -> None:
    (permission,) = read(operation(entity, action)).permissions
    assert permission.risk is risk
    assert allows in permission.allows


def test_the_worst_permission_decides() -> None:
    looks, pays = operation(b"info", b"read"), operation(b"offchain", b"write")
    assert read(looks).risk is Risk.READS
    assert read(looks, operation(b"colour", b"read")).risk is Risk.UNKNOWN
    assert read(pays, looks).risk is Risk.MONEY
    assert bakery_name(read(looks).permissions) is None


@pytest.mark.parametrize(
    ("raw", "offset"),
    [
        (b"", 0),
        (b"\x02" + INVOICES[1:], 0),
        (b"\x03", 1),
        (baked(), 1),
        (baked(operation(b"info")), 24),
        (baked(operation(b"info", b"read"), nonce=NONCE[1:]), 3),
        (baked(operation(b"info", b"read") + piece(4, b"more")), 1),
        (baked(operation(b"info", b"read"))[:-1], 22),
        (INVOICES[:1] + b"\x8a\x00" + INVOICES[2:], 1),
        (b"\x03" + piece(2, b"0") + piece(1, NONCE) + operation(b"info", b"read"), 1),
        (INVOICES[:19] + b"\x10\x00" + operation(b"info", b"read"), 20),
        (INVOICES + b"\x1b", len(INVOICES)),
        (INVOICES + b"\x02\x00", len(INVOICES)),
        (INVOICES + b"\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", len(INVOICES) + 1),
    ],
)
def test_what_is_refused(raw: bytes, offset: int) -> None:
    with pytest.raises(IdentifierError) as caught:
        read_node_identifier(raw)
    assert caught.value.offset == offset


@given(st.lists(PAIRS, min_size=1, max_size=5), st.binary(min_size=1, max_size=300))
def test_what_is_baked_is_read(pairs: list[tuple[bytes, list[bytes]]], key: bytes) -> None:
    raw = baked(*(operation(entity, *actions) for entity, actions in pairs), key=key)
    node = read_node_identifier(raw)
    assert (node.nonce, node.root_key_id) == (NONCE, key)
    told = [(p.entity, p.action) for p in node.permissions]
    assert told == [(entity, action) for entity, actions in pairs for action in actions]


@given(st.binary(max_size=200), st.integers(0, len(INVOICES)))
def test_any_bytes(tail: bytes, kept: int) -> None:
    for raw in (tail, b"\x03" + tail, INVOICES[:kept] + tail):
        try:
            node = read_node_identifier(raw)
        except IdentifierError as error:
            refusal_says_where(error, raw)
        else:
            assert node.permissions
            assert all(permission.allows for permission in node.permissions)
