"""This server wants money, but not by L402: what does it speak, and what could pay it?

Status 402 says only "payment required". Several protocols share it; this module names the one at
hand by the marks it puts into headers and body, and says in a sentence what would pay it. It
decodes nothing further, and it decides nothing: whatever it names is not paid by this program.

Sources: the x402 protocol (v1 body, v2 ``PAYMENT-REQUIRED``), the IETF draft of the ``Payment``
scheme, Cashu NUT-24 (``X-Cashu``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from l402tui.protocol.challenge import AuthChallenge, read_challenges
from l402tui.protocol.text import Shown, say

__all__ = ["MAX_BODY", "Dialect", "Kind", "recognise"]

MAX_BODY: Final = 65_536
"""Bytes of a JSON body that are looked at; a longer one is not."""


class Kind(Enum):
    """The protocols that are told apart."""

    L402 = "an L402 challenge that cannot be used"
    X402_V1 = "x402 version 1"
    X402_V2 = "x402 version 2"
    MPP = "Payment (MPP)"
    CASHU = "Cashu (NUT-24)"
    OFFERS = "payment offers (0.2.2)"
    MULTI_RAIL = "SettleGrid, several rails"
    INVOICE_ONLY = "a bare invoice in JSON"
    OTHER_SCHEME = "another authentication scheme"
    PAYWALL = "a plain paywall"
    NOT_A_BILL = "no request for payment"


_SENTENCES: Final = {
    Kind.L402: "It is meant as L402, but the challenge is incomplete, unreadable or not in the "
    "header.",
    Kind.X402_V1: "It asks for a stablecoin payment on a public chain, named in the JSON body. "
    "An x402 wallet could pay it; a Lightning wallet cannot.",
    Kind.X402_V2: "It asks for a stablecoin payment on a public chain, named in the "
    "PAYMENT-REQUIRED header. An x402 wallet could pay it; a Lightning wallet cannot.",
    Kind.MPP: "It uses the Payment scheme: a client for that scheme could pay it. Such a payment "
    "is good for one request; there is no token that could be kept or delegated.",
    Kind.CASHU: "It asks for ecash: a Cashu wallet that holds tokens of the named mint could pay "
    "it.",
    Kind.OFFERS: "It lists offers that are bought on the server's own payment page. The server "
    "remembers the payment; there is no macaroon and no preimage. A client for these offers could "
    "pay it.",
    Kind.MULTI_RAIL: "It offers several ways to pay. With the request header "
    "x-settlegrid-protocol: l402 it may offer L402 too.",
    Kind.INVOICE_ONLY: "It gives a Lightning invoice but no token: the server goes by the payment "
    "hash, which everyone sees who sees the invoice. Any Lightning wallet could pay it, but the "
    "receipt would prove nothing to the server.",
    Kind.OTHER_SCHEME: "It names an authentication scheme that is no payment protocol known here. "
    "An account at the server may be what it wants.",
    Kind.PAYWALL: "There is nothing in it that a program could pay. Open the address in a "
    "browser, or ask who runs the server.",
    Kind.NOT_A_BILL: "The answer does not ask for payment.",
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a 402 turned out to be."""

    kind: Kind
    name: Shown
    sentence: Shown
    """What it asks for, and what could pay it."""


def recognise(status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> Dialect:
    """Name the protocol of a response that wants payment.

    The most explicit mark wins: a header made for one protocol, then the scheme of a challenge,
    then the shape of a JSON body. Never raises.
    """
    kinds = _schemes(headers)
    kind = _by_headers(headers) or _by_scheme(kinds) or _by_body(body)
    if kind is None and kinds:
        kind = Kind.OTHER_SCHEME
    if kind is None:
        kind = Kind.PAYWALL if status == 402 else Kind.NOT_A_BILL
    return Dialect(kind, say(kind.value), say(_SENTENCES[kind]))


def _by_headers(headers: Sequence[tuple[bytes, bytes]]) -> Kind | None:
    names = {name.lower() for name, _ in headers}
    if b"x-settlegrid-protocol-negotiation" in names:
        return Kind.MULTI_RAIL
    if b"payment-required" in names:
        return Kind.X402_V2
    return Kind.CASHU if b"x-cashu" in names else None


def _schemes(headers: Sequence[tuple[bytes, bytes]]) -> set[Kind]:
    lines = [value for name, value in headers if name.lower() == b"www-authenticate"]
    return {_scheme_kind(challenge) for challenge in read_challenges(lines).challenges}


def _by_scheme(kinds: set[Kind]) -> Kind | None:
    """The payment scheme among them. One like Basic may stand beside a body that says more."""
    known = (Kind.L402, Kind.MULTI_RAIL, Kind.MPP, Kind.CASHU)
    return next((kind for kind in known if kind in kinds), None)


def _scheme_kind(challenge: AuthChallenge) -> Kind:
    scheme = challenge.scheme.lower()
    if scheme in ("l402", "lsat"):
        return Kind.L402
    if scheme in ("payment", "mpp"):
        realm = challenge.named("realm")
        return Kind.MULTI_RAIL if realm and realm[0].value == b"settlegrid" else Kind.MPP
    return Kind.CASHU if scheme == "cashu" else Kind.OTHER_SCHEME


def _by_body(body: bytes) -> Kind | None:
    fields = _json_object(body)
    if fields is None:
        return None
    version = fields.get("x402Version")
    if isinstance(version, int) or isinstance(fields.get("accepts"), list):
        return Kind.X402_V2 if version == 2 else Kind.X402_V1
    if isinstance(fields.get("offers"), list):
        return Kind.OFFERS
    if isinstance(fields.get("macaroon"), str) and isinstance(fields.get("invoice"), str):
        return Kind.L402
    invoice = fields.get("invoice") or fields.get("payment_request")
    return Kind.INVOICE_ONLY if isinstance(invoice, str) else None


def _json_object(body: bytes) -> Mapping[str, object] | None:
    if len(body) > MAX_BODY or not body.lstrip(b" \t\r\n").startswith(b"{"):
        return None
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None
