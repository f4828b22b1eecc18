"""Can this invoice be paid, for how long, and what does it lock up? C08 to C11, C16, C17 and
C24."""

from __future__ import annotations

from typing import Final

from l402tui.flow.checks.making import NEW_BILL, check, lasting, money, ok, together
from l402tui.flow.findings import Answer, Facts, Severity
from l402tui.protocol.amount import MAX_MSAT
from l402tui.protocol.errors import InvoiceError
from l402tui.protocol.http_date import http_date
from l402tui.protocol.text import Shown, say, shown

__all__ = ["amount", "description", "expiry", "features", "lock_up", "network", "readable"]

LEAST_TIME_LEFT: Final = 30
"""Seconds an invoice must still be good for before a person is asked."""
CLOCK_SKEW: Final = 120
"""Seconds by which the server's clock and ours may differ."""
FUTURE: Final = 600
"""Seconds by which an invoice may seem to be made in the future."""
LONG_EXPIRY: Final = 7 * 86_400
"""Seconds for which it is odd that an invoice can be paid."""
USUAL_LOCK: Final = 144
"""Blocks (a day) for which the last hop usually may hold a payment (BOLT-11, field ``c``)."""
LONGEST_LOCK: Final = 28 * USUAL_LOCK
"""Blocks for which nobody should be able to hold one."""
BLOCK_TIME: Final = 600
"""Seconds between two blocks, roughly."""
LEEWAY: Final = 3
"""Blocks that a payer adds to the last lock, because some are found on the way."""
AMP: Final = frozenset({30, 31})
"""Feature bits of payments whose preimage is made by the payer, so that it proves nothing."""


@check("C08", "invoice readable")
def readable(facts: Facts) -> Answer:
    """Checksum, mandatory fields and signature are right, so the invoice is whole."""
    if facts.invoice is not None and facts.invoice.repeated:
        fields = shown(", ".join(facts.invoice.repeated))
        return Severity.ASK, say("It has these fields twice; the first counts: {}.", fields)
    if facts.invoice is not None:
        return ok("The invoice is whole, and its signature is right.")
    for problem in facts.bill.problems:
        if isinstance(problem, InvoiceError):
            sentence = say("The invoice is damaged or forged: {}.", shown(problem.why))
            return Severity.BLOCK, sentence, NEW_BILL
    return None if facts.bill.challenge is None else (Severity.BLOCK, say("There is no invoice."))


@check("C09", "same network")
def network(facts: Facts) -> Answer:
    """A test invoice buys nothing with real bitcoin, and the reverse is worse."""
    invoice, wallet = facts.invoice, facts.wallet
    if invoice is None or wallet is None:
        return None
    if wallet.network is None:
        return Severity.WARN, say(
            "The bill is for {}; look that your wallet is, too.", shown(invoice.network.word)
        )
    if wallet.network is not invoice.network:
        sentence = say(
            "The bill is for {}, but your wallet is on {}.",
            shown(invoice.network.word),
            shown(wallet.network.word),
        )
        cure = say("Choose a wallet of the same network.")
        if not wallet.proves_payment:
            cure = say(
                "If yours is on the bill's network, say so with --network or in settings.toml."
            )
        return Severity.BLOCK, sentence, cure
    return ok("Bill and wallet are both on {}.", shown(invoice.network.word))


@check("C10", "amount")
def amount(facts: Facts) -> Answer:
    """Without an amount the payer would have to make one up."""
    if facts.invoice is None:
        return None
    asked = facts.invoice.amount
    if asked is None or not 0 < asked <= MAX_MSAT:
        return Severity.BLOCK, say("The bill names no amount."), NEW_BILL
    return ok("It asks for {}.", money(asked))


@check("C11", "kind of payment")
def features(facts: Facts) -> Answer:
    """Only a payment that reveals the seller's preimage buys a credential."""
    if facts.invoice is None:
        return None
    asked = facts.invoice.features
    if not AMP.isdisjoint(asked.bits):
        return Severity.BLOCK, say("An AMP payment gives no receipt that opens anything."), NEW_BILL
    if asked.unknown_required:
        bits = shown(", ".join(map(str, sorted(asked.unknown_required))))
        sentence = say("It requires features that are unknown here (bits {}).", bits)
        return Severity.BLOCK, sentence
    return ok("It is an ordinary payment that reveals a preimage.")


@check("C16", "not expired")
def expiry(facts: Facts) -> Answer:
    """The seller's node refuses an expired invoice, and a wrong clock hides that."""
    invoice = facts.invoice
    if invoice is None:
        return None
    clock = _clock(facts)
    cure = NEW_BILL if clock is None else together([clock, say("Look at your clock.")])
    left = int(invoice.expires_at - facts.now)
    if left < LEAST_TIME_LEFT:
        if left > 0:
            return Severity.BLOCK, say("The invoice expires in {} seconds.", left), cure
        return Severity.BLOCK, say("The invoice expired {} ago.", lasting(-left)), cure
    early = invoice.created - facts.now
    if early > FUTURE:
        sentence = say("The invoice was made in the future, in {}.", lasting(early))
        return Severity.BLOCK, sentence, say("Look at your clock.") if clock is None else cure
    odd = [] if clock is None else [clock]
    if invoice.expiry > LONG_EXPIRY:
        odd.append(say("It can be paid for {}.", lasting(invoice.expiry)))
    if odd:
        todo = Shown("") if clock is None else say("Look at your clock.")
        return Severity.WARN, together(odd), todo
    return ok("It can be paid for another {}.", lasting(left))


def _clock(facts: Facts) -> Shown | None:
    """How far the server's clock and ours are apart, where that is too far."""
    response = facts.bill.response
    dates, ages = response.values(b"date"), response.values(b"age")
    if not dates:
        return None
    date = http_date(dates[0])
    if date is None:
        return None
    # An answer out of a cache has the date of when it was stored.
    stored = int(ages[0]) if ages and ages[0].isdigit() and len(ages[0]) < 11 else 0
    seen = facts.now if facts.answered_at is None else facts.answered_at
    skew = int(date + stored - seen)
    if abs(skew) <= CLOCK_SKEW:
        return None
    which = "behind" if skew > 0 else "ahead of"
    return say("Your clock is {} {} the server's.", lasting(abs(skew)), Shown(which))


@check("C17", "how long money can be locked")
def lock_up(facts: Facts) -> Answer:
    """A payee may hold a payment for as long as the invoice asks, and nobody can take it back."""
    if facts.invoice is None:
        return None
    blocks = facts.invoice.min_final_cltv_expiry
    sentence = say(
        "The payee could lock your money for about {} ({} blocks) without taking it.",
        lasting(blocks * BLOCK_TIME), blocks,
    )  # fmt: skip
    if blocks > LONGEST_LOCK:
        return Severity.BLOCK, sentence, NEW_BILL
    longest = None if facts.wallet is None else facts.wallet.longest_lock
    if longest is not None and blocks + LEEWAY >= longest:
        todo = say("Your limit for the whole way is {} (lnd.cltv_limit in settings.toml).", longest)
        return Severity.BLOCK, sentence, todo
    way = say("")
    if longest is not None:
        about = lasting(longest * BLOCK_TIME)
        way = say(
            " On its whole way it is locked for {} blocks (about {}) at most.", longest, about
        )
    if blocks > USUAL_LOCK:
        return Severity.ASK, say("{}{}", sentence, way)
    return ok("The payee can hold the payment for {} blocks.{}", blocks, way)


@check("C24", "what the seller writes")
def description(facts: Facts) -> Answer:
    """The text in the invoice is the seller's; nobody has checked it."""
    if facts.invoice is None:
        return None
    text = facts.invoice.description
    if text is None:
        return Severity.INFO, say("There is only the hash of a description.")
    if not text:
        return Severity.INFO, say("The seller wrote no description.")
    return Severity.INFO, say("Written by the seller: “{}”", shown(text, 120))
