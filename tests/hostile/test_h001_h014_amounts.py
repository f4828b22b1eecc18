"""H01-H14: is ever more paid, or on another network, than what was agreed?"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
from bech32 import CHARSET, bech32_encode
from coincurve import PrivateKey
from lndgrpc.compiled import lightning_pb2  # noqa: TID253

from l402tui.cli.exits import Exit
from tests.protocol.dialect_samples import payment as payment_scheme
from tests.protocol.invoice_writer import FieldSpec, bits, number, quintets
from tests.wallets.lnd_fake import balance, info

from .verdicts import asks, declined, paid, refused, unpaid
from .world import SELLER, Bill, Shop, World, answer, bill, wants

OTHER = PrivateKey(sha256(b"some other node").digest())
MILLION = 1_000_000
"""sat: as much as a node of these cases can hold where it matters."""


def on(world: World, network: str) -> None:
    """The node is on this network, as LND spells it."""
    world.node.info = info(chains=[lightning_pb2.Chain(chain="bitcoin", network=network)])


# --- H01: whole bitcoin ---------------------------------------------------------------------------


@pytest.mark.parametrize("person", [None, ["yes", "yes"]])
@pytest.mark.parametrize("amount", ["1", "2", "21000000", "10m", "11u", "10001n", "10000010p"])
def test_h001_an_amount_over_the_limit_is_refused_in_every_spelling(
    world: World, amount: str, person: list[str] | None
) -> None:
    shop = world.shop()
    shop.sells(world.bill(amount))
    refused(world, world.get(f"{shop.url}/weather", person=person), "C20", shop)


def test_h001_a_whole_bitcoin_is_read_as_one_and_not_as_nothing(world: World) -> None:
    shop = world.shop()
    shop.sells(world.bill("1"))
    told = world.get(f"{shop.url}/weather")
    assert "100 000 000 sat is over your limit of 1 000 sat" in told.text


@pytest.mark.parametrize(
    ("network", "prefix"), [("mainnet", "bc"), ("testnet", "tb"), ("signet", "tbs")]
)
def test_h001_on_every_network(world: World, network: str, prefix: str) -> None:
    on(world, network)
    shop = world.shop()
    shop.sells(world.bill("1", network=prefix))
    refused(world, world.get(f"{shop.url}/weather"), "C20", shop)


@pytest.mark.parametrize("amount", ["100n", "10u", "10000n", "10000000p"])
def test_h001_the_very_same_shop_is_paid_within_the_limit(world: World, amount: str) -> None:
    world.node.balance = balance(MILLION * 1_000)
    shop = world.shop()
    sold = shop.sells(world.bill(amount))
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


# --- H02: no amount -------------------------------------------------------------------------------


@pytest.mark.parametrize("person", [None, ["yes"]])
@pytest.mark.parametrize(("amount", "check"), [("", "C10"), ("0n", "C08"), ("0", "C08")])
def test_h002_no_amount(world: World, amount: str, check: str, person: list[str] | None) -> None:
    shop = world.shop()
    shop.sells(world.bill(amount))
    refused(world, world.get(f"{shop.url}/weather", person=person), check, shop)


def test_h002_not_even_with_a_price_beside_it(world: World) -> None:
    shop, free = world.shop(), world.bill("")
    body = b'{"amount": 10, "currency": "sat"}'
    shop.says(wants(free, ("Content-Type", "application/json"), body=body))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    refused(world, told, "C10", shop)


# --- H03: another network -------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["bc", "tb", "tbs", "sb"])
def test_h003_a_bill_of_another_network_than_the_nodes(world: World, prefix: str) -> None:
    shop = world.shop()
    shop.sells(world.bill(network=prefix))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C09", shop)


@pytest.mark.parametrize("prefix", ["tb", "tbs", "bcrt", "sb"])
def test_h003_a_test_bill_where_the_wallet_holds_real_bitcoin(world: World, prefix: str) -> None:
    on(world, "mainnet")
    shop = world.shop()
    shop.sells(world.bill(network=prefix))
    told = world.get(f"{shop.url}/weather")
    refused(world, told, "C09", shop)
    assert "but your wallet is on bitcoin" in told.text


@pytest.mark.parametrize(
    ("network", "prefix"), [("mainnet", "bc"), ("signet", "tbs"), ("simnet", "sb")]
)
def test_h003_the_right_network_is_paid(world: World, network: str, prefix: str) -> None:
    on(world, network)
    shop = world.shop()
    sold = shop.sells(world.bill(network=prefix))
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


# --- H04, H05: parts of a millisatoshi and of a satoshi -------------------------------------------


@pytest.mark.parametrize("amount", ["1p", "9p", "100001p", "10009999p"])
def test_h004_part_of_a_millisatoshi(world: World, amount: str) -> None:
    shop = world.shop()
    shop.sells(world.bill(amount))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C08", shop)


@pytest.mark.parametrize("amount", ["10p", "10000p", "100010p"])
def test_h004_whole_millisatoshis_are_paid(world: World, amount: str) -> None:
    shop = world.shop()
    sold = shop.sells(world.bill(amount))
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


@pytest.mark.parametrize("amount", ["10000010p", "10009990p"])
def test_h005_less_than_a_satoshi_over_the_limit_is_over_the_limit(
    world: World, amount: str
) -> None:
    world.node.balance = balance(MILLION * 1_000)
    shop = world.shop()
    shop.sells(world.bill(amount))
    refused(world, world.get(f"{shop.url}/weather", "--max-cost", "1000"), "C20", shop)


def test_h005_the_limit_to_its_last_millisatoshi_is_paid(world: World) -> None:
    world.node.balance = balance(MILLION * 1_000)
    shop = world.shop()
    sold = shop.sells(world.bill("10009990p"))
    told = world.get(f"{shop.url}/weather", "--max-cost", "1000999 msat")
    paid(world, told, shop, sold)
    assert [intent.amount for intent in world.intents] == [1_000_999]


# --- H06, H07: a Payment challenge beside it that says something else -----------------------------


def beside(sold: Bill, **changes: Any) -> bytes:
    """A 402 with this bill, and a Payment challenge over the same invoice with these changes."""
    details = {
        "invoice": sold.invoice,
        "network": "regtest",
        "paymentHash": sold.payment_hash.hex(),
    } | changes.pop("details", {})
    asked = {"amount": "10", "currency": "sat", "methodDetails": details} | changes
    asked = {name: value for name, value in asked.items() if value is not None}
    ((name, value),) = payment_scheme(asked)
    return wants(sold, (name.decode(), value.decode()))


@pytest.mark.parametrize("amount", ["1", "9", "11", "0", "10000", 1])
def test_h006_the_payment_challenge_names_another_amount(world: World, amount: str | int) -> None:
    shop = world.shop()
    shop.says(beside(world.bill(), amount=amount))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C13", shop)


def test_h006_one_sat_in_words_and_five_million_in_the_invoice(world: World) -> None:
    world.node.balance = balance(10 * MILLION * 1_000)
    shop = world.shop()
    shop.says(beside(world.bill("50m"), amount="1"))
    told = world.get(f"{shop.url}/weather", "--max-cost", "9000000")
    refused(world, told, "C13", shop)
    assert "the invoice 5 000 000 sat" in told.text


@pytest.mark.parametrize("amount", ["-1", "1e9", "ten", "", "10.0", [10]])
def test_h006_an_amount_that_is_none_wants_a_person(world: World, amount: object) -> None:
    shop = world.shop()
    shop.says(beside(world.bill(), amount=amount))
    declined(world, world.get(f"{shop.url}/weather"), "C13", shop)


@pytest.mark.parametrize(
    "details", [{"paymentHash": "00" * 32}, {"network": "mainnet"}, {"network": "signet"}]
)
def test_h006_or_another_hash_or_network(world: World, details: dict[str, str]) -> None:
    shop = world.shop()
    shop.says(beside(world.bill(), details=details))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C13", shop)


def test_h006_or_brings_an_invoice_of_another_amount(world: World) -> None:
    shop, other = world.shop(), world.bill("50m")
    details = {"invoice": other.invoice, "paymentHash": other.payment_hash.hex()}
    shop.says(beside(world.bill(), details=details))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C13", shop)


def test_h006_the_payment_challenge_alone_is_never_paid(world: World) -> None:
    """The amount that a server declares decides nothing here: only L402 is paid."""
    shop, sold = world.shop(), world.bill("50m")
    asked = {"amount": "1", "currency": "sat", "methodDetails": {"invoice": sold.invoice}}
    ((name, value),) = payment_scheme(asked)
    shop.says(answer(402, b"", (name.decode(), value.decode())))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == Exit.NOT_PAYABLE
    assert "not by L402" in told.text
    assert "No money was spent" in told.text
    assert world.sends == 0
    assert len(shop.heard) == 1


@pytest.mark.parametrize("currency", ["usd", "SAT", "sats", "msat", "BTC", "", None])
def test_h007_the_payment_challenge_counts_in_another_currency(
    world: World, currency: str | None
) -> None:
    shop = world.shop()
    shop.says(beside(world.bill(), currency=currency))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    refused(world, told, "C13", shop)
    assert "The Payment challenge counts in" in told.text


def test_h007_a_payment_challenge_that_agrees_is_no_obstacle(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    shop.reply = lambda asked: answer() if asked.authorization else beside(sold)
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


# --- H08, H09, H10: how the invoice is spelled ----------------------------------------------------


def respelled(sold: Bill, invoice: str) -> Bill:
    assert invoice != sold.invoice
    return replace(sold, invoice=invoice)


def one_upper(text: str) -> str:
    last = max(at for at, letter in enumerate(text) if letter.isalpha())
    return text[:last] + text[last:].upper()


def data_upper(text: str) -> str:
    prefix, _, data = text.rpartition("1")
    return f"{prefix}1{data.upper()}"


@pytest.mark.parametrize("spell", [str.capitalize, one_upper, data_upper, str.swapcase])
def test_h008_mixed_case(world: World, spell: Any) -> None:
    """``swapcase`` makes it all upper case, which is the way it stands in a QR code."""
    shop = world.shop()
    sold = world.bill()
    shop.sells(respelled(sold, spell(sold.invoice)))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    if spell is str.swapcase:
        paid(world, told, shop, sold)
    else:
        refused(world, told, "C08", shop)


def last_changed(text: str) -> str:
    return text[:-1] + ("q" if text[-1] != "q" else "p")


def two_swapped(text: str) -> str:
    at = next(at for at in range(60, 200) if text[at] != text[at + 1])
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def amount_changed(text: str) -> str:
    return text.replace("lnbcrt100n1", "lnbcrt900n1")


def network_changed(text: str) -> str:
    return text.replace("lnbcrt", "lnbc")


SPOILED = (last_changed, two_swapped, amount_changed, network_changed, lambda text: text[:-1])


@pytest.mark.parametrize("spoil", SPOILED)
def test_h009_a_wrong_checksum(world: World, spoil: Any) -> None:
    shop = world.shop()
    sold = world.bill()
    shop.sells(respelled(sold, spoil(sold.invoice)))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C08", shop)


def test_h010_upper_case_is_accepted_and_leaves_in_lower_case(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    shop.sells(respelled(sold, sold.invoice.upper()))
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    assert [intent.invoice for intent in world.intents] == [sold.invoice]


# --- H11, H12: the amount is raised after the invoice was signed ----------------------------------


def raised(sold: Bill, amount: str) -> Bill:
    """The same invoice over another amount, with a right checksum and the old signature."""
    prefix, _, data = sold.invoice.rpartition("1")
    assert prefix.endswith("100n")
    digits = [CHARSET.index(letter) for letter in data[:-6]]
    return replace(sold, invoice=bech32_encode(prefix[:-4] + amount, digits))


def known_shop(world: World) -> Shop:
    """A shop where something was bought before, and whose next bill is changed on its way."""
    world.node.balance = balance(MILLION * 1_000)
    shop, first = world.shop(), world.bill()
    shop.sells(first)
    paid(world, world.get(f"{shop.url}/weather"), shop, first)
    return shop


def test_h011_a_raised_amount_belongs_to_a_node_that_nobody_knows(world: World) -> None:
    """Without field ``n`` the signature cannot tell: C19 does, and the raised amount is what is
    asked about. A warning lets ``--yes`` go on within the limits; no node can be paid that way."""
    shop = known_shop(world)
    shop.sells(raised(world.bill(), "500n"))
    told = world.get(f"{shop.url}/news", person=["no"])
    assert told.code == Exit.DECLINED
    assert "C19 warning" in told.terminal
    assert "this bill pays node" in told.text
    assert "amount 50 sat" in told.text
    assert world.sends == 1
    told = world.get(f"{shop.url}/news")
    assert told.code == Exit.NOT_PAID
    assert "C19 warning" in told.text
    assert "No money was spent" in told.text
    assert world.paid == ["active", "failed"]


def test_h011_the_raised_amount_is_what_the_limit_looks_at(world: World) -> None:
    shop = world.shop()
    shop.sells(raised(world.bill(), "50m"))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C20", shop)


def test_h011_the_same_node_again_is_no_warning(world: World) -> None:
    shop = known_shop(world)
    second = shop.sells(world.bill("500n"))
    told = world.get(f"{shop.url}/news")
    paid(world, told, shop, second, sends=2)
    assert "C19" not in told.text


NAMED: FieldSpec = ("n", quintets(SELLER.public_key.format()))


@pytest.mark.parametrize("amount", ["500n", "50m", "1", "10n"])
def test_h012_a_raised_amount_where_the_payee_is_named(world: World, amount: str) -> None:
    shop = world.shop()
    shop.sells(raised(world.bill(more=[NAMED]), amount))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C08", shop)


def test_h012_signed_by_another_than_the_payee_it_names(world: World) -> None:
    shop = world.shop()
    shop.sells(world.bill(more=[NAMED], key=OTHER))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C08", shop)


def test_h012_named_and_untouched_is_paid(world: World) -> None:
    shop = world.shop()
    sold = shop.sells(world.bill(more=[NAMED]))
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


# --- H13: fields that are missing, too short or there twice ---------------------------------------

PREIMAGE = sha256(b"what all the bills of H13 sell").digest()
HASH: FieldSpec = ("p", quintets(sha256(PREIMAGE).digest()))
OTHER_HASH: FieldSpec = ("p", quintets(sha256(b"of another payment").digest()))
SECRET: FieldSpec = ("s", quintets(sha256(b"payment secret").digest()))
TEXT: FieldSpec = ("d", quintets(b"Weather report"))
TEXT_HASH: FieldSpec = ("h", quintets(sha256(b"Weather report").digest()))
REST: tuple[FieldSpec, ...] = (("x", number(3_600)), ("c", number(80)), ("9", bits(8, 14)))


@pytest.mark.parametrize(
    "fields",
    {
        "no hash": (SECRET, TEXT),
        "a short hash": (("p", HASH[1][:51]), SECRET, TEXT),
        "a long hash": (("p", [*HASH[1], 0]), SECRET, TEXT),
        "no secret": (HASH, TEXT),
        "a short secret": (HASH, ("s", SECRET[1][:51]), TEXT),
        "no description": (HASH, SECRET),
        "two kinds of description": (HASH, SECRET, TEXT, TEXT_HASH),
        "nothing but an empty field": (("p", []),),
    }.values(),
)
def test_h013_a_field_that_must_be_there(world: World, fields: tuple[FieldSpec, ...]) -> None:
    shop = world.shop()
    shop.sells(world.bill(fields=(*fields, *REST), preimage=PREIMAGE))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C08", shop)


@pytest.mark.parametrize("again", [OTHER_HASH, ("s", [0] * 52), ("d", quintets(b"Gold"))])
def test_h013_a_field_that_is_there_twice(world: World, again: FieldSpec) -> None:
    """BOLT-11 leaves open what then counts. Here it is the first, as for LND, and because another
    reader might take the second a person has to look."""
    shop = world.shop()
    sold = shop.sells(world.bill(fields=(HASH, SECRET, TEXT, *REST, again), preimage=PREIMAGE))
    asks(world, partial(world.get, f"{shop.url}/weather"), "C08", shop, sold)


def test_h013_of_two_hashes_the_token_must_have_the_one_that_is_paid(world: World) -> None:
    shop = world.shop()
    fields = (OTHER_HASH, HASH, SECRET, TEXT, *REST)
    shop.sells(world.bill(fields=fields, preimage=PREIMAGE))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C12", shop)


def test_h013_an_unknown_field_is_passed_over(world: World) -> None:
    shop = world.shop()
    sold = shop.sells(world.bill(more=[("z", [1, 2, 3])]))
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


# --- H14: too much of everything ------------------------------------------------------------------


def hints(count: int) -> list[FieldSpec]:
    """Route hints of one hop each."""
    hop = SELLER.public_key.format() + bytes(8) + bytes(4) + bytes(4) + bytes(2)
    return [("r", quintets(hop))] * count


@pytest.mark.parametrize("count", [100, 200])
def test_h014_more_route_hints_than_an_invoice_can_hold(world: World, count: int) -> None:
    """7,089 characters are the most; 200 hints do not even fit into a header of 16 KiB. How long
    it takes to say no is measured in tests/bench."""
    shop = world.shop()
    shop.sells(world.bill(more=hints(count)))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C06", shop)


def test_h014_more_than_any_header_can_hold(world: World) -> None:
    shop = world.shop()
    shop.sells(world.bill(more=hints(400)))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == Exit.UNREACHABLE
    assert "too large" in told.text
    unpaid(world, told, shop)


def test_h014_seventy_are_read_and_paid(world: World) -> None:
    shop = world.shop()
    sold = shop.sells(world.bill(more=hints(70)))
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


def test_h014_a_description_of_8_kb(world: World) -> None:
    shop = world.shop()
    chapters: list[FieldSpec] = [("z", [7] * 1_000)] * 8
    shop.sells(world.bill(more=chapters))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C06", shop)


@pytest.mark.parametrize(
    ("features", "check"),
    [
        ((8, 14, 100), "C08"),
        ((8, 14, 1_022), "C08"),
        ((8, 14, 30), "C08"),
        ((8, 14, 31), "C11"),
    ],
)
def test_h014_a_feature_that_gives_no_receipt_or_is_unknown(
    world: World, features: tuple[int, ...], check: str
) -> None:
    shop = world.shop()
    shop.sells(world.bill(features=features))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), check, shop)


@pytest.mark.parametrize("features", [(8, 14, 101), (9, 15, 17, 1_023), ()])
def test_h014_an_unknown_feature_that_is_not_required_is_passed_over(
    world: World, features: tuple[int, ...]
) -> None:
    shop = world.shop()
    sold = shop.sells(world.bill(features=features))
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)


def test_h014_bills_of_the_world_are_what_they_seem() -> None:
    """The model of all cases: two bills are never the same one."""
    assert bill().payment_hash != bill().payment_hash
