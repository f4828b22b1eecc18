"""What does the tree of a token say that is no macaroon?

The sentences, apart from the code that places them. Places in braces are filled in there.
"""

from __future__ import annotations

from typing import Final

from l402tui.protocol.broken_macaroon import What
from l402tui.protocol.foreign import Role, TokenKind, Trust

KIND: Final = {
    TokenKind.UNSIGNED_JSON: "It stands where a macaroon belongs and is none: a JSON object of "
    "plain facts.",
    TokenKind.CHAINED_JSON: "It is called a macaroon and is none: JSON with caveats of key and "
    "value and a signature in hex, SettleGrid's form. No macaroon library reads it.",
    TokenKind.SIGNED_JSON: "It is called a macaroon and is none: JSON with a payload, itself JSON "
    "written as a text, and one signature over that text, cashu-l402's form.",
    TokenKind.PAYLOAD_HMAC: "It is no macaroon: JSON in base64url, a dot, and 32 bytes of HMAC in "
    "hex over what stands before the dot.",
    TokenKind.RUNE: "A rune: 32 bytes of authentication code and restrictions in text. It serves "
    "the same end as a macaroon, in another form.",
    TokenKind.JWT: "A JSON Web Token: a header, claims and a signature, each in base64url.",
    TokenKind.JSON: "It stands where a macaroon belongs and is none: a JSON object.",
    TokenKind.OPAQUE: "It is no macaroon and nothing else this program knows. It can still be sent "
    "back as it is, but nothing in it can be checked before paying.",
}
MACAROON_TRUST: Final = (
    "Only who has the root key could begin it; whoever holds it can add a caveat, and nobody can "
    "take one away."
)
TRUST: Final = {
    (TokenKind.UNSIGNED_JSON, Trust.UNSIGNED): "Nothing in it needs a key: anyone can write such a "
    "token for any payment hash and any time. Adding or dropping a field leaves no trace.",
    (TokenKind.CHAINED_JSON, Trust.CHAIN): "In this form each caveat is signed, as key=value, with "
    "HMAC-SHA256 under the signature before it. So whoever holds it can add a caveat, and nobody "
    "can take one away. Without the server's key that cannot be verified here.",
    (TokenKind.SIGNED_JSON, Trust.BLOB): "One signature over the whole payload. Whoever changes or "
    "adds anything breaks it, so it cannot be narrowed before it is handed on. Without the "
    "server's key it cannot be verified here.",
    (TokenKind.SIGNED_JSON, Trust.UNSIGNED): "Anyone can write another payload and put its digest "
    "behind it.",
    (TokenKind.PAYLOAD_HMAC, Trust.BLOB): "One HMAC over the whole payload. Whoever changes or "
    "adds anything breaks it, so it cannot be narrowed before it is handed on. Without the "
    "server's key it cannot be verified here.",
    (TokenKind.PAYLOAD_HMAC, Trust.UNSIGNED): "Anyone can write another payload and put its digest "
    "behind it.",
    (TokenKind.RUNE, Trust.CHAIN): "The code is a SHA-256 that begins with a secret only the "
    "server has and goes on over each restriction. So whoever holds it can add a restriction by "
    "hashing on, and nobody can take one away.",
    (TokenKind.JWT, Trust.BLOB): "One signature over header and claims. Whoever changes or adds "
    "anything breaks it, so it cannot be narrowed before it is handed on. It is not verified here.",
    (TokenKind.JWT, Trust.UNSIGNED): "Anyone can write other claims; a server that takes it checks "
    "nothing.",
    (TokenKind.JSON, Trust.UNKNOWN): "It can be read, but nothing in it shows how the server tells "
    "its own tokens from made-up ones.",
    (TokenKind.OPAQUE, Trust.UNKNOWN): "Only the server knows what it is; it may look it up or "
    "decrypt it.",
}
FORGED_HASH: Final = (
    "It is the payment hash of the invoice and nothing else: whoever sees the invoice has it too."
)
ROLE: Final = {
    Role.ISSUED: "When it was made: {} ({}).",
    Role.NOT_BEFORE: "It opens nothing before {} ({}).",
    Role.EXPIRY: "The token ends at {} ({}).",
    Role.RESOURCE: "What it is for. Whether a server holds to that is up to it.",
    Role.AMOUNT: "What was asked for it, in the server's own unit.",
    Role.LOCATION: "A hint where it comes from or is used.",
    Role.ID: "By this the server tells its tokens apart.",
    Role.ALGORITHM: "How the signature was made.",
    Role.PREIMAGE: "The payment's preimage inside the token: whoever has this token needs nothing "
    "else.",
    Role.SIGNATURE: "It could be verified only with a key that is not here (that is not "
    '"invalid").',
    Role.CAVEATS: "Conditions on the token. All of them have to hold; what a server does with one "
    "it does not know is its own choice.",
    Role.CAVEAT: "A condition. A server may enforce it, skip it or refuse the token.",
    Role.PAYLOAD: "What is signed: JSON, written as a text inside the JSON.",
    Role.RESTRICTION: "A restriction: it holds if the field {}.",
    Role.FIELD: "A field that no form gives a meaning to.",
}
NO_TIME: Final = "It should name a moment, but none can be read from it."
NOT_YET: Final = " That is still to come."
EXPIRED: Final = " That is over."
ANY_OF: Final = "A restriction with several alternatives; one of them has to hold."
COMPARE: Final = {
    "!": "is missing",
    "=": "is exactly this",
    "/": "is there and is not this",
    "^": "begins with this",
    "$": "ends with this",
    "~": "contains this",
    "<": "is a whole number below this",
    ">": "is a whole number above this",
    "{": "comes before this in the order of letters",
    "}": "comes after this in the order of letters",
    "#": "is anything at all: this is a comment",
}
BLOCK: Final = {
    "payload": "What is signed, decoded.",
    "header": "How the token is signed, decoded.",
    "claims": "What the token says, decoded.",
}
MORE: Final = "They are in the bytes, but too many to show one by one."
BROKEN: Final = (
    "It begins as a macaroon and cannot be read as one: {}. It can still be sent back as it is, "
    "but nothing in it can be checked before paying."
)
REMAINS: Final = "What is whole before that stands below; nothing of it is certain."
REMAIN: Final = {
    What.LOCATION: "A hint where the token is used.",
    What.IDENTIFIER: "Names the root key; in L402 it also holds the payment hash.",
    What.CAVEAT: "A condition on the token.",
    What.KEY: "The key of a third party's discharge, encrypted for the server.",
    What.ASKED: "Where a third party is to be asked.",
    What.SIGNATURE: "What stands in the place of the signature.",
}
NO_TOKEN: Final = "There is no token here: {}."
PASTED: Final = "It was read without what stands around it; a server gets it exactly as it came."
