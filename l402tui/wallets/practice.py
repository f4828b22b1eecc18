"""How is an invoice paid with play money?

:class:`PracticeWallet` asks the practice node over HTTP on this machine (``/_node/``). What the
node says becomes:

===============================  ==========================================
the node                         the wallet
===============================  ==========================================
IN_FLIGHT                        PaymentProgressed
SUCCEEDED                        PaymentSettled
FAILED                           PaymentFailed
refuses to begin                 whatever following this hash says; if the
                                 node has never seen it: PaymentFailed
never seen (``track``)           PaymentNotFound
cannot be reached (``pay``)      PaymentFailed: nothing has left
cannot be reached (``track``)    PaymentUnknown
connection lost, silence         PaymentUnknown
===============================  ==========================================

A refusal alone proves nothing: an invoice that was paid and has expired since is refused as
expired.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any, Final

import httpx

from l402tui.flow.events import (
    PaymentFailed,
    PaymentNotFound,
    PaymentProgressed,
    PaymentSettled,
    PaymentUnknown,
    WalletEvent,
)
from l402tui.flow.model import Intent, WalletFacts
from l402tui.protocol.amount import Msat
from l402tui.protocol.network import Network
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.url import Url

__all__ = ["PracticeWallet"]

_NAME: Final = "practice"
_PATIENCE: Final = 60.0
_FAREWELL: Final = 1.0
"""Seconds that the end of an answer may take after the last word in it."""
_LINE_LIMIT: Final = 16 * 1024
# The request cannot have left: there was no connection to send it on.
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_WHY: Final = {
    "NO_ROUTE": say("The node found no way to the payee within the fee limit."),
    "INSUFFICIENT_BALANCE": say("The practice wallet holds too little play money."),
    "INCORRECT_PAYMENT_DETAILS": say("The payee did not take the payment."),
    "CANCELED": say("The payee sent the payment back."),
}
_CURE: Final = {
    "NO_ROUTE": say("Allow a higher fee (--max-fee), or try again later."),
    "INSUFFICIENT_BALANCE": say("Start the practice server again: it fills the wallet."),
}
_REFUSED: Final = {
    "EXPIRED": say("The node refused: the invoice has expired."),
    "UNKNOWN_INVOICE": say("The practice wallet pays only invoices of its own practice server."),
}


class PracticeWallet:
    """Pays the practice server's invoices. Close it at the end.

    ``node_url`` is the practice server's address and must be on this machine (ValueError
    otherwise); ``payer`` names the account; after ``patience`` seconds without news a payment is
    unknown.
    """

    def __init__(self, node_url: str, *, payer: str = "you", patience: float = _PATIENCE) -> None:
        url = Url.parse(node_url)
        if not url.loopback or url.scheme != "http":
            raise ValueError("the practice wallet talks only to this machine (http://127.0.0.1)")
        self._payer = payer
        self._http = httpx.AsyncClient(
            base_url=url.origin,
            trust_env=False,
            timeout=httpx.Timeout(patience, connect=5.0),
            # It speaks http only: no time is spent on loading certificate authorities.
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )

    async def facts(self) -> WalletFacts:
        """Its balance and key; ``ready`` is False, with the reason, where the node is silent."""
        try:
            answer = await self._http.get("/_node/info", params={"payer": self._payer})
            answer.raise_for_status()
            told = answer.json()
            return WalletFacts(
                name=_NAME,
                network=Network.REGTEST,
                node_id=bytes.fromhex(told["node_id"]),
                alias=shown(str(told["alias"])),
                balance=Msat(int(told["balance_msat"])),
                real_money=False,
            )
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return WalletFacts(
                name=_NAME,
                network=Network.REGTEST,
                ready=False,
                trouble=say("The practice node does not answer. Is the practice server running?"),
                real_money=False,
            )

    async def pay(self, intent: Intent) -> AsyncGenerator[WalletEvent, None]:
        """Pay the intent's invoice with its fee cap. See the table above."""
        question = {
            "invoice": intent.invoice,
            "fee_cap_msat": intent.fee_cap,
            "payer": self._payer,
        }
        refused = ""
        try:
            async with self._http.stream("POST", "/_node/pay", json=question) as answer:
                if answer.status_code == httpx.codes.CONFLICT:
                    refused = await _refusal(answer)
                else:
                    async with aclosing(_told(answer)) as events:
                        async for event in events:
                            yield event
                    return
        except _NOT_SENT:
            yield PaymentFailed(
                say("The practice node cannot be reached, so nothing was sent."),
                say("Start the practice server and try again."),
            )
            return
        except httpx.HTTPError:
            yield _lost()
            return
        # It refused to begin now; only asking about the hash tells how the payment stands.
        async with aclosing(self.track(intent)) as stand:
            async for event in stand:
                if isinstance(event, PaymentNotFound):
                    yield PaymentFailed(_REFUSED.get(refused, say("The node refused to pay.")))
                else:
                    yield event

    async def track(self, intent: Intent) -> AsyncGenerator[WalletEvent, None]:
        """Follow the payment of the intent's hash. See the table above."""
        path = f"/_node/track/{intent.payment_hash.hex()}"
        try:
            async with self._http.stream("GET", path, params={"payer": self._payer}) as answer:
                if answer.status_code == httpx.codes.NOT_FOUND and await _refusal(answer):
                    yield PaymentNotFound()
                    return
                async with aclosing(_told(answer)) as events:
                    async for event in events:
                        yield event
        except httpx.HTTPError:
            yield _lost()

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()


async def _told(answer: httpx.Response) -> AsyncGenerator[WalletEvent, None]:
    """The node's lines as events; ends with a final one or PaymentUnknown."""
    if answer.status_code != httpx.codes.OK:
        yield PaymentUnknown(say("The practice node answered with an error."))
        return
    async with aclosing(_lines(answer)) as lines:
        async for line in lines:
            event = _event(line)
            yield event
            if not isinstance(event, PaymentProgressed):
                # The last word is stored by now. Read to the end, so that the connection is kept.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_FAREWELL):
                        async for _ in lines:
                            pass
                return
    yield _lost()


async def _lines(answer: httpx.Response) -> AsyncGenerator[bytes, None]:
    rest = b""
    async for chunk in answer.aiter_bytes():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line
        if len(rest) > _LINE_LIMIT:
            return


def _event(line: bytes) -> WalletEvent:
    try:
        told: dict[str, Any] = json.loads(line)
        match told["status"]:
            case "IN_FLIGHT":
                return PaymentProgressed(say("The payment is on its way."))
            case "SUCCEEDED":
                preimage = bytes.fromhex(told["payment_preimage"])
                return PaymentSettled(Secret(preimage), Msat(int(told["fee_msat"])))
            case "FAILED":
                failure = str(told["failure"])
                why = _WHY.get(failure, say("The payment failed: {}.", shown(failure, 60)))
                return PaymentFailed(why, _CURE.get(failure, Shown("")))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        pass
    return PaymentUnknown(say("The practice node said something that cannot be understood."))


async def _refusal(answer: httpx.Response) -> str:
    """The name of the reason in a refusal; empty where the answer is none."""
    try:
        await answer.aread()
        return str(answer.json()["refused"])
    except (ValueError, KeyError, TypeError):
        return ""


def _lost() -> PaymentUnknown:
    return PaymentUnknown(say("The connection to the practice node was lost on the way."))
