"""What happens where a server is paid, and asks again?

The rule: one payment, and then a person. The credential is kept with its proof, the same server is
not paid by itself any more, and what it would not take is taken to it again by ``resume`` alone.
"""

from hashlib import sha256

from l402tui.cli.exits import Exit
from l402tui.flow.model import Intent, IntentState
from tests.cli.command import Screen

from .customer import Customer
from .network import SERVICES, Network
from .node import Node
from .payer import Purse
from .service import RecordingService
from .till import Till

PRICE_SAT = 100
PAY = "Type yes to pay, anything else to stop: "


def the_payment(customer: Customer, state: IntentState) -> Intent:
    """Return the one payment of the vault that stands so."""
    with customer.vault() as vault:
        (intent,) = (each for each in vault.payments(every=True) if each.state is state)
    return intent


def plain(screen: Screen) -> str:
    """Return what is on the screen, however it is broken into lines."""
    return " ".join(screen.text.split())


def test_an_aperture_that_lost_its_secret_is_paid_once_and_then_a_person_is_asked(
    customer: Customer, network: Network, purse: Purse, service: RecordingService
) -> None:
    url = network.url("weather", "/lost")
    ask = ("get", url, "--wallet", "lnd", "--plain")
    with customer.at_terminal(*ask) as screen:
        screen.until(PAY)
        with network.aperture.without_its_newest_secret():
            screen.type("yes\n")
            assert screen.end() == Exit.UNDELIVERED, screen.text
    told = plain(screen)
    assert "The server answered 402 Payment Required to a credential that was just paid" in told
    assert "the payment of 10 sat did happen" in told
    assert "Money was spent." in told
    assert "Nothing more is paid here by itself. Bill, token and preimage are kept" in told
    assert purse.states == ["SUCCEEDED"]
    assert service.requests == []

    kept = the_payment(customer, IntentState.REJECTED)
    assert kept.preimage is not None
    assert sha256(kept.preimage.reveal()).digest() == kept.payment_hash
    assert kept.payment_hash == purse.payments[0].payment_hash
    assert kept.token.reveal() in kept.challenge
    assert kept.invoice.encode() in kept.challenge

    alone = customer.buy(url)
    assert alone.code == Exit.DECLINED, alone.err
    assert "This server took money" in alone.err
    assert purse.states == ["SUCCEEDED"]
    with customer.at_terminal(*ask) as screen:
        screen.until(PAY)
        assert "ago and gave nothing" in plain(screen)
        screen.type("no\n")
        assert screen.end() == Exit.DECLINED
    assert purse.states == ["SUCCEEDED"]

    # The secret is back by now, and what was bought is worth something again.
    followed = customer.run("payments", "resume", kept.payment_hash.hex())
    assert followed.code == Exit.OK, followed.err
    assert "No money was spent now; it was paid earlier." in followed.err
    assert [each.path for each in service.requests] == [f"{SERVICES['weather'].path}/lost"]
    assert purse.states == ["SUCCEEDED"]
    the_payment(customer, IntentState.ACTIVE)


def test_a_deaf_server_hears_both_names_of_the_scheme_and_is_paid_once(
    customer: Customer, till: Till, purse: Purse, bob: Node
) -> None:
    invoice, url = bob.client.add_invoice(PRICE_SAT), f"{till.url}/paper"
    till.asks(invoice.bolt11, invoice.payment_hash)
    till.deaf = True
    first = customer.buy(url)
    assert first.code == Exit.UNDELIVERED, first.err
    assert "Money was spent." in first.err
    shown = [each.authorization for each in till.asked if each.authorization]
    assert [each.partition(" ")[0] for each in shown] == ["L402", "LSAT"]
    assert {each.rpartition(":")[2] for each in shown} == {invoice.preimage.hex()}
    the_payment(customer, IntentState.REJECTED)

    same = customer.buy(url)
    assert same.code == Exit.REFUSED, same.err
    assert "This invoice is paid, and the server did not accept it." in same.err
    fresh = bob.client.add_invoice(PRICE_SAT)
    till.asks(fresh.bolt11, fresh.payment_hash)
    another = customer.buy(url)
    assert another.code == Exit.DECLINED, another.err
    assert "This server took money" in another.err
    assert [each.payment_hash for each in purse.payments] == [invoice.payment_hash]

    till.deaf = False
    followed = customer.run("payments", "resume", invoice.payment_hash.hex())
    assert followed.code == Exit.OK, followed.err
    assert [each.payment_hash for each in purse.payments] == [invoice.payment_hash]
    assert len(till.delivered) == 1
