"""How does this program write a macaroon in JSON?

One spelling only, which the readers of libmacaroons, pymacaroons and Go's macaroon.v2 understand:
no white space, members always in the same order, the list of caveats also when it is empty,
url-safe base64 without padding. The reader is :mod:`~l402tui.protocol.macaroon_json`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.macaroon_parts import Caveat, Format
from l402tui.protocol.spelling import Spelling

__all__ = ["encode_json", "json_entry", "unpadded"]


def unpadded(value: bytes) -> bytes:
    """Url-safe base64 without padding."""
    return Spelling.URL_SAFE_UNPADDED.spell(value).encode()


def _text(value: bytes) -> bytes:
    try:
        return json.dumps(value.decode(), ensure_ascii=False).encode()
    except UnicodeDecodeError:
        raise MacaroonError("JSON v1 can hold nothing but UTF-8 text") from None


def _either(name: bytes, value: bytes) -> bytes:
    """A v2 member: text, or base64 where it is none or would need escapes."""
    try:
        text = _text(value)
    except MacaroonError:
        text = b""
    if len(text) == len(value) + 2:
        return b'"%b":%b' % (name, text)
    return b'"%b64":"%b"' % (name, unpadded(value))


def json_entry(
    format: Format, cid: bytes, vid: bytes | None = None, place: bytes | None = None
) -> bytes:
    """One caveat. Raises MacaroonError where JSON v1 cannot hold it."""
    if format is Format.JSON_V1:
        out = [b'"cid":' + _text(cid)]
        if vid is not None:
            out.append(b'"vid":"%b"' % unpadded(vid))
        if place is not None:
            out.append(b'"cl":' + _text(place))
    else:
        out = [_either(b"i", cid)]
        if vid is not None:
            out.append(b'"v64":"%b"' % unpadded(vid))
        if place is not None:
            out.append(_either(b"l", place))
    return b"{%b}" % b",".join(out)


def encode_json(
    format: Format,
    location: bytes | None,
    identifier: bytes,
    caveats: Sequence[Caveat],
    signature: bytes,
) -> bytes:
    """The parts as JSON, in the one spelling that this program writes.

    In v2 a value is text where that needs no escapes and base64 otherwise; keys and signatures are
    always base64. Raises MacaroonError where JSON v1 cannot hold them: it is for UTF-8 text.
    """
    entries = b",".join(json_entry(format, cid, vid, place) for cid, vid, place, *_ in caveats)
    if format is Format.JSON_V1:
        where = b"" if location is None else b',"location":' + _text(location)
        head = b'{"caveats":[%b]%b,"identifier":%b' % (entries, where, _text(identifier))
        return b'%b,"signature":"%b"}' % (head, signature.hex().encode())
    where = b"" if location is None else _either(b"l", location) + b","
    head = b'{"v":2,%b%b,"c":[%b]' % (where, _either(b"i", identifier), entries)
    return b'%b,"s64":"%b"}' % (head, unpadded(signature))
