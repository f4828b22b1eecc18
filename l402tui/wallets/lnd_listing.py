"""What has an LND node paid since a moment, all of it?

The list comes in pages, over either line; :func:`every_page` asks for one after the other until
one is empty. It is whole or it is an error: a list with a hole in it would look as if a payment had
never been made. :func:`sent` says it in the words of :mod:`l402tui.flow.restored`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from l402tui.flow.restored import CannotTell, Sent
from l402tui.protocol.amount import Msat
from l402tui.protocol.text import Shown, say
from l402tui.wallets.lnd_calls import NOT_LND, Listed, ListedState, RpcFault
from l402tui.wallets.lnd_rights import LIST_PAYMENTS
from l402tui.wallets.lnd_words import DENIED, FAILED, SUCCEEDED, fault_of

__all__ = ["TOO_LONG", "TOO_MANY", "Page", "cannot_tell", "every_page", "listed", "sent"]

PAGE: Final = 500
"""Payments asked for in one call."""
MOST: Final = 20_000
"""Payments of a whole list."""
TOO_LONG: Final = "RESOURCE_EXHAUSTED"
"""gRPC's code for a message that has more bytes than its reader takes."""
TOO_MANY: Final = "TOO_MANY"
"""The code of a list that is longer than ``MOST``. None of gRPC's own."""

_HASH_BYTES: Final = 32
_NS: Final = 10**9
_STATES: Final = {SUCCEEDED: ListedState.SUCCEEDED, FAILED: ListedState.FAILED}
_SETTLED: Final = {ListedState.SUCCEEDED: True, ListedState.IN_FLIGHT: None}


@dataclass(frozen=True, slots=True)
class Page:
    """One ``lnrpc.ListPaymentsResponse``."""

    payments: tuple[Listed, ...]
    last: int
    """The index of the last payment in it: what comes after that is the next page."""


def listed(
    payment_hash: str,
    preimage: str,
    status: int,
    *,
    value_msat: int | None,
    fee_msat: int | None,
    created_ns: int | None,
) -> Listed:
    """One ``lnrpc.Payment`` of a list. Raises RpcFault where it cannot be read.

    A status that nobody knows is "in flight", as everywhere, and a preimage that proves the hash is
    a payment whatever the status.
    """
    try:
        key, secret = bytes.fromhex(payment_hash), bytes.fromhex(preimage)
    except ValueError:
        raise RpcFault(NOT_LND, "a payment without its hash") from None
    if len(key) != _HASH_BYTES:
        raise RpcFault(NOT_LND, "a payment without its hash")
    if value_msat is None or fee_msat is None or created_ns is None:
        raise RpcFault(NOT_LND, "a payment without its numbers")
    if min(value_msat, fee_msat, created_ns) < 0:
        raise RpcFault(NOT_LND, "a payment of less than nothing")
    state = _STATES.get(status, ListedState.IN_FLIGHT)
    # Zeros are LND's way to say that it has none, also where somebody chose them as a preimage.
    if any(secret) and sha256(secret).digest() == key:
        state = ListedState.SUCCEEDED
    return Listed(key, value_msat, fee_msat, created_ns // _NS, state)


async def every_page(ask: Callable[[int, int], Awaitable[Page]], since: int) -> tuple[Listed, ...]:
    """All payments since ``since`` (unix seconds), oldest first.

    ``ask`` makes one call: for at most so many payments (second) after an index (first). A page
    that has too many bytes is asked for again with half as many payments. Raises RpcFault, with
    ``TOO_MANY`` for a list of more than ``MOST``.
    """
    found: list[Listed] = []
    offset, count = 0, PAGE
    while True:
        try:
            page = await ask(offset, count)
        except RpcFault as fault:
            if fault.code != TOO_LONG or count == 1:
                raise
            count //= 2
            continue
        if not page.payments:
            return tuple(found)
        if page.last <= offset or len(page.payments) > count:
            raise RpcFault(NOT_LND, "a page that does not follow the one before")
        offset = page.last
        # One without a time is kept: a node that cannot say when it paid has paid all the same.
        found += [one for one in page.payments if not 0 < one.created < since]
        if len(found) > MOST:
            raise RpcFault(TOO_MANY, "")


def sent(payments: Sequence[Listed]) -> tuple[Sent, ...]:
    """The list as the flow reads it; what failed is no payment and left out."""
    return tuple(
        Sent(
            one.payment_hash,
            Msat(one.amount_msat),
            Msat(one.fee_msat),
            float(one.created),
            _SETTLED[one.state],
        )
        for one in payments
        if one.state is not ListedState.FAILED
    )


def cannot_tell(error: RpcFault) -> CannotTell:
    """Why there is no list, and what to do about it."""
    if error.code == TOO_MANY:
        return CannotTell(
            say(
                "The node has made more than {} payments since then, which are too many to be held "
                "against the vault. Look through them with: lncli listpayments",
                MOST,
            )
        )
    fault = fault_of(error.code, error.details)
    if fault.why == DENIED:
        return CannotTell(
            say(
                "The macaroon does not allow to list what the node has paid. It needs the right to "
                "call {}; how to make one that has it: l402tui wallet lnd recipe",
                Shown(LIST_PAYMENTS),
            )
        )
    return CannotTell(say("{} {}", fault.why, fault.todo) if fault.todo else fault.why)
