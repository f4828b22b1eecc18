"""How is a call made to an LND node?

:class:`LndRpc` holds one ``grpc.aio`` channel and makes the calls the wallet needs, with the
generated stubs of ``lndgrpc.compiled``. Every call has a deadline, and every error of gRPC comes
out as :class:`~.lnd_calls.RpcFault` with the status and LND's own words.

**The pin.** The channel's only root of trust is the node's own certificate, and gRPC accepts a
certificate as the end of a chain where it is itself in the list of roots. So the handshake succeeds
with the holder of that certificate's key, or with one for whom that very key has signed, and with
nobody else; no public authority counts. The name in the certificate must fit the address too. The
macaroon travels with each call, after the handshake.

This module is imported only where LND was chosen, and gRPC only where a connection is made.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from l402tui.protocol.secret import Secret
from l402tui.settings import SettingsError
from l402tui.wallets import lnd_calls
from l402tui.wallets.lnd_calls import Listed, NodeInfo, Payment, RpcFault
from l402tui.wallets.lnd_listing import Page, every_page, listed

__all__ = ["LndRpc"]

_OPTIONS: Final = (
    # A call leaves once. What follows from an error is decided by the flow, not by a library.
    ("grpc.enable_retries", 0),
    # Proxy variables are for the web, and a wallet's connection takes no detours.
    ("grpc.enable_http_proxy", 0),
    # A node that was down for a while is tried again within a second of being asked.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)


class LndRpc:
    """:class:`.LndCalls` over gRPC: one connection to one node. Make it inside the event loop that
    uses it, and close it.

    ``address`` is ``host:port``, ``certificate`` the node's PEM, ``macaroon`` hex. Nothing is sent
    before the first call. Raises SettingsError where the packages for LND are not installed.
    """

    def __init__(self, address: str, certificate: bytes, macaroon: Secret) -> None:
        self._grpc, self._lightning_pb2, self._router_pb2, stubs = _packages()
        trust = self._grpc.ssl_channel_credentials(root_certificates=certificate)
        self._channel = self._grpc.aio.secure_channel(address, trust, options=_OPTIONS)
        self._lightning = stubs[0].LightningStub(self._channel)
        self._router = stubs[1].RouterStub(self._channel)
        self._macaroon = macaroon

    async def close(self) -> None:
        """Close the connection. Payments under way go on in the node."""
        await self._channel.close()

    async def info(self) -> NodeInfo:
        """Who the node is. Raises RpcFault."""
        told = await self._ask(self._lightning.GetInfo, self._lightning_pb2.GetInfoRequest())
        return NodeInfo(
            told.identity_pubkey,
            told.alias,
            told.synced_to_chain,
            tuple((each.chain, each.network) for each in told.chains),
            told.block_height,
        )

    async def balance(self) -> int:
        """What its channels hold on its own side, in msat. Raises RpcFault."""
        request = self._lightning_pb2.ChannelBalanceRequest()
        told = await self._ask(self._lightning.ChannelBalance, request)
        return int(told.local_balance.msat)

    def send(
        self,
        invoice: str,
        *,
        fee_limit_msat: int,
        cltv_limit: int,
        search_seconds: int,
        patience: float,
    ) -> AsyncGenerator[Payment, None]:
        """Pay; see :meth:`.LndCalls.send`. Raises RpcFault."""
        request = self._router_pb2.SendPaymentRequest(
            payment_request=invoice,
            fee_limit_msat=fee_limit_msat,
            cltv_limit=cltv_limit,
            timeout_seconds=search_seconds,
            allow_self_payment=False,
        )
        return self._stream(self._router.SendPaymentV2, request, patience)

    def track(self, payment_hash: bytes, *, patience: float) -> AsyncGenerator[Payment, None]:
        """Follow a payment: its state now, then each change (TrackPaymentV2). Raises RpcFault."""
        request = self._router_pb2.TrackPaymentRequest(payment_hash=payment_hash)
        return self._stream(self._router.TrackPaymentV2, request, patience)

    async def payments(self, since: int) -> tuple[Listed, ...]:
        """What the node has begun to pay; see :meth:`.LndCalls.payments`. Raises RpcFault."""

        async def page(offset: int, count: int) -> Page:
            request = self._lightning_pb2.ListPaymentsRequest(
                include_incomplete=True,
                index_offset=offset,
                max_payments=count,
                creation_date_start=since,
            )
            call = self._lightning.ListPayments
            told = await self._ask(call, request, lnd_calls.LIST_SECONDS)
            return Page(tuple(_listed(one) for one in told.payments), told.last_index_offset)

        return await every_page(page, since)

    def _call(self, method: Any, request: Any, seconds: float) -> Any:
        right = (("macaroon", self._macaroon.reveal().decode("ascii")),)
        return method(request, metadata=right, timeout=seconds)

    async def _ask(self, method: Any, request: Any, seconds: float | None = None) -> Any:
        try:
            return await self._call(method, request, seconds or lnd_calls.ASK_SECONDS)
        except self._grpc.aio.AioRpcError as error:
            raise _fault(error) from None

    async def _stream(
        self, method: Any, request: Any, patience: float
    ) -> AsyncGenerator[Payment, None]:
        call = self._call(method, request, patience)
        try:
            async with asyncio.timeout(min(lnd_calls.ASK_SECONDS, patience)):
                payment = await call.read()
            while payment is not self._grpc.aio.EOF:
                yield payment
                payment = await call.read()
        except TimeoutError:
            raise RpcFault("DEADLINE_EXCEEDED", "no first answer") from None
        except self._grpc.aio.AioRpcError as error:
            raise _fault(error) from None
        finally:
            call.cancel()


def _fault(error: Any) -> RpcFault:
    return RpcFault(error.code().name, error.details() or "")


def _listed(told: Any) -> Listed:
    return listed(
        told.payment_hash,
        told.payment_preimage,
        told.status,
        value_msat=told.value_msat,
        fee_msat=told.fee_msat,
        created_ns=told.creation_time_ns,
    )


def _packages() -> tuple[Any, Any, Any, Sequence[Any]]:
    """gRPC and the stubs. Raises SettingsError with the cure."""
    try:
        with _environment_kept():
            import grpc
            from lndgrpc.compiled import (
                lightning_pb2,
                lightning_pb2_grpc,
                router_pb2,
                router_pb2_grpc,
            )
    except (ImportError, TypeError):  # TypeError: stubs that are too old for this protobuf
        raise SettingsError(
            "LND over gRPC needs packages that are not installed. Run: pip install 'l402tui[lnd]'. "
            "Or use its REST, which needs none: write lnd.rpcserver as https://localhost:8080."
        ) from None
    return grpc, lightning_pb2, router_pb2, (lightning_pb2_grpc, router_pb2_grpc)


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Importing must not change the environment that other libraries and child processes see.

    gRPC reads while it is imported how much it is to log: nothing, unless the person has set it,
    because its lines go to stderr, in the middle of a screen.
    """
    before = dict(os.environ)
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)
