"""Can this wallet pay this bill, and can the vault remember it? C18 and C26."""

from __future__ import annotations

from l402tui.flow.checks.making import check, money, ok
from l402tui.flow.findings import Answer, Facts, Severity
from l402tui.protocol.text import say, shown

__all__ = ["own_node", "ready"]


@check("C18", "not your own node")
def own_node(facts: Facts) -> Answer:
    """Paying oneself proves nothing and costs a fee."""
    if facts.invoice is None or facts.wallet is None or facts.wallet.node_id is None:
        return None
    if facts.invoice.payee == facts.wallet.node_id:
        return Severity.BLOCK, say("You would pay yourself.")
    return ok("The payee is node {}….", shown(facts.invoice.payee.hex()[:16]))


@check("C26", "wallet and vault ready")
def ready(facts: Facts) -> Answer:
    """Money is only moved by a wallet that can, and remembered by a vault that can write."""
    wallet, invoice = facts.wallet, facts.invoice
    if wallet is None:
        return Severity.INFO, say("Paying is switched off; no wallet was asked.")
    if not facts.writable:
        sentence = say("The vault cannot be written, and no payment may go unremembered.")
        cure = say("Free some disk space or mend the folder's permissions.")
        return Severity.BLOCK, sentence, cure
    if not wallet.ready:
        why = wallet.trouble or shown("unknown")
        return Severity.BLOCK, say("The wallet is not ready: {}", why)
    if wallet.balance is not None and invoice is not None and invoice.amount is not None:
        need = invoice.amount + facts.limits.fee_cap(invoice.amount)
        if wallet.balance < need:
            sentence = say(
                "The wallet can send {}; {} with the fee cap would be needed.",
                money(wallet.balance), money(need),
            )  # fmt: skip
            return Severity.BLOCK, sentence
    if facts.behind:
        one = facts.behind == 1
        sentence = say(
            "This vault is an older copy of itself: {} not in it, and could be made again.",
            say("1 payment is") if one else say("{} payments are", facts.behind),
        )
        cure = say("Ask the wallet what it has paid meanwhile: l402tui payments reconcile.")
        return Severity.ASK, sentence, cure
    told = say("The wallet ({}) is ready.", shown(wallet.name))
    if wallet.advice is None:
        return Severity.PASS, told
    severity = Severity.WARN if wallet.advice.serious else Severity.INFO
    return severity, say("{} {}", told, wallet.advice.what), wallet.advice.todo
