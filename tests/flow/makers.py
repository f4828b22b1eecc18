"""The things a flow talks about, made of real invoices and tokens, at a fixed moment."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from l402tui.flow.bill import read_bill
from l402tui.flow.findings import Facts
from l402tui.flow.model import (
    Bill,
    Held,
    Hop,
    Intent,
    IntentState,
    Limits,
    Quote,
    Request,
    Response,
    Spending,
    WalletFacts,
)
from l402tui.practice.invoices import PracticeInvoice, signed_invoice
from l402tui.protocol.amount import Msat, sat
from l402tui.protocol.macaroon import Macaroon
from l402tui.protocol.network import Network
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import shown
from l402tui.protocol.url import Url

NOW = 1_800_000_000.0
SEED = sha256(b"the flow's tests").digest()
EXPIRY = 3_600
EXPIRES = NOW + EXPIRY

URL = Url.parse("https://api.example/weather")
REQUEST = Request(URL)
POST = Request(URL, "POST", (), b"city=Oslo")


PRICE = sat(10)


def invoice(
    number: int = 0,
    amount: Msat = PRICE,
    description: str = "Weather report",
    *,
    created: float = NOW,
    expiry: int = EXPIRY,
) -> PracticeInvoice:
    """A signed invoice; a number gives the same payment hash every time."""
    return signed_invoice(SEED, number, amount, description, created=int(created), expiry=expiry)


def token(payment_hash: bytes, caveats: Sequence[bytes] = (b"services=weather:0",)) -> str:
    """A token that commits to a payment hash, in base64."""
    identifier = bytes(2) + payment_hash + sha256(payment_hash).digest()
    minted = Macaroon.mint(b"root key", identifier, b"lsat", caveats)
    return base64.b64encode(minted.raw).decode()


def answer(
    status: int = 200,
    headers: Sequence[tuple[bytes, bytes]] = (),
    body: bytes = b"sunny\n",
    *,
    url: Url = URL,
    hops: tuple[Hop, ...] = (),
) -> Response:
    return Response(status, b"Reason", "HTTP/1.1", tuple(headers), body, url, hops)


def body_bill(**changes: object) -> Response:
    """A 402 whose bill stands in the JSON body alone; ``changes`` to the body's fields."""
    bill = invoice()
    told = {"macaroon": token(bill.payment_hash), "invoice": bill.text, **changes}
    body = json.dumps(told).encode()
    return answer(402, ((b"Content-Type", b"application/json"),), body)


def challenge(value: str, **more: Any) -> Response:
    """A 402 with this ``WWW-Authenticate`` value."""
    return answer(402, ((b"WWW-Authenticate", value.encode()),), b"payment required\n", **more)


def bill_for(made: PracticeInvoice, text: str | None = None, **more: Any) -> Bill:
    """What a server that sells by this invoice asks for."""
    macaroon = token(made.payment_hash) if text is None else text
    return read_bill(challenge(f'L402 macaroon="{macaroon}", invoice="{made.text}"', **more))


INVOICE = invoice()
HASH = INVOICE.payment_hash
PREIMAGE = INVOICE.preimage
BILL = bill_for(INVOICE)
BILL_402 = BILL.response

WALLET = WalletFacts(
    "practice",
    Network.REGTEST,
    node_id=b"\x02" + bytes(32),
    balance=sat(50_000),
    real_money=False,
)
LIMITS = Limits(payment=sat(1_000), fee=sat(10))
FACTS = Facts(REQUEST, BILL, WALLET, LIMITS, NOW)


def quote_for(request: Request = REQUEST, made: PracticeInvoice = INVOICE) -> Quote:
    return Quote(
        request=request,
        payment_hash=made.payment_hash,
        amount=made.amount,
        fee_cap=LIMITS.fee,
        payee=b"\x03" + bytes(32),
        description=shown("Weather report"),
        expires=made.expires,
        wallet=WALLET,
        limits=LIMITS,
        spending=Spending(),
    )


QUOTE = quote_for()
RESERVED = Intent.of(REQUEST, BILL, QUOTE, NOW)
SENDING = RESERVED.to(IntentState.SENDING)
IN_FLIGHT = RESERVED.to(IntentState.IN_FLIGHT)
UNKNOWN = RESERVED.to(IntentState.UNKNOWN)
FEE = sat(1)
ELSEWHERE = replace(SENDING, request=replace(REQUEST, url=Url.parse("https://other.example/")))
HOLDS = RESERVED.to(IntentState.HELD)
"""In flight for long."""
NO_PREIMAGE = RESERVED.to(IntentState.PAID_NO_PREIMAGE)
PAID = RESERVED.to(IntentState.PAID, preimage=PREIMAGE, fee=FEE)
HELD = RESERVED.held(PREIMAGE, FEE)
REJECTED = PAID.to(IntentState.REJECTED)
WRONG_PREIMAGE = Secret(bytes(32))

_OTHER = invoice(7)
OLD_HELD = replace(
    Intent.of(REQUEST, bill_for(_OTHER), quote_for(made=_OTHER), NOW), preimage=_OTHER.preimage
).held()


def other_held(number: int) -> Held:
    """A credential from an earlier payment."""
    made = invoice(number)
    return Intent.of(REQUEST, bill_for(made), quote_for(made=made), NOW).held(made.preimage)
