"""H26-H29: what if money is locked, and nobody says how it ends?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from typing import Any, cast

import pytest
from coincurve import PrivateKey
from lndgrpc.compiled import lightning_pb2  # noqa: TID253

from l402tui.cli.exits import Exit
from l402tui.vault import SqliteVault
from tests.wallets.lnd_fake import FAILED, IN_FLIGHT, SUCCEEDED, Abort, info, payment

from .verdicts import EARLIER, PERHAPS, SPENT, asks, paid, refused
from .world import FEE, GOODS, Bill, Shop, Told, World, answer, wants

DAY = 144
"""Blocks."""
HOUR = 3_600
SEND, TRACK = "SendPaymentV2", "TrackPaymentV2"


def under_way(sold: Bill, *, lock: int = 0) -> Any:
    """The node has it; ``lock`` is the block at which its lock runs out."""
    routes = [lightning_pb2.HTLCAttempt(route=lightning_pb2.Route(total_time_lock=lock))]
    named = sold.payment_hash.hex()
    return payment(IN_FLIGHT, payment_hash=named, htlcs=routes if lock else [])


def done(sold: Bill) -> Any:
    named = sold.payment_hash.hex()
    return payment(SUCCEEDED, sold.preimage.hex(), payment_hash=named, fee_msat=FEE)


def failed(sold: Bill) -> Any:
    return payment(FAILED, payment_hash=sold.payment_hash.hex(), failure_reason=1)


def with_pauses(world: World, *parts: float | Any) -> list[Any]:
    """A script in which a number is how many seconds pass before what comes next."""

    def script() -> Iterator[Any]:
        for part in parts:
            if isinstance(part, float | int):
                world.later(part)
            else:
                yield part

    return cast(list[Any], script())  # whoever plays a script only walks along it


# --- H26: how long the payee may keep it ----------------------------------------------------------


def allow(world: World, blocks: int) -> None:
    """The person lets a payment lock money for so long."""
    file = world.home / "settings.toml"
    file.write_text(file.read_text().replace("[lnd]\n", f"[lnd]\ncltv_limit = {blocks}\n"))


@pytest.mark.parametrize("blocks", [DAY + 1, 1_004])
def test_h026_a_long_lock_wants_a_person(world: World, blocks: int) -> None:
    """More than a day at the payee, and less than the limit for the whole way (1,008 blocks)."""
    shop = world.shop()
    sold = shop.sells(world.bill(cltv=blocks))
    asks(world, partial(world.get, f"{shop.url}/weather"), "C17", shop, sold)


def test_h026_however_long_the_person_has_allowed_it_to_be(world: World) -> None:
    allow(world, 2_016)
    shop = world.shop()
    sold = shop.sells(world.bill(cltv=2_000))
    asks(world, partial(world.get, f"{shop.url}/weather"), "C17", shop, sold)
    assert [order.cltv_limit for order in world.node.requests(SEND)] == [2_016]


@pytest.mark.parametrize("blocks", [1_005, 2_000, 28 * DAY, 28 * DAY + 1, 100_000, 2**31])
def test_h026_an_endless_lock_is_refused(world: World, blocks: int) -> None:
    shop = world.shop()
    shop.sells(world.bill(cltv=blocks))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    refused(world, told, "C17", shop)
    assert "The payee could lock your money for about" in told.text


@pytest.mark.parametrize("blocks", [9, 80, DAY])
def test_h026_the_usual_lock_is_paid(world: World, blocks: int) -> None:
    shop = world.shop()
    sold = shop.sells(world.bill(cltv=blocks))
    told = world.get(f"{shop.url}/weather")
    paid(world, told, shop, sold)
    assert "C17" not in told.text


@pytest.mark.parametrize("blocks", [80, DAY])
def test_h026_the_whole_route_is_bounded_too(world: World, blocks: int) -> None:
    """The invoice names the last hop's part only; the order to the node bounds all of them."""
    shop = world.shop()
    sold = shop.sells(world.bill(cltv=blocks))
    paid(world, world.get(f"{shop.url}/weather"), shop, sold)
    (order,) = world.node.requests(SEND)
    assert order.cltv_limit == 1_008


# --- H27, H28: an hour in flight, and past the invoice's end --------------------------------------


@pytest.mark.parametrize("hours", [1, 30, 24 * 14])
def test_h027_held_and_paid_in_one_run(world: World, hours: int) -> None:
    """The longest the node itself can hold it; the person watches, and sees what becomes of it."""
    shop = world.shop()
    sold = shop.sells(world.bill())
    world.node.sends.append(
        with_pauses(world, under_way(sold), hours * HOUR, under_way(sold, lock=900_000), done(sold))
    )
    told = world.get(f"{shop.url}/weather")
    paid(world, told, shop, sold)
    with SqliteVault.open(world.home) as vault:
        steps = [line.state.value for line in vault.log(sold.payment_hash)]
    assert steps.count("sending") == 1
    assert steps[-3:] == ["held", "paid", "active"]


def test_h027_held_and_paid_by_the_same_request_later(world: World) -> None:
    world.node.info = info(block_height=800_000)
    shop = world.shop()
    sold = shop.sells(world.bill())
    world.node.sends.append([under_way(sold, lock=800_200)])
    world.node.tracks.extend([[under_way(sold, lock=800_200)]] * 4)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNSETTLED
    assert PERHAPS in told.text
    assert world.paid == ["in flight"]
    world.later(HOUR)
    world.node.tracks.clear()
    world.node.tracks.extend([[under_way(sold, lock=800_200)]] * 5)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNSETTLED
    assert "The payment of 10 sat is held up on its way." in told.text
    assert "It ends by itself at block 800200 at the latest" in told.text
    assert world.paid == ["held"]
    assert not shop.credentials
    world.node.tracks.clear()
    world.node.tracks.append([done(sold)])
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert EARLIER in told.text
    assert world.paid == ["active"]
    assert world.sends == 1
    assert shop.credentials == [sold.authorization]


def test_h027_while_it_is_held_it_counts_against_the_limits(world: World) -> None:
    world.settings(limits="day = '25 sat'")
    shop, other = world.shop("held.example"), world.shop("other.example")
    sold = shop.sells(world.bill())
    hold(world, shop, sold)
    other.sells(world.bill())
    told = world.get(f"{other.url}/weather", person=["yes"])
    assert told.code == Exit.REFUSED
    assert "Refused by check C20" in told.text
    assert world.sends == 1


def test_h027_held_and_failed_is_not_paid(world: World) -> None:
    """The twin: what comes back is told as not spent, and the thing can be bought anew."""
    shop = world.shop()
    sold = shop.sells(world.bill())
    world.node.sends.append(with_pauses(world, under_way(sold), HOUR, failed(sold)))
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.NOT_PAID
    assert "No money was spent." in told.text
    assert world.paid == ["failed"]
    second = shop.sells(world.bill())
    paid(world, world.get(f"{shop.url}/weather"), shop, second, sends=2)


def hold(world: World, shop: Shop, sold: Bill) -> Told:
    """Pay a bill whose payment does not end; an hour passes."""
    world.node.sends.append([under_way(sold)])
    world.node.tracks.extend([[under_way(sold)]] * 4)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNSETTLED, told.text
    world.node.tracks.clear()
    world.later(HOUR)
    return told


@pytest.mark.parametrize("late", [HOUR, 48 * HOUR])
def test_h028_settled_after_its_invoice_has_expired(world: World, late: int) -> None:
    shop = world.shop()
    sold = shop.sells(world.bill(expiry=600))
    hold(world, shop, sold)
    world.later(late)
    shop.sells(world.bill())  # it would ask for a new payment by now
    other = shop.reply
    shop.reply = lambda asked: answer() if asked.authorization else other(asked)
    world.node.tracks.append([done(sold)])
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert EARLIER in told.text
    assert world.sends == 1
    assert world.paid == ["active"]
    assert shop.credentials == [sold.authorization]


@pytest.mark.parametrize(
    "word",
    [
        Abort("NOT_FOUND", "payment isn't initiated"),
        Abort("UNAVAILABLE", "the node is away"),
        Abort("UNKNOWN", "invoice expired. Valid until 2026-01-01"),
    ],
)
def test_h028_an_expired_invoice_that_was_in_flight_is_never_taken_for_unpaid(
    world: World, word: Abort
) -> None:
    """Whatever the node says in place of an end, and however late: nothing is paid again."""
    shop = world.shop()
    sold = shop.sells(world.bill(expiry=600))
    hold(world, shop, sold)
    shop.sells(world.bill())
    world.node.tracks.extend([[word]] * 4)
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == Exit.UNSETTLED
    assert PERHAPS in told.text
    assert world.sends == 1
    assert not shop.credentials
    world.node.tracks.clear()
    world.node.tracks.append([done(sold)])
    shop.sells(sold)
    told = world.run("payments", "resume", sold.payment_hash.hex()[:12], "--wallet", "lnd", "--yes")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert world.paid == ["active"]
    assert world.sends == 1


def test_h028_what_is_sold_there_besides_wants_a_person_meanwhile(world: World) -> None:
    shop = world.shop()
    sold = shop.sells(world.bill(expiry=600))
    hold(world, shop, sold)
    shop.sells(world.bill())
    told = world.get(f"{shop.url}/news")
    assert told.code == Exit.DECLINED
    assert "Check C14," in told.text
    assert "another could pay twice for the same thing" in told.text
    assert world.sends == 1


# --- H29: many holds ------------------------------------------------------------------------------


def holding(world: World, count: int) -> None:
    """So many shops of one node hold a payment."""
    for number in range(count):
        shop = world.shop(f"holds{number}.example")
        hold(world, shop, shop.sells(world.bill()))
    assert world.sends == count


@pytest.mark.parametrize("person", [None, ["yes"]])
def test_h029_a_fourth_hold_for_one_node(world: World, person: list[str] | None) -> None:
    holding(world, 3)
    shop = world.shop()
    shop.sells(world.bill())
    told = world.get(f"{shop.url}/weather", person=person)
    assert told.code == Exit.REFUSED
    assert "Refused by check C23: 3 payments to this node have not ended." in told.text
    assert "No money was spent." in told.text
    assert world.sends == 3
    assert not shop.credentials


def test_h029_a_third_one_is_paid(world: World) -> None:
    holding(world, 2)
    shop = world.shop()
    sold = shop.sells(world.bill())
    paid(world, world.get(f"{shop.url}/weather"), shop, sold, sends=3)


def test_h029_and_so_is_another_node(world: World) -> None:
    holding(world, 3)
    shop = world.shop()
    sold = shop.sells(world.bill(key=PrivateKey(sha256(b"another node").digest())))
    paid(world, world.get(f"{shop.url}/weather"), shop, sold, sends=4)


def test_h029_once_one_has_ended_there_is_room_again(world: World) -> None:
    holding(world, 2)
    shop, sold = world.shop("ends.example"), world.bill()
    shop.sells(sold)
    hold(world, shop, sold)
    world.node.tracks.append([done(sold)])
    assert world.get(f"{shop.url}/weather").code == Exit.OK
    last = world.shop()
    fresh = last.sells(world.bill())
    paid(world, world.get(f"{last.url}/weather"), last, fresh, sends=4)


def test_h029_what_is_held_at_all_is_bounded_by_a_limit(world: World) -> None:
    world.settings(limits="unsettled = '45 sat'")
    holding(world, 2)
    shop = world.shop()
    shop.sells(world.bill(key=PrivateKey(sha256(b"another node").digest())))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == Exit.REFUSED
    assert "Refused by check C23: 40 sat is in payments that have not ended" in told.text
    assert world.sends == 2


def test_h029_a_held_payment_whose_shop_says_503_in_the_end(world: World) -> None:
    """Every wait has an end, and none of them is a second payment."""
    shop = world.shop()
    sold = world.bill()
    shop.reply = lambda asked: answer(503) if asked.authorization else wants(sold)
    hold(world, shop, sold)
    world.node.tracks.append([done(sold)])
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.UNDELIVERED
    assert EARLIER in told.text
    assert SPENT not in told.text
    assert world.paid == ["paid, not delivered"]
    assert world.sends == 1
