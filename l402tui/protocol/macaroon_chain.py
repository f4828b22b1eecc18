"""How does a macaroon's signature follow from a key?

The HMAC-SHA256 chain: a key is derived from the root key, the identifier is signed with it, and
each caveat with the signature before it. A discharge is signed the same way, but with the key its
caveat carries, and then tied to the token it is sent with.

Source: libmacaroons ``macaroons.c``.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Final

from l402tui.protocol.macaroon_parts import Caveat

__all__ = ["bind_signature", "chain", "derive_key", "next_signature"]

_KEY_GENERATOR: Final = b"macaroons-key-generator"
_NO_KEY: Final = bytes(32)


def derive_key(root_key: bytes) -> bytes:
    """The 32-byte key that signs the identifier, from a root key of any length."""
    return hmac.digest(_KEY_GENERATOR, root_key, "sha256")


def next_signature(signature: bytes, cid: bytes, vid: bytes | None = None) -> bytes:
    """The signature after one more caveat."""
    if vid is None:
        return hmac.digest(signature, cid, "sha256")
    return _of_two(signature, vid, cid)


def chain(derived_key: bytes, identifier: bytes, caveats: Iterable[Caveat]) -> tuple[bytes, ...]:
    """Every step of the chain: after the identifier, then after each caveat.

    ``derived_key`` is what :func:`derive_key` gives, or what a third-party caveat's ``vid`` holds.
    """
    signature = hmac.digest(derived_key, identifier, "sha256")
    steps = [signature]
    for caveat in caveats:
        signature = next_signature(signature, caveat.cid, caveat.vid)
        steps.append(signature)
    return tuple(steps)


def bind_signature(root_signature: bytes, signature: bytes) -> bytes:
    """The signature of a discharge once it is tied to the token with ``root_signature``."""
    return _of_two(_NO_KEY, root_signature, signature)


def _of_two(key: bytes, first: bytes, second: bytes) -> bytes:
    """Both parts are hashed on their own first, so that neither can pass for the other."""
    both = hmac.digest(key, first, "sha256") + hmac.digest(key, second, "sha256")
    return hmac.digest(key, both, "sha256")
