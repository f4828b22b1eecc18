"""What do the headers of other payment protocols, of gRPC and of receipts say?"""

from __future__ import annotations

from typing import Final

HEADER: Final = {
    b"grpc-status": "How the gRPC call ended. 13 and 16 are what an unpaid call gets.",
    b"grpc-message": "The same in words, percent-encoded on the wire.",
    b"payment-required": "A request for payment by x402 version 2: JSON in base64.",
    b"payment-response": "What became of a payment by x402: JSON in base64.",
    b"x-payment-response": "What became of a payment by x402 version 1: JSON in base64.",
    b"payment-receipt": "A receipt of the Payment scheme: JSON in base64url.",
    b"payment-protocol": "Which payment protocol the body speaks.",
    b"accept-payment": "In a request: ways to pay that the client knows. In a response: a bill.",
    b"x-cashu": "A request for ecash (NUT-24).",
    b"x-settlegrid-protocol": "Which of SettleGrid's rails is asked for, or answers.",
    b"x-settlegrid-protocol-negotiation": "The body lists several ways to pay (SettleGrid).",
    b"x-l402-dry-run": "The server only tries out L402: this request was let through.",
    b"x-l402-dry-run-price-msat": "What it would have asked for, in millisatoshi.",
    b"x-l402-dry-run-challenge": "The challenge it would have sent. An example, not a bill.",
}
RECEIPT: Final = {
    "success": "Whether the payment went through.",
    "errorReason": "Why it did not.",
    "transaction": "The payment's name on its chain.",
    "network": "The chain.",
    "payer": "Who paid.",
    "amount": "How much.",
    "status": "What became of it.",
    "method": "The way it was paid.",
    "timestamp": "When.",
    "reference": "What names the payment; for lightning the payment hash.",
    "challengeId": "Which challenge it answered.",
    "extensions": "Additions to the protocol.",
}
RECEIPTS: Final = (b"payment-response", b"x-payment-response", b"payment-receipt")
"""The headers whose content is a receipt."""
ECASH: Final = "Ecash that the server gives back. Whoever has it has the money, so it is not shown."
REPEATED: Final = "The bill once more, in another header. It says the same as WWW-Authenticate."
CONTRADICTED: Final = (
    "A bill in another header, and another one than in WWW-Authenticate, which is what counts here."
)
BODY_BILL: Final = "The content. Here the bill is in it, taken apart under protocol."
UNAUTHORIZED: Final = (
    "A bill under status 401. The specification has 402 for it; 401 is what some servers answer to "
    "a credential that they do not accept."
)
"""For a 401 that carries an L402 challenge."""
