"""With which tools are the samples made?

The practice node and mint with the seed of the demo and a clock that stands still, and the few
things of which every group needs one: an invoice, the token that waits for its payment, and the
preimage.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from l402tui.practice.goods import WEATHER
from l402tui.practice.invoices import DEMO_SEED, PracticeInvoice, derive
from l402tui.practice.mint import Mint
from l402tui.practice.node import PracticeNode
from l402tui.protocol.amount import Msat

__all__ = ["MADE_AT", "Sample", "Workshop"]

MADE_AT: Final = 1_767_225_600.0
"""2026-01-01, unix seconds."""
_HOUR: Final = 3_600


class Sample(NamedTuple):
    """One file."""

    teaches: str
    """A sentence or two."""
    content: str

    @property
    def file(self) -> str:
        """What stands in it."""
        return f"# {self.teaches}\n{self.content}\n"


class _Frozen:
    """A clock that stands still."""

    def now(self) -> float:
        """Always the same."""
        return MADE_AT

    async def sleep(self, seconds: float) -> None:
        """Nothing here waits."""


class Workshop:
    """A practice node, a mint, and one sale. Two workshops make the same things."""

    def __init__(self) -> None:
        self.node = PracticeNode(DEMO_SEED, clock=_Frozen())
        self.mint = Mint(DEMO_SEED)
        self.invoice = self.bill()
        self.token = self.mint.token(self.invoice.payment_hash, WEATHER.caveats())

    def bill(
        self, words: str = WEATHER.description, price: Msat = WEATHER.price
    ) -> PracticeInvoice:
        """Another invoice, good for an hour."""
        return self.node.invoice(price, words, expiry=_HOUR)

    @property
    def preimage(self) -> str:
        """Of the invoice, 64 hex characters. It pays for nothing but a sample."""
        return self.invoice.preimage.reveal().hex()

    @property
    def identifier(self) -> bytes:
        """The 66 bytes of the token: version, payment hash, token id."""
        return bytes(2) + self.invoice.payment_hash + self.secret("token id")

    @property
    def challenge(self) -> str:
        """The header's value as aperture writes it."""
        return f'L402 macaroon="{self.token}", invoice="{self.invoice.text}"'

    def secret(self, name: str) -> bytes:
        """32 bytes that follow from the seed."""
        return derive(DEMO_SEED, "sample", name)
