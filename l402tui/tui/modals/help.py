"""Which keys are there, and what is this about?

Made from the key table; scrolls where it does not fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from l402tui.protocol.text import say
from l402tui.protocol.verifiers import Profile
from l402tui.tui.effects import effects
from l402tui.tui.keymap import Where, keys_of
from l402tui.tui.words import join, styled

__all__ = ["Help"]

_ABOUT = say(
    "L402: a server answers 402 with a token and a Lightning invoice. Paying the invoice reveals a "
    "preimage; token and preimage together are the credential that opens the door. Select a field "
    "in the tree to see its bytes, or a byte to see its field. Nothing is paid before you say yes."
)


class Help(ModalScreen[None]):
    """All keys, those of the present screen first."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,question_mark,f1", "dismiss", "close")]

    def __init__(self, here: Where, profiles: Iterable[Profile] = ()) -> None:
        """``profiles`` are those whose predictions are shown as a table."""
        super().__init__()
        self._here, self._profiles = here, tuple(profiles)

    def compose(self) -> ComposeResult:
        """One text."""
        with VerticalScroll(classes="box wide tall") as box:
            box.border_title = Content("Help")
            box.border_subtitle = Content("Esc closes")
            yield Static(join(*self._lines()), markup=False)

    def _lines(self) -> Iterator[Content]:
        yield styled(_ABOUT, "$secondary")
        places = [self._here, *(place for place in Where if place is not self._here)]
        for place in places:
            yield Content("")
            yield Content.styled(place.value, "bold $primary")
            for key in keys_of(place):
                yield Content.assemble((f"{key.faces:<15}", "bold $accent"), key.help)
            if place is self._here and self._profiles:
                yield Content("")
                yield from effects(self._profiles, min(78, self.app.size.width) - 5)
