"""What does an invoice's tree say about each kind of field?

The sentences of :mod:`~l402tui.protocol.dissect.invoice`, apart from the code that places them.
Places in braces are filled in there.
"""

from __future__ import annotations

from typing import Final

BROKEN: Final = (
    "This is no invoice that may be paid: {}. What can still be read of it is shown below, but "
    "nobody vouches for any of it."
)
BROKEN_PLACE: Final = "Here the reader gave up: {}."
UNSIGNED: Final = (
    "Whatever stands here was not checked: in a broken invoice a signature proves nothing."
)
UNKNOWN_NETWORK: Final = (
    "ln marks a Lightning invoice; the letters after it should name a chain, and name none that is "
    "known here."
)
REST: Final = "What could not be told apart."
INVOICE: Final = (
    "A request to be paid over Lightning (BOLT-11). Its fields say how much, what for, until when "
    "and to whom; the signature at the end covers all of them."
)
MAINNET: Final = (
    "ln marks a Lightning invoice; bc is the bitcoin main chain, so this is real money."
)
TEST_NETWORK: Final = (
    "ln marks a Lightning invoice; the letters after it name a test chain, whose coins are worth "
    "nothing. A wallet on another chain cannot pay it."
)
AMOUNT: Final = (
    "What has to be paid, in the readable part before the last 1: {} stands for {} {}. Nothing is "
    "rounded."
)
MULTIPLIERS: Final = {
    "": "bitcoin",
    "m": "thousandths of a bitcoin",
    "u": "millionths of a bitcoin",
    "n": "billionths of a bitcoin",
    "p": "trillionths of a bitcoin",
}
NO_AMOUNT: Final = (
    "The invoice names no amount: whoever pays it chooses. Nothing in it says what the seller "
    "will take as enough."
)
PAST: Final = " That is over: the payee is likely to refuse it. The server can give a new bill."
EMPTY_DESCRIPTION: Final = (
    "The seller left it empty: nothing in the invoice says what it is for. An invoice must have "
    "this field or a description hash."
)
SIGNATURE_RECOVERED: Final = (
    "The payee's signature over everything before it. No payee is named, so its key was worked out "
    "from the signature: a changed field would not break it but lead to another key."
)
SIGNATURE_NAMED: Final = (
    "The payee's signature over everything before it, checked against the key that the invoice "
    "names. It is right, so nobody but the holder of that key has written this."
)
RECOVERED_PAYEE: Final = (
    "The key of the node that is to be paid, recovered from the signature. It says who will be "
    "paid only if you know this key from elsewhere."
)
SKIPPED: Final = (
    "A field of this letter, but of a length or version that has no meaning. BOLT-11 tells readers "
    "to pass over it."
)
UNKNOWN: Final = (
    "No field with this letter is known here. BOLT-11 tells readers to pass over it, so that new "
    "fields can be added later."
)
REPEATED: Final = (
    "This field was there before and may be there only once. The first one counts here; a reader "
    "that takes the last one would see another invoice."
)
UNKNOWN_FEATURES: Final = (
    "What a payer must be able to do. At least one required feature is unknown here, so this "
    "invoice must not be paid with this program."
)
UNKNOWN_FEATURE: Final = "Even bits are required, and this one is unknown here: do not pay."
OTHER_FEATURE: Final = "A payer that does not know this feature may ignore it if its bit is odd."

FALLBACKS: Final = {
    0: "witness version 0 (segwit)",
    1: "witness version 1 (taproot)",
    17: "pay to public key hash",
    18: "pay to script hash",
}
WITNESS: Final = "witness version {}"

FEATURES: Final = {
    8: "The payment travels in an onion of variable size, the only form still in use.",
    14: "The payer has to show the payment secret, so that nobody on the way can probe the payee.",
    16: "The payment may arrive in several parts over several routes.",
    24: "The payee can hide the last part of the route from the payer.",
    36: "Failures come back with the time each hop took, so a slow or lying hop can be found.",
    48: "The payer sends the metadata field back with the payment.",
}

MEANING: Final = {
    "separator": (
        "The last 1 ends the readable part. After it each character is five bits; 1, b, i and o "
        "are never used there because they are easily misread."
    ),
    "timestamp": "When the payee made the invoice. The expiry counts from this moment.",
    "payment hash": (
        "Paying reveals the preimage whose SHA-256 is this. The preimage is the receipt, and in "
        "L402 it is the half of the credential that money buys."
    ),
    "payment secret": (
        "A random number that the payer returns inside the payment, so that nodes on the way "
        "cannot test who is paid. It is public with the invoice and proves nothing."
    ),
    "description": (
        "Written by the seller, about what is paid for. Nobody has checked that it is true."
    ),
    "description hash": (
        "The SHA-256 of a longer description, which the seller shows elsewhere. Whoever has that "
        "text can check that it is the one that was signed."
    ),
    "payee": (
        "The key of the node that is to be paid, named by the invoice itself. The signature was "
        "checked against it."
    ),
    "expiry": (
        "How long after its creation the invoice may be paid. Later the payee is likely to refuse, "
        "and a price may have changed."
    ),
    "min final CLTV expiry": (
        "Blocks the payee needs at the end to claim the payment safely; the payer's money can be "
        "locked that much longer."
    ),
    "fallback address": (
        "An on-chain address the seller would take instead. A payment to it reveals no preimage, "
        "so for L402 it buys nothing."
    ),
    "route hint": (
        "A way to a payee behind private channels: the last hops, which the public map of the "
        "network does not show. Their fees come on top of the amount."
    ),
    "hop": "A channel from this node towards the payee, with what it costs to pass through it.",
    "node": "The public key of the node at the start of this channel.",
    "channel": "Where the channel was opened: block, transaction in it, output of that (BOLT-7).",
    "base fee": "What the node takes for each payment it passes on, whatever its amount.",
    "proportional fee": "What it takes besides, as a share of the amount.",
    "CLTV delta": "Blocks this node wants between the deadline before it and the one after it.",
    "features": (
        "What a payer must or may be able to do. Even bits are required, odd bits are optional "
        "(BOLT-9)."
    ),
    "metadata": (
        "Bytes the payer sends back inside the payment, so that the payee need not remember the "
        "invoice."
    ),
    "recovery id": "Up to four keys fit a signature; this number says which one is meant.",
    "checksum": (
        "Six characters over all that went before (bech32), to catch slips of the pen. Anyone can "
        "compute it: it protects against mistakes, not against people."
    ),
}
"""By the field's name, as the tree labels it."""
