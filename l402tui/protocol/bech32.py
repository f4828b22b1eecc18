"""How are five-bit values written so that a mistyped character shows?

Bech32 (BIP-173) and bech32m (BIP-350): each character carries five bits, and six characters at the
end are a checksum over everything before them. Invoices and on-chain addresses share this writing.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "BECH32",
    "BECH32M",
    "CHECKSUM",
    "NotWholeBytesError",
    "bech32_encode",
    "quintets",
    "residue",
    "to_base32",
    "to_quintets",
    "whole_bytes",
]

ALPHABET: Final = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
"""The character for each five-bit value."""

BECH32: Final = 1
"""The :func:`residue` of a right bech32 string."""
BECH32M: Final = 0x2BC830A3
"""The :func:`residue` of a right bech32m string."""
CHECKSUM: Final = 6
"""Characters of the checksum."""

_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_INVALID: Final = 0xFF


def _steps() -> tuple[int, ...]:
    """What the five bits shifted out of the checksum's state fold back into it."""
    steps = []
    for top in range(32):
        fold = 0
        for bit, generator in enumerate(_GENERATOR):
            if top >> bit & 1:
                fold ^= generator
        steps.append(fold)
    return tuple(steps)


_STEP: Final = _steps()
_VALUE: Final = bytes(ALPHABET.index(char) if char in ALPHABET else _INVALID for char in range(256))
# The same values as int(..., 32) spells them, so that Python's own C code does the arithmetic.
_PYTHON_DIGIT: Final = bytes.maketrans(ALPHABET, b"0123456789abcdefghijklmnopqrstuv")


class NotWholeBytesError(ValueError):
    """Five-bit values whose spare bits at the end are not all zero, or are five or more."""


def to_quintets(chars: bytes) -> bytes:
    """The five-bit value of every character. Raises ValueError(position) for the first bad one."""
    values = chars.translate(_VALUE)
    bad = values.find(_INVALID)
    if bad >= 0:
        raise ValueError(bad)
    return values


def to_base32(chars: bytes) -> bytes:
    """The same values as digits that ``int(digits, 32)`` reads. ``chars`` were checked before."""
    return chars.translate(_PYTHON_DIGIT)


def whole_bytes(digits: bytes) -> bytes:
    """The bytes that base-32 ``digits`` (see :func:`to_base32`) carry.

    Bits that do not fill a byte are padding. Raises NotWholeBytesError where they are not all zero,
    or where a character less would have carried the same bytes (BIP-173).
    """
    size, spare = divmod(5 * len(digits), 8)
    number = int(digits or b"0", 32)
    if spare > 4 or number & ((1 << spare) - 1):
        raise NotWholeBytesError
    return (number >> spare).to_bytes(size, "big")


def quintets(data: bytes) -> bytes:
    """``data`` cut into five-bit values, the last one filled up with zeros."""
    count = -(-8 * len(data) // 5)
    number = int.from_bytes(data, "big") << (5 * count - 8 * len(data))
    return bytes(number >> 5 * place & 31 for place in reversed(range(count)))


def residue(prefix: bytes, values: bytes) -> int:
    """The checksum's remainder over the part before the separator and the five-bit values.

    It is :data:`BECH32` or :data:`BECH32M` where ``values`` end in a right checksum.
    """
    state = 1
    step = _STEP
    expanded = bytes(char >> 5 for char in prefix) + b"\0" + bytes(char & 31 for char in prefix)
    for value in expanded + values:
        state = (state & 0x1FFFFFF) << 5 ^ value ^ step[state >> 25]
    return state


def bech32_encode(prefix: str, values: bytes, kind: int = BECH32) -> str:
    """Write five-bit ``values`` behind ``prefix``, with the checksum of ``kind``."""
    check = residue(prefix.encode(), values + bytes(CHECKSUM)) ^ kind
    tail = bytes(check >> 5 * place & 31 for place in reversed(range(CHECKSUM)))
    return f"{prefix}1{bytes(ALPHABET[value] for value in values + tail).decode()}"
