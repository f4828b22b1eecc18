"""What does a verifier do with a caveat?

A macaroon can be narrowed by anybody, but a caveat restricts only as far as the server that checks
the token reads it: one enforces a word, another skips it, a third refuses every token that has it.
A :class:`Profile` writes down what one verifier does, word by word, and where that is known from.
Profiles are data: those that come along are in :mod:`~l402tui.protocol.verifiers.profiles`, and a
person's own are read from TOML by :mod:`~l402tui.protocol.verifiers.written`.

Sources: each profile names its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final

__all__ = [
    "HEADER_LIMIT",
    "Effect",
    "Meaning",
    "Profile",
    "Proof",
    "Repeat",
    "Row",
    "Spacing",
    "Template",
]

HEADER_LIMIT: Final = 8_192
"""Bytes of one header line, beyond which servers and proxies commonly refuse a request."""


class Effect(Enum):
    """What becomes of a token that has such a caveat."""

    ENFORCED = "enforced"
    """The verifier holds it against the request, and refuses where it does not hold."""
    IGNORED = "ignored"
    """It is skipped: the token opens what it opened before."""
    BREAKS = "breaks the token"
    """Every request with it is refused."""
    UNKNOWN = "not known"


class Meaning(Enum):
    """What an enforced caveat is held against."""

    SERVICES = "services"
    """A list ``name:tier,...`` that must name the wanted service."""
    SERVICE = "one service"
    SECONDS = "unix seconds"
    """The moment the token ends, by the verifier's own clock."""
    MILLISECONDS = "unix milliseconds"
    DATE = "an RFC 3339 date"
    METHOD = "one method"
    METHODS = "methods"
    PATH = "one path"
    PREFIX = "a path and what is below it"
    PATTERNS = "path patterns"
    """A list with ``*`` (one segment) and ``**`` (the rest)."""
    ADDRESS = "one IP address"
    ADDRESSES = "IP addresses"
    NETWORK = "a range of IP addresses"
    COUNT = "a number the verifier counts up to"
    """Uses or amounts: whether it still holds is known to the verifier alone."""
    OTHER = "something a request does not show"


class Repeat(Enum):
    """What the verifier makes of a word that comes again."""

    NARROWS = "may only narrow"
    """A later one that allows more than the one before is refused."""
    ALL = "all have to hold"
    """Each is looked at by itself, so together they can only narrow."""


class Spacing(Enum):
    """How a caveat is written. The other ways are other words to that verifier."""

    TIGHT = "key=value"
    SPACED = "key = value"
    WORD = "key value"
    ANY = "key=value or key = value"


class Proof(Enum):
    """How a profile is known to be true."""

    RUN = "seen on the real program"
    READ = "read in its source, not run here"
    WRITTEN = "written down by a person"


class Template(Enum):
    """What a person wants a caveat to do."""

    EXPIRY = "expiry"
    SERVICES = "services"
    CAPABILITY = "capability"
    PATH = "path"
    METHOD = "method"
    USES = "uses"
    AMOUNT = "amount"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Row:
    """What happens to one word."""

    word: str
    """The key. ``{service}`` stands for the name of the wanted service, ``*`` for any beginning."""
    effect: Effect
    meaning: Meaning | None = None
    """For an enforced word."""
    repeat: Repeat = Repeat.ALL
    why: str = ""
    """A sentence more, where there is something to know."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What one verifier does."""

    name: str
    """How a person names it: ``--for NAME``."""
    title: str
    source: str
    """Where this is known from."""
    proof: Proof
    rows: tuple[Row, ...]
    """The first row whose word fits counts."""
    unknown: Effect
    """A word that no row names."""
    bare: Effect
    """A caveat that is no ``key=value``."""
    third_party: Effect = Effect.BREAKS
    spacing: Spacing = Spacing.TIGHT
    attenuates: str = ""
    """Empty: its tokens can be narrowed offline. Else the reason why not."""
    clock: str = "its own clock, to the second, without tolerance"
    templates: Mapping[Template, str] = field(default_factory=lambda: MappingProxyType({}))
    """How each wish is written. In braces: service, services, seconds, milliseconds, date, names,
    path, method, number, address."""
    notes: tuple[str, ...] = ()
    """What else a person should know before they rely on it."""
    header_limit: int = HEADER_LIMIT
    """Bytes."""
