"""Write any invoice for a test, also those that must not exist.

It stands on the ``bech32`` package and not on the code under test.
"""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

from bech32 import CHARSET, bech32_encode, convertbits
from coincurve import PrivateKey

KEY = PrivateKey(sha256(b"the payee of every test invoice").digest())
PAYEE = KEY.public_key.format()
HASH = sha256(b"a preimage").digest()
SECRET = sha256(b"a payment secret").digest()
CREATED = 1_767_225_600
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

FieldSpec = tuple[str, list[int]]


def quintets(data: bytes) -> list[int]:
    values = convertbits(data, 8, 5)
    assert values is not None
    return list(values)


def number(value: int) -> list[int]:
    digits: list[int] = []
    while value:
        value, digit = divmod(value, 32)
        digits.insert(0, digit)
    return digits


def bits(*places: int) -> list[int]:
    return number(sum(1 << place for place in places))


P: FieldSpec = ("p", quintets(HASH))
S: FieldSpec = ("s", quintets(SECRET))
D: FieldSpec = ("d", quintets(b"a test"))
NINE: FieldSpec = ("9", bits(8, 14))
N: FieldSpec = ("n", quintets(PAYEE))
BASIC = (P, S, D, NINE)


def write(
    *fields: FieldSpec,
    prefix: str = "lnbcrt25u",
    high_s: bool = False,
    recovery_id: int | None = None,
    stray: tuple[int, ...] = (),
    key: PrivateKey = KEY,
    created: int = CREATED,
) -> str:
    """A signed invoice with those fields (BASIC where none is given)."""
    data = number(created)
    data = [0] * (7 - len(data)) + data
    for tag, values in fields or BASIC:
        data += [CHARSET.index(tag), len(values) >> 5, len(values) & 31, *values]
    data += stray
    size = -(-5 * len(data) // 8)
    packed = 0
    for value in data:
        packed = packed << 5 | value
    signed = prefix.encode() + (packed << (8 * size - 5 * len(data))).to_bytes(size, "big")
    signature = key.sign_recoverable(signed)
    if high_s:
        other = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
        signature = signature[:32] + other.to_bytes(32, "big") + bytes([signature[64] ^ 1])
    if recovery_id is not None:
        signature = signature[:64] + bytes([recovery_id])
    return str(bech32_encode(prefix, data + quintets(signature)))


def resealed(text: str, prefix: str) -> str:
    """The same data and signature behind another readable part, with the checksum made right."""
    values = [CHARSET.index(char) for char in text[text.rindex("1") + 1 : -6]]
    return str(bech32_encode(prefix, values))


def own_vectors() -> dict[str, Any]:
    path = Path(__file__).parent / "vectors" / "bolt11-own.json"
    return dict(json.loads(path.read_text()))


def shared_vectors(name: str) -> dict[str, Any] | None:
    """Vectors of others, read where they lie; None where they are not on this machine."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "vectors"
    path = Path(os.environ.get("L402TUI_SHARED_VECTORS", beside)) / name
    return dict(json.loads(path.read_text())) if path.is_file() else None
