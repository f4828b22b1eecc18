"""What does the binary form of a Cashu payment request say?

NUT-26: one byte of type, two bytes of length (big end first), the value; nested for transports and
locking conditions. The names given to the values are those of the CBOR form (NUT-18), so that both
writings give the same tree. Types that the specification does not know are kept under a name of
their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from l402tui.protocol.dialects.located import MAX_ITEMS, Item, StopReading
from l402tui.protocol.errors import DecodeError

__all__ = ["read_tlv"]

_SECRETS: Final = {0: "P2PK", 1: "HTLC"}
_TRANSPORTS: Final = {0: "nostr", 1: "post"}


class _Entry(NamedTuple):
    type: int
    start: int
    body: int
    end: int


def read_tlv(raw: bytes) -> tuple[Item | None, DecodeError | None]:
    """Read the entries of a payment request.

    Returns what was read and, where reading had to stop, why and at which byte. Never raises.
    """
    members: dict[str, Item] = {}
    try:
        _fill(raw, members)
    except StopReading as stop:
        return Item(members, 0, len(raw)), DecodeError(stop.why, stop.offset)
    return Item(members, 0, len(raw)), None


def _fill(raw: bytes, members: dict[str, Item]) -> None:
    for entry in _entries(raw, 0, len(raw)):
        name, once, read = _TOP.get(entry.type, (f"type {entry.type}", True, _bytes))
        item = read(raw, entry)
        if once:
            _set(members, name, item)
        else:
            before = members.get(name)
            held = before.elements if before is not None else ()
            start = before.start if before is not None else item.start
            members[name] = Item((*held, item), start, item.end)


def _set(members: dict[str, Item], name: str, item: Item) -> None:
    if name in members:
        raise StopReading(f"{name} is given twice", item.start)
    members[name] = item


def _entries(raw: bytes, pos: int, end: int) -> Iterator[_Entry]:
    count = 0
    while pos < end:
        body = pos + 3
        size = int.from_bytes(raw[pos + 1 : body], "big")
        if body > end or body + size > end:
            raise StopReading("it is said to be longer than what is there", pos)
        count += 1
        if count > MAX_ITEMS:
            raise StopReading(f"there are more than {MAX_ITEMS:,} values", pos)
        yield _Entry(raw[pos], pos, body, body + size)
        pos = body + size


def _decoded(raw: bytes, start: int, end: int) -> str:
    try:
        return raw[start:end].decode("utf-8")
    except UnicodeDecodeError as error:
        raise StopReading("this is no UTF-8", start + error.start) from None


def _text(raw: bytes, entry: _Entry) -> Item:
    return Item(_decoded(raw, entry.body, entry.end), entry.start, entry.end)


def _bytes(raw: bytes, entry: _Entry) -> Item:
    return Item(raw[entry.body : entry.end], entry.start, entry.end)


def _amount(raw: bytes, entry: _Entry) -> Item:
    if entry.end - entry.body != 8:
        raise StopReading("the amount should be 8 bytes long", entry.body)
    return Item(int.from_bytes(raw[entry.body : entry.end], "big"), entry.start, entry.end)


def _unit(raw: bytes, entry: _Entry) -> Item:
    if raw[entry.body : entry.end] == b"\0":
        return Item("sat", entry.start, entry.end)
    return _text(raw, entry)


def _flag(raw: bytes, entry: _Entry) -> Item:
    if raw[entry.body : entry.end] not in (b"\0", b"\1"):
        raise StopReading("this should be one byte, 0 or 1", entry.body)
    return Item(raw[entry.body] == 1, entry.start, entry.end)


def _transport(raw: bytes, entry: _Entry) -> Item:
    return _nested(raw, entry, _TRANSPORTS, "t", "a", "g")


def _condition(raw: bytes, entry: _Entry) -> Item:
    return _nested(raw, entry, _SECRETS, "k", "d", "t")


def _nested(
    raw: bytes, entry: _Entry, kinds: dict[int, str], kind: str, data: str, tags: str
) -> Item:
    members: dict[str, Item] = {}
    rows: list[Item] = []
    for inner in _entries(raw, entry.body, entry.end):
        if inner.type == 1:
            if inner.end - inner.body != 1:
                raise StopReading("the kind should be one byte long", inner.body)
            number = raw[inner.body]
            word = kinds.get(number, f"kind {number}")
            _set(members, kind, Item(word, inner.start, inner.end))
        elif inner.type == 2:
            _set(members, data, _target(raw, inner, members.get(kind)))
        elif inner.type == 3:
            rows.append(_row(raw, inner))
        else:
            _set(members, f"type {inner.type}", _bytes(raw, inner))
    if rows:
        members[tags] = Item(tuple(rows), rows[0].start, rows[-1].end)
    return Item(members, entry.start, entry.end)


def _target(raw: bytes, entry: _Entry, kind: Item | None) -> Item:
    """A nostr key is raw bytes, everything else is text."""
    if kind is not None and kind.value == "nostr":
        return _bytes(raw, entry)
    return _text(raw, entry)


def _row(raw: bytes, entry: _Entry) -> Item:
    """A name and its values, each behind one byte of length."""
    parts: list[Item] = []
    pos = entry.body
    while pos < entry.end:
        end = pos + 1 + raw[pos]
        if end > entry.end:
            raise StopReading("it is said to be longer than what is there", pos)
        parts.append(Item(_decoded(raw, pos + 1, end), pos, end))
        pos = end
    return Item(tuple(parts), entry.start, entry.end)


_TOP: Final[dict[int, tuple[str, bool, Callable[[bytes, _Entry], Item]]]] = {
    1: ("i", True, _text),
    2: ("a", True, _amount),
    3: ("u", True, _unit),
    4: ("s", True, _flag),
    5: ("m", False, _text),
    6: ("d", True, _text),
    7: ("t", False, _transport),
    8: ("nut10", True, _condition),
    9: ("pm", False, _text),
}
