"""Does ``l402tui get`` buy from a real aperture with a real node, and only once, come what may?

The rule: the program runs as its own process with a home folder of its own, and what it says about
money is held against the list of payments of the node.
"""

import json
import os
import secrets
import signal
from pathlib import Path

import pytest

from l402tui.cli.exits import Exit

from .aperture import SERVICES
from .network import Network
from .node import BASE_FEE_MSAT, Node
from .payer import Person, Purse, Ran, finished, settings
from .processes import wait_until
from .service import RecordingService

SPENT = "Money was spent."
NOT_SPENT = "No money was spent."
EARLIER = "No money was spent now; it was paid earlier."
PRICE_MSAT = SERVICES["weather"].price_sat * 1000


@pytest.fixture
def person(alice: Node, tmp_path: Path) -> Person:
    return Person(tmp_path / "home", settings(alice, tmp_path))


@pytest.fixture
def url(network: Network) -> str:
    """An address that costs 10 sat, another one for each test."""
    return network.url("weather", f"/{secrets.token_hex(4)}")


def get(person: Person, url: str, *more: str) -> Ran:
    return person.run("get", url, "--wallet", "lnd", "--yes", *more)


def delivered(ran: Ran, service: RecordingService) -> bool:
    """Whether the program printed what the service answered to its one request."""
    (seen,) = service.requests
    return ran.code == Exit.OK and json.loads(ran.data) == {"method": "GET", "path": seen.path}


# --- buying --------------------------------------------------------------------------------------


def test_it_pays_over_a_route_with_a_fee_and_prints_what_it_bought(
    person: Person, url: str, purse: Purse, service: RecordingService
) -> None:
    ran = get(person, url)
    assert delivered(ran, service), ran.words
    assert SPENT in ran.words
    (payment,) = purse.payments
    assert payment.status == "SUCCEEDED"
    assert (payment.value_msat, payment.fee_msat) == (PRICE_MSAT, BASE_FEE_MSAT)
    assert payment.preimage not in ran.words + ran.data.decode()


def test_a_second_run_uses_the_credential_and_pays_nothing(
    person: Person, url: str, purse: Purse, service: RecordingService
) -> None:
    assert get(person, url).code == Exit.OK
    service.clear()
    again = get(person, url)
    assert delivered(again, service), again.words
    assert EARLIER in again.words
    assert purse.states == ["SUCCEEDED"]


def test_a_credential_is_not_used_for_another_service(
    person: Person, network: Network, purse: Purse
) -> None:
    for name in ("weather", "hour"):
        assert get(person, network.url(name)).code == Exit.OK
    values = [each.value_msat for each in purse.payments]
    assert values == [SERVICES[name].price_sat * 1000 for name in ("weather", "hour")]


def test_the_fee_rate_counts_towards_the_cap(
    person: Person, network: Network, purse: Purse
) -> None:
    archive = network.url("archive")
    short = get(person, archive, "--max-cost", "2500", "--max-fee", "1001 msat")
    assert short.code == Exit.NOT_PAID, short.words
    enough = get(person, archive, "--max-cost", "2500", "--max-fee", "1002 msat")
    assert enough.code == Exit.OK, enough.words
    assert [(each.status, each.fee_msat) for each in purse.payments] == [
        ("FAILED", 0),
        ("SUCCEEDED", 1002),
    ]


def test_json_ends_with_what_it_cost(person: Person, url: str, purse: Purse) -> None:
    ran = get(person, url, "--json")
    events = [json.loads(line) for line in ran.data.splitlines()]
    assert ran.code == Exit.OK
    assert all(next(iter(event)) == "event" for event in events)
    assert events[-1]["event"] == "finished"
    (payment,) = purse.payments
    assert payment.preimage not in ran.data.decode()


# --- not buying ----------------------------------------------------------------------------------


def test_a_price_above_the_limit_is_refused(
    person: Person, url: str, purse: Purse, service: RecordingService
) -> None:
    ran = get(person, url, "--max-cost", "9")
    assert ran.code == Exit.REFUSED, ran.words
    assert NOT_SPENT in ran.words
    assert (purse.payments, service.requests) == ([], [])


def test_looking_at_the_price_needs_no_wallet(person: Person, url: str, purse: Purse) -> None:
    ran = person.run("get", url, "--no-pay")
    assert ran.code == Exit.OK, ran.words
    assert "10 sat" in ran.words
    assert purse.payments == []


def test_a_fee_cap_too_small_is_not_paid_and_the_next_bill_can_be(
    person: Person, url: str, purse: Purse, service: RecordingService
) -> None:
    ran = get(person, url, "--max-fee", "0")
    assert ran.code == Exit.NOT_PAID, ran.words
    assert "--max-fee" in ran.words
    assert NOT_SPENT in ran.words
    assert (purse.states, service.requests) == (["FAILED"], [])
    assert delivered(get(person, url), service)
    assert purse.states == ["FAILED", "SUCCEEDED"]


def test_more_than_the_node_can_send_is_not_tried(
    person: Person, network: Network, purse: Purse
) -> None:
    ran = get(person, network.url("mansion"), "--max-cost", "20000000")
    assert ran.code == Exit.REFUSED, ran.words
    assert "The wallet can send" in ran.words
    assert purse.payments == []


def test_a_node_that_is_down_is_said_before_anything_is_paid(
    person: Person, url: str, alice: Node
) -> None:
    alice.stop()
    ran = get(person, url)
    assert ran.code == Exit.REFUSED, ran.words
    assert "The node cannot be reached." in ran.words
    assert NOT_SPENT in ran.words


def test_a_macaroon_that_others_can_read_is_refused(person: Person, url: str, purse: Purse) -> None:
    Path(person.lnd.macaroonpath).chmod(0o644)
    ran = get(person, url)
    assert ran.code == Exit.USAGE, ran.words
    assert "chmod 600" in ran.words
    assert purse.payments == []


# --- stopped on the way --------------------------------------------------------------------------

PAY_AND_DIE = """
import asyncio, os, signal, sys
from l402tui import settings, wiring
from l402tui.flow.events import Approved, PaymentSent
from l402tui.protocol.text import say

url, moment = sys.argv[1:]

def reached(name):
    if name == moment:
        os.kill(os.getpid(), signal.SIGKILL)

class Doomed:
    def __init__(self, wallet):
        self.facts, self.track, self.really_pay = wallet.facts, wallet.track, wallet.pay
    async def pay(self, intent):
        reached("before the call leaves")
        async for event in self.really_pay(intent):
            reached("unheard " + type(event).__name__)
            yield event

class Yes:
    async def approve(self, quote, findings):
        return Approved(quote.digest, say("a test"))

async def main():
    async with wiring.open_session(settings.load(), "lnd") as session:
        session.wallet = Doomed(session.wallet)
        async for event in session.runner(Yes()).run(wiring.request_of(url)):
            if isinstance(event, PaymentSent):
                print(event.intent.payment_hash.hex(), flush=True)
            reached(type(event).__name__)

asyncio.run(main())
"""


@pytest.mark.parametrize(
    "moment",
    [
        "PaymentSent",
        "before the call leaves",
        "unheard PaymentProgressed",
        "PaymentProgressed",
        "unheard PaymentSettled",
        "PaidStored",
        "Retried",
    ],
)
def test_killed_at_any_moment_it_pays_once_and_delivers(
    person: Person, url: str, purse: Purse, service: RecordingService, moment: str
) -> None:
    died = person.run_script(PAY_AND_DIE, url, moment)
    assert died.code == -signal.SIGKILL, died.words
    payment_hash = died.data.decode().strip()
    sent = [] if moment in ("PaymentSent", "before the call leaves") else [payment_hash]
    assert [each.payment_hash.hex() for each in purse.payments] == sent
    assert service.requests == []
    ran = get(person, url)
    assert delivered(ran, service), ran.words
    (payment,) = purse.payments
    assert (payment.status, payment.attempts) == ("SUCCEEDED", 1)
    assert payment.payment_hash.hex() == payment_hash  # the very bill that was approved
    assert EARLIER in get(person, url).words
    assert len(purse.payments) == 1


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, Exit.STOPPED)]
)
def test_the_program_itself_stopped_while_the_money_is_on_its_way(
    person: Person,
    url: str,
    purse: Purse,
    carol: Node,
    service: RecordingService,
    number: signal.Signals,
    code: int,
) -> None:
    """The node in between hangs, so the payment is surely sent and surely not settled."""
    with carol.frozen():
        paying = person.start("get", url, "--wallet", "lnd", "--yes")
        wait_until("the payment is in flight", lambda: purse.states == ["IN_FLIGHT"])
        os.kill(paying.pid, number)
        stopped = finished(paying)
    assert stopped.code == code, stopped.words
    assert stopped.data == b""
    assert "Traceback" not in stopped.words
    if number == signal.SIGINT:
        assert "may have been spent" in stopped.words
    assert service.requests == []
    ran = get(person, url)
    assert delivered(ran, service), ran.words
    (payment,) = purse.payments
    assert (payment.status, payment.attempts) == ("SUCCEEDED", 1)
