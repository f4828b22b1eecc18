"""What did the person ask for on the command line?

Nothing but argparse, so that ``--version`` and ``--help`` answer at once. Nothing secret is an
argument: every user of the machine can read the arguments of a running program.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from typing import Final

from l402tui import __version__
from l402tui.cli import narrowing_arguments, vault_arguments
from l402tui.cli.exits import Exit, table
from l402tui.cli.manual import (
    DESCRIPTION,
    EPILOG,
    LOOK,
    LOOK_AT,
    LOOK_CODES,
    STAND,
    STAND_CODES,
    STANDING,
)
from l402tui.cli.parser import Parser, whole

__all__ = ["COMMANDS", "NETWORKS", "PRACTICE_PORT", "Options", "parse"]

Options = argparse.Namespace

COMMANDS: Final = (
    "open", "demo", "get", "inspect", "history", "payments", "replay", "attenuate", "rehearse",
    "tokens", "third-party", "verifiers", "practice", "wallet", "vault",
)  # fmt: skip
_PROGRAM: Final = "l402tui"
_OPEN: Final = "open"
_DEMO: Final = "A whole purchase on a practice server, with every step explained."
_AS_GET: Final = "exit codes: 130 where it was stopped; otherwise those of `l402tui get --help`"
NETWORKS: Final = ("bitcoin", "testnet", "signet", "regtest", "simnet")
PRACTICE_PORT: Final = 8402
"""Where `practice --pay` looks for the practice server."""


def parse(argv: Sequence[str]) -> Options:
    """Read the arguments. Raises SystemExit for --help, --version and mistakes."""
    parser = _parser()
    words = list(argv)
    if not words or words[0] not in (*COMMANDS, "-h", "--help", "--version"):
        _look_at(words, parser)
        words.insert(0, _OPEN)
    options, more = parser.parse_known_args(words)
    if more:
        from l402tui.cli.repeating import surplus

        asked = Parser(prog=f"{_PROGRAM} {options.command}")
        asked.error(surplus(more, options.command))
    runs_flow = options.command in ("get", "replay") or getattr(options, "deed", "") == "resume"
    if runs_flow and options.no_pay and options.yes:
        asked = Parser(prog=f"{_PROGRAM} {options.command}")
        asked.error("--yes and --no-pay contradict each other")
    return options


def _look_at(words: list[str], parser: argparse.ArgumentParser) -> None:
    """A word that is neither a command nor an address is most likely a typing mistake."""
    first = words[0] if words else ""
    if first and not first.startswith("-") and not set(first) & set("/.:"):
        from l402tui.cli.repeating import repeated

        near = difflib.get_close_matches(first, COMMANDS, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(COMMANDS)}."
        parser.error(f"'{repeated(first, 40)}' is neither a command nor an address; {hint}")


def _parser() -> argparse.ArgumentParser:
    plain = argparse.RawDescriptionHelpFormatter
    parser = Parser(
        prog=_PROGRAM,
        usage="l402tui [URL] | COMMAND ...",
        description=DESCRIPTION,
        epilog=EPILOG.format(table=table()),
        formatter_class=plain,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"l402tui {__version__}")
    # Named here, or the commands would be called after the usage line.
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", title="commands", prog=_PROGRAM
    )

    def command(
        name: str, what: str, codes: str = "", description: str = ""
    ) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=what,
            description=description or what,
            epilog=codes or table(Exit.OK, Exit.BROKEN, Exit.USAGE),
            formatter_class=plain,
            allow_abbrev=False,
        )

    _open(command(_OPEN, "The explorer in the terminal; the word open may be left out."))
    _demo(command("demo", _DEMO, _AS_GET))
    _get(command("get", "Fetch an address; pay for it if you say yes.", table()))
    _inspect(command("inspect", LOOK, LOOK_CODES, LOOK_AT))
    _history(command("history", "List what was done and what it cost."))
    _payments(command("payments", STAND, STAND_CODES, STANDING))
    _replay(
        command("replay", "Do an entry of the history again, with the credential held.", table())
    )
    narrowing_arguments.add_attenuate(
        command("attenuate", "Narrow a token for somebody else, and see what that restricts.")
    )
    narrowing_arguments.add_rehearse(
        command("rehearse", "Try a token out, and see whether the server does what was predicted.")
    )
    narrowing_arguments.add_tokens(
        command("tokens", "List your tokens, who has them, and which could still be used.")
    )
    narrowing_arguments.add_third_party(
        command("third-party", "Third-party caveats: add one, answer it, bind the answer.")
    )
    narrowing_arguments.add_verifiers(
        command("verifiers", "What the servers that check tokens make of a caveat.")
    )
    paying = table(
        Exit.OK,
        Exit.BROKEN,
        Exit.USAGE,
        Exit.NOT_PAID,
        Exit.UNSETTLED,
        Exit.UNREACHABLE,
        Exit.STOPPED,
    ).replace(Exit.UNREACHABLE.sentence, "--pay: no practice server answers. Nothing was paid.")
    _practice(command("practice", "Run the practice server until ctrl+c.", paying))
    _wallet_help(command("wallet", "How to make a wallet ready: wallet lnd recipe."))
    vault_arguments.add(command("vault", "Where everything is kept, and whether it is encrypted."))
    return parser


_STEP: Final = (
    "in the explorer, wait for a key before each step (the default); with --no-step the first "
    "sending still waits for you, and the rest runs without stopping"
)


def _log(parser: argparse.ArgumentParser) -> None:
    what = "append what happens to FILE, without secrets; nobody else may be able to read it"
    parser.add_argument("--log", metavar="FILE", help=what)


def _open(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", nargs="?", metavar="URL")
    _log(parser)
    _wallet(parser)
    _step(parser, _STEP)


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--plain", action="store_true", help="print the steps as lines")
    _log(parser)
    _switches(parser)
    _step(parser, f"{_STEP}; with --plain, --step waits for enter, and nothing waits without it")


def _get(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", metavar="URL|-", help="- takes it from stdin, with a key in it")
    parser.add_argument("-X", "--request", dest="method", metavar="METHOD", help="default: GET")
    parser.add_argument(
        "-H",
        "--header",
        dest="headers",
        action="append",
        default=[],
        metavar="'NAME: VALUE'|@FILE|@-",
        help="may be given several times; a file or stdin has one a line. Other users of this "
        "machine can read arguments, so what is secret goes there. Authorization: only with "
        "--no-pay, and where no credential is kept for URL: that would go into the same header",
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
    parser.add_argument("number", type=whole, metavar="N", help="as `l402tui history` lists it")
    _flow(parser)


def _flow(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write the body there, however large it is; - is stdout",
    )
    parser.add_argument(
        "-c",
        "--continue",
        dest="resume",
        action="store_true",
        help="with -o: go on with a body that broke off, where the server can; what is paid stays "
        "paid",
    )
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
    _log(parser)
    _wallet(parser)


def _wallet(parser: argparse.ArgumentParser) -> None:
    wallet = parser.add_argument_group("wallet")
    wallet.add_argument("--no-pay", action="store_true", help="look at the price only")
    wallet.add_argument(
        "--wallet",
        choices=("practice", "external", "lnd"),
        help="what pays; the default is in settings.toml, and without it external",
    )
    wallet.add_argument(
        "--network",
        choices=NETWORKS,
        help="which network an external wallet is on, in place of the settings'",
    )
    wallet.add_argument(
        "--rpcserver",
        metavar="ADDRESS",
        help="the LND node: host:port for gRPC, https://host:port for REST",
    )
    wallet.add_argument("--tlscertpath", metavar="FILE", help="its certificate")
    wallet.add_argument(
        "--macaroonpath",
        metavar="FILE",
        help="the macaroon that may pay: a file that only you can read, never the macaroon itself, "
        "because other users of this machine can read arguments",
    )


def _wallet_help(parser: argparse.ArgumentParser) -> None:
    parser.usage = "l402tui wallet lnd recipe"
    parser.add_argument("which", choices=("lnd",), metavar="lnd", help="which wallet")
    parser.add_argument(
        "what",
        choices=("recipe",),
        metavar="recipe",
        help="print how to bake a macaroon that may pay, track and look, and no more",
    )


def _inspect(parser: argparse.ArgumentParser) -> None:
    parser.usage = "l402tui inspect [options] [THING|FILE|-] [THING|FILE|-]"
    parser.add_argument(
        "thing",
        nargs="?",
        metavar="THING|FILE|-",
        help="what to look at: itself, a file that holds it, or - for stdin; without it a screen "
        "opens where anything can be pasted",
    )
    parser.add_argument(
        "other",
        nargs="?",
        metavar="THING|FILE|-",
        help="a second one: say whether the two belong together (payment hash, preimage, "
        "signature chain)",
    )
    parser.add_argument("--json", action="store_true", help="the tree as JSON")
    parser.add_argument(
        "--hex", action="store_true", help="the bytes too, with the fields that begin in each row"
    )
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
    parser.add_argument("--brief", action="store_true", help="without what each field means")
    parser.add_argument("--reveal", action="store_true", help="show secrets, too")


def _history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-n", dest="limit", type=whole, default=20, metavar="N", help="default: 20")
    parser.add_argument("--json", action="store_true", help="one entry a line as JSON")


def _payments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="also those that have ended")
    parser.add_argument("--json", action="store_true", help="one payment a line as JSON")
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", title="deeds", prog=parser.prog)

    def deed(name: str, what: str, *, of_one: bool = True) -> argparse.ArgumentParser:
        added = deeds.add_parser(
            name,
            help=what,
            description=what,
            epilog=table(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        if of_one:
            added.add_argument("hash", metavar="HASH", help="its first 6 hex digits or more")
        return added

    _flow(deed("resume", "Follow a payment to its end, and fetch what it bought, as get does."))
    settle = deed("settle", "Bring the preimage that your wallet shows: the proof of a payment.")
    settle.add_argument(
        "--preimage-file",
        metavar="FILE|-",
        help="where it stands, as 64 hex digits; - is stdin. Without it you are asked",
    )
    _wallet(
        deed("give-up", "Free the money of a payment that nobody can tell about. You are asked.")
    )
    _wallet(
        deed("reconcile", "After an older vault was put back: what was paid since?", of_one=False)
    )


def _practice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=whole, help=f"default: a free one; {PRACTICE_PORT} with --pay"
    )
    parser.add_argument(
        "--pay",
        metavar="INVOICE",
        help="instead of running a server: pay this invoice (or - for stdin) at the one on that "
        "port, with play money, and print its preimage, as a wallet elsewhere would show it",
    )
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
