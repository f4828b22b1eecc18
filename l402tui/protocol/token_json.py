"""Which JSON did a server put where a macaroon belongs?

Each form is known by its names and the types of its values, all of them: one name more or less and
it is JSON of an unknown form, of which the fields are shown and nothing else is claimed.
"""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import sha256
from typing import Final

from l402tui.protocol.caveats import Unit
from l402tui.protocol.errors import DecodeError
from l402tui.protocol.foreign import (
    CONDITIONS,
    DIGEST,
    Block,
    Foreign,
    Part,
    Role,
    TokenKind,
    Trust,
    condition_part,
    json_part,
    role_of,
)
from l402tui.protocol.json_spans import Entry, JsonText

__all__ = ["json_object", "read_json"]

_MAC: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_LONGER_MAC: Final = re.compile(r"(?:[0-9a-fA-F]{64}){1,2}", re.ASCII)
# For JSON that is broken: names as they stand in the text, where a value cannot look like one.
_MACAROON_V1: Final = (
    re.compile(rb'[{,]\s*"identifier"\s*:'),
    re.compile(rb'[{,]\s*"(?:caveats|location|signature)"\s*:'),
)
_MACAROON_V2: Final = re.compile(rb'\{\s*"v"\s*:\s*2\s*,|[{,]\s*"[is]64"\s*:')
_FACTS: Final = frozenset(
    {Role.PAYMENT_HASH, Role.EXPIRY, Role.ISSUED, Role.NOT_BEFORE, Role.RESOURCE, Role.AMOUNT,
     Role.LOCATION}
)  # fmt: skip
"""Roles of fields that anybody knows who has seen the bill."""


def read_json(text: str, raw: bytes, written: str) -> Foreign | str | None:
    """The token; None for what is a macaroon in JSON by its names, even a broken one; a reason
    where it is neither."""
    try:
        json = JsonText(raw)
    except DecodeError as error:
        if _MACAROON_V2.search(raw) or all(name.search(raw) for name in _MACAROON_V1):
            return None
        where = "" if error.offset is None else f" (at byte {error.offset})"
        return f"it begins as JSON, but {error.why}{where}"
    top = json.top.value
    if not isinstance(top, dict):
        return "its JSON is no object"
    if _is_macaroon(top):
        return None
    for shape in (_chained, _signed, _unsigned):
        read = shape(json, text, written)
        if read is not None:
            return read
    parts = tuple(json_part(entry, raw) for entry in json.members)
    note = "Its names and values are those of no form this program knows."
    block = Block("JSON", raw, parts)
    return Foreign(TokenKind.JSON, Trust.UNKNOWN, text, written, (block,), note)


def _is_macaroon(top: dict[str, object]) -> bool:
    """Whether the names are those of a macaroon in JSON (v1 or v2)."""
    first = "identifier" in top and "signature" in top
    second = ("i" in top or "i64" in top) and ("s" in top or "s64" in top or top.get("v") == 2)
    return first or second


def _unsigned(json: JsonText, text: str, written: str) -> Foreign | None:
    """Plain facts only. ``hash`` alone may be of anything; with ``exp`` it is l402-kit's form."""
    entries = json.members
    parts = tuple(json_part(entry, json.raw) for entry in entries)
    if {part.name for part in parts} == {"hash", "exp"}:
        parts = tuple(
            replace(part, role=role_of("payment_hash", part.value)) if part.name == "hash" else part
            for part in parts
        )
    roles = {part.role for part in parts}
    if Role.PAYMENT_HASH not in roles or not roles <= _FACTS:
        return None
    block = Block("JSON", json.raw, parts)
    return Foreign(TokenKind.UNSIGNED_JSON, Trust.UNSIGNED, text, written, (block,))


def _chained(json: JsonText, text: str, written: str) -> Foreign | None:
    entries = {entry.name: entry for entry in json.members}
    if set(entries) != {"id", "location", "caveats", "signature"}:
        return None
    if not isinstance(entries["id"].value, str) or not isinstance(entries["location"].value, str):
        return None
    signature, caveats = entries["signature"].value, entries["caveats"]
    if not isinstance(signature, str) or not _MAC.fullmatch(signature):
        return None
    listed = [json.inside(caveat) for caveat in json.inside(caveats)]
    if not isinstance(caveats.value, list) or not all(_is_pair(pair) for pair in listed):
        return None
    children = tuple(_pair(pair, json.raw) for pair in listed)
    parts = tuple(
        Part(Role.CAVEATS, name, b"", entry.start, entry.end, children)
        if entry is caveats
        else json_part(entry, json.raw)
        for name, entry in entries.items()
    )
    block = Block("JSON", json.raw, parts)
    return Foreign(TokenKind.CHAINED_JSON, Trust.CHAIN, text, written, (block,))


def _is_pair(pair: tuple[Entry, ...]) -> bool:
    values = {entry.name: entry.value for entry in pair}
    return (
        set(values) == {"key", "value"}
        and isinstance(values["key"], str)
        and isinstance(values["value"], str | int | float)
    )


def _pair(pair: tuple[Entry, ...], raw: bytes) -> Part:
    """A caveat ``{"key":…,"value":…}``, over the bytes of its value."""
    fields = {entry.name: entry for entry in pair}
    value = fields["value"]
    part = json_part(value._replace(name=fields["key"].value), raw)
    return part if part.role in CONDITIONS else replace(part, role=Role.CAVEAT)


def _signed(json: JsonText, text: str, written: str) -> Foreign | None:
    entries = {entry.name: entry for entry in json.members}
    if set(entries) != {"payload", "sig"}:
        return None
    payload, sig = entries["payload"].value, entries["sig"].value
    if not isinstance(payload, str) or not isinstance(sig, str) or not _LONGER_MAC.fullmatch(sig):
        return None
    raw = payload.encode("utf-8", "surrogatepass")
    inner = json_object(raw)
    if inner is None:
        return None
    outside = entries["payload"]
    parts = tuple(
        Part(Role.PAYLOAD, "payload", b"", outside.start + 1, outside.end - 1)
        if entry is outside
        else json_part(entry, json.raw)
        for entry in entries.values()
    )
    digest = sig.lower() == sha256(raw).hexdigest()
    trust, note = (Trust.UNSIGNED, DIGEST) if digest else (Trust.BLOB, "")
    blocks = Block("JSON", json.raw, parts), Block("payload", raw, inner)
    return Foreign(TokenKind.SIGNED_JSON, trust, text, written, blocks, note)


def json_object(raw: bytes, unit: Unit = Unit.BY_SIZE) -> tuple[Part, ...] | None:
    """The fields of a JSON object; None where it is none. A list of texts under ``caveats`` is
    read as conditions."""
    try:
        json = JsonText(raw)
    except DecodeError:
        return None
    if not isinstance(json.top.value, dict):
        return None
    return tuple(_field(json, entry, unit) for entry in json.members)


def _field(json: JsonText, entry: Entry, unit: Unit) -> Part:
    value = entry.value
    if entry.name != "caveats" or not isinstance(value, list):
        return json_part(entry, json.raw, unit)
    if not all(isinstance(text, str) for text in value):
        return json_part(entry, json.raw, unit)
    children = tuple(
        condition_part(text.value.encode("utf-8", "surrogatepass"), text.start + 1, text.end - 1)
        for text in json.inside(entry)
    )
    return Part(Role.CAVEATS, entry.name, b"", entry.start, entry.end, children)
