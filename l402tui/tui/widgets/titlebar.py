"""Where am I, and is this real money?

The line at the top: the screens there are, and the wallet that would pay.
"""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from l402tui.protocol.text import Shown
from l402tui.tui.words import styled

__all__ = ["TitleBar"]


class TitleBar(Static):
    """Name, screens and wallet."""

    def __init__(self, names: tuple[str, ...], here: str, id: str | None = None) -> None:
        super().__init__(markup=False, id=id)
        self._names = names
        self._here = here
        self._wallet = Shown("")

    def show(self, wallet: Shown) -> None:
        """Name the wallet."""
        self._wallet = wallet
        self._draw()

    def on_mount(self) -> None:
        """Draw it once without a wallet."""
        self._draw()

    def on_resize(self) -> None:
        """The wallet stands at the right end."""
        self._draw()

    def _draw(self) -> None:
        left = [Content.styled("l402tui", "bold $primary")]
        for number, name in enumerate(self._names, 1):
            here = name == self._here
            told = f"[{number} {name}]" if here else f"{number} {name}"
            left.append(Content.styled(told, "bold" if here else "$secondary"))
        line = Content("  ").join(left)
        wallet = styled(self._wallet, "bold $accent")
        gap = max(2, self.size.width - 2 - line.cell_length - wallet.cell_length)
        self.update(Content.assemble(line, " " * gap, wallet))
