"""An external wallet believes the preimage, and the person where there is none."""

from __future__ import annotations

from hashlib import sha256

import pytest

from l402tui.flow.events import (
    PaymentFailed,
    PaymentProgressed,
    PaymentSettled,
    PaymentUnknown,
    WalletEvent,
)
from l402tui.flow.model import Intent, IntentState, Request
from l402tui.protocol.amount import sat
from l402tui.protocol.network import Network
from l402tui.protocol.secret import Secret
from l402tui.protocol.url import Url
from l402tui.wallets.external import GRACE, ExternalWallet, NotPaid

PREIMAGE = Secret(bytes(range(32)))
INTENT = Intent(
    payment_hash=sha256(bytes(range(32))).digest(),
    state=IntentState.SENDING,
    request=Request(Url.parse("https://example.com/")),
    scheme="L402",
    token=Secret("token"),
    invoice="lnbc1",
    amount=sat(10),
    fee_cap=sat(1),
    wallet="external:-",
    created=0.0,
    expires=0.0,
)
Answer = Secret | NotPaid | None


class Person:
    """Gives these answers, one at a time, and remembers what they were shown."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.shown: list[Intent] = []

    async def receive(self, intent: Intent) -> Answer:
        self.shown.append(intent)
        return self.answers.pop(0)


async def told(person: Person, how: str, now: float = GRACE) -> list[WalletEvent]:
    wallet = ExternalWallet(Network.MAINNET, person.receive, now=lambda: now)
    stream = wallet.pay(INTENT) if how == "pay" else wallet.track(INTENT)
    return [event async for event in stream]


both = pytest.mark.parametrize("how", ["pay", "track"])


@both
async def test_the_preimage_settles_it(how: str) -> None:
    person = Person(PREIMAGE)
    *before, last = await told(person, how)
    assert last == PaymentSettled(PREIMAGE)
    assert all(isinstance(event, PaymentProgressed) for event in before)
    assert person.shown == [INTENT]


@both
@pytest.mark.parametrize(
    "wrong", [Secret(bytes(32)), Secret(b""), Secret(INTENT.payment_hash), Secret(bytes(range(33)))]
)
async def test_a_wrong_preimage_is_named_and_asked_for_again(how: str, wrong: Secret) -> None:
    person = Person(wrong, wrong, PREIMAGE)
    events = await told(person, how)
    assert events[-1] == PaymentSettled(PREIMAGE)
    sentences = [event.what.text for event in events if isinstance(event, PaymentProgressed)]
    assert sum("not the preimage" in sentence for sentence in sentences) == 2
    assert len(person.shown) == 3


@both
async def test_a_person_who_stops_leaves_it_unknown(how: str) -> None:
    *_, last = await told(Person(Secret(bytes(32)), None), how)
    assert isinstance(last, PaymentUnknown)
    assert "whether you paid is not known" in last.why.text
    assert not last.ask_again


@both
async def test_a_day_after_the_invoice_expired_stopping_means_that_it_was_not_paid(
    how: str,
) -> None:
    *_, last = await told(Person(None), how, now=GRACE + 1)
    assert isinstance(last, PaymentFailed)
    assert last.by_person
    *_, last = await told(Person(PREIMAGE), how, now=GRACE + 1)
    assert last == PaymentSettled(PREIMAGE)


@both
async def test_a_person_who_says_they_did_not_pay_is_believed(how: str) -> None:
    *_, last = await told(Person(NotPaid.SURE), how)
    assert isinstance(last, PaymentFailed)


@both
async def test_showing_an_invoice_is_no_acknowledgement(how: str) -> None:
    events = await told(Person(Secret(bytes(32)), None), how)
    progress = [event for event in events if isinstance(event, PaymentProgressed)]
    assert progress
    assert not any(event.acknowledged for event in progress)


@pytest.mark.parametrize(
    ("network", "real"),
    [(Network.MAINNET, True), (None, True), (Network.REGTEST, False), (Network.SIGNET, False)],
)
async def test_facts(network: Network | None, real: bool) -> None:
    facts = await ExternalWallet(network, Person().receive).facts()
    assert (facts.name, facts.network, facts.real_money) == ("external", network, real)
    assert facts.ready
    assert not facts.proves_payment
    assert facts.node_id is None
    assert facts.balance is None
