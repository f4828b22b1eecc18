"""What does the exit code say?

The numbers are stable: scripts and agents decide by them. ``--help`` prints this table.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from l402tui.flow.model import Ending

__all__ = ["Exit", "exit_of", "table"]


class Exit(IntEnum):
    """How the program ended."""

    sentence: str

    def __new__(cls, number: int, sentence: str) -> Self:
        """The value is the number; the sentence comes with it."""
        member = int.__new__(cls, number)
        member._value_ = number
        member.sentence = sentence
        return member

    OK = 0, "Delivered, or the bill was looked at as asked."
    BROKEN = 1, "Something here did not work, such as the disk or the vault."
    USAGE = 2, "The command line or the settings cannot be used as they are."
    REFUSED = 3, "A check or a limit said no. Nothing was paid."
    NOT_PAID = 4, "The wallet says for certain that it did not pay."
    UNSETTLED = 5, "Money may have been spent. The same command again follows the payment."
    UNDELIVERED = 6, "Paid, but not delivered or not accepted. The credential is kept."
    UNREACHABLE = 7, "There is no whole answer from the server. Nothing was paid."
    NOT_PAYABLE = 8, "The server wants payment, but not by L402."
    DECLINED = 9, "Nobody approved the payment."
    HTTP_ERROR = 10, "Delivered, but the answer's own status is an error (400 or above)."
    STOPPED = 130, "Stopped with ctrl+c. The last line says whether money was spent."


def exit_of(ending: Ending, status: int | None) -> Exit:
    """The exit code of a flow. ``status`` is the HTTP status of the answer that was delivered."""
    code = Exit[_NAMES[ending.outcome.name]]
    return Exit.HTTP_ERROR if code is Exit.OK and status is not None and status >= 400 else code


_NAMES = {
    "FREE": "OK",
    "PAID": "OK",
    "REUSED": "OK",
    "PREVIEWED": "OK",
    "NOT_PAYABLE": "NOT_PAYABLE",
    "REFUSED": "REFUSED",
    "DECLINED": "DECLINED",
    "NOT_PAID": "NOT_PAID",
    "UNSETTLED": "UNSETTLED",
    "UNDELIVERED": "UNDELIVERED",
    "REJECTED": "UNDELIVERED",
    "UNREACHABLE": "UNREACHABLE",
    "BROKEN": "BROKEN",
}


def table(*codes: Exit) -> str:
    """The exit codes for ``--help``: these, or all of them."""
    sentences = {code: code.sentence for code in codes or Exit}
    if codes:  # of a command that fetches nothing
        sentences[Exit.OK] = "Done."
    lines = [f"  {code.value:>3}  {sentence}" for code, sentence in sentences.items()]
    return "\n".join(["exit codes:", *lines])
