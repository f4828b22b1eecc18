"""What a person can do about a payment without an end, and what they read of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from l402tui.flow import events as e
from l402tui.flow.aftermath import Aftermath, Question, Refusal
from l402tui.flow.model import Intent, IntentState, LatestEnd, Money, WalletFacts
from l402tui.flow.moves.rules import HELD_AFTER, NEVER_SENT_AFTER
from l402tui.flow.prospects import prospect, standing
from l402tui.protocol.text import say
from l402tui.vault import SqliteVault
from tests.flow import makers as m

S = IntentState
WHY = say("because")
LATE = m.EXPIRES + NEVER_SENT_AFTER + 1


class At:
    """A clock that stands."""

    def __init__(self, now: float) -> None:
        self._now = now

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")


class Saying:
    """A wallet that says one thing about a payment, and sends nothing."""

    def __init__(self, *words: e.WalletEvent, facts: WalletFacts = m.WALLET) -> None:
        self._words = words
        self._facts = facts
        self.asked = 0

    async def facts(self) -> WalletFacts:
        return self._facts

    def pay(self, intent: Intent) -> AsyncGenerator[e.WalletEvent, None]:
        raise AssertionError("nothing is paid here")

    async def track(self, intent: Intent) -> AsyncGenerator[e.WalletEvent, None]:
        self.asked += 1
        for word in self._words:
            yield word


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[SqliteVault]:
    with SqliteVault.open(tmp_path / "home") as opened:
        yield opened


def kept(vault: SqliteVault, state: IntentState, wallet: str = m.WALLET.identity) -> Intent:
    assert vault.reserve(replace(m.RESERVED, wallet=wallet)) is None
    if state.proven:
        vault.store_paid(m.HASH, m.PREIMAGE, at=m.NOW, fee=m.FEE)
    if state not in (S.RESERVED, S.PAID):
        vault.record(m.HASH, state, at=m.NOW)
    return standing_of(vault)


def standing_of(vault: SqliteVault) -> Intent:
    intent = vault.intent(m.HASH)
    assert intent is not None
    return intent


async def asked(
    vault: SqliteVault, intent: Intent, *words: e.WalletEvent, at: float = LATE
) -> Question | Refusal:
    return await Aftermath(vault, At(at), Saying(*words)).ask_before_giving_up(intent)


# --- giving up ---------------------------------------------------------------------------------


async def test_a_reservation_is_given_up_without_a_loss(vault: SqliteVault) -> None:
    intent = kept(vault, S.RESERVED)
    wallet = Saying()
    aftermath = Aftermath(vault, At(m.NOW), wallet)
    answer = await aftermath.ask_before_giving_up(intent)
    assert isinstance(answer, Question)
    assert "Nothing was sent" in answer.losses.text
    assert wallet.asked == 0
    assert aftermath.give_up(intent).state is S.RELEASED


@pytest.mark.parametrize("state", [S.SENDING, S.UNKNOWN])
async def test_what_the_wallet_has_never_seen_is_given_up_after_its_invoice_expired(
    vault: SqliteVault, state: IntentState
) -> None:
    intent = kept(vault, state)
    early = await asked(vault, intent, e.PaymentNotFound(), at=m.NOW + 60)
    assert isinstance(early, Refusal)
    assert "another 61 min" in early.why.text
    answer = await asked(vault, intent, e.PaymentNotFound())
    assert isinstance(answer, Question)
    assert "10 sat and the routing fee are gone" in answer.losses.text
    after = Aftermath(vault, At(LATE)).give_up(intent)
    assert after.state is S.FAILED
    last = vault.log(m.HASH)[-1]
    assert (last.at, last.reason) == (LATE, f"given up by a person; it stood at: {state.value}")


@pytest.mark.parametrize("state", [S.IN_FLIGHT, S.HELD])
async def test_what_was_under_way_is_not_given_up_because_the_wallet_is_silent(
    vault: SqliteVault, state: IntentState
) -> None:
    answer = await asked(vault, kept(vault, state), e.PaymentUnknown(WHY))
    assert isinstance(answer, Refusal)
    assert answer.money is Money.PERHAPS
    assert "under way when it was last asked" in answer.why.text


async def test_what_is_under_way_says_when_it_ends_by_itself(vault: SqliteVault) -> None:
    word = e.PaymentProgressed(WHY, latest_end=LatestEnd(812_345, m.EXPIRES))
    answer = await asked(vault, kept(vault, S.UNKNOWN), word)
    assert isinstance(answer, Refusal)
    assert "block 812345" in answer.why.text


async def test_another_wallet_is_not_asked(vault: SqliteVault) -> None:
    wallet = Saying(e.PaymentFailed(WHY), facts=replace(m.WALLET, node_id=b"\x03" + bytes(32)))
    intent = kept(vault, S.IN_FLIGHT)
    answer = await Aftermath(vault, At(LATE), wallet).ask_before_giving_up(intent)
    assert isinstance(answer, Refusal)
    assert wallet.asked == 0
    assert standing_of(vault) == intent


async def test_what_the_wallet_knows_better_is_written_down(vault: SqliteVault) -> None:
    answer = await asked(vault, kept(vault, S.SENDING), e.PaymentSettled(m.WRONG_PREIMAGE))
    assert isinstance(answer, Refusal)
    assert standing_of(vault).state is S.PAID_NO_PREIMAGE
    answer = await asked(vault, standing_of(vault))
    assert isinstance(answer, Refusal)
    assert "settle" in answer.why.text
    held = Aftermath(vault, At(LATE)).settle(standing_of(vault), m.PREIMAGE)
    assert held.preimage == m.PREIMAGE
    assert standing_of(vault).state is S.PAID


async def test_whoever_pays_elsewhere_is_believed(vault: SqliteVault) -> None:
    intent = kept(vault, S.UNKNOWN, "external:-")
    answer = await asked(vault, intent, at=m.NOW)
    assert isinstance(answer, Question)
    assert "unless you bring the preimage later" in answer.losses.text


@pytest.mark.parametrize("state", [S.PAID, S.REDEEMING, S.REDEEM_RETRY, S.ACTIVE, S.REJECTED])
async def test_what_is_paid_is_never_given_up(vault: SqliteVault, state: IntentState) -> None:
    intent = kept(vault, state)
    answer = await asked(vault, intent, e.PaymentFailed(WHY))
    assert isinstance(answer, Refusal)
    assert answer.money is Money.SPENT
    assert Aftermath(vault, At(LATE)).give_up(intent) == intent  # and the vault would not let it


def test_a_wrong_preimage_settles_nothing(vault: SqliteVault) -> None:
    intent = kept(vault, S.UNKNOWN)
    with pytest.raises(ValueError, match="another hash"):
        Aftermath(vault, At(m.NOW)).settle(intent, m.WRONG_PREIMAGE)
    assert standing_of(vault) == intent


# --- what a person reads -----------------------------------------------------------------------


@pytest.mark.parametrize("state", list(S), ids=lambda state: state.name)
@pytest.mark.parametrize("wallet", ["practice:-", "external:-"])
@pytest.mark.parametrize("at", [m.NOW + 60, m.EXPIRES + 1, LATE], ids=["soon", "just", "late"])
def test_every_state_says_what_happens_next(state: IntentState, wallet: str, at: float) -> None:
    preimage = m.PREIMAGE if state.proven else None
    intent = replace(m.RESERVED, state=state, wallet=wallet, preimage=preimage, request=m.POST)
    told = prospect(intent, at)
    assert len(told.next.text) > 20
    assert told.money is {True: Money.SPENT}.get(
        state.proven,
        Money.NONE if state in (S.RESERVED, S.FAILED, S.RELEASED) else Money.PERHAPS,
    )


def test_what_is_in_flight_for_long_is_held_whoever_looks() -> None:
    intent = replace(m.IN_FLIGHT, sent=m.NOW + 30)
    assert standing(intent, m.NOW + 30 + HELD_AFTER) is S.IN_FLIGHT
    assert standing(intent, m.NOW + 31 + HELD_AFTER) is S.HELD
    told = prospect(replace(intent, latest_end=LatestEnd(900_000, m.EXPIRES)), LATE)
    assert told.state is S.HELD
    assert "stays reserved" in told.next.text
    assert "block 900000" in told.next.text
