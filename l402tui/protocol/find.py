"""Where in this log, chat, page or JSON document is L402 material?

Searches any text for challenges, credentials, invoices, tokens and preimages, and says where each
one stands. No false alarms: what has no explicit mark is given only if its decoder takes it (an
invoice's checksum, a macaroon's structure), and what only looks like an invoice is called just
that. Quotes that JSON, HTML or a chat wrote in their own way are put back.

Time is linear in the length of the text: every pattern is anchored to a word that has to be there,
and no character is decoded twice as the same thing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, NamedTuple

from l402tui.protocol.bech32 import BECH32, residue, to_quintets
from l402tui.protocol.errors import MacaroonError
from l402tui.protocol.json_paths import path_of, strings
from l402tui.protocol.macaroon import Token
from l402tui.protocol.token import TokenKind, read_token

__all__ = ["MAX_FOUND", "Finds", "Found", "Sort", "find", "find_in_json"]

MAX_FOUND: Final = 64
"""Different things that are given; more are only counted."""


class Sort(Enum):
    """What was found."""

    CHALLENGE = "challenge"
    CREDENTIAL = "credential"
    INVOICE = "invoice"
    TOKEN = "token"
    PREIMAGE = "preimage"
    NEARLY_INVOICE = "text that looks like an invoice"


class Where(NamedTuple):
    """A place in the text: a line and column, both from 1, or the path in a JSON document."""

    line: int
    column: int
    path: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing, ready for its decoder."""

    sort: Sort
    text: str = field(repr=False)
    """A challenge may have several lines, each the value of a ``WWW-Authenticate`` line."""
    name: str
    """The header or key that it stood behind, as written; empty where there was none."""
    places: tuple[Where, ...]
    """Where it stands: once or several times."""


class Finds(NamedTuple):
    """Everything that was found, in the order of the text."""

    found: tuple[Found, ...]
    more: int
    """Different things that were found beyond :data:`MAX_FOUND`."""


class _Hit(NamedTuple):
    sort: Sort
    text: str
    name: str
    start: int
    end: int


# A quote, as source code, JSON, HTML and chats write it.
_QUOTE: Final = r"(?:\\{0,7}+[\"'`]|&quot;|&#34;|&#x22;|&#39;|&apos;|[“”„‘’])"
_ODD_QUOTE: Final = re.compile(r"\\{1,7}+[\"']|&quot;|&#34;|&#x22;|&#39;|&apos;|[“”„]")
_SEPARATOR: Final = rf"{_QUOTE}?+[ \t]*+[:=][ \t]*+[\[(]?+{_QUOTE}?+"
_TOKEN: Final = r"[A-Za-z0-9+/_.,~-]{16,}+={0,2}+"
_END: Final = r"(?![A-Za-z0-9+/_=-])"

_HEADER_LINE: Final = re.compile(
    r"^[ \t]*+(?:[<|*][ \t]++)?+(www-authenticate)[ \t]*+:[ \t]*+"
    r"([^\r\n]*?(?<![\w-])(?:L402|LSAT|Payment|Cashu)(?![\w-])[^\r\n]*+)",
    re.IGNORECASE | re.MULTILINE,
)
_SCHEME: Final = re.compile(r"(?<![\w.-])(?:L402|LSAT)[ \t]++", re.IGNORECASE | re.ASCII)
_KNOWN: Final = ("version", "token", "macaroon", "invoice")
_PARAM: Final = re.compile(
    rf"([ \t]*+,?+[ \t]*+)([A-Za-z][\w-]{{0,30}}+)[ \t]*+=[ \t]*+"
    rf"(?:\"[^\"\r\n]*+\"|'[^'\r\n]*+'|{_QUOTE}([^\"'`&\\“”\s]*+){_QUOTE}"
    r"|[^\s\"'`,;<>()\[\]{}&\\“”]*[^\s\"'`,;<>()\[\]{}&\\“”.])",
    re.ASCII,
)
_POSITIONAL: Final = re.compile(r"[A-Za-z0-9+/_.~-]{8,}+={0,2}+(?=[ \t]*+,?+[ \t]*+invoice[ \t]*=)")
_MARK: Final = re.compile(
    rf"(?<![\w-])((?:www-|proxy-|grpc-metadata-)?+(?:authenticate|authorization)){_SEPARATOR}\Z",
    re.IGNORECASE,
)
_CREDENTIAL: Final = re.compile(rf"{_TOKEN}:[0-9a-fA-F]{{64}}+{_END}", re.ASCII)
_MARKED_CREDENTIAL: Final = re.compile(rf"{_TOKEN}(?::\w{{0,200}}+)?+", re.ASCII)
_OTHER_HEADER: Final = re.compile(
    rf"(?<![\w-])(?:(grpc-metadata-(?:macaroon|token)|macaroon)[ \t]*+:[ \t]*+([0-9a-f]{{80,}}+)"
    rf"|(x-payment){_SEPARATOR}({_TOKEN}:[0-9a-f]{{64}}+)){_END}",
    re.IGNORECASE | re.ASCII,
)
_INVOICE: Final = re.compile(
    r"(?<![0-9A-Za-z])(ln(?:bcrt|bc|tbs|tb|sb)(?:[0-9]{1,20}[munp]?)?)1"
    r"([02-9ac-hj-np-z]{117,7080}+)(?![0-9A-Za-z])",
    re.IGNORECASE | re.ASCII,
)
# How the four spellings of the two binary formats begin.
_BARE_TOKEN: Final = re.compile(
    rf"(?<![A-Za-z0-9+/_=-])(?:(?:Ag[EI]|MDA)[A-Za-z0-9+/_-]{{60,}}+={{0,2}}+"
    rf"|(?:020[12]|3030)[0-9a-fA-F]{{100,}}+){_END}",
    re.ASCII,
)
_KEYED: Final = re.compile(
    rf"(?:macaroon|l402|lsat|(?<![A-Za-z])token)[\w-]{{0,24}}+{_SEPARATOR}({_TOKEN}){_END}",
    re.IGNORECASE | re.ASCII,
)
_KEY: Final = re.compile(rf"([\w.-]{{1,60}}+){_SEPARATOR}\Z", re.ASCII)
_PREIMAGE: Final = re.compile(
    rf"preimage(?:[_-]?hex)?{_SEPARATOR}([0-9a-f]{{64}}+){_END}", re.IGNORECASE | re.ASCII
)
_HEADER_NAME: Final = re.compile(
    r"www-authenticate|(?:proxy-)?authorization|grpc-metadata-[a-z]+|x-payment", re.IGNORECASE
)
_LONG: Final = re.compile(r"[A-Za-z0-9+/_=-]{32,}+")
_MOST_PARAMS: Final = 16
_BEFORE: Final = 80
"""Characters before a thing in which its key or its header is looked for."""


def find(text: str) -> Finds:
    """L402 material anywhere in ``text``. Never raises."""
    starts = [0, *(match.end() for match in re.finditer(r"\n", text))]

    def where(offset: int) -> Where:
        line = bisect_right(starts, offset)
        return Where(line, offset - starts[line - 1] + 1)

    return _told((hit, where(hit.start)) for hit in _hits(text))


def find_in_json(parsed: Any) -> Finds:
    """The same in a parsed JSON document: every string in it is searched, and the key before it
    counts. Never raises."""

    def hits() -> Iterator[tuple[_Hit, Where]]:
        for step, key, value in strings(parsed):
            if len(value) < 32:
                continue
            lead = "" if not key else f"{key}: " if _HEADER_NAME.fullmatch(key) else f"{key} = "
            for hit in _hits(lead + value):
                yield hit, Where(1, max(0, hit.start - len(lead)) + 1, path_of(step))

    return _told(hits())


def _told(hits: Iterator[tuple[_Hit, Where]]) -> Finds:
    """One entry for each thing, with all its places."""
    places: dict[tuple[Sort, str], list[Where]] = {}
    names: dict[tuple[Sort, str], str] = {}
    inside: set[str] = set()
    for hit, place in hits:
        thing = (hit.sort, hit.text)
        if hit.text in inside and thing not in places:
            continue  # a part of a challenge that was found whole
        if hit.sort in (Sort.CHALLENGE, Sort.CREDENTIAL):
            inside.update(_parts(hit.text))
        places.setdefault(thing, []).append(place)
        names.setdefault(thing, hit.name)
    found = [
        Found(sort, text, names[sort, text], tuple(where)) for (sort, text), where in places.items()
    ]
    return Finds(tuple(found[:MAX_FOUND]), max(0, len(found) - MAX_FOUND))


def _parts(text: str) -> Iterator[str]:
    """The long words of a challenge or credential: its tokens and invoices."""
    for match in _LONG.finditer(text):
        yield match[0]
        yield match[0].partition("=")[2]  # of macaroon=…, where it has no quotes


# --- one text ------------------------------------------------------------------------------------


def _hits(text: str) -> list[_Hit]:
    """Everything in the text, in its order; what is part of something larger is not repeated."""
    taken: list[_Hit] = []
    for search in (_lines, _schemes, _other_headers, _invoices, _tokens, _keyed, _preimages):
        covered = _Covered(taken)
        taken += [hit for hit in search(text) if not covered.holds(hit)]
        taken.sort(key=lambda hit: hit.start)
    return _neighbours(taken)


class _Covered:
    """Which parts of the text are taken already. The parts do not overlap."""

    def __init__(self, taken: list[_Hit]) -> None:
        self._starts = [hit.start for hit in taken]
        self._ends = [hit.end for hit in taken]

    def holds(self, hit: _Hit) -> bool:
        at = bisect_right(self._starts, hit.end - 1) - 1
        return at >= 0 and self._ends[at] > hit.start


def _neighbours(hits: list[_Hit]) -> list[_Hit]:
    """Header lines one below the other belong to one response."""
    joined: list[_Hit] = []
    for hit in hits:
        last = joined[-1] if joined else None
        if last is not None and _is_line(last) and _is_line(hit) and hit.start - last.end <= 2:
            joined[-1] = last._replace(text=f"{last.text}\n{hit.text}", end=hit.end)
        else:
            joined.append(hit)
    return joined


def _is_line(hit: _Hit) -> bool:
    return hit.sort is Sort.CHALLENGE and bool(hit.name)


def _lines(text: str) -> Iterator[_Hit]:
    """Whole header lines: with all their challenges, whatever is wrong in them."""
    for match in _HEADER_LINE.finditer(text):
        value = match[2].rstrip()
        if _ODD_QUOTE.search(value) is None:
            yield _Hit(Sort.CHALLENGE, value, match[1], match.start(), match.end())


def _schemes(text: str) -> Iterator[_Hit]:
    """Challenges and credentials by their scheme, within quotes and amid other text."""
    done = 0
    for match in _SCHEME.finditer(text):
        start, at = match.span()
        if start < done:
            continue
        before = _MARK.search(text[max(0, start - _BEFORE) : start])
        mark = "" if before is None else before[1].lower()
        end, names = _params(text, at)
        if "invoice" in names and names & {"token", "macaroon", ""}:
            value = _ODD_QUOTE.sub('"', text[start:end])
            if mark or _decodes(value):
                yield _Hit(Sort.CHALLENGE, value, "", start, end)
                done = end
            continue
        pattern = _MARKED_CREDENTIAL if mark.endswith("authorization") else _CREDENTIAL
        credential = pattern.match(text, at)
        if credential is not None:
            done = credential.end()
            yield _Hit(Sort.CREDENTIAL, text[start:done], "Authorization", start, done)


def _params(text: str, at: int) -> tuple[int, set[str]]:
    """Where the parameters of a challenge end, and which there are; "" is a token without name."""
    names: set[str] = set()
    positional = _POSITIONAL.match(text, at)
    if positional is not None:
        at = positional.end()
        names.add("")
    while len(names) < _MOST_PARAMS and (match := _PARAM.match(text, at)) is not None:
        name = match[2].lower()
        if name not in _KNOWN and "," not in match[1] and names:
            break
        if name in names:
            break
        names.add(name)
        at = match.end()
    return at, names


def _decodes(challenge: str) -> bool:
    """Whether its token or its invoice is one: a template in a manual has neither."""
    return any(map(_good_checksum, _INVOICE.finditer(challenge))) or any(
        _is_macaroon(match[0]) for match in _BARE_TOKEN.finditer(challenge)
    )


def _other_headers(text: str) -> Iterator[_Hit]:
    for match in _OTHER_HEADER.finditer(text):
        name, group = (match[1], 2) if match[1] else (match[3], 4)
        if group == 4 or _is_macaroon(match[2]):
            yield _Hit(Sort.CREDENTIAL, match[group], name, match.start(group), match.end())


def _invoices(text: str) -> Iterator[_Hit]:
    for match in _INVOICE.finditer(text):
        good = _good_checksum(match)
        name = _key_before(text, match.start())
        sort = Sort.INVOICE if good else Sort.NEARLY_INVOICE
        yield _Hit(sort, match[0], name, match.start(), match.end())


def _good_checksum(match: re.Match[str]) -> bool:
    text = match[0]
    if text not in (text.lower(), text.upper()):
        return False
    prefix, data = match[1].lower().encode(), match[2].lower().encode()
    return residue(prefix, to_quintets(data)) == BECH32


def _tokens(text: str) -> Iterator[_Hit]:
    """Macaroons, whatever is before them."""
    for match in _BARE_TOKEN.finditer(text):
        if _is_macaroon(match[0]):
            name = _key_before(text, match.start())
            yield _Hit(Sort.TOKEN, match[0], name, match.start(), match.end())


def _is_macaroon(text: str) -> bool:
    try:
        Token.read(text)
    except MacaroonError:
        return False
    return True


def _keyed(text: str) -> Iterator[_Hit]:
    """Tokens that are no macaroons, or broken ones, behind a key that says macaroon or L402."""
    for match in _KEYED.finditer(text):
        name = _key_before(text, match.start(1))
        if name.lower() == "token":
            continue  # too common a word to say anything
        try:
            token = read_token(match[1])
        except MacaroonError:
            pass  # it begins as a macaroon, and its key says so, too
        else:
            if not isinstance(token, Token) and token.kind is TokenKind.OPAQUE:
                continue
        yield _Hit(Sort.TOKEN, match[1], name, match.start(1), match.end(1))


def _preimages(text: str) -> Iterator[_Hit]:
    for match in _PREIMAGE.finditer(text):
        name = _key_before(text, match.start(1))
        yield _Hit(Sort.PREIMAGE, match[1], name, match.start(1), match.end(1))


def _key_before(text: str, start: int) -> str:
    match = _KEY.search(text[max(0, start - _BEFORE) : start])
    return "" if match is None else match[1]
