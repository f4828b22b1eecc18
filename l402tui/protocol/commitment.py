"""Which payment hash does a token name, whatever kind of token it is?

The one place where the answers for macaroons and for all other tokens come together. A token that
names none, or that cannot be read, gives None: then nothing can be compared.
"""

from __future__ import annotations

from l402tui.protocol.errors import DecodeError, MacaroonError
from l402tui.protocol.identifier import read_identifier
from l402tui.protocol.macaroon import Macaroon, Token
from l402tui.protocol.token import Foreign, read_token

__all__ = ["committed_hash", "readable_token"]


def readable_token(text: str) -> Token | Foreign | None:
    """The token, or None where it begins as a macaroon and cannot be read as one."""
    try:
        return read_token(text)
    except MacaroonError:
        return None


def committed_hash(token: Token | Foreign | Macaroon | None) -> bytes | None:
    """The 32 bytes of the payment hash that the token names for certain; None where it names none.

    In a macaroon that is what its identifier commits to.
    """
    if token is None:
        return None
    if isinstance(token, Foreign):
        return token.payment_hash
    macaroon = token.macaroon if isinstance(token, Token) else token
    try:
        return read_identifier(macaroon.identifier).payment_hash
    except DecodeError:
        return None
