"""Which tokens are there, which was made from which, and what is each good for now?

What was paid for and what came from outside, and below each what was made of it. Whether it could
be used is a word; its colour only repeats it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from l402tui.agents.family import Member, Use
from l402tui.flow.endings import handle
from l402tui.protocol.caveats import format_time
from l402tui.protocol.masking import shown_url
from l402tui.protocol.text import Shown, say, shown
from l402tui.tui.words import styled

__all__ = ["USE_STYLE", "TokenTree", "title_of"]

USE_STYLE: Final = {
    Use.COULD: "$text-success",
    Use.COULD_NOT: "$secondary",
    Use.UNKNOWN: "$text-warning",
}
_USE_WIDE: Final = max(len(use.value) for use in Use) + 2


class TokenTree(OptionList):
    """The family of every token, a line for each."""

    class Selected(Message):
        """Another token is under the cursor, or none."""

    class Taken(Message):
        """The person begins with the one under the cursor."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, compact=True, classes="lines")
        self._members: tuple[Member, ...] = ()
        self._drawn: tuple[Content, ...] = ()

    @property
    def chosen(self) -> Member | None:
        """The token under the cursor."""
        at = self.highlighted
        return self._members[at] if at is not None and at < len(self._members) else None

    def show(self, members: Sequence[Member]) -> None:
        """Show this family; the cursor stays on its token where that is still there."""
        before = self.chosen
        found = list(_lines(members))
        self._members = tuple(member for member, _ in found)
        drawn = tuple(line for _, line in found)
        if drawn != self._drawn:
            self._drawn = drawn
            self.set_options([Option(line) for line in drawn])
        names = [member.token.text for member in self._members]
        if before is not None and before.token.text in names:
            self.highlighted = names.index(before.token.text)
        elif names:
            self.highlighted = min(self.highlighted or 0, len(names) - 1)
        self.post_message(self.Selected())

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """The cursor is on another line."""
        event.stop()
        self.post_message(self.Selected())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        event.stop()
        self.post_message(self.Taken())


def title_of(member: Member) -> Shown:
    """What it is called, for whom it was made, and where it is used."""
    one = member.delegation
    where = shown_url(member.url, 300) if member.url else say("no address")
    if one is None:
        payment = member.intent
        name = say("payment {}", handle(payment.payment_hash)) if payment else say("token")
        return say("{}  {}", name, where)
    when = format_time(int(one.at))
    if one.from_outside:
        return say("{}  from outside, {}", one.number, when)
    to = say("for {}", shown(one.to, 60)) if one.to else say("for nobody named")
    return say("{}  {}, {}  {}", one.number, to, when, where)


def _lines(members: Sequence[Member], lead: str = "") -> Iterator[tuple[Member, Content]]:
    """Each with its line; ``lead`` is drawn before the branches of these."""
    for member in members:
        last = member is members[-1]
        root = member.delegation is None or member.delegation.from_outside
        branch = lead if root else f"{lead}{'└─ ' if last else '├─ '}"
        line = Content.assemble(
            styled(Shown(f"{member.use.value:<{_USE_WIDE}}"), USE_STYLE[member.use]),
            Content.styled(branch, "$secondary"),
            styled(title_of(member), ""),
        )
        yield member, line
        inner = lead if root else f"{lead}{'   ' if last else '│  '}"
        yield from _lines(member.children, inner)
