"""What may be spent, what was spent, and what does the wallet say about itself?

Plain values; money is msat.
"""

from __future__ import annotations

from dataclasses import dataclass

from l402tui.protocol.amount import Msat
from l402tui.protocol.network import Network
from l402tui.protocol.text import Shown

__all__ = [
    "Advice",
    "Limits",
    "Spending",
    "Timing",
    "WalletFacts",
]


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be spent without a human changing the limit. All in msat."""

    payment: Msat
    """At most this for one invoice, without the fee."""
    fee: Msat
    """At most this for routing one payment."""
    origin_day: Msat | None = None
    """At most this for one origin in 24 hours, amount and fee cap together."""
    day: Msat | None = None
    """At most this altogether in 24 hours."""
    total: Msat | None = None
    """At most this for one payment, amount and fee together."""

    def fee_cap(self, amount: Msat) -> Msat:
        """What routing this amount may cost."""
        if self.total is None:
            return self.fee
        return Msat(max(0, min(self.fee, self.total - amount)))


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent or is reserved (amount + fee or fee cap, msat) in the last 24 hours."""

    origin_day: Msat = Msat(0)
    day: Msat = Msat(0)


@dataclass(frozen=True, slots=True)
class Timing:
    """When things happened at this origin, for the loop check (C22)."""

    paid_recently: int = 0
    """Payments for this method and path in the last 10 minutes."""
    rejected_at: float | None = None
    """When a freshly paid credential was last refused here."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Something that a person should know and may change; nothing is refused for it."""

    what: Shown
    todo: Shown = Shown("")
    serious: bool = False
    """It could cost money one day."""


@dataclass(frozen=True, slots=True)
class WalletFacts:
    """What the wallet says about itself before it is asked to pay."""

    name: str
    """``practice``, ``external`` or ``lnd``."""
    network: Network | None
    """None: it cannot tell (an external wallet)."""
    node_id: bytes | None = None
    """The node's public key, 33 bytes, where there is a node."""
    alias: Shown | None = None
    balance: Msat | None = None
    ready: bool = True
    trouble: Shown | None = None
    """Why it is not ready."""
    real_money: bool = True
    proves_payment: bool = True
    """It hands out preimages by itself."""
    advice: Advice | None = None
    """What could be safer about it; it is ready all the same."""

    @property
    def identity(self) -> str:
        """What an intent is bound to: a payment is only ever sent again through the same one."""
        return f"{self.name}:{self.node_id.hex() if self.node_id else '-'}"
