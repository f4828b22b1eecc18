"""A disk that is full at the worst moment: nothing is paid unwritten, no preimage is lost.

Practice server and wallet over sockets; the vault is the real one, and refuses at one moment.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from l402tui.flow.model import IntentState, Money, Outcome
from l402tui.flow.ports import Vault, VaultError
from l402tui.vault import SqliteVault
from l402tui.wiring import Session
from tests.flow.test_recovery_for_real import run, runner, said
from tests.flow.test_runner import Bench, bench, ending, names

S = IntentState


class FullAt(SqliteVault):
    """A vault whose disk is full when something certain is to be written."""

    full: Callable[[str, object], bool] = staticmethod(lambda what, state: False)
    refused = 0

    def _maybe(self, what: str, state: object = None) -> None:
        if self.full(what, state):
            self.refused += 1
            raise VaultError("The disk is full. Make room.")

    def reserve(self, *args, **kwargs):  # type: ignore[no-untyped-def]  # as it is there
        self._maybe("reserve")
        return super().reserve(*args, **kwargs)

    def record(self, payment_hash, state, **kwargs):  # type: ignore[no-untyped-def]  # as there
        self._maybe("record", state)
        return super().record(payment_hash, state, **kwargs)

    def store_paid(self, *args, **kwargs):  # type: ignore[no-untyped-def]  # as it is there
        self._maybe("store_paid")
        return super().store_paid(*args, **kwargs)


@asynccontextmanager
async def full_at(
    on: Bench, full: Callable[[str, object], bool]
) -> AsyncIterator[tuple[Session, FullAt]]:
    async with on.session() as session:
        with FullAt.open(session.settings.home) as vault:
            vault.full = full
            session.vault = vault
            yield session, vault


@pytest.mark.parametrize(
    "full",
    [lambda what, state: what == "reserve", lambda what, state: state is S.SENDING],
    ids=["reserved", "sending"],
)
async def test_a_disk_that_is_full_before_anything_was_sent_pays_nothing(
    tmp_path: Path, full: Callable[[str, object], bool]
) -> None:
    async with bench(tmp_path) as on, full_at(on, full) as (session, _):
        events = await run(runner(session, on.approver).run(on.request()))
        assert ending(events) == (Outcome.BROKEN, Money.NONE)
        assert on.payments == 0
        assert all(one.state is S.RESERVED for one in session.vault.payments())


async def test_a_preimage_that_does_not_fit_on_the_disk_is_written_later(tmp_path: Path) -> None:
    left = [True, True]
    async with (
        bench(tmp_path) as on,
        full_at(on, lambda what, state: what == "store_paid" and bool(left and left.pop())) as (
            session,
            vault,
        ),
    ):
        events = await run(runner(session, on.approver).run(on.request()))
        assert ending(events) == (Outcome.PAID, Money.SPENT)
        assert names(events).count("Failed") == vault.refused == 2
        assert not said(events).todo
        (held,) = session.vault.credentials(on.request())
        intent = session.vault.intent(held.payment_hash)
        assert intent is not None
        assert intent.state is S.ACTIVE


async def test_a_disk_that_stays_full_is_told_and_the_wallet_gives_the_preimage_again(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as on:
        async with full_at(on, lambda what, state: what == "store_paid") as (session, _):
            events = await run(runner(session, on.approver).run(on.request()))
            assert ending(events) == (Outcome.PAID, Money.SPENT)  # delivered all the same
            assert "The disk is full." in said(events).todo.text
            assert "The wallet still has it" in said(events).todo.text
            (intent,) = session.vault.payments()
            assert intent.state is S.IN_FLIGHT
        events = await on.run()
        assert ending(events) == (Outcome.PAID, Money.EARLIER)
        assert on.payments == 1
        assert len(on.approver.asked) == 1


def test_a_vault_is_what_the_flow_asks_for(tmp_path: Path) -> None:
    with FullAt.open(tmp_path / "home") as vault:
        port: Vault = vault
        assert port.payments() == ()
