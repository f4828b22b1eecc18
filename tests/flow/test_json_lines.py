"""Is every line valid, stable, free of secrets and unable to move a terminal?"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from l402tui.flow import events as e
from l402tui.flow.bill import read_bill
from l402tui.flow.checks import examine
from l402tui.flow.json_lines import as_json, json_line
from l402tui.flow.model import Ending, LatestEnd, Money, Outcome
from l402tui.practice.switches import Switch
from l402tui.protocol.credential import Credential
from l402tui.protocol.text import say
from tests.flow import makers as m
from tests.flow.test_runner import bench

WHY = say("because")
CREDENTIAL = Credential(m.HELD.token, m.HELD.preimage).header_value("L402").reveal()
SENT = (
    b"GET /weather HTTP/1.1\r\nHost: api.example\r\nCookie: session=hush\r\n"
    b"Authorization: " + CREDENTIAL + b"\r\n\r\n"
)
BINARY = replace(m.answer(), body=b"\xff\x00\xfe")
EVERY: list[e.Event] = [
    e.Found((m.HELD,), m.PAID),
    e.Found(),
    e.Requested(m.REQUEST, SENT, m.HELD),
    e.Retried(m.REQUEST, SENT, 2),
    e.Challenged(m.BILL_402),
    e.Answered(m.answer()),
    e.Answered(BINARY),
    e.Unreachable(e.Fault.TLS, WHY, maybe_received=True),
    e.Decoded(m.BILL),
    e.Decoded(read_bill(m.answer(402))),
    e.Decoded(read_bill(m.challenge("L402 nonsense"))),
    e.Queued(),
    e.TurnTaken(waited=True, ending=Ending(Outcome.DECLINED, Money.NONE, WHY)),
    e.Checked(examine(m.FACTS), m.QUOTE, m.PAID),
    e.ApprovalAsked(m.QUOTE, ()),
    e.Approved(m.QUOTE.digest, WHY),
    e.Declined(WHY),
    e.Reserved(m.RESERVED),
    e.Outstanding(m.PAID),
    e.Outstanding(None, WHY),
    e.PaymentSent(m.SENDING),
    e.PaymentProgressed(WHY),
    e.PaymentProgressed(WHY, latest_end=LatestEnd(800_000, m.NOW)),
    e.PaymentSettled(m.PREIMAGE, m.FEE),
    e.PaymentFailed(WHY, WHY),
    e.PaymentUnknown(WHY),
    e.PaymentNotFound(),
    e.PaidStored(m.HELD),
    e.ResultStored(m.PAID),
    e.Released(m.RESERVED),
    e.Waiting(2.0, WHY),
    e.Waited(),
    e.Failed(WHY),
    e.Finished(Ending(Outcome.PAID, Money.SPENT, WHY, payment_hash=m.HASH, cost=m.FEE)),
]


def test_every_kind_of_event_is_in_the_list() -> None:
    kinds = {kind for kind in vars(e).values() if isinstance(kind, type)}
    events = {kind for kind in kinds if issubclass(kind, e.Event) and kind is not e.Event}
    assert events == {type(event) for event in EVERY}


@pytest.mark.parametrize("event", EVERY, ids=[type(event).__name__ for event in EVERY])
def test_a_line(event: e.Event) -> None:
    line = json_line(replace(event, at=12.5))
    assert line.isascii()
    assert line.isprintable()
    told = json.loads(line)
    assert list(told)[:2] == ["event", "at"]
    assert told["at"] == 12.5
    for secret in (m.PREIMAGE.reveal().hex(), "hush", str(m.PREIMAGE), "‹secret"):
        assert secret not in line


def test_names_are_snake_case() -> None:
    assert as_json(e.PaymentNotFound())["event"] == "payment_not_found"
    assert as_json(e.Found())["event"] == "found"


def test_a_credential_on_the_wire_is_redacted() -> None:
    headers: Any = as_json(e.Retried(m.REQUEST, SENT))["headers"]
    assert ["Authorization", "L402 (secret)"] in headers
    assert ["Cookie", "(secret)"] in headers
    assert ["Host", "api.example"] in headers


def test_amounts_are_whole_msat() -> None:
    def amounts(value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if "amount" in key or "fee" in key or "cost" in key:
                    assert key.endswith("_msat")
                    assert inner is None or type(inner) is int
                amounts(inner)
        elif isinstance(value, list):
            for inner in value:
                amounts(inner)

    for event in EVERY:
        amounts(json.loads(json_line(event)))


def test_a_body_that_is_no_text_is_base64() -> None:
    told = as_json(e.Answered(BINARY))
    assert told["body_base64"] == "/wD+"
    assert "body" not in told


async def test_hostile_text_stays_inside_the_quotes(tmp_path: Path) -> None:
    async with bench(tmp_path, Switch.HOSTILE_TEXT) as on:
        lines = [json_line(event) for event in await on.run()]
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert any("\\u001b]52" in line for line in lines)
