"""What does a person read when something goes wrong outside of a flow?

What happened, why and what to do, on stderr, and never a traceback: the exit code says the rest.
A flow that ends badly is no trouble; its own ending tells it.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from l402tui.cli.exits import Exit
from l402tui.cli.ink import Pen
from l402tui.protocol.text import shown

__all__ = ["Trouble", "Verdict", "silence_stdout", "told"]

_DEBUG = "L402TUI_DEBUG"


class Trouble(Exception):
    """Something that a person should read; the message is safe to show."""

    def __init__(self, exit: Exit, words: str) -> None:
        super().__init__(words)
        self.exit = exit


@dataclass(slots=True)
class Verdict:
    """The exit code so far."""

    exit: int = Exit.OK


@contextmanager
def told() -> Iterator[Verdict]:
    """Turn whatever is raised inside into words and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    verdict = Verdict()
    try:
        yield verdict
        sys.stdout.flush()
    except BrokenPipeError:
        silence_stdout()
    except KeyboardInterrupt:
        Pen().line("\nStopped.")
        verdict.exit = Exit.STOPPED
    except Exception as error:
        verdict.exit, words = _explained(error)
        Pen().words(f"l402tui: {words}")


def silence_stdout() -> None:
    """Whoever read our output has seen enough; Python must not complain about it at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _explained(error: Exception) -> tuple[Exit, str]:
    # Imported now: on a good day none of this is needed.
    from l402tui.flow.ports import VaultError
    from l402tui.protocol.errors import DecodeError
    from l402tui.protocol.url import UrlError
    from l402tui.settings import SettingsError

    words = str(error)
    match error:
        case Trouble():
            return error.exit, words
        case SettingsError():
            return Exit.USAGE, words
        case UrlError():
            return Exit.USAGE, f"This address is not opened: {words}."
        case VaultError():
            return Exit.BROKEN, f"{words} Nothing was sent and nothing was paid."
        case DecodeError():
            return Exit.USAGE, f"This cannot be read: {words}."
        case OSError():
            return Exit.BROKEN, f"The system said no: {shown(words)}."
    if os.environ.get(_DEBUG):
        traceback.print_exception(error)
    where = traceback.extract_tb(error.__traceback__)[-1]
    return Exit.BROKEN, (
        f"This is a mistake in l402tui itself ({type(error).__name__} in {where.name}, line "
        f"{where.lineno}). If a payment was under way, run the same command again: it is followed, "
        f"never paid twice. {_DEBUG}=1 shows more."
    )
