"""What do the trees of macaroons, challenges, credentials and messages say about each field?

The sentences, apart from the code that places them. Places in braces are filled in there.
"""

from __future__ import annotations

from typing import Final

MACAROON: Final = (
    "A bearer token that anyone can narrow and nobody can widen: every caveat is signed with the "
    "signature before it."
)
NOT_A_MACAROON: Final = (
    "This is not a macaroon that can be read: {}. It can still be sent back as it is, but nothing "
    "in it can be checked before paying."
)
LOCATION: Final = (
    "A hint where the token is used. The signature does not cover it: anyone can change it, so "
    "nothing is decided by it."
)
IDENTIFIER: Final = (
    "Names the secret root key by which the server signed. In L402 it also holds the payment "
    "hash, and that ties the token to one invoice."
)
RAW_IDENTIFIER: Final = (
    "The payment hash alone. It ties the token to one invoice; the server finds its root key by it."
)
UNKNOWN_IDENTIFIER: Final = (
    "It commits to nothing that can be checked here: {}. Paying the invoice may or may not make "
    "this token good."
)
VERSION: Final = "Which layout the identifier has. 0 is the only one the specification knows."
SERIAL: Final = "32 random bytes by which the server tells its tokens apart and finds the root key."
HASH_ALONE: Final = (
    "SHA-256 of a preimage that only paying the invoice reveals. The invoice must carry the same "
    "hash; there is none here to compare."
)
HASH_MATCH: Final = (
    "The token commits to this invoice: paying it reveals the preimage whose SHA-256 is this hash, "
    "and that makes the token good."
)
HASH_MISMATCH: Final = (
    "The token and the invoice do not belong together: the invoice carries {}. Paying it would not "
    "make this token good."
)
CAVEATS: Final = (
    "Conditions on the token, in the order they were added. All of them have to hold. What a "
    "server does with one it does not know is its own choice."
)
NO_CAVEATS: Final = "Nothing restricts this token; whoever holds it may add a caveat."
MORE_CAVEATS: Final = "They are in the bytes, but too many to show one by one."
NO_TIME: Final = "It should say when the token ends, but no moment can be read from it."
NOT_A_CONDITION: Final = "There is no = in it, so it is no condition of the usual form."
SPACED: Final = " It is written with spaces around the =; they belong to the signed bytes."
WIDENS: Final = (
    " It repeats caveat {} and allows more: {}. A caveat may only restrict: a verifier that looks "
    "at both refuses the token or goes by the narrower one."
)
EXPIRED: Final = " That is over."
THIRD_PARTY: Final = (
    "Somebody else has to confirm this one: the token is good only together with a discharge "
    "macaroon from there. L402 servers do not use such caveats: token and preimage alone will not "
    "open anything."
)
THIRD_PARTY_LOCATION: Final = "Where the discharge macaroon is to be had. Not signed, only a hint."
THIRD_PARTY_ID: Final = "What the third party is asked to confirm, in a form it understands."
THIRD_PARTY_KEY: Final = "The key of the discharge macaroon, encrypted for the server that checks."
SIGNATURE: Final = (
    'root key unknown: cannot be verified here (that is not "invalid"). It is the end of a chain '
    "of HMAC-SHA256 that begins with a key only the server has."
)

CHALLENGE: Final = (
    "The server's bill: pay the invoice, then send the same request again with the token and the "
    "preimage."
)
OTHER_CHALLENGE: Final = "Another way to get in that the server offers. It is not L402."
SCHEME: Final = (
    "The protocol's name. LSAT is what L402 was called before 2023; servers may send both."
)
CHALLENGE_VERSION: Final = "The version of L402 that the server speaks; 0 where it does not say."
BEARER: Final = "The token to be paid for. It goes back to the server byte for byte. "
INVOICE: Final = "What has to be paid first. Its preimage is the other half of the credential. "
BAD_INVOICE: Final = "It cannot be read for certain and must not be paid: {}."
NOT_PAYABLE_INVOICE: Final = "It can be read, but must not be paid: {}."
PARAMETER: Final = "Not a parameter the specification knows. It changes nothing here."
TOKEN68: Final = "The whole content of this challenge in one word."
DEVIATION: Final = (
    "It is written in another way than the specification and RFC 9110 have it, but it can mean "
    "only one thing."
)
PROBLEM: Final = "This challenge is not used."
UNREAD: Final = "Reading stopped here; what follows in this line was not used."
BODY_ALONE: Final = (
    "The server gives its bill in the body, not in a header. Clients that go by the header do not "
    "find it."
)
BODY_BESIDE: Final = "The bill of the header once more, for those who read the body."
DISAGREES: Final = "The header and the invoice are what is paid; what the body says is only told."
BODY_FIELD: Final = {
    "payment hash": "SHA-256 of the preimage that paying reveals, as the invoice has it.",
    "amount": "The price as the body tells it. The invoice says what is really asked for.",
    "expiry": "For how many seconds the server says this is good.",
    "token format": "How the server says the token is to be sent.",
    "protocol": "What the server calls this way of paying.",
}
VERDICT: Final = "Nothing can be paid on this answer as it is."

CREDENTIAL: Final = (
    "Token and preimage together. Whoever has both can use what was paid for, so keep it like cash."
)
PAID_BEARER: Final = "The token as the server gave it, perhaps with caveats added. "
PREIMAGE: Final = (
    "The 32 bytes that paying revealed. Their SHA-256 is the payment hash: that proves the payment."
)
NO_PREIMAGE: Final = (
    "The preimage is missing: with the token alone nothing is proved. Paying the invoice reveals "
    "it."
)
PROOF: Final = {
    None: "The SHA-256 of the preimage. The token names no hash to compare it with.",
    True: "The SHA-256 of the preimage is the payment hash in the token: the invoice was paid.",
    False: "The SHA-256 of the preimage is another hash than the one in the token: a server will "
    "refuse this credential.",
}
BAD_CREDENTIAL: Final = "It is no credential that can be read: {}."
HIDDEN_HEADER: Final = "It may open something for whoever reads it, so it is not shown."

START_LINE: Final = {
    "request": "What is asked for: method, path and HTTP version.",
    "response": "The answer's status. 402 says that payment is required, and by itself not how.",
}
HEADER: Final = {
    b"www-authenticate": "How to get in. Each line holds one or more challenges.",
    b"authorization": "What the client shows to get in.",
    b"cache-control": "Whether copies may be kept. A bill should not be: no-store.",
    b"content-type": "What kind of data the body is.",
    b"content-length": "The body's length in bytes.",
    b"date": "When the server sent this, by its own clock.",
    b"location": "Where to go instead. A credential must not follow to another origin.",
    b"retry-after": "When to try again.",
    b"age": "It comes out of a cache and is this many seconds old.",
}
BODY: Final = "The content. In a 402 it is for people to read; the bill is in the headers."
EMPTY_BODY: Final = "There is no content."
