"""Is a bill that is too large, or of another network, refused before the node hears of it?

The rule: the node's own list stays empty. Invoices over whole bitcoins are the node's own, where an
amount without a letter means bitcoin (BOLT-11); those of other networks are signed here, with keys
that belong to nobody.
"""

import asyncio
import os
import time
from hashlib import sha256

import pytest
from bolt11 import Bolt11, MilliSatoshi, Tag, TagChar, Tags, encode

from l402tui.cli.exits import Exit
from l402tui.flow.events import PaymentFailed
from l402tui.flow.model import IntentState
from l402tui.protocol.invoice import Invoice as Read
from l402tui.wallets.lnd import LndWallet

from .customer import Customer
from .lnd_client import Invoice
from .node import Node
from .payer import Purse, intent_to_pay
from .till import Till
from .watching import result

BTC_SAT = 100_000_000
BOTH_LINES = pytest.mark.parametrize("customer", ["grpc", "rest"], indirect=True)
NOT_SPENT = "No money was spent."
DEFAULT_CAP_MSAT = 1_000_000


def foreign(prefix: str, amount_msat: int = 10_000) -> Invoice:
    """Sign an invoice of another network, by a node that does not exist."""
    preimage = os.urandom(32)
    payment_hash = sha256(preimage).digest()
    tags = Tags(
        [
            Tag(TagChar.payment_hash, payment_hash.hex()),
            Tag(TagChar.payment_secret, os.urandom(32).hex()),
            Tag(TagChar.description, "elsewhere"),
            Tag(TagChar.expire_time, 3600),
            Tag(TagChar.min_final_cltv_expiry, 80),
        ]
    )
    unsigned = Bolt11(prefix, int(time.time()), tags, MilliSatoshi(amount_msat))
    return Invoice(encode(unsigned, os.urandom(32).hex()), payment_hash, preimage)


def refused(customer: Customer, till: Till, invoice: Invoice, *more: str) -> str:
    """Ask for an invoice that must be refused before anything is written; what the person read."""
    till.asks(invoice.bolt11, invoice.payment_hash)
    done = customer.buy(f"{till.url}/paper", *more)
    assert done.code == Exit.REFUSED, done.err
    assert NOT_SPENT in done.err
    assert done.out == b""
    with customer.vault() as vault:
        assert not vault.payments(every=True)
    assert [each.status for each in till.asked] == [402] * len(till.asked)
    return done.err


@pytest.mark.parametrize("bitcoins", [1, 2])
def test_whole_bitcoins_are_over_the_cap(
    customer: Customer, till: Till, purse: Purse, bob: Node, bitcoins: int
) -> None:
    invoice = bob.client.add_invoice(bitcoins * BTC_SAT)
    assert invoice.bolt11.startswith(f"lnbcrt{bitcoins}1")
    assert f"{bitcoins * BTC_SAT:,}".replace(",", " ") in refused(customer, till, invoice)
    assert purse.payments == []


def test_a_cap_of_whole_bitcoins_still_leaves_what_the_node_can_send(
    customer: Customer, till: Till, purse: Purse, bob: Node
) -> None:
    invoice = bob.client.add_invoice(BTC_SAT)
    words = refused(customer, till, invoice, "--max-cost", str(3 * BTC_SAT))
    assert "The wallet can send" in words
    assert purse.payments == []


def test_one_msat_over_the_cap_is_over_it_and_the_cap_itself_is_not(
    customer: Customer, till: Till, purse: Purse, bob: Node
) -> None:
    refused(customer, till, bob.client.add_invoice(amount_msat=DEFAULT_CAP_MSAT + 1))
    assert purse.payments == []
    exact = bob.client.add_invoice(amount_msat=DEFAULT_CAP_MSAT)
    till.asks(exact.bolt11, exact.payment_hash)
    assert customer.buy(f"{till.url}/paper").code == Exit.OK
    assert [each.value_msat for each in purse.payments] == [DEFAULT_CAP_MSAT]


def test_an_invoice_without_an_amount_is_refused(
    customer: Customer, till: Till, purse: Purse, bob: Node
) -> None:
    invoice = bob.client.add_invoice()
    assert invoice.bolt11.startswith("lnbcrt1p")
    assert "names no amount" in refused(customer, till, invoice)
    assert purse.payments == []


@pytest.mark.parametrize(
    ("prefix", "word"), [("tbs", "signet"), ("bc", "bitcoin"), ("tb", "testnet")]
)
def test_a_bill_of_another_network_is_refused(
    customer: Customer, till: Till, purse: Purse, prefix: str, word: str
) -> None:
    invoice = foreign(prefix)
    assert Read.decode(invoice.bolt11).network.word == word
    words = refused(customer, till, invoice)
    assert f"The bill is for {word}, but your wallet is on regtest." in words
    assert purse.payments == []


@BOTH_LINES
async def test_the_node_itself_would_refuse_it_too(
    customer: Customer, purse: Purse, alice: Node, bob: Node
) -> None:
    """Nothing stands or falls with our check alone."""
    own = intent_to_pay(alice, bob.client.add_invoice(10))
    wallet = LndWallet.connect(customer.lnd)
    for prefix in ("tbs", "bc"):
        invoice = foreign(prefix)
        intent = own.to(
            IntentState.SENDING, invoice=invoice.bolt11, payment_hash=invoice.payment_hash
        )
        failed = await result(wallet.pay(intent))
        assert isinstance(failed, PaymentFailed)
        assert "of another network" in str(failed.why)
    await wallet.close()
    assert await asyncio.to_thread(lambda: purse.payments) == []
