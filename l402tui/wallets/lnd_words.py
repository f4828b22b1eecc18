"""What does an answer of LND mean for a payment, and how is it said?

Two tables. :data:`FAULTS` reads the errors of calls, :data:`FAILURES` the reasons of failed
payments; :func:`event_of` turns one ``lnrpc.Payment`` into an event. Everything is compared by
number or by code, and what is not in a table never counts as an end: an unknown status is
"on its way", and an unknown error says nothing about the payment.

========================  =============================  ===========================================
``Payment.status``        and                            the wallet says
========================  =============================  ===========================================
any                       preimage proves the hash       PaymentSettled
any                       it is of another hash          PaymentUnknown
2 SUCCEEDED               preimage does not prove        PaymentSettled, which the flow then refuses
3 FAILED                  ``failure_reason``             PaymentFailed
0, 1 IN_FLIGHT, 4, other  the preimage is 64 zeros yet   PaymentProgressed
========================  =============================  ===========================================

An error of SendPaymentV2 alone never says that nothing was paid: an invoice that was paid and has
expired since is refused as expired. So the wallet asks TrackPaymentV2 about the hash:

=====================  ==================================  =====================================
SendPaymentV2          and then TrackPaymentV2             the wallet says
=====================  ==================================  =====================================
any error              knows the payment                   whatever the payment's stream says
a row with `refused`   NOT_FOUND                           PaymentFailed
any other error        NOT_FOUND                           PaymentUnknown: ask again
any error              an error too                        PaymentUnknown
stream just ends       knows the payment                   whatever the payment's stream says
=====================  ==================================  =====================================

ALREADY_EXISTS is a statement about the payment, too: PaymentProgressed comes before the rest.

TrackPaymentV2 by itself: NOT_FOUND is PaymentNotFound, any other error and an early end are
PaymentUnknown. NOT_FOUND is that of the payment, in LND's words (:func:`never_seen`); what else may
not be found says nothing. Once a stream has told of the payment, no error means "refused" any more.

Both lines to a node, gRPC and REST, use these tables (:mod:`~.lnd_calls`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from l402tui.flow.events import (
    PaymentFailed,
    PaymentProgressed,
    PaymentSettled,
    PaymentUnknown,
    WalletEvent,
)
from l402tui.protocol.amount import Msat
from l402tui.protocol.network import Network
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown
from l402tui.wallets.lnd_calls import NOT_LND, Payment
from l402tui.wallets.lnd_rights import BAKE

__all__ = [
    "CHAINS",
    "DENIED",
    "FAILED",
    "FAILURES",
    "FAULTS",
    "SUCCEEDED",
    "Fault",
    "event_of",
    "fault_of",
    "latest_lock",
    "never_seen",
]

SUCCEEDED: Final = 2
FAILED: Final = 3
_NOTHING: Final = Shown("")
_ZEROS: Final = bytes(32)

CHAINS: Final = {
    "mainnet": Network.MAINNET,
    "testnet": Network.TESTNET,
    "testnet4": Network.TESTNET,  # the same letters in its invoices, and as little worth
    "signet": Network.SIGNET,
    "regtest": Network.REGTEST,
    "simnet": Network.SIMNET,
}
"""GetInfo's ``chains[].network``."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One row: an error with this code (any, where empty) and one of these words in it."""

    code: str
    words: tuple[str, ...]
    why: Shown
    todo: Shown = _NOTHING
    refused: bool = False
    """The node has read the request and said no, and will not act on it later."""
    again: bool = True
    """Asking again in a moment can help."""

    def fits(self, code: str, details: str) -> bool:
        """Whether the row is about this error. ``details`` in lower case."""
        if self.code and self.code != code:
            return False
        return not self.words or any(word in details for word in self.words)


DENIED: Final = say("The macaroon does not allow this.")
_BAKE: Final = say("Make one that is just enough with: {}", Shown(BAKE))
_NO_RIGHT: Final = ("permission denied", "account not found", "not authorized")
_BAD_MACAROON: Final = (
    "macaroon",
    "verification failed",
    "caveat",
    "root key with id",
    "invalid id",
)

FAULTS: Final = (
    Fault(
        NOT_LND,
        (),
        say("What answers there does not answer as LND's REST does."),
        say("Check the address and port (lnd.rpcserver); gRPC has another port than REST."),
        again=False,
    ),
    # Nobody answered: what such an error happens to say must not be taken for the node's words.
    Fault(
        "UNAVAILABLE",
        ("hostname verification",),
        say("The node's certificate is not made out to this address."),
        say(
            "Use an address it names, or set tlsextraip or tlsextradomain in lnd.conf and let LND "
            "make a new certificate."
        ),
        again=False,
    ),
    Fault(
        "UNAVAILABLE",
        ("certificate has expired",),
        say("The node's certificate has expired. It got no macaroon."),
        say(
            "Delete tls.cert and tls.key in the node's folder, restart LND, and copy the new "
            "tls.cert from there."
        ),
        again=False,
    ),
    Fault(
        "UNAVAILABLE",
        ("certificate_verify_failed",),
        say("Who answers there has another certificate than the one you gave. It got no macaroon."),
        say("If the node made a new one, copy its tls.cert again, from the node itself."),
        again=False,
    ),
    Fault(
        "UNAVAILABLE",
        ("handshake failed", "missing selected alpn"),
        say("What answers there does not speak TLS as LND does."),
        say("Check the address and port (lnd.rpcserver); REST has another port than gRPC."),
        again=False,
    ),
    Fault(
        "UNAVAILABLE",
        (),
        say("The node cannot be reached."),
        say(
            "Is LND running, and is its address right (lnd.rpcserver)? gRPC and REST have a port "
            "each."
        ),
    ),
    Fault(
        "DEADLINE_EXCEEDED",
        (),
        say("The node does not answer in time."),
        say("Try again in a minute."),
    ),
    # The node answered.
    Fault(
        "ALREADY_EXISTS",
        (),
        say("The node has this payment already, but does not say how it stands."),
    ),
    Fault(
        "",
        ("invoice expired",),
        say("The node refused: the invoice has expired."),
        say("Ask the server again; it makes a new bill."),
        refused=True,
    ),
    Fault(
        "",
        ("total time lock of", "cltv limit"),
        say("The node refused: it does not take the limit for how long money may be locked."),
        say(
            "Set lnd.cltv_limit in settings.toml to no more than the node's max-cltv-expiry, and "
            "to more than the invoice asks for."
        ),
        refused=True,
    ),
    Fault(
        "",
        ("self-payments not allowed",),
        say("The node refused: the invoice is its own."),
        say("Pay with another wallet."),
        refused=True,
    ),
    Fault(
        "",
        ("invoice not for current active network", "unknown chain"),
        say("The node refused: the invoice is of another network than the node."),
        refused=True,
    ),
    Fault(
        "",
        _NO_RIGHT,
        DENIED,
        _BAKE,
        refused=True,
        again=False,
    ),
    Fault(
        "",
        ("not satisfied: macaroon has expired",),
        say("The node does not accept the macaroon: it has expired."),
        _BAKE,
        refused=True,
        again=False,
    ),
    Fault(
        "",
        ("not satisfied: macaroon locked to different ip",),
        say("The node does not accept the macaroon: it is for another address than this one."),
        _BAKE,
        refused=True,
        again=False,
    ),
    Fault(
        "",
        _BAD_MACAROON,
        say("The node does not accept the macaroon: it is another node's, expired or restricted."),
        _BAKE,
        refused=True,
        again=False,
    ),
    Fault(
        "",
        ("wallet locked", "wallet is encrypted"),
        say("The node's wallet is locked."),
        say("Unlock it with: lncli unlock"),
        again=False,
    ),
    Fault(
        "",
        ("wallet not created",),
        say("The node has no wallet yet."),
        say("Make one with: lncli create"),
        again=False,
    ),
    Fault(
        "",
        ("waiting to start", "in the process of starting", "starting up", "not yet ready"),
        say("The node is still starting."),
        say("Try again in a minute."),
    ),
    Fault(
        "UNIMPLEMENTED",
        (),
        say("The node does not offer this call: its wallet is locked, or it is not a full LND."),
        say("Unlock it with: lncli unlock"),
        again=False,
    ),
    *(
        Fault(code, (), say("The node refused the request."), refused=True)
        for code in ("INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE")
    ),
    *(
        Fault(code, (), DENIED, _BAKE, refused=True, again=False)
        for code in ("PERMISSION_DENIED", "UNAUTHENTICATED")
    ),
)
"""The first row that fits counts."""


def fault_of(code: str, details: str) -> Fault:
    """What an error means. One that no row knows means nothing: ``refused`` is False."""
    low = details.lower()
    for row in FAULTS:
        if row.fits(code, low):
            return row
    why = say("The node answered with an error: {} ({}).", shown(details, 160), shown(code, 40))
    return Fault(code, (), why)


def never_seen(code: str, details: str) -> bool:
    """Whether this error of TrackPaymentV2 says that the node has never begun to pay the hash."""
    return code == "NOT_FOUND" and "payment isn't initiated" in details.lower()


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a payment failed, and what can be done."""

    why: Shown
    todo: Shown = _NOTHING


FAILURES: Final[dict[int | str, Failure]] = {
    1: Failure(
        say("The node found no route that worked before its time was over."),
        say("Try again later, or allow more time (lnd.timeout_seconds in settings.toml)."),
    ),
    2: Failure(
        say("The node found no route to the payee within the limits for its fee and its locks."),
        say("Allow a higher fee (--max-fee) or longer locks (lnd.cltv_limit), or try again later."),
    ),
    3: Failure(say("The node could not pay: something inside it failed."), say("Look at its log.")),
    4: Failure(
        say("The payee did not take the payment: it does not know the invoice, or gave it up."),
        say("Ask the server again; it makes a new bill."),
    ),
    5: Failure(
        say("The node's channels hold too little to pay this with its fee."),
        say("Use a wallet that can send more."),
    ),
    6: Failure(say("The payment was cancelled in the node.")),
}
"""``lnrpc.PaymentFailureReason``."""


def event_of(payment: Payment, payment_hash: bytes) -> WalletEvent:
    """What one ``lnrpc.Payment`` says about the payment of this hash. See the first table."""
    if payment.payment_hash != payment_hash.hex():
        why = say("The node answered about another payment than the one it was asked about.")
        return PaymentUnknown(why, ask_again=False)
    preimage = _preimage(payment.payment_preimage)
    # Zeros are LND's way to say that it has none, also where somebody chose them as a preimage.
    proven = preimage != _ZEROS and sha256(preimage).digest() == payment_hash
    if proven or payment.status == SUCCEEDED:
        # Routing fees of parts that are still settling are in the sum already.
        fee = payment.fee_msat
        return PaymentSettled(Secret(preimage), None if fee is None else Msat(fee))
    if payment.status == FAILED:
        failure = FAILURES.get(payment.failure_reason)
        if failure is None:
            reason = shown(str(payment.failure_reason), 60)
            failure = Failure(say("The node could not pay (failure reason {}).", reason))
        return PaymentFailed(failure.why, failure.todo)
    return PaymentProgressed(_on_its_way(payment))


def latest_lock(payment: Payment) -> int | None:
    """The block at which the last lock of the parts under way runs out; None where none is told."""
    locks = [one.route.total_time_lock for one in payment.htlcs if int(one.status) == 0]
    return max((lock for lock in locks if lock > 0), default=None)


def _preimage(told: str) -> bytes:
    try:
        return bytes.fromhex(told)
    except ValueError:
        return b""


def _on_its_way(payment: Payment) -> Shown:
    attempts = Counter(int(attempt.status) for attempt in payment.htlcs)  # 0 in flight, 2 failed
    flying, failed = attempts[0], attempts[2]
    if not attempts:
        return say("The node has the payment and looks for a route.")
    if not flying:
        return say("The node looks for another route; {} did not work.", failed)
    tries = say(" after {} that did not work", failed) if failed else _NOTHING
    if flying == 1:
        return say("The payment is on its way{}.", tries)
    return say("The payment is on its way in {} parts{}.", flying, tries)
