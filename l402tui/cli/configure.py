"""Which settings hold for this command?

The file, then the environment, then the command line; the later one wins.
"""

from __future__ import annotations

from dataclasses import replace

from l402tui.cli.arguments import Options
from l402tui.cli.exits import Exit
from l402tui.cli.trouble import Trouble
from l402tui.settings import Settings, load

__all__ = ["configured"]


def configured(options: Options) -> Settings:
    """The settings with the command line's options in them. Raises SettingsError and Trouble."""
    settings = load()
    limits = {
        key: given
        for key, name in (("payment", "max_cost"), ("fee", "max_fee"))
        if (given := getattr(options, name, None)) is not None
    }
    for key, given in limits.items():
        _amount(f"--max-{'cost' if key == 'payment' else key}", given)
    lnd = {
        name: given
        for name in ("rpcserver", "tlscertpath", "macaroonpath")
        if (given := getattr(options, name, None)) is not None
    }
    return replace(
        settings,
        wallet=getattr(options, "wallet", None) or settings.wallet,
        network=getattr(options, "network", None) or settings.network,
        limits=replace(settings.limits, **limits),
        lnd=replace(settings.lnd, **lnd),
    )


def _amount(option: str, given: str) -> None:
    from l402tui.protocol.amount import parse_amount
    from l402tui.protocol.errors import AmountError

    try:
        parse_amount(given)
    except AmountError as error:
        raise Trouble(Exit.USAGE, f"{option}: {error.why}.") from None
