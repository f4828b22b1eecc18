"""How is a person asked, whatever stdin and stdout are connected to?

The controlling terminal is opened by its own name, so a pipe can neither answer nor swallow a
question. What was typed before the question appeared is thrown away: nobody says yes by having
typed ahead. Waiting for the answer can be cancelled.
"""

from __future__ import annotations

import asyncio
import os
import termios
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from types import TracebackType
from typing import Self, TextIO

__all__ = ["Terminal"]

_MOST = 4_096


class Terminal:
    """The person's own terminal. Also a context manager that closes itself."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.out: TextIO = open(  # noqa: SIM115 - closed in __exit__
            os.dup(descriptor), "w", encoding="utf-8", errors="backslashreplace"
        )

    @classmethod
    def open(cls) -> Self | None:
        """The controlling terminal; None where there is none."""
        try:
            return cls(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
        except OSError:
            return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.out.close()
        os.close(self._descriptor)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        with suppress(OSError):
            columns, rows = os.get_terminal_size(self._descriptor)
            return columns, rows
        return 80, 24

    def write(self, lines: Iterable[str]) -> None:
        """Lines that are safe to show."""
        for line in lines:
            print(line, file=self.out)
        self.out.flush()

    async def ask(self, question: str, *, hidden: bool = False) -> str:
        """One line from the person, without its newline; empty at the end of input (ctrl+d).

        ``hidden``: what is typed is not shown. Raises CancelledError when the task is cancelled.
        """
        with self._without_echo() if hidden else nullcontext():
            # After the echo is off and before the question is on the screen.
            termios.tcflush(self._descriptor, termios.TCIFLUSH)
            self.out.write(question)
            self.out.flush()
            line = await self._line()
        if hidden:
            self.write([""])
        return line

    async def _line(self) -> str:
        loop = asyncio.get_running_loop()
        came: asyncio.Future[bytes] = loop.create_future()

        def readable() -> None:
            if came.done():
                return
            try:
                came.set_result(os.read(self._descriptor, _MOST))
            except OSError:  # the terminal has gone
                came.set_result(b"")

        loop.add_reader(self._descriptor, readable)
        try:
            return (await came).decode("utf-8", "replace").strip()
        finally:
            loop.remove_reader(self._descriptor)

    @contextmanager
    def _without_echo(self) -> Iterator[None]:
        before = termios.tcgetattr(self._descriptor)
        after = [*before]
        after[3] &= ~termios.ECHO
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, after)
        try:
            yield
        finally:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, before)
