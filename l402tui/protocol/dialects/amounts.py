"""How much does another protocol ask for, in words, and on which chain?

Amounts on the wire are whole numbers of some smallest unit. What that unit is worth is said only
where it is certain: for the ISO currencies, for bitcoin, and for the token contracts of USDC. A
token that merely calls itself USDC stays a number of base units, with that remark.

Sources: CAIP-2 (chains), ISO 4217 (minor units), Circle's list of USDC contracts, NUT-01 (units).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from l402tui.protocol.text import Shown, say, shown

__all__ = [
    "Chain",
    "bitcoin_words",
    "chain",
    "currency_words",
    "decimal",
    "is_usdc",
    "msat_per",
    "number_words",
    "token_words",
]

USDC_DECIMALS: Final = 6

_CHAINS: Final = {
    "eip155:1": ("Ethereum", False),
    "eip155:10": ("Optimism", False),
    "eip155:56": ("BNB Smart Chain", False),
    "eip155:137": ("Polygon", False),
    "eip155:4217": ("Tempo", False),
    "eip155:8453": ("Base", False),
    "eip155:42161": ("Arbitrum One", False),
    "eip155:43114": ("Avalanche C-Chain", False),
    "eip155:42431": ("Tempo's test network", True),
    "eip155:43113": ("Avalanche's test network Fuji", True),
    "eip155:80002": ("Polygon's test network Amoy", True),
    "eip155:84532": ("Base's test network Sepolia", True),
    "eip155:11155111": ("Ethereum's test network Sepolia", True),
    "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp": ("Solana", False),
    "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1": ("Solana's development network", True),
    "bip122:000000000019d6689c085ae165831e93": ("Bitcoin", False),
    "bip122:000000000933ea01ad0ee984209779ba": ("Bitcoin's testnet", True),
    "bip122:00000008819873e925422c1ff0f99f7c": ("Bitcoin's signet", True),
    "bip122:0f9188f13cb7b2c71f2a335e3a4fc328": ("a Bitcoin regtest network", True),
}
"""CAIP-2 name, our word, and whether its money is worth nothing."""
_OLD_NAMES: Final = {
    "ethereum": "eip155:1",
    "base": "eip155:8453",
    "base-sepolia": "eip155:84532",
    "polygon": "eip155:137",
    "polygon-amoy": "eip155:80002",
    "avalanche": "eip155:43114",
    "avalanche-fuji": "eip155:43113",
    "solana": "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp",
    "solana-devnet": "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1",
}
"""How x402 version 1 names the same chains."""
_USDC: Final = frozenset(
    {
        ("eip155:1", "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"),
        ("eip155:8453", "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"),
        ("eip155:84532", "0x036cbd53842c5426634e7929541ec2318f3dcf7e"),
        ("eip155:137", "0x3c499c542cef5e3811e1192ce70d8cc03d5c3359"),
        ("eip155:42161", "0xaf88d065e77c8cc2239327c5edb3a432268e5831"),
        (
            "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp",
            "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
        ),
    }
)
"""Chain and contract, those of Ethereum in lower case (their capitals are only a checksum)."""
_MINOR: Final = {
    **dict.fromkeys(("USD", "EUR", "GBP", "CHF", "CAD", "AUD"), 2),
    **dict.fromkeys(("JPY", "KRW"), 0),
}
_BITCOIN: Final = {"sat": 1_000, "sats": 1_000, "msat": 1, "btc": 1_000, "xbt": 1_000}
"""Millisatoshi in the smallest unit; that of BTC is the satoshi."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain as a server named it."""

    text: str
    """As written."""
    caip2: str
    """The CAIP-2 name where it is known, else as written."""
    word: str
    """Ours; empty where the chain is not known here."""
    test: bool = False
    """True where its money is worth nothing."""

    @property
    def lightning(self) -> bool:
        """Whether the name itself says Lightning."""
        return self.caip2.startswith("lightning:")

    @property
    def bitcoin(self) -> bool:
        """Whether it is the chain of Bitcoin or of one of its test networks, or Lightning."""
        return self.lightning or self.caip2.startswith("bip122:")


def chain(text: str) -> Chain:
    """What is known of a chain that was named ``text``."""
    caip2 = _OLD_NAMES.get(text, text)
    if caip2.startswith("lightning:"):
        rest = caip2.removeprefix("lightning:")
        test = rest in ("testnet", "signet", "regtest")
        return Chain(text, caip2, "the Lightning network" + (" (test)" if test else ""), test)
    word, test = _CHAINS.get(caip2, ("", False))
    return Chain(text, caip2, word, test)


def is_usdc(where: Chain, asset: str) -> bool:
    """Whether ``asset`` is the contract of USDC on that chain."""
    address = asset.lower() if where.caip2.startswith("eip155:") else asset
    return (where.caip2, address) in _USDC


def decimal(amount: int, places: int) -> Shown:
    """``amount`` with the point ``places`` digits from the right, without zeros at the end."""
    digits = str(amount).rjust(places + 1, "0")
    whole = digits[: len(digits) - places]
    fraction = digits[len(digits) - places :].rstrip("0")
    spaced = number_words(int(whole))
    return say("{}.{}", spaced, shown(fraction)) if fraction else spaced


def number_words(amount: int) -> Shown:
    """A whole number, thousands set apart."""
    return shown(f"{amount:,}".replace(",", " "))


def bitcoin_words(msat: int) -> Shown:
    """So many millisatoshi in satoshi."""
    return say("{} sat", decimal(msat, 3))


def token_words(amount: int, where: Chain | None, asset: str | None, calls_itself: str) -> Shown:
    """An amount of some token in its base units, and in USDC where it certainly is that."""
    if where is not None and asset is not None and is_usdc(where, asset):
        return say("{} USDC", decimal(amount, USDC_DECIMALS))
    if calls_itself in ("USDC", "USD Coin"):
        form = "{} base units ({} if the token is USDC, as it says)"
        return say(form, number_words(amount), decimal(amount, USDC_DECIMALS))
    return say("{} base units", number_words(amount))


def msat_per(currency: str) -> int | None:
    """How many millisatoshi the smallest unit of a currency is; None where it is no bitcoin."""
    return _BITCOIN.get(currency.lower())


def currency_words(amount: int, currency: str) -> Shown:
    """An amount in the smallest unit of a currency that may be ISO 4217, ``sat`` or ``msat``."""
    code = currency.upper()
    if code in ("BTC", "XBT"):
        return say("{} BTC ({} sat)", decimal(amount, 8), number_words(amount))
    per = msat_per(currency)
    if per is not None:
        return bitcoin_words(amount * per)
    places = _MINOR.get(code)
    if places is None:
        return say("{} base units of {}", number_words(amount), shown(currency, 60))
    return say("{} {}", fixed(amount, places), shown(code))


def fixed(amount: int, places: int) -> Shown:
    """``amount`` with exactly ``places`` digits behind the point, as prices are written."""
    if not places:
        return number_words(amount)
    whole, rest = divmod(amount, 10**places)
    return say("{}.{}", number_words(whole), shown(str(rest).rjust(places, "0")))
