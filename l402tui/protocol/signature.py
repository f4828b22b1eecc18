"""Which key signed these bytes?

ECDSA over secp256k1, as invoices use it. A signature with its recovery id fits exactly one key, so
a key recovered from it only says who signed if the key means something to somebody already.
"""

from __future__ import annotations

from hashlib import sha256

__all__ = ["recover_key", "signed_by"]

# The library is imported where it is used: loading it takes longer than the rest of this room.


def recover_key(message: bytes, signature: bytes, recovery_id: int) -> bytes:
    """The compressed public key (33 bytes) by which ``signature`` (64 bytes, r and s) is right.

    Both values that s can have are accepted. Raises ValueError where no key fits.
    """
    from coincurve import PublicKey

    digest = sha256(message).digest()
    whole = signature + bytes([recovery_id])
    return PublicKey.from_signature_and_message(whole, digest, hasher=None).format()


def signed_by(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``key`` (33 bytes, compressed) signed ``message``; s must be the lower of its two.

    Raises ValueError where ``key`` is no point of the curve.
    """
    from coincurve import PublicKey

    return PublicKey(key).verify(_der(signature), sha256(message).digest(), hasher=None)


def _der(signature: bytes) -> bytes:
    """The signature as DER writes two numbers (X.690), which is how the library takes it."""
    out = b""
    for half in (signature[:32], signature[32:]):
        number = half.lstrip(b"\0") or b"\0"
        number = b"\0" + number if number[0] & 0x80 else number
        out += bytes([2, len(number)]) + number
    return bytes([0x30, len(out)]) + out
