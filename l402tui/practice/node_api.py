"""How does the practice wallet talk to the practice node?

Over HTTP under ``/_node/``: what it is (``info``), paying (``pay``), following a payment
(``track``) and the list (``payments``). Payments come as one JSON object a line, one line a change;
the last line is final unless the connection was lost. While a payment is in flight its preimage is
64 zeros.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from l402tui.practice.answers import answer
from l402tui.practice.node import YOU, NodeRefusal, Payment, PracticeNode, Refusal
from l402tui.protocol.amount import MAX_MSAT, Msat

__all__ = ["node_routes"]

_JSON: Final = b"application/json"
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MAX_QUESTION: Final = 16 * 1024
_ANSWERS_404: Final = frozenset({Refusal.NOT_FOUND})


def node_routes(node: PracticeNode) -> list[Route]:
    """The endpoints of this node."""

    async def info(request: Request) -> Response:
        payer = _payer(request)
        told = {
            "alias": "practice wallet",
            "network": "regtest",
            "node_id": node.payer_id(payer).hex(),
            "balance_msat": node.balance(payer),
        }
        return answer(200, json.dumps(told), _JSON)

    async def pay(request: Request) -> Response:
        try:
            question = json.loads(await _body(request))
            invoice, cap = question["invoice"], question["fee_cap_msat"]
            payer = question.get("payer", YOU)
            if not (isinstance(invoice, str) and isinstance(payer, str)):
                raise TypeError
            if type(cap) is not int or not 0 <= cap <= MAX_MSAT:
                raise TypeError
        except (ValueError, TypeError, KeyError, AttributeError):
            return answer(400, "send JSON with invoice, fee_cap_msat and perhaps payer\n")
        try:
            begun = node.send(invoice, Msat(cap), payer)
        except NodeRefusal as no:
            return _refused(no)
        return _stream(node.follow(begun.payment_hash, payer), begun)

    async def track(request: Request) -> Response:
        wanted = request.path_params["payment_hash"]
        if _HASH.fullmatch(wanted) is None:
            return answer(400, "a payment hash is 64 hex digits\n")
        try:
            return _stream(node.follow(bytes.fromhex(wanted), _payer(request)))
        except NodeRefusal as no:
            return _refused(no)

    async def payments(request: Request) -> Response:
        told = [_told(payment) for payment in node.payments(_payer(request))]
        return answer(200, json.dumps({"payments": told}), _JSON)

    return [
        Route("/_node/info", info),
        Route("/_node/pay", pay, methods=["POST"]),
        Route("/_node/track/{payment_hash}", track),
        Route("/_node/payments", payments),
    ]


def _payer(request: Request) -> str:
    return request.query_params.get("payer", YOU)


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_QUESTION:
            raise ValueError("too long")
    return body


def _refused(no: NodeRefusal) -> Response:
    told = {"refused": no.refusal.name, "why": no.refusal.value}
    return answer(404 if no.refusal in _ANSWERS_404 else 409, json.dumps(told), _JSON)


def _stream(news: AsyncIterator[Payment], begun: Payment | None = None) -> Response:
    async def lines() -> AsyncIterator[bytes]:
        if begun is not None:
            yield _line(begun)
        async for payment in news:
            if payment != begun:
                yield _line(payment)

    return StreamingResponse(lines(), media_type="application/x-ndjson")


def _line(payment: Payment) -> bytes:
    return json.dumps(_told(payment)).encode() + b"\n"


def _told(payment: Payment) -> dict[str, str | int | None]:
    # The payer's own wallet is asking: this is where its preimage leaves.
    preimage = payment.preimage.reveal() if payment.preimage else bytes(32)
    return {
        "payment_hash": payment.payment_hash.hex(),
        "status": payment.status.value,
        "amount_msat": payment.amount,
        "fee_msat": payment.fee,
        "payment_preimage": preimage.hex(),
        "failure": payment.failure.value if payment.failure else None,
    }
