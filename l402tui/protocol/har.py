"""Which exchanges of a browser's or a proxy's recording have to do with L402?

Reads a HAR file (HTTP Archive 1.2) as developer tools export it, and gives the requests and
responses that carry L402 material or ask for payment, as messages. A recording holds hundreds of
exchanges; the others are only counted.

Source: the HTTP Archive 1.2 specification (``log.entries[]``: ``request``, ``response``,
``postData``, ``content``).
"""

from __future__ import annotations

import json
import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from l402tui.protocol.errors import DecodeError

__all__ = ["MAX_BODY", "MAX_CHOSEN", "MAX_HAR", "Har", "HarMessage", "is_har", "read_har"]

MAX_HAR: Final = 16 * 1024 * 1024
"""Bytes of a HAR file that are read; a longer one is refused."""
MAX_BODY: Final = 262_144
"""Bytes of one body that are kept; a longer one is left out, and its message says so."""
MAX_CHOSEN: Final = 64
"""Exchanges that are given; the others are counted."""
_MAX_HEADERS: Final = 1_000
_MAX_PARTS: Final = 2_000_000
"""Objects and lists, as far as their brackets show. A recording has one for some 40 bytes of it;
each takes a hundred bytes of memory, however few of the file."""

_BEGIN: Final = re.compile(rb'(?:\xef\xbb\xbf)?[ \t\r\n]*\{[ \t\r\n]*"log"[ \t\r\n]*:[ \t\r\n]*\{')
_ASKS: Final = (401, 402)
_TELLING: Final = (
    "macaroon",
    "grpc-metadata-macaroon",
    "x-payment",
    "payment-signature",
    "payment-required",
    "x-cashu",
)
"""Names of headers that carry a credential or a bill, whatever they hold."""
_SCHEME: Final = re.compile(r"(?:^|,)\s*(?:L402|LSAT|Payment|MPP|Cashu)(?:\s|$)", re.IGNORECASE)
_MATERIAL: Final = re.compile(
    r"(?<![0-9A-Za-z])ln(?:bcrt|bc|tbs|tb|sb)[0-9]{0,12}[munp]?1[02-9ac-hj-np-z]{100}"
    r"|\"(?:macaroon|lsat|l402)\"\s*:|(?<!\w)(?:L402|LSAT)\s++[\w-]++=",
    re.IGNORECASE,
)
_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++", re.ASCII)
"""RFC 9110 section 5.1. The pseudo-headers of HTTP/2 (``:path``) are no headers."""
_BREAKS: Final = re.compile(r"[\r\n]+")
_HTTP: Final = re.compile(r"HTTP/(\d(?:\.\d)?)|(h[23])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HarMessage:
    """One request or response, as :func:`~l402tui.protocol.dissect.dissect_message` takes it."""

    path: str
    """Where it stands in the file: ``log.entries[3].response``."""
    start_line: bytes
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    body: bytes = field(repr=False)
    trouble: str = ""
    """Why the body is not here, where it is not; our own words."""


@dataclass(frozen=True, slots=True)
class Har:
    """What was found in a recording."""

    total: int
    """Exchanges in the file."""
    chosen: int
    """Exchanges with L402 material, or with status 401 or 402. Where there are none, all."""
    telling: bool
    """False where there are none."""
    messages: tuple[HarMessage, ...]
    """Request and response of the first :data:`MAX_CHOSEN` of them, in order."""


def is_har(raw: bytes) -> bool:
    """Whether this begins as a HAR file does. Looks at its first bytes only."""
    return _BEGIN.match(raw) is not None


def read_har(raw: bytes) -> Har:
    """The exchanges of a HAR file that have to do with payment.

    Raises DecodeError where it is longer than 16 MiB, no JSON, or no HAR. What an entry lacks is
    left out.
    """
    if len(raw) > MAX_HAR:
        raise DecodeError("the HAR file is longer than 16 MiB", MAX_HAR)
    entries = _entries(_parsed(raw))
    telling = [number for number, entry in enumerate(entries) if _tells(entry)]
    chosen = telling or list(range(len(entries)))
    messages: list[HarMessage] = []
    for number in chosen[:MAX_CHOSEN]:
        entry, path = entries[number], f"log.entries[{number}]"
        request, response = _object(entry, "request"), _object(entry, "response")
        messages += [] if request is None else [_request(request, f"{path}.request")]
        messages += [] if response is None else [_response(response, f"{path}.response")]
    return Har(len(entries), len(chosen), bool(telling), tuple(messages))


# --- the file ------------------------------------------------------------------------------------


def _parsed(raw: bytes) -> Any:  # JSON can be anything
    # Those in texts are counted, too: they cannot be told apart without parsing.
    if raw.count(b"{") + raw.count(b"[") > _MAX_PARTS:
        raise DecodeError("the HAR file has more than 2,000,000 brackets: far too many parts")
    try:
        text = raw.decode("utf-8-sig")
        return json.loads(text, parse_constant=_no_number, object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        raise DecodeError("a HAR file is UTF-8, and this is not", error.start) from None
    except json.JSONDecodeError as error:
        raise DecodeError(f"the HAR file is no JSON: {error.msg}", error.pos) from None
    except RecursionError:
        raise DecodeError("the HAR file is nested too deeply") from None
    except DecodeError:
        raise
    except ValueError:  # a number of thousands of digits
        raise DecodeError("the HAR file holds a number that is too long") from None


def _no_number(word: str) -> NoReturn:
    raise DecodeError(f"the HAR file is no JSON: {word} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DecodeError("the HAR file is ambiguous: an object in it has the same name twice")
    return found


def _entries(parsed: Any) -> list[Any]:
    log = parsed.get("log") if isinstance(parsed, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise DecodeError("it is no HAR file: there is no list log.entries in it")
    return entries


def _object(parent: Any, name: str) -> dict[str, Any] | None:
    value = parent.get(name) if isinstance(parent, dict) else None
    return value if isinstance(value, dict) else None


def _text(parent: dict[str, Any], name: str) -> str:
    value = parent.get(name, "")
    return value if isinstance(value, str) else ""


# --- which exchanges -----------------------------------------------------------------------------


def _tells(entry: Any) -> bool:
    """Whether an exchange has to do with payment."""
    if not isinstance(entry, dict):
        return False
    request, response = entry.get("request"), entry.get("response")
    if isinstance(response, dict):
        content = response.get("content")
        body = _text(content, "text") if isinstance(content, dict) else ""
        if response.get("status") in _ASKS or _has_material(response) or _MATERIAL.search(body):
            return True
    return isinstance(request, dict) and _has_material(request)


def _has_material(message: dict[str, Any]) -> bool:
    for name, value in _pairs(message):
        known = name.lower()
        if known in _TELLING or _MATERIAL.search(value):
            return True
        if known in ("www-authenticate", "authorization") and _SCHEME.search(value):
            return True
    return False


def _pairs(message: dict[str, Any]) -> list[tuple[str, str]]:
    """The headers; one that came several times is joined by line breaks in some recordings."""
    found: list[tuple[str, str]] = []
    headers = message.get("headers")
    for header in headers[:_MAX_HEADERS] if isinstance(headers, list) else ():
        if not isinstance(header, dict):
            continue
        name, value = _text(header, "name"), _text(header, "value")
        if _NAME.fullmatch(name):
            found += [(name, part) for part in _BREAKS.split(value)[:_MAX_HEADERS]]
    return found[:_MAX_HEADERS]


# --- messages ------------------------------------------------------------------------------------


def _request(request: dict[str, Any], path: str) -> HarMessage:
    method, url = _word(_text(request, "method")) or "GET", _word(_text(request, "url")) or "/"
    line = f"{method} {url} {_version(request)}"
    posted = request.get("postData")
    text = _text(posted, "text") if isinstance(posted, dict) else ""
    encoding = _text(posted, "encoding") if isinstance(posted, dict) else ""
    return _message(path, line, request, text, encoding)


def _response(response: dict[str, Any], path: str) -> HarMessage:
    status = response.get("status")
    code = status if isinstance(status, int) and 0 <= status <= 999 else 0
    reason = " ".join(_text(response, "statusText").split())
    line = f"{_version(response)} {code:03d} {reason}".rstrip()
    content = response.get("content")
    text = _text(content, "text") if isinstance(content, dict) else ""
    encoding = _text(content, "encoding") if isinstance(content, dict) else ""
    return _message(path, line, response, text, encoding)


def _message(path: str, line: str, of: dict[str, Any], text: str, encoding: str) -> HarMessage:
    headers = tuple((_bytes(name), _bytes(value)) for name, value in _pairs(of))
    body, trouble = _body(text, encoding)
    return HarMessage(path, _bytes(line), headers, body, trouble)


def _body(text: str, encoding: str) -> tuple[bytes, str]:
    """The body's bytes, or why they are not here."""
    if encoding not in ("", "base64"):
        return b"", "the body is in an encoding that HAR does not have"
    if encoding == "base64":
        try:
            raw = a2b_base64("".join(text.split()).encode(), strict_mode=True)
        except (Base64Error, UnicodeEncodeError):
            return b"", "the body should be base64, and is not"
    else:
        raw = _bytes(text)
    if len(raw) > MAX_BODY:
        return b"", f"the body has {len(raw):,} bytes and is left out"
    return raw, ""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _word(text: str) -> str:
    """A method or an address, in one piece."""
    return "".join(text.split())


def _version(message: dict[str, Any]) -> str:
    """``HTTP/2``, however the recording writes it; 1.1 where it does not say."""
    match = _HTTP.match(_text(message, "httpVersion"))
    if match is None:
        return "HTTP/1.1"
    number = match[1] or match[2][1]
    return "HTTP/" + number.removesuffix(".0") if number != "1.0" else "HTTP/1.0"
