"""What did the person ask for on the command line?

Nothing but argparse, so that ``--version`` and ``--help`` answer at once. Nothing secret is an
argument: every user of the machine can read the arguments of a running program.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from typing import Final, NoReturn

from l402tui import __version__
from l402tui.cli.exits import Exit, table

__all__ = ["COMMANDS", "Options", "parse"]

Options = argparse.Namespace

COMMANDS: Final = ("open", "demo", "get", "inspect", "history", "replay", "practice")
_OPEN: Final = "open"
_DESCRIPTION: Final = """\
See, use and teach L402: HTTP 402, a macaroon and a Lightning invoice.

  l402tui                 the explorer in the terminal
  l402tui URL             the explorer at that address
  l402tui demo            a whole purchase on a practice server: no account, no money, no network
  l402tui get URL         pay if need be, and print what came"""
_EPILOG: Final = """\
{table}

environment:
  L402TUI_HOME            the folder for settings.toml and everything that is kept
  LNCLI_RPCSERVER, LNCLI_TLSCERTPATH, LNCLI_MACAROONPATH
                          where the LND node is, as for lncli
  NO_COLOR                words without colours

Words go to stderr and data to stdout. More about a command: l402tui COMMAND --help"""


class _Parser(argparse.ArgumentParser):
    """Ends with our exit code for usage, and says where help is."""

    def error(self, message: str) -> NoReturn:
        self.exit(Exit.USAGE, f"{self.prog}: {message}\nTry: {self.prog} --help\n")


def parse(argv: Sequence[str]) -> Options:
    """Read the arguments. Raises SystemExit for --help, --version and mistakes."""
    parser = _parser()
    words = list(argv)
    if not words or words[0] not in (*COMMANDS, "-h", "--help", "--version"):
        _look_at(words, parser)
        words.insert(0, _OPEN)
    options = parser.parse_args(words)
    if options.command == "get" and options.no_pay and options.yes:
        parser.error("--yes and --no-pay contradict each other")
    return options


def _look_at(words: list[str], parser: argparse.ArgumentParser) -> None:
    """A word that is neither a command nor an address is most likely a typing mistake."""
    first = words[0] if words else ""
    if first and not first.startswith("-") and not set(first) & set("/.:"):
        near = difflib.get_close_matches(first, COMMANDS, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(COMMANDS)}."
        parser.error(f"{first[:40]!a} is neither a command nor an address; {hint}")


def _parser() -> argparse.ArgumentParser:
    plain = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        prog="l402tui",
        usage="l402tui [URL] | COMMAND ...",
        description=_DESCRIPTION,
        epilog=_EPILOG.format(table=table()),
        formatter_class=plain,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"l402tui {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    def command(name: str, what: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=what,
            description=what,
            epilog=table(),
            formatter_class=plain,
            allow_abbrev=False,
        )

    _open(command(_OPEN, "The explorer in the terminal; the word open may be left out."))
    _demo(command("demo", "A whole purchase on a practice server, with every step explained."))
    _get(command("get", "Fetch an address; pay for it if you say yes."))
    _inspect(command("inspect", "Decode a challenge, token, credential or invoice, offline."))
    _history(command("history", "List what was done and what it cost."))
    _replay(command("replay", "Do an entry of the history again, with the credential held."))
    _practice(command("practice", "Run the practice server until ctrl+c."))
    return parser


def _open(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", nargs="?", metavar="URL")
    _wallet(parser)
    _step(parser, "wait for a key before each step (the default here)")


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--plain", action="store_true", help="print the steps as lines")
    _switches(parser)
    _step(parser, "wait before each step; with --plain for enter")


def _get(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", metavar="URL")
    parser.add_argument("-X", "--request", dest="method", metavar="METHOD", help="default: GET")
    parser.add_argument(
        "-H", "--header", dest="headers", action="append", default=[], metavar="'NAME: VALUE'"
    )
    parser.add_argument(
        "-d",
        "--data",
        dest="data",
        action="append",
        type=lambda text: (text, False),
        metavar="DATA",
        help="the body, as curl takes it: text, @FILE or @-; makes it a POST",
    )
    parser.add_argument(
        "--data-binary",
        dest="data",
        action="append",
        type=lambda text: (text, True),
        metavar="DATA",
        help="the same, with the newlines of a file kept",
    )
    _flow(parser)


def _replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", type=int, metavar="N", help="as `l402tui history` lists it")
    _flow(parser)


def _flow(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="FILE", help="write the body there; - is stdout")
    parser.add_argument(
        "--max-cost", metavar="AMOUNT", help="at most this for the invoice: 100, 2500 msat, ..."
    )
    parser.add_argument("--max-fee", metavar="AMOUNT", help="at most this for routing it")
    parser.add_argument(
        "--yes", action="store_true", help="approve what no check wants a person to look at"
    )
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="one event a line as JSON, on stdout")
    shape.add_argument("--plain", action="store_true", help="words without colours")
    _wallet(parser)


def _wallet(parser: argparse.ArgumentParser) -> None:
    wallet = parser.add_argument_group("wallet")
    wallet.add_argument("--no-pay", action="store_true", help="look at the price only")
    wallet.add_argument(
        "--wallet",
        choices=("practice", "external", "lnd"),
        help="what pays; the default is in settings.toml, and without it external",
    )
    wallet.add_argument("--rpcserver", metavar="HOST:PORT", help="the LND node")
    wallet.add_argument("--tlscertpath", metavar="FILE", help="its certificate")
    wallet.add_argument(
        "--macaroonpath",
        metavar="FILE",
        help="the macaroon that may pay: a file (hex works too, but other users of this machine "
        "can read arguments, so a file is better)",
    )


def _inspect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("thing", metavar="THING|FILE|-", help="- reads it from stdin")
    parser.add_argument("--json", action="store_true", help="the tree as JSON")
    parser.add_argument("--reveal", action="store_true", help="show secrets, too")
    parser.add_argument("--brief", action="store_true", help="without what each field means")


def _history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-n", dest="limit", type=int, default=20, metavar="N", help="default: 20")
    parser.add_argument("--json", action="store_true", help="one entry a line as JSON")


def _practice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    _switches(parser)


def _switches(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--switch",
        dest="switches",
        action="append",
        default=[],
        metavar="NAME",
        help="a mistake for the practice server to make; --switch list lists them",
    )


def _step(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--step", action=argparse.BooleanOptionalAction, default=None, help=what)
