"""What does the vault remember about tokens that were handed out?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from l402tui.flow.lineage import Delegation, NewDelegation, Rehearsed
from l402tui.flow.model import Intent
from l402tui.flow.ports import VaultError
from l402tui.protocol.secret import Secret
from l402tui.wiring import Session

__all__ = ["Records", "records_of"]


@runtime_checkable
class Records(Protocol):
    """The part of the vault that knows tokens and what was made of them. All methods raise
    VaultError."""

    def payments(self, *, every: bool = False) -> Sequence[Intent]:
        """The payments that are not finished, or every one, oldest first."""

    def intent(self, payment_hash: bytes) -> Intent | None:
        """The one payment for this hash."""

    def delegated(self, new: NewDelegation) -> int:
        """Write a child; its number."""

    def delegations(self) -> Sequence[Delegation]:
        """Every token that was handed out or narrowed, parents before children."""

    def rehearsed(self, token: Secret, seen: Rehearsed) -> bool:
        """Write what a server did with a token; False where it is not one of them."""


def records_of(session: Session) -> Records:
    """Those of the session's vault. Raises VaultError where it keeps none."""
    vault = session.vault
    if not isinstance(vault, Records):
        raise VaultError("This vault remembers no tokens.")
    return vault
