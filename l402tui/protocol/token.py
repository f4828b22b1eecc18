"""What is this token, whatever it calls itself?

Servers put many things where a macaroon belongs. This module tells them apart by their structure,
says what each one names, and who could have made it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon import MAX_BYTES, Token
from l402tui.protocol.spelling import unspell

__all__ = ["Foreign", "TokenKind", "Trust", "read_token", "trust_of"]


class Trust(Enum):
    """Who could have made a token, and whether it can be narrowed."""

    CHAIN = "signed chain"
    BLOB = "signed blob, cannot be attenuated"
    UNSIGNED = "unsigned, anyone can forge this"
    UNKNOWN = "opaque, nothing in it can be read"


class TokenKind(Enum):
    """What a token is, judged by its structure."""

    MACAROON = "macaroon"
    OPAQUE = "opaque token"


@dataclass(frozen=True, slots=True)
class Foreign:
    """A token that is no macaroon."""

    kind: TokenKind
    trust: Trust
    text: str = field(repr=False)
    payment_hash: bytes | None = field(default=None)


_V1_BEGIN: Final = b"location "


def read_token(text: str) -> Token | Foreign:
    """The token that ``text`` spells.

    Raises MacaroonError for what begins as a macaroon and is broken, for nothing at all, and for
    more than 128 KiB of text.
    """
    if not text:
        raise MacaroonError("it is empty", 0)
    if len(text) > 2 * MAX_BYTES:
        raise MacaroonError("its text is longer than 128 KiB", 2 * MAX_BYTES)
    try:
        _, raw = unspell(text)
    except MacaroonError:
        raw = b""
    if raw[:2] in (b"\x02\x01", b"\x02\x02") or raw[4:13] == _V1_BEGIN:
        return Token.read(text)
    return Foreign(TokenKind.OPAQUE, Trust.UNKNOWN, text)


def trust_of(token: Token | Foreign) -> Trust:
    """Who could have made it."""
    return Trust.CHAIN if isinstance(token, Token) else token.trust
