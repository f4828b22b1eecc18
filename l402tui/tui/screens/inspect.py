"""What is this thing that I have here?

Paste a challenge, a token, a credential, an invoice, a whole HTTP message: it is taken apart, with
the bytes and the reasons, and nothing is sent anywhere. A second thing can be put beside the first:
then it is said whether the two belong together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.events import Paste
from textual.widgets import Static

from l402tui.protocol.dissect import dissect
from l402tui.protocol.errors import DecodeError
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Mark, Node
from l402tui.tui.given import content
from l402tui.tui.keymap import Where, bindings
from l402tui.tui.modals.choose import Choice, Choose
from l402tui.tui.screens import SCREENS
from l402tui.tui.screens.looking import Looking
from l402tui.tui.widgets.exchange import ExchangeTree
from l402tui.tui.widgets.hexview import HexView
from l402tui.tui.widgets.keybar import KeyBar
from l402tui.tui.widgets.pastebox import PasteBox
from l402tui.tui.widgets.titlebar import TitleBar
from l402tui.tui.widgets.why import WhyPane
from l402tui.tui.words import plain

__all__ = ["Desk", "InspectScreen"]

_FIRST: Final = "Paste anything: a challenge, a token, a credential, an invoice, curl -i output."
_SECOND: Final = "And this? Paste what may belong to the first, or press e for an example."
_EMPTY: Final = say(
    "Paste anything from the L402 world. To type it, or the name of a file, press p first. "
    "e brings examples."
)
_TYPING: Final = say("What you type goes into the box. Tab leaves it; then the keys below work.")
_OFFLINE: Final = say("Nothing is sent and nothing is paid here.")


@dataclass(slots=True)
class Desk:
    """What lies there to be looked at, also while the person is on another screen."""

    first: bytes = field(default=b"", repr=False)
    second: bytes = field(default=b"", repr=False)
    """What the first is compared with; empty: nothing."""


class InspectScreen(Looking):
    """Paste anything."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Where.INSPECT)]
    PLACE = Where.INSPECT

    def __init__(self, desk: Desk, now: Callable[[], float]) -> None:
        """``now`` gives unix seconds, to tell what has expired."""
        super().__init__()
        self._desk = desk
        self._now = now

    def compose(self) -> ComposeResult:
        """Two boxes, the second one when it is asked for, above the panes."""
        yield TitleBar(SCREENS, "Inspect", id="title")
        yield PasteBox(_FIRST, id="first")
        yield PasteBox(_SECOND, id="second")
        with Container(id="body"):
            with Vertical(id="left"):
                yield ExchangeTree(id="tree")
            with Vertical(id="right"):
                yield HexView(id="hex")
                yield WhyPane(id="why")
        yield Static(markup=False, id="status")
        yield KeyBar(Where.INSPECT, Where.EVERYWHERE, id="keys")

    def on_mount(self) -> None:
        """What was brought along, or an empty box."""
        self.query_one(ExchangeTree).border_title = "What it is"
        self.on_screen_resume()
        self.query_one(ExchangeTree).focus()

    def on_screen_resume(self) -> None:
        """What lies on the desk, wherever it was put there."""
        self.set_class(bool(self._desk.second), "comparing")
        for box, data in ((self._first, self._desk.first), (self._second, self._desk.second)):
            if box.data != data:
                box.give(data)
        self.read()

    @property
    def _first(self) -> PasteBox:
        return self.query_one("#first", PasteBox)

    @property
    def _second(self) -> PasteBox:
        return self.query_one("#second", PasteBox)

    @property
    def given(self) -> tuple[bytes, bytes]:
        """What stands in the boxes."""
        return self._first.data, self._second.data

    @property
    def _typing(self) -> bool:
        return any(box.has_focus and not box.read_only for box in (self._first, self._second))

    def on_paste(self, event: Paste) -> None:
        """Wherever the focus is."""
        comparing = self.has_class("comparing")
        (self._second if comparing and not self._desk.second else self._first).paste(event.text)

    def on_descendant_focus(self) -> None:
        """Whether keys are letters now is said at the bottom."""
        self.redraw()

    # --- reading -------------------------------------------------------------------------------

    def on_paste_box_given(self, event: PasteBox.Given) -> None:
        """Take it apart, and hide it where it is a secret."""
        event.stop()
        self._desk.first, self._desk.second = self.given
        self.read()
        if event.whole and event.box.data and self.steps:
            self.query_one(ExchangeTree).focus()

    @property
    def steps(self) -> tuple[Node, ...]:
        """What stands in the tree."""
        return tuple(self.query_one(ExchangeTree).steps)

    def read(self) -> None:
        """Take apart what stands in the boxes."""
        first, second = (content(data) for data in self.given)
        nodes: list[Node] = []
        problems: list[Shown] = []
        for thing, box in ((first, self._first), (second, self._second)):
            if not thing.strip():
                continue
            try:
                node = dissect(thing, now=self._now())
            except DecodeError as error:
                problems.append(say("This cannot be read: {}.", shown(str(error), 400)))
                continue
            nodes.append(node)
            box.hide(self.masked and _is_secret(node))
        if len(nodes) == 2:
            from l402tui.protocol.dissect.pair import dissect_pair
            from l402tui.protocol.dissect.redact import redacted

            nodes.insert(0, redacted(dissect_pair(first, second, now=self._now())))
        told = problems[0] if problems else Shown("") if nodes else _EMPTY
        tree = self.query_one(ExchangeTree)
        tree.show(nodes)
        tree.unfold(max(12, self.size.height - 12))
        best = _telling(nodes)
        if best is not None:
            tree.choose(best)
        if not nodes:
            self.query_one(WhyPane).show(None)
            self.query_one(HexView).clear()
        self.query_one(WhyPane).announce(None, told)
        self.redraw()

    def redraw(self) -> None:
        """The line at the bottom, and the keys."""
        nodes = self.steps
        if nodes:
            word = nodes[0].mark.value if nodes[0].mark is not Mark.PLAIN else ""
            head = say("{}: {}", nodes[0].label, nodes[0].value)
            line = say("{}  {}", head, Shown(word)) if word else head
        else:
            line = _OFFLINE
        if self._typing:
            line = _TYPING
        self.query_one("#status", Static).update(plain(line))
        comparing = self.has_class("comparing")
        self.query_one(KeyBar).show(
            lambda action: action == "back" or not (self._typing or self.why_not(action)),
            {"compare": "one alone" if comparing else "compare"},
        )

    # --- actions -------------------------------------------------------------------------------

    def do_paste(self) -> None:
        """An empty box for something else."""
        self._first.give(b"")
        self._first.write()
        self.redraw()

    def do_compare(self) -> None:
        """A second box, or none."""
        self.toggle_class("comparing")
        if not self.has_class("comparing"):
            self._second.give(b"")
        self.query_one(ExchangeTree).focus()
        self.redraw()

    def _no_compare(self) -> Shown | None:
        if self._first.data.strip() or self.has_class("comparing"):
            return None
        return say("There is nothing to compare with yet: p, then paste something.")

    def do_examples(self) -> None:
        """One of the samples that come with the program."""
        from l402tui.practice.samples import samples

        found = samples()
        choices = [
            Choice(name, shown(name.removesuffix(".txt")), shown(teaches))
            for name, (teaches, _) in found.items()
        ]

        def chosen(name: str | None) -> None:
            if name is not None:
                self._lay(found[name][1].encode())

        self.app.push_screen(Choose("Examples", choices), chosen)

    def _lay(self, data: bytes) -> None:
        """Put something where it is wanted: beside the first thing, or in its place."""
        beside = self.has_class("comparing") and not self._desk.second.strip()
        if beside:
            self._desk.second = data
        else:
            self._desk.first = data
        (self._second if beside else self._first).give(data)

    def do_secrets(self) -> None:
        """Secrets, masked or not, in the boxes as well."""
        super().do_secrets()
        self.read()

    def do_back(self) -> None:
        """Out of a large pane, out of the box, out of the screen."""
        if self.maximized is not None:
            self.minimize()
        elif self._typing:
            self.query_one(ExchangeTree).focus()
        else:
            self.app.call_later(self.app.run_action, "leave_screen")


def _telling(nodes: Sequence[Node]) -> Node | None:
    """The field that says most: of two things the verdict, else what is wrong or what fits."""
    if len(nodes) != 1 or nodes[0].mark in (Mark.WARN, Mark.BAD):
        return nodes[0] if nodes else None
    fields = [one for one in nodes[0].walk() if not one.children]
    read = [one for one in fields if one.span is not None]
    for mark, among in ((Mark.BAD, fields), (Mark.WARN, read), (Mark.GOOD, read)):
        for one in among:
            if one.mark is mark:
                return one
    return None


def _is_secret(node: Node) -> bool:
    return any(one.secret for one in node.walk())
