"""Tokens of our own that are no macaroons, each made with a key of ours in its form."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from typing import Any, Final

from tests.protocol.tokens import PAYMENT_HASH

SECRET: Final = b"a key of the tests"
HASH: Final = PAYMENT_HASH.hex()
SECONDS: Final = 1_900_000_000
"""2030-03-17T17:46:40Z."""
MOMENT: Final = "2030-03-17T17:46:40Z"


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def standard(value: Any) -> str:
    return b64encode(value if isinstance(value, bytes) else compact(value)).decode()


def url_safe(value: Any) -> str:
    raw = value if isinstance(value, bytes) else compact(value)
    return urlsafe_b64encode(raw).decode().rstrip("=")


def mac(signed: bytes, key: bytes = SECRET) -> str:
    return hmac.digest(key, signed, "sha256").hex()


def unsigned(exp: Any = SECONDS * 1000) -> str:
    return standard({"hash": HASH, "exp": exp})


def chained(caveats: list[dict[str, Any]] | None = None) -> str:
    if caveats is None:
        caveats = [
            {"key": "service", "value": "grid:weather"},
            {"key": "expires_at", "value": SECONDS},
        ]
    signature = mac(b"number-7")
    for caveat in caveats:
        signed = f"{caveat['key']}={caveat['value']}".encode("utf-8", "surrogatepass")
        signature = mac(signed, signature.encode())
    return standard(
        {"id": "number-7", "location": "grid", "caveats": caveats, "signature": signature}
    )


def signed(*caveats: str, sig: str | None = None) -> str:
    listed = list(caveats) or ["service=/weather", f"expires_at={SECONDS}"]
    payload = compact({"identifier": "00ff", "location": "shop", "caveats": listed})
    return standard({"payload": payload.decode(), "sig": sig or mac(payload)})


def with_hmac(fields: dict[str, Any] | None = None) -> str:
    if fields is None:
        fields = {"paymentHash": HASH, "resource": "/weather", "expiresAt": SECONDS * 1000}
    first = url_safe(fields)
    return f"{first}.{mac(first.encode())}"


def rune_bytes(*restrictions: bytes) -> bytes:
    stream = SECRET
    for restriction in restrictions:
        fill = bytes(-(len(stream) + 9) % 64)
        stream += b"\x80" + fill + (8 * len(stream)).to_bytes(8, "big") + restriction
    return sha256(stream).digest() + b"&".join(restrictions)


def rune(*restrictions: bytes) -> str:
    return url_safe(rune_bytes(*restrictions))


def jwt(claims: Any = None, alg: str = "HS256", signature: bytes | None = None) -> str:
    if claims is None:
        claims = {"iat": SECONDS - 60, "exp": SECONDS, "sub": "agent"}
    start = f"{url_safe({'alg': alg, 'typ': 'JWT'})}.{url_safe(claims)}"
    made = hmac.digest(SECRET, start.encode(), "sha256") if signature is None else signature
    return f"{start}.{url_safe(made)}"


ONE_OF_EACH: Final = {
    "unsigned JSON": unsigned(),
    "JSON with chained caveats": chained(),
    "signed JSON": signed(),
    "payload and HMAC": with_hmac(),
    "rune": rune(b"=5", b"paymentHash=" + HASH.encode(), b"path^/v1|method=GET"),
    "JWT": jwt(),
    "JSON of an unknown form": standard({"session": "s-0081", "level": "gold-17"}),
    "opaque token": "0f" * 20,
}
