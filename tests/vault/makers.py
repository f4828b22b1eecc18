"""What the vault's tests put into it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from hashlib import sha256

from bolt11 import Bolt11, MilliSatoshi, Tag, TagChar, Tags, encode

from l402tui.flow.model import Ending, Held, Intent, IntentState, Money, Outcome, Request
from l402tui.practice.invoices import public_key
from l402tui.protocol.amount import Msat, sat
from l402tui.protocol.invoice import Invoice
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import say
from l402tui.protocol.url import Url
from l402tui.vault import SqliteVault

NOW = 1_790_000_000.0
PRICE = sat(10)


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


def node(name: str) -> bytes:
    """The public key of a payee."""
    return public_key(_key(name))


def _key(name: str) -> bytes:
    return sha256(f"node {name}".encode()).digest()


@cache
def invoice(
    number: int, amount: Msat = PRICE, to: str = "shop", *, at: float = NOW, expiry: int = 3600
) -> Invoice:
    """A real invoice of payment ``number``, signed by the node of that name."""
    tags = Tags(
        [
            Tag(TagChar.payment_hash, hash_of(number).hex()),
            Tag(TagChar.payment_secret, bytes(32).hex()),
            Tag(TagChar.description, ""),
            Tag(TagChar.expire_time, expiry),
        ]
    )
    unsigned = Bolt11("bcrt", int(at), tags, MilliSatoshi(amount))
    return Invoice.decode(encode(unsigned, _key(to).hex()))


def billed(
    number: int,
    request: Request | None = None,
    amount: Msat = PRICE,
    to: str = "shop",
    *,
    at: float = NOW,
) -> Intent:
    """The intent for a real invoice."""
    text = invoice(number, amount, to, at=at).text
    where = request or get(f"https://shop.example/{number}")
    return intent(number, where, invoice=text, amount=amount, created=at, updated=at)


def bring(vault: SqliteVault, number: int, state: IntentState, *, at: float = NOW) -> None:
    """Take a reserved payment to ``state`` the way a flow does."""
    payment_hash = hash_of(number)
    if state.proven:
        vault.store_paid(payment_hash, proof(number), at=at, fee=sat(0))
    if state not in (IntentState.RESERVED, IntentState.PAID):
        vault.record(payment_hash, state, at=at)


def buy(
    vault: SqliteVault, number: int, request: Request, *, at: float = NOW, of: Intent | None = None
) -> Held:
    """A payment from beginning to end."""
    assert vault.reserve(of or intent(number, request, created=at, updated=at)) is None
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
