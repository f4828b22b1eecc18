"""The whole way by hand: 402, pay, credential, content; and what does not open the door."""

from __future__ import annotations

import json

from l402tui.flow.model import Response
from l402tui.practice.node import Status
from l402tui.protocol.amount import sat
from l402tui.protocol.credential import Credential
from l402tui.protocol.macaroon import Token
from l402tui.protocol.secret import Secret
from tests.practice.customer import Customer


def attenuated(credential: Credential, caveat: bytes) -> Secret:
    text = Token.read(credential.token.reveal().decode()).attenuate(caveat).text
    return Credential(Secret(text), credential.preimage).header_value()


def invoices(response: Response) -> set[bytes]:
    return {line.split(b"invoice=")[1] for line in response.values(b"www-authenticate")}


async def test_the_402_is_read_back_whole(customer: Customer) -> None:
    bill = await customer.bill("/weather?city=Oslo")
    response = bill.response
    assert response.status == 402
    assert response.body == b"payment required\n"
    assert response.values(b"content-type") == (b"text/plain; charset=utf-8",)
    first, second = response.values(b"www-authenticate")
    assert first.startswith(b'LSAT macaroon="')
    assert second == b"L402" + first[4:]
    assert not bill.problems
    assert bill.challenge
    assert bill.token
    assert bill.identifier
    assert bill.invoice
    assert bill.invoice.amount == sat(10)
    assert bill.invoice.description == b"Weather report"
    assert bill.invoice.payee == customer.server.node.node_id
    assert bill.identifier.payment_hash == bill.invoice.payment_hash
    assert bill.token.macaroon.location == b"lsat"


async def test_paying_opens_the_door_again_and_again(customer: Customer) -> None:
    credential = await customer.buy("/weather?city=Oslo")
    for scheme in ("L402", "LSAT", "L402"):
        answer = await customer.get("/weather?city=Oslo", credential.header_value(scheme))
        assert answer.status == 200
        assert json.loads(answer.body)["city"] == "Oslo"
    node = customer.server.node
    assert [one.status for one in node.payments()] == [Status.SUCCEEDED]
    assert node.balance() == sat(50_000 - 10 - 1)


async def test_every_refusal_is_a_fresh_402_without_a_reason(customer: Customer) -> None:
    credential = await customer.buy("/weather")
    good = credential.header_value().reveal()
    wrong_preimage = Credential(credential.token, Secret(bytes(32))).header_value()
    tampered = Secret(good.replace(b"L402 AgE", b"L402 AgA"))
    ended = attenuated(credential, b"weather_valid_until=1")
    seen: set[bytes] = set()
    for bad in (None, wrong_preimage, tampered, ended, Secret("Basic YTpi")):
        answer = await customer.get("/weather", bad)
        assert (answer.status, answer.body) == (402, b"payment required\n")
        assert not seen & invoices(answer)
        seen |= invoices(answer)
    assert (await customer.get("/weather", Secret(good))).status == 200


async def test_the_token_can_be_narrowed_but_not_widened(customer: Customer) -> None:
    credential = await customer.buy("/forecast")
    assert (await customer.get("/weather", credential.header_value())).status == 200
    child = attenuated(credential, b"services=weather:0")
    assert (await customer.get("/weather", child)).status == 200
    assert (await customer.get("/forecast", child)).status == 402
    weather = await customer.buy("/weather")
    wider = attenuated(weather, b"services=weather:0,forecast:0")
    assert (await customer.get("/forecast", wider)).status == 402


async def test_a_post_is_paid_for_and_echoed(customer: Customer) -> None:
    credential = await customer.buy("/forecast")
    answer = await customer.get("/forecast", credential.header_value(), "POST", b"hello")
    assert answer.status == 200
    assert answer.body.endswith(b"You sent 5 bytes: hello\n")
