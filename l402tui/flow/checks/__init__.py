"""May this bill be paid?

Each check is a pure function of :class:`Facts`: it answers with a severity and a plain sentence, or
with nothing where it does not apply. All findings are shown in the approval; one BLOCK and nothing
is paid. ASK means that only a human may say yes. The numbers (C01...) are stable, so that a person
can look them up; C27, whether an approval is still fresh, is made by the flow itself when it comes.

One module a question: :mod:`address`, :mod:`bill`, :mod:`invoice`, :mod:`token`, :mod:`history`,
:mod:`spending`, :mod:`wallet`.
"""

from __future__ import annotations

from typing import Final

from l402tui.flow.checks import address, bill, history, invoice, spending, token, wallet
from l402tui.flow.checks.address import out_of_cache
from l402tui.flow.findings import Check, Facts, Finding

__all__ = ["CHECKS", "examine", "out_of_cache"]

CHECKS: Final[tuple[Check, ...]] = (
    address.address,  # C01
    address.encryption,
    address.certificate,
    address.redirects,
    address.shared,  # C05
    bill.one_challenge,
    bill.contradictions,
    invoice.readable,
    invoice.network,
    invoice.amount,  # C10
    invoice.features,
    token.belong_together,
    bill.elsewhere,
    history.known_hash,
    history.shown_before,  # C15
    invoice.expiry,
    invoice.lock_up,
    wallet.own_node,
    history.payee,
    spending.limits,  # C20
    spending.price,
    history.circle,
    spending.stuck,
    invoice.description,
    token.caveats,  # C25
    wallet.ready,
)
"""All checks, in the order in which they are made and shown."""


def examine(facts: Facts) -> tuple[Finding, ...]:
    """Make every check."""
    found = (check(facts) for check in CHECKS)
    return tuple(finding for finding in found if finding is not None)
