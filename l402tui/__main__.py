"""Where does ``l402tui`` begin?

The arguments are read first, which is fast; only then is the chosen face imported.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from l402tui.cli.arguments import Options, parse
from l402tui.cli.exits import Exit

if TYPE_CHECKING:
    from l402tui.settings import Settings

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; the number is the exit code. Raises SystemExit for --help and --version."""
    options = parse(sys.argv[1:] if argv is None else argv)
    from l402tui.cli.trouble import told

    if argv is None:  # this process is the program, and nothing else
        from l402tui.cli.shelter import take_shelter

        take_shelter()
    with told() as verdict:
        verdict.exit = _run(options)
    return int(verdict.exit)


def _run(options: Options) -> int:
    if "log" in options:  # the commands with flows
        from l402tui.cli.log import begin

        begin(options.log)
    match options.command:
        case "inspect" if options.thing is not None or not _terminal():
            from l402tui.cli.inspect import inspect

            return inspect(options)
        case "history":
            from l402tui.cli.history import history

            return history(options)
        case "wallet":
            from l402tui.cli.wallet import wallet

            return wallet(options)
        case "vault":
            from l402tui.cli.vault import vault

            return vault(options)
        case "attenuate":
            from l402tui.cli.attenuate import attenuate_token

            return attenuate_token(options)
        case "rehearse":
            from l402tui.cli.rehearse import rehearse_token

            return rehearse_token(options)
        case "tokens":
            from l402tui.cli.tokens import tokens

            return tokens(options)
        case "third-party":
            from l402tui.cli.third_party import third_party

            return third_party(options)
        case "verifiers":
            from l402tui.cli.verifiers import verifiers

            return verifiers(options)
        case "practice":
            from l402tui.cli.practice import practice

            return practice(options)
        case "payments" if options.deed != "resume":
            from l402tui.cli.payments import payments

            return payments(options)
        case "get" | "replay" | "payments":
            from l402tui.cli.get import get

            return get(options)
        case "demo" if options.plain or not _terminal() or options.switches == ["list"]:
            from l402tui.cli.demo import demo

            return demo(options)
        case _:
            return _explorer(options)


def _explorer(options: Options) -> int:
    """The TUI, on the practice server for ``demo``."""
    from l402tui.cli.configure import configured
    from l402tui.cli.trouble import Trouble

    if not _terminal():
        raise Trouble(
            Exit.USAGE,
            "The explorer needs a terminal, and this is none. "
            "Use `l402tui get URL`, or `l402tui demo --plain` to see how it works.",
        )
    settings = configured(options)
    code = _explored(options, settings)
    log = sys.modules.get("l402tui.cli.log")
    if code and log is not None and log.where() is not None:
        print(f"The log has more: {log.where()}", file=sys.stderr)
    return code


def _explored(options: Options, settings: Settings) -> int:
    from l402tui import tui

    if options.command == "inspect":
        return tui.run(settings, inspect=True)
    step = True if options.step is None else options.step
    if options.command == "demo":
        return tui.run(settings, demo=True, switches=tuple(options.switches), step=step)
    return tui.run(
        settings, url=options.url, wallet=options.wallet, no_pay=options.no_pay, step=step
    )


def _terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


if __name__ == "__main__":
    sys.exit(main())
