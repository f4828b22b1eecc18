"""How is each ending told: what happened, why, what to do, and what it cost?

One function for each way a flow can end: :mod:`~.before` it has paid, while that is
:mod:`~.uncertain`, and once it has :mod:`~.paid`. Every sentence is ours; what came from outside is
already :class:`~l402tui.protocol.text.Shown` when it gets here.
"""

from __future__ import annotations

from l402tui.flow.endings.before import (
    blocked,
    broken,
    changed_while_reading,
    declined,
    expired_while_reading,
    free,
    never_sent,
    not_paid,
    not_payable,
    nothing_sent,
    over,
    overtaken,
    previewed,
    reused,
    shared,
    unreachable,
)
from l402tui.flow.endings.paid import (
    ask_before_repeating,
    come_back,
    delivered,
    not_recorded,
    not_taken,
    only_in_memory,
    perhaps_delivered,
    rejected,
    undelivered_silence,
    undelivered_status,
)
from l402tui.flow.endings.uncertain import (
    forgotten,
    no_proof,
    not_sent_again,
    open_payment,
    too_early_to_say,
    unsettled,
)
from l402tui.flow.endings.words import ends, handle, lasting, money, retry_after

__all__ = [
    "ask_before_repeating",
    "blocked",
    "broken",
    "changed_while_reading",
    "come_back",
    "declined",
    "delivered",
    "ends",
    "expired_while_reading",
    "forgotten",
    "free",
    "handle",
    "lasting",
    "money",
    "never_sent",
    "no_proof",
    "not_paid",
    "not_payable",
    "not_recorded",
    "not_sent_again",
    "not_taken",
    "nothing_sent",
    "only_in_memory",
    "open_payment",
    "over",
    "overtaken",
    "perhaps_delivered",
    "previewed",
    "rejected",
    "retry_after",
    "reused",
    "shared",
    "too_early_to_say",
    "undelivered_silence",
    "undelivered_status",
    "unreachable",
    "unsettled",
]
