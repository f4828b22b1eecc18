"""How do most cases end?

Each of these asserts all three things at once: how the program ended and what the person read, how
often the wallet was asked to send, and what left for a server.
"""

from __future__ import annotations

from collections.abc import Callable

from l402tui.cli.exits import Exit

from .world import GOODS, Bill, Shop, Told, World

NO_MONEY = "No money was spent."
SPENT = "Money was spent."
EARLIER = "No money was spent now; it was paid earlier."
PERHAPS = "Money may have been spent; nobody can say yet."


def unpaid(world: World, told: Told, *shops: Shop) -> None:
    """Nothing was sent, nothing was written down as a payment, and no server got a credential."""
    assert NO_MONEY in told.text
    assert world.sends == 0
    assert world.paid == []
    assert not [sent for shop in shops for sent in shop.credentials]


def refused(world: World, told: Told, check: str, *shops: Shop) -> None:
    """This check said no, before anybody was asked."""
    assert (told.code, told.out) == (Exit.REFUSED, b""), told.text
    assert f"Refused by check {check}:" in told.text
    assert "Pay this?" not in told.text
    unpaid(world, told, *shops)


def declined(world: World, told: Told, check: str, *shops: Shop) -> None:
    """This check wants a person, and ``--yes`` is none."""
    assert (told.code, told.out) == (Exit.DECLINED, b""), told.text
    assert f"Check {check}," in told.text
    assert "wants a person to look" in told.text
    unpaid(world, told, *shops)


def paid(world: World, told: Told, shop: Shop, bill: Bill, *, sends: int = 1) -> None:
    """This bill was paid, and its credential opened the shop."""
    assert (told.code, told.out) == (Exit.OK, GOODS), told.text
    assert SPENT in told.text
    assert world.sends == sends
    assert world.node.requests("SendPaymentV2")[-1].payment_request == bill.invoice.lower()
    assert shop.credentials[-1] == bill.authorization


def asks(world: World, buy: Callable[..., Told], check: str, shop: Shop, bill: Bill) -> None:
    """Nobody but a person may say yes to what this check found. ``buy`` is one request."""
    declined(world, buy(), check, shop)
    told = buy(person=["no"])
    assert told.code == Exit.DECLINED, told.text
    assert f"{check} ask" in told.terminal
    unpaid(world, told, shop)
    told = buy(person=["yes"])
    assert f"{check} ask" in told.terminal
    paid(world, told, shop, bill)
