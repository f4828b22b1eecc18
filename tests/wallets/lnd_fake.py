"""A node that says what it is told to say, over gRPC and real TLS, on loopback.

The same over REST is :mod:`~.lnd_rest_fake`; both take the same scripts.

For what a real node cannot be made to do in a test: to cut a stream, to send a status nobody knows,
to be locked. How a real one answers is tested in tests/regtest.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import grpc  # noqa: TID253
import trustme
from lndgrpc.compiled import lightning_pb2, router_pb2  # noqa: TID253

from l402tui.flow.model import Intent, IntentState, Request
from l402tui.protocol.amount import Msat, sat
from l402tui.protocol.macaroon import Macaroon
from l402tui.protocol.secret import Secret
from l402tui.protocol.url import Url
from l402tui.settings import LndSettings

PREIMAGE = bytes(range(32))
HASH = sha256(PREIMAGE).digest()
NODE_ID = b"\x02" + bytes(32)
MACAROON = Macaroon.mint(b"k" * 32, b"\x03a node's identifier", location=b"lnd").encode()
IN_FLIGHT, SUCCEEDED, FAILED = 1, 2, 3
NOT_PROVEN_YET = "00" * 32


@dataclass(frozen=True)
class Abort:
    """The call ends with this error."""

    code: str
    details: str = ""


class Hang:
    """The call says nothing any more."""


NOT_FOUND = Abort("NOT_FOUND", "payment isn't initiated")


def payment(status: int, preimage: str = NOT_PROVEN_YET, **more: Any) -> Any:
    """One message of a payment's stream."""
    more.setdefault("payment_hash", HASH.hex())
    return lightning_pb2.Payment(status=status, payment_preimage=preimage, **more)


def attempts(*states: int) -> list[Any]:
    """HTLC attempts: 0 in flight, 1 succeeded, 2 failed."""
    return [lightning_pb2.HTLCAttempt(status=state) for state in states]


def settled(fee_msat: int = 1000) -> Any:
    return payment(SUCCEEDED, PREIMAGE.hex(), fee_msat=fee_msat)


def info(**changes: Any) -> Any:
    """What GetInfo says."""
    told = {
        "identity_pubkey": NODE_ID.hex(),
        "alias": "alice",
        "synced_to_chain": True,
        "chains": [lightning_pb2.Chain(chain="bitcoin", network="regtest")],
    }
    return lightning_pb2.GetInfoResponse(**{**told, **changes})


def balance(msat: int) -> Any:
    return lightning_pb2.ChannelBalanceResponse(local_balance=lightning_pb2.Amount(msat=msat))


def page(payments: list[Any], request: Any) -> Any:
    """What ListPayments says of these payments, the oldest first; their indices count from 1."""
    chosen = [
        (index, told)
        for index, told in enumerate(payments, 1)
        if index > request.index_offset
        and told.creation_time_ns // 10**9 >= request.creation_date_start
        and (request.include_incomplete or told.status == SUCCEEDED)
    ][: request.max_payments or 100]
    indices = [index for index, _ in chosen] or [0]
    return lightning_pb2.ListPaymentsResponse(
        payments=[told for _, told in chosen],
        first_index_offset=indices[0],
        last_index_offset=indices[-1],
    )


def intent() -> Intent:
    """10 sat, and at most 2 sat of fee."""
    return Intent(
        payment_hash=HASH,
        state=IntentState.SENDING,
        request=Request(Url.parse("https://shop.example/")),
        scheme="L402",
        token=Secret("token"),
        invoice="lnbcrt100n1invoice",
        amount=sat(10),
        fee_cap=Msat(2000),
        wallet=f"lnd:{NODE_ID.hex()}",
        created=0.0,
        expires=3600.0,
    )


@dataclass
class FakeNode:
    """Each list of ``sends`` and ``tracks`` is what one call says, in order; then the call ends.

    ``trial`` is the answer about the hash of zeros. ``made`` is every payment it ever made, the
    oldest first; ``listing`` makes the answer of ListPayments of it. ``calls`` is every call that
    came: its name, the request, the metadata. ``left`` is set when a caller has
    gone away from a call that hung.
    """

    sends: deque[list[Any]] = field(default_factory=deque)
    tracks: deque[list[Any]] = field(default_factory=deque)
    trial: list[Any] = field(default_factory=lambda: [NOT_FOUND])
    info: Any = field(default_factory=info)
    balance: Any = field(default_factory=lambda: balance(50_000))
    made: list[Any] = field(default_factory=list)
    listing: Callable[[list[Any], Any], Any] = page
    calls: list[tuple[str, Any, dict[str, Any]]] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    _server: Any = None

    @property
    def address(self) -> str:
        """What a person writes to reach it."""
        return f"127.0.0.1:{self.port}"

    async def start(self, certificate: trustme.LeafCert) -> None:
        """Listen on a free port."""
        self._server = grpc.aio.server()
        lightning = {
            "GetInfo": self._unary("GetInfo", "info", lightning_pb2.GetInfoRequest),
            "ChannelBalance": self._unary(
                "ChannelBalance", "balance", lightning_pb2.ChannelBalanceRequest
            ),
            "ListPayments": self._unary(
                "ListPayments", "listing", lightning_pb2.ListPaymentsRequest
            ),
        }
        router = {
            "SendPaymentV2": self._stream("SendPaymentV2", router_pb2.SendPaymentRequest),
            "TrackPaymentV2": self._stream("TrackPaymentV2", router_pb2.TrackPaymentRequest),
        }
        self._server.add_generic_rpc_handlers(
            (
                grpc.method_handlers_generic_handler("lnrpc.Lightning", lightning),
                grpc.method_handlers_generic_handler("routerrpc.Router", router),
            )
        )
        pair = certificate.private_key_pem.bytes(), certificate.cert_chain_pems[0].bytes()
        credentials = grpc.ssl_server_credentials([pair])
        self.port = self._server.add_secure_port("127.0.0.1:0", credentials)
        await self._server.start()

    async def stop(self) -> None:
        """Cut every connection."""
        await self._server.stop(None)

    def requests(self, name: str) -> list[Any]:
        """The requests of one call, without the trial with a hash of zeros."""
        return [
            request
            for called, request, _ in self.calls
            if called == name and getattr(request, "payment_hash", None) != bytes(32)
        ]

    def listed(self, request: Any) -> Any:
        """The answer to one ListPayments."""
        return self.listing(self.made, request)

    def _unary(self, name: str, answer: str, request_type: Any) -> Any:
        async def handle(request: Any, context: Any) -> Any:
            self._note(name, request, dict(context.invocation_metadata()))
            told = self.listed(request) if answer == "listing" else getattr(self, answer)
            if isinstance(told, Abort):
                await context.abort(grpc.StatusCode[told.code], told.details)
            return told

        return grpc.unary_unary_rpc_method_handler(
            handle, request_type.FromString, lambda message: message.SerializeToString()
        )

    def _stream(self, name: str, request_type: Any) -> Any:
        async def handle(request: Any, context: Any) -> AsyncIterator[Any]:
            self._note(name, request, dict(context.invocation_metadata()))
            for told in self._script(name, request):
                if isinstance(told, Abort):
                    await context.abort(grpc.StatusCode[told.code], told.details)
                elif isinstance(told, Hang):
                    try:
                        await asyncio.Event().wait()
                    finally:
                        self.left.set()
                else:
                    yield told

        return grpc.unary_stream_rpc_method_handler(
            handle, request_type.FromString, lambda message: message.SerializeToString()
        )

    def _script(self, name: str, request: Any) -> list[Any]:
        if name == "SendPaymentV2":
            return self.sends.popleft()
        if request.payment_hash == HASH:
            return self.tracks.popleft()
        return self.trial

    def _note(self, name: str, request: Any, metadata: dict[str, str]) -> None:
        self.calls.append((name, request, metadata))


def settings(folder: Path, address: str, certificate: trustme.LeafCert) -> LndSettings:
    """What a person would write to use the node, with files as they should be."""
    cert, macaroon = folder / "tls.cert", folder / "pay.macaroon"
    cert.write_bytes(certificate.cert_chain_pems[0].bytes())
    macaroon.write_bytes(MACAROON)
    macaroon.chmod(0o600)
    return LndSettings(
        rpcserver=address,
        tlscertpath=str(cert),
        macaroonpath=str(macaroon),
        timeout_seconds=15,
    )
