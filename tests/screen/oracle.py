"""What did a terminal get, and whose was it?

:func:`read` takes a capture of a pseudo-terminal apart as a terminal does (ECMA-48, and XTerm's
strings), :func:`kinds_of` names every kind of sequence in it. A harmless run teaches which kinds
are our own; :func:`judge` reports everything else in a hostile one: another kind, a position
outside of the screen, a character that cannot be seen, bytes that are no UTF-8, a payload that came
through as it was, and markup that was obeyed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from .payloads import Effect, Payload

__all__ = [
    "MARK",
    "Foreign",
    "Part",
    "Piece",
    "Verdict",
    "judge",
    "kinds_of",
    "mark",
    "parts",
    "read",
]

MARK: Final = 7777
"""The number of the OSC by which a stage says in the stream what it shows next."""

_STRING_OF: Final = {0x50: "DCS", 0x58: "SOS", 0x5D: "OSC", 0x5E: "PM", 0x5F: "APC", 0x6B: "title"}
_COLOURS: Final = {"38": "colour", "48": "ground", "58": "underline"}
_HIDDEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
_BLANK: Final = re.compile(r"[\u00a0\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200a\u202f"
                           r"\u205f\u2800\u3000\u3164\uffa0\ufe00-\ufe0f\ufffc"
                           r"\U0001d159\U000e0000-\U000e0fff"
                           r"\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]")  # fmt: skip
_PLAIN: Final = re.compile(rb"[\x20-\x7e]+")
_BEFORE: Final = re.compile(r"[zZ](\d{3})_")
_JOINING: Final = "".join(
    chr(code)
    for code in range(0x300, 0x1_0000)
    if unicodedata.category(chr(code)) in ("Mn", "Me", "Mc") or 0x1160 <= code < 0x1200
)
_PILE: Final = re.compile(f"[{_JOINING}]{{4,}}|[\u0300-\u036f\u0483-\u0489\u20d0-\u20f0]{{3,}}")


def mark(name: str) -> str:
    """Written into the stream before what it names is shown."""
    return f"\x1b]{MARK};{name}\x07"


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that a terminal reads at once."""

    kind: str
    """Empty for text."""
    raw: bytes
    numbers: tuple[int, ...] = ()
    """Parameters of a position."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """Something on the terminal that is not ours."""

    where: str
    why: str
    excerpt: str
    payload: int | None = None


@dataclass(slots=True)
class Part:
    """What was written between two marks."""

    name: str
    raw: bytes
    pieces: list[Piece] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What is to be read there, in the order of writing; sequences are left out."""
        read = (piece.raw for piece in self.pieces if piece.kind in ("", "C0 0a"))
        return b"".join(read).decode()


@dataclass(slots=True)
class Verdict:
    """What was found in a hostile run."""

    foreign: list[Foreign]
    seen: dict[str, set[int]]
    """Which payloads could be read on the screen, for each place."""

    @property
    def total(self) -> set[int]:
        """All payloads that were seen anywhere."""
        return set().union(*self.seen.values()) if self.seen else set()


# --- reading ------------------------------------------------------------------------------------


def read(data: bytes) -> Iterator[Piece]:
    """Take a stream apart. Every byte is in exactly one piece."""
    at = 0
    while at < len(data):
        plain = _PLAIN.match(data, at)
        if plain is not None:
            piece = Piece("", plain[0])
        elif data[at] == 0x1B:
            piece = _escape(data, at)
        elif data[at] < 0x20 or data[at] == 0x7F:
            piece = Piece(f"C0 {data[at]:02x}", data[at : at + 1])
        else:
            piece = _character(data, at)
        yield piece
        at += len(piece.raw)


def _character(data: bytes, at: int) -> Piece:
    for size in (2, 3, 4):
        raw = data[at : at + size]
        try:
            char = raw.decode()
        except UnicodeDecodeError:
            continue
        if 0x80 <= ord(char) < 0xA0:
            return Piece(f"C1 {ord(char):02x}", raw)
        if unicodedata.category(char) in _HIDDEN or _BLANK.match(char):
            return Piece(f"hidden U+{ord(char):04X}", raw)
        return Piece("", raw)
    return Piece(f"no UTF-8: {data[at]:02x}", data[at : at + 1])


def _escape(data: bytes, at: int) -> Piece:
    second = data[at + 1] if at + 1 < len(data) else 0
    if second == 0x5B:
        return _csi(data, at)
    if second in _STRING_OF:
        return _string(data, at, _STRING_OF[second])
    end = at + 1
    while end < len(data) and 0x20 <= data[end] <= 0x2F:
        end += 1
    if end < len(data) and 0x30 <= data[end] <= 0x7E:
        raw = data[at : end + 1]
        return Piece(f"ESC {raw[1:].decode('ascii')}", raw)
    return Piece("ESC cut", data[at:end])


_CSI: Final = re.compile(rb"\x1b\[([<-?]?)([0-9:;<-?]*)([ -/]*)([@-~])")


def _csi(data: bytes, at: int) -> Piece:
    found = _CSI.match(data, at)
    if found is None:
        return Piece("CSI cut", data[at : at + 2])
    prefix, given, between, final = (part.decode("ascii") for part in found.groups())
    if final == "m" and not prefix and not between:
        return Piece(f"SGR {_style(given)}", found[0])
    if final in "HGdf" and not prefix and not between and re.fullmatch(r"[0-9;]*", given):
        numbers = tuple(int(number) if number else 1 for number in given.split(";"))
        return Piece(f"CSI position {final}", found[0], numbers)
    return Piece(f"CSI {prefix}{given}{between}{final}", found[0])


def _style(given: str) -> str:
    """The attributes, with ``#`` in place of a colour of 24 bits."""
    told: list[str] = []
    codes = given.split(";")
    while codes:
        code = codes.pop(0)
        if code in _COLOURS and codes[:1] == ["2"] and len(codes) >= 4:
            told.append(f"{code}#")
            del codes[:4]
        else:
            told.append(code)
    return ";".join(told)


_STRING_END: Final = re.compile(
    rb"(?P<mark>(?<!^)\x1b\]%d;)|\x07|\x1b\\|\xc2\x9c|\x9c|[\x18\x1a]" % MARK
)


def _string(data: bytes, at: int, name: str) -> Piece:
    end = _STRING_END.search(data, at + 2)
    if end is None or end.start() - at > 100_000:
        return Piece(f"{name} cut", data[at : at + 2])
    if end["mark"] is not None:  # a stage goes on although a string has not ended
        return Piece(f"{name} cut", data[at : end.start()])
    inside = data[at + 2 : end.start()].decode("utf-8", "backslashreplace")
    return Piece(f"{name} {inside}", data[at : end.end()])


def parts(data: bytes) -> list[Part]:
    """The stream, cut at the marks. What stands before the first one is called ``begin``."""
    found = [Part("begin", b"")]
    start = at = 0
    for piece in read(data):
        at += len(piece.raw)
        name = piece.kind.removeprefix(f"OSC {MARK};")
        if name != piece.kind:
            found[-1].raw = data[start : at - len(piece.raw)]
            found.append(Part(name, b""))
            start = at
        else:
            found[-1].pieces.append(piece)
    found[-1].raw = data[start:]
    return found


def kinds_of(pieces: Iterable[Piece]) -> set[str]:
    """Every kind but text; of styles, each attribute by itself."""
    return {kind for piece in pieces for kind in _each(piece)}


def _each(piece: Piece) -> Iterator[str]:
    if piece.kind.startswith("SGR "):
        for code in piece.kind[4:].split(";"):
            yield f"SGR {code}"
    elif piece.kind:
        yield piece.kind


# --- judging ------------------------------------------------------------------------------------


def judge(
    hostile: Sequence[Part],
    ours: Collection[str],
    payloads: Sequence[Payload],
    size: tuple[int, int],
) -> Verdict:
    """``ours``: the kinds of a harmless run; ``size``: columns and rows of the terminal."""
    table = {payload.number: payload for payload in payloads}
    verdict = Verdict([], {})
    for part in hostile:
        verdict.foreign += _kinds(part, ours, size)
        verdict.foreign += _raw(part, table)
        text = part.text
        verdict.foreign += _marks(part.name, text)
        verdict.foreign += _markup(part.name, text, table)
        numbers = {int(found[1]) for found in _BEFORE.finditer(text)}
        verdict.seen.setdefault(part.name.partition(";")[0], set()).update(numbers & table.keys())
    return verdict


def _kinds(part: Part, ours: Collection[str], size: tuple[int, int]) -> Iterator[Foreign]:
    columns, rows = size
    at = 0
    for piece in part.pieces:
        bad = [kind for kind in _each(piece) if kind not in ours]
        far = piece.kind.startswith("CSI position") and not _inside(piece, columns, rows)
        if bad or far:
            why = f"position outside of the screen: {piece.numbers}" if far else f"{bad[0][:80]!r}"
            yield Foreign(part.name, why, _excerpt(part.raw, at), _near(part.raw, at))
        at += len(piece.raw)


def _inside(piece: Piece, columns: int, rows: int) -> bool:
    match piece.kind[-1], piece.numbers:
        case "H" | "f", (row, column):
            return row <= rows and column <= columns
        case "H" | "f", (row,):
            return row <= rows
        case "G", (column,):
            return column <= columns
        case "d", (row,):
            return row <= rows
    return False


def _raw(part: Part, table: Mapping[int, Payload]) -> Iterator[Foreign]:
    """Payloads that came through as they are, between their words."""
    raw = _alike(part.raw)
    for found in re.finditer(rb"z(\d{3})_", raw):
        payload = table.get(int(found[1]))
        if payload is None or payload.effect in (Effect.WIDE, Effect.MARKUP, Effect.ELSEWHERE):
            continue
        if raw.startswith(_alike(payload.raw), found.start()):
            why = f"{payload.name} came through"
            yield Foreign(part.name, why, _excerpt(raw, found.start()), payload.number)


def _alike(raw: bytes) -> bytes:
    """Names are written in capitals here and there, and a terminal's driver makes CR LF of LF."""
    return re.sub(rb"\r*\n", b"\n", raw).lower()


def _marks(where: str, text: str) -> Iterator[Foreign]:
    """More on one letter than any script has."""
    for found in _PILE.finditer(text):
        number = _near(text[: found.start()].encode()[-120:], 120)
        yield Foreign(where, "a pile of marks", ascii(found[0][:8]), number)


def _markup(where: str, text: str, table: Mapping[int, Payload]) -> Iterator[Foreign]:
    """Markup that was obeyed is no longer there: its two words have come closer."""
    for found in _BEFORE.finditer(text):
        payload = table.get(int(found[1]))
        if payload is None or payload.effect is not Effect.MARKUP:
            continue
        end = text.lower().find(payload.after, found.end(), found.end() + 400)
        if end >= 0 and end - found.end() < len(payload.core.decode()):
            told = ascii(text[found.start() : end + 5])
            yield Foreign(where, f"{payload.name} was obeyed", told, payload.number)


def _excerpt(raw: bytes, at: int) -> str:
    return ascii(raw[max(0, at - 30) : at + 60])


def _near(raw: bytes, at: int) -> int | None:
    """The payload whose word stands just before."""
    found = re.findall(rb"[zZ](\d{3})_", raw[max(0, at - 120) : at])
    return int(found[-1]) if found else None
