"""What does a person read when something goes wrong outside of a flow?

What happened, why and what to do, on stderr, and never a traceback: the exit code says the rest.
A flow that ends badly is no trouble; its own ending tells it. What nobody expected is told by its
kind, place and words, with what could be a secret masked, and never with the values of variables.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from l402tui.cli.exits import Exit
from l402tui.cli.ink import Pen
from l402tui.protocol.text import Shown, shown

__all__ = ["Mishap", "Trouble", "Verdict", "silence_stdout", "told"]

_DEBUG = "L402TUI_DEBUG"


class Trouble(Exception):
    """Something that a person should read; the message is safe to show."""

    def __init__(self, exit: Exit, words: str) -> None:
        super().__init__(words)
        self.exit = exit


class Mishap(Exception):
    """A mistake of ours has ended a flow. The cause is the exception itself."""

    def __init__(self, money: Shown) -> None:
        super().__init__(money.text)
        self.money = money
        """Whether money was spent, and what to do."""


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
    for remark in _about_the_log():
        Pen().words(remark)


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
            return Exit.BROKEN, f"The system said no: {_said_by_the_system(error)}."
    return Exit.BROKEN, _mistake(error)


def _mistake(error: Exception) -> str:
    from l402tui.protocol.crash import frames, told_error

    money = (
        "If a payment was under way, run the same command again: it is followed, never paid twice."
    )
    cause: BaseException = error
    if isinstance(error, Mishap):
        money, cause = error.money.text, error.__cause__ or error
    if os.environ.get(_DEBUG):
        for line in frames(cause):
            Pen().line(line.text)
    more = f"{_DEBUG}=1 shows more."
    logged = _log_of(cause)
    if logged is not None:
        more = f"The log has more: {logged}"
    return f"This is a mistake in l402tui itself ({told_error(cause)}). {money} {more}"


def _said_by_the_system(error: OSError) -> Shown:
    if error.strerror and isinstance(error.filename, str | bytes):
        return shown(f"{error.strerror}: {os.fsdecode(error.filename)}", 1_000)
    from l402tui.protocol.masking import masked_text

    return shown(masked_text(str(error)[:2_000]))


def _log_of(error: BaseException) -> Shown | None:
    """Where the log is, with this error in it; None where there is no log."""
    log = sys.modules.get("l402tui.cli.log")  # whoever asked for one has loaded it
    where = log.where() if log is not None else None
    if where is None:
        return None
    import logging

    logging.getLogger("l402tui").error("A mistake of this program.", exc_info=error)
    return shown(str(where), 400)


def _about_the_log() -> Iterator[str]:
    log = sys.modules.get("l402tui.cli.log")
    if log is not None:
        yield from log.unwritten()
