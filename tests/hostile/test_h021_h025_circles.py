"""H21-H25: can a server that takes money and asks again drain a wallet in small steps?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

import pytest

from l402tui.cli.approving import YesOption
from l402tui.cli.exits import Exit
from l402tui.flow.events import Answered, Finished
from l402tui.flow.model import Ending, Outcome
from l402tui.wiring import Session, request_of
from tests.wallets.lnd_fake import balance

from .verdicts import EARLIER, SPENT, paid
from .world import FEE, GOODS, Asked, Bill, Shop, Told, World, answer, wants

DAY = 86_400
DELIVERED = (Outcome.PAID, Outcome.REUSED)


def path_of(asked: Asked) -> str:
    return asked.target.partition("?")[0]


class Till:
    """A new bill for everybody who has no credential for that path."""

    def __init__(
        self,
        world: World,
        shop: Shop,
        *,
        prices: Iterable[str] = (),
        one_for_all: bool = False,
        once: bool = False,
    ) -> None:
        """``prices`` of the first bills; ``one_for_all``: a credential opens every path; ``once``:
        it opens it one time."""
        self.sold: list[Bill] = []
        self.answered = 0
        self._world = world
        self._prices = list(prices)
        self._good: set[tuple[str, str]] = set()
        self._one_for_all = one_for_all
        self._once = once
        shop.reply = self.reply

    def reply(self, asked: Asked) -> bytes:
        path = "" if self._one_for_all else path_of(asked)
        key = (path, asked.authorization)
        if key in self._good:
            self.answered += 1
            if self._once:
                self._good.remove(key)
            return answer()
        price = self._prices.pop(0) if self._prices else "100n"
        sold = self._world.bill(price)
        self.sold.append(sold)
        self._good.add((path, sold.authorization))
        return wants(sold)


# --- H21, H22: paid, and asked again --------------------------------------------------------------


def new_bill(world: World) -> bytes:
    return wants(world.bill())


REFUSALS: dict[str, Callable[[World, Bill], bytes]] = {
    "the same bill": lambda world, sold: wants(sold),
    "a new bill": lambda world, sold: new_bill(world),
    "a 402 without a bill": lambda world, sold: answer(402, b"pay"),
    "a dearer bill": lambda world, sold: wants(world.bill("200n")),
    "a bill of another protocol": lambda world, sold: answer(
        402, b'{"x402Version":1,"accepts":[]}'
    ),
}
NOT_TAKEN: dict[str, Callable[[World, Bill], bytes]] = {
    "401 and no more": lambda world, sold: answer(401, b""),
    "401 with the same bill": lambda world, sold: answer(
        401, b"", ("WWW-Authenticate", sold.challenge)
    ),
    "401 with a new bill": lambda world, sold: answer(
        401, b"", ("WWW-Authenticate", world.bill().challenge)
    ),
    "401 with another scheme": lambda world, sold: answer(
        401, b"", ("WWW-Authenticate", 'Basic realm="x"')
    ),
}


def rejected(world: World, told: Told, shop: Shop, sold: Bill) -> None:
    """One payment, tried under both names of the scheme, kept as evidence, and told."""
    assert (told.code, told.out) == (Exit.UNDELIVERED, b""), told.text
    assert "to a credential that was just paid for" in told.text
    assert SPENT in told.text
    assert world.sends == 1
    assert shop.credentials == [sold.authorization, sold.authorization.replace("L402", "LSAT", 1)]
    (intent,) = world.intents
    assert intent.state.value == "rejected"
    assert intent.preimage is not None
    assert intent.preimage.reveal() == sold.preimage


@pytest.mark.parametrize("refusal", REFUSALS)
def test_h021_402_for_ever_costs_one_payment(world: World, refusal: str) -> None:
    shop, sold = world.shop(), world.bill()
    shop.reply = lambda asked: (
        REFUSALS[refusal](world, sold) if asked.authorization else wants(sold)
    )
    rejected(world, world.get(f"{shop.url}/weather"), shop, sold)


@pytest.mark.parametrize("refusal", NOT_TAKEN)
def test_h022_401_after_a_payment_is_the_same(world: World, refusal: str) -> None:
    shop, sold = world.shop(), world.bill()
    shop.reply = lambda asked: (
        NOT_TAKEN[refusal](world, sold) if asked.authorization else wants(sold)
    )
    rejected(world, world.get(f"{shop.url}/weather"), shop, sold)


@pytest.mark.parametrize("path", ["weather", "news", "weather?x=1"])
def test_h021_such_a_server_is_not_paid_again_by_itself(world: World, path: str) -> None:
    """For a day only a person may pay there, whatever it sells."""
    shop = world.shop()
    shop.reply = lambda asked: new_bill(world)
    assert world.get(f"{shop.url}/weather").code == Exit.UNDELIVERED
    for seconds in (1, 700, DAY - 1_000):
        world.later(seconds)
        told = world.get(f"{shop.url}/{path}")
        assert told.code == Exit.DECLINED
        assert "Check C22," in told.text
        assert "This server took money" in told.text
        assert "No money was spent." in told.text
        assert world.sends == 1


def test_h021_a_person_may_try_it_again_and_a_day_makes_it_good(world: World) -> None:
    shop = world.shop()
    shop.reply = lambda asked: new_bill(world)
    assert world.get(f"{shop.url}/weather").code == Exit.UNDELIVERED
    second = shop.sells(world.bill())
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert "C22 ask" in told.text
    paid(world, told, shop, second, sends=2)
    world.later(DAY + 1)
    third = shop.sells(world.bill())
    told = world.get(f"{shop.url}/news")
    assert told.code == Exit.OK
    assert shop.credentials[-1] == third.authorization


@pytest.mark.parametrize("person", [None, ["yes"]])
def test_h021_the_rejected_bill_itself_is_never_paid_again(
    world: World, person: list[str] | None
) -> None:
    shop, sold = world.shop(), world.bill()
    shop.says(wants(sold))
    assert world.get(f"{shop.url}/weather").code == Exit.UNDELIVERED
    told = world.get(f"{shop.url}/weather", person=person)
    assert told.code == Exit.REFUSED
    assert "Refused by check C14: This invoice is paid, and the server did not accept it." in (
        told.text
    )
    assert world.sends == 1


def test_h021_another_server_is_not_suspected_of_it(world: World) -> None:
    bad, good = world.shop("bad.example"), world.shop("good.example")
    bad.reply = lambda asked: new_bill(world)
    assert world.get(f"{bad.url}/weather").code == Exit.UNDELIVERED
    sold = good.sells(world.bill())
    paid(world, world.get(f"{good.url}/weather"), good, sold, sends=2)


def test_h022_a_server_that_knows_only_the_old_name_is_no_thief(world: World) -> None:
    shop, sold = world.shop(), world.bill()
    old = sold.authorization.replace("L402", "LSAT", 1)
    shop.reply = lambda asked: answer() if asked.authorization == old else wants(sold)
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert world.sends == 1
    assert world.paid == ["active"]
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, GOODS)
    assert EARLIER in told.text
    assert shop.credentials[-1] == old


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 418, 451])
def test_h022_another_error_means_that_the_credential_was_taken(world: World, status: int) -> None:
    shop = world.shop()
    shop.sells(world.bill(), then=lambda asked: answer(status, b"no\n"))
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.HTTP_ERROR, b"no\n")
    assert "The payment was accepted, the request was not." in told.text
    assert SPENT in told.text
    assert world.paid == ["active"]
    assert world.sends == 1


# --- H23: a price that rises ----------------------------------------------------------------------


def doubling(first: int = 100) -> Iterable[str]:
    """10 sat, 20 sat, 40 sat, ... ."""
    return [f"{first * 2**n}n" for n in range(12)]


def test_h023_a_price_that_doubles_with_each_answer_is_paid_once(world: World) -> None:
    world.node.balance = balance(10_000_000)
    shop, prices = world.shop(), iter(doubling())
    shop.reply = lambda asked: wants(world.bill(next(prices)))
    assert world.get(f"{shop.url}/weather").code == Exit.UNDELIVERED
    for _ in range(3):
        assert world.get(f"{shop.url}/weather").code == Exit.DECLINED
    assert world.sends == 1
    assert [intent.amount for intent in world.intents] == [10_000]


def test_h023_nor_does_delivering_each_time_make_it_an_ordinary_price(world: World) -> None:
    """Each bill is good for one answer, and the next one costs twice as much."""
    world.node.balance = balance(10_000_000)
    shop = world.shop()
    till = Till(world, shop, prices=["600n", "600n", *doubling(1_700)], once=True)
    paid(world, world.get(f"{shop.url}/weather"), shop, till.sold[0])
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.DECLINED
    assert "Check C22," in told.text
    assert "You paid for this very request" in told.text
    world.later(3_600)
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.DECLINED
    assert "Check C21," in told.text
    assert "The price rose from 60 sat to" in told.text
    assert "the first is usual for your last 1 payments here" in told.text
    assert world.sends == 1


def test_h023_a_price_that_rises_after_it_was_looked_at(world: World) -> None:
    world.node.balance = balance(10_000_000)
    shop = world.shop()
    till = Till(world, shop, prices=["600n", "3u"])
    told = world.get(f"{shop.url}/weather", "--no-pay", person=[])
    assert "It would cost 60 sat" in told.text
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.DECLINED
    assert "Check C21," in told.text
    assert "from 60 sat to 300 sat" in told.text
    assert world.sends == 0
    assert len(till.sold) == 2


def test_h023_a_price_that_rises_a_little_is_paid(world: World) -> None:
    world.node.balance = balance(10_000_000)
    shop = world.shop()
    till = Till(world, shop, prices=["600n", "1u"], once=True)
    paid(world, world.get(f"{shop.url}/weather"), shop, till.sold[0])
    world.later(3_600)
    told = world.get(f"{shop.url}/weather?day=2")
    assert (told.code, told.out) == (Exit.OK, GOODS), told.text
    assert "C21" not in told.text
    assert world.sends == 2
    assert [intent.amount for intent in world.intents] == [60_000, 100_000]


# --- H24, H25: many requests ----------------------------------------------------------------------


async def bought(session: Session, url: str) -> tuple[Ending, bytes]:
    """How a request ends that ``--yes`` is said to, and the body it got."""
    body = b""
    async for event in session.runner(YesOption(None)).run(request_of(url)):
        if isinstance(event, Answered):
            body = event.response.body
        if isinstance(event, Finished):
            return event.ending, body
    raise AssertionError("it never ended")


def together(ends: Iterable[tuple[Ending, bytes]]) -> int:
    """All were delivered; what they cost together, in msat."""
    ends = list(ends)
    assert {body for _, body in ends} == {GOODS}
    assert {ending.outcome for ending, _ in ends} <= set(DELIVERED)
    return sum(ending.cost for ending, _ in ends)


async def test_h024_200_requests_at_once_are_one_payment(world: World) -> None:
    """The shop makes a new invoice for every request that comes without a credential."""
    shop = world.local_shop()
    till = Till(world, shop, one_for_all=True)
    async with world.session() as session:
        buy = partial(bought, session, f"{shop.url}/weather")
        ends = await asyncio.gather(*(buy() for _ in range(200)))
    assert together(ends) == 10_000 + FEE
    assert till.answered == 200
    assert world.sends == 1
    assert len(set(shop.credentials)) == 1
    assert world.paid == ["active"]


async def test_h024_nor_do_two_runs_of_the_program_pay_twice(world: World) -> None:
    world.real_time()
    shop, sold = world.local_shop(), world.bill()
    shop.sells(sold)
    async with world.session() as one, world.session() as other:
        buys = [partial(bought, session, f"{shop.url}/weather") for session in (one, other)]
        ends = await asyncio.gather(*(buy() for buy in buys * 20))
    assert together(ends) == 10_000 + FEE
    assert world.sends == 1


async def test_h024_a_no_is_not_asked_for_200_times(world: World) -> None:
    """What one request was refused, the others that waited for it do not try again."""
    shop = world.local_shop()
    shop.reply = lambda asked: new_bill(world)
    async with world.session() as session:
        buy = partial(bought, session, f"{shop.url}/weather")
        ends = await asyncio.gather(*(buy() for _ in range(50)))
    assert {ending.outcome for ending, _ in ends} <= {
        Outcome.REJECTED,
        Outcome.DECLINED,
        Outcome.REFUSED,
    }
    assert sum(ending.cost for ending, _ in ends) == 10_000 + FEE
    assert world.sends == 1


async def test_h024_two_things_at_once_are_two_payments(world: World) -> None:
    """The twin: what is sold at two places is bought at both."""
    shop = world.local_shop()
    till = Till(world, shop)
    async with world.session() as session:
        ends = await asyncio.gather(
            *(bought(session, f"{shop.url}/{path}") for path in ("weather", "news"))
        )
    assert {ending.outcome for ending, _ in ends} <= {Outcome.PAID, Outcome.DECLINED}
    assert world.sends == sum(ending.outcome is Outcome.PAID for ending, _ in ends)
    assert till.answered == world.sends >= 1


@pytest.mark.parametrize("places", [("a", "b"), ("a", "b", "c", "d")])
async def test_h025_a_credential_for_each_place_and_no_more(
    world: World, places: tuple[str, ...]
) -> None:
    """Each place has its own price and its own credential; they are asked for in turn."""
    shop = world.local_shop()
    till = Till(world, shop)
    async with world.session() as session:
        ends = [await bought(session, f"{shop.url}/{places[n % len(places)]}") for n in range(100)]
    assert together(ends) == len(places) * (10_000 + FEE)
    assert till.answered == 100
    assert world.sends == len(places)
    assert world.paid == ["active"] * len(places)


def test_h025_the_same_by_single_commands(world: World) -> None:
    shop = world.shop()
    till = Till(world, shop)
    for path in ("a", "b") * 3:
        told = world.get(f"{shop.url}/{path}")
        assert (told.code, told.out) == (Exit.OK, GOODS), told.text
    assert till.answered == 6
    assert world.sends == 2


def test_h025_a_credential_that_ends_is_bought_anew_once(world: World) -> None:
    shop, first = world.shop(), world.bill()
    shop.sells(first)
    paid(world, world.get(f"{shop.url}/a"), shop, first)
    world.later(3_600)
    second = shop.sells(world.bill())
    told = world.get(f"{shop.url}/a")
    assert "did not accept the credential that cost 11 sat" in told.text
    paid(world, told, shop, second, sends=2)
    for _ in range(3):
        assert world.get(f"{shop.url}/a").code == Exit.OK
    assert world.sends == 2
    assert world.paid == ["active", "active"]
