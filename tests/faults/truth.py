"""Is what the vault and the faces say what the node knows?

All of it is read from outside: payments from the node's own list, the vault through a handle of its
own after everything else has been closed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from l402tui.flow.model import IntentState, Money
from l402tui.practice.node import Payment, PracticeNode, Status
from l402tui.vault import SqliteVault
from l402tui.vault.files import DATABASE

from .scenarios import Goal, Scenario
from .world import Told, World

__all__ = ["Standing", "ledger_wrong", "standing", "words_wrong"]


@dataclass(frozen=True)
class Standing:
    """Where a payer stands at the node: the payments that took money or may yet."""

    moved: frozenset[bytes]
    settled: frozenset[bytes]
    cost: int
    """What the settled ones took, msat."""


def standing(node: PracticeNode, payer: str) -> Standing:
    """As the node has it."""
    paid = _of(node, payer, Status.SUCCEEDED)
    moved = (*paid, *_of(node, payer, Status.IN_FLIGHT))
    return Standing(
        frozenset(one.payment_hash for one in moved),
        frozenset(one.payment_hash for one in paid),
        sum(one.amount + one.fee for one in paid),
    )


def words_wrong(
    told: Sequence[Told], before: Standing, after: Standing, *, external: bool
) -> Iterator[str]:
    """What the flows of one act said about money, and is not so.

    Also what a flow that was stopped would say: its person reads that. ``external``: a phone pays
    when its person likes, and the flow that gets the preimage says that money was spent.
    """
    new = after.moved - before.moved
    proven = after.settled if external else after.settled - before.settled
    monies = [one.seen.money for one in told]
    spent = [one.seen.ending for one in told if one.seen.ending and one.seen.money is Money.SPENT]
    blamed = any(money in (Money.SPENT, Money.PERHAPS) for money in monies)
    if new and monies and not blamed:
        yield f"money has moved, and it says {[money.name for money in monies]}"
    if any(money in (Money.SPENT, Money.EARLIER) for money in monies) and not after.settled:
        yield f"nothing was paid, and it says {[money.name for money in monies]}"
    if len(spent) > len(proven):
        yield f"{len(spent)} flows say that they spent, and {len(proven)} did"
    for ending in spent:
        if ending.payment_hash not in after.settled:
            yield "it says spent, for a payment that the node does not have"


def ledger_wrong(world: World, scenario: Scenario, node: PracticeNode) -> Iterator[str]:
    """What is not right once all is reconciled."""
    paid = _of(node, world.payer, Status.SUCCEEDED)
    moving = _of(node, world.payer, Status.IN_FLIGHT)
    if len(paid) + len(moving) != 1:
        yield f"{len(paid)} payments have settled, {len(moving)} are in flight: one was wanted"
    with SqliteVault.open(world.vault) as vault:
        for payment in paid:
            yield from _payment_wrong(vault, payment)
        for intent in vault.payments():
            yield f"a payment stays {intent.state.value}"
        known = {one.payment_hash for one in paid}
        for intent in vault.payments(every=True):
            if intent.state.holds_money and intent.payment_hash not in known:
                yield f"{intent.state.value} holds money that never left"
            refused = scenario.goal is Goal.REJECTED and intent.payment_hash in known
            if refused and intent.state is not IntentState.REJECTED:
                yield f"refused by the server, and it is {intent.state.value}"
        total = vault.spending(world.request.url.origin, world.clock.now()).total
        # What a phone paid for routing nobody says: all that was allowed for it stays counted.
        unsaid = sum(
            one.fee_cap for one in vault.payments(every=True) if one.preimage and one.fee is None
        )
        rows = vault.exchanges(1_000)
    taken = sum(one.amount + (0 if scenario.external else one.fee) for one in paid)
    if total != taken + unsaid or (unsaid and not scenario.external):
        yield f"the vault counts {total} msat, the node has {taken}"
    counted = sum(row.cost for row in rows)
    if counted > sum(one.amount + one.fee for one in paid):
        yield f"the history counts {counted} msat, which is more than was paid"
    if any(row.at_stake for row in rows):
        yield "the history still has money at stake"
    yield from _file_wrong(world)


def _payment_wrong(vault: SqliteVault, payment: Payment) -> Iterator[str]:
    intent = vault.intent(payment.payment_hash)
    if intent is None:
        yield "the node has a payment that the vault does not know"
        return
    if intent.preimage is None:
        yield f"a preimage is lost: paid at the node, {intent.state.value} in the vault"
    elif sha256(intent.preimage.reveal()).digest() != payment.payment_hash:
        yield "the preimage is of another payment"
    if intent.amount != payment.amount or intent.fee not in (None, payment.fee):
        yield "amount or fee differ"


def _file_wrong(world: World) -> Iterator[str]:
    db = sqlite3.connect(world.vault / DATABASE)
    try:
        (said,) = db.execute("PRAGMA integrity_check").fetchone()
        if said != "ok":
            yield f"the file is damaged: {said}"
        if db.execute("PRAGMA foreign_key_check").fetchall():
            yield "a row refers to nothing"
        (proven,) = db.execute("SELECT count(*) FROM intents WHERE preimage IS NOT NULL").fetchone()
        (kept,) = db.execute("SELECT count(DISTINCT payment_hash) FROM credentials").fetchone()
        if proven != kept:
            yield f"{proven} payments are proven, {kept} have a credential"
    finally:
        db.close()


def _of(node: PracticeNode, payer: str, status: Status) -> tuple[Payment, ...]:
    return tuple(one for one in node.payments(payer) if one.status is status)
