"""How does a person write a profile of their own?

In TOML, with the words of :mod:`~l402tui.protocol.verifiers.model`::

    name = "my-gateway"
    title = "the gateway of the weather shop"
    source = "its manual, and a rehearsal in May"
    based_on = "aperture"          # whatever is left out is as there
    unknown = "ignored"            # enforced, ignored, breaks the token, not known

    [templates]
    expiry = "valid_until={milliseconds}"

    [[caveat]]
    word = "valid_until"
    effect = "enforced"
    meaning = "unix milliseconds"
    repeat = "may only narrow"
    why = "seen on the real one"

Rows of a profile that is based on another one come before the rows of that one, so they correct it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from string import Formatter
from types import MappingProxyType
from typing import Any, Final, TypeVar

from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.verifiers.model import (
    Effect,
    Meaning,
    Profile,
    Proof,
    Repeat,
    Row,
    Spacing,
    Template,
)

__all__ = ["ProfileError", "read_profile", "write_profile"]

E = TypeVar("E", bound=Enum)

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_LONGEST: Final = 64 * 1024
"""Characters of a file."""
_MOST_ROWS: Final = 200
_TEXT: Final = ("name", "title", "source", "clock", "attenuates")
_EFFECTS: Final = ("unknown", "bare", "third_party")
_OTHER: Final = ("based_on", "spacing", "templates", "caveat", "notes", "header_limit")
_ROW: Final = ("word", "effect", "meaning", "repeat", "why")

_PARTS: Final = frozenset(
    (
        *("service", "services", "names", "seconds", "milliseconds", "date"),
        *("path", "method", "number", "address"),
    )
)


class ProfileError(ValueError):
    """A profile that cannot be read; :attr:`why` says what to mend."""

    def __init__(self, why: Shown) -> None:
        super().__init__(why.text)
        self.why = why


def read_profile(text: str, known: Mapping[str, Profile]) -> Profile:
    """Read a profile from TOML. ``known`` are those it may be based on. Raises ProfileError."""
    if len(text) > _LONGEST:
        raise ProfileError(say("The file is longer than 64 KiB."))
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number of 5,000 digits, a deep list
        raise ProfileError(say("It is no TOML: {}.", shown(str(error)))) from None
    _only(table, (*_TEXT, *_EFFECTS, *_OTHER), "here")
    base = _base(table, known)
    name = _text(table, "name", base.name if base else "")
    if not _NAME.fullmatch(name):
        raise ProfileError(say("name must be a word of a-z, 0-9, dot, dash and underscore."))
    begun = base or Profile(
        name, name, "", Proof.WRITTEN, (), Effect.UNKNOWN, Effect.UNKNOWN, Effect.UNKNOWN
    )
    return replace(
        begun,
        name=name,
        title=_text(table, "title", begun.title),
        source=_text(table, "source", begun.source),
        proof=Proof.WRITTEN,
        rows=(*_rows(table), *begun.rows),
        **{key: _one_of(Effect, table, key, getattr(begun, key)) for key in _EFFECTS},
        spacing=_one_of(Spacing, table, "spacing", begun.spacing),
        attenuates=_text(table, "attenuates", begun.attenuates),
        clock=_text(table, "clock", begun.clock),
        templates=_templates(table, begun),
        notes=(*_notes(table), *begun.notes),
        header_limit=_number(table, "header_limit", begun.header_limit),
    )


def write_profile(profile: Profile) -> str:
    """The profile as TOML; :func:`read_profile` makes the same of it, but for its proof."""
    lines = [f"{key} = {_quoted(getattr(profile, key))}" for key in _TEXT]
    lines += [f"{key} = {_quoted(getattr(profile, key).value)}" for key in _EFFECTS]
    lines.append(f"spacing = {_quoted(profile.spacing.value)}")
    lines.append(f"header_limit = {profile.header_limit}")
    lines.append(f"notes = [{', '.join(map(_quoted, profile.notes))}]")
    if profile.templates:
        lines += ["", "[templates]"]
        lines += [f"{key.value} = {_quoted(value)}" for key, value in profile.templates.items()]
    for row in profile.rows:
        lines += ["", "[[caveat]]", f"word = {_quoted(row.word)}"]
        lines.append(f"effect = {_quoted(row.effect.value)}")
        if row.meaning is not None:
            lines.append(f"meaning = {_quoted(row.meaning.value)}")
        lines.append(f"repeat = {_quoted(row.repeat.value)}")
        if row.why:
            lines.append(f"why = {_quoted(row.why)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def _base(table: dict[str, Any], known: Mapping[str, Profile]) -> Profile | None:
    name = _text(table, "based_on", "")
    if not name:
        return None
    if name not in known:
        there = shown(", ".join(known), 300)
        raise ProfileError(say("There is no profile {} to base it on: {}.", shown(name), there))
    return known[name]


def _rows(table: dict[str, Any]) -> tuple[Row, ...]:
    entries = table.get("caveat", [])
    if not isinstance(entries, list) or len(entries) > _MOST_ROWS:
        raise ProfileError(say("[[caveat]] must come at most {} times.", _MOST_ROWS))
    return tuple(_row(entry) for entry in entries)


def _row(entry: Any) -> Row:
    if not isinstance(entry, dict):
        raise ProfileError(say("[[caveat]] must be a table."))
    _only(entry, _ROW, "in [[caveat]]")
    word = _text(entry, "word", "")
    if not word:
        raise ProfileError(say("Each [[caveat]] needs a word."))
    effect = _one_of(Effect, entry, "effect", Effect.UNKNOWN)
    meaning = _one_of(Meaning, entry, "meaning", Meaning.OTHER) if "meaning" in entry else None
    if effect is Effect.ENFORCED and meaning is None:
        raise ProfileError(say("{} is enforced, so it needs a meaning.", shown(word, 60)))
    repeat = _one_of(Repeat, entry, "repeat", Repeat.ALL)
    return Row(word, effect, meaning, repeat, _text(entry, "why", ""))


def _templates(table: dict[str, Any], begun: Profile) -> Mapping[Template, str]:
    entries = table.get("templates", {})
    if not isinstance(entries, dict):
        raise ProfileError(say("templates must be a table, as in [templates]."))
    _only(entries, tuple(each.value for each in Template), "in [templates]")
    found = {Template(key): _text(entries, key, "") for key in entries}
    for pattern in found.values():
        try:
            parts = {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}
        except ValueError:
            raise ProfileError(say("{} has a brace too many.", shown(pattern))) from None
        if not parts <= _PARTS:
            wrong = shown(", ".join(sorted(parts - _PARTS)), 60)
            there = Shown(", ".join(sorted(_PARTS)))
            raise ProfileError(say("A template has no part {}: {}.", wrong, there))
    return MappingProxyType({**begun.templates, **found})


def _notes(table: dict[str, Any]) -> tuple[str, ...]:
    notes = table.get("notes", [])
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise ProfileError(say("notes must be a list of texts."))
    return tuple(shown(note, 400).text for note in notes)


def _only(table: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            there = Shown(", ".join(known))
            raise ProfileError(say("There is no {} {}: {}.", shown(key, 60), Shown(where), there))


def _text(table: dict[str, Any], key: str, default: str) -> str:
    value = table.get(key, default)
    if not isinstance(value, str):
        raise ProfileError(say("{} must be text in quotes.", Shown(key)))
    # It is shown to a person wherever the profile is.
    return shown(value, 400).text


def _number(table: dict[str, Any], key: str, default: int) -> int:
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ProfileError(say("{} must be a positive number.", Shown(key)))
    return value


def _one_of(kind: type[E], table: dict[str, Any], key: str, default: E) -> E:
    value = _text(table, key, default.value)
    for each in kind:
        if each.value == value:
            return each
    there = Shown(", ".join(each.value for each in kind))
    raise ProfileError(say("{} must be one of: {}.", Shown(key), there))
