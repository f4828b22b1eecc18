"""Does the tree of a flow say what has expired, and which steps there were?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from l402tui.flow import events as e
from l402tui.flow.story import story
from l402tui.flow.telling import tell
from l402tui.protocol.text import say
from l402tui.protocol.tree import Node
from tests.flow import makers as m

ENDS = int(m.NOW) + 60
BILL = m.bill_for(m.INVOICE, m.token(m.HASH, (b"weather_valid_until=%d" % ENDS,)))


def every(nodes: Sequence[Node]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from every(node.children)


def expired(*events: e.Event) -> bool:
    """Whether the tree says it of the ticket."""
    return any("EXPIRED" in node.value.text for node in every(story(events)))


def test_a_ticket_that_ends_while_the_flow_goes_on_says_so() -> None:
    challenged = e.Challenged(BILL.response, at=m.NOW)
    assert not expired(challenged)
    assert not expired(challenged, e.Declined(say("no"), at=ENDS - 1.0))
    assert expired(challenged, e.Declined(say("no"), at=ENDS + 1.0))


def test_a_ticket_that_has_ended_when_it_comes_says_so() -> None:
    assert expired(e.Challenged(BILL.response, at=ENDS + 1.0))


def test_a_credential_that_leaves_too_late_says_so() -> None:
    assert BILL.challenge is not None
    line = f"Authorization: L402 {BILL.challenge.token}:{m.PREIMAGE.reveal().hex()}"
    sent = f"GET /weather HTTP/1.1\r\nHost: api.example\r\n{line}\r\n\r\n".encode()
    assert expired(e.Requested(m.REQUEST, sent, m.HELD, at=ENDS + 1.0))
    assert not expired(e.Requested(m.REQUEST, sent, m.HELD, at=m.NOW))


def test_without_a_time_nothing_is_said_of_it() -> None:
    assert not expired(e.Challenged(BILL.response))
    assert story(()) == ()


def test_which_limit_would_be_passed_is_said() -> None:
    told = tell(e.Outstanding(None, say("The limit of 10 sat is used up")))
    assert told is not None
    assert [line.text for line in told.details] == ["The limit of 10 sat is used up."]
