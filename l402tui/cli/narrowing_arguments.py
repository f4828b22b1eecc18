"""What can be asked for on the command line about narrowing tokens?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, Final

from l402tui.cli.exits import Exit, table

__all__ = [
    "FORMS",
    "add_attenuate",
    "add_rehearse",
    "add_third_party",
    "add_tokens",
    "add_verifiers",
]

FORMS: Final = ("token", "header", "curl", "httpx", "env", "mcp", "qr")
_CODES: Final = table(Exit.OK, Exit.BROKEN, Exit.USAGE)
_ATTENUATE: Final = f"""\
examples:
  l402tui attenuate sample_tokens/token.txt --expires 1h
  l402tui attenuate http://127.0.0.1:8402/weather --expires 1h --as curl -o for-anna.curl
  l402tui attenuate token.txt --for bolthub --method GET --uses 3
  l402tui attenuate token.txt --caveat 'agent=anna' --for aperture
  l402tui attenuate ~/.lnd/pay.macaroon --for lnd --expires 30d -o anna.macaroon

The parent is never written over. A caveat that would allow more than an earlier one is refused.
A credential is a secret, and other users of this machine can read arguments: give it in a file or
on stdin.

{_CODES}"""
_NARROW: Final = """\
Make a child of a token: the same with caveats more. Anyone who holds a token can do that, offline,
and nobody can take a caveat away. The child alone goes to stdout; stderr says what the verifier
will make of each caveat, and what travels along.

What a caveat really restricts is up to the server. --for NAME chooses whose habits are predicted,
and in whose words --expires and the others are written; `l402tui verifiers` lists them."""


class _Wish(argparse.Action):
    """Wishes are kept in the order they were given: so they are added."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        namespace.wishes = [*namespace.wishes, (self.dest, values)]


def add_attenuate(parser: argparse.ArgumentParser) -> None:
    """``attenuate``."""
    parser.usage = (
        "l402tui attenuate TOKEN|FILE|URL|N|- [--for NAME] [--expires 1h] [--caveat C] ..."
    )
    parser.description, parser.epilog = _NARROW, _ATTENUATE
    parser.set_defaults(wishes=[])
    parser.add_argument(
        "thing",
        metavar="TOKEN|FILE|URL|N|-",
        help="what is narrowed: a token itself, a file that holds a token, a credential, a "
        "challenge or a node's macaroon, - for stdin, or one of the vault: its number in "
        "`l402tui tokens`, the beginning of its payment hash, or the address that it opens",
    )
    wishes = parser.add_argument_group("what it should be restricted to")

    def wish(name: str, metavar: str, what: str) -> None:
        # Not kept under its own name: the order matters.
        wishes.add_argument(
            f"--{name}", action=_Wish, default=argparse.SUPPRESS, metavar=metavar, help=what
        )

    wish("caveat", "TEXT", "a caveat in your own words, as it is")
    wish("expires", "1h|DATE", "an end: 90s, 15m, 1h, 7d from now, or 2031-01-01T00:00:00Z")
    wish("services", "A,B", "fewer of its services")
    wish("capability", "A,B", "what may be done there")
    wish("path", "/PATH", "a path")
    wish("method", "GET", "a method")
    wish("uses", "N", "how often")
    wish("amount", "SAT", "for how much, in satoshi")
    wish("address", "IP", "from where")
    _verifier(parser)
    parser.add_argument(
        "--service", metavar="NAME", help="which service it is for, where the token names several"
    )
    what = parser.add_argument_group("would it pass?")
    what.add_argument("--url", metavar="URL", help="where it is meant to be used")
    what.add_argument("-X", "--request", dest="method_used", metavar="METHOD", default="GET")
    what.add_argument("--at", metavar="1h|DATE", help="at which moment; default: now")
    what.add_argument("--from", dest="caller", metavar="IP", help="from which address")
    out = parser.add_argument_group("handing over")
    out.add_argument(
        "--as",
        dest="form",
        choices=FORMS,
        default="token",
        help="the token alone (the default), or the whole credential as a header, a file for curl, "
        "code for httpx, an environment variable, an MCP client's configuration, a QR code",
    )
    out.add_argument(
        "-o", "--output", metavar="FILE", help="a new file that only you can read (0600)"
    )
    out.add_argument("--to", metavar="WHO", help="who gets it, for `l402tui tokens`")
    out.add_argument("--why", metavar="TEXT", help="what for")
    out.add_argument(
        "--unrecorded", action="store_true", help="do not keep it in the vault's list of tokens"
    )
    _anywhere(out)
    out.add_argument("--plain", action="store_true", help="words without colours")


def add_rehearse(parser: argparse.ArgumentParser) -> None:
    """``rehearse``."""
    parser.usage = "l402tui rehearse TOKEN|FILE|-|N URL [--for NAME] [--parent FILE] [--keep]"
    parser.description = (
        "Send a request as the holder of a token, and hold what the server does against what was\n"
        "predicted. Nothing is ever paid. Where the token is taken, the request is sent without\n"
        "it, too, since a page that is free proves nothing. The preimage comes with the\n"
        "credential, or from the payment in the vault."
    )
    parser.epilog = table(Exit.OK, Exit.BROKEN, Exit.USAGE, Exit.UNREACHABLE, Exit.STOPPED)
    parser.add_argument("thing", metavar="TOKEN|FILE|-|N", help="the token, as attenuate takes it")
    parser.add_argument("url", metavar="URL", help="where it is tried")
    parser.add_argument("-X", "--request", dest="method_used", metavar="METHOD", default="GET")
    _verifier(parser)
    parser.add_argument(
        "--service", metavar="NAME", help="which service it is for, where the token names several"
    )
    parser.add_argument(
        "--parent",
        metavar="FILE|N",
        help="the token it was made from: where the child is refused against all expectation, "
        "this one is tried too, since only then the added caveats can be the reason; known for a "
        "token of the vault",
    )
    parser.add_argument(
        "--keep", action="store_true", help="write what was learned as a profile of your own"
    )
    _anywhere(parser)
    parser.add_argument("--plain", action="store_true", help="words without colours")


def add_third_party(parser: argparse.ArgumentParser) -> None:
    """``third-party``."""
    parser.description = (
        "Third-party caveats: a token that needs somebody else's word. L402 servers do not use\n"
        "them: at aperture a token with one opens nothing. For learning, and for servers of yours."
    )
    parser.epilog = f"""\
example:
  l402tui third-party add token.txt --location https://anna.example/ \\
      --question 'is it anna?' --key-file shared.key > asking.txt
  l402tui third-party discharge --question 'is it anna?' --key-file shared.key > answer.txt
  l402tui third-party bind asking.txt answer.txt | l402tui inspect -

{_CODES}"""
    deeds = parser.add_subparsers(
        dest="deed", metavar="DEED", title="deeds", prog=parser.prog, required=True
    )

    def deed(name: str, what: str) -> argparse.ArgumentParser:
        return deeds.add_parser(
            name,
            help=what,
            description=what,
            epilog=_CODES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def question(to: argparse.ArgumentParser, *, where: bool) -> None:
        to.add_argument("--question", metavar="TEXT", required=True, help="what is asked")
        to.add_argument(
            "--key-file",
            metavar="FILE|-",
            required=True,
            help="the key that the third party shares, 16 bytes or more; - is stdin",
        )
        to.add_argument("--location", metavar="URL", required=where, help="where that party is")

    add = deed("add", "Add a third-party caveat to a token.")
    add.add_argument("thing", metavar="TOKEN|FILE|-|N", help="the token, as attenuate takes it")
    question(add, where=True)
    discharge = deed("discharge", "Answer as the third party.")
    question(discharge, where=False)
    discharge.add_argument(
        "--caveat",
        dest="caveats",
        action="append",
        default=[],
        metavar="TEXT",
        help="a condition of the third party's own",
    )
    bind = deed("bind", "Bind discharges to the token, as they have to be sent.")
    bind.add_argument("thing", metavar="TOKEN|FILE|-|N", help="the token")
    bind.add_argument("discharges", nargs="+", metavar="DISCHARGE|FILE", help="each once")


def add_tokens(parser: argparse.ArgumentParser) -> None:
    """``tokens``."""
    parser.description = (
        "Every token of the vault as a tree: what was paid for, what came from outside, and below\n"
        "each what was made of it, with who has it, what was predicted and what was seen."
    )
    parser.epilog = _CODES
    parser.add_argument("--search", metavar="TEXT", default="", help="only where this stands")
    parser.add_argument(
        "--usable", action="store_true", help="without what cannot be used any more"
    )
    parser.add_argument("--json", action="store_true", help="one token a line as JSON")


def add_verifiers(parser: argparse.ArgumentParser) -> None:
    """``verifiers``."""
    parser.usage = "l402tui verifiers [NAME] [--toml]"
    parser.description = (
        "What each verifier makes of a caveat: enforced, ignored, or it breaks the token. Your\n"
        "own profiles are TOML files in the folder verifiers/ beside the vault."
    )
    parser.epilog = _CODES
    parser.add_argument("name", nargs="?", metavar="NAME", help="all that is known about this one")
    parser.add_argument(
        "--toml", action="store_true", help="as TOML, to begin a profile of your own with"
    )


def _anywhere(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--anywhere",
        action="store_true",
        help="also for another server than the one it was bought at, and without encryption: "
        "whoever gets a credential can use it",
    )


def _verifier(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--for",
        dest="verifier",
        metavar="NAME",
        help="the verifier: aperture (the default), spec, lnd (the default for a node's macaroon), "
        "... or one of your own; `l402tui verifiers` lists them",
    )
