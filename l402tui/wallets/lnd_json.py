"""What do the bytes of LND's REST say?

grpc-gateway writes one JSON object a line, ``{"result": …}`` or ``{"error": …}``, and plain objects
where there is one answer; 64-bit numbers are strings, enums are names. Everything here is bounded,
and what is not exactly as LND writes it is an :class:`~.lnd_calls.RpcFault` with the code
``NOT_LND``, which says nothing about a payment. Only what nobody decides by (a fee, an attempt) may
be unreadable and is then left out: a preimage is not lost for a number beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import dataclass
from typing import Any, Final

from l402tui.wallets.lnd_calls import NOT_LND, Listed, NodeInfo, RpcFault
from l402tui.wallets.lnd_listing import Page, listed

__all__ = [
    "LINE_LIMIT",
    "STREAM_LIMIT",
    "JsonAttempt",
    "JsonPayment",
    "balance_of",
    "fault_of_body",
    "info_of",
    "lines_of",
    "object_of",
    "page_of",
    "payment_of_line",
]

LINE_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of one line: as much as one message may have in gRPC."""
STREAM_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of a whole stream. Each line tells the whole payment, so the next stream loses nothing."""

CODES: Final = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)
"""gRPC's status codes by number."""
STATUSES: Final = {"UNKNOWN": 0, "IN_FLIGHT": 1, "SUCCEEDED": 2, "FAILED": 3, "INITIATED": 4}
"""``lnrpc.Payment.PaymentStatus``."""
REASONS: Final = {
    f"FAILURE_REASON_{name}": number
    for number, name in enumerate(
        (
            "NONE",
            "TIMEOUT",
            "NO_ROUTE",
            "ERROR",
            "INCORRECT_PAYMENT_DETAILS",
            "INSUFFICIENT_BALANCE",
            "CANCELED",
        )
    )
}
"""``lnrpc.PaymentFailureReason``."""
ATTEMPTS: Final = {"IN_FLIGHT": 0, "SUCCEEDED": 1, "FAILED": 2}
"""``lnrpc.HTLCAttempt.HTLCStatus``."""

_NO_NUMBER: Final = -1
_INT64: Final = re.compile(r"-?\d{1,19}", re.ASCII)
_ROUTING_404: Final = "not found"
_GATEWAY_STATUSES: Final = (502, 503, 504)


@dataclass(frozen=True, slots=True)
class JsonRoute:
    """One ``lnrpc.Route``."""

    total_time_lock: int


@dataclass(frozen=True, slots=True)
class JsonAttempt:
    """One ``lnrpc.HTLCAttempt``."""

    status: int
    route: JsonRoute


@dataclass(frozen=True, slots=True)
class JsonPayment:
    """One ``lnrpc.Payment``; see :class:`~.lnd_calls.Payment`."""

    payment_hash: str
    payment_preimage: str
    status: int
    failure_reason: int | str
    fee_msat: int | None
    htlcs: tuple[JsonAttempt, ...]


async def lines_of(chunks: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    """The lines of a stream, each as soon as it is whole, blank ones left out.

    Also the last one where nothing ends it. Raises RpcFault for a line of more than ``LINE_LIMIT``
    bytes and a stream of more than ``STREAM_LIMIT``.
    """
    rest, total = bytearray(), 0
    async for chunk in chunks:
        total += len(chunk)
        if total > STREAM_LIMIT:
            raise RpcFault(NOT_LND, "the stream is too long")
        searched = len(rest)
        rest += chunk
        while (end := rest.find(b"\n", searched)) >= 0:
            line = bytes(rest[:end])
            del rest[: end + 1]
            searched = 0
            _check_length(line)
            if line.strip():
                yield line
        _check_length(rest)
    if rest.strip():
        yield bytes(rest)


def _check_length(line: bytes | bytearray) -> None:
    if len(line) > LINE_LIMIT:
        raise RpcFault(NOT_LND, "a line is too long")


def object_of(raw: bytes) -> dict[str, Any]:
    """The one JSON object these bytes are. Raises RpcFault."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise RpcFault(NOT_LND, "not a JSON object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name stands twice")
    return value


def payment_of_line(line: bytes) -> JsonPayment:
    """The payment of one line of a stream. Raises RpcFault, also for the line of an error."""
    told = object_of(line)
    if "error" in told:
        raise _fault(told["error"])
    payment = told.get("result")
    if not isinstance(payment, dict):
        raise RpcFault(NOT_LND, "a line without a result")
    payment_hash, preimage = payment.get("payment_hash"), payment.get("payment_preimage")
    if not isinstance(payment_hash, str) or not isinstance(preimage, str):
        raise RpcFault(NOT_LND, "a payment without its hash")
    reason = payment.get("failure_reason")
    attempts = payment.get("htlcs")
    return JsonPayment(
        payment_hash,
        preimage,
        _number(STATUSES, payment.get("status")),
        REASONS.get(reason, reason) if isinstance(reason, str) else _number(REASONS, reason),
        _int64(payment.get("fee_msat")),
        tuple(
            JsonAttempt(_number(ATTEMPTS, each.get("status")), _route(each.get("route")))
            for each in (attempts if isinstance(attempts, list) else ())
            if isinstance(each, dict)
        ),
    )


def page_of(told: dict[str, Any]) -> Page:
    """``lnrpc.ListPaymentsResponse``. Raises RpcFault where a payment in it cannot be read."""
    payments, last = told.get("payments"), _int64(told.get("last_index_offset"))
    if not isinstance(payments, list) or last is None:
        raise RpcFault(NOT_LND, "no payments are listed")
    return Page(tuple(_listed(each) for each in payments), last)


def _listed(told: Any) -> Listed:
    if not isinstance(told, dict):
        raise RpcFault(NOT_LND, "a payment that is none")
    payment_hash, preimage = told.get("payment_hash"), told.get("payment_preimage")
    if not isinstance(payment_hash, str) or not isinstance(preimage, str):
        raise RpcFault(NOT_LND, "a payment without its hash")
    return listed(
        payment_hash,
        preimage,
        _number(STATUSES, told.get("status")),
        value_msat=_int64(told.get("value_msat")),
        fee_msat=_int64(told.get("fee_msat")),
        created_ns=_int64(told.get("creation_time_ns")),
    )


def _route(told: Any) -> JsonRoute:
    lock = told.get("total_time_lock") if isinstance(told, dict) else None
    return JsonRoute(lock if type(lock) is int else 0)


def _number(names: dict[str, int], value: Any) -> int:
    """The number of an enum's name; a number stands for itself, as for values without a name."""
    if isinstance(value, str):
        return names.get(value, _NO_NUMBER)
    return value if type(value) is int else _NO_NUMBER


def _int64(value: Any) -> int | None:
    """A 64-bit number as protobuf's JSON writes it: in quotes, or bare."""
    if isinstance(value, str) and _INT64.fullmatch(value):
        return int(value)
    return value if type(value) is int and abs(value) < 2**63 else None


def info_of(told: dict[str, Any]) -> NodeInfo:
    """``lnrpc.GetInfoResponse``. Raises RpcFault where it does not say who and where."""
    pubkey, alias, chains = told.get("identity_pubkey"), told.get("alias"), told.get("chains")
    height = told.get("block_height")
    if not isinstance(pubkey, str) or not isinstance(alias, str) or not isinstance(chains, list):
        raise RpcFault(NOT_LND, "no node is described")
    named = [
        (each.get("chain"), each.get("network")) if isinstance(each, dict) else (None, None)
        for each in chains
    ]
    return NodeInfo(
        pubkey,
        alias,
        told.get("synced_to_chain") is True,
        # A chain without a name is one that is not known.
        tuple((str(chain), str(network)) for chain, network in named),
        height if type(height) is int else None,
    )


def balance_of(told: dict[str, Any]) -> int:
    """``lnrpc.ChannelBalanceResponse.local_balance``, in msat. Raises RpcFault."""
    local = told.get("local_balance")
    msat = _int64(local.get("msat")) if isinstance(local, dict) else None
    if msat is None:
        raise RpcFault(NOT_LND, "no balance is told")
    return msat


def fault_of_body(status: int, body: bytes) -> RpcFault:
    """The error that an answer with this HTTP status is."""
    if status in _GATEWAY_STATUSES and not body.lstrip().startswith(b"{"):
        return RpcFault("UNAVAILABLE", f"HTTP status {status}")
    try:
        told = object_of(body)
    except RpcFault:
        return RpcFault(NOT_LND, f"HTTP status {status}")
    # A stream that ends before it has begun wraps its error as its lines do.
    return _fault(told["error"] if isinstance(told.get("error"), dict) else told)


def _fault(told: Any) -> RpcFault:
    """The error in a ``google.rpc.Status``."""
    code = told.get("code") if isinstance(told, dict) else None
    message = told.get("message") if isinstance(told, dict) else None
    if type(code) is not int or not 0 < code < len(CODES) or not isinstance(message, str):
        return RpcFault(NOT_LND, "an error that gRPC does not have")
    if CODES[code] == "NOT_FOUND" and message.strip().lower() == _ROUTING_404:
        # The gateway's word about an address that is not served, not the node's about a payment.
        return RpcFault("UNIMPLEMENTED", message)
    return RpcFault(CODES[code], message)
