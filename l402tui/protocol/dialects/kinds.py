"""Which protocols that share status 402 are told apart, and what is said of each?

The words every dialect has to bring: what it asks for, what could pay it, and what makes it
different from L402 (can the payment be used again, can it be handed on, who has to be trusted, and
what proves it). They stand as data beside each dialect's decoder.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from l402tui.protocol.dialects.located import Item
from l402tui.protocol.errors import DecodeError
from l402tui.protocol.text import Shown

__all__ = [
    "Demand",
    "Dialect",
    "DialectError",
    "Difference",
    "Kind",
    "Source",
    "Where",
    "Words",
]


class DialectError(DecodeError):
    """A request for payment in another protocol that is not written as that protocol says."""

    what = "request for payment"


class Kind(Enum):
    """The protocols that are told apart."""

    L402 = "an L402 challenge that cannot be used"
    L402_BODY = "an L402 bill in the body only"
    X402_V1 = "x402 version 1"
    X402_V2 = "x402 version 2"
    X402_OTHER = "x402 of a version unknown here"
    X402_LIGHTNING = "x402 over Lightning"
    MPP = "Payment (MPP)"
    MPP_SIMPLE = "Payment, the simplified form"
    CASHU = "Cashu (NUT-24)"
    OFFERS = "payment offers (0.2.2)"
    MULTI_RAIL = "SettleGrid, several rails"
    INVOICE_ONLY = "a bare invoice in JSON"
    ACCEPT_PAYMENT = "L402 in an Accept-Payment header"
    MCP_X402 = "x402 inside MCP"
    MCP_MPP = "Payment (MPP) inside JSON-RPC"
    MCP_TPP = "a tool payment (TPP) inside MCP"
    MANIFEST = "an L402 manifest"
    DRY_RUN = "an L402 dry run"
    NAMED = "another payment protocol, by its name"
    OTHER_SCHEME = "another authentication scheme"
    PAYWALL = "a plain paywall"
    NOT_A_BILL = "no request for payment"


class Difference(NamedTuple):
    """What sets a protocol apart from L402: a sentence of ours each."""

    again: str
    """Can what was paid for be used again?"""
    hand_on: str
    """Can it be narrowed and handed on?"""
    trust: str
    """Who has to be trusted, and with what?"""
    proof: str
    """What proves the payment?"""


class Words(NamedTuple):
    """What a person is told. Literals of ours."""

    asks: str
    could_pay: str
    different: Difference | None
    """From L402; None where there is nothing to compare."""


class Where(Enum):
    """The part of a response that something was read from."""

    BODY = "body"
    HEADER = "header"


@dataclass(frozen=True, slots=True)
class Source:
    """The text a demand was read from. Offsets of its problems and items count in :attr:`data`."""

    where: Where
    name: str
    """The header's name in lower case, or of what was decoded out of it; ours, not the server's."""
    data: bytes
    item: Item | None = None
    """As far as it could be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A request for payment as one dialect has it; each dialect adds its own fields."""

    kind: Kind
    words: Words
    source: Source | None = None
    problems: tuple[DialectError, ...] = ()
    """What is not as the protocol says. The rest was read all the same."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a 402 turned out to be."""

    kind: Kind
    name: Shown
    sentence: Shown
    """What it asks for, and what could pay it."""
    could_pay: Shown = Shown("")
    different: Shown = Shown("")
    """From L402: the sentences of :class:`Difference` one after another."""
    words: Words | None = None
    demand: Demand | None = None
    """What was decoded; None where there is nothing but the name."""
