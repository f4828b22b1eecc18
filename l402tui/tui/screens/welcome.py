"""What can I do here?

The first screen when no address was given: a demonstration without money, an address of one's own,
or help.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from l402tui.protocol.text import Shown, say
from l402tui.tui.keymap import Where, bindings
from l402tui.tui.screens import SCREENS
from l402tui.tui.widgets.keybar import KeyBar
from l402tui.tui.widgets.titlebar import TitleBar
from l402tui.tui.words import styled

__all__ = ["Welcome"]

_ABOUT = say(
    "L402 sells single answers: a server says 402 with a token and a Lightning invoice, you pay, "
    "and token and preimage open the door. Here you watch it, byte by byte."
)


class Welcome(Screen[None]):
    """Where to begin."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.WELCOME)]
    PLACE = Where.WELCOME

    class Open(Message):
        """The person wants to see a flow."""

        def __init__(self, *, demo: bool) -> None:
            super().__init__()
            self.demo = demo

    def compose(self) -> ComposeResult:
        """A few words and a list."""
        yield TitleBar(SCREENS, "", id="title")
        with Vertical(id="middle"), Vertical(id="card") as card:
            card.border_title = Content("Welcome")
            yield Static(styled(_ABOUT, ""), markup=False, id="about")
            yield OptionList(
                _option("demo", "d", "Watch a demo", "practice server, no real money, offline"),
                _option("address", "u", "Open an address", "a server of your own choice"),
                _option("inspect", "2", "Take apart", "paste a token, a challenge, an invoice"),
                _option("payments", "3", "Payments", "what is unfinished, and what was paid"),
                _option("delegate", "4", "Delegate", "narrow a token, and hand it over"),
                _option("help", "?", "Help", "all keys on one page"),
                _option("back", "q", "Leave", ""),
                compact=True,
            )
        yield Static(
            styled(say("Nothing is sent and nothing is paid before you say so."), ""),
            markup=False,
            id="status",
        )
        yield KeyBar(Where.WELCOME, Where.EVERYWHERE, id="keys")

    def on_mount(self) -> None:
        """The list has the focus."""
        self.query_one(KeyBar).show(lambda action: True)
        self.query_one(OptionList).focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        event.stop()
        self.app.call_later(self.app.run_action, f"do('{event.option.id}')")

    def do_demo(self) -> None:
        """Watch the practice server."""
        self.post_message(self.Open(demo=True))

    def do_address(self) -> None:
        """An address of one's own."""
        self.post_message(self.Open(demo=False))

    def why_not(self, action: str) -> Shown | None:
        """Everything works here."""
        return None


def _option(name: str, key: str, label: str, about: str) -> Option:
    parts = ((f" {key}  ", "bold $accent"), f"{label:<18}", (about, "$secondary"))
    return Option(Content.assemble(*parts), id=name)
