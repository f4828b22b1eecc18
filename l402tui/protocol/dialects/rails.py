"""Which of several ways to pay does a server list that speaks SettleGrid's form?

The body extends that of x402 version 2: its ``accepts`` holds rails of other protocols too, each
with a ``scheme``. The header ``X-SettleGrid-Protocol-Negotiation`` or the realm of its challenge
marks it. A request header chooses the rail; with ``x-settlegrid-protocol: l402`` it may be L402.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from l402tui.protocol.auth_header import AuthChallenge
from l402tui.protocol.dialects.amounts import fixed
from l402tui.protocol.dialects.evidence import Evidence
from l402tui.protocol.dialects.inside import Reader
from l402tui.protocol.dialects.kinds import Demand, Difference, Kind, Words
from l402tui.protocol.dialects.located import Item
from l402tui.protocol.dialects.x402 import Choice, read_x402
from l402tui.protocol.text import Shown, say

__all__ = ["ASK_FOR_L402", "MultiRail", "Rail", "decode", "lists_rails", "marked"]

ASK_FOR_L402: Final = ("x-settlegrid-protocol", "l402")
"""The request header that asks such a server for an L402 challenge."""

_WORDS: Final = Words(
    "It offers several ways to pay, which it calls rails.",
    "With the request header x-settlegrid-protocol: l402 it may offer L402 too, and a Lightning "
    "wallet could pay that. The others are for clients of those protocols.",
    Difference(
        "That depends on the rail; most are good for one call.",
        "What can be handed on is the token of the L402 rail at most, and only the "
        "server can check it.",
        "The service in between has to be trusted, and with a balance also with the money.",
        "Each rail proves the payment in its own way.",
    ),
)
_CENTS: Final = 2**53
_MOST: Final = 32


@dataclass(frozen=True, slots=True)
class Rail:
    """One entry of ``accepts``."""

    at: Item
    scheme: str | None
    provider: str | None
    cents: int | None
    """Hundredths of a US dollar, where the rail counts in them."""

    def amount_words(self) -> Shown | None:
        """The price in dollars; None where the rail does not count in cents."""
        return None if self.cents is None else say("{} USD", fixed(self.cents, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiRail(Demand):
    """What a server of this form lists."""

    schemes: tuple[str, ...]
    """As its challenge names them."""
    rails: tuple[Rail, ...]
    choices: tuple[Choice, ...]
    """The rails that are choices of x402."""


def lists_rails(challenge: AuthChallenge) -> bool:
    """Whether a challenge of scheme Payment only names the rails."""
    return any(param.value == b"settlegrid" for param in challenge.named("realm"))


def marked(evidence: Evidence) -> bool:
    """Whether anything marks the response as of this form."""
    if evidence.first("x-settlegrid-protocol-negotiation") is not None:
        return True
    return any(lists_rails(challenge) for challenge in evidence.challenges("payment"))


def decode(evidence: Evidence) -> MultiRail | None:
    """The rails; None where nothing marks the response as of this form."""
    if not marked(evidence):
        return None
    ours = [challenge for challenge in evidence.challenges("payment") if lists_rails(challenge)]
    named = [p.value.decode("utf-8", "replace") for c in ours for p in c.named("scheme")]
    schemes = tuple(part.strip() for text in named for part in text.split(",") if part.strip())
    source = evidence.source()
    if evidence.json is None:
        return MultiRail(
            kind=Kind.MULTI_RAIL, words=_WORDS, source=source, problems=evidence.problems,
            schemes=schemes, rails=(), choices=(),
        )  # fmt: skip
    body = read_x402(source, evidence.json, evidence.problems, Kind.X402_V2)
    fields = Reader(evidence.json)
    entries = evidence.json.array("accepts")[:_MOST]
    rails = tuple(_rail(entry, fields) for entry in entries if entry.members)
    return MultiRail(
        kind=Kind.MULTI_RAIL,
        words=_WORDS,
        source=source,
        schemes=schemes,
        rails=rails,
        choices=tuple(choice for choice in body.choices if choice.network is not None),
        problems=(*body.problems, *fields.problems),
    )


def _rail(entry: Item, fields: Reader) -> Rail:
    mine = Reader(entry, fields.problems)
    cents = mine.whole("costCents", most=_CENTS)
    if cents is None:
        cents = mine.whole("amountCents", most=_CENTS)
    return Rail(entry, entry.text("scheme"), entry.text("provider"), cents)
