"""Where am I, and is this real money?

The line at the top: the screens there are, and the wallet that would pay.
"""

from __future__ import annotations

from typing import Final

from textual.content import Content
from textual.widgets import Static

from l402tui.flow.model import WalletFacts
from l402tui.protocol.amount import format_msat
from l402tui.protocol.text import Shown, say, shown
from l402tui.tui.words import styled

__all__ = ["TitleBar"]

_NO_PAY: Final = say("NO-PAY: nothing can be paid")


class TitleBar(Static):
    """Name, screens and wallet."""

    def __init__(self, names: tuple[str, ...], here: str, id: str | None = None) -> None:
        """``here`` is one of ``names``, the screen it stands on."""
        super().__init__(markup=False, id=id)
        self._names = names
        self._here = here
        self._wallet = Shown("")

    def show(self, wallet: WalletFacts | None) -> None:
        """Name the wallet; None where nothing can be paid."""
        self._wallet = _told(wallet) if wallet is not None else _NO_PAY
        self._draw()

    def on_mount(self) -> None:
        """Draw it once without a wallet."""
        self._draw()

    def on_resize(self) -> None:
        """The wallet stands at the right end."""
        self._draw()

    def _draw(self) -> None:
        wallet = styled(self._wallet, "bold $accent")
        room = self.size.width - 2 - wallet.cell_length
        # Which money it is must be read; the names of other screens come last.
        for line in (self._line(), self._line(named=False), self._line(named=False, short=True)):
            if line.cell_length + 2 <= room:
                break
        gap = max(2, room - line.cell_length)
        self.update(Content.assemble(line, " " * gap, wallet))

    def _line(self, *, named: bool = True, short: bool = False) -> Content:
        parts = [Content.styled("l402tui", "bold $primary")] if named else []
        for number, name in enumerate(self._names, 1):
            here = name == self._here
            told = f"[{number} {name}]" if here else str(number) if short else f"{number} {name}"
            parts.append(Content.styled(told, "bold" if here else "$secondary"))
        return Content("  ").join(parts)


def _told(facts: WalletFacts) -> Shown:
    parts = [shown(facts.name.upper())]
    if facts.balance is not None:
        parts.append(shown(format_msat(facts.balance)))
    parts.append(say("real money" if facts.real_money else "no real money"))
    if not facts.ready:
        parts.append(say("NOT READY"))
    return say("  ".join(["{}"] * len(parts)), *parts)
