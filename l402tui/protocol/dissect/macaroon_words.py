"""What do the trees of macaroons say about identifiers, conditions and a node's own permissions?

The sentences, apart from the code that places them. Places in braces are filled in there.
"""

from __future__ import annotations

from typing import Final

from l402tui.protocol.caveats import UnitReason
from l402tui.protocol.dissect import words
from l402tui.protocol.identifier import Form
from l402tui.protocol.macaroon import Format
from l402tui.protocol.node_macaroon import Risk

FORMAT: Final = {
    Format.V1: "Format 1 is made of text packets; each begins with its own length in four hex "
    "digits.",
    Format.V2: "Format 2 is made of fields; each has a tag, a length and the value.",
    Format.JSON_V1: "The fields of format 1 as a JSON object; the signature is written in hex.",
    Format.JSON_V2: "The fields of format 2 as a JSON object with names of one letter; a 64 at the "
    "end of a name says that the value is base64.",
}

_TIES: Final = (
    " The hash ties the token to one invoice: only the preimage of that payment goes with it."
)
FORM: Final = {
    Form.L402: words.IDENTIFIER,
    Form.RAW_HASH: words.RAW_IDENTIFIER,
    Form.MARKED_HASH: "A byte 0xff, then the payment hash. It ties the token to one invoice; the "
    "server finds its root key by it.",
    Form.HEX_L402: "Version, payment hash and token id as 132 hex characters; they are signed as "
    "characters." + _TIES,
    Form.HEX_HASH: "The payment hash alone, as 64 hex characters. It ties the token to one "
    "invoice; the server finds its root key by it.",
    Form.GOB: "Version, payment hash and token id in the encoding of Go's gob package, which "
    "first writes down how its fields are called." + _TIES,
}
UNWRITTEN_VERSION: Final = "Which layout the identifier has. Gob leaves a zero out."

# --- conditions -----------------------------------------------------------------------------------

CLAIM: Final = "{} Whether it is enforced is up to the server. Known from {}."
"""The claim, and whose word it is."""
CLAIM_ONLY: Final = "{} Known from {}."
"""Where the claim says itself what servers do."""
ENDS: Final = "The token ends at {} ({}). Added again, it may only become earlier."
ENDS_FOR: Final = (
    "The token ends at {} ({}) for the service {}. Added again, it may only become earlier."
)
REASON: Final = {
    UnitReason.WORD: " A number under this name counts so.",
    UnitReason.SIZE: " Both seconds and milliseconds are in use under this name; the number's "
    "size fits only these.",
    UnitReason.DATE: "",
}
OTHERWISE: Final = " The number has the size of the other unit, though; in that it would be {}."
CAPABILITY: Final = "A limit on the capability {}. What it counts in is up to the service."
NO_NUMBER: Final = " No whole number can be read in it."
NO_NETWORK: Final = " No range of addresses can be read in it."
NO_MOMENT: Final = " No moment can be read in it."
NO_HASH: Final = " It is no payment hash."
THE_HASH: Final = " It is the one of the invoice."
ANOTHER_HASH: Final = " The invoice has another one: {}."
OTHER_SIGN: Final = " It is written with {} in the place of =."

TOGETHER: Final = (
    "What the conditions come to where one comes again or names an end: all of them have to hold."
)
IMPOSSIBLE: Final = (
    "Two conditions contradict each other: no request can satisfy both. A server that checks them "
    "opens nothing; one that does not know them may skip them."
)
ENDS_TOGETHER: Final = " After that it opens nothing, whatever else is allowed."
MORE_TOGETHER: Final = "They are worked out, but too many to show one by one."

# --- a node's own macaroon ------------------------------------------------------------------------

NODE: Final = (
    "A key to a Lightning node, not an L402 token: nothing is paid for it and no preimage belongs "
    "to it. Whoever has it can use the node as far as it says, so it must never be sent anywhere "
    "but to that node."
)
NODE_IDENTIFIER: Final = (
    "Byte 3 and a protobuf message: which root key signed, and what is permitted. It commits to "
    "no payment."
)
NODE_VERSION: Final = "The version of the identifier, as the bakery that lnd uses counts it."
NONCE: Final = "16 bytes that make two macaroons with the same permissions differ."
ROOT_KEY: Final = (
    "Which of the node's root keys signed it; 0 is the first. Deleting that key at the node ends "
    "every macaroon made with it."
)
PERMISSIONS: Final = {
    Risk.READS: "It can look at things and change none; what it sees is still private.",
    Risk.CHANGES: "It can change things at the node, but cannot send its money.",
    Risk.UNKNOWN: "What part of it allows is not known here; treat it as if it could move money.",
    Risk.MONEY: "It can move the node's money. Keep it like the money itself.",
}
BAKED: Final = " These are the permissions of the {} that lnd makes by itself."
MAY: Final = "May {}: {}."
CALL: Final = "May make this one call to the node: {}."
MORE_PERMISSIONS: Final = "They count for the risk, but are too many to show one by one."
