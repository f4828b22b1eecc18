"""How is a flow written down as a play?

``play(request)`` begins one; ``<<`` says which command comes next, ``>>`` what happens then::

    play(REQUEST) << LookUp(REQUEST) >> Found() << Send(REQUEST) >> Answered(answer())

A command is given whole or only as its class. Nothing may be left out: an event may come only
when every command before it was named. ``ends`` takes the last command and looks at the ending.
"""

from __future__ import annotations

from collections import deque
from typing import Self

from l402tui.flow.commands import Command, Finish, LookUp
from l402tui.flow.events import Event, Finished
from l402tui.flow.flow import Phase, begin, step
from l402tui.flow.model import Ending, Money, Outcome, Request

Transition = tuple[Phase, type[Event]]

SEEN: set[Transition] = set()
"""Every arrow of the machine that a play of this process has taken."""


class Play:
    """One flow, step by step."""

    def __init__(
        self,
        request: Request,
        *,
        may_pay: bool = True,
        follow: bytes | None = None,
        resend: bool = False,
    ) -> None:
        self.state, commands = begin(request, may_pay=may_pay, follow=follow, resend=resend)
        self._due = deque(commands)
        self.said: list[Command] = list(commands)
        """Every command so far."""

    def __lshift__(self, expected: Command | type[Command]) -> Self:
        """The next command is this one."""
        assert self._due, f"no command follows, but {expected} was expected"
        command = self._due.popleft()
        if isinstance(expected, type):
            assert isinstance(command, expected), f"{command} instead of {expected.__name__}"
        else:
            assert command == expected
        return self

    def __rshift__(self, event: Event) -> Self:
        """This happens."""
        assert not self._due, f"not named: {list(self._due)}"
        SEEN.add((self.state.phase, type(event)))
        self.state, commands = step(self.state, event)
        self._due = deque(commands)
        self.said += commands
        return self

    def ends(self, outcome: Outcome, money: Money) -> Ending:
        """The next command is the last, with this outcome."""
        command = self._due.popleft()
        assert isinstance(command, Finish)
        assert (command.ending.outcome, command.ending.money) == (outcome, money)
        assert command.ending.what
        self >> Finished(command.ending)
        assert self.state.phase is Phase.DONE
        assert not self._due
        return command.ending

    def never(self, *kinds: type[Command]) -> Self:
        """None of these was ever to be done."""
        assert not [command for command in self.said if isinstance(command, kinds)]
        return self


def play(request: Request, *, may_pay: bool = True) -> Play:
    """Begin a flow; the question to the vault comes first, always."""
    return Play(request, may_pay=may_pay) << LookUp(request)
