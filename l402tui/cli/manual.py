"""What does ``--help`` say beside the options?"""

from __future__ import annotations

from typing import Final

from l402tui.cli.exits import Exit, table

__all__ = [
    "DESCRIPTION",
    "EPILOG",
    "LOOK",
    "LOOK_AT",
    "LOOK_CODES",
    "STAND",
    "STANDING",
    "STAND_CODES",
]

DESCRIPTION: Final = """\
See, use and teach L402: HTTP 402, a macaroon and a Lightning invoice.

  l402tui                 the explorer in the terminal
  l402tui URL             the explorer at that address
  l402tui URL --wallet practice
                          the same with play money; URL is what `l402tui practice` prints
  l402tui demo            a whole purchase on a practice server: no account, no money, no network
  l402tui get URL         pay if need be, and print what came"""
EPILOG: Final = """\
{table}

environment:
  L402TUI_HOME            the folder for settings.toml and everything that is kept
  LNCLI_RPCSERVER, LNCLI_TLSCERTPATH, LNCLI_MACAROONPATH
                          where the LND node is, as for lncli
  NO_COLOR                words without colours

Words go to stderr and data to stdout. More about a command: l402tui COMMAND --help"""


LOOK: Final = "Decode a challenge, token, credential or invoice, offline."
LOOK_AT: Final = """\
Decode what somebody pasted or a server sent, offline, and say what each field means:

  a challenge      WWW-Authenticate: L402 ..., with or without the header's name
  a credential     Authorization: L402 token:preimage, or another header that shows a payment
  a token          a macaroon in base64, hex, JSON or binary, and what else is used as one
  an invoice       lnbc..., lntb..., lntbs..., lnbcrt..., lnsb..., also as lightning:...
  a body           the JSON of a 402, in L402 or another protocol
  32 bytes         64 hex characters: a preimage or a payment hash
  HTTP messages    what curl -i, curl -v or grpcurl -v prints, several in a row too
  a HAR file       what a browser recorded: the exchanges that have to do with payment
  anything else    a log, a page, a chat: what is found in it, and where it stands

Lines at its beginning that start with # are passed over. 256 KiB are the most, 16 MiB of a HAR
file."""
LOOK_CODES: Final = """\
examples:
  l402tui inspect lnbcrt100n1...
  curl -si https://example.com/paid | l402tui inspect -
  l402tui inspect --hex ~/.lnd/data/chain/bitcoin/regtest/admin.macaroon
  l402tui inspect --brief recording.har
  l402tui inspect challenge.txt credential.txt      do they belong together?

A secret is better given in a file or by stdin: other users of this machine can read arguments.

""" + table(Exit.OK, Exit.BROKEN, Exit.USAGE).replace(
    Exit.USAGE.sentence,
    "The command line cannot be used as it is, or what was given cannot be read.",
)


STAND: Final = "List payments without an end, and bring them to one."
STANDING: Final = """\
List the payments that have no end yet: how each stands, what it was for, and what happens next.
Nothing is sent, and nothing is ever deleted."""
STAND_CODES: Final = """\
examples:
  l402tui payments
  l402tui payments resume 3f9c2a          follow it, and print what it bought
  l402tui payments settle 3f9c2a --preimage-file -
  l402tui payments give-up 3f9c2a

A preimage is a secret: other users of this machine can read arguments, so it is none.

""" + table(Exit.OK, Exit.BROKEN, Exit.USAGE)
