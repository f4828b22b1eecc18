"""What is this token, whatever it calls itself?

Servers put many things where a macaroon belongs, and call all of them macaroons. This module tells
them apart by their structure alone: a token is named as a kind only when all of it parses as that
kind, and is opaque otherwise, with what was tried. Nobody's key is known here, so no signature is
checked; what is said of one is what its form promises.

Sources: RFC 7515 and RFC 7519 (JWT); :mod:`~l402tui.protocol.rune` for runes; the JSON forms are
those that servers of these names send.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from dataclasses import replace
from typing import Final

from l402tui.protocol.broken_macaroon import leading_bytes
from l402tui.protocol.caveats import Unit
from l402tui.protocol.errors import DecodeError, MacaroonError
from l402tui.protocol.foreign import (
    Block,
    Foreign,
    Part,
    Role,
    TokenKind,
    Trust,
    moment_of,
    opaque,
    role_of,
)
from l402tui.protocol.macaroon import MAX_BYTES, Token
from l402tui.protocol.rune import CODE_SIZE, Alternative, Compare, Restriction, read_rune
from l402tui.protocol.spelling import Spelling, unspell
from l402tui.protocol.token_dotted import read_dotted
from l402tui.protocol.token_json import read_json

__all__ = ["Foreign", "TokenKind", "Trust", "read_token", "trust_of"]

_V2: Final = (b"\x02\x01", b"\x02\x02")
_V1: Final = re.compile(rb"[0-9a-f]{4}location ")
_BASE64: Final = re.compile(r"(?P<letters>[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)(?P<padding>={0,2})")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def read_token(text: str) -> Token | Foreign:
    """What ``text`` is: a macaroon in any of its forms, or something foreign.

    ``text`` is one token exactly as it travels. Raises MacaroonError for what is a macaroon by its
    beginning but broken, for nothing at all, and for more than 64 KiB (128 KiB of text).
    """
    if not text:
        raise MacaroonError("it is empty", 0)
    if len(text) > 2 * MAX_BYTES:
        raise MacaroonError("its text is longer than 128 KiB", 2 * MAX_BYTES)
    if text[0] == "{":
        return _bare_json(text)
    if _UUID.fullmatch(text):
        return opaque(text, "a UUID", "a UUID is a number for the server's own books")
    if "." in text:
        return _dotted(text)
    try:
        spelling, raw = unspell(text)
    except MacaroonError as error:
        if _begins_as_macaroon(leading_bytes(text[:64])):
            raise
        cut = _with_stray_bits(text)
        if cut is not None:
            written = f"{_size(cut)} in base64 with stray bits at the end"
            return opaque(text, written, "its bytes do not begin as a macaroon")
        return opaque(text, "text", f"it is neither base64 nor hex: {error.why}")
    if len(raw) > MAX_BYTES:
        raise MacaroonError("it is longer than 64 KiB", MAX_BYTES)
    return _decoded(text, spelling, raw)


def trust_of(token: Token | Foreign) -> Trust:
    """Who could have made it, and whether its holder can narrow it."""
    return Trust.CHAIN if isinstance(token, Token) else token.trust


def _dotted(text: str) -> Token | Foreign:
    read = read_dotted(text)
    # Dots stand for what was left out, too.
    if read.kind is TokenKind.OPAQUE and _begins_as_macaroon(leading_bytes(text[:64])):
        return Token.read(text)
    return read


def _decoded(text: str, spelling: Spelling, raw: bytes) -> Token | Foreign:
    written = spelling.value
    if _begins_as_macaroon(raw):
        try:
            return Token.read(text)
        except MacaroonError:
            rune = _rune(text, raw, written)
            if isinstance(rune, Foreign):
                return rune
            raise
    if raw.lstrip(b" \t\r\n")[:1] == b"{":
        read = read_json(text, raw, written)
        if isinstance(read, Foreign):
            return read
        if read is None:
            return Token.read(text)
        return opaque(text, f"{_size(raw)} in {written}", read)
    rune = _rune(text, raw, written)
    if isinstance(rune, Foreign):
        return rune
    tried = f"its bytes begin neither as a macaroon nor as JSON, and it is no rune: {rune}"
    return opaque(text, f"{_size(raw)} in {written}", tried)


def _with_stray_bits(text: str) -> bytes | None:
    """The bytes of a text that is refused as base64 for nothing but the bits behind its last byte,
    which should be 0; None for any other."""
    base64 = _BASE64.fullmatch(text)
    if base64 is None:
        return None
    letters, padding = base64["letters"], base64["padding"]
    gap = -len(letters) % 4
    if gap == 3 or len(padding) not in (0, gap):
        return None
    return a2b_base64(letters.replace("-", "+").replace("_", "/") + "=" * gap)


def _begins_as_macaroon(raw: bytes) -> bool:
    return raw.startswith(_V2) or _V1.match(raw) is not None


def _size(raw: bytes) -> str:
    return "1 byte" if len(raw) == 1 else f"{len(raw)} bytes"


def _bare_json(text: str) -> Token | Foreign:
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) > MAX_BYTES:
        raise MacaroonError("it is longer than 64 KiB", MAX_BYTES)
    read = read_json(text, raw, "plain text")
    if read is None:
        return Token.read(text)
    return read if isinstance(read, Foreign) else opaque(text, "text", read)


def _rune(text: str, raw: bytes, written: str) -> Foreign | str:
    try:
        rune = read_rune(raw)
    except DecodeError as error:
        return error.why
    code = Part(Role.SIGNATURE, "authentication code", rune.code.hex().encode(), 0, CODE_SIZE)
    restrictions = tuple(_restriction(restriction, raw) for restriction in rune.restrictions)
    block = Block("rune", raw, (code, *restrictions))
    return Foreign(TokenKind.RUNE, Trust.CHAIN, text, written, (block,))


def _restriction(restriction: Restriction, raw: bytes) -> Part:
    parts = tuple(map(_alternative, restriction.alternatives))
    if len(parts) > 1:
        start, end = restriction.start, restriction.end
        # Of several alternatives none is sure to hold, so none of them names a hash or an end.
        parts = tuple(replace(part, role=Role.RESTRICTION, expiry=None) for part in parts)
        return Part(Role.RESTRICTION, "any of", raw[start:end], start, end, parts)
    return parts[0]


def _alternative(alternative: Alternative) -> Part:
    name, value = alternative.field.decode("utf-8"), alternative.value
    role, expiry = Role.RESTRICTION, None
    if not name:
        role, name = Role.ID, "id"
    elif alternative.compare is Compare.IS and role_of(name, value) is not Role.CAVEAT:
        role = role_of(name, value)
    elif alternative.compare is Compare.LESS and name == "time":
        expiry = moment_of(value.decode("latin-1"), Unit.SECONDS)
        role = Role.RESTRICTION if expiry is None else Role.EXPIRY
    start, end, compare = alternative.start, alternative.end, alternative.compare.value
    return Part(role, name, value, start, end, expiry=expiry, compare=compare)
