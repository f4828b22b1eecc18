"""May this bill be paid?

Each check is a pure function of :class:`Facts`: it answers with a severity and a plain sentence, or
with nothing where it does not apply. All findings are shown in the approval; one BLOCK and nothing
is paid. ASK means that only a human may say yes. The numbers (C01...) are stable, so that a person
can look them up; those left out belong to checks that need more than one exchange.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Final

from l402tui.flow.findings import Answer, Check, Facts, Finding, Severity
from l402tui.flow.model import IntentState
from l402tui.protocol.amount import MAX_MSAT, Msat, format_msat
from l402tui.protocol.caveats import effective_expiry, services
from l402tui.protocol.errors import ChallengeError, InvoiceError
from l402tui.protocol.identifier import Form
from l402tui.protocol.text import Shown, say, shown

__all__ = ["CHECKS", "examine"]

LEAST_TIME_LEFT: Final = 30
"""Seconds an invoice must still be good for before a person is asked."""
CLOCK_SKEW: Final = 120
"""Seconds by which the server's clock and ours may differ."""
FUTURE: Final = 600
"""Seconds by which an invoice may seem to be made in the future."""
LONG_EXPIRY: Final = 7 * 86_400
"""Seconds for which it is odd that an invoice can be paid."""
TICKET_ENDS_SOON: Final = 300
"""Seconds a ticket should be good for."""
AGAIN: Final = 2
"""Payments for the same thing within 10 minutes that make a person look."""
REJECTION_LASTS: Final = 86_400
"""Seconds for which a rejected payment makes a person look."""
AMP: Final = frozenset({30, 31})
"""Feature bits of payments whose preimage is made by the payer, so that it proves nothing."""

CHECKS: Final[list[Check]] = []
"""All checks, in the order in which they are made and shown."""


def examine(facts: Facts) -> tuple[Finding, ...]:
    """Make every check."""
    found = (check(facts) for check in CHECKS)
    return tuple(finding for finding in found if finding is not None)


def _check(number: str, title: str) -> Callable[[Callable[[Facts], Answer]], None]:
    def register(function: Callable[[Facts], Answer]) -> None:
        CHECKS.append(Check(number, title, function))

    return register


def _money(msat: int) -> Shown:
    return shown(format_msat(msat))


def _lasting(seconds: int) -> Shown:
    """``45 s``, ``59 min``, ``26 h``, ``3 days``: rounded down."""
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size or (seconds >= size and unit == "min"):
            return say("{} {}", seconds // size, Shown(unit))
    return say("{} s", seconds)


def _ok(template: str, /, *parts: Shown | int) -> tuple[Severity, Shown]:
    return Severity.PASS, say(template, *parts)


NEW_BILL: Final = say("Ask the server again for a new bill.")


@_check("C01", "address")
def _address(facts: Facts) -> Answer:
    """An address that hides where it leads is never opened; here its real name is shown."""
    url = facts.bill.response.url
    name = url.unicode_host
    if name is not None:
        sentence = say("The host is {}, which is written as {}.", shown(url.host), shown(name))
        return Severity.WARN, sentence, say("Letters of other scripts can look alike: compare.")
    return _ok("The address is plain: {}.", shown(url.origin))


@_check("C02", "encryption")
def _encryption(facts: Facts) -> Answer:
    """Whoever reads the line can take the token and, after the payment, the preimage."""
    url = facts.bill.response.url
    if url.encrypted:
        return _ok("The line is encrypted.")
    if url.loopback:
        return _ok("Not encrypted, but it does not leave this machine.")
    if url.onion:
        return Severity.ASK, say("An onion address is encrypted only if it is reached through Tor.")
    sentence = say("No encryption: anyone on the way could take what you buy.")
    return Severity.BLOCK, sentence, say("Use https.")


@_check("C03", "certificate")
def _certificate(facts: Facts) -> Answer:
    """Without a valid certificate the bill may come from anybody."""
    if facts.bill.response.url.scheme != "https":
        return None
    return _ok("The certificate is valid for {}.", shown(facts.bill.response.url.host))


@_check("C04", "redirects")
def _redirects(facts: Facts) -> Answer:
    """A redirect to another origin means that somebody else wants the money."""
    asked, response = facts.request.url.origin, facts.bill.response
    # A credential goes to the place that was asked and to no other, and does not survive a detour.
    away = [hop.url for hop in response.hops if hop.url.origin != asked]
    if not away and response.url.origin == asked:
        return _ok("The bill comes from the origin you asked.")
    sentence = say(
        "You asked {}, which led to {}: what you buy could not be handed in there.",
        shown(asked), shown((away[0] if away else response.url).origin),
    )  # fmt: skip
    todo = say("If you trust it, ask for {} yourself.", shown(str(response.url)))
    return Severity.BLOCK, sentence, todo


_BODY_BILL = say(
    "Whoever runs the server has to send it as a WWW-Authenticate header. To look at it: "
    "l402tui inspect."
)


@_check("C06", "one readable challenge")
def _one_challenge(facts: Facts) -> Answer:
    """Two different bills, or one that cannot be read, leave open what is being bought."""
    if facts.bill.in_body:
        sentence = "The bill stands in the body alone; only one in the header is paid."
        return Severity.BLOCK, say(sentence), _BODY_BILL
    if facts.bill.challenge is not None:
        return _ok("There is exactly one L402 challenge to choose from.")
    for problem in facts.bill.problems:
        if isinstance(problem, ChallengeError):
            return Severity.BLOCK, say("The bill cannot be read: {}.", shown(problem.why)), NEW_BILL
    return Severity.BLOCK, say("There is no L402 challenge in the answer."), NEW_BILL


@_check("C07", "no contradictions")
def _contradictions(facts: Facts) -> Answer:
    """token= and macaroon= name the same thing; where they differ, one of them is a lie."""
    challenge = facts.bill.challenge
    if challenge is None:
        return None  # C06 has said it
    version = challenge.version
    if version not in (None, "0"):
        sentence = say("The challenge is version {}; only 0 is known.", shown(version or ""))
        return Severity.ASK, sentence
    return _ok("Its parameters agree with each other.")


@_check("C08", "invoice readable")
def _invoice_readable(facts: Facts) -> Answer:
    """Checksum, mandatory fields and signature are right, so the invoice is whole."""
    if facts.invoice is not None and facts.invoice.repeated:
        fields = shown(", ".join(facts.invoice.repeated))
        return Severity.ASK, say("It has these fields twice; the first counts: {}.", fields)
    if facts.invoice is not None:
        return _ok("The invoice is whole, and its signature is right.")
    for problem in facts.bill.problems:
        if isinstance(problem, InvoiceError):
            sentence = say("The invoice is damaged or forged: {}.", shown(problem.why))
            return Severity.BLOCK, sentence, NEW_BILL
    return None if facts.bill.challenge is None else (Severity.BLOCK, say("There is no invoice."))


@_check("C09", "same network")
def _network(facts: Facts) -> Answer:
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
    return _ok("Bill and wallet are both on {}.", shown(invoice.network.word))


@_check("C10", "amount")
def _amount(facts: Facts) -> Answer:
    """Without an amount the payer would have to make one up."""
    if facts.invoice is None:
        return None
    amount = facts.invoice.amount
    if amount is None or not 0 < amount <= MAX_MSAT:
        return Severity.BLOCK, say("The bill names no amount."), NEW_BILL
    return _ok("It asks for {}.", _money(amount))


@_check("C11", "kind of payment")
def _features(facts: Facts) -> Answer:
    """Only a payment that reveals the seller's preimage buys a credential."""
    if facts.invoice is None:
        return None
    features = facts.invoice.features
    if not AMP.isdisjoint(features.bits):
        return Severity.BLOCK, say("An AMP payment gives no receipt that opens anything."), NEW_BILL
    if features.unknown_required:
        bits = shown(", ".join(map(str, sorted(features.unknown_required))))
        sentence = say("It requires features that are unknown here (bits {}).", bits)
        return Severity.BLOCK, sentence
    return _ok("It is an ordinary payment that reveals a preimage.")


@_check("C12", "token and invoice belong together")
def _belong_together(facts: Facts) -> Answer:
    """The token commits to one payment hash; only the preimage of that one makes a credential."""
    bill = facts.bill
    if facts.invoice is None:
        return None
    if bill.identifier is None or bill.identifier.payment_hash is None:
        sentence = say(
            "The token does not say which payment it belongs to, so this cannot be checked."
        )
        return Severity.ASK, sentence
    if bill.identifier.payment_hash != facts.invoice.payment_hash:
        sentence = say("Ticket and bill do not belong together: paying would buy nothing.")
        return Severity.BLOCK, sentence, NEW_BILL
    raw = bill.identifier.form is Form.RAW_HASH
    how = "The token's identifier is the" if raw else "The token commits to the invoice's"
    return _ok(how + " payment hash {}….", shown(facts.invoice.payment_hash.hex()[:16]))


@_check("C14", "not paid before")
def _known_hash(facts: Facts) -> Answer:
    """One payment hash is paid once, for ever; a second payment of it buys nothing."""
    known, here = facts.known, facts.request.url.origin
    if known is None or known.state is IntentState.RELEASED:
        if facts.open_here:
            sentence = say(
                "{} to this server is not finished; another could pay twice for the same thing.",
                _money(sum(intent.amount for intent in facts.open_here)),
            )
            return Severity.ASK, sentence, say("Finish it first: run that request again.")
        return _ok("This invoice is new.")
    if known.request.url.origin != here:
        return Severity.BLOCK, say(
            "This invoice was shown by {} before.", shown(known.request.url.origin)
        )
    if known.state is IntentState.REJECTED:
        return (
            Severity.BLOCK,
            say("This invoice is paid, and the server did not accept it."),
            NEW_BILL,
        )
    if known.state is IntentState.FAILED:
        return Severity.BLOCK, say("This invoice was tried before and failed."), NEW_BILL
    if known.state.proven:
        return Severity.INFO, say("This invoice is paid already; the credential you hold is used.")
    return Severity.INFO, say("This invoice is being paid already; that payment is followed.")


@_check("C16", "not expired")
def _expiry(facts: Facts) -> Answer:
    """The seller's node refuses an expired invoice, and a wrong clock hides that."""
    invoice = facts.invoice
    if invoice is None:
        return None
    left = int(invoice.expires_at - facts.now)
    if left < LEAST_TIME_LEFT:
        if left > 0:
            return Severity.BLOCK, say("The invoice expires in {} seconds.", left), NEW_BILL
        return Severity.BLOCK, say("The invoice expired {} ago.", _lasting(-left)), NEW_BILL
    if invoice.created - facts.now > FUTURE:
        return (
            Severity.BLOCK,
            say("The invoice was made in the future."),
            say("Look at your clock."),
        )
    skew = _clock_skew(facts)
    if skew is not None and abs(skew) > CLOCK_SKEW:
        return Severity.WARN, say("Your clock and the server's differ by {} seconds.", abs(skew))
    if invoice.expiry > LONG_EXPIRY:
        return Severity.WARN, say("It can be paid for {} days.", invoice.expiry // 86_400)
    return _ok("It can be paid for another {}.", _lasting(left))


def _clock_skew(facts: Facts) -> int | None:
    dates = facts.bill.response.values(b"date")
    if not dates:
        return None
    try:
        date = parsedate_to_datetime(dates[0].decode("ascii"))
    except (ValueError, OverflowError):
        return None
    return int(date.timestamp() - facts.now)


@_check("C18", "not your own node")
def _self_payment(facts: Facts) -> Answer:
    """Paying oneself proves nothing and costs a fee."""
    if facts.invoice is None or facts.wallet is None or facts.wallet.node_id is None:
        return None
    if facts.invoice.payee == facts.wallet.node_id:
        return Severity.BLOCK, say("You would pay yourself.")
    return _ok("The payee is node {}….", shown(facts.invoice.payee.hex()[:16]))


@_check("C20", "within your limits")
def _limits(facts: Facts) -> Answer:
    """Limits hold for amount and routing fee together, whoever says yes."""
    invoice, limits = facts.invoice, facts.limits
    if invoice is None or invoice.amount is None:
        return None
    amount = invoice.amount
    cure = say("Raise the limit if you mean it.")
    most = limits.one
    if amount > most:
        sentence = say("{} is over your limit of {} for one payment.", *map(_money, (amount, most)))
        return Severity.BLOCK, sentence, cure
    fee = limits.fee_cap(amount)
    total = Msat(amount + fee)
    for cap, spent, what in (
        (limits.origin_day, facts.spending.origin_day, "this server and 24 hours"),
        (limits.day, facts.spending.day, "24 hours"),
    ):
        if cap is not None and spent + total > cap:
            sentence = say(
                "{} and at most {} fee would go over your limit of {} for {} "
                "({} is spent or reserved).",
                _money(amount), _money(fee), _money(cap), shown(what), _money(spent),
            )  # fmt: skip
            return Severity.BLOCK, sentence, cure
    return _ok("{} is within your limit of {}.", _money(amount), _money(most))


@_check("C22", "not in a circle")
def _loop(facts: Facts) -> Answer:
    """A server that takes money and asks again drains a wallet in small steps."""
    timing = facts.timing
    if timing.rejected_at is not None and facts.now - timing.rejected_at < REJECTION_LASTS:
        minutes = int(facts.now - timing.rejected_at) // 60
        return Severity.ASK, say("{} minutes ago this server took money and gave nothing.", minutes)
    if timing.paid_recently >= AGAIN:
        return Severity.ASK, say("You paid for this {} times in 10 minutes.", timing.paid_recently)
    refused = facts.refused
    if refused is not None:
        paid, path = _money(refused.amount + refused.fee), shown(refused.path, 60)
        if refused.path != facts.request.url.path:
            return Severity.INFO, say("What you bought for {} does not open this.", path)
        return Severity.WARN, say("The server did not accept the credential that cost {}.", paid)
    return _ok("You have not just paid for this.")


@_check("C24", "what the seller writes")
def _description(facts: Facts) -> Answer:
    """The text in the invoice is the seller's; nobody has checked it."""
    if facts.invoice is None:
        return None
    text = facts.invoice.description
    if text is None:
        return Severity.INFO, say("There is only the hash of a description.")
    if not text:
        return Severity.INFO, say("The seller wrote no description.")
    return Severity.INFO, say("Written by the seller: “{}”", shown(text, 120))


@_check("C25", "the ticket's own limits")
def _caveats(facts: Facts) -> Answer:
    """A ticket that ends before it can be used is not worth its price."""
    token = facts.bill.token
    if facts.bill.challenge is None:
        return None
    if token is None:
        return Severity.ASK, say("The token is not a macaroon that can be read here.")
    if any(caveat.vid is not None for caveat in token.macaroon.caveats):
        return Severity.ASK, say(
            "The token needs another party's discharge; it cannot be used alone."
        )
    caveats = token.macaroon.caveats
    expiry = effective_expiry(caveats)
    if expiry is not None:
        left = int(expiry.at - facts.now)
        if left <= 0:
            return Severity.BLOCK, say("The ticket has expired already."), NEW_BILL
        if left < TICKET_ENDS_SOON:
            return Severity.WARN, say("The ticket is good for {} only.", _lasting(left))
    named = services(caveats)
    if named:
        return _ok("The ticket is for: {}.", shown(b", ".join(service.name for service in named)))
    return _ok("The ticket carries {} caveats.", len(caveats))


@_check("C26", "wallet and vault ready")
def _ready(facts: Facts) -> Answer:
    """Money is only moved by a wallet that can, and remembered by a vault that can write."""
    wallet, invoice = facts.wallet, facts.invoice
    if wallet is None:
        return Severity.INFO, say("Paying is switched off; no wallet was asked.")
    if not facts.writable:
        sentence = say("The vault cannot be written, and no payment may go unremembered.")
        return (
            Severity.BLOCK,
            sentence,
            say("Free some disk space or mend the folder's permissions."),
        )
    if not wallet.ready:
        return Severity.BLOCK, say(
            "The wallet is not ready: {}", wallet.trouble or shown("unknown")
        )
    if wallet.balance is not None and invoice is not None and invoice.amount is not None:
        need = invoice.amount + facts.limits.fee_cap(invoice.amount)
        if wallet.balance < need:
            sentence = say(
                "The wallet can send {}; {} with the fee cap would be needed.",
                _money(wallet.balance), _money(need),
            )  # fmt: skip
            return Severity.BLOCK, sentence
    ready = say("The wallet ({}) is ready.", shown(wallet.name))
    if wallet.advice is None:
        return Severity.PASS, ready
    severity = Severity.WARN if wallet.advice.serious else Severity.INFO
    return severity, say("{} {}", ready, wallet.advice.what), wallet.advice.todo
