"""What is said before anything is sent?

The first step is announced like every other one; without an address, or in automatic mode, it is
said how to begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from l402tui.flow.commands import Send
from l402tui.flow.guide import Guide, guide
from l402tui.flow.model import Request
from l402tui.flow.ports import Vault, VaultError
from l402tui.protocol.text import Shown, say

__all__ = ["Opening", "opening"]

_DEMO: Final = say(
    "A practice server runs inside this program: no account, no network, no real money. "
    "d lets it make mistakes, a takes all steps at once."
)
_EMPTY: Final = say(
    "Type an address above (u), and press Enter. In step mode every step waits for you."
)
_STEP: Final = say("Press s or Space to send.")
_SEND: Final = say("Press s to send.")
_FOLLOW: Final = say("A payment for this request is not finished. Press s to follow it.")


@dataclass(frozen=True, slots=True)
class Opening:
    """What stands beside an empty tree."""

    guide: Guide | None
    note: Shown
    how: Shown = _STEP


def opening(request: Request | None, vault: Vault | None, *, demo: bool, step: bool) -> Opening:
    """``request`` as it stands in the address bar, None where it cannot be read; ``vault`` once a
    session is open."""
    about = _DEMO if demo else Shown("")
    if request is None:
        return Opening(None, about or _EMPTY)
    try:
        open_payment = vault is not None and vault.unfinished(request) is not None
        held = next(iter(vault.credentials(request)), None) if vault is not None else None
    except VaultError:
        open_payment, held = False, None  # the flow itself says it, and how money stands
    if open_payment:
        return Opening(None, _FOLLOW)
    if not step:
        return Opening(None, say("{} {}", _SEND, about) if about else _SEND)
    return Opening(guide(Send(request, held)), about)
