"""How else does a server ask for money?

The bills that are not, or not only, an L402 header: a JSON body, the Payment scheme beside it,
x402, ecash. They are there to be looked at; what is not L402 cannot be paid here.
"""

from __future__ import annotations

import base64
import json

from starlette.responses import Response

from l402tui.practice.answers import answer, in_json
from l402tui.practice.goods import Good
from l402tui.practice.invoices import PracticeInvoice

__all__ = ["body_only", "cashu", "grpc", "one_rail", "payment_line", "rails", "x402"]

_NO_STORE = ((b"Cache-Control", b"no-store"),)


def body_only(status: int, good: Good, token: str, invoice: str) -> Response:
    """The bill in JSON, as a server writes it for clients that read no headers."""
    told: dict[str, object] = {
        "error": "payment required",
        "price_sats": good.price // 1_000,
        "macaroon": token,
        "invoice": invoice,
        "token_format": {"header": "Authorization: L402 <macaroon>:<preimage>"},
    }
    return in_json(status, told, _NO_STORE)


def rails(status: int, good: Good) -> Response:
    """Several ways to pay, named but not offered: the client has to ask for one."""
    line = b'Payment realm="settlegrid", scheme="sg-balance, exact, l402"'
    told: dict[str, object] = {
        "error": "payment_required",
        "amount_cents": 1,
        "accepts": [{"scheme": "sg-balance"}, {"scheme": "l402"}],
    }
    headers = (
        (b"Www-Authenticate", line),
        (b"X-SettleGrid-Protocol-Negotiation", b"v1"),
        *_NO_STORE,
    )
    return in_json(status, told, headers)


def one_rail(status: int, good: Good, token: str, invoice: PracticeInvoice) -> Response:
    """The way that was asked for: L402 in the header, and all of it again in the body."""
    told: dict[str, object] = {
        "error": "payment_required",
        "protocol": "l402",
        "version": "1.0",
        "amount_sats": good.price // 1_000,
        "currency": "btc-lightning",
        "description": good.description,
        "macaroon": token,
        "invoice": invoice.text,
        "r_hash": invoice.payment_hash.hex(),
        "expires_in_seconds": 3_600,
    }
    line = f'L402 macaroon="{token}", invoice="{invoice.text}"'.encode()
    headers = ((b"Www-Authenticate", line), (b"X-SettleGrid-Protocol", b"l402"), *_NO_STORE)
    return in_json(status, told, headers)


def grpc(token: str, invoice: str) -> Response:
    """A gRPC call that was not paid for. Without a body, gRPC's trailers are the headers."""
    line = f'L402 macaroon="{token}", invoice="{invoice}"'.encode()
    headers = (
        (b"Grpc-Status", b"13"),
        (b"Grpc-Message", b"payment required"),
        (b"Www-Authenticate", line),
    )
    return answer(200, b"", b"application/grpc", headers)


def payment_line(good: Good, invoice: PracticeInvoice) -> bytes:
    """A ``Payment`` challenge for the same invoice, its request in canonical JSON (RFC 8785)."""
    request = {
        "amount": str(good.price // 1_000),
        "currency": "sat",
        "methodDetails": {
            "invoice": invoice.text,
            "network": "regtest",
            "paymentHash": invoice.payment_hash.hex(),
        },
    }
    canonical = json.dumps(request, separators=(",", ":"), sort_keys=True).encode()
    coded = base64.urlsafe_b64encode(canonical).decode().rstrip("=")
    id = invoice.payment_hash.hex()[:22]
    return (
        f'Payment id="{id}", realm="{good.service}", method="lightning", intent="charge", '
        f'request="{coded}"'
    ).encode()


def x402(status: int, good: Good) -> Response:
    """A stablecoin payment on a test chain."""
    offer = {
        "scheme": "exact",
        "network": "base-sepolia",
        "maxAmountRequired": "1000",
        "resource": f"/{good.service}",
        "description": good.description,
        "mimeType": "application/json",
        "payTo": "0x" + "42" * 20,
        "maxTimeoutSeconds": 60,
        "asset": "0x" + "5d" * 20,
    }
    return in_json(status, {"x402Version": 1, "error": "payment required", "accepts": [offer]})


def cashu(status: int, good: Good) -> Response:
    """Ecash of a mint that does not exist."""
    line = f'Cashu mint="https://mint.example", amount="{good.price // 1_000}", unit="sat"'
    headers = ((b"Www-Authenticate", line.encode()), *_NO_STORE)
    return answer(status, "payment required\n", headers=headers)
