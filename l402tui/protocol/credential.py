"""What opens the door once the invoice is paid?

A credential is the token and the preimage together: ``Authorization: L402 <token>:<preimage>``.
Whoever has both can use it, so both are :class:`~l402tui.protocol.secret.Secret` from the moment
they are read.

Source: L402 protocol specification (``Authorization``; several tokens are separated by commas).
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from l402tui.protocol.challenge import MAX_HEADER
from l402tui.protocol.errors import CredentialError
from l402tui.protocol.secret import Secret

__all__ = [
    "PREIMAGE_SIZE",
    "Credential",
    "ReadCredential",
    "TokenPart",
    "preimage_matches",
    "read_credential",
    "read_preimage",
]

PREIMAGE_SIZE: Final = 32
_HEX: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_SCHEME: Final = re.compile(r"(L402|LSAT)([ \t]+|$)", re.ASCII | re.IGNORECASE)
_VISIBLE: Final = re.compile(r"[!-~]+")


def preimage_matches(preimage: Secret | bytes, payment_hash: bytes) -> bool:
    """Whether sha256(preimage) is the payment hash: the only proof that an invoice was paid.

    ``preimage`` as 32 raw bytes; of any other length it matches nothing.
    """
    raw = preimage.reveal() if isinstance(preimage, Secret) else preimage
    return len(raw) == PREIMAGE_SIZE and hmac.compare_digest(sha256(raw).digest(), payment_hash)


def read_preimage(text: str) -> Secret:
    """A preimage written as 64 hex characters, white space around it ignored, as 32 raw bytes.

    Raises CredentialError, which does not quote it.
    """
    bare = text.strip()
    if not _HEX.fullmatch(bare):
        raise CredentialError("a preimage is 64 hex characters")
    return Secret(bytes.fromhex(bare))


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
        if not _VISIBLE.fullmatch(self.token.reveal().decode("latin-1")):
            raise CredentialError("the token holds characters that cannot stand in a header")

    def header_value(self, scheme: str = "L402") -> Secret:
        """The value of the ``Authorization`` header. ``scheme`` is ``L402`` or ``LSAT``.

        Raises CredentialError for another scheme.
        """
        if scheme not in ("L402", "LSAT"):
            raise CredentialError("the scheme is either L402 or LSAT")
        preimage = self.preimage.reveal().hex().encode()
        return Secret(scheme.encode() + b" " + self.token.reveal() + b":" + preimage)


class TokenPart(NamedTuple):
    """One of the tokens in a credential."""

    text: Secret
    start: int
    end: int
    """Its characters in the header value."""


@dataclass(frozen=True, slots=True)
class ReadCredential:
    """An ``Authorization`` value, taken apart."""

    scheme: str
    """As written."""
    tokens: tuple[TokenPart, ...]
    """One or more, in order."""
    preimage: Secret | None
    """32 raw bytes. None: nobody has paid for this token yet, or the preimage was left out."""
    preimage_start: int
    """Where its 64 hex characters begin; the end of the value where there are none."""
    colon: bool
    """Whether there is a colon. Without one it is a token alone."""

    @property
    def credential(self) -> Credential:
        """What can be sent again, all tokens together. Raises CredentialError where the preimage
        is missing."""
        if self.preimage is None:
            raise CredentialError("the preimage is missing", self.preimage_start)
        tokens = b",".join(part.text.reveal() for part in self.tokens)
        return Credential(Secret(tokens), self.preimage)


def read_credential(value: str) -> ReadCredential:
    """Take ``L402 token[,token…]:preimage`` apart (``LSAT`` and any case of the scheme too).

    The preimage is 64 hex characters in either case; one that is left out is no error here
    (:attr:`ReadCredential.preimage` is None), one that is malformed is. Raises CredentialError,
    which never quotes the value; offsets are characters of it.
    """
    if len(value) > MAX_HEADER:
        raise CredentialError("it is longer than 16 KiB", MAX_HEADER)
    match = _SCHEME.match(value)
    if match is None:
        raise CredentialError("it does not begin with L402 or LSAT and a space", 0)
    start, end = match.end(), len(value.rstrip(" \t"))
    colon = value.rfind(":", start, end)
    tokens_end = end if colon < 0 else colon
    if tokens_end <= start:
        raise CredentialError("there is no token in it", start)
    if not _VISIBLE.fullmatch(value, start, tokens_end):
        raise CredentialError("the token holds spaces or other characters that cannot be", start)
    parts = tuple(_split(value, start, tokens_end))
    preimage = None if colon < 0 else _preimage(value, colon + 1, end)
    preimage_start = end if colon < 0 else colon + 1
    return ReadCredential(match[1], parts, preimage, preimage_start, colon >= 0)


def _split(value: str, start: int, end: int) -> list[TokenPart]:
    parts: list[TokenPart] = []
    for text in value[start:end].split(","):
        if not text:
            raise CredentialError("a token between the commas is empty", start)
        parts.append(TokenPart(Secret(text), start, start + len(text)))
        start += len(text) + 1
    return parts


def _preimage(value: str, start: int, end: int) -> Secret | None:
    if start == end:
        return None
    if not _HEX.fullmatch(value, start, end):
        raise CredentialError(
            "what follows the colon is not a preimage of 64 hex characters", start
        )
    return Secret(bytes.fromhex(value[start:end]))
