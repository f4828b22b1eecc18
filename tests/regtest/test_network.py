"""Does the network itself stand, and does lnd answer as the wallet adapters expect?

The rule: each test states one answer of a real lnd that the payment states are built on. When a new
lnd is pinned, what fails here is what changed.
"""

import base64
import hashlib
import json
import ssl
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from .aperture import SERVICES
from .lnd_client import LndError, Payment
from .network import CAPACITY_SAT, Network
from .node import BASE_FEE_MSAT, FEE_RATE_PPM, Node

NO_PREIMAGE_YET = "0" * 64


def proves(payment: Payment) -> bool:
    """Say whether the payment carries the preimage of its own hash."""
    return hashlib.sha256(bytes.fromhex(payment.preimage)).digest() == payment.payment_hash


def test_alice_pays_bob_through_carol(alice: Node, bob: Node) -> None:
    invoice = bob.client.add_invoice(100)
    stream = list(alice.client.paying(invoice.bolt11))
    assert {each.status for each in stream[:-1]} == {"IN_FLIGHT"}
    assert {each.preimage for each in stream[:-1]} == {NO_PREIMAGE_YET}
    paid = stream[-1]
    assert (paid.status, paid.value_msat, paid.fee_msat) == ("SUCCEEDED", 100_000, BASE_FEE_MSAT)
    assert bytes.fromhex(paid.preimage) == invoice.preimage
    assert proves(paid)
    assert bob.client.invoice_state(invoice.payment_hash) == "SETTLED"


def test_carol_takes_her_rate_on_large_amounts(alice: Node, bob: Node) -> None:
    amount_msat = SERVICES["archive"].price_sat * 1000
    paid = alice.client.pay(bob.client.add_invoice(amount_msat=amount_msat).bolt11)
    assert paid.fee_msat == BASE_FEE_MSAT + amount_msat * FEE_RATE_PPM // 1_000_000


def test_a_payment_is_listed_and_tracked(alice: Node, bob: Node) -> None:
    invoice = bob.client.add_invoice(100)
    alice.client.pay(invoice.bolt11)
    listed = [e for e in alice.client.payments() if e.payment_hash == invoice.payment_hash]
    assert listed == [alice.client.track(invoice.payment_hash)]
    assert listed[0].attempts == 1
    assert proves(listed[0])


def test_tracking_an_unknown_hash_is_not_found(alice: Node) -> None:
    with pytest.raises(LndError, match="payment isn't initiated") as refused:
        alice.client.track(b"\x01" * 32)
    assert refused.value.code == "NOT_FOUND"


def test_an_invoice_is_paid_only_once(alice: Node, bob: Node) -> None:
    invoice = bob.client.add_invoice(100)
    alice.client.pay(invoice.bolt11)
    with pytest.raises(LndError, match="invoice is already paid") as refused:
        alice.client.pay(invoice.bolt11)
    assert refused.value.code == "ALREADY_EXISTS"


def test_a_fee_limit_too_low_fails_and_the_invoice_stays_payable(alice: Node, bob: Node) -> None:
    invoice = bob.client.add_invoice(100)
    failed = alice.client.pay(invoice.bolt11, fee_limit_msat=BASE_FEE_MSAT - 1)
    assert (failed.status, failed.failure) == ("FAILED", "FAILURE_REASON_NO_ROUTE")
    assert alice.client.pay(invoice.bolt11, fee_limit_msat=BASE_FEE_MSAT).status == "SUCCEEDED"


def test_more_than_the_channel_holds_fails(alice: Node, bob: Node) -> None:
    failed = alice.client.pay(bob.client.add_invoice(CAPACITY_SAT).bolt11)
    assert (failed.status, failed.failure) == ("FAILED", "FAILURE_REASON_INSUFFICIENT_BALANCE")


def test_an_expired_invoice_is_refused_before_a_payment_exists(alice: Node, bob: Node) -> None:
    invoice = bob.client.add_invoice(100, expiry_s=1)
    time.sleep(2)
    with pytest.raises(LndError, match="invoice expired"):
        alice.client.pay(invoice.bolt11)
    with pytest.raises(LndError, match="isn't initiated"):
        alice.client.track(invoice.payment_hash)


def test_a_held_payment_outlives_its_time_limit_and_then_succeeds(alice: Node, bob: Node) -> None:
    invoice = bob.client.add_hold_invoice(100)
    with ThreadPoolExecutor() as aside:
        paying = aside.submit(alice.client.pay, invoice.bolt11, timeout_s=1)
        bob.client.wait_for_invoice(invoice.payment_hash, "ACCEPTED")
        time.sleep(2)
        held = alice.client.track(invoice.payment_hash)
        assert (held.status, held.preimage) == ("IN_FLIGHT", NO_PREIMAGE_YET)
        with pytest.raises(LndError, match="payment is in transition") as refused:
            alice.client.pay(invoice.bolt11)
        assert refused.value.code == "ALREADY_EXISTS"
        bob.client.settle(invoice)
        paid = paying.result()
    assert paid.status == "SUCCEEDED"
    assert proves(paid)


def test_a_cancelled_hold_invoice_gives_the_money_back(alice: Node, bob: Node) -> None:
    invoice = bob.client.add_hold_invoice(100)
    before = alice.client.balance().local_msat
    with ThreadPoolExecutor() as aside:
        paying = aside.submit(alice.client.pay, invoice.bolt11)
        bob.client.wait_for_invoice(invoice.payment_hash, "ACCEPTED")
        bob.client.cancel(invoice)
        failed = paying.result()
    assert (failed.status, failed.preimage) == ("FAILED", NO_PREIMAGE_YET)
    assert failed.failure == "FAILURE_REASON_INCORRECT_PAYMENT_DETAILS"
    alice.process.wait_until(
        "she has her money back", lambda: alice.client.balance().local_msat == before
    )


def test_a_power_cut_while_a_payment_is_held(alice: Node, bob: Node) -> None:
    """The case the rule "a timeout is unknown, and unknown is tracked" exists for."""
    invoice = bob.client.add_hold_invoice(100)
    with ThreadPoolExecutor() as aside:
        paying = aside.submit(alice.client.pay, invoice.bolt11)
        bob.client.wait_for_invoice(invoice.payment_hash, "ACCEPTED")
        alice.kill()
        with pytest.raises(LndError):
            paying.result()
    alice.start()
    assert alice.client.track(invoice.payment_hash).status == "IN_FLIGHT"
    bob.client.settle(invoice)
    alice.process.wait_until(
        "the payment succeeded",
        lambda: alice.client.track(invoice.payment_hash).status == "SUCCEEDED",
    )
    assert proves(alice.client.track(invoice.payment_hash))


def test_a_frozen_node_answers_nothing_and_then_goes_on(alice: Node) -> None:
    with alice.connect(timeout_s=0.5) as impatient:
        assert impatient.info().pubkey == alice.pubkey
        with alice.frozen(), pytest.raises(LndError) as late:
            impatient.info()
        assert late.value.code == "DEADLINE_EXCEEDED"
        alice.process.wait_until("it answers again", impatient.info)


def test_without_carol_there_is_no_route_until_she_is_back(
    network: Network, alice: Node, carol: Node, bob: Node
) -> None:
    invoice = bob.client.add_invoice(100)
    carol.stop()
    alice.process.wait_until(
        "she sees carol go", lambda: not any(e.active for e in alice.client.channels())
    )
    assert alice.client.pay(invoice.bolt11).status == "FAILED"
    network.mend()
    assert alice.client.pay(invoice.bolt11).status == "SUCCEEDED"


def test_four_permissions_are_enough_to_pay(alice: Node, bob: Node) -> None:
    wallet_rights = alice.client.bake_macaroon(
        "/routerrpc.Router/SendPaymentV2",
        "/routerrpc.Router/TrackPaymentV2",
        "/lnrpc.Lightning/GetInfo",
        "/lnrpc.Lightning/ChannelBalance",
    )
    invoice = bob.client.add_invoice(100)
    with alice.connect(wallet_rights) as wallet:
        assert wallet.info().pubkey == alice.pubkey
        assert wallet.balance().local_msat > 0
        assert wallet.pay(invoice.bolt11).status == "SUCCEEDED"
        assert wallet.track(invoice.payment_hash).status == "SUCCEEDED"
        with pytest.raises(LndError, match="permission denied"):
            wallet.payments()


def test_rest_streams_the_same_payment_as_lines_of_json(alice: Node, bob: Node) -> None:
    invoice = bob.client.add_invoice(100)
    trusted = ssl.create_default_context(cafile=str(alice.tls))
    rights = {"Grpc-Metadata-macaroon": alice.macaroon.read_bytes().hex()}
    with httpx.Client(
        base_url=alice.rest, headers=rights, verify=trusted, trust_env=False
    ) as client:
        order = {"payment_request": invoice.bolt11, "fee_limit_msat": 10_000, "timeout_seconds": 15}
        with client.stream("POST", "/v2/router/send", json=order) as answer:
            lines = [json.loads(line)["result"] for line in answer.iter_lines()]
        assert [each["status"] for each in lines][-1] == "SUCCEEDED"
        assert lines[0]["payment_preimage"] == NO_PREIMAGE_YET
        again = client.post("/v2/router/send", json=order)
        assert (again.status_code, again.json()["error"]["code"]) == (409, 6)
        key = base64.urlsafe_b64encode(invoice.payment_hash).decode()
        with client.stream("GET", f"/v2/router/track/{key}") as answer:
            tracked = json.loads(next(answer.iter_lines()))["result"]
        assert tracked["payment_preimage"] == invoice.preimage.hex()


def test_everything_listens_on_loopback_only(network: Network) -> None:
    addresses = [each for node in network.nodes for each in (node.rpc, node.rest, node.peer)]
    addresses += [network.chain.rpc, network.aperture_url, network.service.address]
    assert all("127.0.0.1:" in each for each in addresses)
