"""In which letters did the bytes of a token come?

A token travels as base64 in one of four spellings, or as hex; one in JSON may also stand as the
text it is. Which one it was is remembered, so that a changed token goes back spelled as its server
spells. Reading is strict: the spelling found
gives exactly the same text back.

Source: RFC 4648.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from enum import Enum
from typing import Final

from l402tui.protocol.errors import MacaroonError

__all__ = ["Spelling", "unbase64", "unspell"]


class Spelling(Enum):
    """How the bytes of a token are written as text (RFC 4648, or the JSON text itself)."""

    STANDARD = "base64"
    STANDARD_UNPADDED = "base64 without padding"
    URL_SAFE = "url-safe base64"
    URL_SAFE_UNPADDED = "url-safe base64 without padding"
    HEX = "hex"
    HEX_UPPER = "upper-case hex"
    JSON = "JSON text"
    """The bytes are UTF-8 text already."""

    def spell(self, raw: bytes) -> str:
        """``raw`` written this way. As JSON only what is UTF-8."""
        if self is Spelling.JSON:
            return raw.decode("utf-8")
        if self in (Spelling.HEX, Spelling.HEX_UPPER):
            return raw.hex() if self is Spelling.HEX else raw.hex().upper()
        text = b2a_base64(raw, newline=False).decode("ascii")
        if self in (Spelling.URL_SAFE, Spelling.URL_SAFE_UNPADDED):
            text = text.replace("+", "-").replace("/", "_")
        return text.rstrip("=") if "UNPADDED" in self.name else text


_HEX: Final = re.compile(r"(?:[0-9a-f]{2})+|(?:[0-9A-F]{2})+", re.ASCII)
_NOT_BASE64: Final = re.compile(r"[^A-Za-z0-9+/_=-]")


def unspell(text: str) -> tuple[Spelling, bytes]:
    """Which spelling this is, and the bytes. The spelling gives exactly ``text`` back.

    Text that begins with ``{`` is JSON; everything else is hex or base64, and nothing is both:
    base64 of a macaroon never looks like hex: v2 begins with ``Ag``, v1 with ``M``, JSON with ``e``
    and a letter hex does not have.
    """
    if text.startswith("{"):
        try:
            return Spelling.JSON, text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise MacaroonError("this character cannot be written as bytes", error.start) from None
    if _HEX.fullmatch(text):
        return (Spelling.HEX_UPPER if text != text.lower() else Spelling.HEX), bytes.fromhex(text)
    return unbase64(text)


def unbase64(text: str) -> tuple[Spelling, bytes]:
    """Which of the four base64 spellings this is, and the bytes. Gives exactly ``text`` back.

    Where a text would do for two spellings: no padding needed and none of ``+/-_`` in it means
    standard, padding left out means url-safe, because that is where it is customary.
    """
    wrong = _NOT_BASE64.search(text)
    if wrong is not None:
        raise MacaroonError("this character belongs to no base64 or hex", wrong.start())
    url_safe = "-" in text or "_" in text
    if url_safe and ("+" in text or "/" in text):
        raise MacaroonError("it mixes standard and url-safe base64")
    gap = -len(text) % 4
    try:
        standard = text.replace("-", "+").replace("_", "/") + "=" * (gap if gap < 3 else 0)
        raw = a2b_base64(standard.encode("ascii"), strict_mode=True)
    except Base64Error:
        raise MacaroonError("its base64 has a wrong length or padding", len(text)) from None
    if gap:
        spelling = (
            Spelling.STANDARD_UNPADDED if "+" in text or "/" in text else Spelling.URL_SAFE_UNPADDED
        )
    elif url_safe:
        spelling = Spelling.URL_SAFE if text.endswith("=") else Spelling.URL_SAFE_UNPADDED
    else:
        spelling = Spelling.STANDARD
    # Every letter before the last group has been looked at.
    rest = len(raw) - (len(raw) % 3 or 3)
    if spelling.spell(raw[rest:]) != text[rest // 3 * 4 :]:
        raise MacaroonError("its base64 has bits left over after the last byte", len(text) - 1)
    return spelling, raw
