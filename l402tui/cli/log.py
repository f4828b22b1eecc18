"""What is written down of a run, where a person asked for it with ``--log FILE``?

Each event of a flow in one line, and the warnings of the libraries below. Every line goes through
one formatter: what could be a secret is masked, then every character is made safe to show. The file
is for its owner alone; one that others can read is refused before anything is sent.

Libraries tell headers and bytes in their debug records, so of those only warnings are taken.
"""

from __future__ import annotations

import logging
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from l402tui import __version__
from l402tui.cli.exits import Exit
from l402tui.cli.trouble import Trouble
from l402tui.protocol.crash import frames
from l402tui.protocol.masking import masked_text
from l402tui.protocol.text import shown

__all__ = ["RedactingFormatter", "begin", "unwritten", "where"]

_OURS: Final = "l402tui"
_MOST: Final = 8_000
"""Characters of one line."""
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class RedactingFormatter(logging.Formatter):
    """One line a record: time (UTC), level, who, and the words, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; frames of an exception follow it, indented, without values."""
        lines = [self._line(record)]
        if record.exc_info and record.exc_info[1] is not None:
            lines += [f"    {line}" for line in frames(record.exc_info[1])]
        return "\n".join(lines)

    def _line(self, record: logging.LogRecord) -> str:
        try:
            said = record.getMessage()
        except Exception:  # a library's format string and its values do not fit
            said = "(a record that cannot be told)"
        at: float = getattr(record, "at", record.created)
        words = shown(masked_text(said[:_MOST]), _MOST)
        return f"{_stamp(at)} {record.levelname:<7} {shown(record.name, 60)}: {words}"


def _stamp(at: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
    return f"{whole}.{int(at % 1 * 1000):03d}Z"


class _File(logging.StreamHandler):  # type: ignore[type-arg]  # generic in the stubs alone
    """The log file. Where it cannot be written, the run goes on and says so at the end."""

    def __init__(self, path: Path) -> None:
        super().__init__(os.fdopen(_opened(path), "a", encoding="utf-8", errors="backslashreplace"))
        self.path = path
        self.trouble = False
        self.setFormatter(RedactingFormatter())
        self.addFilter(_worth)

    def handleError(self, record: logging.LogRecord) -> None:
        """Called by logging inside of an ``except``."""
        self.trouble = True


_file: _File | None = None


def begin(path: str | None) -> None:
    """Write the log there from now on; without a path, only make warnings safe that nobody else
    takes. Raises Trouble for a file that is not the person's own or not closed to others."""
    global _file
    last = logging.StreamHandler()
    last.setLevel(logging.WARNING)
    last.setFormatter(RedactingFormatter())
    logging.lastResort = last
    if path is None:
        return
    _file = _File(Path(path))
    root = logging.getLogger()
    root.addHandler(_file)
    logging.getLogger(_OURS).setLevel(logging.INFO)
    logging.captureWarnings(True)
    logging.getLogger(_OURS).info("Begun: version %s.", __version__)


def where() -> Path | None:
    """Where the log is, if there is one."""
    return _file.path if _file is not None else None


def unwritten() -> Iterator[str]:
    """What a person should hear about the log at the end."""
    if _file is not None and _file.trouble:
        yield f"The log {shown(str(_file.path), 400)} could not be written whole."


def _worth(record: logging.LogRecord) -> bool:
    """Our own records, and the warnings of others."""
    ours = record.name == _OURS or record.name.startswith(f"{_OURS}.")
    return ours or record.levelno >= logging.WARNING


# --- the file ------------------------------------------------------------------------------------


def _opened(path: Path) -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        if not _own_link(path):
            flags |= os.O_NOFOLLOW
        handle = os.open(path, flags, 0o600)
    except OSError as error:
        raise _refused(path, f"{error.strerror or 'it cannot be opened'}.") from None
    try:
        _check(path, os.fstat(handle))
    except BaseException:
        os.close(handle)
        raise
    return handle


def _own_link(path: Path) -> bool:
    """Whether it is a link; then of our own. Raises Trouble."""
    try:
        facts = path.lstat()
    except FileNotFoundError:
        return False
    if not stat.S_ISLNK(facts.st_mode):
        return False
    if facts.st_uid != os.geteuid():
        raise _refused(path, "it is a link that another user has made.")
    return True


def _check(path: Path, facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise _refused(path, "it is no plain file.")
    if facts.st_uid != os.geteuid():
        raise _refused(path, "it belongs to another user.")
    if facts.st_mode & _OTHERS:
        mode = f"{stat.S_IMODE(facts.st_mode):03o}"
        raise _refused(
            path,
            f"other users can read or change it (mode {mode}), and it tells what you buy. "
            "Close it with chmod 600, or name a new file.",
        )


def _refused(path: Path, why: str) -> Trouble:
    return Trouble(Exit.USAGE, f"--log {shown(str(path), 400)}: {why} Nothing was sent.")
