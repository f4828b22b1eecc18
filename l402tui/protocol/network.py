"""Which chain is meant, and how are its addresses written?

An invoice names its chain in its first letters. Money on the test chains is worth nothing, and an
invoice of one chain cannot be paid on another, so the difference is always shown.
"""

from __future__ import annotations

from enum import Enum
from hashlib import sha256
from typing import Final

from l402tui.protocol.bech32 import BECH32, BECH32M, bech32_encode, quintets

__all__ = ["P2PKH", "P2SH", "Network", "address"]

P2PKH: Final = 17
"""The version by which BOLT-11 marks a pay-to-public-key-hash address."""
P2SH: Final = 18
"""The version by which BOLT-11 marks a pay-to-script-hash address."""

_HASH_BYTES: Final = 20
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Network(Enum):
    """A chain; the value is what stands behind ``ln`` in its invoices (BOLT-11)."""

    MAINNET = "bc"
    TESTNET = "tb"
    SIGNET = "tbs"
    REGTEST = "bcrt"
    SIMNET = "sb"

    @property
    def word(self) -> str:
        """The chain's name as lnd and bitcoind write it; ``bitcoin`` is the one with real money."""
        return "bitcoin" if self is Network.MAINNET else self.name.lower()


# Segwit prefix, then the version bytes of pay-to-public-key-hash and pay-to-script-hash.
_WRITING: Final = {
    Network.MAINNET: ("bc", 0x00, 0x05),
    Network.TESTNET: ("tb", 0x6F, 0xC4),
    Network.SIGNET: ("tb", 0x6F, 0xC4),
    Network.REGTEST: ("bcrt", 0x6F, 0xC4),
    Network.SIMNET: ("sb", 0x3F, 0x7B),
}


def address(network: Network, version: int, program: bytes) -> str:
    """The on-chain address that a fallback's ``version`` and ``program`` stand for (BOLT-11).

    Segwit addresses are written as BIP-173 (version 0) and BIP-350 (the others) say. Versions
    0 to 16 are witness programs, :data:`P2PKH` and :data:`P2SH` hashes of 20 bytes. Raises
    ValueError where the program's length cannot be right for its version.
    """
    segwit, key_hash, script_hash = _WRITING[network]
    if version in (P2PKH, P2SH):
        if len(program) != _HASH_BYTES:
            raise ValueError("the hash is not 20 bytes long")
        return _base58check(bytes([key_hash if version == P2PKH else script_hash]) + program)
    if not 0 <= version <= 16:
        raise ValueError("there is no such address version")
    if version == 0 and len(program) not in (20, 32):
        raise ValueError("a version 0 program is 20 or 32 bytes long")
    if not 2 <= len(program) <= 40:
        raise ValueError("a witness program is 2 to 40 bytes long")
    kind = BECH32 if version == 0 else BECH32M
    return bech32_encode(segwit, bytes([version]) + quintets(program), kind)


def _base58check(payload: bytes) -> str:
    data = payload + sha256(sha256(payload).digest()).digest()[:4]
    number = int.from_bytes(data, "big")
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    return _BASE58[0] * (len(data) - len(data.lstrip(b"\0"))) + digits
