"""What may a test ask of an lnd node, beside the program under test?

The rule: plain values in and out, one exception type, amounts in the unit their name says. It uses
the stubs of `lndgrpc.compiled` and no other part of that package. The stubs themselves are reached
through `LndClient.lightning`, `.router` and `.invoices` for whatever has no method here.

All calls block. Inside an async test give the long ones (`pay`, `wait_for_invoice`) to
``asyncio.to_thread``; the others take a few milliseconds.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

# This is the module of these tests that needs them; to the type checker they are `Any`.
import grpc  # noqa: TID253
from lndgrpc.compiled import (  # noqa: TID253
    invoices_pb2,
    invoices_pb2_grpc,
    lightning_pb2,
    lightning_pb2_grpc,
    router_pb2,
    router_pb2_grpc,
    stateservice_pb2,
    stateservice_pb2_grpc,
)

from .processes import wait_until

# By number, because lnd is newer than the stubs and sends values they cannot name.
_PAYMENT_STATUS = {0: "UNKNOWN", 1: "IN_FLIGHT", 2: "SUCCEEDED", 3: "FAILED", 4: "INITIATED"}
_FAILURE = {number: name for name, number in lightning_pb2.PaymentFailureReason.items()}


class LndError(Exception):
    """A call that lnd refused.

    Attributes:
        code: the gRPC status: "NOT_FOUND", "ALREADY_EXISTS", "UNAVAILABLE", ...
        details: lnd's own sentence.
    """

    def __init__(self, code: str, details: str) -> None:
        super().__init__(f"{code}: {details}")
        self.code = code
        self.details = details


@dataclass(frozen=True)
class Info:
    """Who a node is and how far it has come."""

    pubkey: str
    version: str
    block_height: int
    synced_to_chain: bool


@dataclass(frozen=True)
class Invoice:
    """An invoice this node issued. `preimage` is what paying it proves; both are 32 bytes."""

    bolt11: str
    payment_hash: bytes
    preimage: bytes


@dataclass(frozen=True)
class Asked:
    """What an invoice asks for, as lnd decodes it. `amount_msat` is 0 where it names none."""

    payee: str
    payment_hash: bytes
    amount_msat: int
    description: str
    expiry_s: int


class Hop(NamedTuple):
    """One channel of a private route, by lnd's own names."""

    node_id: str
    chan_id: int
    fee_base_msat: int
    fee_proportional_millionths: int
    cltv_expiry_delta: int


@dataclass(frozen=True)
class Payment:
    """One line of a payment's stream, or one row of the payment list.

    Attributes:
        status: INITIATED, IN_FLIGHT, SUCCEEDED, FAILED, UNKNOWN.
        payment_hash: 32 bytes.
        preimage: as lnd sends it, hexadecimal; **64 zeros** as long as there is none.
        value_msat: what the recipient gets, without the fee.
        fee_msat: what the route cost.
        failure: FAILURE_REASON_NONE or the reason.
        attempts: how many HTLCs were sent for it so far.
    """

    status: str
    payment_hash: bytes
    preimage: str
    value_msat: int
    fee_msat: int
    failure: str
    attempts: int


@dataclass(frozen=True)
class Balance:
    """What a node could send and receive over its channels."""

    local_msat: int
    remote_msat: int


@dataclass(frozen=True)
class Channel:
    """One open channel of a node."""

    peer: str
    active: bool
    capacity_sat: int
    pending_htlcs: int


class LndClient:
    """One connection to one node, with the rights of a macaroon.

    Args:
        rpc: host and port, such as "127.0.0.1:20123".
        tls: the node's tls.cert.
        macaroon: a macaroon file, or the macaroon's bytes.
        timeout_s: how long one ordinary call may take.
    """

    def __init__(self, rpc: str, tls: Path, macaroon: Path | bytes, timeout_s: float = 10) -> None:
        raw = macaroon if isinstance(macaroon, bytes) else macaroon.read_bytes()
        credentials = grpc.composite_channel_credentials(
            grpc.ssl_channel_credentials(tls.read_bytes()),
            grpc.metadata_call_credentials(
                lambda _context, callback: callback((("macaroon", raw.hex()),), None)
            ),
        )
        self._channel = grpc.secure_channel(rpc, credentials)
        self._timeout_s = timeout_s
        self._state: Any = stateservice_pb2_grpc.StateStub(self._channel)
        self.lightning: Any = lightning_pb2_grpc.LightningStub(self._channel)
        self.router: Any = router_pb2_grpc.RouterStub(self._channel)
        self.invoices: Any = invoices_pb2_grpc.InvoicesStub(self._channel)

    def __enter__(self) -> "LndClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; calls under way end with an error."""
        self._channel.close()

    # --- the node -----------------------------------------------------------------------------

    def serving(self) -> bool:
        """Return whether the node is past its start; asking this leaves no error in its log."""
        answer = self._call(self._state.GetState, stateservice_pb2.GetStateRequest())
        return bool(answer.state == stateservice_pb2.SERVER_ACTIVE)

    def info(self) -> Info:
        """Return who the node is (GetInfo)."""
        answer = self._call(self.lightning.GetInfo, lightning_pb2.GetInfoRequest())
        return Info(
            answer.identity_pubkey, answer.version, answer.block_height, answer.synced_to_chain
        )

    def new_address(self) -> str:
        """Return a fresh on-chain address of the node's wallet (p2wkh inside p2sh)."""
        request = lightning_pb2.NewAddressRequest(type=lightning_pb2.NESTED_PUBKEY_HASH)
        return str(self._call(self.lightning.NewAddress, request).address)

    def confirmed_sat(self) -> int:
        """Return the confirmed on-chain balance."""
        answer = self._call(self.lightning.WalletBalance, lightning_pb2.WalletBalanceRequest())
        return int(answer.confirmed_balance)

    def balance(self) -> Balance:
        """Return what the channels hold (ChannelBalance)."""
        answer = self._call(self.lightning.ChannelBalance, lightning_pb2.ChannelBalanceRequest())
        return Balance(answer.local_balance.msat, answer.remote_balance.msat)

    def channels(self) -> list[Channel]:
        """Return the open channels."""
        answer = self._call(self.lightning.ListChannels, lightning_pb2.ListChannelsRequest())
        return [
            Channel(each.remote_pubkey, each.active, each.capacity, len(each.pending_htlcs))
            for each in answer.channels
        ]

    def locked_until(self, payment_hash: bytes) -> int | None:
        """Return the block at which a payment under way runs out; None where there is none."""
        answer = self._call(self.lightning.ListChannels, lightning_pb2.ListChannelsRequest())
        htlcs = [each for channel in answer.channels for each in channel.pending_htlcs]
        blocks = [each.expiration_height for each in htlcs if each.hash_lock == payment_hash]
        return max(blocks, default=None)

    def connect(self, pubkey: str, address: str) -> None:
        """Connect to a peer and keep the connection up."""
        peer = lightning_pb2.LightningAddress(pubkey=pubkey, host=address)
        self._call(
            self.lightning.ConnectPeer, lightning_pb2.ConnectPeerRequest(addr=peer, perm=True)
        )

    def open_channel(self, pubkey: str, capacity_sat: int, push_sat: int) -> bytes:
        """Open a channel to a connected peer and return its funding txid; it still needs blocks."""
        request = lightning_pb2.OpenChannelRequest(
            node_pubkey=bytes.fromhex(pubkey),
            local_funding_amount=capacity_sat,
            push_sat=push_sat,
            sat_per_vbyte=2,
        )
        return bytes(self._call(self.lightning.OpenChannelSync, request).funding_txid_bytes)

    def announced_channels(self) -> int:
        """Return how many channels this node could route over: both ends' policies are known."""
        graph = self._call(
            self.lightning.DescribeGraph,
            lightning_pb2.ChannelGraphRequest(include_unannounced=True),
        )
        return sum(
            each.HasField("node1_policy") and each.HasField("node2_policy") for each in graph.edges
        )

    def bake_macaroon(self, *uris: str) -> bytes:
        """Return a macaroon that allows only these calls, such as "/lnrpc.Lightning/GetInfo"."""
        allowed = [lightning_pb2.MacaroonPermission(entity="uri", action=uri) for uri in uris]
        request = lightning_pb2.BakeMacaroonRequest(permissions=allowed)
        return bytes.fromhex(self._call(self.lightning.BakeMacaroon, request).macaroon)

    def bake(self, *permissions: tuple[str, str], root_key_id: int = 0) -> bytes:
        """Return a macaroon that allows these things, each an entity and an action."""
        allowed = [lightning_pb2.MacaroonPermission(entity=e, action=a) for e, a in permissions]
        request = lightning_pb2.BakeMacaroonRequest(permissions=allowed, root_key_id=root_key_id)
        return bytes.fromhex(self._call(self.lightning.BakeMacaroon, request).macaroon)

    # --- being paid ---------------------------------------------------------------------------

    def add_invoice(
        self, amount_sat: int = 0, *, amount_msat: int = 0, memo: str = "", expiry_s: int = 3600
    ) -> Invoice:
        """Issue an invoice that settles by itself. No amount at all: the payer chooses it."""
        preimage = os.urandom(32)
        request = lightning_pb2.Invoice(
            memo=memo,
            r_preimage=preimage,
            value_msat=amount_msat or amount_sat * 1000,
            expiry=expiry_s,
        )
        answer = self._call(self.lightning.AddInvoice, request)
        return Invoice(answer.payment_request, answer.r_hash, preimage)

    def add_hold_invoice(self, amount_sat: int, *, memo: str = "", expiry_s: int = 3600) -> Invoice:
        """Issue an invoice whose payment stays in flight until `settle` or `cancel`."""
        preimage = os.urandom(32)
        payment_hash = hashlib.sha256(preimage).digest()
        request = invoices_pb2.AddHoldInvoiceRequest(
            memo=memo, hash=payment_hash, value=amount_sat, expiry=expiry_s
        )
        answer = self._call(self.invoices.AddHoldInvoice, request)
        return Invoice(answer.payment_request, payment_hash, preimage)

    def settle(self, invoice: Invoice) -> None:
        """Take the money of a hold invoice: the payer learns the preimage."""
        request = invoices_pb2.SettleInvoiceMsg(preimage=invoice.preimage)
        self._call(self.invoices.SettleInvoice, request)

    def cancel(self, invoice: Invoice) -> None:
        """Refuse an invoice that is not settled: a payment in flight goes back to the payer."""
        request = invoices_pb2.CancelInvoiceMsg(payment_hash=invoice.payment_hash)
        self._call(self.invoices.CancelInvoice, request)

    def invoice_state(self, payment_hash: bytes) -> str:
        """Return OPEN, ACCEPTED (paid, on hold), SETTLED or CANCELED."""
        answer = self._call(
            self.lightning.LookupInvoice, lightning_pb2.PaymentHash(r_hash=payment_hash)
        )
        return str(lightning_pb2.Invoice.InvoiceState.Name(answer.state))

    def wait_for_invoice(self, payment_hash: bytes, state: str, timeout_s: float = 15) -> None:
        """Wait until an invoice is in this state.

        Raises:
            NetworkError: it was not, within ``timeout_s`` seconds.
        """
        wait_until(
            f"the invoice {payment_hash.hex()} is {state}",
            lambda: self.invoice_state(payment_hash) == state,
            timeout_s,
        )

    def issue(self, *, hints: Sequence[Sequence[Hop]] = (), **fields: Any) -> str:
        """Issue an invoice with any fields of lnd's own message, and return its text.

        Args:
            hints: private routes, each a list of hops.
            fields: such as ``memo``, ``value_msat``, ``description_hash``, ``fallback_addr``.
        """
        routes = [
            lightning_pb2.RouteHint(hop_hints=[lightning_pb2.HopHint(**hop._asdict()) for hop in r])
            for r in hints
        ]
        request = lightning_pb2.Invoice(route_hints=routes, **fields)
        return str(self._call(self.lightning.AddInvoice, request).payment_request)

    def decode_whole(self, bolt11: str) -> Any:
        """Return all that lnd reads in an invoice, as it answers (DecodePayReq).

        Raises:
            LndError: it cannot be read.
        """
        return self._call(self.lightning.DecodePayReq, lightning_pb2.PayReqString(pay_req=bolt11))

    def decode(self, bolt11: str) -> Asked:
        """Return what an invoice asks for, as lnd reads it (DecodePayReq)."""
        answer = self.decode_whole(bolt11)
        return Asked(
            answer.destination,
            bytes.fromhex(answer.payment_hash),
            answer.num_msat,
            answer.description,
            answer.expiry,
        )

    # --- paying -------------------------------------------------------------------------------

    def paying(
        self, bolt11: str, *, fee_limit_msat: int = 10_000, timeout_s: int = 15
    ) -> Iterator[Payment]:
        """Pay, and yield the stream of SendPaymentV2 as it comes.

        Args:
            bolt11: the invoice; it names the amount.
            fee_limit_msat: the most the route may cost.
            timeout_s: how long lnd makes new attempts. One under way is not ended by it.

        Raises:
            LndError: lnd did not begin.
        """
        request = router_pb2.SendPaymentRequest(
            payment_request=bolt11, fee_limit_msat=fee_limit_msat, timeout_seconds=timeout_s
        )
        with _lnd_errors():
            for each in self.router.SendPaymentV2(request):
                yield _payment(each)

    def pay(self, bolt11: str, *, fee_limit_msat: int = 10_000, timeout_s: int = 15) -> Payment:
        """Pay and return how it ended; see `paying`."""
        stream = list(self.paying(bolt11, fee_limit_msat=fee_limit_msat, timeout_s=timeout_s))
        return stream[-1]

    def track(self, payment_hash: bytes) -> Payment:
        """Return what lnd says now about a payment (the first line of TrackPaymentV2).

        Raises:
            LndError: NOT_FOUND when this node never began to pay that hash.
        """
        request = router_pb2.TrackPaymentRequest(payment_hash=payment_hash)
        with _lnd_errors():
            stream = self.router.TrackPaymentV2(request, timeout=self._timeout_s)
            first = _payment(next(stream))
            stream.cancel()
            return first

    def payments(self) -> list[Payment]:
        """Return every payment this node ever began, oldest first."""
        request = lightning_pb2.ListPaymentsRequest(include_incomplete=True)
        answer = self._call(self.lightning.ListPayments, request)
        return [_payment(each) for each in answer.payments]

    def _call(self, method: Any, request: Any) -> Any:
        with _lnd_errors():
            return method(request, timeout=self._timeout_s)


@contextmanager
def _lnd_errors() -> Iterator[None]:
    try:
        yield
    except grpc.RpcError as error:
        raise LndError(error.code().name, error.details()) from None


def _payment(raw: Any) -> Payment:
    return Payment(
        status=_PAYMENT_STATUS.get(raw.status, f"STATUS_{raw.status}"),
        payment_hash=bytes.fromhex(raw.payment_hash),
        preimage=raw.payment_preimage,
        value_msat=raw.value_msat,
        fee_msat=raw.fee_msat,
        failure=_FAILURE.get(raw.failure_reason, f"FAILURE_REASON_{raw.failure_reason}"),
        attempts=len(raw.htlcs),
    )
