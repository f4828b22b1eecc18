"""What must a payer be able to do?

A feature is a pair of bits: the even one says the payer must know it, the odd one that it may
("it's OK to be odd", BOLT-1). Names and numbers are those of BOLT-9; two more, which BOLT-9 does
not list, are known by name only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["Features", "feature_name"]

_NAMES: Final = {
    0: "option_data_loss_protect",
    2: "initial_routing_sync",
    4: "option_upfront_shutdown_script",
    6: "gossip_queries",
    8: "var_onion_optin",
    10: "gossip_queries_ex",
    12: "option_static_remotekey",
    14: "payment_secret",
    16: "basic_mpp",
    18: "option_support_large_channel",
    20: "option_anchor_outputs",
    22: "option_anchors",
    24: "option_route_blinding",
    26: "option_shutdown_anysegwit",
    28: "option_dual_fund",
    34: "option_quiesce",
    36: "option_attribution_data",
    38: "option_onion_messages",
    42: "option_provide_storage",
    44: "option_channel_type",
    46: "option_scid_alias",
    48: "option_payment_metadata",
    50: "option_zeroconf",
    60: "option_simple_close",
    62: "option_splice",
}
# In invoices of lnd (lnwire/features.go). A payer that follows BOLT-9 cannot do what they require.
_ELSEWHERE: Final = {30: "amp", 54: "keysend"}
_KNOWN: Final = sum(0b11 << pair for pair in _NAMES)


def feature_name(bit: int) -> str:
    """The name of the feature that ``bit`` belongs to, or ``feature 100`` without one."""
    pair = bit & ~1
    return _NAMES.get(pair) or _ELSEWHERE.get(pair, f"feature {pair}")


@dataclass(frozen=True, slots=True)
class Features:
    """The feature bits of one invoice."""

    value: int = 0
    """All bits as one number, bit 0 lowest."""

    @property
    def bits(self) -> tuple[int, ...]:
        """The bits that are set, lowest first."""
        return _set_bits(self.value)

    @property
    def names(self) -> tuple[str, ...]:
        """In words: ``payment_secret (required)``, ``basic_mpp (optional)``."""
        return tuple(
            f"{feature_name(bit)} ({'optional' if bit & 1 else 'required'})" for bit in self.bits
        )

    @property
    def unknown_required(self) -> tuple[int, ...]:
        """Even bits this program does not know: whoever pays without knowing them pays blind."""
        unknown = self.value & ~_KNOWN
        return tuple(bit for bit in _set_bits(unknown) if not bit & 1) if unknown else ()


def _set_bits(value: int) -> tuple[int, ...]:
    digits = bin(value)[:1:-1]
    return tuple(place for place, digit in enumerate(digits) if digit == "1")
