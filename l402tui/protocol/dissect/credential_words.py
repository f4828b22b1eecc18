"""What do the trees of credentials say about each part?

The sentences, apart from the code that places them. Places in braces are filled in there.
"""

from __future__ import annotations

from typing import Final

from l402tui.protocol.credential import CredentialForm

FORM: Final = {
    CredentialForm.L402: "Token and preimage together. Whoever has both can use what was paid "
    "for, so keep it like cash.",
    CredentialForm.X_PAYMENT: "Token and preimage together, in a header that some servers read "
    "instead of Authorization. Whoever has both can use what was paid for.",
    CredentialForm.MACAROON: "A macaroon in hex that carries the preimage in a caveat, as gRPC "
    "clients send it: the metadata key is macaroon, and token since the specification of 2026. "
    "Whoever has it can use what was paid for.",
    CredentialForm.PAYMENT_HASH: "Access by the payment hash. A hash is no secret: everybody who "
    "sees the invoice sees it too. The server has to remember what was paid, and nothing here "
    "proves it.",
    CredentialForm.PAYMENT_JSON: "The Payment scheme, not L402: the server's challenge repeated, "
    "and what proves the payment. It is good for that one challenge, holds no token, and cannot "
    "be narrowed or passed on.",
    CredentialForm.PAYMENT_PARAMS: "The Payment scheme written as parameters, not L402: the "
    "preimage alone, without a token. It is good for one request.",
    CredentialForm.CASHU: "Ecash, not L402. Whoever has it can spend it: it is not a receipt, it "
    "is the money itself. It is not taken apart here.",
    CredentialForm.OTHER: "This is no L402 credential. It may open something for whoever reads "
    "it, so it is not shown.",
}
OTHER: Final = {
    "x402": "This is an x402 payment, not L402: a signed order to move a stablecoin on a public "
    "chain. It is not shown.",
    "Cashu": "This is a request for ecash, not ecash and no credential.",
}
PREIMAGE_INSIDE: Final = (
    "The preimage as a caveat of the token. With it the token is a credential by itself; a server "
    "that refuses caveats it does not know refuses this token."
)
INSIDE_SAME: Final = " It is the same one that follows the colon."
INSIDE_OTHER: Final = " It is not the one that follows the colon."
BAD_INSIDE: Final = "The caveat is called preimage but does not hold one: {}."
NO_PREIMAGE_INSIDE: Final = {
    "unpaid": "There is no preimage caveat: the token names a payment hash, but nothing here "
    "proves that it was paid.",
    "node": "There is no preimage caveat, and none belongs here: this is the macaroon of a "
    "Lightning node. It gives power over that node and is no L402 credential.",
    "unknown": "There is no preimage caveat, and the token names no payment hash: it may be the "
    "macaroon of some other service, and is no L402 credential.",
}
MORE_TOKENS: Final = "They are in the header, but too many to take apart one by one."
HASH_ITSELF: Final = (
    "What stands here is the payment hash itself, not its preimage. The hash is in the invoice "
    "for everyone to see; the preimage comes from paying it. A server will refuse this credential."
)
SEVERAL: Final = (
    "The SHA-256 of the preimage. There are several tokens, and each is held against it by itself."
)
PROOF_OF: Final = {
    None: "It names no payment hash to compare with.",
    True: "Its payment hash is the SHA-256 of the preimage: the invoice was paid.",
    False: "It names the hash {}, which this preimage does not open: a server that checks every "
    "token refuses the credential.",
}
PAYMENT_PROOF: Final = {
    None: "The SHA-256 of the preimage. The credential names no hash to compare it with.",
    True: "The SHA-256 of the preimage is the payment hash of the challenge that is answered here.",
    False: "The SHA-256 of the preimage is another hash than the one of the challenge that is "
    "answered here: a server will refuse it.",
}
PAYMENT_HASH: Final = "32 bytes that stand for an invoice. The server looks up whether it was paid."
FIELD: Final = "Repeated from the server's challenge, so that the server knows what is answered."
HIDDEN_FIELD: Final = "It may open something for whoever reads it, so it is not shown."
INVOICE: Final = "The invoice that the challenge asked for. "
TWO_HASHES: Final = (
    "The challenge names one payment hash and its invoice carries another: nothing is proved."
)
PROBLEM: Final = "As it is, no server can be expected to accept it."
