"""Where does the body of the answer go?

Raw to a pipe or a file, exactly the bytes that came. A terminal gets text that cannot move it:
every line is made safe first, and what is no text is not printed at all. A file is written beside
its place, as it comes, and moved there when it is whole, so that there is never half an answer;
what breaks off stays as FILE.part, and ``-c`` goes on from there.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from l402tui.cli.exits import Exit
from l402tui.cli.trouble import Trouble
from l402tui.flow.message import Response
from l402tui.protocol.text import Shown, say, shown
from l402tui.web.part import Part, PartBusy

__all__ = ["Destination", "safe_lines"]

_LINE_LIMIT = 10_000


class Destination:
    """Where ``-o`` says the body goes; stdout without it. To be used as a context.

    ``resume``: go on with what an earlier run has left in FILE.part. Raises Trouble where nothing
    could be written there: better now than after the payment.
    """

    def __init__(self, output: str | None, *, resume: bool = False) -> None:
        self._raw = output == "-" or (output is None and not sys.stdout.isatty())
        self._path = Path(output).resolve() if output not in (None, "-") and output else None
        self.part: Part | None = None
        """What takes the body as it comes, where it goes to an ordinary file."""
        if self._path is not None:
            _examine(self._path)
            if not self._path.exists() or self._path.is_file():
                self.part = _opened(self._path, resume=resume)
        if resume and self.part is None:
            raise Trouble(Exit.USAGE, "-c goes on with a file: name it with -o. Nothing was sent.")

    def __enter__(self) -> Self:
        """Nothing is to be done."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave FILE.part to a later run, if there is anything in it."""
        if self.part is not None:
            self.part.close()

    @property
    def broken(self) -> bool:
        """Whether it is our own disk that did not take the body."""
        return self.part is not None and self.part.trouble is not None

    def left(self) -> Shown | None:
        """What this run leaves in FILE.part, and how to go on; None where that is nothing."""
        part = self.part
        if part is None or not (part.touched or part.trouble):
            return None
        why = Shown("")
        if part.trouble is not None:
            said = shown(part.trouble.strerror or "no reason given")
            why = say("The body could not be written to {}: {}. ", _named(part.path), said)
        if not part.kept:
            return why or None
        if part.resumable:
            todo = say("The same command with -c goes on from there.")
        else:
            todo = say("The server offers no way to go on from there: it will begin anew.")
        return say("{}{} bytes are kept in {}. {}", why, part.kept, _named(part.path), todo)

    @property
    def file(self) -> Path | None:
        """The file it goes to, if it is one."""
        return self._path

    def deliver(self, response: Response) -> Shown | None:
        """Write the body; a remark for the person where there is one. Raises Trouble."""
        if self._path is not None:
            if not response.complete and response.saved is not None:
                return None  # `left` says more
            if not response.complete:
                return say("The answer is not whole, so {} was not written.", _named(self._path))
            try:
                if response.saved is not None and self.part is not None:
                    self.part.finish(_ordinary_mode())
                else:
                    _write(self._path, response.body)
            except OSError as error:
                raise Trouble(
                    Exit.BROKEN,
                    f"The answer came, but it could not be written to {_named(self._path)}: "
                    f"{shown(error.strerror or 'no reason given')}. What was paid for is kept: "
                    "run the same command again with another -o, it costs nothing.",
                ) from None
            return say("{} bytes written to {}.", response.size, _named(self._path))
        if self._raw:
            sys.stdout.flush()
            sys.stdout.buffer.write(response.body)
            sys.stdout.buffer.flush()
            return None
        return _onto_terminal(response.body)


def safe_lines(body: bytes) -> list[str] | None:
    """The body as lines that a terminal may get; None where it is no text."""
    if b"\0" in body:
        return None
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    lines = text.removesuffix("\n").split("\n")
    return [shown(line.removesuffix("\r").expandtabs(), _LINE_LIMIT).text for line in lines]


def _onto_terminal(body: bytes) -> Shown | None:
    lines = safe_lines(body)
    if lines is None:
        note = "The answer is {} bytes that are no text, so they are not put on the screen: use -o."
        return say(note, len(body))
    if body:
        print("\n".join(lines), flush=True)
    return None if body else say("The answer is empty.")


def _named(path: Path) -> Shown:
    return shown(str(path), 400)


def _opened(path: Path, *, resume: bool) -> Part:
    try:
        return Part.open(path, resume=resume)
    except PartBusy as busy:
        said = shown(str(busy))
    except OSError as error:
        said = shown(error.strerror or "no reason given")
    name = _named(path.with_name(f"{path.name}.part"))
    raise Trouble(Exit.USAGE, f"-o: {name} cannot be written: {said}. Nothing was sent.")


def _examine(path: Path) -> None:
    if path.is_dir() or not path.parent.is_dir():
        what = "it is a folder" if path.is_dir() else "there is no such folder"
        raise Trouble(Exit.USAGE, f"-o {_named(path)}: {what}. Nothing was sent.")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        words = f"-o {_named(path)}: it may not be written. Nothing was sent."
        raise Trouble(Exit.USAGE, words)


def _write(path: Path, body: bytes) -> None:
    mode = path.stat().st_mode if path.exists() else None
    if mode is not None and not stat.S_ISREG(mode):  # /dev/null, a pipe
        path.write_bytes(body)
        return
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            os.fchmod(file.fileno(), stat.S_IMODE(mode) if mode is not None else _ordinary_mode())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _ordinary_mode() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask
