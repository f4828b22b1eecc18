"""How does the practice node ask for money?

With real BOLT-11 invoices for regtest (``lnbcrt...``): real hashes, a real signature, and the
feature bits an LND node would set. The ``bolt11`` library writes them, so that our own decoder is
held against another implementation. Everything follows from the node's seed.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from bolt11 import (
    Bolt11,
    Feature,
    FeatureExtra,
    Features,
    FeatureState,
    MilliSatoshi,
    Tag,
    TagChar,
    Tags,
    encode,
)
from coincurve import PrivateKey

from l402tui.protocol.amount import Msat
from l402tui.protocol.secret import Secret

__all__ = ["DEMO_SEED", "PracticeInvoice", "derive", "public_key", "signed_invoice"]

DEMO_SEED: Final = sha256(b"l402tui practice node").digest()
"""The seed of screenshots and printed examples: the same hashes every time."""

# The blocks an LND node asks for by default before a payment may time out (BOLT-11 field ``c``).
_FINAL_CLTV: Final = 80
_FEATURES: Final[dict[Feature | FeatureExtra, FeatureState]] = {
    Feature.var_onion_optin: FeatureState.required,
    Feature.payment_secret: FeatureState.required,
    Feature.basic_mpp: FeatureState.supported,
}


@dataclass(frozen=True, slots=True)
class PracticeInvoice:
    """An invoice of the practice node, with what only the payee knows."""

    text: str
    payment_hash: bytes
    preimage: Secret
    amount: Msat
    expires: float
    """Unix seconds."""


def derive(seed: bytes, *path: str | int) -> bytes:
    """32 bytes that follow from the seed and a path of names (HMAC-SHA256)."""
    return hmac.new(seed, "/".join(map(str, path)).encode(), sha256).digest()


def public_key(private: bytes) -> bytes:
    """The compressed public key (33 bytes) of a node's private key."""
    return PrivateKey(private).public_key.format(compressed=True)


def signed_invoice(
    seed: bytes, number: int, amount: Msat, description: str, *, created: int, expiry: int
) -> PracticeInvoice:
    """Write and sign invoice ``number`` of the node with this seed.

    ``created`` is in unix seconds, ``expiry`` in seconds from then, ``amount`` in msat.
    """
    preimage = derive(seed, "preimage", number)
    payment_hash = sha256(preimage).digest()
    tags = Tags(
        [
            Tag(TagChar.payment_hash, payment_hash.hex()),
            Tag(TagChar.payment_secret, derive(seed, "payment secret", number).hex()),
            Tag(TagChar.description, description),
            Tag(TagChar.expire_time, expiry),
            Tag(TagChar.min_final_cltv_expiry, _FINAL_CLTV),
            Tag(TagChar.features, Features.from_feature_list(_FEATURES)),
        ]
    )
    unsigned = Bolt11("bcrt", created, tags, MilliSatoshi(amount))
    text = encode(unsigned, derive(seed, "node key").hex())
    return PracticeInvoice(text, payment_hash, Secret(preimage), amount, created + expiry)
