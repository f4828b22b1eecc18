"""Which token was made from which, for whom, and what became of it?

A delegation is one token: a child that was made here, or a token from outside that children were
made of. What was predicted when it was made, and what was seen when it was tried, stay beside it:
so a person can look up what they have handed out, and what could still be used.
"""

from __future__ import annotations

from dataclasses import dataclass

from l402tui.protocol.secret import Secret

__all__ = ["Delegation", "NewDelegation", "Rehearsed"]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One trial of a token at a server."""

    at: float
    """Unix seconds."""
    method: str
    url: str
    verifier: str
    """Whose habits the prediction was about."""
    predicted: bool | None
    """Whether it would be taken; None: left open."""
    seen: str
    """``taken``, ``refused`` or ``not clear``."""
    status: int | None = None
    """The HTTP status; None: no answer."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class NewDelegation:
    """A child that has just been made."""

    parent: Secret
    """The text of the token it was made from."""
    token: Secret
    """Its own text."""
    scheme: str
    payment_hash: bytes | None
    """What both commit to; None where they do not say so in a known way."""
    first_added: int
    """The index of the first caveat that its parent has not."""
    at: float
    to: str = ""
    """Who gets it, in the person's words."""
    why: str = ""
    verifier: str = ""
    predicted: bool | None = None
    """Whether the request in mind would be taken."""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Delegation:
    """A token in the vault, with its place in the family."""

    number: int
    parent: int | None
    """The delegation it was made from. None: it stems from a payment of this vault, or from
    outside."""
    payment_hash: bytes | None
    token: Secret
    scheme: str
    first_added: int
    from_outside: bool
    """It was not made here: children were made of it."""
    at: float
    to: str
    why: str
    verifier: str
    predicted: bool | None
    url: str
    rehearsals: tuple[Rehearsed, ...] = ()
    """Oldest first."""
