"""May the wallet's macaroon do more than the wallet does?

A macaroon that can only pay, follow and look is the one to give to a program. This says what
another one could do besides, worst first; it is advice and refuses nothing. Pure: no I/O.
"""

from __future__ import annotations

from typing import Final

from l402tui.flow.model import Advice
from l402tui.protocol.errors import DecodeError
from l402tui.protocol.macaroon import Macaroon
from l402tui.protocol.node_macaroon import (
    NodeIdentifier,
    Permission,
    Risk,
    bakery_name,
    read_node_identifier,
    risk_of,
)
from l402tui.protocol.text import Shown, say, shown

__all__ = ["BAKE", "CALLS", "LIST_PAYMENTS", "advice_on"]

CALLS: Final = (
    "/routerrpc.Router/SendPaymentV2",
    "/routerrpc.Router/TrackPaymentV2",
    "/lnrpc.Lightning/GetInfo",
    "/lnrpc.Lightning/ChannelBalance",
)
"""All the calls that the wallet makes to pay."""

LIST_PAYMENTS: Final = "/lnrpc.Lightning/ListPayments"
"""One more, only after a backup was restored. Whoever may make it sees every payment of the node,
preimages included, so it is in no macaroon that is made for every day."""

BAKE: Final = "lncli bakemacaroon --save_to l402tui.macaroon " + " ".join(
    f"uri:{call}" for call in CALLS
)
"""Makes a macaroon that can pay, follow payments and show a balance, and nothing else."""

_CURE: Final = say("For one that is just enough: l402tui wallet lnd recipe")
_NAMED: Final = 3
"""How many things are named before they are only counted."""
# lnd refuses a custom caveat for which no middleware has registered, and this one's looks at every
# call: an account of litd pays from its own balance and sees its own payments, whatever else stands
# in the macaroon.
_ACCOUNT: Final = b"lnd-custom account "


def advice_on(raw: bytes) -> Advice | None:
    """What is to be said about this macaroon (its bytes); None where it is just enough."""
    try:
        macaroon = Macaroon.decode(raw)
        told = read_node_identifier(macaroon.identifier)
    except DecodeError:
        return Advice(say("What its macaroon may do cannot be read here."), _CURE)
    if any(caveat.cid.startswith(_ACCOUNT) for caveat in macaroon.caveats):
        return None
    more = _more(told)
    if not more:
        return None
    named = [_what(one) for one in more[:_NAMED]]
    things = named[0]
    for one in named[1:]:
        things = say("{}; {}", things, one)
    if len(more) > _NAMED:
        things = say("{}; and {} things more", things, len(more) - _NAMED)
    baked = bakery_name(told.permissions)
    whose = say("Its macaroon, the node's {},", say(baked)) if baked else say("Its macaroon")
    serious = risk_of(tuple(more)) is not Risk.READS
    return Advice(say("{} may do more than this program needs: {}.", whose, things), _CURE, serious)


def _more(told: NodeIdentifier) -> list[Permission]:
    """The permissions that go beyond our calls, the worst first, each once."""
    order = list(Risk)
    several = {(one.entity, one.action): one for one in told.permissions if not _ours(one)}
    return sorted(several.values(), key=lambda one: order.index(one.risk), reverse=True)


def _ours(permission: Permission) -> bool:
    return permission.entity == b"uri" and permission.action in _OUR_ACTIONS


_OUR_ACTIONS: Final = frozenset(call.encode("ascii") for call in (*CALLS, LIST_PAYMENTS))


def _what(permission: Permission) -> Shown:
    if permission.entity == b"uri":
        return say("call {}", shown(permission.action, 60))
    known = say(permission.allows)
    if permission.risk is Risk.UNKNOWN:
        what = shown(permission.entity + b":" + permission.action, 40)
        return say("{} ({})", known, what)
    return known
