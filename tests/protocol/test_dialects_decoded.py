"""What does each other protocol ask for, and is it told where it is not written as it should be?"""

from __future__ import annotations

import base64
from typing import Any

import pytest

from l402tui.protocol.dialects import Kind, recognise
from l402tui.protocol.dialects.bare import BareInvoice
from l402tui.protocol.dialects.cashu import CashuRequest
from l402tui.protocol.dialects.kinds import Demand
from l402tui.protocol.dialects.mcp import McpPayment
from l402tui.protocol.dialects.mpp import MppBill
from l402tui.protocol.dialects.named import AcceptPayment, DryRun, Manifest, NamedOnly
from l402tui.protocol.dialects.offers import Offers
from l402tui.protocol.dialects.rails import MultiRail
from l402tui.protocol.dialects.x402 import X402
from l402tui.protocol.dissect import dissect_message
from tests.protocol.dialect_samples import (
    ACCEPT_PAYMENT,
    AUTH,
    ENTRIES,
    EVERYTHING,
    HASH,
    MANIFEST,
    MSAT,
    NEGOTIATION,
    OFFERS,
    PAY_TO,
    RAIL_CHALLENGE,
    RAILS,
    RPC_ERROR,
    SAT,
    SEPOLIA,
    TOKEN,
    TPP,
    Headers,
    base64url,
    body,
    canonical,
    cbor,
    choice,
    creq_a,
    creq_b,
    entry,
    over_lightning,
    payment,
    request,
    tool_result,
    x402_v1,
    x402_v2,
)
from tests.protocol.tokens import INVOICE


def demand(headers: Headers, content: bytes = b"", status: int = 402) -> Demand:
    found = recognise(status, headers, content).demand
    assert found is not None
    return found


def reasons(found: Demand) -> str:
    return "; ".join(problem.why for problem in found.problems)


@pytest.mark.parametrize("name", EVERYTHING)
def test_a_good_one_has_no_problem_and_says_what_could_pay_it(name: str) -> None:
    dialect = recognise(402, *EVERYTHING[name])
    assert dialect.demand is not None
    assert dialect.demand.problems == ()
    assert dialect.could_pay.text.endswith(".")
    assert dialect.could_pay.text in dialect.sentence.text
    different = dialect.demand.words.different
    if dialect.kind is not Kind.MANIFEST:
        assert different is not None
        assert all(sentence.endswith(".") for sentence in different)


# --- x402 -----------------------------------------------------------------------------------------


def x402(headers: Headers, content: bytes = b"") -> X402:
    found = demand(headers, content)
    assert isinstance(found, X402)
    return found


def test_x402_version_1() -> None:
    found = x402([], x402_v1())
    assert found.kind is Kind.X402_V1
    assert (found.version, found.reason) == (1, "no payment came along")
    (only,) = found.choices
    assert (only.scheme, only.amount, only.asset, only.pay_to) == ("exact", 7300, TOKEN, PAY_TO)
    assert only.timeout == 45
    assert only.network is not None
    assert (only.network.text, only.network.caip2) == ("base-sepolia", SEPOLIA)
    assert str(only.amount_words()) == "7 300 base units"


def test_x402_version_2() -> None:
    found = x402(x402_v2(choice(extra={"name": "USDC", "version": "2"})))
    assert (found.kind, found.version) == (Kind.X402_V2, 2)
    assert found.resource == "https://shop.example/tide"
    (only,) = found.choices
    assert only.asset_name == "USDC"
    words = str(only.amount_words())
    assert words == "7 300 base units (0.0073 if the token is USDC, as it says)"


def test_x402_over_lightning() -> None:
    found = x402(x402_v2(choice(), over_lightning()))
    assert found.kind is Kind.X402_LIGHTNING
    assert "A Lightning wallet could pay" in found.words.could_pay
    first, second = found.choices
    assert not first.lightning
    assert second.lightning
    assert second.invoice is not None
    assert second.invoice.invoice is not None
    assert second.invoice.invoice.payment_hash.hex() == HASH
    assert str(second.amount_words()) == "2 500 sat"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"asset": "USDT", "amount": "1000000"}, "1 000 000 base units of USDT"),
        ({"asset": "sat", "amount": "1000"}, "1 000 base units of sat"),
        ({"asset": None, "amount": "1000"}, "1 000 base units"),
        ({"asset": "btc"}, "2 500 sat"),
    ],
)
def test_only_the_amount_of_bitcoin_counts_millisatoshi(changes: dict[str, Any], told: str) -> None:
    found = x402(x402_v2(over_lightning(**changes)))
    assert str(found.choices[0].amount_words()) == told
    assert found.problems == ()


@pytest.mark.parametrize("extra", [None, {"invoice": INVOICE[:-1]}])
def test_lightning_without_an_invoice_says_so(extra: dict[str, str] | None) -> None:
    found = x402(x402_v2(over_lightning(extra=extra)))
    assert found.kind is Kind.X402_LIGHTNING
    assert "no invoice in it that can be read" in found.words.asks
    assert "the invoice it brings" not in found.words.asks
    assert "a Lightning wallet alone cannot" in found.words.could_pay
    assert "the invoice it brings" in x402(x402_v2(over_lightning())).words.asks


def test_bitcoin_without_an_invoice_is_not_lightning() -> None:
    on_chain = over_lightning(network="bip122:0f9188f13cb7b2c71f2a335e3a4fc328", extra=None)
    assert x402(x402_v2(on_chain)).kind is Kind.X402_V2
    with_one = over_lightning(network="bip122:0f9188f13cb7b2c71f2a335e3a4fc328")
    assert x402(x402_v2(with_one)).kind is Kind.X402_LIGHTNING


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"amount": "2500001"}, "the invoice asks for another amount"),
        ({"amount": "12.5"}, "amount should be a whole number"),
        ({"amount": -1}, "amount should be a whole number"),
        ({"amount": True}, "amount should be a whole number"),
        ({"amount": "9" * 79}, "amount should be a whole number"),
        ({"network": 7}, "network should be text"),
        ({"maxTimeoutSeconds": "soon"}, "maxTimeoutSeconds should be a whole number"),
        ({"extra": {"invoice": INVOICE[:-1]}}, "the invoice cannot be read for certain"),
        ({"extra": {"invoice": INVOICE, "paymentHash": "00" * 32}}, "another payment hash"),
        ({"extra": {"invoice": INVOICE, "paymentHash": "00"}}, "no hash of 32 bytes"),
        ({"extra": {"invoice": 5}}, "invoice should be text"),
    ],
)
def test_a_choice_that_is_not_as_it_should_be(changes: dict[str, Any], told: str) -> None:
    found = x402(x402_v2(over_lightning(**changes), choice()))
    assert told in reasons(found)
    assert found.choices[1].amount == 7300  # the rest is there all the same


def test_the_place_of_a_problem_is_a_byte_of_the_decoded_text() -> None:
    found = x402(x402_v2(choice(amount="much")))
    (problem,) = found.problems
    assert found.source is not None
    assert found.source.data[problem.offset :].startswith(b'"much"')


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (b"", "a JSON value should stand here"),
        (b"!!", "no character of base64"),
        (b"WzFd", "no JSON object"),
        (b"eyJ4NDAyVmVyc2lvbiI6Mg", "in the decoded text: a comma or } should stand here"),
    ],
)
def test_a_header_that_cannot_be_decoded_is_named_all_the_same(value: bytes, told: str) -> None:
    found = x402([(b"PAYMENT-REQUIRED", value)])
    assert found.kind is Kind.X402_V2
    assert told in reasons(found)


def test_a_body_that_breaks_off_is_read_up_to_there() -> None:
    cut = x402_v1()[:-3]
    found = x402([], cut)
    assert found.kind is Kind.X402_V1
    assert found.choices[0].amount == 7300
    (problem,) = found.problems
    assert (problem.why, problem.offset) == ("a comma or } should stand here", len(cut))


def test_header_and_body_that_differ() -> None:
    headers = x402_v2()
    assert x402(headers, body(x402Version=2, accepts=[choice()])).problems == ()
    other = body(x402Version=2, accepts=[choice(amount="1")])
    assert "the body lists other choices" in reasons(x402(headers, other))
    assert "more than once" in reasons(x402([*headers, *headers]))


def test_versions_and_marks() -> None:
    assert x402([], body(x402Version=7, accepts=[])).kind is Kind.X402_OTHER
    assert x402([], body(accepts=[choice()])).kind is Kind.X402_V1
    assert x402([(b"Payment-Protocol", b"X402")], b"pay").kind is Kind.X402_V1
    assert recognise(402, [], body(accepts=["one", {"scheme": "x"}])).kind is Kind.PAYWALL
    assert recognise(402, [], body(x402Version=True)).kind is Kind.PAYWALL


# --- the Payment scheme ---------------------------------------------------------------------------


def mpp(headers: Headers, content: bytes = b"") -> MppBill:
    found = demand(headers, content)
    assert isinstance(found, MppBill)
    return found


def test_a_payment_challenge() -> None:
    found = mpp(payment(description="Tides", opaque=base64url(b'{"k":"v"}').decode()))
    assert found.kind is Kind.MPP
    (only,) = found.challenges
    assert (only.id, only.realm, only.method, only.intent) == (
        "t1de-0001", "shop.example", "lightning", "charge",
    )  # fmt: skip
    assert (only.amount, only.currency, only.description) == (SAT, "sat", "Tides")
    assert only.expires == 1_767_227_400
    assert only.invoice is not None
    assert only.invoice.invoice is not None
    assert only.opaque is not None
    assert only.opaque.data == b'{"k":"v"}'
    assert str(only.amount_words()) == "2 500 sat"
    assert "A Lightning wallet could pay" in found.words.could_pay


@pytest.mark.parametrize(
    ("method", "asked", "words", "payer"),
    [
        ("tempo", {"amount": "1000", "currency": TOKEN}, f"1 000 base units of the token {TOKEN}",
         "chain Tempo"),
        ("stripe", {"amount": "5000", "currency": "usd"}, "50.00 USD", "account at Stripe"),
        ("shells", {"amount": "3", "currency": "cowrie"}, "3 base units of cowrie", "named method"),
    ],
)  # fmt: skip
def test_other_methods(method: str, asked: dict[str, str], words: str, payer: str) -> None:
    found = mpp(payment(asked, method=method))
    assert found.problems == ()
    assert str(found.challenges[0].amount_words()) == words
    assert payer in found.words.could_pay


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("2500", "sat"), ("2500", "SATS"), ("2500000", "msat"), ("2500", "BTC"), ("2500", "xbt")],
)
def test_the_same_amount_in_any_unit_of_bitcoin(amount: str, currency: str) -> None:
    assert mpp(payment(request(amount=amount, currency=currency))).problems == ()


def test_a_payment_whose_invoice_is_elsewhere() -> None:
    placeholder = [(AUTH, b'Payment method="lightning", invoice="<elsewhere>", amount="5"')]
    missing = payment(request(methodDetails={}))
    for headers in (placeholder, missing):
        told = recognise(402, headers, b"").could_pay.text
        assert "no invoice in it that a Lightning wallet could pay" in told
        tree = dissect_message(b"HTTP/1.1 402 Payment Required", headers, b"")
        assert tree.find("could pay it").value.text == "no Lightning invoice in it"
        assert not any("wallet could pay the invoice" in n.meaning.text for n in tree.walk())
    assert recognise(402, placeholder, b"").kind is Kind.MPP_SIMPLE


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ('method="lightning", amount="2500", currency="sat"', "lightning, 2 500 sat"),
        ('method="lightning", intent="charge"', "lightning charge"),
        ('intent="charge", amount="5", currency="usd"', "charge, 0.05 USD"),
        ('amount="5", currency="usd"', "0.05 USD"),
        ('id="x"', ""),
    ],
)
def test_parts_that_are_missing_leave_no_gap(params: str, told: str) -> None:
    line = f'Payment {params}, invoice="{INVOICE}"'.encode()
    tree = dissect_message(b"HTTP/1.1 402 Payment Required", [(AUTH, line)], b"")
    value = tree.find("protocol").find("Payment challenge").value.text
    assert value == told


def test_a_session_prices_the_unit_and_not_the_deposit() -> None:
    asked = request(methodDetails=None, depositInvoice=INVOICE, paymentHash=HASH, amount="2")
    found = mpp(payment(asked, intent="session"))
    assert found.problems == ()
    assert found.challenges[0].invoice is not None
    wrong = mpp(payment({**asked, "paymentHash": "00" * 32}, intent="session"))
    assert "another payment hash" in reasons(wrong)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b'{"currency":"sat","amount":"1"}', "not in the order"),
        (b'{"amount": "1","currency":"sat"}', "white space"),
        (b'{"amount":"1","currency":"sat"', "in the decoded text"),
        (b'{"amount":"1","amount":"2"}', "this name is given twice"),
        (b"[]", "request holds no JSON object"),
    ],
)
def test_a_request_that_is_not_as_it_should_be(raw: bytes, told: str) -> None:
    assert told in reasons(mpp(payment(raw=raw, method="stripe")))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"amount": "2501"}, "the invoice asks for another amount"),
        ({"amount": "0x1"}, "amount should be a whole number"),
        ({"currency": None}, "currency is missing"),
        ({"methodDetails": None}, "methodDetails is missing"),
        ({"methodDetails": {}}, "invoice is missing"),
        ({"methodDetails": {"invoice": INVOICE, "network": "signet"}}, "of another network"),
        ({"methodDetails": {"invoice": INVOICE, "paymentHash": "ff" * 32}}, "another payment hash"),
        ({"methodDetails": {"invoice": INVOICE, "paymentHash": "ff"}}, "no hash of 32 bytes"),
        ({"amount": "1", "currency": "SAT"}, "the invoice asks for another amount"),
        ({"amount": "2500", "currency": "msat"}, "the invoice asks for another amount"),
        ({"amount": "1", "currency": "btc"}, "the invoice asks for another amount"),
        ({"methodDetails": {"invoice": "lnbc1"}}, "the invoice cannot be read for certain"),
    ],
)
def test_a_request_over_lightning_that_contradicts_itself(
    changes: dict[str, Any], told: str
) -> None:
    assert told in reasons(mpp(payment(request(**changes))))


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"id": None}, "id is missing or empty"),
        ({"realm": ""}, "realm is missing or empty"),
        ({"request": None}, "request is missing or empty"),
        ({"expires": "tomorrow"}, "no moment as RFC 3339"),
        ({"expires": "2026-02-30T00:00:00Z"}, "no moment as RFC 3339"),
        ({"expires": "2026-01-01T00:00:00"}, "no moment as RFC 3339"),
        ({"expires": "0000-01-01T00:00:00+14:00"}, "no moment as RFC 3339"),
        ({"digest": "md5=abc"}, "not written as RFC 9530"),
        ({"opaque": "e30="}, "padding stands at its end"),
        ({"opaque": base64url(b'{"k":7}').decode()}, "whose values are texts"),
        ({"opaque": base64url(b'{"k": "v"}').decode()}, "opaque: white space"),
        ({"request": base64url(canonical(request())).decode() + "="}, "padding"),
    ],
)
def test_parameters_that_are_not_as_they_should_be(params: dict[str, Any], told: str) -> None:
    assert told in reasons(mpp(payment(**params)))


def test_a_digest_as_it_should_be() -> None:
    assert mpp(payment(digest="sha-256=:" + "A" * 43 + "=:")).problems == ()


def test_the_simplified_form() -> None:
    plain = f'Payment realm="shop", method="lightning", invoice="{INVOICE}"'
    found = mpp([(AUTH, f'{plain}, amount="{SAT}", currency="sat"'.encode())])
    assert found.kind is Kind.MPP_SIMPLE
    assert found.problems == ()
    assert str(found.challenges[0].amount_words()) == "2 500 sat"
    wrong = mpp([(AUTH, f'{plain}, amount="1", currency="sat"'.encode())])
    assert "another amount" in reasons(wrong)
    assert "should be a whole number" in reasons(mpp([(AUTH, f'{plain}, amount="1e3"'.encode())]))


def test_oddities_of_the_scheme() -> None:
    renamed = mpp([(AUTH, f'MPP invoice="{INVOICE}", intent="charge"'.encode())])
    assert "the scheme's name is Payment" in reasons(renamed)
    elsewhere = mpp([(AUTH, b'Payment invoice="<ask-again>", intent="charge"')])
    assert "must be fetched elsewhere" in reasons(elsewhere)


def test_several_challenges_and_problem_details() -> None:
    stripe = payment({"amount": "1", "currency": "usd"}, method="stripe")
    problem = body(type="https://example.net/needs-payment", status=402)
    found = mpp([*payment(), *stripe], problem)
    assert [challenge.method for challenge in found.challenges] == ["lightning", "stripe"]
    assert "Stripe" in found.words.could_pay
    assert "Lightning wallet could" in found.words.could_pay
    assert found.problem is not None


# --- Cashu ----------------------------------------------------------------------------------------


def cashu(value: bytes) -> CashuRequest:
    found = demand([(b"X-Cashu", value)])
    assert isinstance(found, CashuRequest)
    assert found.kind is Kind.CASHU
    return found


def test_creq_a() -> None:
    lock = {"k": "P2PK", "d": "02" + "ab" * 32, "t": [["locktime", "7"]]}
    found = cashu(creq_a(nut10=lock, s=True, i="x", d="Tides"))
    assert (found.form, found.amount, found.unit) == ("creqA", 21, "sat")
    assert found.mints == ("https://mint.example",)
    assert (found.id, found.description, found.single_use) == ("x", "Tides", True)
    assert found.locked is not None
    assert (found.locked.kind, found.locked.tags) == ("P2PK", (("locktime", "7"),))
    assert str(found.amount_words()) == "21 sat"


@pytest.mark.parametrize("change", [bytes.upper, bytes.lower])
def test_creq_b(change: Any) -> None:
    found = cashu(change(creq_b()))
    assert found.problems == ()
    assert (found.form, found.amount, found.unit, found.single_use) == ("creqB", 150, "usd", True)
    assert found.mints == ("https://mint.example", "https://other.example")
    assert found.description == "Gezeiten für morgen"
    assert str(found.amount_words()) == "1.50 USD"
    assert found.locked is not None
    assert found.locked.tags == (("sigs", "1"),)
    assert found.source is not None
    assert found.source.item is not None
    nostr, post = found.source.item.array("t")
    assert nostr.members["a"].value == b"\x21" * 32
    assert post.members["a"].value == "https://shop.example/ecash"


def test_a_unit_of_one_zero_byte_is_sat_and_unknown_types_are_kept() -> None:
    raw = entry(2, (9).to_bytes(8, "big")) + entry(3, b"\0") + entry(5, b"https://m.example")
    found = cashu(creq_b(raw + entry(200, b"\x07")))
    assert (found.amount, found.unit, found.problems) == (9, "sat", ())
    assert found.source is not None
    assert found.source.item is not None
    assert found.source.item.members["type 200"].value == b"\x07"


@pytest.mark.parametrize(
    ("value", "told", "offset"),
    [
        (b"", "neither with creqA nor with creqB1", 0),
        (b"creqC123", "neither with creqA nor with creqB1", 0),
        (b"creqA", "it ends too early", 0),
        (b"creqA!", "no character of base64", 5),
        (b"creqA" + base64url(cbor([1])), "no map", 0),
        (b"creqA" + base64url(cbor({"a": 1, "u": "sat"})), "m is missing", 0),
        (creq_a(a="lots"), "a should be a whole number", 3),
        (creq_a(a=2**63 * 2 - 1) + b"AAAA", "something follows", None),
        (creq_a(m="https://mint.example"), "m should be a list of texts", None),
        (creq_a(s=1), "s should be true or false", None),
        (creq_b()[:-1] + b"Q", "the checksum is wrong", len(creq_b()) - 6),
        (creq_b(constant=1), "the checksum is wrong", None),
        (creq_b().replace(b"CREQB1", b"creqb1"), "capitals and small letters", 0),
        (b"creqb1bio", "no character of bech32", 6),
        (b"creqb1qqq", "it ends too early", 9),
        (creq_b(b"".join(ENTRIES)[:-1]), "longer than what is there", None),
    ],
)
def test_a_payment_request_that_is_not_as_it_should_be(
    value: bytes, told: str, offset: int | None
) -> None:
    found = cashu(value)
    (problem,) = [p for p in found.problems if told in p.why]
    if offset is not None:
        assert problem.offset == offset


def test_a_cashu_challenge() -> None:
    found = demand([(AUTH, b'Cashu mint="https://a.example, https://b.example", amount="5"')])
    assert isinstance(found, CashuRequest)
    assert (found.amount, found.unit, found.form) == (5, None, "Cashu")
    assert found.mints == ("https://a.example", "https://b.example")
    assert reasons(found) == "unit is missing or empty"
    wrong = demand([(AUTH, b'Cashu mint="https://a.example", amount="5.0", unit="sat"')])
    assert reasons(wrong) == "amount should be a whole number"


# --- the others -----------------------------------------------------------------------------------


def test_offers() -> None:
    found = demand([], body(**OFFERS))
    assert isinstance(found, Offers)
    assert (found.version, found.payment_url) == ("0.2.2", "https://shop.example/buy")
    week, sats = found.offers
    assert (week.title, week.type, week.methods) == (
        "A week of tides", "subscription", ("lightning", "credit_card"),
    )  # fmt: skip
    assert str(week.amount_words()) == "2.50 EUR"
    assert str(sats.amount_words()) == "0.00009 BTC (9 000 sat)"


def test_offers_that_are_not_as_they_should_be() -> None:
    listed = [{"id": 1, "amount": 2.5, "currency": "USD"}, "free"]
    found = demand([], body(offers=listed, version="0.2.2"))
    told = reasons(found)
    for reason in (
        "payment_request_url is missing",
        "payment_context_token is missing",
        "id should be text",
        "amount should be a whole number",
        "offers should be a list of objects",
    ):
        assert reason in told


@pytest.mark.parametrize("more", [{}, {"version": "3"}, {"payment_context_token": "x"}])
def test_any_list_of_offers_is_not_one_of_this_protocol(more: dict[str, object]) -> None:
    listed = [{"id": "a", "amount": 5, "currency": "USD"}]
    assert recognise(402, [], body(offers=listed, **more)).demand is None
    named = demand([], body(offers=listed, payment_request_url="https://shop.example/pay"))
    assert isinstance(named, Offers)


@pytest.mark.parametrize("headers", [NEGOTIATION, RAIL_CHALLENGE, [*NEGOTIATION, *RAIL_CHALLENGE]])
def test_rails(headers: Headers) -> None:
    found = demand(headers, RAILS)
    assert isinstance(found, MultiRail)
    assert [rail.scheme for rail in found.rails] == ["sg-balance", "exact", "mpp"]
    assert [str(rail.amount_words()) for rail in found.rails] == ["0.07 USD", "None", "0.07 USD"]
    assert [c.amount for c in found.choices] == [7300]
    assert found.schemes in ((), ("sg-balance", "exact", "mpp"))
    assert "x-settlegrid-protocol: l402" in found.words.could_pay


def test_rails_without_a_body() -> None:
    found = demand(RAIL_CHALLENGE)
    assert isinstance(found, MultiRail)
    assert found.rails == ()


def test_a_bare_invoice() -> None:
    found = demand([], body(invoice=INVOICE, payment_hash=HASH.upper()))
    assert isinstance(found, BareInvoice)
    assert found.agrees is True
    other = demand([], body(payment_request=INVOICE, payment_hash="00" * 32))
    assert isinstance(other, BareInvoice)
    assert other.agrees is False
    assert reasons(other) == "the invoice has another payment hash"
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        same = encode(bytes.fromhex(HASH)).decode()
        made = demand([], body(payment_request=INVOICE, r_hash=same))
        assert isinstance(made, BareInvoice)
        assert made.agrees is True
        assert made.problems == ()
        assert demand([], body(invoice=INVOICE, r_hash=same[:-2])).problems
    broken = demand([], body(invoice="lnbc1", payment_hash=HASH))
    assert isinstance(broken, BareInvoice)
    assert broken.agrees is None
    assert "cannot be read for certain" in reasons(broken)


def test_accept_payment_beside_no_challenge() -> None:
    found = demand(ACCEPT_PAYMENT)
    assert isinstance(found, AcceptPayment)
    assert (found.price, found.token) == ("2500sat", "eyJ4IjoxfQ")
    assert found.invoice is not None
    assert found.invoice.invoice is not None
    # The preferences of the Payment scheme have the same name and are no bill.
    assert recognise(402, [(b"Accept-Payment", b"lightning/charge")], b"").kind is Kind.PAYWALL


@pytest.mark.parametrize(
    "content",
    [
        tool_result(isError=True, structuredContent={"x402Version": 2, "accepts": [choice()]}),
        tool_result(
            isError=True,
            content=[{"type": "text", "text": body(x402Version=2, accepts=[choice()]).decode()}],
        ),
        tool_result(
            resultType="payment_required", paymentRequired={"x402Version": 2, "accepts": [choice()]}
        ),
    ],
)
def test_x402_inside_mcp(content: bytes) -> None:
    found = demand([], content, 200)
    assert isinstance(found, McpPayment)
    assert found.kind is Kind.MCP_X402
    assert found.x402 is not None
    assert found.x402.choices[0].amount == 7300


def test_the_payment_scheme_inside_json_rpc() -> None:
    found = demand([], RPC_ERROR, 200)
    assert isinstance(found, McpPayment)
    (only,) = found.challenges
    assert (only.method, only.intent, str(only.amount_words())) == ("stripe", "charge", "1.99 USD")


def test_a_tool_payment() -> None:
    found = demand([], tool_result(_meta={"ai.bolthub/payment": TPP}), 200)
    assert isinstance(found, McpPayment)
    assert found.kind is Kind.MCP_TPP
    (offer,) = found.offers
    assert (offer.scheme, str(offer.amount_words())) == ("l402", "2 500 sat")
    assert offer.invoice is not None
    other = {**TPP, "offers": [{**TPP["offers"][0], "amount": 1}]}
    wrong = demand([], tool_result(_meta={"ai.bolthub/payment": other}), 200)
    assert reasons(wrong) == "the invoice asks for another amount"


def test_a_tool_that_worked_asks_for_nothing() -> None:
    paid = tool_result(isError=False, structuredContent={"x402Version": 2, "accepts": [choice()]})
    assert recognise(200, [], paid).kind is Kind.NOT_A_BILL


def test_a_manifest() -> None:
    found = demand([], MANIFEST, 200)
    assert isinstance(found, Manifest)
    assert (found.service, found.default_price) == ("Tides", 3)
    (only,) = found.endpoints
    assert (only.path, only.method, only.price) == ("/tide", "GET", 4)
    greedy = MANIFEST.replace(b":4}", b":99999999999999999}")
    assert reasons(demand([], greedy, 200)) == "base_price_sats should be a whole number"


def test_a_dry_run() -> None:
    headers = [(b"X-L402-Dry-Run", b"1"), (b"X-L402-Dry-Run-Price-Msat", b"10000")]
    found = demand(headers, b"the goods", 200)
    assert isinstance(found, DryRun)
    assert found.price == 10_000
    for price in (b"many", b"", b"1" * 21, b"2100000000000000001"):
        odd = demand([headers[0], (b"X-L402-Dry-Run-Price-Msat", price)], b"", 200)
        assert isinstance(odd, DryRun)
        assert odd.price is None
        assert "whole number of msat" in reasons(odd)


@pytest.mark.parametrize(
    ("headers", "content", "name"),
    [
        ([], body(protocol="kyapay"), "KYAPay"),
        ([(b"X-SettleGrid-Protocol", b"visa-tap")], b"", "Visa TAP"),
        ([], b'{"ap2.mandates.CartMandate":{}}', "AP2"),
        ([], body(ucp={"version": "2026-01-11"}), "UCP"),
    ],
)
def test_protocols_that_are_only_named(headers: Headers, content: bytes, name: str) -> None:
    dialect = recognise(402, headers, content)
    assert isinstance(dialect.demand, NamedOnly)
    assert dialect.name.text.startswith(name)


def test_a_name_of_no_protocol_names_nothing() -> None:
    assert recognise(402, [], body(protocol="gossip")).kind is Kind.PAYWALL


def test_amounts_are_those_of_the_invoice() -> None:
    assert MSAT == SAT * 1_000
