"""Of many who want the same, one has the turn; whoever leaves without an end hands it on."""

from __future__ import annotations

import asyncio

import pytest

from l402tui.flow.model import Ending, Money, Outcome
from l402tui.flow.ports import Place, Turns
from l402tui.protocol.text import say
from l402tui.vault.turns import LocalTurns

END = Ending(Outcome.PAID, Money.SPENT, say("Paid."))


async def waiting(turns: LocalTurns, many: int = 3) -> list[asyncio.Task[Place]]:
    """Somebody has the turn, and these wait for it, in this order."""
    assert await turns.take("key") == Place()
    tasks = [asyncio.ensure_future(turns.take("key")) for _ in range(many)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)
    return tasks


async def test_keys_do_not_wait_for_each_other() -> None:
    turns: Turns = LocalTurns()
    assert turns.free("one")
    assert await turns.take("one") == Place()
    assert not turns.free("one")
    assert turns.free("two")
    assert await turns.take("two") == Place()


async def test_all_who_wait_learn_the_end_and_the_turn_is_free() -> None:
    turns = LocalTurns()
    tasks = await waiting(turns)
    turns.leave("key", END)
    assert await asyncio.gather(*tasks) == [Place(waited=True, ending=END)] * 3
    assert turns.free("key")


async def test_without_an_end_the_next_in_line_has_it() -> None:
    turns = LocalTurns()
    first, second, third = await waiting(turns)
    turns.leave("key", None)
    assert await first == Place(waited=True)
    assert not second.done()
    assert not turns.free("key")
    turns.leave("key", END)
    assert [await second, await third] == [Place(waited=True, ending=END)] * 2
    assert turns.free("key")


async def test_one_who_gives_up_waiting_disturbs_nobody() -> None:
    turns = LocalTurns()
    first, second, third = await waiting(turns)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert not turns.free("key")
    turns.leave("key", None)
    assert await second == Place(waited=True)
    turns.leave("key", END)
    assert await third == Place(waited=True, ending=END)


async def test_one_who_leaves_in_the_moment_of_the_handing_over_hands_it_on() -> None:
    turns = LocalTurns()
    first, second, third = await waiting(turns)
    turns.leave("key", None)
    first.cancel()  # it has been handed the turn, and has not run since
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await second == Place(waited=True)
    turns.leave("key", None)
    assert await third == Place(waited=True)
    turns.leave("key", None)
    assert turns.free("key")


async def test_one_who_leaves_in_the_moment_of_the_end_changes_nothing() -> None:
    turns = LocalTurns()
    first, second, third = await waiting(turns)
    turns.leave("key", END)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert turns.free("key")
    assert await second == await third == Place(waited=True, ending=END)
