"""How does a flow read as lines of text?

Two ways of the same telling: short for ``get``, where a person wants the result and what it cost,
and thorough for ``demo``, where every step has its reason, its bytes and its tree. The words of the
events are those of :mod:`l402tui.flow.telling`, the reasons those of :mod:`l402tui.flow.guide`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from l402tui.cli.ink import MARK_INK, Ink, Pen, wrapped
from l402tui.flow import commands as c
from l402tui.flow import events as e
from l402tui.flow.findings import Finding, Severity
from l402tui.flow.guide import guide
from l402tui.flow.model import Outcome, Response
from l402tui.flow.telling import Station, Told, tell
from l402tui.protocol.challenge import read_challenges
from l402tui.protocol.dissect import dissect_challenge
from l402tui.protocol.masking import masked_header
from l402tui.protocol.outline import outline
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Mark, Node

__all__ = ["Lines", "ThoroughLines", "finding_lines"]

_LABEL: Final = 9
_SEVERITY_INK: Final = {
    Severity.PASS: Ink.GOOD,
    Severity.INFO: Ink.BOLD,
    Severity.WARN: Ink.WARN,
    Severity.ASK: Ink.WARN,
    Severity.BLOCK: Ink.BAD,
}


def finding_lines(pen: Pen, findings: Iterable[Finding], indent: str) -> Iterator[str]:
    """One finding a line (or more, where the sentence is long), severity first as a word."""
    for found in findings:
        word = pen.dye(_SEVERITY_INK[found.severity], f"{found.severity.value:<7}")
        sentence = say("{} {}", found.sentence, found.todo) if found.todo else found.sentence
        lead = f"{indent}{found.check} {word} "
        room = pen.width - len(indent) - 12
        first, *more = textwrap.wrap(f"{Shown(found.title)}: {sentence}", max(24, room)) or [""]
        yield lead + first
        for line in more:
            yield f"{indent}{'':12}{line}"


class Lines:
    """The short telling: a station and what happened there."""

    def __init__(self, pen: Pen) -> None:
        self.pen = pen
        self._station: Station | None = None
        self._said: set[str] = set()
        """Sentences that an ending need not repeat."""

    def show(self, event: e.Event) -> None:
        """Write what there is to say about this event."""
        told = tell(event)
        if told is None:
            return
        self._headline(told)
        if isinstance(event, e.Checked):
            worth = [found for found in event.findings if found.severity is not Severity.PASS]
            for line in finding_lines(self.pen, worth, " " * _LABEL):
                self.pen.line(line)
        else:
            fresh = [detail for detail in told.details if detail.text not in self._said]
            self._details(fresh)
            self._said.update(detail.text for detail in fresh)

    def _headline(self, told: Told) -> None:
        label = "" if told.station is self._station else told.station.value
        self._station = told.station
        lead = self.pen.dye(Ink.PLACE, f"{label:<{_LABEL}}")
        first, *more = self._wrapped(told.headline)
        ink = MARK_INK[told.mark]
        self.pen.line(lead + self.pen.dye(ink, first))
        for line in more:
            self.pen.line(" " * _LABEL + self.pen.dye(ink, line))

    def _details(self, details: Iterable[Shown]) -> None:
        for detail in details:
            for line in self._wrapped(detail):
                self.pen.line(" " * _LABEL + line)

    def _wrapped(self, text: Shown) -> list[str]:
        return wrapped(text.text, self.pen.width - _LABEL)


# --- thorough ----------------------------------------------------------------------------------

_IN: Final = "   "
_WIRE: Final = "     "
_LONG: Final = re.compile(r'(?<=")[^"]{48,}(?=")')
_STATION_OF: Final[dict[type[c.Command], Station]] = {
    c.Send: Station.REQUEST,
    c.Decode: Station.DECODE,
    c.Check: Station.CHECK,
    c.Ask: Station.PAY,
    c.Reserve: Station.PAY,
    c.Retry: Station.RETRY,
}
_WHY_402: Final = say(
    "Why: The server names its price. Each WWW-Authenticate line holds a token, which is worth "
    "nothing yet, and an invoice. An old name of the protocol (LSAT) is offered beside the new one."
)
_WHY_RESULT: Final = say(
    "The credential is kept. The next request uses it again, and nothing is paid."
)
_LEFT_OUT: Final = frozenset(
    {
        "format",
        "version",
        "separator",
        "payment secret",
        "min final CLTV expiry",
        "features",
        "checksum",
        "recovery id",
        "token id",
    }
)
_EXPLAINED: Final = frozenset({"macaroon", "token", "payment hash", "caveats", "invoice"})


class ThoroughLines(Lines):
    """The long telling: why, which bytes, and what they mean."""

    def __init__(self, pen: Pen) -> None:
        super().__init__(pen)
        self._number = 0

    def announce(self, command: c.Command) -> None:
        """Say what the next step is for, before it is taken."""
        told = guide(command)
        self._heading(_STATION_OF[type(command)])
        self._say(told.what, Ink.BOLD)
        self._say(say("Why: {}", told.why), Ink.DIM)
        if isinstance(command, c.Reserve):
            self._say(told.money, Ink.BOLD)
        self.pen.line()

    def show(self, event: e.Event) -> None:
        """Write the event with its bytes and its tree."""
        match event:
            case e.Requested(sent=sent) | e.Retried(sent=sent):
                self._wire(">", sent.rstrip().split(b"\r\n"))
            case e.Challenged(response=response):
                self._heading(Station.CHALLENGE)
                self._say(_WHY_402, Ink.DIM)
                self.pen.line()
                self._wire("<", _head(response))
            case e.Decoded(bill=bill) if bill.challenge is not None:
                self._mark(tell(event))
                chosen = bill.reading.lines[bill.challenge.source.line]
                self._tree(dissect_challenge(read_challenges([chosen])))
            case e.Checked(findings=findings):
                self._mark(tell(event))
                for line in finding_lines(self.pen, findings, _IN):
                    self.pen.line(line)
            case e.Answered(response=response):
                self._wire("<", _head(response))
            case e.Finished(ending=ending):
                self._heading(Station.RESULT)
                self._mark(tell(event))
                if ending.outcome is Outcome.PAID:
                    self._say(_WHY_RESULT, Ink.DIM)
            case _:
                self._mark(tell(event))

    def _heading(self, station: Station) -> None:
        if station is self._station:
            return
        self._station = station
        self._number += 1
        self.pen.line()
        title = f"{self._number}. {station.value} "
        self.pen.line(self.pen.dye(Ink.PLACE, title.ljust(self.pen.width, "─")))

    def _mark(self, told: Told | None) -> None:
        if told is None:
            return
        self._say(told.headline, MARK_INK[told.mark])
        for detail in told.details if told.station in (Station.PAY, Station.RESULT) else ():
            self._say(detail, Ink.PLAIN)

    def _say(self, text: Shown, ink: Ink) -> None:
        for line in wrapped(text.text, self.pen.width - len(_IN)):
            self.pen.line(_IN + self.pen.dye(ink, line))

    def _wire(self, arrow: str, lines: Iterable[bytes]) -> None:
        for line in lines:
            safe = shown(_masked(line, arrow == "<"), 4_000).text
            short = _LONG.sub(lambda found: f"{found[0][:20]}…{found[0][-8:]}", safe)
            self.pen.line(f"{_WIRE}{arrow} {short}")

    def _tree(self, tree: Node) -> None:
        for line in outline(_pruned(tree), width=self.pen.width - len(_IN)):
            self.pen.line(_IN + line)


def _head(response: Response) -> Iterator[bytes]:
    yield b"%s %d %s" % (response.version.encode(), response.status, response.reason)
    for name, value in response.headers:
        yield name + b": " + value


def _masked(line: bytes, received: bool) -> bytes:
    name, colon, value = line.partition(b": ")
    if not colon:  # the request line, or the status line
        return masked_header(b"", line)
    scheme, _, credential = value.partition(b" ")
    token, pair, _ = credential.partition(b":")
    if name.lower() == b"authorization" and scheme in (b"L402", b"LSAT") and pair:
        # So many letters are the same in every macaroon of this server.
        return name + colon + scheme + b" " + token[:12] + "…:(the preimage, kept secret)".encode()
    return name + colon + masked_header(name, value, received=received)


def _pruned(node: Node) -> Node:
    """The same tree with what matters for a first look."""
    children = tuple(_pruned(child) for child in node.children if child.label.text not in _LEFT_OUT)
    explained = node.label.text in _EXPLAINED or node.mark is Mark.BAD
    return replace(node, children=children, meaning=node.meaning if explained else Shown(""))
