"""What does the comparison of two things say?

The sentences, apart from the code that places them. Places in braces are filled in there.
"""

from __future__ import annotations

from typing import Final

from l402tui.protocol.kinship import Kinship

TOGETHER: Final = "they belong together"
APART: Final = "they do not belong together"
UNFIT: Final = "one of them does not fit together by itself"
NOTHING: Final = "nothing in them can be compared"
VERDICT: Final = {
    True: "Everything that can be compared agrees, for the reasons below.",
    False: "Something in them contradicts, for the reasons below.",
    None: "They name no payment hash, preimage or token that could be held against each other.",
}
VERDICT_UNFIT: Final = (
    "Something in them agrees, and one of them says two things at once: so it proves nothing about "
    "the other."
)
SIDE: Final = "What was found in it to compare."
TROUBLE: Final = "A part of it could not be used: {}."
MORE_TOKENS: Final = "It holds more tokens than are compared; the first 16 are."

SAME_HASH: Final = (
    "Both name this payment hash: {} of the first, {} of the second. One payment settles both."
)
OTHER_HASH: Final = (
    "The first names {} and the second names {}: they are about two different payments."
)
OPENS: Final = (
    "The SHA-256 of the preimage in the {} is the payment hash that the {} names: it is the proof "
    "that this was paid."
)
OPENS_NOT: Final = (
    "The SHA-256 of the preimage in the {} is {}, and the {} names another payment hash: this "
    "preimage proves nothing for it."
)
SAME_PREIMAGE: Final = "Both hold the same preimage."
OTHER_PREIMAGE: Final = "They hold different preimages: those of two different payments."
TWO_HASHES: Final = (
    "By itself the {} does not fit together: a part of it ({}) names {}, and another part ({}) "
    "names {}. The {} itself is for two different payments."
)
SEVERAL: Final = (
    "The {} names more than one payment, {} and {} among them; only what is told below was found "
    "in both."
)
NOT_ITS_OWN: Final = (
    "By itself the {} does not fit together: its preimage does not open the payment hash that it "
    "names."
)

HEX_IS_HASH: Final = "The 64 hex characters ({}) are the payment hash that the other names."
HEX_IS_HASH_OF: Final = (
    "The 64 hex characters ({}) are the payment hash of the preimage that the other holds."
)
HEX_OPENS: Final = (
    "The 64 hex characters ({}) are the preimage: their SHA-256 is the payment hash that the other "
    "names."
)
HEX_IS_PREIMAGE: Final = "The 64 hex characters ({}) are the preimage that the other holds."
HEX_IS_SECRET: Final = (
    "The 64 hex characters ({}) are the invoice's payment secret. In spite of its name that is "
    "public with the invoice; it is neither the preimage nor the payment hash."
)
HEX_FITS_NOT: Final = (
    "The 64 hex characters ({}) were tried as a payment hash and as a preimage. The other names "
    "or opens another hash, and their SHA-256 is another one too."
)
HEX_SAME: Final = "Both are the same 32 bytes. Whether preimage or payment hash cannot be told."
HEX_PAIR: Final = "The SHA-256 of the {} is the {}: a preimage and its payment hash."
HEX_STRANGERS: Final = "Neither is the SHA-256 of the other, and they are not the same 32 bytes."

TOKEN_SAME: Final = "It is the same token, byte for byte."
TOKEN_SPELLED: Final = (
    "It is the same macaroon, spelled otherwise: {} in the first, {} in the second. A server that "
    "compares tokens as text takes them for two."
)
KINSHIP: Final = {
    Kinship.SAME: TOKEN_SAME,
    Kinship.REWRITTEN: "It is the same macaroon in other bytes: identifier, caveats and signature "
    "are equal, the format or the location is not, and no signature covers those.",
    Kinship.CHILD: "The second was derived from the first: it begins with all its caveats, and "
    "its signature is the HMAC chain continued from the first one's signature over the {} more. "
    "Only who has the root key could make it without the first or one before that.",
    Kinship.PARENT: "The first was derived from the second: it begins with all its caveats, and "
    "its signature is the HMAC chain continued from the second one's signature over the {} more. "
    "Only who has the root key could make it without the second or one before that.",
    Kinship.FALSE_CHILD: "The second has the first one's identifier and caveats and {} more, but "
    "its signature is not the chain continued from the first one's. It was not derived from it: "
    "one of the two is changed, or signed with another key.",
    Kinship.FALSE_PARENT: "The first has the second one's identifier and caveats and {} more, but "
    "its signature is not the chain continued from the second one's. It was not derived from it: "
    "one of the two is changed, or signed with another key.",
    Kinship.RESIGNED: "Identifier and caveats are equal, the signatures are not: one of the two "
    "is changed, or signed with another key, or is a discharge that was bound to a token.",
    Kinship.SIBLING: "They have the same identifier and begin with the same {} caveats, then each "
    "goes on in its own way. If both are genuine they were derived from one token; only who has "
    "the root key, or that token, can tell.",
    Kinship.DISCHARGE: "The second is the discharge of a third-party caveat of the first: its "
    "identifier is what that caveat asks to confirm. Whether its signature is right only the "
    "server can tell, which can decrypt the caveat's key.",
    Kinship.DISCHARGED: "The first is the discharge of a third-party caveat of the second: its "
    "identifier is what that caveat asks to confirm. Whether its signature is right only the "
    "server can tell, which can decrypt the caveat's key.",
    Kinship.STRANGER: "The identifiers differ: these are two tokens, neither made from the other.",
}
ADDED: Final = "One of the two has it and the other has not."
ADDED_THIRD_PARTY: Final = (
    "One of the two has it and the other has not: with it the token is good only together with "
    "somebody else's discharge. L402 servers do not use such caveats."
)
ADDED_WIDER: Final = (
    "One of the two has it and the other has not. It allows more than caveat {}: {}. A caveat may "
    "only restrict; a verifier that looks at both may refuse the token."
)
MOVED: Final = " The locations differ too; no signature covers them, so that decides nothing."
NOT_64: Final = "it is {} hex characters, and a preimage or a payment hash has 64"
WITH_0X: Final = "it begins with 0x, which no preimage and no payment hash does here: leave it out"
ANY_WORD: Final = (
    "it is no challenge, credential, invoice, macaroon or preimage; as an opaque token it could be "
    "held against another token only"
)
OTHER_KIND: Final = "Of different kinds, {} and {}: neither was made from the other."
OTHER_TOKEN: Final = (
    "They are different tokens, and without a signature chain it cannot be checked whether one "
    "was made from the other."
)
UNREAD_TOKEN: Final = (
    "They are different texts, and at least one of them cannot be read: it cannot be checked "
    "whether one was made from the other."
)
SAME_PAYMENT: Final = " They are for the same payment all the same."

OTHER_INVOICE: Final = (
    "The invoices are for two different payments, {} and {}, whatever stands beside them."
)
SAME_INVOICE: Final = "It is the same invoice, character for character."
TWO_BILLS: Final = (
    "Two bills for one payment hash; they differ in {}. Pay only one of them: the preimage of the "
    "first payment is known to whoever forwarded it, so a second payment could be taken on the way."
)
