"""What is a token whose parts are joined with dots?

``payload.HMAC`` or ``header.claims.signature``: one signature over all of the text before it. The
signature is not checked, because the key is the server's (or nobody's, which is noticed).

Source: RFC 7515 (JWS compact serialization), RFC 7519 (JWT claims; times are unix seconds).
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from hashlib import sha256
from typing import Final

from l402tui.protocol.caveats import Unit
from l402tui.protocol.foreign import DIGEST, Block, Foreign, Part, Role, TokenKind, Trust, opaque
from l402tui.protocol.spelling import Spelling
from l402tui.protocol.token_json import json_object

__all__ = ["read_dotted"]

_MAC: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


def read_dotted(text: str) -> Foreign:
    """A text with dots in it: payload and HMAC, a JWT, or opaque."""
    pieces = text.split(".")
    if len(pieces) == 2:
        return _payload_hmac(text, *pieces)
    if len(pieces) == 3:
        return _jwt(text, pieces)
    return opaque(text, "text with dots", "neither two nor three parts are joined by its dots")


def _payload_hmac(text: str, first: str, second: str) -> Foreign:
    raw, fields = _base64_object(first)
    if fields is None or not _MAC.fullmatch(second):
        tried = "of payload.HMAC, the first part is no base64 of a JSON object"
        if fields is not None:
            tried = "of payload.HMAC, the second part is not 64 hex characters"
        return opaque(text, "two parts with a dot", tried)
    mac = bytes.fromhex(second)
    digest = mac in (sha256(first.encode("ascii")).digest(), sha256(raw).digest())
    trust, note = (Trust.UNSIGNED, DIGEST) if digest else (Trust.BLOB, "")
    signature = Part(Role.SIGNATURE, "HMAC", second.encode("ascii"), 0, len(mac))
    blocks = Block("payload", raw, fields), Block("HMAC", mac, (signature,))
    return Foreign(TokenKind.PAYLOAD_HMAC, trust, text, "payload.HMAC", blocks, note)


def _jwt(text: str, pieces: list[str]) -> Foreign:
    written = "three parts with dots"
    head_raw, head = _base64_object(pieces[0])
    algorithm = next((part for part in head or () if part.name == "alg"), None)
    if head is None or algorithm is None or not algorithm.value:
        return opaque(text, written, "of a JWT, the first part is no header with an alg")
    claims_raw, claims = _base64_object(pieces[1], Unit.SECONDS)
    if claims is None:
        return opaque(text, written, "of a JWT, the second part is no base64url of JSON claims")
    signature = _base64url(pieces[2])
    if signature is None:
        return opaque(text, written, "of a JWT, the third part is no base64url")
    trust, note = Trust.BLOB, ""
    if algorithm.value.lower() == b"none":
        trust, note = Trust.UNSIGNED, "Its header says alg none: nobody has signed it."
    elif not signature:
        trust, note = Trust.UNSIGNED, "Its signature is left out; a server that checks refuses it."
    named = Part(Role.SIGNATURE, "signature", signature.hex().encode(), 0, len(signature))
    blocks = (
        Block("header", head_raw, tuple(_as_algorithm(part) for part in head)),
        Block("claims", claims_raw, claims),
        Block("signature", signature, (named,)),
    )
    return Foreign(TokenKind.JWT, trust, text, "header.claims.signature", blocks, note)


def _as_algorithm(part: Part) -> Part:
    if part.name != "alg":
        return part
    return Part(Role.ALGORITHM, part.name, part.value, part.start, part.end)


def _base64_object(text: str, unit: Unit = Unit.BY_SIZE) -> tuple[bytes, tuple[Part, ...] | None]:
    raw = _base64url(text)
    return (b"", None) if raw is None else (raw, json_object(raw, unit))


def _base64url(text: str) -> bytes | None:
    """The bytes of unpadded base64url, exactly spelled; None where it is none."""
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text, re.ASCII) or len(text) % 4 == 1:
        return None
    raw = a2b_base64(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))
    return raw if Spelling.URL_SAFE_UNPADDED.spell(raw) == text else None
