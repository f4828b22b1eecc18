"""What does each event change, and which commands follow from it?

One function for each arrow of :data:`~l402tui.flow.flow.TRANSITIONS`. All are pure:
``(state, event) -> (state, commands)``. In the order in which a flow meets them: :mod:`~.before`
anything is paid, :mod:`~.paying`, :mod:`~.redeeming` what was bought, and :mod:`~.closing`.
"""

from __future__ import annotations

from l402tui.flow.moves.rules import APPROVAL_LASTS, EXPIRY_MARGIN

__all__ = ["APPROVAL_LASTS", "EXPIRY_MARGIN"]
