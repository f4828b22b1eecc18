"""How does a person look into a tree of fields?

The part that every screen with a tree, a hex view and a why pane shares: selecting a field shows
its bytes and its reason, pointing at a byte finds its field, panes come and go, secrets are masked.
"""

from __future__ import annotations

from l402tui.protocol.text import say
from l402tui.protocol.tree import Buffer, Node, Span
from l402tui.tui.screens.copying import Copying
from l402tui.tui.theme import SHORT
from l402tui.tui.widgets.exchange import ExchangeTree
from l402tui.tui.widgets.hexview import HexView
from l402tui.tui.widgets.why import WhyPane

__all__ = ["Looking"]


class Looking(Copying):
    """Tree, bytes and reasons. The rules of their layout are in ``looking.tcss``."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - Textual's own type
    VERTICAL_BREAKPOINTS = [(0, "-short"), (SHORT, "-high")]  # noqa: RUF012 - Textual's own type
    ALLOW_IN_MAXIMIZED_VIEW = "#status, #keys"

    masked: bool = True

    def on_exchange_tree_chosen(self, event: ExchangeTree.Chosen) -> None:
        """Show the bytes and the reason of the field under the cursor."""
        node, step = event.node, event.step
        self.query_one(WhyPane).show(node, reveal=not self.masked, first=event.by_hand)
        span = node.span
        buffer = span.buffer if span is not None else None
        secrets = _secrets(step, buffer) if buffer is not None else []
        self.query_one(HexView).show(buffer, span, secrets)
        self.redraw()

    def on_hex_view_pointed(self, event: HexView.Pointed) -> None:
        """Select the field that was read from this byte."""
        tree = self.query_one(ExchangeTree)
        for step in tree.steps:
            node = step.at(event.buffer, event.offset)
            if node is not None and node is not tree.chosen:
                tree.choose(node)
                return

    def do_hex(self) -> None:
        """The bytes, shown or hidden."""
        wide = self.has_class("-wide")
        self.toggle_class("hide-hex" if wide else "show-hex")
        self.remove_class("show-wire")

    def do_secrets(self) -> None:
        """Secrets, masked or not."""
        self.masked = not self.masked
        self.query_one(HexView).mask(self.masked)
        self.query_one(WhyPane).show(self.query_one(ExchangeTree).chosen, reveal=not self.masked)
        told = (
            "Secrets are masked."
            if self.masked
            else "A secret that you select is shown beside the tree. Whoever sees it can use it."
        )
        self.tell(say(told))


def _secrets(step: Node, buffer: Buffer) -> list[Span]:
    """The secret parts of a buffer: the smallest fields that are secret, or all of it."""
    found: list[Span] = []

    def look(node: Node) -> bool:
        below = [look(child) for child in node.children]
        span = node.span
        if any(below):
            return True
        if node.secret and span is not None and span.buffer is buffer:
            found.append(span)
            return True
        return False

    look(step)
    return found or ([Span(buffer, 0, len(buffer.data))] if buffer.secret else [])
