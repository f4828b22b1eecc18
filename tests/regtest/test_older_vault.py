"""What does a vault that was restored from an older copy cost?

The rule: nothing, where the bill is the same. The node has the payment already, says so in one of
its ways, and is asked how it stands; the copy then learns what the lost one knew.
"""

import shutil
import signal

import pytest

from l402tui.cli.exits import Exit

from .customer import Customer
from .node import Node
from .payer import Purse
from .till import Till

PRICE_SAT = 100


def copied(customer: Customer) -> None:
    """Make a copy of the vault."""
    with customer.vault() as vault:
        assert vault.writable()
    shutil.copytree(customer.home, customer.home.parent / "copy")


def restored(customer: Customer) -> None:
    """Lose the vault, and take the copy."""
    shutil.rmtree(customer.home)
    (customer.home.parent / "copy").rename(customer.home)


def test_what_the_copy_does_not_know_is_already_paid_and_delivered(
    customer: Customer, till: Till, purse: Purse, bob: Node
) -> None:
    invoice, url = bob.client.add_invoice(PRICE_SAT), f"{till.url}/paper"
    till.asks(invoice.bolt11, invoice.payment_hash)
    copied(customer)
    assert customer.buy(url).code == Exit.OK
    restored(customer)
    payment = invoice.payment_hash.hex()
    unknown = customer.run("payments", "resume", payment)
    assert unknown.code == Exit.USAGE
    assert "bring the newer one back" in unknown.err

    again = customer.begin_to_buy(url).end()
    assert again.code == Exit.OK, again.err
    assert "payment_sent" in again.names  # the copy could not know, and the node did
    assert purse.states == ["SUCCEEDED"]
    assert [each.attempts for each in purse.payments] == [1]
    (row,) = customer.rows("--all")
    assert (row["payment_hash"], row["state"], row["fee_msat"]) == (payment, "active", 1000)
    assert len(till.delivered) == 2


@pytest.mark.parametrize("customer", ["rest"], indirect=True)
def test_what_the_copy_does_not_know_is_in_transition_and_followed(
    customer: Customer, till: Till, purse: Purse, bob: Node
) -> None:
    invoice, url = bob.client.add_hold_invoice(PRICE_SAT), f"{till.url}/paper"
    till.asks(invoice.bolt11, invoice.payment_hash)
    copied(customer)
    buying = customer.begin_to_buy(url)
    buying.until("result_stored")
    buying.signal(signal.SIGKILL)
    buying.end()
    bob.client.wait_for_invoice(invoice.payment_hash, "ACCEPTED")
    restored(customer)

    again = customer.begin_to_buy(url)
    assert again.until("result_stored")["state"] == "in flight"
    bob.client.settle(invoice)
    done = again.end()
    assert done.code == Exit.OK, done.err
    assert purse.states == ["SUCCEEDED"]
    assert [each.attempts for each in purse.payments] == [1]
    assert len(till.delivered) == 1


def test_a_copy_from_the_middle_follows_what_it_knows_to_be_on_its_way(
    customer: Customer, till: Till, purse: Purse, bob: Node
) -> None:
    invoice, url = bob.client.add_hold_invoice(PRICE_SAT), f"{till.url}/paper"
    till.asks(invoice.bolt11, invoice.payment_hash)
    buying = customer.begin_to_buy(url)
    buying.until("result_stored")
    buying.signal(signal.SIGKILL)
    buying.end()
    copied(customer)
    bob.client.wait_for_invoice(invoice.payment_hash, "ACCEPTED")
    bob.client.settle(invoice)
    assert customer.buy(url).code == Exit.OK
    restored(customer)
    (row,) = customer.rows()
    assert row["state"] == "in flight"

    done = customer.run("payments", "resume", invoice.payment_hash.hex(), "--json")
    assert done.code == Exit.OK, done.err
    assert "payment_sent" not in done.names
    assert done.events[-1]["money"] == "earlier"
    assert purse.states == ["SUCCEEDED"]
    (row,) = customer.rows("--all")
    assert (row["state"], row["money"]) == ("active", "spent")
