"""Somebody pasted something from the L402 world: what is it?

Guesses by how it begins, from the most explicit mark to the least, and gives the tree of what it
is. A guess that is certain is kept: the error is then the one of that decoder.
"""

from __future__ import annotations

import re
from typing import Final

from l402tui.protocol.challenge import read_challenges
from l402tui.protocol.dissect.challenge import dissect_challenge
from l402tui.protocol.dissect.credential import dissect_credential
from l402tui.protocol.dissect.invoice import dissect_invoice
from l402tui.protocol.dissect.macaroon import dissect_macaroon
from l402tui.protocol.errors import DecodeError, MacaroonError
from l402tui.protocol.invoice import Invoice, strip_uri
from l402tui.protocol.macaroon import MAX_BYTES, Macaroon, Token
from l402tui.protocol.tree import Node

__all__ = ["MAX_INPUT", "dissect"]

MAX_INPUT: Final = 4 * MAX_BYTES
"""Bytes of input that are looked at: a token of 64 KiB in hex, and room for more."""

_BINARY: Final = re.compile(rb"\x02[\x01\x02]|[0-9a-f]{4}location ")
_HEADER: Final = re.compile(r"www-authenticate[ \t]*:[ \t]*(.*?)[ \t]*", re.IGNORECASE)
_AUTHORIZATION: Final = re.compile(r"authorization[ \t]*:[ \t]*", re.IGNORECASE)
_OURS: Final = re.compile(r"(?:L402|LSAT)(?:[ \t]|$)", re.ASCII | re.IGNORECASE)
_PARAM: Final = re.compile(
    r"[ \t,](?:token|macaroon|invoice|version)[ \t]*=[ \t]*[^:,=\s]", re.ASCII | re.IGNORECASE
)
_ANY_SCHEME: Final = re.compile(r"[\w-]+[ \t]+[\w-]+[ \t]*=[ \t]*\"", re.ASCII)
_INVOICE: Final = re.compile(r"ln(?:bc|tb|sb)[0-9a-z]", re.ASCII | re.IGNORECASE)


def dissect(thing: bytes | str, *, now: float | None = None) -> Node:
    """The tree of a challenge (with or without the header's name, several lines too), a credential
    (with or without ``Authorization:``), an invoice (with or without ``lightning:``), or a token in
    base64, hex or binary. White space around it is ignored.

    With ``now`` (unix seconds) caveats that have expired say so. Raises a DecodeError that says why
    it cannot be read, or what was tried; nothing else.
    """
    raw = thing.encode("utf-8", "surrogatepass") if isinstance(thing, str) else thing
    if len(raw) > MAX_INPUT:
        raise DecodeError("it is longer than 256 KiB", MAX_INPUT)
    if _BINARY.match(raw):
        return dissect_macaroon(Macaroon.decode(raw), now=now)
    try:
        text = raw.decode().strip()
    except UnicodeDecodeError as error:
        why = "it is neither text nor a binary macaroon (those begin with byte 2 or a v1 packet)"
        raise DecodeError(why, error.start) from None
    if not text:
        raise DecodeError("there is nothing in it")
    return _text(text, now)


def _text(text: str, now: float | None) -> Node:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    headers = [_HEADER.fullmatch(line) for line in lines]
    if all(headers):
        return _challenge([header[1] for header in headers if header is not None], now)
    credential = _AUTHORIZATION.match(text)
    if credential is not None:
        return dissect_credential(text[credential.end() :], now=now)
    if _OURS.match(text):
        if _PARAM.search(text) or " " not in text:
            return _challenge(lines, now)
        return dissect_credential(text, now=now)
    if _ANY_SCHEME.match(text):
        return _challenge(lines, now)
    bare = strip_uri(text)
    if bare != text or _INVOICE.match(bare):
        return dissect_invoice(Invoice.decode(bare, lenient_features=True))
    return _token(text, now)


def _challenge(lines: list[str], now: float | None) -> Node:
    reading = read_challenges([line.encode("utf-8", "surrogatepass") for line in lines])
    return dissect_challenge(reading, now=now)


def _token(text: str, now: float | None) -> Node:
    try:
        return dissect_macaroon(Token.read(text), now=now)
    except MacaroonError as error:
        tried = (
            "it does not begin as a challenge (L402 or WWW-Authenticate:), a credential "
            "(L402 or Authorization:) or an invoice (ln or lightning:), and it is no token: "
        )
        raise DecodeError(tried + error.why, error.offset) from None
