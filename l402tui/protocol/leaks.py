"""What in these bytes could be used by whoever reads them?

A preimage proves a payment, and nothing in 32 bytes says that they are one: it is known by the name
before it (``"payment_preimage": "…"``, ``X-Preimage: …``, ``<input name="preimage" value="…">``) or
by its place behind a token (``L402 token:…``). A macaroon needs nothing beside it where it is a
node's own, or where it holds the preimage. Both also travel inside base64 and hex.

In doubt it is one. What has a name of its own stays public: a payment hash, a payment secret, a
signature, and what is called the hash of a preimage.

Time is linear in the length of the bytes: every repetition is possessive or short.
"""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from l402tui.protocol.errors import IdentifierError
from l402tui.protocol.protobuf import read_fields

__all__ = ["SHORTEST", "Leaks", "gives_away", "is_node_identifier", "names_preimage"]

SHORTEST: Final = 42
"""Characters of a preimage in base64, less the last one, of which only four bits are sure."""
_DEEPEST: Final = 2
"""How many encodings one in the other are undone: JSON in base64 may hold a token in base64."""

_ATOM: Final = rb"(?:%2[bf]|\\/|[a-z0-9+/_-])"
"""A letter of base64 or hex, also as addresses and JSON write it."""
_ESCAPE: Final = rb"%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[nrt]|&#?\w{1,6};"
_WORDS: Final = (
    rb"is|was|equals?|values?|val|hex|hexadecimal|base64|b64|url|safe|encoded|text|string|str|type|"
    rb"hidden|input|content|data|bytes|raw|the|as|in|of"
)
"""What may stand between a name and its value. Any other word is another name."""


def _hex(number: int) -> bytes:
    """A few letters too many or too few are a mistyped preimage, which can be guessed."""
    return rb"(?:0x)?(?P<hex%d>[0-9a-f]{56,72})(?![0-9a-f])" % number


def _value(number: int) -> bytes:
    letters = rb"(?P<base%d>" % number + _ATOM + rb"{43})"
    return rb"(?:" + _hex(number) + rb"|" + letters + rb"(?:=|%3d)?(?!=|%3d|" + _ATOM + rb"))"


_NAMED: Final = re.compile(
    rb"preimage(?P<many>s(?![a-z]))?"
    rb"(?![\w-]{0,24}[ ]?(?:hash|sha-?256|digest))(?:[\w-]{0,24}+(?![\w-]))?"
    rb"(?:\W|_|" + _ESCAPE + rb"|" + _WORDS + rb"){0,32}?" + _value(1),
    re.IGNORECASE,
)
_ANOTHER: Final = re.compile(rb"[\s\"',\\]{1,40}+" + _value(1), re.IGNORECASE)
_OF_A_HASH: Final = re.compile(
    rb"(?:sha-?256|hash|digest)[ \t]?(?:\(|[ _-]?of[ _-](?:the[ _-])?)(?:\w{1,12}[ _-])?\Z",
    re.IGNORECASE,
)
"""Before the word: then what follows is the hash."""
_VALUE_FIRST: Final = re.compile(
    rb"(?<![0-9a-z+/_-])" + _value(1) + rb"[\\\"'\s,]{1,12}+(?:name|key|field|label)"
    rb"[\\\"'\s]{0,6}+[:=][\\\"'\s]{0,6}+[\w.-]{0,40}?preimage(?![\w-]{0,9}hash)",
    re.IGNORECASE,
)
_TOKEN_LETTER: Final = rb"(?:%(?!3a|2[0267]|3[ce])[0-9a-f]{2}|\\/|[^\s:%\"'<>\\])"
_MARK: Final = rb"(?:l402|lsat)"
_PAID: Final = re.compile(
    # the scheme, a token of any length and a preimage
    _MARK + rb"(?:[ \t+]|%20|\\u0020)++(?:[\\\"']|%22){0,4}+" + _TOKEN_LETTER + rb"{0,200}+"
    rb"(?::|%3a|\\u003a)(?:[ \t+]|%20){0,4}?" + _value(1)
    # a long token and a preimage
    + rb"|(?<![a-z0-9+/_=.~,%-])(?!(?<=\\)/)(?:%2[bfc]|%3d|\\/|[a-z0-9+/_=.~,-]){40,}+"
    rb"(?::|%3a|\\u003a)" + _hex(2)
    # the scheme as a name
    + rb"|(?<![a-z0-9])" + _MARK + rb"[\"']{0,2}+[ \t]{0,4}+[=:][ \t]{0,4}+[\"']{0,2}+" + _hex(3),
    re.IGNORECASE,
)  # fmt: skip
"""A credential; behind its scheme a token may be short, or missing where the server remembers."""
_RUN: Final = re.compile(
    rb"(?:(?<![a-z0-9+/_%-])|(?<=%[0-9a-f]{2}))(?<!%[0-9a-f])" + _ATOM + rb"{56,}+",
    re.IGNORECASE,
)
"""What may be something encoded. The digits of ``%3A`` before it do not belong to it."""
_SPELLED: Final = re.compile(
    rb"(?:(?<![a-z0-9+/_%-])|(?<=%[0-9a-f]{2}))(?<!%[0-9a-f])" + _ATOM + rb"{42,}+"
)
_WHOLE: Final = re.compile(_value(1) + rb"=?", re.IGNORECASE)
_ATOMS: Final = {b"%2b": b"+", b"%2B": b"+", b"%2f": b"/", b"%2F": b"/", b"\\/": b"/"}
_ODD_ATOM: Final = re.compile(rb"%2[bfBF]|\\/")
_NODE: Final = re.compile(
    rb"(?<=.)\x03\n\x10|identifier \x03[\n\x12\x1a]"
    rb"|\x02(?:[\x01-\x1f\x21-\x7f]|[\x80-\xff][\x01-\x07])\x03[\n\x12\x1a]",
    re.DOTALL,
)
"""Where the identifier of a node's own macaroon begins, with something before it: alone it opens
nothing, only with the signature."""
_NAME: Final = re.compile(r"preimage(?![\w -]*(?:hash|sha-?256|digest))", re.IGNORECASE)


def names_preimage(name: str) -> bool:
    """Whether a key, header or label says that what belongs to it is a preimage."""
    return _NAME.search(name) is not None


def is_node_identifier(identifier: bytes) -> bool:
    """Whether a macaroon with this identifier may be a node's own, though its fields may not be
    those that are known. Such a macaroon is a key by itself."""
    if identifier[:3] == b"\x03\n\x10":
        return True
    if identifier[:1] != b"\x03" or len(identifier) in (1, 32):
        return False
    try:
        return bool(read_fields(identifier, 1, len(identifier)))
    except IdentifierError:
        return False


def gives_away(raw: bytes) -> bool:
    """Whether a preimage, a credential or a node's own macaroon is in it, as it is or encoded."""
    leaks = Leaks()
    leaks.look(raw)
    return bool(leaks) or _NODE.search(raw) is not None


class Leaks:
    """The secrets of some texts, and where they stand in others. False while there are none."""

    def __init__(self) -> None:
        self._spellings: set[bytes] = set()

    def __bool__(self) -> bool:
        return bool(self._spellings)

    # --- what is secret --------------------------------------------------------------------------

    def look(self, data: bytes) -> bool:
        """Take up every secret that is named in ``data``. Whether there was one."""
        return self._look(data, _DEEPEST)

    def take(self, value: bytes) -> None:
        """Take up a value whose name says that it is a preimage, if it can be one."""
        match = _WHOLE.fullmatch(value.strip())
        if match is not None:
            self._take(match, 1)

    def _look(self, data: bytes, deep: int) -> bool:
        if len(data) <= SHORTEST:
            return False
        found = False
        low = data.lower()
        if b"preimage" in low:
            found = self._named(data) or found
        if b":" in low or b"%3a" in low or b"u003a" in low:
            for match in _PAID.finditer(data):
                found = (
                    self._take(match, 2 if match["hex2"] else 3 if match["hex3"] else 1) or found
                )
        if deep:
            for match in _RUN.finditer(data):
                found = self._inside(match[0], deep) or found
        return found

    def _named(self, data: bytes) -> bool:
        found = False
        for match in _NAMED.finditer(data):
            start = match.start()
            if _OF_A_HASH.search(data, max(0, start - 40), start):
                continue
            found = self._take(match, 1) or found
            more = _ANOTHER.match(data, match.end()) if match["many"] else None
            while more is not None:
                self._take(more, 1)
                more = _ANOTHER.match(data, more.end())
        for match in _VALUE_FIRST.finditer(data):
            found = self._take(match, 1) or found
        return found

    def _inside(self, run: bytes, deep: int) -> bool:
        """Whether something encoded gives anything away; then it is secret itself."""
        plain = _plain(run)
        for piece in {plain, plain[plain.rfind(b"/") + 1 :]}:
            raw = _decoded(piece)
            # All of it is read, so that what is secret in there is known outside as well.
            if raw and (self._look(raw, deep - 1) or _NODE.search(raw)):
                self._spellings |= {run.lower(), piece.lower()}
                return True
        return False

    def _take(self, match: re.Match[bytes], number: int) -> bool:
        digits = match[f"hex{number}"]
        if digits is not None and len(digits) != 64:
            self._spellings.add(digits.lower())
            return True
        if digits is not None:
            raw = bytes.fromhex(digits.decode("ascii"))
        else:
            letters = _plain(match[f"base{number}"])
            raw = _decoded(letters)
            self._spellings.add(match[f"base{number}"].lower())
        if not any(raw):
            return False  # what a wallet writes where there is none
        self._spellings |= _spellings(raw)
        return True

    # --- where it stands -------------------------------------------------------------------------

    def holds(self, data: bytes) -> bool:
        """Whether any of them stands in ``data``, in any spelling."""
        return next(self.places(data), None) is not None

    def places(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where they stand in ``data``: start and end, not in order."""
        if len(data) < 32 or not self._spellings:
            return
        low = data.lower()
        if len(self._spellings) > _FEW:
            yield from self._places_of_many(low)
            return
        for spelling in self._spellings:
            start = low.find(spelling)
            while start >= 0:
                yield start, start + len(spelling)
                start = low.find(spelling, start + len(spelling))

    def _places_of_many(self, low: bytes) -> Iterator[tuple[int, int]]:
        for match in _SPELLED.finditer(low):
            run, (start, end) = match[0], match.span()
            for first, last in ((0, len(run)), (0, len(run) - 1), (max(0, len(run) - 64), None)):
                if run[first:last] in self._spellings:
                    yield start, end
                    break

    def begins(self, piece: str) -> bool:
        """Whether one of them begins with ``piece``, as where a text was cut off."""
        start = piece.lower().encode()
        return any(spelling.startswith(start) for spelling in self._spellings)


_FEW: Final = 60
"""Spellings that are looked for one by one; more are looked up word by word."""


def _spellings(raw: bytes) -> set[bytes]:
    """How 32 bytes are written, in lower case: case tells nothing apart at that length."""
    standard, url_safe = b64encode(raw)[:42], urlsafe_b64encode(raw)[:42]
    escaped = standard.replace(b"/", rb"\/")
    quoted = quote(standard, safe="").encode()
    written = (raw, raw.hex().encode(), standard, url_safe, escaped, quoted)
    return {spelling.lower() for spelling in written}


def _plain(letters: bytes) -> bytes:
    return _ODD_ATOM.sub(lambda match: _ATOMS[match[0]], letters)


def _decoded(letters: bytes) -> bytes:
    """The bytes that hex or base64 stands for, as far as they can be read; empty for neither."""
    try:
        return bytes.fromhex(letters[: len(letters) // 2 * 2].decode("ascii"))
    except ValueError:
        pass
    letters = letters.replace(b"-", b"+").replace(b"_", b"/")
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    try:
        return a2b_base64(letters + b"=" * (-len(letters) % 4))
    except Base64Error:
        return b""
