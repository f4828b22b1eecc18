"""Which mistakes can the practice server make?

Each :class:`Switch` is one, with a sentence that says what it does; :class:`Switches` is a set of
them. A server is started with some, and ``/with/<switch>,<switch>/weather`` adds more for one
request. A new mistake is one member here and one branch where it acts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

__all__ = ["Switch", "Switches"]


class Switch(Enum):
    """One way to differ from a server that does everything right."""

    sentence: str

    def __new__(cls, name: str, sentence: str) -> Self:
        """The value is the name; the sentence comes with it."""
        member = object.__new__(cls)
        member._value_ = name
        member.sentence = sentence
        return member

    TOKEN_PARAM = "token-param", 'One challenge in the form L402 version="0", token=, invoice=.'
    MODE_401 = "mode-401", "A credential that is not accepted gets 401 instead of 402."
    WRONG_HASH = "wrong-hash", "The invoice does not belong to the token: paying buys nothing."
    OVERPRICED = "overpriced", "The invoice asks for 1,000,000 sat."
    EXPIRED = "expired", "The invoice expired an hour ago."
    BROKEN_INVOICE = "broken-invoice", "The invoice's checksum is wrong."
    GARBAGE_TOKEN = "garbage-token", "The token is no macaroon."
    SHORT_LIVED = "short-lived", "The token ends soon after it was made."
    NO_CHALLENGE = "no-challenge", "402 without any challenge."
    NOT_L402 = "not-l402", "402 in another protocol: JSON in the manner of x402, no Lightning."
    BODY_ONLY = "body-only", "The bill stands in a JSON body, and in no header."
    PAYMENT_TOO = "payment-too", "The Payment scheme is offered beside L402, for the same invoice."
    RAILS = (
        "rails",
        "Several ways to pay; L402 for requests with the header x-settlegrid-protocol: l402.",
    )
    GRPC = "grpc", "The bill as gRPC has it: status 200, and the failure in grpc-status."
    CASHU = "cashu", "402 in another protocol: ecash, no Lightning."
    HOSTILE_TEXT = (
        "hostile-text",
        "Escape sequences, markup and direction marks wherever the server may write text.",
    )
    ERROR_AFTER_PAYMENT = (
        "error-after-payment",
        "The first two requests with a paid credential get 503, then it works.",
    )
    ALWAYS_ERROR_AFTER_PAYMENT = (
        "always-error-after-payment",
        "Every request with a paid credential gets 503.",
    )
    REJECT_AFTER_PAYMENT = (
        "reject-after-payment",
        "A paid credential is never accepted: 402 again and again.",
    )
    STRICT_CAVEATS = (
        "strict-caveats",
        "A token with a caveat that this server does not know is refused; aperture skips those.",
    )
    SLOW = "slow", "Every answer takes its time."


@dataclass(frozen=True, slots=True)
class Switches:
    """The switches that are on, and how strongly two of them act."""

    on: frozenset[Switch] = frozenset()
    slow_seconds: float = 5.0
    """How long an answer takes with ``slow``."""
    short_seconds: int = 60
    """How long a token lives with ``short-lived``."""

    @classmethod
    def of(cls, *switches: Switch) -> Switches:
        """These, and no others."""
        return cls(frozenset(switches))

    @classmethod
    def parse(cls, text: str) -> Switches:
        """Read ``slow,mode-401``. Raises ValueError that names the unknown one and all known."""
        names = [name.strip() for name in text.split(",") if name.strip()]
        known = {switch.value: switch for switch in Switch}
        for name in names:
            if name not in known:
                raise ValueError(f"there is no switch {name[:40]!r}; known are {', '.join(known)}")
        return cls(frozenset(known[name] for name in names))

    def plus(self, other: Switches) -> Switches:
        """With the other's switches as well."""
        return replace(self, on=self.on | other.on)

    def __contains__(self, switch: Switch) -> bool:
        return switch in self.on

    def __iter__(self) -> Iterator[Switch]:
        return (switch for switch in Switch if switch in self.on)
