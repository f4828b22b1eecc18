"""How long does what last, and how often is what tried?

Times are in seconds.
"""

from __future__ import annotations

from typing import Final

APPROVAL_LASTS: Final = 120.0
"""Between a yes and the pay call."""
EXPIRY_MARGIN: Final = 10.0
"""What an invoice must still be good for when it is handed to the wallet."""
NEVER_SENT_AFTER: Final = 120.0
"""After an invoice's expiry, until a wallet that has never seen it will never pay it."""
HELD_AFTER: Final = 600.0
"""After the pay call, from when on a payment under way is called held."""
RESERVATION_LASTS: Final = 10.0
"""Between a reservation and the note that it is being sent: a run that is alive needs far less."""
ARRIVES_WITHIN: Final = 5.0
"""Between another run's note that it sends, and the word of a wallet that has not seen it."""
LOOK_AGAIN: Final = 1.0
"""Between two looks at what another run does."""
LOOKS: Final = 30
"""Looks at what another run does, before this one goes its own way."""
OVERTAKEN: Final = 5
"""Times that other payments may be faster than a yes, before the flow ends without having paid."""
ATTEMPTS: Final = 4
"""Times that a lost payment is asked about, before a person decides."""
DELIVERIES: Final = 8
"""Times that a paid request is sent by itself, before a person decides."""
STORINGS: Final = 4
"""Times that a preimage is to be written to a disk that does not take it, once all is done."""
LONGEST_WAIT: Final = 300.0
"""The longest pause between two attempts."""


def backoff(attempt: int) -> float:
    """The pause after this attempt (the first is 1): one second, and twice as long each time."""
    return min(LONGEST_WAIT, 2.0 ** min(attempt - 1, 16))
