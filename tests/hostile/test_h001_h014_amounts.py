"""H01-H14: is ever more paid, or on another network, than what was agreed?"""

from __future__ import annotations

import pytest

from l402tui.cli.exits import Exit

from .world import World


@pytest.mark.parametrize("amount", ["1", "2", "21000000"])
def test_h001_an_amount_in_whole_bitcoin_is_over_the_limit(world: World, amount: str) -> None:
    shop = world.shop()
    shop.sells(world.bill(amount))
    told = world.get(f"{shop.url}/weather")
    assert told.code == Exit.REFUSED
    assert "C20" in told.text
    assert "No money was spent" in told.text
    assert world.sends == 0
    assert not shop.credentials


def test_h001_the_very_same_shop_is_paid_when_it_asks_for_ten_sat(world: World) -> None:
    shop = world.shop()
    bill = shop.sells(world.bill())
    told = world.get(f"{shop.url}/weather")
    assert (told.code, told.out) == (Exit.OK, b'{"weather": "sunny"}\n')
    assert world.sends == 1
    assert shop.credentials == [bill.authorization]


def test_h002_no_amount(world: World) -> None:
    shop = world.shop()
    shop.sells(world.bill(""))
    told = world.get(f"{shop.url}/weather", person=["yes"])
    assert told.code == Exit.REFUSED
    assert "C10" in told.text
    assert world.sends == 0
