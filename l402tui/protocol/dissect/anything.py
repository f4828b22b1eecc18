"""Somebody pasted something from the L402 world: what is it?

Guesses by how it begins, from the most explicit mark to the least, and gives the tree of what it
is. A guess that is certain is kept: the error is then the one of that decoder. What is no single
thing is read as HTTP messages or as a recording where it is one, and is searched for L402 material
where it is neither.

What reads one kind of thing is imported only where that is at hand.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from l402tui.protocol.dissect.redact import redacted
from l402tui.protocol.errors import DecodeError, InvoiceError, MacaroonError
from l402tui.protocol.text import say
from l402tui.protocol.tree import Buffer, Mark, Node

__all__ = ["MAX_INPUT", "dissect"]

MAX_INPUT: Final = 262_144
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
_NO_BILL: Final = re.compile(r"payment[ \t]+required[.!]?", re.ASCII | re.IGNORECASE)
_BODY_ONLY: Final = (
    "that is the body of a 402 alone; the bill stands in its headers: give what curl -i prints"
)
_PAYMENT: Final = re.compile(r"Payment[ \t]+", re.ASCII | re.IGNORECASE)
_BILL: Final = re.compile(r"[ \t,](?:request|invoice)[ \t]*=", re.ASCII | re.IGNORECASE)
_PREIMAGE: Final = re.compile(r"[ \t,]preimage[ \t]*=", re.ASCII | re.IGNORECASE)
_PAID: Final = re.compile(r"[^\s:]+:[0-9a-fA-F]{64}", re.ASCII)
"""Token and preimage with nothing before them."""
_INVOICE: Final = re.compile(r"lightning:|ln(?:bc|tb|sb)[0-9a-z]", re.ASCII | re.IGNORECASE)
_SHORTEST_INVOICE: Final = 60
"""Characters: of what is shorter nothing could be told apart."""
_BILLS: Final = ("payment-required", "accept-payment", "payment-protocol")
"""Headers by which a server asks for something else than L402."""
_LINE: Final = "WWW-Authenticate"
_32_BYTES: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_TOO_LONG: Final = (
    "it is longer than 256 KiB (only a HAR file may have more: 16 MiB); of a long log give the "
    "lines in question"
)
_TRIED: Final = (
    "it does not begin as a challenge (L402 or WWW-Authenticate:), a credential (L402 or "
    "Authorization:) or an invoice (ln or lightning:); it is no token, no HTTP message (as curl -i "
    "or -v prints it), no HAR file and no JSON that asks for payment; and nothing of that kind "
    "stands in it"
)


def dissect(thing: bytes | str, *, now: float | None = None) -> Node:
    """The tree of a challenge (with or without the header's name, several lines too), a credential
    (with or without the header's name), an invoice (with or without ``lightning:``), a token of any
    kind in base64, hex, JSON or binary, a token with its discharges, a JSON body that asks for
    payment, or 64 hex characters. White space around it is ignored.

    HTTP messages (raw, from ``curl -i`` or ``curl -v``), a HAR file, and any text with L402
    material in it give a node "found" with a child for each; a single message its own tree.

    What is an invoice, a macaroon or a credential for certain and broken gives what can still be
    told of it, marked wrong. With ``now`` (unix seconds) caveats that have expired say so. Raises a
    DecodeError that says why it cannot be read, or what was tried; nothing else.
    """
    raw = thing.encode("utf-8", "surrogatepass") if isinstance(thing, str) else thing
    recording = _recording(raw, now)
    return redacted(_dissected(raw, now) if recording is None else recording)


def _dissected(raw: bytes, now: float | None) -> Node:
    if len(raw) > MAX_INPUT:
        raise DecodeError(_TOO_LONG, MAX_INPUT)
    if _BINARY.match(raw):
        from l402tui.protocol.dissect.binary import dissect_binary

        return dissect_binary(raw, now)
    raw = _utf8(raw)
    if _MESSAGE.search(raw):
        messages = _messages(raw, now)
        if messages is not None:
            return messages
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        found = _search(raw.decode("latin-1"), now)
        if found is not None:
            return found
        why = "it is neither text nor a binary macaroon (those begin with byte 2 or a v1 packet)"
        raise DecodeError(why, error.start) from None
    if not text.strip():
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
    """One thing where it is one and whole, else what is found in the text, else what is broken."""
    bare = text.strip()
    one: Node | None = None
    refused: DecodeError = DecodeError(_TRIED)
    try:
        one = _one(bare, now)
    except DecodeError as error:
        refused = error
    # A single word that cannot be read is told by its own decoder; there is nothing around it.
    alone = len(bare.split(None, 1)) == 1 and bare[0] not in "{[<"
    if one is not None and (alone or not _is_broken(one)):
        return one
    found = None if alone and one is not None else _search(text, now)
    if found is not None and (one is None or _is_more(found)):
        return found
    if one is None:
        raise refused
    return one


def _is_broken(tree: Node) -> bool:
    """Whether it was taken for an invoice or a macaroon by its beginning alone."""
    return tree.mark is Mark.BAD and tree.label.text in ("invoice", "macaroon")


def _is_more(found: Node) -> bool:
    """Whether something was found that is more than one broken thing."""
    good = [child for child in found.children if child.mark not in (Mark.WARN, Mark.BAD)]
    return bool(good) or len(found.children) > 1


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
    if _PAYMENT.match(text) and (_PREIMAGE.search(text) or not _BILL.search(text)):
        return None  # the answer to such a challenge looks like one
    if not all(_OURS.match(line) or _ANY_SCHEME.match(line) for line in lines):
        return None
    if _OURS.match(text) and not (_PARAM.search(text) or " " not in text):
        return None
    return _challenges(lines, now)


def _challenges(lines: list[str], now: float | None) -> Node:
    from l402tui.protocol.challenge import read_challenges
    from l402tui.protocol.dissect.challenge import dissect_challenge

    raw = [line.encode("utf-8", "surrogatepass") for line in lines]
    reading = read_challenges(raw)
    tree = dissect_challenge(reading, now=now)
    if any(_OURS.fullmatch(challenge.scheme) for challenge in reading.challenges):
        return tree
    other = _asked([(b"WWW-Authenticate", line) for line in raw], b"", now)
    if other is None:
        return tree
    lines_left = (_untold(child) for child in tree.children if child.label.text == _LINE)
    written = [line for line in lines_left if line.children]
    return replace(other, children=(*other.children, *written))


def _untold(line: Node) -> Node:
    """A header line without the challenges that another protocol's branch takes apart."""

    def told(part: Node) -> bool:
        if part.span is None:
            return False
        return _asked([(_LINE.encode(), part.span.bytes())], b"", None) is not None

    return replace(line, children=tuple(part for part in line.children if not told(part)))


def _asked(headers: list[tuple[bytes, bytes]], body: bytes, now: float | None) -> Node | None:
    """What a response asks for in another protocol; None where that is nothing that is known."""
    from l402tui.protocol.dialects import recognise
    from l402tui.protocol.dissect.dialect import dissect_dialect

    if recognise(402, headers, body).demand is None:
        return None
    return dissect_dialect(402, headers, body, now=now)


def _header(text: str, now: float | None) -> Node | None:
    """One header line: a credential, or what another protocol asks for."""
    if "\n" in text:
        return None
    header = _HEADER_LINE.fullmatch(text)
    if _PAID.fullmatch(text):
        name, value = "X-Payment", text
    elif header is not None:
        name, value = header[1], header[2]
    elif _OURS.match(text) or _PAYMENT.match(text):
        name, value = "Authorization", text
    else:
        return None
    from l402tui.protocol.credential import CREDENTIAL_HEADERS
    from l402tui.protocol.dissect.credential import dissect_credential_header

    if _NO_BILL.fullmatch(text):
        raise DecodeError(_BODY_ONLY)
    if name.lower() in _BILLS or (name.lower() == "x-cashu" and value.startswith("creq")):
        asked = _asked([(name.encode(), value.encode("utf-8", "surrogatepass"))], b"", now)
        if asked is not None:
            return asked
    if name.lower() in CREDENTIAL_HEADERS:
        return dissect_credential_header(name, value, now=now)
    return None


def _invoice(text: str, now: float | None) -> Node | None:
    if not _INVOICE.match(text):
        return None
    from l402tui.protocol.dissect.invoice import dissect_invoice
    from l402tui.protocol.invoice import Invoice, strip_uri

    bare = strip_uri(text)
    # Its checksum shows whether the line breaks of a terminal or a mail belong there.
    bare = "".join(line.strip() for line in bare.splitlines())
    try:
        return dissect_invoice(Invoice.decode(bare, lenient_features=True), now=now)
    except InvoiceError as error:
        if len(bare) < _SHORTEST_INVOICE:
            raise
        from l402tui.protocol.dissect.invoice_broken import dissect_broken_invoice

        return dissect_broken_invoice(bare, error, now=now)


def _bytes(text: str, _now: float | None) -> Node | None:
    if not _32_BYTES.fullmatch(text):
        return None
    from l402tui.protocol.dissect.found import dissect_32_bytes

    return dissect_32_bytes(text)


def _body(text: str, now: float | None) -> Node | None:
    """The JSON body of a 402."""
    if text[0] not in "{[":
        return None
    from l402tui.protocol.body_challenge import Means, read_body_challenge
    from l402tui.protocol.dissect.challenge import dissect_body_challenge
    from l402tui.protocol.dissect.parts import Place

    body = text.encode("utf-8", "surrogatepass")
    asked = _asked([], body, now)
    trees = [] if asked is None else [asked]
    bill = read_body_challenge(body)
    if bill is not None and (bill.meaning(Means.TOKEN) and bill.meaning(Means.INVOICE)):
        place = Place(Buffer(say("body"), body))
        trees.append(dissect_body_challenge(bill, place, None, now))
    if len(trees) == 1:
        return trees[0]
    return Node(say("body of a 402"), children=tuple(trees)) if trees else None


def _value(text: str, now: float | None) -> Node | None:
    """The value of a header by which a server asks for something else than L402."""
    name = b"x-cashu" if text.startswith("creq") else b"payment-required"
    if not text.startswith(("creq", "eyJ")) or (name != b"x-cashu" and not _says_x402(text)):
        return None
    return _asked([(name, text.encode("utf-8", "surrogatepass"))], b"", now)


def _says_x402(text: str) -> bool:
    from l402tui.protocol.spelling import unspell

    try:
        return b'"x402Version"' in unspell(text)[1]
    except MacaroonError:
        return False


def _several(text: str, now: float | None) -> Node | None:
    """A token and its discharges, one behind the other."""
    from l402tui.protocol.dissect.binary import dissect_several

    return dissect_several(text, now)


def _token(text: str, now: float | None) -> Node | None:
    """A token of a kind that is known; any other word would do for an opaque one."""
    from l402tui.protocol.dissect.token import dissect_token
    from l402tui.protocol.macaroon import Token
    from l402tui.protocol.pasted import unwrap
    from l402tui.protocol.token import TokenKind, read_token

    try:
        token = read_token(unwrap(text)[0])
    except MacaroonError:
        return dissect_token(text, now=now)
    unknown = (TokenKind.OPAQUE, TokenKind.JSON) if text[0] == "{" else (TokenKind.OPAQUE,)
    if not isinstance(token, Token) and token.kind in unknown:
        return None
    return dissect_token(text, now=now)


_GUESSES: Final[tuple[Callable[[str, float | None], Node | None], ...]] = (
    _challenge,
    _header,
    _invoice,
    _bytes,
    _body,
    _value,
    _several,
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
    if text.lstrip()[:1] not in ("{", "["):
        return None
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
