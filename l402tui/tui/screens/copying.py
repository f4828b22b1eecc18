"""What can be taken out of the tree, and into which hands does it come?

The copy menu: the selected field as it came, its bytes, or the request as a curl command. What goes
to the clipboard goes to the terminal, which may or may not take it, so nothing more is promised.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from l402tui.flow.model import Request
from l402tui.protocol.masking import masked_header
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Node
from l402tui.tui.modals.ask import Ask
from l402tui.tui.modals.choose import Choice, Choose
from l402tui.tui.screens.telling import Telling
from l402tui.tui.watch import Watch
from l402tui.tui.widgets.exchange import ExchangeTree

__all__ = ["Copying"]


class Copying(Telling):
    """The part of a screen that copies."""

    watched: Watch | None = None
    """The flow that is looked at, on screens that have one."""

    def _no_copy(self) -> Shown | None:
        chosen = self.query_one(ExchangeTree).chosen
        return None if chosen is not None else say("Nothing is selected yet.")

    def do_copy(self) -> None:
        """Choose what to copy."""
        node = self.query_one(ExchangeTree).chosen
        if node is None:
            return
        values = dict(_copies(node, self.watched))
        choices = [Choice(name, Shown(name), shown(text)) for name, text in values.items()]
        if node.secret:
            hidden = say("secret, asks first")
            choices = [Choice(one.name, one.label, hidden) for one in choices]

        def chosen(name: str | None) -> None:
            if name is None:
                return
            self._copy(values[name], ask=node.secret and not name.startswith("curl"))

        self.app.push_screen(Choose("Copy", choices, one_line=True), chosen)

    def _copy(self, text: str, *, ask: bool) -> None:
        def go(sure: bool | None = True) -> None:
            if sure:
                self.app.copy_to_clipboard(text)
                self.tell(say("Sent to the terminal clipboard. Not every terminal takes it."))

        if not ask:
            go()
            return
        told = say("This is as good as cash, and other programs can read the clipboard.")
        self.app.push_screen(Ask("Copy a secret?", told, "Copy", "Cancel"), go)


def _copies(node: Node, watch: Watch | None) -> Iterator[tuple[str, str]]:
    if node.copy:
        yield "as it came", node.copy.decode("utf-8", "backslashreplace")
    elif node.value.raw or node.value:
        raw = node.value.raw.decode("utf-8", "backslashreplace")
        yield "value", raw or node.value.text
    if node.span is not None:
        yield "bytes in hex", node.span.bytes().hex()
    if watch is not None:
        yield "curl command (without credential)", _curl(watch.request)


def _curl(request: Request) -> str:
    parts = ["curl", "-i"]
    if request.method != "GET":
        parts += ["-X", request.method]
    for name, value in request.headers:
        told = masked_header(name.encode(), value.encode("utf-8", "surrogatepass"))
        parts += ["-H", f"{name}: {told.decode('utf-8', 'replace')}"]
    return shlex.join([*parts, str(request.url)])
