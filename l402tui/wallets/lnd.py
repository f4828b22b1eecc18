"""How is an invoice paid by an LND node?

:class:`LndWallet` pays with SendPaymentV2 and follows with TrackPaymentV2, over gRPC
(:mod:`~.lnd_rpc`) or REST (:mod:`~.lnd_rest`), and with the node's own certificate as the only one
trusted. What each answer means is in the tables of :mod:`~.lnd_words`; the rule above them: only
the node's own word about the payment hash ends a payment, an error of a call never does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from l402tui.flow.events import (
    PaymentFailed,
    PaymentNotFound,
    PaymentProgressed,
    PaymentUnknown,
    WalletEvent,
)
from l402tui.flow.model import Advice, Intent, LatestEnd, WalletFacts
from l402tui.flow.restored import Sent
from l402tui.protocol.amount import Msat
from l402tui.protocol.network import Network
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.settings import LndSettings, SettingsError
from l402tui.wallets.lnd_calls import LndCalls, NodeInfo, Payment, RpcFault
from l402tui.wallets.lnd_files import (
    advice_on_files,
    is_url,
    read_address,
    read_certificate,
    read_macaroon,
    read_url,
)
from l402tui.wallets.lnd_listing import cannot_tell, sent
from l402tui.wallets.lnd_rights import advice_on
from l402tui.wallets.lnd_words import CHAINS, Fault, event_of, fault_of, latest_lock, never_seen

__all__ = ["LndWallet"]

_NAME: Final = "lnd"
_ALIAS_LIMIT: Final = 32
_LONGEST_SEARCH: Final = 3600
_LONGEST_ROUTE: Final = 4032
"""Blocks, four weeks: no setting makes a payment lock money for longer."""
_GRACE: Final = 10.0
"""Seconds a payment is watched after the node has stopped looking for routes."""
_BLOCK_SECONDS: Final = 600.0
_LONGEST_LOCK: Final = 100_000
"""Blocks; no lock is that long, and what says so is not believed."""
_KEY_BYTES: Final = 33
_NO_HASH: Final = bytes(32)
"""A payment that no node has: asking for it shows whether the macaroon may ask."""
_CUT_OFF: Final = say("The node ended the answer before the payment had ended.")


class LndWallet:
    """Pays through one LND node. Made by :meth:`connect`; close it at the end."""

    def __init__(
        self,
        calls: LndCalls,
        search_seconds: int,
        advice: Advice | None = None,
        *,
        cltv_limit: int = LndSettings().cltv_limit,
    ) -> None:
        """``search_seconds``: for how long the node looks for routes. ``advice``: what is to be
        said about the macaroon. ``cltv_limit``: blocks for which a route may lock money."""
        self._calls = calls
        self._cltv_limit = cltv_limit
        self._advice = advice
        self._search = search_seconds
        self._patience = search_seconds + _GRACE
        self._tip: tuple[int, float] | None = None
        """How long the chain was when the node was last asked, and when that was."""

    @classmethod
    def connect(cls, settings: LndSettings) -> LndWallet:
        """Get ready to talk to the node; nothing is sent yet. Call it inside the event loop.

        An address that is a URL (``https://host:port``) means REST, any other gRPC. Raises
        SettingsError for an address, certificate or macaroon that cannot be used, and where the
        packages for gRPC are needed and not installed.
        """
        if not 1 <= settings.timeout_seconds <= _LONGEST_SEARCH:
            raise SettingsError(f"lnd.timeout_seconds must be from 1 to {_LONGEST_SEARCH}.")
        if not 1 <= settings.cltv_limit <= _LONGEST_ROUTE:
            raise SettingsError(
                f"lnd.cltv_limit must be from 1 to {_LONGEST_ROUTE}: blocks for which a payment "
                "may lock money."
            )
        rest = is_url(settings.rpcserver)
        address = (read_url if rest else read_address)(settings.rpcserver)
        macaroon = read_macaroon(settings.macaroonpath)
        certificate = read_certificate(settings.tlscertpath)
        calls = _over_rest if rest else _over_grpc
        return cls(
            calls(address, certificate, macaroon),
            settings.timeout_seconds,
            _both(
                advice_on_files(settings),
                advice_on(bytes.fromhex(macaroon.reveal().decode("ascii"))),
            ),
            cltv_limit=settings.cltv_limit,
        )

    async def close(self) -> None:
        """Close the connection. A payment under way goes on in the node."""
        await self._calls.close()

    async def facts(self) -> WalletFacts:
        """The node's key, name, network and what its channels can send at most. Never raises."""
        try:
            info = await self._calls.info()
            node_id = _key(info.pubkey)
        except RpcFault as fault:
            return _not_ready(fault_of(fault.code, fault.details))
        except ValueError:
            return _not_ready(Fault("", (), say("The node does not say which key it has.")))
        self._tip = None if info.height is None else (info.height, time.time())
        balance, untracked = await asyncio.gather(self._balance(), self._tracking_trouble())
        network = _network(info)
        trouble = untracked
        if network is None:
            trouble = say("The node is on a chain that this program does not know.")
        elif trouble is None and not info.synced:
            trouble = say("The node is still catching up with the chain. Try again in a while.")
        return WalletFacts(
            name=_NAME,
            network=network,
            node_id=node_id,
            alias=shown(info.alias, _ALIAS_LIMIT),
            balance=balance,
            ready=trouble is None,
            trouble=trouble,
            real_money=network in (None, Network.MAINNET),
            longest_lock=self._cltv_limit,
            advice=self._advice,
        )

    async def pay(self, intent: Intent) -> AsyncGenerator[WalletEvent, None]:
        """Pay the intent's invoice with its fee cap (msat). See the tables of ``lnd_words``.

        Closing the iterator stops watching; the payment goes on in the node.
        """
        last: WalletEvent | None = None
        refusal: Fault | None = None
        begun = False
        payments = self._calls.send(
            intent.invoice,
            fee_limit_msat=intent.fee_cap,
            cltv_limit=self._cltv_limit,
            search_seconds=self._search,
            patience=self._patience,
        )
        try:
            async with aclosing(self._events(payments, intent)) as events:
                async for event in events:
                    if not isinstance(event, PaymentProgressed):
                        last = event
                        break
                    begun = True
                    yield event
        except RpcFault as fault:
            refusal = fault_of(fault.code, fault.details)
            if fault.code == "ALREADY_EXISTS" and not begun:
                # From now on "never seen" would mean that the node has lost it, not that it is
                # unpaid.
                begun = True
                yield PaymentProgressed(refusal.why)
        if last is not None:
            yield last
            return
        # An error, or an end without a result: only asking about the hash tells how it stands.
        async with aclosing(self.track(intent)) as stand:
            async for event in stand:
                unpaid = isinstance(event, PaymentNotFound)
                yield _unpaid(refusal, begun=begun) if unpaid else event

    async def track(self, intent: Intent) -> AsyncGenerator[WalletEvent, None]:
        """Follow the payment of the intent's hash. See the tables of ``lnd_words``."""
        payments = self._calls.track(intent.payment_hash, patience=self._patience)
        last: WalletEvent = PaymentUnknown(_CUT_OFF)
        try:
            async with aclosing(self._events(payments, intent)) as events:
                async for event in events:
                    if not isinstance(event, PaymentProgressed):
                        last = event
                        break
                    yield event
        except RpcFault as fault:
            last = PaymentNotFound()
            if not never_seen(fault.code, fault.details):
                last = _unknown(fault_of(fault.code, fault.details))
        yield last

    async def paid_since(self, at: float) -> Sequence[Sent]:
        """What the node has paid, or is paying, since ``at`` (unix seconds, by its own clock),
        oldest first: everybody's payments, not only this program's. Raises CannotTell."""
        try:
            return sent(await self._calls.payments(max(0, int(at))))
        except RpcFault as fault:
            raise cannot_tell(fault) from None

    async def _events(
        self, payments: AsyncGenerator[Payment, None], intent: Intent
    ) -> AsyncGenerator[WalletEvent, None]:
        """What the stream says, without repetitions; stops after a result. Raises RpcFault."""
        said: WalletEvent | None = None
        try:
            async with aclosing(payments):
                async for payment in payments:
                    event = event_of(payment, intent.payment_hash)
                    if isinstance(event, PaymentProgressed):
                        event = replace(event, latest_end=self._latest_end(payment))
                    if event != said:
                        yield event
                    if not isinstance(event, PaymentProgressed):
                        return
                    said = event
        except RpcFault as fault:
            if said is None or fault.code != "DEADLINE_EXCEEDED":
                raise
            yield _held()

    def _latest_end(self, payment: Payment) -> LatestEnd | None:
        block = latest_lock(payment)
        if block is None or self._tip is None:
            return None
        height, at = self._tip
        left = max(0, block - height)
        return None if left > _LONGEST_LOCK else LatestEnd(block, at + left * _BLOCK_SECONDS)

    async def _balance(self) -> Msat | None:
        try:
            return Msat(await self._calls.balance())
        except RpcFault:
            return None  # the macaroon need not allow it

    async def _tracking_trouble(self) -> Shown | None:
        """A payment that could not be followed must not be sent, so that is tried first."""
        try:
            async with aclosing(self._calls.track(_NO_HASH, patience=self._patience)) as payments:
                async for _ in payments:
                    break
        except RpcFault as error:
            fault = fault_of(error.code, error.details)
            if not fault.again:
                return say("Payments could not be followed. {} {}", fault.why, fault.todo)
        return None


def _both(one: Advice | None, other: Advice | None) -> Advice | None:
    if one is None or other is None:
        return one or other
    told = say("{} {}", one.what, other.what)
    return Advice(told, say("{} {}", one.todo, other.todo), one.serious or other.serious)


def _over_rest(address: str, certificate: bytes, macaroon: Secret) -> LndCalls:
    from l402tui.wallets.lnd_rest import LndRest  # not needed for gRPC

    return LndRest(address, certificate, macaroon)


def _over_grpc(address: str, certificate: bytes, macaroon: Secret) -> LndCalls:
    from l402tui.wallets.lnd_rpc import LndRpc  # not needed for REST

    return LndRpc(address, certificate, macaroon)


def _key(told: str) -> bytes:
    """The node's own key. Raises ValueError: a payment is bound to it, so it must be there."""
    key = bytes.fromhex(told)
    if len(key) != _KEY_BYTES or key[0] not in (2, 3):
        raise ValueError("not a compressed public key")
    return key


def _network(info: NodeInfo) -> Network | None:
    """The one chain the node is on; None where it is none of Bitcoin's."""
    if len(info.chains) != 1 or info.chains[0][0] not in ("", "bitcoin"):
        return None
    return CHAINS.get(info.chains[0][1])


def _not_ready(fault: Fault) -> WalletFacts:
    trouble = say("{} {}", fault.why, fault.todo) if fault.todo else fault.why
    return WalletFacts(name=_NAME, network=None, ready=False, trouble=trouble)


def _unpaid(refusal: Fault | None, *, begun: bool) -> PaymentFailed | PaymentUnknown:
    """The node does not know the hash, after a call that ended in this way.

    ``begun``: it knew it a moment ago, so it has lost something, and what it says now is no proof.
    """
    if refusal is None:
        return PaymentUnknown(_CUT_OFF)
    if refusal.refused and not begun:
        return PaymentFailed(refusal.why, refusal.todo)
    return _unknown(refusal)


def _unknown(fault: Fault) -> PaymentUnknown:
    why = say("{} {}", fault.why, fault.todo) if fault.todo else fault.why
    return PaymentUnknown(why, ask_again=fault.again)


def _held() -> PaymentUnknown:
    # The node has it and starts nothing new: asking again at once would only show the same.
    return PaymentUnknown(
        say("The payment is on its way and has not ended in time. The node goes on with it."),
        ask_again=False,
    )
