"""What does the wallet say about itself?

Plain values; money is msat.
"""

from __future__ import annotations

from dataclasses import dataclass

from l402tui.protocol.amount import Msat
from l402tui.protocol.network import Network
from l402tui.protocol.text import Shown

__all__ = ["Advice", "WalletFacts"]


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
    longest_lock: int | None = None
    """Blocks for which a payment may be locked on its whole way, where the wallet has a limit."""
    advice: Advice | None = None
    """What could be safer about it; it is ready all the same."""

    @property
    def identity(self) -> str:
        """What an intent is bound to: a payment is only ever sent again through the same one."""
        return f"{self.name}:{self.node_id.hex() if self.node_id else '-'}"
