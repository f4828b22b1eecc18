"""What leaves the program besides the screen itself?

Notes, pictures of the screen, and the last words of a crash. None of them may carry a secret, or
anything that a terminal would obey.
"""

from __future__ import annotations

from typing import Any

from rich.segment import Segment, Segments
from textual.app import App

from l402tui.protocol.text import shown
from l402tui.tui.secrecy import mask_secrets

__all__ = ["CarefulApp"]


class CarefulApp(App[None]):
    """The part of the explorer that has nothing to do with L402."""

    def notify(self, message: str, **how: Any) -> None:
        """One note at a time: a second one would cover more of the screen."""
        self.clear_notifications()
        super().notify(message, **how)

    def clear_notifications(self) -> None:
        """Textual takes the notes away and leaves the rows they stood in."""
        for screen in self.screen_stack:
            screen.query("ToastHolder").remove()
        super().clear_notifications()

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """A picture of the screen, as SVG. Every way to one leads here: secrets are masked, and
        stay so."""
        masked = [mask_secrets(screen) for screen in self.screen_stack]
        if any(masked):
            self.notify("Secrets were masked for the picture.", markup=False)
        return super().export_screenshot(title=title, simplify=simplify)

    def _fatal_error(self) -> None:
        from rich.traceback import Traceback  # slow to import, and hopefully never needed

        # Textual's own version prints the values of all variables; preimages are among them.
        self.bell()
        traceback = Traceback(show_locals=False, width=None, max_frames=20)
        rendered = map(_harmless, self.console.render(traceback, self.console.options))
        self._exit_renderables.append(Segments(rendered))
        self._close_messages_no_wait()


def _harmless(segment: Segment) -> Segment:
    """What an error says may come from a server: nothing in it is for the terminal to obey."""
    text = "\n".join(shown(line, 10_000).text for line in segment.text.split("\n"))
    return Segment(text, segment.style, segment.control)
