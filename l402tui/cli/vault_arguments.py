"""What can be asked of the vault on the command line?"""

from __future__ import annotations

import argparse

from l402tui.cli.exits import Exit, table

__all__ = ["add"]

_WHAT = """\
Show where everything is kept, who can read it, whether its secrets are encrypted, and how much
there is. It changes nothing.

Secrets are tokens, preimages, challenges, and the headers and bodies of requests. Addresses,
amounts, times and payment hashes are never encrypted."""
_CODES = """\
examples:
  l402tui vault
  l402tui vault seal                 encrypt the secrets, with a key in the system's keyring
  l402tui vault backup ~/vault.db    copy it

To go back to a copy: stop every l402tui, move vault.db, vault.db-wal and vault.db-shm away, and put
the copy there as vault.db. What was paid after it was made is not known then.

settings.toml: keyring = "auto" begins a new vault encrypted where that can be done, "never" does
not. A vault that is there stays as it is.

""" + table(Exit.OK, Exit.BROKEN, Exit.USAGE)


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser.usage = "l402tui vault [DEED]"
    parser.description, parser.epilog = _WHAT, _CODES
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", title="deeds", prog=parser.prog)

    def deed(name: str, what: str) -> argparse.ArgumentParser:
        return deeds.add_parser(
            name,
            help=what,
            description=what,
            epilog=table(Exit.OK, Exit.BROKEN, Exit.USAGE),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    deed("seal", "Encrypt its secrets. The key goes into the keyring of the system.")
    deed("unseal", "Decrypt them again, as before moving it to another machine.")
    copy = deed("backup", "Copy it into a new file, encrypted if it is.")
    copy.add_argument("file", metavar="FILE", help="the new file; one that is there is left alone")
