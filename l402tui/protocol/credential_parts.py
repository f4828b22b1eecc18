"""What is a credential made of, in whichever header it came?

The value types that the readers of credentials share, and the one way a preimage is read from
text. Everything that opens something is a :class:`~l402tui.protocol.secret.Secret` from here on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from l402tui.protocol.errors import CredentialError
from l402tui.protocol.secret import Secret

__all__ = [
    "HEX_PREIMAGE",
    "PREIMAGE_SIZE",
    "VISIBLE",
    "Credential",
    "CredentialDeviation",
    "CredentialField",
    "CredentialForm",
    "ReadCredential",
    "TokenPart",
    "preimage_of",
]

PREIMAGE_SIZE: Final = 32
HEX_PREIMAGE: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
VISIBLE: Final = re.compile(r"[!-~]+")
_NOT_HEX: Final = re.compile(r"[^0-9a-fA-F]", re.ASCII)
_BASE64_32: Final = re.compile(r"[0-9A-Za-z+/_-]{43}=?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Credential:
    """A token and the preimage that paid for it."""

    token: Secret
    """The token's text, as the server gave it or as it was attenuated."""
    preimage: Secret
    """32 raw bytes."""

    def __post_init__(self) -> None:
        if len(self.preimage) != PREIMAGE_SIZE:
            raise CredentialError("a preimage is 32 bytes")
        if not VISIBLE.fullmatch(self.token.reveal().decode("latin-1")):
            raise CredentialError("the token holds characters that cannot stand in a header")

    def header_value(self, scheme: str = "L402") -> Secret:
        """The value of the ``Authorization`` header. ``scheme`` is ``L402`` or ``LSAT``.

        Raises CredentialError for another scheme.
        """
        if scheme not in ("L402", "LSAT"):
            raise CredentialError("the scheme is either L402 or LSAT")
        preimage = self.preimage.reveal().hex().encode()
        return Secret(scheme.encode() + b" " + self.token.reveal() + b":" + preimage)


class CredentialForm(Enum):
    """In which of the known ways somebody shows that they paid."""

    L402 = "token and preimage"
    """``Authorization: L402 <token>:<preimage>``, as the specification has it."""
    X_PAYMENT = "token and preimage in X-Payment"
    """The same without a scheme, in a header of its own."""
    MACAROON = "macaroon with the preimage inside"
    """The whole credential is one macaroon in hex with a ``preimage=`` caveat, as in gRPC
    metadata."""
    PAYMENT_HASH = "payment hash alone"
    """Access by the hash: the server remembers which invoices were paid."""
    PAYMENT_JSON = "Payment credential"
    """``Authorization: Payment <base64url of JSON>``: the challenge echoed, and a payload."""
    PAYMENT_PARAMS = "Payment credential as parameters"
    """``Authorization: Payment method="lightning", preimage="<hex>"``."""
    CASHU = "Cashu token"
    """Ecash: the money itself."""
    OTHER = "no L402 credential"


class CredentialDeviation(Enum):
    """A way of writing a credential that some servers do not read. Each value is a sentence."""

    UPPER_CASE_HEX = (
        "the preimage is in upper-case hex: servers that look for lower-case hex only take this "
        "for no credential at all"
    )
    SCHEME_CASE = (
        "the scheme is not in capitals: RFC 9110 allows any case, but servers that look for the "
        "exact letters L402 or LSAT do not see it"
    )
    SEVERAL_TOKENS = (
        "several tokens before the colon: the specification allows it, but servers that read "
        "everything before the colon as one token refuse it"
    )
    EMPTY_PREIMAGE = (
        "nothing follows the colon: this is how a client keeps a token that is not paid for yet"
    )
    NO_COLON = (
        "no colon: the token alone. Only servers that remember by themselves which invoice was "
        "paid can let it in"
    )
    HASH_ALONE = (
        "64 hex characters and no colon: that is no token but a payment hash, for servers that "
        "remember which hash was paid. (A preimage alone would look the same.)"
    )
    NOT_HEX = "the macaroon is not in hex: servers that read this header decode hex only"
    PREIMAGE_TWICE = (
        "the token holds more than one preimage caveat: servers that read them take the last one"
    )
    NO_PREIMAGE_INSIDE = (
        "there is no preimage caveat in it: either it is not paid for, or it is a macaroon of a "
        "Lightning node, which needs none and is no L402 credential"
    )
    PADDED = "the base64 is padded with =, which the Payment scheme leaves out"
    QUOTING = "the parameters are not written as RFC 9110 has it"


class TokenPart(NamedTuple):
    """One of the tokens in a credential."""

    text: Secret
    start: int
    end: int
    """Its characters in the header value."""


class CredentialField(NamedTuple):
    """Something else that a credential says, by name: ``challenge.id``, ``payload.preimage``."""

    name: str
    """From outside: show it through ``shown()`` only."""
    value: Secret
    """As text."""
    hidden: bool
    """Whether it may open something."""
    start: int = -1
    end: int = -1
    """Its characters in the header value; -1 where it lies inside something encoded."""


@dataclass(frozen=True, slots=True)
class ReadCredential:
    """A header that shows a payment, taken apart. Offsets are characters of the value."""

    scheme: str
    """As written; empty in headers that have none, and where showing it could give a secret
    away."""
    tokens: tuple[TokenPart, ...]
    """In order; one or more in the forms that have a token."""
    preimage: Secret | None
    """32 raw bytes. None: nobody has paid for this token yet, or the preimage was left out."""
    preimage_start: int
    """Where its 64 hex characters begin; the end of the value where there are none. In a macaroon
    in hex: where they begin once more in hex, which makes them 128. Where the preimage lies inside
    something encoded otherwise: -1."""
    colon: bool
    """Whether there is a colon. Without one it is a token alone."""
    form: CredentialForm = CredentialForm.L402
    preimage_end: int = 0
    payment_hash: bytes | None = field(default=None, repr=False)
    """32 bytes: the hash that is shown instead of a preimage."""
    due: bytes | None = None
    """32 bytes: the payment hash that the credential itself says it answers (Payment only)."""
    invoice: str | None = field(default=None, repr=False)
    """The invoice that the credential itself says it paid, not yet decoded (Payment only)."""
    fields: tuple[CredentialField, ...] = ()
    deviations: tuple[CredentialDeviation, ...] = ()
    problem: CredentialError | None = None
    """Why it is no usable credential, where it was read as far as it goes (``keep_going``)."""

    @property
    def credential(self) -> Credential:
        """What can be sent again, all tokens together. Raises CredentialError where the preimage
        is missing, and in the forms that are not token and preimage."""
        if self.form not in (CredentialForm.L402, CredentialForm.X_PAYMENT):
            raise CredentialError("it is not made of a token and a preimage", 0)
        if self.preimage is None:
            raise CredentialError("the preimage is missing", self.preimage_start)
        tokens = b",".join(part.text.reveal() for part in self.tokens)
        return Credential(Secret(tokens), self.preimage)


def preimage_of(text: str, start: int = 0) -> Secret:
    """A preimage written as exactly 64 hex characters, as 32 raw bytes.

    Raises CredentialError, which says what it is instead and never quotes it. ``start`` is where
    ``text`` begins, for the offset.
    """
    if HEX_PREIMAGE.fullmatch(text):
        return Secret(bytes.fromhex(text))
    if text[:2] in ("0x", "0X"):
        raise CredentialError("a preimage is written without 0x before it", start)
    wrong = _NOT_HEX.search(text)
    if wrong is None:
        size = len(text)
        why = f"the preimage should be 64 hex characters, here are {size}"
        raise CredentialError(why, start + min(size, 64))
    if _BASE64_32.fullmatch(text):
        why = "this is base64 of 32 bytes; a preimage goes as 64 hex characters"
        raise CredentialError(why, start)
    raise CredentialError(
        "a preimage is 64 hex characters, and this one is no hex", start + wrong.start()
    )
