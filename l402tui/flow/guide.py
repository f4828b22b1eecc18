"""What is about to happen, and why?

Step mode waits before each command that a person wants to watch, and says with :func:`guide` what
comes next: one sentence of what, one or two of why. Every face that goes step by step reads from
here, so that the TUI, the command line and the notebook teach the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from l402tui.flow import commands as c
from l402tui.protocol.amount import format_msat
from l402tui.protocol.masking import shown_url
from l402tui.protocol.text import Shown, say, shown

__all__ = ["Guide", "guide"]


@dataclass(frozen=True, slots=True)
class Guide:
    """One step before it is taken."""

    what: Shown
    """What will happen when the person goes on."""
    why: Shown
    """Why it happens, and what to look at."""
    money: Shown
    """Whether this very step can cost anything."""


_NO_COST: Final = say("This step costs nothing.")
_WHY: Final[dict[type[c.Command], str]] = {
    c.Send: (
        "An ordinary HTTP request. If this server wants money for the answer, it says so with "
        "status 402 and a challenge: a token and a Lightning invoice."
    ),
    c.Decode: (
        "The challenge is only text so far. Taken apart, it must hold a macaroon and an invoice "
        "that name the same payment hash: that ties the token to this one payment."
    ),
    c.Check: (
        "Before anybody is asked for money, amount, expiry, hash, network, address and the history "
        "with this server are checked. One finding that blocks, and nothing is paid."
    ),
    c.Ask: (
        "Nothing is paid unless a person says yes to exactly this invoice. The question repeats "
        "everything that matters, so that the answer can be no."
    ),
    c.Reserve: (
        "The decision is written to disk first, then the wallet gets the invoice. So this invoice "
        "is never paid twice, even if the program stops in the middle. Paying reveals the preimage."
    ),
    c.Retry: (
        "The same request again, now with token and preimage in the Authorization header. The "
        "server need not know who paid: SHA-256 of the preimage is the hash inside its own token."
    ),
}


def guide(command: c.Command) -> Guide:
    """Say what ``command`` will do. Commands step mode never waits for get a plain sentence."""
    why = say(_WHY.get(type(command), "It keeps the books; nothing leaves this computer."))
    return Guide(_what(command), why, _money(command))


def _what(command: c.Command) -> Shown:
    match command:
        case c.Send(request=request, held=None, past_caches=True):
            line = "Send {} {} once more, past every cache: the bill came out of one."
            return say(line, shown(request.method), shown_url(request.url))
        case c.Send(request=request, held=None):
            return say("Send {} {}.", shown(request.method), shown_url(request.url))
        case c.Send(request=request):
            line = "Send {} {} with a credential that was paid for earlier."
            return say(line, shown(request.method), shown_url(request.url))
        case c.Decode(response=response):
            return say("Take the challenge of the {} apart.", response.status)
        case c.Check():
            return say("Check whether this bill may be paid.")
        case c.Ask(quote=quote):
            return say("Ask you whether to pay {}.", shown(format_msat(quote.amount)))
        case c.Reserve(intent=intent):
            return say("Write the payment down, then pay {}.", shown(format_msat(intent.amount)))
        case c.Retry(attempt=1):
            return say("Send the request again, with the credential.")
        case c.Retry(attempt=attempt):
            return say("Send the request again, with the credential: attempt {}.", attempt)
        case _:
            return say("Go on.")


def _money(command: c.Command) -> Shown:
    match command:
        case c.Reserve(intent=intent) if intent.wallet.startswith("external:"):
            line = "This step shows the invoice over {}; the routing fee is up to your wallet."
            return say(line, shown(format_msat(intent.amount)))
        case c.Reserve(intent=intent):
            return say(
                "This step pays: {} and at most {} routing fee.",
                shown(format_msat(intent.amount)),
                shown(format_msat(intent.fee_cap)),
            )
        case c.Retry():
            return say("This step costs nothing; the payment is done.")
        case _:
            return _NO_COST
