"""What can a person still do about a payment that has no end?

Bring the preimage that only their wallet shows (:meth:`Aftermath.settle`), or give it up
(:meth:`Aftermath.ask_before_giving_up`, then :meth:`Aftermath.give_up`). Nothing is deleted by
either: what was done is written into the payment's log. Following a payment to its end is a flow
(:meth:`~l402tui.flow.runner.Runner.run` with ``follow``).

What the wallet says counts: nothing is given up that it has under way, or has paid.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from l402tui.flow import events as e
from l402tui.flow.endings import ends, handle, lasting, money
from l402tui.flow.model import Held, Intent, IntentState, Money
from l402tui.flow.moves.rules import NEVER_SENT_AFTER
from l402tui.flow.ports import Clock, Vault, Wallet
from l402tui.protocol.amount import Msat
from l402tui.protocol.credential import preimage_matches
from l402tui.protocol.secret import Secret
from l402tui.protocol.text import Shown, say, shown

__all__ = ["Aftermath", "Question", "Refusal", "hear", "over_already"]

_S: Final = IntentState
_BY_PERSON: Final = "given up by a person; it stood at: {}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """It is not given up, and why."""

    why: Shown
    money: Money


@dataclass(frozen=True, slots=True)
class Question:
    """It can be given up: exactly this is what may be lost by that."""

    losses: Shown


class Aftermath:
    """Acts on single payments. ``wallet`` may be None: then nobody can be asked."""

    def __init__(self, vault: Vault, clock: Clock, wallet: Wallet | None = None) -> None:
        self._vault = vault
        self._clock = clock
        self._wallet = wallet

    def settle(self, intent: Intent, preimage: Secret) -> Held:
        """Store a preimage that a person brought: from now on the payment is proven.

        Raises ValueError where its SHA-256 is not the payment hash, and VaultError.
        """
        if not preimage_matches(preimage, intent.payment_hash):
            raise ValueError(
                "this is not the preimage of this payment: its SHA-256 is another hash"
            )
        return self._vault.store_paid(
            intent.payment_hash, preimage, at=self._clock.now(), fee=intent.fee
        )

    async def ask_before_giving_up(self, intent: Intent) -> Question | Refusal:
        """Whether it may be given up, once the wallet was asked where there is one to ask.

        What the wallet knows better is written down on the way: that it was paid, or that it
        failed.
        """
        refusal = over_already(intent)
        if refusal is not None:
            return refusal
        if intent.state is _S.RESERVED:
            return Question(say("Nothing was sent, so nothing can be lost."))
        if intent.external:
            return Question(_lost_elsewhere(intent))
        return self._weigh(intent, await self._hear(intent))

    def give_up(self, intent: Intent) -> Intent:
        """Free its money, and write into its log who did. Only after the question was answered with
        yes. The intent as it stands then: another run may have known better."""
        state = _S.RELEASED if intent.state is _S.RESERVED else _S.FAILED
        reason = _BY_PERSON.format(intent.state.value)
        return self._vault.record(intent.payment_hash, state, at=self._clock.now(), reason=reason)

    async def _hear(self, intent: Intent) -> e.WalletEvent:
        if self._wallet is None:
            return e.PaymentUnknown(say("There is no wallet that could be asked."))
        return await hear(self._wallet, intent)

    def _weigh(self, intent: Intent, word: e.WalletEvent) -> Question | Refusal:
        now = self._clock.now()
        match word:
            case e.PaymentSettled(preimage=preimage, fee=fee):
                return self._paid_after_all(intent, preimage, fee)
            case e.PaymentFailed(why=why):
                self._vault.record(intent.payment_hash, _S.FAILED, at=now, reason=why.text)
                return Refusal(
                    say(
                        "There is nothing to give up: the wallet says that it was not paid. {}", why
                    ),
                    Money.NONE,
                )
            case e.PaymentProgressed(latest_end=end):
                return _under_way(
                    intent if end is None else intent.to(intent.state, latest_end=end)
                )
            case e.PaymentUnknown(why=why) if intent.state in (_S.IN_FLIGHT, _S.HELD):
                return Refusal(
                    say("The wallet had it under way when it was last asked, and now: {}", why),
                    Money.PERHAPS,
                )
        left = intent.expires + NEVER_SENT_AFTER - now
        if left > 0:
            return Refusal(
                say("The invoice can be paid for another {}; it can be given up then.",
                    lasting(left)),
                Money.PERHAPS,
            )  # fmt: skip
        why = word.why if isinstance(word, e.PaymentUnknown) else _NEVER_SEEN
        return Question(
            say(
                "{} If it was paid all the same, {} and the routing fee are gone, the limits do "
                "not count them, and what they bought is not delivered unless you bring the "
                "preimage later.",
                why,
                money(intent.amount),
            )
        )

    def _paid_after_all(self, intent: Intent, preimage: Secret, fee: Msat | None) -> Refusal:
        now = self._clock.now()
        if not preimage_matches(preimage, intent.payment_hash):
            reason = (
                "the wallet says that it paid, and has no preimage that belongs to this payment"
            )
            stands = _S.PAID_NO_PREIMAGE
            self._vault.record(intent.payment_hash, stands, at=now, reason=reason)
            return Refusal(_NO_PROOF, Money.PERHAPS)
        self._vault.store_paid(intent.payment_hash, preimage, at=now, fee=fee)
        return Refusal(_PAID, Money.SPENT)


async def hear(wallet: Wallet, intent: Intent) -> e.WalletEvent:
    """The wallet's first word about this payment that says something. Sends nothing.

    Another wallet than the one that the payment was given to is not asked.
    """
    facts = await wallet.facts()
    if facts.identity != intent.wallet:
        why = say(
            "It was given to the wallet {}, and here is {}.",
            shown(intent.wallet),
            shown(facts.identity),
        )
        return e.PaymentUnknown(why if facts.ready else facts.trouble or why, ask_again=False)
    async with aclosing(wallet.track(intent)) as events:
        async for event in events:
            if not isinstance(event, e.PaymentProgressed) or event.acknowledged:
                return event
    return e.PaymentUnknown(say("The wallet stopped talking before it had an answer."))


def over_already(intent: Intent) -> Refusal | None:
    """Why there is nothing to give up, whatever the wallet says; None where there may be."""
    if intent.state.proven:
        return Refusal(_PAID, Money.SPENT)
    if intent.state is _S.PAID_NO_PREIMAGE:
        return Refusal(_NO_PROOF, Money.PERHAPS)
    if not intent.state.open:
        over = say("There is nothing to give up: it is {} already.", Shown(intent.state.value))
        return Refusal(over, Money.NONE)
    return None


def _under_way(intent: Intent) -> Refusal:
    return Refusal(
        say(
            "The wallet says that it is under way, and nobody can call it back. {} "
            "l402tui payments resume {} follows it.",
            ends(intent),
            handle(intent.payment_hash),
        ),
        Money.PERHAPS,
    )


def _lost_elsewhere(intent: Intent) -> Shown:
    return say(
        "If your own wallet has paid this invoice, or pays it still, {} and its fee are gone, the "
        "limits do not count them, and what they bought is not delivered unless you bring the "
        "preimage later.",
        money(intent.amount),
    )


_NEVER_SEEN: Final = say("The wallet does not know this payment.")
_PAID: Final = say("It is paid, and proven: what it bought is yours, and is never thrown away.")
_NO_PROOF: Final = say(
    "The wallet says that it paid, so the money is spent. Bring the preimage instead: settle."
)
