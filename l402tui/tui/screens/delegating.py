"""What do all parts of the workbench's screen share?

The workbench itself, the vault's records, the person's profiles, and where it is said how something
went.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from l402tui.agents.family import Member, walk
from l402tui.agents.profiles import Known
from l402tui.flow.lineage import Delegation
from l402tui.flow.ports import VaultError
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.verifiers import PROFILES, Profile
from l402tui.tui.draft import Draft, Workbench
from l402tui.tui.records import Records, records_of
from l402tui.tui.rhythm import Rhythm
from l402tui.tui.screens.telling import Telling
from l402tui.tui.till import Till
from l402tui.tui.widgets.card import Card
from l402tui.wiring import Session

__all__ = ["Delegating"]

_NO_PARENT = say("There is no parent yet: choose a token with Enter, or paste one.")


class Delegating(Telling):
    """The part of a screen that has a workbench."""

    members: tuple[Member, ...] = ()
    """The family of the vault."""

    def __init__(self, bench: Workbench, till: Till, rhythm: Rhythm) -> None:
        super().__init__()
        self.bench = bench
        self.till = till
        self.rhythm = rhythm
        self.session: Session | None = None
        self.known = Known(PROFILES)

    if TYPE_CHECKING:  # what the screen brings

        def change(self, draft: Draft | None, *, end: bool = False) -> None:
            """Lay this on the workbench and draw it; ``end``: the cursor goes to its end."""

        def now(self) -> float:
            """Unix seconds."""

        def look(self) -> None:
            """Read profiles and family anew."""

        def use_verifier(self, profile: Profile) -> None:
            """Predict for this one from now on."""

    @property
    def draft(self) -> Draft | None:
        """What lies on the workbench, while it is to be seen."""
        return self.bench.draft if self.has_class("working") else None

    @property
    def records(self) -> Records:
        """What the vault remembers. Raises VaultError."""
        if self.session is None:
            raise VaultError("The vault is not open yet.")
        return records_of(self.session)

    def no_draft(self) -> Shown | None:
        """Why nothing can be done with a draft: there is none."""
        return None if self.draft is not None else _NO_PARENT

    def written_down(self, draft: Draft) -> Delegation | None:
        """The row of the vault for this very token, which never changes again."""
        for member in walk(self.members):
            if member.delegation is not None and member.token.text == draft.token.text:
                return member.delegation
        return None

    def answer(self, sentence: Shown) -> None:
        """How it went, where it stays to be read."""
        self.query_one(Card).announce(sentence)

    def unwritten(self, error: VaultError | OSError) -> Shown:
        """What is said where something could not be written, so that nothing left."""
        if isinstance(error, FileExistsError):
            return say("It is there already, and is left alone: choose another name.")
        why = str(error) if isinstance(error, VaultError) else error.strerror or "no reason given"
        return say("{} Nothing was written, and nothing has left.", shown(_ended(why), 400))


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(".") else f"{sentence}."
