"""How does a parser of this program refuse what it cannot read?

With our exit code for usage, with the command that helps, and without a secret in the message.
"""

from __future__ import annotations

import argparse
from typing import NoReturn

from l402tui.cli.exits import Exit

__all__ = ["Parser", "whole"]


class Parser(argparse.ArgumentParser):
    """Of all commands. What it says about a mistake is safe to show."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end. Raises SystemExit."""
        from l402tui.cli.repeating import without_secrets  # on a good day nobody needs it

        told = without_secrets(message)
        self.exit(Exit.USAGE, f"{self.prog}: {told}\nTry: {self.prog} --help\n")


def whole(text: str) -> int:
    """A whole number, refused in words of our own. Raises ArgumentTypeError."""
    try:
        return int(text)
    except ValueError:
        from l402tui.cli.repeating import repeated

        said = f"'{repeated(text, 40)}' is not a whole number"
        raise argparse.ArgumentTypeError(said) from None
