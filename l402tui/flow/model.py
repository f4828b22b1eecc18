"""Which things does a flow talk about?

Plain values: the request, the response, the bill that a 402 presents, the intent to pay it, and how
it all ended. Times are unix seconds (UTC), money is msat. Everybody takes them from here; what they
are is in the modules named below.
"""

from __future__ import annotations

from l402tui.flow.intent import Held, Intent, IntentState, LatestEnd, LogLine, Moving, Quote
from l402tui.flow.limits import Limits, Spending, Unsettled
from l402tui.flow.memory import Memory, PayeeMemory, PriceMemory, Seen, Timing
from l402tui.flow.message import Bill, Hop, Request, Response, Saved
from l402tui.flow.money import Advice, WalletFacts
from l402tui.flow.outcome import Ending, Exchange, Money, Outcome

__all__ = [
    "Advice",
    "Bill",
    "Ending",
    "Exchange",
    "Held",
    "Hop",
    "Intent",
    "IntentState",
    "LatestEnd",
    "Limits",
    "LogLine",
    "Memory",
    "Money",
    "Moving",
    "Outcome",
    "PayeeMemory",
    "PriceMemory",
    "Quote",
    "Request",
    "Response",
    "Saved",
    "Seen",
    "Spending",
    "Timing",
    "Unsettled",
    "WalletFacts",
]
