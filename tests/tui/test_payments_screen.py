"""Payments in the terminal: listed as the command line lists them, followed, settled, given up."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input, Static

from l402tui.flow import events as e
from l402tui.flow.model import Intent, IntentState, Outcome
from l402tui.tui.modals.ask import Ask
from l402tui.tui.modals.giveup import GiveUp
from l402tui.tui.modals.preimage import BringPreimage
from l402tui.tui.rhythm import GAP
from l402tui.tui.screens.flow import FlowScreen
from l402tui.tui.screens.inspect import InspectScreen
from l402tui.tui.screens.payments import PaymentsScreen
from l402tui.tui.screens.welcome import Welcome
from l402tui.tui.widgets.paymentcard import PaymentCard
from tests.tui.explorer import Explorer, Shop, exploring, shop, visiting

S = IntentState


async def listed(explorer: Explorer, count: int = 1, kind: str = "unfinished") -> PaymentsScreen:
    await explorer.press("3")
    await explorer.until_screen(PaymentsScreen)
    await explorer.until_text(f"Payments: {count} {kind}")
    screen = explorer.app.screen
    assert isinstance(screen, PaymentsScreen)
    return screen


def card(explorer: Explorer) -> str:
    text = explorer.app.screen.query_one(PaymentCard).query_one(Static).render()
    return " ".join(str(text).split())


async def asked(explorer: Explorer, key: str, title: str) -> None:
    await explorer.press(key)
    await explorer.until_screen(Ask)
    await explorer.until_text(title)
    focused = explorer.app.focused
    assert focused is not None
    assert focused.id == "no"  # Cancel


async def settled_by_hand(explorer: Explorer, preimage: str) -> None:
    await explorer.press("v")
    await explorer.until_screen(BringPreimage)
    explorer.app.screen.query_one(Input).value = preimage
    await explorer.press("enter")


async def stopped_outside(street: Shop) -> Intent:
    """An invoice that was shown to a person, who stopped."""
    intent = await street.buy(wallet="external")
    assert intent.state is S.UNKNOWN
    return intent


# --- the list ----------------------------------------------------------------------------------


async def test_with_nothing_open_it_says_so(tmp_path: Path) -> None:
    async with shop(tmp_path) as street, visiting(street) as explorer:
        await listed(explorer, 0)
        await explorer.until_text("No payment is unfinished.")
        assert "No money is moving." in explorer.screen_text()
        for key in "rvgy":
            await explorer.press(key)
            await explorer.until_words("No payment is selected.")
            explorer.app.clear_notifications()
        assert isinstance(explorer.app.screen, PaymentsScreen)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=str)
async def test_each_is_told_as_on_the_command_line(tmp_path: Path, size: tuple[int, int]) -> None:
    async with shop(tmp_path) as street:
        street.server.node.hold = True
        intent = await street.buy(e.ResultStored)
        assert intent.state is S.IN_FLIGHT
        async with visiting(street, size) as explorer:
            await listed(explorer)
            await explorer.until_text("The wallet has it. resume follows it to its end.")
            shown = explorer.screen_text()
            for part in ("in flight", "10 sat", f"GET {street.server.url}/weather"[:30]):
                assert part in shown
            assert "Perhaps spent: 10 sat in one payment." in shown
            for part in (intent.payment_hash.hex(), "routing fee ≤ 10 sat", "reserved", "sending"):
                assert part in card(explorer)
            if size[0] >= 110:
                assert intent.payment_hash.hex()[:12] in shown


async def test_forty_by_ten_shows_the_state_the_money_and_the_question(tmp_path: Path) -> None:
    async with shop(tmp_path) as street:
        await stopped_outside(street)
        async with visiting(street, (40, 10)) as explorer:
            await explorer.press("3")
            await explorer.until_text("unknown")
            await explorer.until_text("Perhaps spent: 10 sat")
            await explorer.press("r")
            await explorer.until_screen(Ask)
            assert "Cancel" in explorer.screen_text()
            await explorer.press("escape", "g")
            await explorer.until_screen(GiveUp)
            await explorer.pilot.pause()
            assert "Cancel" in explorer.screen_text()


async def test_what_has_ended_is_listed_on_request(tmp_path: Path) -> None:
    async with shop(tmp_path) as street:
        await street.buy()
        async with visiting(street) as explorer:
            await listed(explorer, 0)
            await explorer.press("e")
            await explorer.until_text("Payments: 1 in all")
            await explorer.until_text("Paid and delivered.")
            await explorer.press("g")
            await explorer.until_words("It is paid, and proven")
            await explorer.press("e")
            await explorer.until_text("Payments: 0 unfinished")


async def test_what_another_run_does_comes_up_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("l402tui.tui.screens.payments._LOOK", 0.05)
    async with shop(tmp_path) as street, visiting(street) as explorer:
        await listed(explorer, 0)
        await stopped_outside(street)
        await explorer.until_text("Payments: 1 unfinished")


async def test_the_cursor_stays_on_its_payment(tmp_path: Path) -> None:
    async with shop(tmp_path) as street:
        first = await stopped_outside(street)
        second = await street.buy(path="/forecast?day=1", wallet="external")
        async with visiting(street) as explorer:
            screen = await listed(explorer, 2)
            assert screen.payment is not None
            assert screen.payment.payment_hash == second.payment_hash  # the newest first
            await explorer.press("down")
            await explorer.until(lambda: first.payment_hash.hex() in card(explorer))
            await street.buy(path="/forecast", wallet="external")
            screen.look()
            await explorer.until_text("Payments: 3 unfinished")
            assert screen.payment.payment_hash == first.payment_hash


async def test_hostile_words_of_a_payment_are_text(tmp_path: Path) -> None:
    async with shop(tmp_path) as street:
        intent = await stopped_outside(street)
        hostile = "\x1b]0;owned\x07[@click=app.leave]x[/]\u202e"
        async with street.open("none") as session:
            session.vault.record(intent.payment_hash, S.UNKNOWN, at=2e9, reason=hostile)
        async with visiting(street, (120, 40)) as explorer:
            await listed(explorer)
            await explorer.until_text("[@click=app.leave]")
            for char in "\x1b\x07\u202e":
                assert char not in explorer.screen_text()


# --- where one is ------------------------------------------------------------------------------


async def test_the_numbers_lead_to_each_other_and_esc_leads_back(tmp_path: Path) -> None:
    async with shop(tmp_path) as street, visiting(street) as explorer:
        for _ in range(2):
            await listed(explorer, 0)
            await explorer.press("2")
            await explorer.until_screen(InspectScreen)
        await explorer.press("1")
        await explorer.until_screen(FlowScreen)
        await explorer.press("escape")  # out of the field, where a number is a number
        await listed(explorer, 0)
        await explorer.press("1")
        await explorer.until_screen(FlowScreen)
        assert len([one for one in explorer.app.screen_stack if isinstance(one, FlowScreen)]) == 1
        await listed(explorer, 0)
        await explorer.press("escape")
        await explorer.until_screen(FlowScreen)
        await explorer.press("escape")
        await explorer.until_screen(InspectScreen)
        await explorer.press("escape")
        await explorer.until_screen(Welcome)


async def test_the_demo_has_payments_of_its_own(tmp_path: Path) -> None:
    async with exploring(tmp_path, step=False) as explorer:
        await explorer.to_question()
        await explorer.press("y")
        await explorer.to_end()
        await listed(explorer, 0)
        await explorer.until_text("(practice, no real money)")
        await explorer.press("e")
        await explorer.until_text("Payments: 1 in all")
        assert len(explorer.sessions) == 1


# --- resume ------------------------------------------------------------------------------------


async def test_resume_follows_a_payment_to_its_end(tmp_path: Path) -> None:
    async with shop(tmp_path) as street:
        node = street.server.node
        node.hold = True
        intent = await street.buy(e.ResultStored)
        async with visiting(street) as explorer:
            await listed(explorer)
            await asked(explorer, "r", "Follow it to its end?")
            assert "The wallet has it." in explorer.words()
            await explorer.press("enter")  # Cancel
            await explorer.until_screen(PaymentsScreen)
            await asked(explorer, "r", "Follow it to its end?")
            explorer.now[0] += 1
            await explorer.press("y")
            await explorer.until_screen(FlowScreen)
            await explorer.until(lambda: explorer.flow.running)
            await listed(explorer)
            for key in "rvg":  # nothing is done behind the flow's back
                await explorer.press(key)
                await explorer.until_words("A flow is under way: 1 goes there")
                explorer.app.clear_notifications()
            await explorer.press("1")
            node.hold = False
            node.settle(intent.payment_hash)
            await explorer.to_end()
            assert explorer.status.startswith("Paid earlier, nothing spent now.")
        assert len(node.payments()) == 1
        assert await street.stands(intent) is S.ACTIVE


async def test_what_is_paid_is_handed_in_again_with_the_same_credential(tmp_path: Path) -> None:
    async with shop(tmp_path) as street:
        intent = await street.buy(e.PaidStored)
        assert intent.state is S.PAID
        async with visiting(street) as explorer:
            await listed(explorer)
            assert "Paid, and not delivered yet: 10 sat" in explorer.screen_text()
            await asked(explorer, "r", "Hand it in again?")
            assert "nothing is paid" in explorer.words()
            explorer.now[0] += 1
            await explorer.press("y")
            await explorer.until_screen(FlowScreen)
            await explorer.until(lambda: explorer.flow.watched is not None)
            await explorer.to_end()
            assert explorer.watch.session.wallet is None  # nothing there could pay
        assert len(street.server.node.payments()) == 1
        assert await street.stands(intent) is S.ACTIVE


async def test_a_post_whose_answer_was_lost_is_sent_again_only_after_its_own_question(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path) as street:
        intent = await street.buy(e.PaidStored, method="POST", path="/forecast", state=S.REDEEMING)
        async with visiting(street, url=f"POST {street.server.url}/forecast") as explorer:
            # The flow's own key first: the request as it stands is not sent a second time.
            await explorer.until(lambda: explorer.flow.session is not None)
            await explorer.press("s")
            await explorer.until(lambda: explorer.flow.watched is not None)
            await explorer.to_end()
            assert explorer.events(e.Retried) == []
            assert "r resume" in explorer.screen_text()
            await asked(explorer, "r", "Send it again?")
            assert "may do it twice" in explorer.words()
            await explorer.press("y")  # in the deaf moment
            await explorer.until_words("too fast")
            assert isinstance(explorer.app.screen, Ask)
            await explorer.press("n")
            await explorer.until_screen(FlowScreen)
            assert await street.stands(intent) is S.REDEEMING
            first = explorer.watch
            await asked(explorer, "r", "Send it again?")
            explorer.now[0] += 1
            await explorer.press("y")
            await explorer.until(lambda: explorer.watch is not first)
            await explorer.to_end()
            (again,) = explorer.events(e.Retried)
            assert isinstance(again, e.Retried)
            assert again.request == intent.request
        assert len(street.server.node.payments()) == 1
        assert await street.stands(intent) is S.ACTIVE


async def test_another_wallets_payment_is_followed_with_that_wallet(tmp_path: Path) -> None:
    async with shop(tmp_path) as street:
        intent = await stopped_outside(street)
        preimage = await street.preimage(intent)
        async with visiting(street) as explorer:  # where the practice wallet pays
            await listed(explorer)
            await asked(explorer, "r", "Follow it to its end?")
            explorer.now[0] += 1
            await explorer.press("y")
            await explorer.until_text("I did not pay")
            explorer.app.screen.query_one("#preimage", Input).value = preimage
            explorer.app.screen.query_one("#preimage").focus()
            await explorer.press("enter")
            await explorer.to_end()
            assert explorer.watch.ending is not None
            assert explorer.watch.ending.outcome is Outcome.PAID
        assert await street.stands(intent) is S.ACTIVE


# --- settle ------------------------------------------------------------------------------------


async def test_settle_takes_only_the_preimage_of_this_payment_and_shows_nothing_of_it(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path) as street:
        intent = await stopped_outside(street)
        preimage = await street.preimage(intent)
        async with visiting(street) as explorer:
            await listed(explorer)
            await settled_by_hand(explorer, "nonsense")
            await explorer.until_words("This is no preimage")
            field = explorer.app.screen.query_one(Input)
            field.value = "00" * 32
            await explorer.press("enter")
            await explorer.until_words("its SHA-256 is another hash")
            assert await street.stands(intent) is S.UNKNOWN
            field.value = preimage
            await explorer.pilot.pause()
            assert preimage[:8] not in explorer.screen_text()
            await explorer.press("enter")
            await explorer.until(
                lambda: "The preimage is right: 10 sat were paid" in card(explorer)
            )
            await explorer.until(lambda: "Paid, and not handed in yet." in card(explorer))
            await explorer.press("v")
            await explorer.until_words("its preimage is kept")
        assert await street.stands(intent) is S.PAID


async def test_after_a_flow_its_own_keys_settle_and_fetch(tmp_path: Path) -> None:
    async with shop(tmp_path) as street:
        intent = await stopped_outside(street)
        preimage = await street.preimage(intent)
        url = f"{street.server.url}/weather"
        async with visiting(street, url=url, wallet="none") as explorer:
            await explorer.until(lambda: explorer.flow.session is not None)
            await explorer.press("v")
            await explorer.until_words("No invoice waits for a preimage.")
            await explorer.press("s")
            await explorer.until(lambda: explorer.flow.watched is not None)
            await explorer.to_end()
            await settled_by_hand(explorer, preimage)
            await explorer.until_words("The preimage is right: 10 sat were paid.")
            await asked(explorer, "r", "Hand it in again?")
            first = explorer.watch
            explorer.now[0] += 1
            await explorer.press("y")
            await explorer.until(lambda: explorer.watch is not first)
            await explorer.to_end()
            assert explorer.watch.ending is not None
            assert explorer.watch.ending.outcome is Outcome.PAID
        assert await street.stands(intent) is S.ACTIVE


# --- give up -----------------------------------------------------------------------------------


async def test_a_payment_under_way_cannot_be_given_up(tmp_path: Path) -> None:
    async with shop(tmp_path) as street:
        street.server.node.hold = True
        intent = await street.buy(e.ResultStored)
        async with visiting(street) as explorer:
            await listed(explorer)
            await explorer.press("g")
            await explorer.until(lambda: "Not given up. The wallet says that" in card(explorer))
            assert "nobody can call it back" in card(explorer)
        assert await street.stands(intent) is S.IN_FLIGHT


async def test_giving_up_finds_a_payment_that_arrived(tmp_path: Path) -> None:
    async with shop(tmp_path) as street:
        street.server.node.hold = True
        intent = await street.buy(e.ResultStored)
        street.server.node.settle(intent.payment_hash)
        async with visiting(street) as explorer:
            await listed(explorer)
            await explorer.press("g")
            await explorer.until(lambda: "It is paid, and proven" in card(explorer))
            assert "Money was spent." in card(explorer)
        assert await street.stands(intent) is S.PAID


async def test_giving_up_takes_a_word_that_a_person_types(tmp_path: Path) -> None:
    async with shop(tmp_path) as street:
        intent = await stopped_outside(street)
        async with visiting(street) as explorer:
            await listed(explorer)
            await explorer.press("g")
            await explorer.until_screen(GiveUp)
            assert "If your own wallet has paid this invoice" in explorer.words()
            focused = explorer.app.focused
            assert focused is not None
            assert focused.id == "no"
            explorer.now[0] += 1
            await explorer.press("enter")
            await explorer.until(lambda: "it stays as it is" in card(explorer))

            await explorer.press("g")
            await explorer.until_screen(GiveUp)
            explorer.now[0] += 1
            field = explorer.app.screen.query_one(Input)
            field.focus()
            await explorer.paste("give up")
            assert field.value == ""
            await explorer.press("y", "enter")
            await explorer.until_words("Type give up to do it. Nothing was done.")
            field.value = ""
            explorer.app.rhythm.gap = GAP * 1000  # every key comes right after another
            await explorer.press(*"give", "space", *"up", "enter")
            await explorer.until_words("too fast")
            assert await street.stands(intent) is S.UNKNOWN
            explorer.app.rhythm.gap = 0.0
            await explorer.press(*"Give", "space", *"up", "enter")
            await explorer.until_text("Payments: 0 unfinished")
            assert "Given up: 10 sat are free again." in card(explorer)
            assert "nobody here can say" in card(explorer)
        assert await street.stands(intent) is S.FAILED


async def test_after_a_flow_its_own_key_gives_up(tmp_path: Path) -> None:
    async with shop(tmp_path) as street:
        intent = await stopped_outside(street)
        url = f"{street.server.url}/weather"
        async with visiting(street, url=url, wallet="none") as explorer:
            await explorer.until(lambda: explorer.flow.session is not None)
            await explorer.press("g")
            await explorer.until_words("There is no payment without an end here.")
            await explorer.press("s")
            await explorer.until(lambda: explorer.flow.watched is not None)
            await explorer.to_end()
            await explorer.press("g")
            await explorer.until_screen(GiveUp)
            explorer.now[0] += 1
            explorer.app.screen.query_one(Input).focus()
            await explorer.press(*"give", "space", *"up", "enter")
            await explorer.until_words("Given up: 10 sat are free again.")
            await explorer.press("g")
            await explorer.until_words("There is no payment without an end here.")
        assert await street.stands(intent) is S.FAILED


async def test_a_vault_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "vault.db").write_bytes(b"this is no database, and long enough to be read" * 9)
    async with shop(tmp_path) as street, visiting(street) as explorer:
        await explorer.press("3")
        await explorer.until_screen(PaymentsScreen)
        await explorer.until(lambda: "The payments cannot be listed." in card(explorer))
