"""Somebody pasted something from the L402 world: what is it?

Guesses by how it begins, from the most explicit mark to the least, and gives the tree of what it
is. A guess that is certain is kept: the error is then the one of that decoder. What is no single
thing is read as HTTP messages or as a recording where it is one, and is searched for L402 material
where it is neither.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable
from typing import Any, Final

from l402tui.protocol.challenge import read_challenges
from l402tui.protocol.dissect.challenge import dissect_challenge
from l402tui.protocol.dissect.credential import dissect_credential, dissect_credential_header
from l402tui.protocol.dissect.invoice import dissect_invoice
from l402tui.protocol.dissect.macaroon import dissect_macaroon
from l402tui.protocol.dissect.token import dissect_token
from l402tui.protocol.errors import CredentialError, DecodeError, MacaroonError
from l402tui.protocol.invoice import Invoice, strip_uri
from l402tui.protocol.macaroon import MAX_BYTES, Macaroon, Token
from l402tui.protocol.token import TokenKind, read_token
from l402tui.protocol.tree import Node

__all__ = ["MAX_INPUT", "dissect"]

MAX_INPUT: Final = 4 * MAX_BYTES
"""Bytes of input that are looked at: a token of 64 KiB in hex, and room for more. Only a HAR file
may be longer (:data:`~l402tui.protocol.har.MAX_HAR`)."""

_BINARY: Final = re.compile(rb"\x02[\x01\x02]|[0-9a-f]{4}location ")
_MESSAGE: Final = re.compile(rb"HTTP/\d| HTTP/\d|Response trailers received:")
_CHALLENGE_LINE: Final = re.compile(
    r"www-authenticate[ \t]*:[ \t]*(.*?)[ \t]*", re.IGNORECASE | re.DOTALL
)
_HEADER_LINE: Final = re.compile(r"([A-Za-z][A-Za-z-]{2,40})[ \t]*:[ \t]*(.*?)[ \t]*", re.DOTALL)
_OURS: Final = re.compile(r"(?:L402|LSAT)(?:[ \t]|$)", re.ASCII | re.IGNORECASE)
_PARAM: Final = re.compile(
    r"[ \t,\"'](?:token|macaroon|invoice|version)[ \t]*=[ \t]*[^:,=\s]", re.ASCII | re.IGNORECASE
)
_ANY_SCHEME: Final = re.compile(r"[\w-]+[ \t]+[\w-]+[ \t]*=[ \t]*\"", re.ASCII)
_INVOICE: Final = re.compile(r"ln(?:bc|tb|sb)[0-9a-z]", re.ASCII | re.IGNORECASE)
_32_BYTES: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_TOO_LONG: Final = (
    "it is longer than 256 KiB (only a HAR file may have more: 16 MiB); of a long log give the "
    "lines in question"
)
_TRIED: Final = (
    "it does not begin as a challenge (L402 or WWW-Authenticate:), a credential (L402, "
    "Authorization: or Macaroon:) or an invoice (ln or lightning:), it is no HTTP message (HTTP/ "
    "or what curl -i prints), no HAR file and no token, and nothing of that kind was found in it"
)


def dissect(thing: bytes | str, *, now: float | None = None) -> Node:
    """The tree of a challenge (with or without the header's name, several lines too), a credential
    (with or without the header's name), an invoice (with or without ``lightning:``), a token of any
    kind in base64, hex, JSON or binary, a JSON body that asks for payment, or 64 hex characters.
    White space around it is ignored.

    HTTP messages (raw, from ``curl -i`` or ``curl -v``), a HAR file, and any text with L402
    material in it give a node "found" with a child for each; a single message its own tree.

    With ``now`` (unix seconds) caveats that have expired say so. Raises a DecodeError that says why
    it cannot be read, or what was tried; nothing else.
    """
    raw = thing.encode("utf-8", "surrogatepass") if isinstance(thing, str) else thing
    recording = _recording(raw, now)
    if recording is not None:
        return recording
    if len(raw) > MAX_INPUT:
        raise DecodeError(_TOO_LONG, MAX_INPUT)
    if _BINARY.match(raw):
        return dissect_macaroon(Macaroon.decode(raw), now=now)
    raw = _utf8(raw)
    if _MESSAGE.search(raw):
        messages = _messages(raw, now)
        if messages is not None:
            return messages
    try:
        text = raw.decode().strip()
    except UnicodeDecodeError as error:
        found = _search(raw.decode("latin-1"), now)
        if found is not None:
            return found
        why = "it is neither text nor a binary macaroon (those begin with byte 2 or a v1 packet)"
        raise DecodeError(why, error.start) from None
    if not text:
        raise DecodeError("there is nothing in it")
    return _text(text, now)


def _recording(raw: bytes, now: float | None) -> Node | None:
    if b"log" not in raw[:256] and len(raw) <= MAX_INPUT:
        return None
    from l402tui.protocol.har import is_har, read_har

    if not is_har(raw):
        return None
    from l402tui.protocol.dissect.found import dissect_har

    return dissect_har(read_har(raw), now=now)


def _messages(raw: bytes, now: float | None) -> Node | None:
    """The messages in it; None where it is no HTTP, or where only a search may find something."""
    from l402tui.protocol.dissect.found import dissect_messages
    from l402tui.protocol.http_text import has_http, read_http

    if not has_http(raw):
        return None
    try:
        return dissect_messages(read_http(raw), now=now)
    except DecodeError:
        found = _search(raw.decode("utf-8", "replace"), now)
        if found is None:
            raise
        return found


def _utf8(raw: bytes) -> bytes:
    """The same without a byte order mark; UTF-16 (as some shells write files) becomes UTF-8."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return raw.decode("utf-16").encode()
        except UnicodeError:
            return raw
    return raw.removeprefix(codecs.BOM_UTF8)


# --- one thing, or a text with something in it ---------------------------------------------------


def _text(text: str, now: float | None) -> Node:
    """One thing where it is one, else what is found in it."""
    try:
        one = _one(text, now)
        if one is not None:
            return one
        refused = DecodeError(_TRIED)
    except DecodeError as error:
        refused = error
    # A single word that cannot be read is told by its own decoder; there is nothing around it.
    found = _search(text, now) if len(text.split(None, 1)) > 1 or text[0] in "{[<" else None
    if found is None:
        raise refused
    return found


def _one(text: str, now: float | None) -> Node | None:
    for guess in _GUESSES:
        tree = guess(text, now)
        if tree is not None:
            return tree
    return None


def _challenge(text: str, now: float | None) -> Node | None:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    headers = [_CHALLENGE_LINE.fullmatch(line) for line in lines]
    if all(headers):
        return _challenges([header[1] for header in headers if header is not None], now)
    if not all(_OURS.match(line) or _ANY_SCHEME.match(line) for line in lines):
        return None
    if _OURS.match(text) and not (_PARAM.search(text) or " " not in text):
        return None
    return _challenges(lines, now)


def _challenges(lines: list[str], now: float | None) -> Node:
    reading = read_challenges([line.encode("utf-8", "surrogatepass") for line in lines])
    return dissect_challenge(reading, now=now)


def _credential(text: str, now: float | None) -> Node | None:
    if "\n" in text:
        return None
    if _OURS.match(text):
        return dissect_credential(text, now=now)
    header = _HEADER_LINE.fullmatch(text)
    if header is None or header[1].lower() == "lightning":
        return None
    try:
        return dissect_credential_header(header[1], header[2], now=now)
    except CredentialError as error:
        if "not known" in error.why:
            return None
        raise


def _invoice(text: str, _now: float | None) -> Node | None:
    bare = strip_uri(text)
    if bare == text and not _INVOICE.match(bare):
        return None
    return dissect_invoice(Invoice.decode(_unwrapped(bare), lenient_features=True))


def _bytes(text: str, _now: float | None) -> Node | None:
    if not _32_BYTES.fullmatch(text):
        return None
    from l402tui.protocol.dissect.found import dissect_32_bytes

    return dissect_32_bytes(text)


def _token(text: str, now: float | None) -> Node | None:
    """A token of a kind that is known; any other word would do for an opaque one."""
    bare = text if text[0] in "{[" else _unwrapped(text)
    try:
        token = read_token(bare)
    except MacaroonError as error:
        raise DecodeError(f"it begins as a macaroon, but {error.why}", error.offset) from None
    if not isinstance(token, Token) and token.kind is TokenKind.OPAQUE:
        return None
    return dissect_token(bare, now=now)


def _unwrapped(text: str) -> str:
    """The same without the line breaks that a terminal or a mail put in: an invoice's checksum and
    a token's structure show whether they belong there."""
    return "".join(line.strip() for line in text.splitlines())


_GUESSES: Final[tuple[Callable[[str, float | None], Node | None], ...]] = (
    _challenge,
    _credential,
    _invoice,
    _bytes,
    _token,
)


# --- searching -----------------------------------------------------------------------------------


def _search(text: str, now: float | None) -> Node | None:
    """What is found in the text; None where that is nothing."""
    from l402tui.protocol.dissect.found import dissect_finds
    from l402tui.protocol.find import find, find_in_json

    parsed = _json(text)
    finds = find(text) if parsed is None else find_in_json(parsed)
    return dissect_finds(finds, now=now) if finds.found else None


def _json(text: str) -> Any:  # JSON can be anything
    if text[0] not in "{[":
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
