"""What does a whole flow look like as one tree?

:func:`story` turns the events so far into nodes, one for each step, with the messages, the token,
the invoice and the checks below them. The TUI's exchange tree and the notebook show exactly this.
"""

from __future__ import annotations

from collections.abc import Sequence

from l402tui.flow import events as e
from l402tui.flow.checks import CHECKS
from l402tui.flow.findings import Finding, Severity
from l402tui.flow.model import Response
from l402tui.flow.telling import Station, tell
from l402tui.protocol.dissect.message import dissect_message
from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.tree import Mark, Node

__all__ = ["story"]

_WHY_CHECK = {check.number: check.why for check in CHECKS}
_MARKS = {
    Severity.PASS: Mark.GOOD,
    Severity.INFO: Mark.NOTE,
    Severity.WARN: Mark.WARN,
    Severity.ASK: Mark.WARN,
    Severity.BLOCK: Mark.BAD,
}


def story(events: Sequence[e.Event]) -> tuple[Node, ...]:
    """One node for each step that a person can follow, in the order of time.

    The events of one payment are gathered below one node. What had expired when the last of them
    happened says so.
    """
    now = (events[-1].at or None) if events else None
    nodes: list[Node] = []
    payment: list[Node] = []
    for event in events:
        node = _node(event, now)
        if node is None:
            continue
        told = tell(event)
        if told is not None and told.station is Station.PAY:
            payment.append(node)
            continue
        if payment:
            nodes.append(_payment(payment))
            payment = []
        nodes.append(node)
    if payment:
        nodes.append(_payment(payment))
    return tuple(nodes)


def _node(event: e.Event, now: float | None) -> Node | None:
    match event:
        case e.Requested(sent=sent, request=request) | e.Retried(sent=sent, request=request):
            return _sent(event, sent, request.body, now)
        case e.Challenged(response=response) | e.Answered(response=response):
            return _received(response, now)
        case e.Checked(findings=findings):
            told = tell(event)
            value = told.headline if told is not None else Shown("")
            mark = told.mark if told is not None else Mark.PLAIN
            children = tuple(map(_finding, findings))
            why = say("Every check is made before anybody is asked, and all of them are shown.")
            return Node(say("Checks"), value, why, children=children, mark=mark)
        case e.Decoded():
            return None  # the tree of the response shows everything that was decoded
        case _:
            return _words(event)


# What the steps below "Pay" are called; everything else is called after its station.
_STEPS: dict[type[e.Event], str] = {
    e.ApprovalAsked: "question",
    e.Approved: "answer",
    e.Declined: "answer",
    e.Outstanding: "vault",
    e.PaymentSent: "vault",
    e.PaymentProgressed: "wallet",
    e.PaymentSettled: "wallet",
    e.PaymentFailed: "wallet",
    e.PaymentUnknown: "wallet",
    e.PaymentNotFound: "wallet",
    e.PaidStored: "proof",
}


def _words(event: e.Event) -> Node | None:
    told = tell(event)
    if told is None:
        return None
    label = Shown(_STEPS.get(type(event), told.station.value))
    meaning = say(" ".join(["{}"] * len(told.details)), *told.details)
    return Node(label, told.headline, meaning, mark=told.mark)


def _sent(event: e.Event, sent: bytes, body: bytes, now: float | None) -> Node | None:
    told = tell(event)
    start, *lines = sent.rstrip(b"\r\n").split(b"\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    node = dissect_message(start, headers, body, now=now)
    if told is None:
        return node
    return Node(
        Shown(told.station.value),
        told.headline,
        told.details[0] if told.details else node.meaning,
        span=node.span,
        children=node.children,
        copy=node.copy,
        secret=node.secret,
    )


def _received(response: Response, now: float | None) -> Node:
    start = b"%s %d %s" % (response.version.encode(), response.status, response.reason)
    node = dissect_message(start, response.headers, response.body, now=now)
    paid = response.wants_payment
    mark = Mark.PLAIN if paid else Mark.GOOD if response.status < 400 else Mark.WARN
    return Node(
        Shown(str(response.status)),
        say("{}, {} bytes", shown(response.reason, 60), response.size),
        node.meaning,
        span=node.span,
        children=node.children,
        mark=mark,
    )


def _finding(finding: Finding) -> Node:
    sentence = finding.sentence
    if finding.todo:
        sentence = say("{} {}", sentence, finding.todo)
    return Node(
        say("{} {}", Shown(finding.check), Shown(finding.title)),
        sentence,
        say(_WHY_CHECK.get(finding.check, "")),
        mark=_MARKS[finding.severity],
    )


def _payment(nodes: list[Node]) -> Node:
    last = nodes[-1]
    why = say("What is done to pay is written to disk first, so that it is never done twice.")
    return Node(say("Pay"), last.value, why, children=tuple(nodes), mark=last.mark)
