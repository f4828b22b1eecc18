"""Whole answers, and the other protocols that share status 402."""

from __future__ import annotations

import base64
import json

from l402tui.practice.samples.workshop import Sample, Workshop

__all__ = ["messages"]

_PAYEE = "0x" + "42" * 20
_ASSET = "0x" + "5d" * 20


def messages(shop: Workshop) -> dict[str, Sample]:
    """What ``curl -i`` prints, a recording of a browser, and bills that are not L402."""
    return {
        "answer.txt": Sample(
            "A whole answer as curl -i prints it. The bill is in the headers; the body is for "
            "people.",
            _answer(
                "HTTP/1.1 402 Payment Required",
                ("Content-Type", "text/plain"),
                ("Cache-Control", "no-store"),
                ("Www-Authenticate", shop.challenge),
                body="payment required",
            ),
        ),
        "answer-json.txt": Sample(
            "The body says it all again as JSON, and its price can be held against the invoice.",
            _json_answer(shop),
        ),
        "answer-grpc.txt": Sample(
            "gRPC has no 402: the call ends with status 13, and the bill stands in the trailers.",
            _answer(
                "HTTP/2 200",
                ("content-type", "application/grpc"),
                ("grpc-status", "13"),
                ("grpc-message", "payment required"),
                ("www-authenticate", shop.challenge),
            ),
        ),
        "recording.har": Sample(
            "What a browser records. The one exchange that is about L402 is found in it.",
            _har(shop),
        ),
        "shell.txt": Sample(
            "A line out of somebody's shell history: the credential in it is found, and hidden.",
            f'$ curl -s -H "Authorization: L402 {shop.token}:{shop.preimage}" '
            "http://127.0.0.1:8402/weather",
        ),
        "other-x402.txt": Sample(
            "402 and no L402: x402 asks for a stablecoin on a public chain.",
            _answer(
                "HTTP/1.1 402 Payment Required",
                ("Content-Type", "application/json"),
                body=json.dumps(_x402(), indent=2),
            ),
        ),
        "other-payment.txt": Sample(
            "The Payment scheme over Lightning: the same invoice, but good for one request only.",
            _answer(
                "HTTP/1.1 402 Payment Required",
                ("WWW-Authenticate", _payment(shop)),
                ("Cache-Control", "no-store"),
            ),
        ),
        "other-cashu.txt": Sample(
            "Ecash: a Cashu wallet with tokens of the named mint could pay this.",
            'WWW-Authenticate: Cashu mint="https://mint.example", amount="10", unit="sat"',
        ),
    }


def _answer(start: str, *headers: tuple[str, str], body: str = "") -> str:
    lines = [start, *(f"{name}: {value}" for name, value in headers), "", body]
    return "\n".join(lines).rstrip("\n")


def _json_answer(shop: Workshop) -> str:
    told = {
        "error": "payment_required",
        "protocol": "l402",
        "amount_sats": 10,
        "macaroon": shop.token,
        "invoice": shop.invoice.text,
        "r_hash": shop.invoice.payment_hash.hex(),
        "expires_in_seconds": 3600,
    }
    return _answer(
        "HTTP/1.1 402 Payment Required",
        ("Content-Type", "application/json"),
        ("X-SettleGrid-Protocol", "l402"),
        ("WWW-Authenticate", shop.challenge),
        body=json.dumps(told, indent=2),
    )


def _har(shop: Workshop) -> str:
    asked = {"method": "GET", "httpVersion": "HTTP/1.1", "cookies": [], "headers": []}

    def entry(url: str, status: int, words: str, *headers: tuple[str, str]) -> dict[str, object]:
        return {
            "startedDateTime": "2026-01-01T00:00:00.000Z",
            "time": 31,
            "request": {**asked, "url": url, "queryString": [], "headersSize": -1, "bodySize": 0},
            "response": {
                "status": status, "statusText": words, "httpVersion": "HTTP/1.1", "cookies": [],
                "headers": [{"name": name, "value": value} for name, value in headers],
                "content": {"size": 0, "mimeType": "text/plain", "text": ""},
                "redirectURL": "", "headersSize": -1, "bodySize": 0,
            },
            "cache": {},
            "timings": {"send": 0, "wait": 31, "receive": 0},
        }  # fmt: skip

    here = "http://127.0.0.1:8402"
    entries = [
        entry(f"{here}/", 200, "OK", ("Content-Type", "text/html")),
        entry(f"{here}/weather", 402, "Payment Required", ("Www-Authenticate", shop.challenge)),
    ]
    creator = {"name": "l402tui samples", "version": "1"}
    return json.dumps({"log": {"version": "1.2", "creator": creator, "entries": entries}}, indent=1)


def _x402() -> dict[str, object]:
    offer = {
        "scheme": "exact",
        "network": "base-sepolia",
        "maxAmountRequired": "1000",
        "resource": "http://127.0.0.1:8402/weather",
        "description": "Weather report",
        "mimeType": "application/json",
        "payTo": _PAYEE,
        "maxTimeoutSeconds": 60,
        "asset": _ASSET,
    }
    return {"x402Version": 1, "error": "payment required", "accepts": [offer]}


def _payment(shop: Workshop) -> str:
    request = {
        "amount": "10",
        "currency": "sat",
        "methodDetails": {
            "invoice": shop.invoice.text,
            "network": "regtest",
            "paymentHash": shop.invoice.payment_hash.hex(),
        },
    }
    canonical = json.dumps(request, separators=(",", ":"), sort_keys=True).encode()
    coded = base64.urlsafe_b64encode(canonical).decode().rstrip("=")
    return (
        f'Payment id="{shop.secret("payment id").hex()[:22]}", realm="127.0.0.1", '
        f'method="lightning", intent="charge", request="{coded}", '
        'expires="2026-01-01T01:00:00Z"'
    )
