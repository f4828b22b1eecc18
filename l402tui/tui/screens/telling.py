"""What does a screen say when a key was pressed?

The part that every screen with keys of its own shares: a short note, the reason why a key does
nothing now, and one pane alone on the screen.
"""

from __future__ import annotations

from textual.screen import Screen

from l402tui.protocol.text import Shown

__all__ = ["Telling"]


class Telling(Screen[None]):
    """Notes and refusals."""

    def tell(self, sentence: Shown, *, error: bool = False) -> None:
        """A short note, for what a key just did or did not do."""
        self.app.notify(
            sentence.text, severity="error" if error else "information", timeout=6, markup=False
        )

    def why_not(self, action: str) -> Shown | None:
        """Why this action does nothing now; None where it does something."""
        refuse = getattr(self, f"_no_{action}", None)
        return refuse() if refuse is not None else None

    def redraw(self) -> None:
        """Draw the lines that depend on everything."""

    def do_maximise(self) -> None:
        """One pane alone, or all."""
        if self.maximized is not None:
            self.minimize()
        elif self.focused is not None:
            self.maximize(self.focused, container=False)
