"""Requests for payment in other protocols, of our own making, for the tests of this room.

The writers here (base64url, CBOR, types and lengths, bech32m) are not those under test.
"""

from __future__ import annotations

import base64
import json
from typing import Any, Final

from bech32 import CHARSET, bech32_hrp_expand, bech32_polymod, convertbits

from tests.protocol.tokens import INVOICE, PAYMENT_HASH

Headers = list[tuple[bytes, bytes]]

AUTH: Final = b"WWW-Authenticate"
MSAT: Final = 2_500_000
"""What :data:`INVOICE` asks for."""
SAT: Final = MSAT // 1_000
HASH: Final = PAYMENT_HASH.hex()
SEPOLIA: Final = "eip155:84532"
PAY_TO: Final = "0x" + "5a" * 20
TOKEN: Final = "0x" + "c0" * 20


def body(**fields: Any) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()


def base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def choice(**changes: Any) -> dict[str, Any]:
    """One way to pay by x402 version 2. A change to None leaves the field out."""
    fields = {
        "scheme": "exact",
        "network": SEPOLIA,
        "amount": "7300",
        "asset": TOKEN,
        "payTo": PAY_TO,
        "maxTimeoutSeconds": 45,
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def x402_v1(**changes: Any) -> bytes:
    old = choice(network="base-sepolia", amount=None, maxAmountRequired="7300", **changes)
    return body(x402Version=1, error="no payment came along", accepts=[old])


def x402_v2(*choices: dict[str, Any], **changes: Any) -> Headers:
    told = {
        "x402Version": 2,
        "resource": {"url": "https://shop.example/tide", "description": "Tide tables"},
        "accepts": list(choices) or [choice()],
        **changes,
    }
    raw = json.dumps(told, separators=(",", ":")).encode()
    return [(b"PAYMENT-REQUIRED", base64.b64encode(raw))]


def over_lightning(**changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "network": "lightning:regtest",
        "amount": str(MSAT),
        "asset": "BTC",
        "payTo": "",
        "extra": {"invoice": INVOICE, "paymentHash": HASH},
    }
    return choice(**{**fields, **changes})


def request(**changes: Any) -> dict[str, Any]:
    """What the Payment scheme asks for with method lightning. None leaves a field out."""
    fields = {
        "amount": str(SAT),
        "currency": "sat",
        "description": "Tide tables",
        "methodDetails": {"invoice": INVOICE, "network": "regtest", "paymentHash": HASH},
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def canonical(value: Any) -> bytes:
    """Right for what the tests put in: ASCII names and no numbers with a fraction."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


def payment(asked: Any = None, raw: bytes | None = None, **params: str | None) -> Headers:
    """A challenge of scheme Payment. A parameter of None leaves it out."""
    data = canonical(request() if asked is None else asked) if raw is None else raw
    fields: dict[str, str | None] = {
        "id": "t1de-0001",
        "realm": "shop.example",
        "method": "lightning",
        "intent": "charge",
        "request": base64url(data).decode(),
        "expires": "2026-01-01T00:30:00Z",
        **params,
    }
    told = ", ".join(f'{name}="{value}"' for name, value in fields.items() if value is not None)
    return [(AUTH, f"Payment {told}".encode())]


# --- Cashu ----------------------------------------------------------------------------------------


def cbor(value: Any) -> bytes:
    """As RFC 8949 has it, in the shortest form."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(cbor, value))
    assert isinstance(value, dict)
    return _head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for low, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 256**size:
            return bytes([major << 5 | low]) + number.to_bytes(size, "big")
    raise ValueError(number)


def creq_a(**changes: Any) -> bytes:
    fields = {"a": 21, "u": "sat", "m": ["https://mint.example"], **changes}
    return b"creqA" + base64url(cbor({k: v for k, v in fields.items() if v is not None}))


def entry(kind: int, value: bytes) -> bytes:
    return bytes([kind]) + len(value).to_bytes(2, "big") + value


ENTRIES: Final = (
    entry(1, b"tide-7"),
    entry(2, (150).to_bytes(8, "big")),
    entry(3, b"usd"),
    entry(4, b"\1"),
    entry(5, b"https://mint.example"),
    entry(5, b"https://other.example"),
    entry(6, "Gezeiten für morgen".encode()),
    entry(7, entry(1, b"\0") + entry(2, b"\x21" * 32) + entry(3, b"\x01n\x0217")),
    entry(7, entry(1, b"\1") + entry(2, b"https://shop.example/ecash")),
    entry(8, entry(1, b"\0") + entry(2, b"02" + b"ab" * 32) + entry(3, b"\x04sigs\x011")),
)


def creq_b(raw: bytes = b"".join(ENTRIES), *, constant: int = 0x2BC830A3) -> bytes:
    values = convertbits(raw, 8, 5) or []
    check = bech32_polymod([*bech32_hrp_expand("creqb"), *values, 0, 0, 0, 0, 0, 0]) ^ constant
    tail = [check >> 5 * (5 - n) & 31 for n in range(6)]
    return ("creqb1" + "".join(CHARSET[value] for value in [*values, *tail])).upper().encode()


# --- the others -----------------------------------------------------------------------------------

OFFERS: Final[dict[str, Any]] = {
    "version": "0.2.2",
    "payment_request_url": "https://shop.example/buy",
    "payment_context_token": "ctx-77",
    "offers": [
        {
            "id": "week",
            "title": "A week of tides",
            "type": "subscription",
            "duration": "7 days",
            "amount": 250,
            "currency": "EUR",
            "payment_methods": ["lightning", "credit_card"],
        },
        {"id": "sats", "type": "top-up", "balance": 5, "amount": 9000, "currency": "BTC"},
    ],
}
RAILS: Final = body(
    x402Version=2,
    error="payment_required",
    resource={"url": "https://shop.example/tide"},
    accepts=[
        {"scheme": "sg-balance", "provider": "settlegrid", "costCents": 7},
        choice(),
        {"scheme": "mpp", "provider": "stripe", "amountCents": 7, "currency": "USD"},
    ],
)
NEGOTIATION: Final[Headers] = [(b"X-SettleGrid-Protocol-Negotiation", b"v1")]
RAIL_CHALLENGE: Final[Headers] = [
    (AUTH, b'Payment realm="settlegrid", scheme="sg-balance, exact, mpp"')
]
ACCEPT_PAYMENT: Final[Headers] = [
    (b"Accept-Payment", f'L402 price={SAT}sat invoice="{INVOICE}" macaroon="eyJ4IjoxfQ"'.encode())
]
MANIFEST: Final = body(
    service={"name": "Tides", "base_url": "https://shop.example"},
    l402={"default_price_sats": 3},
    endpoints=[
        {
            "path": "/tide",
            "method": "GET",
            "l402_enabled": True,
            "pricing": {"model": "per-request", "base_price_sats": 4},
        }
    ],
)


def tool_result(**fields: Any) -> bytes:
    return body(jsonrpc="2.0", id=1, result=fields)


RPC_ERROR: Final = body(
    jsonrpc="2.0",
    id=1,
    error={
        "code": -32042,
        "message": "Payment Required",
        "data": {
            "httpStatus": 402,
            "challenges": [
                {
                    "id": "c-1",
                    "realm": "shop.example",
                    "method": "stripe",
                    "intent": "charge",
                    "request": {"amount": "199", "currency": "usd"},
                }
            ],
        },
    },
)
TPP: Final[dict[str, Any]] = {
    "status": "payment_required",
    "price": {"amount": SAT, "asset": "sat"},
    "offers": [
        {"scheme": "l402", "amount": SAT, "asset": "sat", "token": "x.y", "invoice": INVOICE}
    ],
}

EVERYTHING: Final[dict[str, tuple[Headers, bytes]]] = {
    "x402 v1": ([], x402_v1()),
    "x402 v2": (x402_v2(), b"{}"),
    "x402 over Lightning": (x402_v2(over_lightning()), b""),
    "Payment": (payment(), b""),
    "creqA": ([(b"X-Cashu", creq_a())], b""),
    "creqB": ([(b"X-Cashu", creq_b())], b""),
    "Cashu scheme": ([(AUTH, b'Cashu mint="https://mint.example", amount="3", unit="sat"')], b""),
    "offers": ([], body(**OFFERS)),
    "rails": ([*NEGOTIATION, *RAIL_CHALLENGE], RAILS),
    "bare invoice": ([], body(invoice=INVOICE, payment_hash=HASH)),
    "Accept-Payment": (ACCEPT_PAYMENT, b""),
    "manifest": ([], MANIFEST),
    "MCP x402": (
        [],
        tool_result(isError=True, structuredContent={"x402Version": 2, "accepts": [choice()]}),
    ),
    "MCP Payment": ([], RPC_ERROR),
    "MCP TPP": ([], tool_result(isError=True, _meta={"ai.bolthub/payment": TPP})),
}
"""A good one of every kind."""
