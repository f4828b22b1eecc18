"""H15-H20: does the ticket belong to the bill, and the bill to nobody else?"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from hashlib import sha256

import pytest

from l402tui.cli.approving import YesOption
from l402tui.cli.exits import Exit
from l402tui.flow.events import Finished
from l402tui.flow.model import Ending, Outcome
from l402tui.protocol.macaroon import Macaroon
from l402tui.wiring import Session, request_of
from tests.wallets.lnd_fake import IN_FLIGHT, payment

from .verdicts import EARLIER, asks, paid, refused, unpaid
from .world import GOODS, ROOT_KEY, Asked, Bill, World, answer, bill, token_for, wants


def with_identifier(identifier: bytes) -> str:
    """A token with this identifier, as base64."""
    minted = Macaroon.mint(ROOT_KEY, identifier, b"lsat", (b"services=weather:0",))
    return base64.b64encode(minted.raw).decode()


def with_token(sold: Bill, token: str) -> Bill:
    return replace(sold, token=token)


# --- H15, H16, H17: what the token says about the payment -----------------------------------------

FORMS: dict[str, Callable[[bytes], bytes]] = {
    "of the specification": lambda named: bytes(2) + named + sha256(named).digest(),
    "raw": lambda named: named,
    "marked": lambda named: b"\xff" + named,
    "in hex": lambda named: named.hex().encode(),
    "of the specification, in hex": lambda named: (
        FORMS["of the specification"](named).hex().encode()
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_h015_the_token_commits_to_another_payment(world: World, form: str) -> None:
    shop, other = world.shop(), bill().payment_hash
    shop.sells(with_token(world.bill(), with_identifier(FORMS[form](other))))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    refused(world, told, "C12", shop)
    assert "paying would buy nothing" in told.text


@pytest.mark.parametrize(
    "change", [lambda raw: raw[::-1], lambda raw: bytes((raw[0] ^ 1,)) + raw[1:]]
)
def test_h015_or_to_nearly_the_same_one(world: World, change: Callable[[bytes], bytes]) -> None:
    shop, sold = world.shop(), world.bill()
    shop.sells(with_token(sold, token_for(change(sold.payment_hash))))
    refused(world, world.get(f"{shop.url}/weather", person=["yes"]), "C12", shop)


@pytest.mark.parametrize("form", FORMS)
def test_h016_the_hash_in_every_form_that_can_be_read_for_certain(world: World, form: str) -> None:
    shop, sold = world.shop(), world.bill()
    sold = shop.sells(with_token(sold, with_identifier(FORMS[form](sold.payment_hash))))
    told = world.get(f"{shop.url}/weather")
    paid(world, told, shop, sold)
    assert "C12" not in told.text


JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ3ZWF0aGVyIn0."


@pytest.mark.parametrize(
    "token",
    {
        "a JSON web token": JWT,
        "random bytes": base64.b64encode(sha256(b"random").digest()).decode(),
        "a word": "weather",
        "another version": with_identifier(b"\x00\x01" + bytes(range(64))),
        "free text": with_identifier(b"the weather of tomorrow"),
        "no hash at all": with_identifier(bytes(66)),
    }.values(),
)
def test_h017_a_token_that_names_no_payment_is_never_paid_for_by_itself(
    world: World, token: str
) -> None:
    """A person may say yes; then it goes back byte for byte, whatever it is."""
    shop = world.shop()
    sold = shop.sells(with_token(world.bill(), token))
    asks(world, partial(world.get, f"{shop.url}/weather"), "C12", shop, sold)


# --- H18: one invoice, shown to several -----------------------------------------------------------


def resold(sold: Bill) -> Bill:
    """The bill of a shop that passes on another's invoice, with a token of its own."""
    return with_token(sold, token_for(sold.payment_hash, b"services=gold:0"))


def test_h018_an_invoice_that_another_shop_has_shown(world: World) -> None:
    first, second = world.shop("first.example"), world.shop("second.example")
    sold = first.sells(world.bill())
    told = world.get(f"{first.url}/weather", "--no-pay", person=[])
    assert told.code == Exit.OK
    passed_on = second.sells(resold(sold))
    told = world.get(f"{second.url}/gold", "--no-pay", person=[])
    assert "The same invoice was shown by https://first.example." in told.text
    asks(world, partial(world.get, f"{second.url}/gold"), "C15", second, passed_on)
    assert not first.credentials


def test_h018_an_invoice_that_was_paid_at_another_shop(world: World) -> None:
    first, second = world.shop("first.example"), world.shop("second.example")
    sold = first.sells(world.bill())
    paid(world, world.get(f"{first.url}/weather"), first, sold)
    second.sells(resold(sold))
    told = world.get(f"{second.url}/gold", person=["yes"])
    assert told.code == Exit.REFUSED
    assert "Refused by check C14: This invoice was shown by https://first.example" in told.text
    assert "No money was spent." in told.text
    assert world.sends == 1
    assert not second.credentials


def test_h018_an_invoice_that_is_on_its_way_at_another_shop(world: World) -> None:
    """Nothing of the first shop's payment, and not its preimage, ever reaches the second."""
    first, second = world.shop("first.example"), world.shop("second.example")
    sold = first.sells(world.bill())
    under_way = payment(IN_FLIGHT, payment_hash=sold.payment_hash.hex())
    world.node.sends.append([under_way])
    world.node.tracks.extend([[under_way]] * 8)
    assert world.get(f"{first.url}/weather").code == Exit.UNSETTLED
    second.sells(resold(sold))
    told = world.get(f"{second.url}/gold", person=["yes"])
    assert told.code == Exit.REFUSED
    assert "Refused by check C14" in told.text
    assert world.sends == 1
    assert not second.credentials


async def ending(session: Session, url: str) -> Ending:
    """How a request ends that ``--yes`` is said to."""
    async for event in session.runner(YesOption(None)).run(request_of(url)):
        if isinstance(event, Finished):
            return event.ending
    raise AssertionError("it never ended")


@pytest.mark.parametrize("paths", [("weather", "weather"), ("weather", "news")])
async def test_h018_two_runs_at_the_same_instant(world: World, paths: tuple[str, str]) -> None:
    """Two runs on one vault are shown the same invoice: it is paid once, and opens both."""
    world.real_time()
    shop, sold = world.shop(), world.bill()
    shop.reply = lambda asked: answer() if asked.authorization else wants(sold)
    async with world.session() as one, world.session() as other:
        ends = await asyncio.gather(
            ending(one, f"{shop.url}/{paths[0]}"), ending(other, f"{shop.url}/{paths[1]}")
        )
    assert {end.outcome for end in ends} <= {Outcome.PAID, Outcome.REUSED}
    assert world.sends == 1
    assert sum(end.cost for end in ends) == 11_000
    assert set(shop.credentials) == {sold.authorization}


def test_h018_two_shops_with_bills_of_their_own_are_both_paid(world: World) -> None:
    first, second = world.shop("first.example"), world.shop("second.example")
    one, other = first.sells(world.bill()), second.sells(world.bill())
    paid(world, world.get(f"{first.url}/weather"), first, one)
    told = world.get(f"{second.url}/weather")
    paid(world, told, second, other, sends=2)
    assert "C15" not in told.text


# --- H19: an invoice that is paid already ---------------------------------------------------------


def test_h019_the_same_invoice_again_costs_nothing(world: World) -> None:
    """The shop forgets once what it was handed, and shows the paid invoice for something else."""
    shop = world.shop()
    sold = shop.sells(world.bill())
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    begun = len(shop.heard)
    shop.reply = lambda asked: wants(sold) if asked.number == begun else answer()
    told = world.get(f"{shop.url}/news")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert "C14 info" in told.text
    assert "This invoice is paid already; the credential you hold is used." in told.text
    assert EARLIER in told.text
    assert world.sends == 1
    assert shop.credentials == [sold.authorization] * 3


def test_h019_a_payment_that_was_not_delivered_opens_what_is_sold_for_it_now(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    shop.reply = lambda asked: answer(503) if asked.authorization else wants(sold)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNDELIVERED
    shop.sells(sold)
    told = world.get(f"{shop.url}/weather?again=1")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert EARLIER in told.text
    assert world.sends == 1


def test_h019_a_new_token_for_the_paid_invoice_is_not_paid_for(world: World) -> None:
    """The invoice is paid, so there is nothing to pay; what opens is up to the shop."""
    shop = world.shop()
    sold = shop.sells(world.bill())
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    shop.says(wants(resold(sold)))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == Exit.UNDELIVERED
    assert EARLIER in told.text
    assert world.sends == 1


def test_h019_a_preimage_brought_by_hand_is_used_in_the_same_way(world: World) -> None:
    shop = world.shop()
    sold = shop.sells(world.bill())
    url = f"{shop.url}/weather"
    told = world.run("get", url, "--wallet", "external", "--network", "regtest", person=["yes", ""])
    assert told.code == Exit.UNSETTLED
    proof = world.home / "preimage"
    proof.write_text(sold.preimage.hex())
    handle = sold.payment_hash.hex()[:12]
    assert world.run("payments", "settle", handle, "--preimage-file", str(proof)).code == Exit.OK
    told = world.get(url)
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert world.sends == 0
    assert shop.credentials == [sold.authorization]


# --- H20: a bill out of a cache -------------------------------------------------------------------

CACHED = (("Age", "300"), ("X-Cache", "Hit from the edge"), ("Cache-Status", "Edge; hit"))


def fresh(asked: Asked) -> bool:
    """Whether this request wants no answer out of a cache."""
    return asked.headers.get("cache-control") == "no-cache"


@pytest.mark.parametrize("mark", CACHED)
def test_h020_a_bill_that_stays_cached_wants_a_person(world: World, mark: tuple[str, str]) -> None:
    """It is fetched once more past the caches; where it comes out of one again, a person looks."""
    shop, sold = world.shop(), world.bill()
    shop.reply = lambda asked: answer() if asked.authorization else wants(sold, mark)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.DECLINED
    assert "Check C05," in told.text
    unpaid(world, told, shop)
    assert [fresh(asked) for asked in shop.heard] == [False, True]
    assert shop.heard[1].headers["pragma"] == "no-cache"
    paid(world, world.get(f"{shop.url}/weather", person=["yes"]), shop, sold)


@pytest.mark.parametrize("mark", CACHED)
def test_h020_past_the_cache_is_a_bill_of_ones_own(world: World, mark: tuple[str, str]) -> None:
    shop, others, own = world.shop(), world.bill(), world.bill()

    def reply(asked: Asked) -> bytes:
        if asked.authorization == own.authorization:
            return answer()
        return wants(own) if fresh(asked) else wants(others, mark)

    shop.reply = reply
    told = world.get(f"{shop.url}/weather")
    paid(world, told, shop, own)
    assert "C05" not in told.text
    assert shop.credentials == [own.authorization]


@pytest.mark.parametrize(
    "header", [("Age", "0"), ("X-Cache", "MISS"), ("Cache-Control", "no-store")]
)
def test_h020_a_bill_of_ones_own_is_fetched_once(world: World, header: tuple[str, str]) -> None:
    shop, sold = world.shop(), world.bill()
    shop.reply = lambda asked: answer() if asked.authorization else wants(sold, header)
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    assert len(shop.heard) == 2


def test_h020_a_bill_that_a_cache_may_keep_is_a_warning(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    kept = ("Cache-Control", "public, max-age=600")
    shop.reply = lambda asked: answer() if asked.authorization else wants(sold, kept)
    told = world.get(f"{shop.url}/weather")
    paid(world, told, shop, sold)
    assert "C05 warning" in told.text
