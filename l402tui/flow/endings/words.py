"""Which words do the endings share?

Amounts, times and names, and what can be done next.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from l402tui.flow.model import Intent, Response
from l402tui.protocol.amount import format_msat
from l402tui.protocol.http_date import http_date
from l402tui.protocol.text import Shown, say, shown

SAME_AGAIN: Final = say(
    "Run the same request again: the credential is kept and used, not bought again."
)

ASK_ANEW: Final = say("Ask the server again; it makes a new bill.")

FOLLOW: Final = say("Run the same request again to follow this payment; it is never paid twice.")


def money(msat: int) -> Shown:
    """An amount in words."""
    return shown(format_msat(msat))


def status(response: Response) -> Shown:
    """``503 Service Unavailable``, made safe."""
    return shown(b"%d %s" % (response.status, response.reason), 60)


def lasting(seconds: float) -> Shown:
    """``45 s``, ``59 min``, ``26 h``, ``3 days``: rounded down."""
    whole = int(seconds)
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if whole >= 2 * size or (whole >= size and unit == "min"):
            return say("{} {}", whole // size, Shown(unit))
    return say("{} s", whole)


def handle(payment_hash: bytes) -> Shown:
    """Enough of a payment hash to name the payment on a command line."""
    return Shown(payment_hash.hex()[:12])


def ends(intent: Intent) -> Shown:
    """When a payment under way ends at the latest; empty where nobody knows."""
    end = intent.latest_end
    if end is None:
        return Shown("")
    when = datetime.fromtimestamp(end.at, UTC)
    return say(
        "It ends by itself at block {} at the latest, about {} UTC.",
        end.block,
        shown(f"{when:%Y-%m-%d %H:%M}"),
    )


def retry_after(response: Response | None, now: float) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (RFC 9110, 10.2.3), never less than none.

    A date is held against the server's own clock where the answer has its time, and else against
    ``now`` (unix seconds): how far the two are apart does not matter then.
    """
    values = response.values(b"retry-after") if response is not None else ()
    if response is None or not values:
        return None
    value = values[0].strip()
    if value.isdigit():
        return float(min(int(value[:12]), _FOR_EVER))
    then = http_date(value)
    if then is None:
        return None
    dates = response.values(b"date")
    there = http_date(dates[0]) if dates else None
    return max(0.0, then - (now if there is None else there))


_FOR_EVER: Final = 10 * 365 * 86_400
"""Seconds; whoever asks for more is told as asking for this."""


def state_of(intent: Intent) -> Shown:
    """Where a payment stands, as a word."""
    return Shown(intent.state.value)
