"""How is a header, an address or a sentence written down where a secret may stand in it?

The bytes that a person pays for, and what they paste, are theirs to see. What the program tells of
them besides, on a screen that is shared, in a log or in a report of a mistake, goes through here.
Names decide first (``Cookie``, ``api_key``), then what :mod:`~l402tui.protocol.leaks` knows, and in
sentences also the look of a word: in doubt it is a secret.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Final

from l402tui.protocol.leaks import Leaks, gives_away
from l402tui.protocol.text import Shown, shown
from l402tui.protocol.url import Url

__all__ = [
    "MASK",
    "is_secret_name",
    "looks_secret",
    "masked_fields",
    "masked_header",
    "masked_text",
    "masked_url",
    "shown_url",
]

MASK: Final = "(secret)"

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_WORDS: Final = frozenset((
    "secret", "secrets", "password", "passwd", "passphrase", "pwd", "token", "tokens", "apikey",
    "authkey", "accesskey", "secretkey", "credential", "credentials", "macaroon", "preimage",
    "cookie", "session", "sessionid", "sid", "jwt", "auth", "authorization", "bearer",
    "signature", "sig", "otp", "totp", "mnemonic", "seed", "rune", "cashu", "nwc", "privkey",
    "privatekey",
    "apitoken", "authtoken",
))  # fmt: skip
"""A name with one of these words in it is that of a secret."""
_KEY_OF: Final = frozenset((
    "api", "access", "auth", "secret", "private", "session", "client", "app", "master",
    "service", "admin", "signing", "account", "shared", "subscription", "license", "user",
    "root", "write", "read",
))  # fmt: skip
"""Before ``key``. A key of anything else (``Idempotency-Key``) opens nothing."""
_HARMLESS: Final = re.compile(
    r"(?:hash|digest|sha-?256|public|pubkey|www-authenticate|sec-websocket|accept|access-control|"
    r"ratelimit|csrf-?header|input\Z|count\Z|type\Z|expires|scheme|location)"
)
"""In a name: what belongs to it says something about a secret, and is none."""
_ALSO: Final = frozenset(
    {"x-payment", "payment-signature", "x-payment-hash", "grpc-metadata-token"}
)
_ASKED_FOR: Final = frozenset({"token", "x-cashu"})
"""Headers that in a response say what is asked for."""
_URL_NAMES: Final = frozenset({"key", "pass", "code", "k", "access", "state"})
"""In the query of an address these are short for what opens something."""

_PIECE: Final = re.compile(r"[A-Za-z0-9+_=-]{24,}", re.ASCII)
"""With a digit in it; a name of that length has none, or it is a path."""
_RUN: Final = re.compile(r"[A-Za-z0-9+/_=-]{40,}", re.ASCII)
_KINDS: Final = (re.compile(r"[a-z]"), re.compile(r"[A-Z]"), re.compile(r"[0-9]"))
_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


def looks_secret(text: str) -> bool:
    """Whether a preimage, a token or another key could be in it."""
    if any(re.search(r"\d", piece[0]) for piece in _PIECE.finditer(text)):
        return True
    runs = (run[0] for run in _RUN.finditer(text))
    return any(all(kind.search(run) for kind in _KINDS) for run in runs)


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Whether what stands behind this name (of a header, a parameter, a field) may open something
    for whoever reads it."""
    low = name.strip().lower()
    if low in _ALSO:
        return True
    if _HARMLESS.search(low):
        return False
    words = [word.lower() for word in _WORD.findall(name[:120])]
    if not _SECRET_WORDS.isdisjoint(words):
        return True
    return any(two == "key" and one in _KEY_OF for one, two in pairwise(words))


# --- headers and addresses -----------------------------------------------------------------------


def masked_header(name: bytes, value: bytes, *, received: bool = False) -> bytes:
    """The value of a header as it may be told: :data:`MASK` in place of a secret, behind the scheme
    of an ``Authorization``. ``received``: it came from a server."""
    given = name.decode("latin-1")
    low, mask = given.strip().lower(), MASK.encode()
    if low == "www-authenticate":
        return value  # the bill; a preimage in it would be the server's to lose
    if is_secret_name(given) and not (received and low in _ASKED_FOR):
        scheme, blank, rest = value.strip().partition(b" ")
        shows_scheme = blank and rest and low.endswith("authorization") and len(scheme) <= 20
        return scheme + b" " + mask if shows_scheme else mask
    if gives_away(value):
        return mask
    if b"?" in value or b"@" in value:
        return _masked_address(value.decode("latin-1")).encode("latin-1")
    return value


def masked_url(url: str) -> str:
    """An address without what its query may open. Path and names stay: they say what was asked."""
    if "?" not in url and "@" not in url:
        return MASK if gives_away(url.encode("utf-8", "surrogatepass")) else url
    masked = _masked_address(url)
    return MASK if gives_away(masked.encode("utf-8", "surrogatepass")) else masked


@lru_cache(maxsize=64)
def shown_url(url: Url, limit: int = 200) -> Shown:
    """The address, safe to show, and without secrets in its query."""
    return shown(masked_url(str(url)), limit)


_PARAMETER: Final = re.compile(r"(?<=[?&;#])([^=&;#\s\"'<>]{1,80})=([^&;#\s\"'<>]+)")
_LOGIN: Final = re.compile(r"(?<=://)[^/?#\s\"'<>@]{1,400}@")


def _masked_address(text: str) -> str:
    text = _LOGIN.sub(f"{MASK}@", text)
    return _PARAMETER.sub(_masked_parameter, text)


def _masked_parameter(found: re.Match[str]) -> str:
    name, value = found[1], found[2]
    if name.lower() in _URL_NAMES and len(value) < 6:
        return found[0]
    plain = "" if _UUID.fullmatch(value) else value.replace("%", "_")
    if name.lower() in _URL_NAMES or is_secret_name(name) or looks_secret(plain):
        return f"{name}={MASK}"
    return found[0]


# --- sentences -----------------------------------------------------------------------------------

_BYTES: Final = re.compile(r"\bb(?:'(?:[^'\\]|\\.){8,}'|\"(?:[^\"\\]|\\.){8,}\")", re.DOTALL)
"""Bytes as Python writes them."""
_CODE: Final = re.compile(r"(?:[^\\\s]{0,3}\\x[0-9a-fA-F]{2}){8,}[^\\\s]{0,32}")
_NAMED: Final = re.compile(
    r"(?<![A-Za-z0-9_.-])([A-Za-z][A-Za-z0-9_.-]{1,60})"
    r"\\?[\"']?\s{0,3}(?:[:=]|,(?=\s?b?[\"']))\s{0,3}"
)
"""A name and what separates it from its value."""
_VALUE: Final = re.compile(r"b?\\?([\"']).*?(?:\1|\Z)|[^\r\n\"']+", re.DOTALL)
"""In quotes, or to the end of the line."""
_PAIR: Final = re.compile(r"[^\s&;,)}\]\"']+")
"""Behind ``=`` it is short."""
_COUNTED: Final = re.compile(r"\d{1,7}(?![\w/+=-])|\(|‹")
"""Behind a name: it is counted, or masked already."""
_SCHEME_AND_VALUE: Final = re.compile(r"\b(Bearer|Basic|L402|LSAT|Digest)\s+\S{6,}")
_NWC: Final = re.compile(r"nostr\+?walletconnect:\S*", re.IGNORECASE)
_INVOICE: Final = re.compile(r"\bln(?:bc|tb|sb)[0-9a-z]{60,}", re.IGNORECASE)
_CANDIDATE: Final = re.compile(r"[A-Za-z0-9+/_=%~\\-]{20,}", re.ASCII)
_OF_A_HASH: Final = re.compile(r"(?:hash|digest|sha-?256|fingerprint)[\"']?[ :=]{0,3}\Z", re.I)


def masked_fields(text: str) -> str:
    """JSON or a form without the values whose names say that they are secret.

    What an invoice shows to everybody stays (its payment secret, a signature), and so does a value
    that is none.
    """
    without = _PARAMETER.sub(_masked_parameter, f"&{text}")[1:]
    return _without_named(without, public=_PUBLIC)


def masked_text(text: str) -> str:
    """A sentence, or any text that may hold one, without what could be a secret in it.

    For what is kept or sent on: logs and reports of mistakes. It hides too much rather than too
    little; only what is called a hash stays.
    """
    text = _BYTES.sub("(bytes)", text)
    text = _CODE.sub("(bytes)", text)
    text = _NWC.sub(MASK, text)
    text = _masked_address(text)
    text = _without_named(text)
    text = _SCHEME_AND_VALUE.sub(rf"\1 {MASK}", text)
    text = _INVOICE.sub(lambda found: f"{found[0][:12]}…{found[0][-6:]}", text)
    text = _without_leaks(text)
    return _CANDIDATE.sub(_masked_candidate, text)


_PUBLIC: Final = frozenset({"paymentsecret", "signature"})
_NO_VALUE: Final = re.compile(r"\s*(?:null\b|\"0*\"|'0*')")


def _without_named(text: str, public: frozenset[str] = frozenset()) -> str:
    parts: list[str] = []
    done = at = 0
    while found := _NAMED.search(text, at):
        at = found.end()
        if not is_secret_name(found[1]) or _COUNTED.match(text, at):
            continue
        if public and (
            re.sub(r"[_-]", "", found[1]).lower() in public or _NO_VALUE.match(text, at)
        ):
            continue
        pair = found[0].endswith("=") and text[at : at + 1] not in ("'", '"')
        value = (_PAIR if pair else _VALUE).match(text, at)
        if value is None:
            continue
        parts += [text[done:at], MASK]
        done = at = value.end()
    return "".join([*parts, text[done:]])


def _masked_candidate(found: re.Match[str]) -> str:
    word = found[0]
    if _OF_A_HASH.search(found.string, max(0, found.start() - 16), found.start()):
        return word
    if _UUID.fullmatch(word) or not _is_random(word):
        return word
    return MASK


def _is_random(word: str) -> bool:
    """Whether no name of anything looks like it."""
    if looks_secret(word.replace("%", "_").replace("\\", "_").replace("~", "_")):
        return True
    piece = max(re.split(r"[/\\]", word), key=len)
    if len(piece) >= 48:
        return True
    return len(piece) >= 32 and all(kind.search(piece) for kind in _KINDS[:2])


def _without_leaks(text: str) -> str:
    data = text.encode("utf-8", "surrogatepass")
    leaks = Leaks()
    if not leaks.look(data):
        return text
    parts: list[bytes] = []
    done = 0
    for start, end in sorted(leaks.places(data)):
        if end <= done:
            continue
        if start >= done:
            parts += [data[done:start], MASK.encode()]
        done = end
    parts.append(data[done:])
    return b"".join(parts).decode("utf-8", "surrogatepass")
