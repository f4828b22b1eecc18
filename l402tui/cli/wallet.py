"""How is a wallet made ready?

``l402tui wallet lnd recipe`` prints how to make a macaroon for LND that is just enough. Nothing is
asked of the node, and nothing is sent.
"""

from __future__ import annotations

from l402tui.cli.arguments import Options
from l402tui.cli.exits import Exit
from l402tui.wallets.lnd_recipe import RECIPE

__all__ = ["wallet"]


def wallet(_: Options) -> Exit:
    """Print the recipe on stdout."""
    print(RECIPE, end="")
    return Exit.OK
