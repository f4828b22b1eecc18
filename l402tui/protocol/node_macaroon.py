"""What may the bearer of a node's own macaroon do?

lnd protects its API with macaroons too. They are no L402 tokens: nothing is paid for them, no
preimage belongs to them, and whoever holds one may use the node as far as it says. The identifier
is a byte 3 and a protobuf message with a nonce, the id of the root key and the permissions. This
reads it and says in words what each permission allows and whether it can move money.

Sources: macaroon-bakery ``macaroonpb`` (identifier, version 3); lnd ``rpcserver.go`` (entities,
actions and what each call needs).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from l402tui.protocol.errors import IdentifierError
from l402tui.protocol.macaroon import Macaroon
from l402tui.protocol.protobuf import LENGTH, Field, read_fields
from l402tui.protocol.text import Shown, shown

__all__ = [
    "NodeIdentifier",
    "Permission",
    "Risk",
    "bakery_name",
    "node_of",
    "read_node_identifier",
    "risk_of",
]

_VERSION: Final = 3
_NONCE, _ROOT_KEY, _OPERATION = 1, 2, 3
_ENTITY, _ACTION = 1, 2
_NONCE_SIZE: Final = 16


class Risk(Enum):
    """What a permission is good for, from the least to the most."""

    READS = "read only"
    CHANGES = "changes things, cannot send money"
    UNKNOWN = "not known, may be able to move money"
    MONEY = "can move money"


class Permission(NamedTuple):
    """One entity with one action, and where the two stand in the identifier."""

    entity: bytes
    action: bytes
    start: int
    """Where the operation begins that names it; operations may name several actions."""
    end: int
    action_start: int

    @property
    def allows(self) -> str:
        """What the bearer may do, to be read after "may"."""
        if self.entity == _CALL:
            return "make this one call to the node"
        return _ALLOWS.get((self.entity, self.action), _NOT_KNOWN)[1]

    @property
    def risk(self) -> Risk:
        """Whether money can be moved with it."""
        if self.entity == _CALL:
            return _risk_of_call(self.action)
        return _ALLOWS.get((self.entity, self.action), _NOT_KNOWN)[0]


@dataclass(frozen=True, slots=True)
class NodeIdentifier:
    """What the identifier of a node's own macaroon says. Spans are offsets in its bytes."""

    nonce: bytes
    """16 bytes that make two macaroons with the same permissions differ."""
    nonce_span: tuple[int, int]
    root_key_id: bytes
    """Which root key signed it, as decimal digits; deleting that key ends the macaroon."""
    root_key_span: tuple[int, int]
    permissions: tuple[Permission, ...]

    @property
    def risk(self) -> Risk:
        """The worst of all permissions."""
        return risk_of(self.permissions)

    @property
    def may(self) -> Shown:
        """What its bearer may do, in one line: ``info:read, offchain:write``."""
        words = dict.fromkeys(
            permission.action
            if permission.entity == _CALL
            else permission.entity + b":" + permission.action
            for permission in self.permissions
        )
        return shown(b", ".join(words), 300)


def node_of(macaroon: Macaroon) -> NodeIdentifier | None:
    """What a node's own macaroon says; None for any other macaroon."""
    try:
        return read_node_identifier(macaroon.identifier)
    except IdentifierError:
        return None


def risk_of(permissions: tuple[Permission, ...]) -> Risk:
    """The worst of these."""
    order = list(Risk)
    return max((permission.risk for permission in permissions), key=order.index, default=Risk.READS)


def read_node_identifier(raw: bytes) -> NodeIdentifier:
    """Read the identifier of a macaroon that a node made for its own API.

    Strict: the fields in their order, each once, nothing unknown, at least one permission. Raises
    IdentifierError with the byte offset.
    """
    if not raw or raw[0] != _VERSION:
        raise IdentifierError("it does not begin with byte 3 as a node's own macaroon", 0)
    fields = read_fields(raw, 1, len(raw))
    _in_order(fields, (_NONCE, _ROOT_KEY), _OPERATION, 1)
    nonce, root_key, *operations = fields
    if nonce.end - nonce.start != _NONCE_SIZE:
        raise IdentifierError("the nonce is not 16 bytes", nonce.start)
    return NodeIdentifier(
        raw[nonce.start : nonce.end],
        (nonce.start, nonce.end),
        raw[root_key.start : root_key.end],
        (root_key.start, root_key.end),
        tuple(permission for one in operations for permission in _permissions(raw, one)),
    )


def _permissions(raw: bytes, operation: Field) -> list[Permission]:
    start, end = operation.start, operation.end
    fields = read_fields(raw, start, end)
    _in_order(fields, (_ENTITY,), _ACTION, start)
    entity, *actions = fields
    name = raw[entity.start : entity.end]
    return [
        Permission(name, raw[action.start : action.end], start, end, action.start)
        for action in actions
    ]


def _in_order(fields: tuple[Field, ...], first: tuple[int, ...], then: int, start: int) -> None:
    """The numbers ``first`` once each, then at least one field ``then`` and nothing else."""
    numbers = tuple(field.number for field in fields)
    size = len(first)
    if numbers[:size] != first or set(numbers[size:]) != {then}:
        raise IdentifierError("its fields are not those of a node's own macaroon", start)
    for field in fields:
        if field.wire != LENGTH:
            raise IdentifierError("a field is not of the kind it should be", field.start)


# --- what the permissions allow -------------------------------------------------------------------

_CALL: Final = b"uri"
"""The entity of a permission for one call; the action is then the call's path."""
_NOT_KNOWN: Final = (Risk.UNKNOWN, "do something that is not known here")
_ALLOWS: Final = {
    (b"onchain", b"read"): (Risk.READS, "see the on-chain balance, coins and transactions"),
    (b"onchain", b"write"): (
        Risk.MONEY,
        "send on-chain coins and, with offchain write, open and close channels",
    ),
    (b"offchain", b"read"): (
        Risk.READS,
        "see channels, balances and payments, their preimages included",
    ),
    (b"offchain", b"write"): (
        Risk.MONEY,
        "pay over Lightning and change how channels forward",
    ),
    (b"address", b"read"): (Risk.READS, "see addresses and derive keys for new ones"),
    (b"address", b"write"): (Risk.CHANGES, "make new addresses to be paid on"),
    (b"message", b"read"): (Risk.READS, "check who signed a message"),
    (b"message", b"write"): (Risk.CHANGES, "sign messages in the node's name"),
    (b"peers", b"read"): (Risk.READS, "see which peers are connected"),
    (b"peers", b"write"): (Risk.CHANGES, "connect and disconnect peers"),
    (b"info", b"read"): (Risk.READS, "see which node this is and what it knows of the network"),
    (b"info", b"write"): (Risk.CHANGES, "stop the node and change what it logs"),
    (b"invoices", b"read"): (
        Risk.READS,
        "look up invoices, the preimages of those the node made included",
    ),
    (b"invoices", b"write"): (Risk.CHANGES, "create, settle and cancel invoices"),
    (b"signer", b"read"): (Risk.READS, "check signatures"),
    (b"signer", b"generate"): (Risk.MONEY, "sign with the node's keys, transactions included"),
    (b"macaroon", b"read"): (Risk.READS, "see which root keys there are and check macaroons"),
    (b"macaroon", b"write"): (
        Risk.UNKNOWN,
        "end macaroons by deleting their root keys, and register a middleware, which may see every "
        "request and answer of the node",
    ),
    (b"macaroon", b"generate"): (
        Risk.MONEY,
        "make macaroons with any permission, and so do everything",
    ),
}

_CALL_PATH: Final = re.compile(rb"/([a-z]+rpc)\.[A-Za-z]+/([A-Za-z0-9]+)")
_OWN_SERVERS: Final = frozenset(
    b"lnrpc routerrpc invoicesrpc walletrpc signrpc chainrpc autopilotrpc peersrpc neutrinorpc "
    b"verrpc wtclientrpc watchtowerrpc".split()
)
"""What lnd itself serves. Of programs beside it a harmless name says nothing about the answer."""
_SPENDING_CALLS: Final = frozenset(
    b"SendPayment SendPaymentSync SendPaymentV2 SendToRoute SendToRouteSync SendToRouteV2 "
    b"SendCoins SendMany SendOutputs OpenChannel OpenChannelSync BatchOpenChannel CloseChannel "
    b"FundingStateStep BakeMacaroon FundPsbt SignPsbt FinalizePsbt BumpFee BumpForceCloseFee "
    b"SignOutputRaw ComputeInputScript MuSig2Sign MuSig2CombineSig".split()
)
_READING_CALLS: Final = re.compile(
    rb"(?:Get|List|Lookup|Subscribe|Describe|Decode|Query|Track|Estimate|Verify|Check|Export)"
    rb"[A-Z].*|WalletBalance|ChannelBalance|PendingChannels|ClosedChannels|PendingSweeps|FeeReport|"
    rb"ForwardingHistory|BuildRoute"
)


def _risk_of_call(path: bytes) -> Risk:
    match = _CALL_PATH.fullmatch(path)
    if match is None:
        return Risk.UNKNOWN
    server, call = match.groups()
    if call in _SPENDING_CALLS:
        return Risk.MONEY
    reads = server in _OWN_SERVERS and _READING_CALLS.fullmatch(call)
    return Risk.READS if reads else Risk.UNKNOWN


# --- the macaroons that lnd makes when it starts --------------------------------------------------

_READABLE: Final = frozenset(pair for pair in _ALLOWS if pair[1] == b"read")
_BAKED: Final = {
    frozenset(_ALLOWS): "admin.macaroon",
    _READABLE: "readonly.macaroon",
    frozenset(
        [
            (b"invoices", b"read"),
            (b"invoices", b"write"),
            (b"address", b"read"),
            (b"address", b"write"),
            (b"onchain", b"read"),
        ]
    ): "invoice.macaroon",
}


def bakery_name(permissions: tuple[Permission, ...]) -> str | None:
    """The file in which lnd keeps a macaroon with exactly these permissions, if it makes one."""
    return _BAKED.get(frozenset((entity, action) for entity, action, *_ in permissions))
