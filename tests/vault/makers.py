"""What the vault's tests put into it."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from l402tui.flow.model import Ending, Held, Intent, IntentState, Money, Outcome, Request
from l402tui.protocol.amount import sat
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import say
from l402tui.protocol.url import Url
from l402tui.vault import SqliteVault

NOW = 1_790_000_000.0


def get(address: str = "https://shop.example/weather", **changes: object) -> Request:
    return replace(Request(Url.parse(address)), **changes)  # type: ignore[arg-type]  # fields


def proof(number: int) -> Secret:
    """The preimage of payment ``number``."""
    return Secret(sha256(b"preimage %d" % number).digest())


def hash_of(number: int) -> bytes:
    return sha256(proof(number).reveal()).digest()


def intent(number: int, request: Request | None = None, **changes: object) -> Intent:
    """The intent for payment ``number``: 10 sat, at most 1 sat of fee."""
    made = Intent(
        payment_hash=hash_of(number),
        state=IntentState.RESERVED,
        request=request or get(),
        scheme="L402",
        token=Secret(f"token-{number}"),
        invoice=f"lnbcrt100n1p{number}",
        amount=sat(10),
        fee_cap=sat(1),
        wallet="practice:-",
        created=NOW,
        expires=NOW + 3600,
        updated=NOW,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields


def bring(vault: SqliteVault, number: int, state: IntentState, *, at: float = NOW) -> None:
    """Take a reserved payment to ``state`` the way a flow does."""
    payment_hash = hash_of(number)
    if state.proven:
        vault.store_paid(payment_hash, proof(number), at=at, fee=sat(0))
    if state not in (IntentState.RESERVED, IntentState.PAID):
        vault.record(payment_hash, state, at=at)


def buy(vault: SqliteVault, number: int, request: Request, *, at: float = NOW) -> Held:
    """A payment from beginning to end."""
    assert vault.reserve(intent(number, request, created=at, updated=at)) is None
    vault.record(hash_of(number), IntentState.SENDING, at=at)
    held = vault.store_paid(hash_of(number), proof(number), at=at, fee=sat(0))
    vault.record(hash_of(number), IntentState.ACTIVE, at=at)
    return held


def happy_end(number: int) -> Ending:
    return Ending(
        Outcome.PAID,
        Money.SPENT,
        say("Paid and delivered."),
        payment_hash=hash_of(number),
        cost=sat(10),
    )
