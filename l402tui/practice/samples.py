"""What can a person take apart on the first day?

``python -m l402tui.practice.samples FOLDER`` writes one small file for each thing worth looking at:
a comment that says what it teaches, then the thing itself, as ``l402tui inspect`` reads it. They
are made from a fixed seed and a fixed time, so they are the same every time; nothing in them is
secret.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from l402tui.practice.goods import WEATHER
from l402tui.practice.invoices import DEMO_SEED
from l402tui.practice.mint import Mint
from l402tui.practice.node import PracticeNode
from l402tui.protocol.macaroon import Token

__all__ = ["samples"]

MADE_AT: Final = 1_767_225_600.0
"""2026-01-01, unix seconds."""


class _Frozen:
    """A clock that stands still."""

    def now(self) -> float:
        """Always the same."""
        return MADE_AT

    async def sleep(self, seconds: float) -> None:
        """Nothing here waits."""


def samples() -> Mapping[str, tuple[str, str]]:
    """File name to what it teaches and what it holds."""
    node, mint = PracticeNode(DEMO_SEED, clock=_Frozen()), Mint(DEMO_SEED)
    invoice = node.invoice(WEATHER.price, WEATHER.description, expiry=3_600)
    other = node.invoice(WEATHER.price, WEATHER.description, expiry=3_600)
    token = mint.token(invoice.payment_hash, WEATHER.caveats())
    narrow = Token.read(token).attenuate(b"weather_valid_until=1767229200")
    wide = Token.read(token).attenuate(b"services=weather:0,forecast:0")
    preimage = invoice.preimage.reveal().hex()
    pair = f'macaroon="{token}", invoice="{invoice.text}"'
    named = f'version="0", token="{token}", invoice="{invoice.text}"'
    wrong = f'macaroon="{token}", invoice="{other.text}"'
    return {
        "challenge.txt": (
            "What a 402 carries: a token, and the invoice whose payment makes it good.",
            f"WWW-Authenticate: L402 {pair}",
        ),
        "challenge-token-param.txt": (
            "The same in the other spelling: version= and token= instead of macaroon=.",
            f"WWW-Authenticate: L402 {named}",
        ),
        "challenge-wrong-invoice.txt": (
            "The invoice is not the token's: paying it would buy nothing. Look for MISMATCH.",
            f"WWW-Authenticate: L402 {wrong}",
        ),
        "token.txt": (
            "The token alone: who made it, which payment it waits for, what it is good for.",
            token,
        ),
        "token-narrowed.txt": (
            "The same token with one caveat more. Anyone can add one, without any key.",
            narrow.text,
        ),
        "token-widened.txt": (
            "A caveat that names more than the one before. A careful server refuses it.",
            wide.text,
        ),
        "invoice.txt": (
            "A BOLT-11 invoice, field by field. The signature gives away who is paid.",
            invoice.text,
        ),
        "credential.txt": (
            "Token and preimage together: what opens the door. Worth keeping to yourself.",
            f"Authorization: L402 {token}:{preimage}",
        ),
    }


def main(folder: str) -> None:
    """Write them."""
    for name, (teaches, content) in samples().items():
        (Path(folder) / name).write_text(f"# {teaches}\n{content}\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
