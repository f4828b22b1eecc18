"""Every switch makes exactly its mistake."""

from __future__ import annotations

import asyncio
import json
import time
from base64 import urlsafe_b64decode

import pytest

from l402tui.flow.events import PaymentFailed
from l402tui.practice.closing import Closing
from l402tui.practice.run import PracticeServer
from l402tui.practice.switches import Switch, Switches
from l402tui.protocol.amount import sat
from l402tui.protocol.credential import Credential
from l402tui.protocol.dialects import Kind
from l402tui.protocol.macaroon import Token
from l402tui.protocol.secret import Secret
from tests.practice.customer import Customer


async def test_token_param(customer: Customer) -> None:
    bill = await customer.bill("/with/token-param/weather")
    (line,) = bill.response.values(b"www-authenticate")
    assert line.startswith(b'L402 version="0", token="')
    assert bill.challenge
    assert bill.challenge.token_param == "token"
    credential = await customer.buy("/with/token-param/weather")
    assert (await customer.get("/weather", credential.header_value())).status == 200


async def test_mode_401(customer: Customer) -> None:
    assert (await customer.get("/with/mode-401/weather")).status == 402
    credential = await customer.buy("/with/mode-401/weather")
    refused = await customer.get("/with/mode-401/forecast", credential.header_value())
    assert refused.status == 401
    assert refused.wants_payment
    assert (await customer.get("/with/mode-401/weather", credential.header_value())).status == 200


async def test_a_credential_bought_without_the_mistake_does_not_hide_it(customer: Customer) -> None:
    plain = await customer.buy("/weather")
    assert (await customer.get("/with/wrong-hash/weather", plain.header_value())).status == 402
    odd = await customer.buy("/with/token-param/weather")
    assert (await customer.get("/weather", odd.header_value())).status == 200


async def test_strict_caveats(customer: Customer) -> None:
    path = "/with/strict-caveats/weather"
    credential = await customer.buy(path)
    child = Token.read(credential.token.reveal().decode()).attenuate(b"agent=anna")
    narrowed = Credential(Secret(child.text), credential.preimage).header_value()
    assert (await customer.get(path, narrowed)).status == 402
    assert (await customer.get("/weather", narrowed)).status == 200
    assert (await customer.get(path, credential.header_value())).status == 200


async def test_wrong_hash(customer: Customer) -> None:
    bill = await customer.bill("/with/wrong-hash/weather")
    assert bill.identifier
    assert bill.invoice
    assert bill.identifier.payment_hash != bill.invoice.payment_hash
    credential = await customer.buy("/with/wrong-hash/weather")
    assert (await customer.get("/weather", credential.header_value())).status == 402


async def test_overpriced(customer: Customer) -> None:
    bill = await customer.bill("/with/overpriced/weather")
    assert bill.invoice
    assert bill.invoice.amount == sat(1_000_000)


async def test_expired(customer: Customer) -> None:
    bill = await customer.bill("/with/expired/weather")
    assert bill.invoice
    assert bill.invoice.expires_at < time.time()
    assert isinstance((await customer.events(bill))[-1], PaymentFailed)


async def test_broken_invoice(customer: Customer) -> None:
    bill = await customer.bill("/with/broken-invoice/weather")
    assert bill.token is not None
    assert bill.invoice is None
    assert [problem.what for problem in bill.problems] == ["invoice"]


async def test_garbage_token(customer: Customer) -> None:
    bill = await customer.bill("/with/garbage-token/weather")
    assert bill.invoice is not None
    assert bill.token is None
    assert [problem.what for problem in bill.problems] == ["macaroon"]


async def test_short_lived() -> None:
    async with PracticeServer.start(switches=Switches(short_seconds=7), clock=Frozen()) as server:
        customer = await Customer.at(server)
        bill = await customer.bill("/with/short-lived/weather")
        assert bill.token
        assert bill.token.macaroon.caveats[-1].cid == b"weather-short-lived_valid_until=1800000007"
        assert bill.response.values(b"date") == (b"Fri, 15 Jan 2027 08:00:00 GMT",)
        await customer.leave()


async def test_no_challenge(customer: Customer) -> None:
    answer = await customer.get("/with/no-challenge/weather")
    assert answer.status == 402
    assert answer.values(b"www-authenticate") == ()


async def test_not_l402(customer: Customer) -> None:
    bill = await customer.bill("/with/not-l402/weather")
    assert bill.response.values(b"www-authenticate") == ()
    assert json.loads(bill.response.body)["x402Version"] == 1
    assert bill.challenge is None
    assert bill.dialect is not None


async def test_body_only(customer: Customer) -> None:
    bill = await customer.bill("/with/body-only/weather")
    assert bill.response.values(b"www-authenticate") == ()
    assert bill.in_body
    credential = await customer.buy("/with/body-only/weather")
    assert (await customer.get("/with/body-only/weather", credential.header_value())).status == 200


async def test_payment_too(customer: Customer) -> None:
    bill = await customer.bill("/with/payment-too/weather")
    (other,) = bill.reading.others
    assert other.scheme == "Payment"
    assert bill.invoice is not None
    (request,) = other.named("request")
    told = json.loads(urlsafe_b64decode(request.value + b"=="))
    assert told["methodDetails"]["invoice"] == bill.invoice.text
    await customer.buy("/with/payment-too/weather")


async def test_rails(customer: Customer) -> None:
    bill = await customer.bill("/with/rails/weather")
    assert bill.challenge is None
    assert bill.dialect is not None
    assert bill.dialect.kind is Kind.MULTI_RAIL


async def test_grpc(customer: Customer) -> None:
    got = await customer.get("/with/grpc/weather")
    assert (got.status, got.values(b"grpc-status")) == (200, (b"13",))
    assert got.values(b"www-authenticate")[0].startswith(b"L402 ")


async def test_cashu(customer: Customer) -> None:
    bill = await customer.bill("/with/cashu/weather")
    assert bill.challenge is None
    assert bill.dialect is not None
    assert bill.dialect.kind is Kind.CASHU


async def test_hostile_text(customer: Customer) -> None:
    bill = await customer.bill("/with/hostile-text/weather")
    assert bill.invoice
    assert bill.invoice.description
    assert bill.token
    (note,) = bill.response.values(b"x-note")
    caveat = bill.token.macaroon.caveats[-1].cid
    for place in (bill.invoice.description, bill.response.body, note, caveat):
        assert b"\x1b[2J" in place
        assert b"[@click=app.quit]" in place
        assert "\u202e".encode() in place
    credential = await customer.buy("/with/hostile-text/weather")
    answer = await customer.get("/with/hostile-text/weather", credential.header_value())
    assert answer.status == 200
    assert b"\x1b]52;" in answer.body


async def test_error_after_payment(customer: Customer) -> None:
    path = "/with/error-after-payment/weather"
    credential = await customer.buy(path)
    statuses = [(await customer.get(path, credential.header_value())).status for _ in range(4)]
    assert statuses == [503, 503, 200, 200]


async def test_always_error_after_payment(customer: Customer) -> None:
    path = "/with/always-error-after-payment/weather"
    credential = await customer.buy(path)
    statuses = [(await customer.get(path, credential.header_value())).status for _ in range(4)]
    assert statuses == [503] * 4


async def test_reject_after_payment(customer: Customer) -> None:
    path = "/with/reject-after-payment/weather"
    credential = await customer.buy(path)
    assert (await customer.get(path, credential.header_value())).status == 402
    assert (await customer.get("/weather", credential.header_value())).status == 200


async def test_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []

    async def pause(self: Closing, seconds: float) -> None:
        paused.append(seconds)

    monkeypatch.setattr(Closing, "pause", pause)
    async with PracticeServer.start(switches=Switches(slow_seconds=7)) as server:
        customer = await Customer.at(server)
        assert (await customer.get("/with/slow/weather")).status == 402
        assert (await customer.get("/weather")).status == 402
        await customer.leave()
    assert paused == [7]


async def test_switches_add_up_and_hold_for_a_whole_server() -> None:
    async with PracticeServer.start(switches=Switches.of(Switch.TOKEN_PARAM)) as server:
        customer = await Customer.at(server)
        bill = await customer.bill("/with/overpriced,short-lived/weather")
        assert bill.challenge
        assert bill.challenge.token_param == "token"
        assert bill.invoice
        assert bill.invoice.amount == sat(1_000_000)
        assert bill.token
        assert len(bill.token.macaroon.caveats) == 4
        await customer.leave()


def test_every_switch_has_a_name_and_a_sentence() -> None:
    for switch in Switch:
        assert Switches.parse(switch.value).on == {switch}
        assert switch.sentence.endswith(".")


def test_an_unknown_switch_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'fast'; known are token-param, "):
        Switches.parse("slow,fast")


async def test_a_pause_ends_when_the_server_closes() -> None:
    closing = Closing()
    pause = asyncio.create_task(closing.pause(3600))
    closing.begin()
    async with asyncio.timeout(10):
        await pause


class Frozen:
    """A clock that stands still."""

    def now(self) -> float:
        return 1_800_000_000.0

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError
