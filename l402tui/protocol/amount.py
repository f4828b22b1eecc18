"""How much money is it, exactly?

Lightning counts in millisatoshi (msat): 1 sat = 1,000 msat, 1 BTC = 10^11 msat. Everything here is
a whole number of msat; nothing is ever rounded or put through a float.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, NewType

from l402tui.protocol.errors import AmountError

__all__ = ["MAX_MSAT", "Msat", "format_msat", "hrp_amount", "parse_amount", "sat"]

Msat = NewType("Msat", int)
"""A whole number of millisatoshi."""

MAX_MSAT: Final = Msat(21_000_000 * 10**11)
"""All the bitcoin there will ever be."""

_MSAT_PER_BTC: Final = 10**11
# BOLT-11 multipliers, as the number of them in one bitcoin.
_HRP_DIVISOR: Final = {"": 1, "m": 10**3, "u": 10**6, "n": 10**9, "p": 10**12}
_UNITS: Final = {"msat": 1, "sat": 1_000, "sats": 1_000, "": 1_000, "btc": _MSAT_PER_BTC}
_TYPED: Final = re.compile(r"(\d[\d_ ]{0,24}(?:\.\d{1,11})?) ?(msat|sats?|btc)?", re.ASCII | re.I)
_HRP: Final = re.compile(r"([1-9]\d{0,17})([munp]?)", re.ASCII)


def sat(number: int) -> Msat:
    """``number`` satoshi as msat."""
    return Msat(number * 1_000)


def parse_amount(text: str) -> Msat:
    """Read an amount a person typed: ``10 sat``, ``1 500 sat``, ``2500 msat``, ``0.001 btc``.

    A bare number is satoshi. Raises AmountError for anything else, for fractions of a msat and for
    more than 21 million bitcoin.
    """
    match = _TYPED.fullmatch(text.strip())
    if match is None:
        raise AmountError("write it as 10 sat, 2500 msat or 0.001 btc")
    number = Decimal(re.sub("[_ ]", "", match[1]))
    msat = number * _UNITS[(match[2] or "").lower()]
    if msat != int(msat):
        raise AmountError("that is a fraction of a millisatoshi")
    if msat > MAX_MSAT:
        raise AmountError("that is more than all bitcoin")
    return Msat(int(msat))


def hrp_amount(text: str) -> Msat:
    """Read the amount in an invoice's human-readable part (``2500u``, ``1``, ``20m``; BOLT-11).

    Raises AmountError where the amount is zero, has leading zeros, is no whole number of msat (a
    ``p`` amount that does not end in 0) or is more than 21 million bitcoin.
    """
    match = _HRP.fullmatch(text)
    if match is None:
        raise AmountError(
            "the amount must be a whole number without leading zeros and m, u, n or p"
        )
    scaled, rest = divmod(int(match[1]) * _MSAT_PER_BTC, _HRP_DIVISOR[match[2]])
    if rest:
        raise AmountError("the amount is a fraction of a millisatoshi")
    if scaled > MAX_MSAT:
        raise AmountError("the amount is more than all bitcoin")
    return Msat(scaled)


def format_msat(msat: int) -> str:
    """``10 sat``, ``1 234 567 sat``, ``2.5 sat``, ``0.001 sat``: exact, thousands set apart."""
    whole, rest = divmod(abs(msat), 1_000)
    digits = f"{whole:,}".replace(",", " ")
    fraction = f".{rest:03d}".rstrip("0") if rest else ""
    return f"{'-' if msat < 0 else ''}{digits}{fraction} sat"
