"""Is it within the limits, and is the price what it was? C20, C21 and C23."""

from __future__ import annotations

from statistics import median_low
from typing import Final

from l402tui.flow.checks.making import ago, check, money, ok
from l402tui.flow.findings import Answer, Facts, Severity
from l402tui.flow.limits import MOST_STUCK
from l402tui.protocol.amount import Msat, sat
from l402tui.protocol.text import say

__all__ = ["limits", "price", "stuck"]

JUMP: Final = 2
"""How many times the usual price makes a person look..."""
LEAST_JUMP: Final = sat(100)
"""...if it is also more by this (msat)."""

_RAISE: Final = say("Raise the limit if you mean it.")
_FINISH: Final = say("Finish those first; l402tui payments lists them.")


@check("C20", "within your limits")
def limits(facts: Facts) -> Answer:
    """Limits hold for amount and routing fee together, whoever says yes."""
    invoice, caps = facts.invoice, facts.limits
    if invoice is None or invoice.amount is None:
        return None
    amount = invoice.amount
    if amount > caps.one:
        sentence = say(
            "{} is over your limit of {} for one payment.", money(amount), money(caps.one)
        )
        return Severity.BLOCK, sentence, _RAISE
    fee = caps.fee_cap(amount)
    passed = caps.passed(amount + fee, facts.spending)
    if passed is not None:
        sentence = say(
            "{} and at most {} fee would go over your limit of {} for {} "
            "({} is spent or reserved).",
            money(amount), money(fee), money(passed.most), say(passed.words), money(passed.spent),
        )  # fmt: skip
        return Severity.BLOCK, sentence, _RAISE
    return ok("{} is within your limit of {}.", money(amount), money(caps.one))


@check("C21", "the usual price")
def price(facts: Facts) -> Answer:
    """A price that rises once it is being paid, or once it was looked at, wants a second look."""
    invoice, known = facts.invoice, facts.memory.prices
    if invoice is None or invoice.amount is None:
        return None
    asked = invoice.amount
    if known.paid:
        usual = Msat(median_low(known.paid))
        if _jumped(usual, asked):
            sentence = say(
                "The price rose from {} to {}: the first is usual for your last {} payments here, "
                "the latest {}.",
                money(usual), money(asked), len(known.paid), ago(known.paid_at, facts.now),
            )  # fmt: skip
            return Severity.ASK, sentence
    if known.shown is not None and _jumped(known.shown, asked):
        sentence = say(
            "The price rose from {} to {}: the first was shown here {}.",
            money(known.shown), money(asked), ago(known.shown_at, facts.now),
        )  # fmt: skip
        return Severity.ASK, sentence
    if known.paid:
        return ok("The price is about what you paid here before ({}).", money(known.paid[0]))
    return ok("Nothing was paid here before to compare the price with.")


def _jumped(before: Msat, asked: Msat) -> bool:
    return asked > JUMP * before and asked - before > LEAST_JUMP


@check("C23", "not too much under way")
def stuck(facts: Facts) -> Answer:
    """Payments that do not end tie money up, and may still be taken long after."""
    invoice, known = facts.invoice, facts.memory.unsettled
    if invoice is None or invoice.amount is None:
        return None
    if known.stuck_there >= MOST_STUCK:
        sentence = say("{} payments to this node have not ended.", known.stuck_there)
        return Severity.BLOCK, sentence, _FINISH
    cap, cost = facts.limits.unsettled, invoice.amount + facts.limits.fee_cap(invoice.amount)
    if cap is not None and known.money + cost > cap:
        sentence = say(
            "{} is in payments that have not ended; with this one it would be over your limit "
            "of {}.",
            money(known.money), money(cap),
        )  # fmt: skip
        return Severity.BLOCK, sentence, _FINISH
    if known.money:
        return ok("{} is in payments that have not ended.", money(known.money))
    return ok("No other payment is under way.")
