"""What do the trees of other payment protocols say about each field?

One table a protocol, by the names on the wire. Sources are those of the decoders.
"""

from __future__ import annotations

from typing import Final

PROBLEM: Final = "It is not as the protocol says (byte {} of {})."
PROBLEM_ANYWHERE: Final = "It is not as the protocol says."
CONTENT: Final = "What the server says in this protocol, field by field."
INVOICE: Final = "A Lightning invoice inside the other protocol. "
NOT_PAID: Final = "This program pays L402 only, so it does not pay it."
DIFFERENT: Final = "Held against L402, where token and preimage together open the door."
AGAIN: Final = "L402: again and again, until a caveat or the server ends it."
HAND_ON: Final = "L402: whoever has the token can narrow it and hand it on."
TRUST: Final = "L402: nobody for the payment; the server for the service."
PROOF: Final = "L402: a preimage whose SHA-256 is the payment hash."
ALSO: Final = "The same answer asks for payment in this way too."
CANONICAL: Final = (
    "The draft has this JSON written in the one canonical form of RFC 8785, so that everyone who "
    "hashes it gets the same."
)
DECODED: Final = "The same, decoded out of base64."
TEST_MONEY: Final = " Money there is worth nothing."
ECASH_SCHEME: Final = "A request for ecash in a challenge of its own."
ECASH_FORMS: Final = {
    "creqA": "A payment request as NUT-18 writes it: CBOR in base64url.",
    "creqB": "A payment request as NUT-26 writes it: types, lengths and values in bech32m.",
}
UNKNOWN_NETWORK: Final = "A chain by its CAIP-2 name; which one that is, is not known here."
NO_METHOD: Final = "A payment method that is not known here."
NO_INTENT: Final = "An intent that is not known here."
EXPIRED: Final = " That is over."

X402: Final = {
    "x402Version": "The version of x402.",
    "error": "Why payment is required, in the server's words.",
    "resource": "What is being sold.",
    "resource.url": "Its address.",
    "resource.description": "What it is, in the server's words.",
    "resource.mimeType": "What kind of data it is.",
    "description": "What it is, in the server's words.",
    "mimeType": "What kind of data it is.",
    "accepts": "The ways to pay; one of them is enough.",
    "accepts.scheme": "How the amount is meant. exact: just that much; upto: at most that much.",
    "accepts.network": "The chain on which it has to be paid.",
    "accepts.amount": "How much, in the smallest unit of the asset.",
    "accepts.maxAmountRequired": "How much at most, in the smallest unit of the asset.",
    "accepts.asset": "The token to pay with: its contract or currency.",
    "accepts.payTo": "Who gets the money: an address on that chain.",
    "accepts.maxTimeoutSeconds": "How many seconds the payment may take.",
    "accepts.outputSchema": "What the answer looks like.",
    "accepts.extra": "What this scheme needs besides.",
    "accepts.extra.name": "What the token calls itself; the server's word only.",
    "accepts.extra.version": "The version of the token's signing domain.",
    "accepts.extra.decimals": "How many digits its smallest unit lies behind the point; the "
    "server's word only.",
    "accepts.extra.feePayer": "Who pays the chain's fee.",
    "accepts.extra.invoice": "The invoice to pay over Lightning.",
    "accepts.extra.paymentHash": "The invoice's payment hash, once more.",
    "extensions": "Additions to the protocol that the server knows.",
}
PAYMENT: Final = {
    "id": "Names this challenge; it goes back with the payment, unchanged.",
    "realm": "What part of the server the payment is for.",
    "method": "The way to pay.",
    "intent": "What kind of payment it is.",
    "request": "What has to be paid: canonical JSON (RFC 8785) in base64url.",
    "expires": "Until when the challenge can be answered (RFC 3339).",
    "digest": "The hash of the request's body, so that the payment buys just that request.",
    "description": "What it is for, in the server's words. Nothing is decided by it.",
    "opaque": "The server's own notes; they go back unchanged.",
    "invoice": "The invoice to pay over Lightning.",
    "amount": "How much, in the unit named beside it.",
    "currency": "The unit of the amount.",
    "scheme": "Which rails the server names.",
}
REQUEST: Final = {
    "amount": "How much, in the smallest unit of the currency; in a session: for each unit.",
    "currency": "The unit of the amount: sat, an ISO 4217 code, or a token's address.",
    "recipient": "Who gets the money, as the method names them.",
    "description": "What it is for, in the server's words.",
    "externalId": "The seller's own reference.",
    "methodDetails": "What the method needs besides.",
    "methodDetails.invoice": "The invoice to pay over Lightning. It is what counts.",
    "methodDetails.paymentHash": "The invoice's payment hash, once more.",
    "methodDetails.network": "The network of the invoice, once more.",
    "methodDetails.chainId": "The number of the chain.",
    "methodDetails.feePayer": "Whether the server pays the chain's fee.",
    "methodDetails.memo": "A note that goes onto the chain.",
    "methodDetails.splits": "Others who get a part of the amount.",
    "methodDetails.supportedModes": "Who may bring the payment onto the chain.",
    "methodDetails.networkId": "The seller's profile at the payment company.",
    "methodDetails.paymentMethodTypes": "What the seller can take: card, link and the like.",
    "methodDetails.metadata": "The seller's own notes.",
    "depositInvoice": "The invoice that opens the session or fills it up.",
    "depositAmount": "How much is deposited, in sat; the invoice must ask for the same.",
    "paymentHash": "The payment hash of the deposit's invoice.",
    "unitType": "What is counted.",
    "idleTimeout": "After how many quiet seconds the server ends the session.",
}
PROBLEM_DETAILS: Final = {
    "type": "Which problem it is, as an address (RFC 9457).",
    "title": "The problem in a few words.",
    "status": "The status code, once more.",
    "detail": "The problem in the server's words.",
    "instance": "Which occurrence of the problem it is.",
}
CASHU: Final = {
    "i": "Names the request; it goes back with the payment.",
    "a": "How much ecash.",
    "u": "The unit of the ecash.",
    "s": "Whether the request can be paid only once.",
    "m": "The mints whose ecash is taken.",
    "d": "What it is for, in the server's words.",
    "t": "Where the ecash goes. Missing: along with the request, in X-Cashu.",
    "t.t": "The way it goes: a message over nostr, or an HTTP POST.",
    "t.a": "Where to.",
    "t.g": "Details of the way.",
    "nut10": "A condition that the ecash has to be locked to.",
    "nut10.k": "P2PK: only a certain key may spend it. HTLC: only with a preimage.",
    "nut10.d": "That key or hash.",
    "nut10.t": "Further terms of the lock.",
    "pm": "Mints that are preferred.",
    "mint": "The mint whose ecash is taken.",
    "amount": "How much ecash.",
    "unit": "The unit of the ecash.",
}
OFFERS: Final = {
    "version": "The version of this protocol.",
    "payment_request_url": "Where to ask for an invoice, a checkout page or an address.",
    "payment_context_token": "Ties the purchase to this request.",
    "offers": "What is for sale; one of them is enough.",
    "offers.id": "Names the offer when it is bought.",
    "offers.title": "What it is, in the server's words.",
    "offers.description": "What it is, in the server's words.",
    "offers.type": "one-time, subscription or top-up.",
    "offers.amount": "The price in the smallest unit of the currency.",
    "offers.currency": "The currency of the price, not of the payment.",
    "offers.balance": "How much a top-up brings.",
    "offers.duration": "How long a subscription lasts.",
    "offers.payment_methods": "The ways in which it can be bought.",
    "terms_url": "The terms of the sale.",
    "metadata": "The server's own notes.",
    "error": "Why payment is required, in the server's words.",
}
RAILS: Final = {
    **X402,
    "accepts": "The rails; one of them is enough.",
    "accepts.scheme": "Which rail it is. sg-balance: an account at SettleGrid; exact: x402; mpp: "
    "the Payment scheme.",
    "accepts.provider": "Who handles the payment.",
    "accepts.costCents": "The price in US cents.",
    "accepts.amountCents": "The price in US cents.",
    "accepts.currency": "The currency of the price.",
    "accepts.topUpUrl": "Where the account is filled up.",
}
BARE: Final = {
    "invoice": "The invoice to pay over Lightning.",
    "payment_request": "The invoice to pay over Lightning.",
    "paymentRequest": "The invoice to pay over Lightning.",
    "bolt11": "The invoice to pay over Lightning.",
    "payment_hash": "By this hash the server knows who paid.",
    "paymentHash": "By this hash the server knows who paid.",
    "r_hash": "By this hash the server knows who paid.",
    "error": "Why payment is required, in the server's words.",
    "message": "What the server says about it.",
    "amount": "How much, in the server's words; the invoice is what counts.",
    "amount_sats": "How many sat, in the server's words; the invoice is what counts.",
}
MCP: Final = {
    "jsonrpc": "The version of JSON-RPC.",
    "id": "Which call this answers.",
    "result": "What the call came to.",
    "result.isError": "True: the tool did not run.",
    "result.content": "The same for people and for clients that read text only.",
    "result.content.type": "What kind of content it is.",
    "result.content.text": "The text.",
    "result.structuredContent": "The request for payment.",
    "result.paymentRequired": "The request for payment.",
    "result.resultType": "What kind of result it is.",
    "_meta": "What goes beside the message itself.",
    "error": "Why the call failed.",
    "error.code": "-32042: payment required.",
    "error.message": "The error in words.",
    "error.data": "The request for payment.",
    "httpStatus": "The HTTP status it corresponds to.",
    "challenges": "The ways to pay; one of them is enough.",
    "problem": "The problem in the form of RFC 9457.",
    "ai.bolthub/payment": "The request for payment.",
    "status": "That payment is required.",
    "price": "The price of a call.",
    "offers": "The ways to pay; one of them is enough.",
    "scheme": "The way to pay.",
    "amount": "How much, in the smallest unit.",
    "asset": "The unit of the amount.",
    "token": "The token that goes back with the proof.",
    "invoice": "The invoice to pay over Lightning.",
    "expiresAt": "Until when it can be paid, in milliseconds since 1970.",
}
MANIFEST: Final = {
    "version": "The version of the list.",
    "service": "Who sells.",
    "service.name": "The seller's name.",
    "service.description": "What is sold, in the server's words.",
    "service.base_url": "Where the endpoints are.",
    "service.categories": "What kind of service it is.",
    "l402": "How this server does L402.",
    "l402.default_price_sats": "The price in sat where an endpoint names none.",
    "l402.payment_flow": "How the payment goes.",
    "l402.capabilities": "What it can do besides.",
    "endpoints": "What is for sale.",
    "endpoints.path": "Where it is.",
    "endpoints.method": "How it is asked for.",
    "endpoints.summary": "What it is, in the server's words.",
    "endpoints.l402_enabled": "Whether it asks for L402.",
    "endpoints.pricing": "What it costs.",
    "endpoints.pricing.model": "What is counted.",
    "endpoints.pricing.base_price_sats": "The price in sat.",
}
ACCEPT_PAYMENT: Final = {
    "price": "The price in the server's words; the invoice is what counts.",
    "macaroon": "The token to be paid for.",
    "token": "The token to be paid for.",
    "invoice": "The invoice to pay over Lightning.",
}
