"""What leaves the program besides the screen itself?

Notes, pictures of the screen, and the last words of a crash. None of them may carry a secret, or
anything that a terminal would obey.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

from rich.text import Text
from textual.app import App
from textual.worker import WorkerFailed

from l402tui.tui.secrecy import mask_secrets, masked_addresses

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
        with masked_addresses(self.screen_stack):
            return super().export_screenshot(title=title, simplify=simplify)

    def _fatal_error(self) -> None:
        from l402tui.protocol.crash import frames  # hopefully never needed

        # Textual's own version prints the values of all variables; preimages are among them. What
        # an error says may be a secret, too, or come from a server.
        self.bell()
        error = self._exception or sys.exc_info()[1]
        if isinstance(error, WorkerFailed):
            error = error.error
        lines = ["This is a mistake in l402tui itself."]
        if error is not None:
            lines += [line.text for line in frames(error)]
            logging.getLogger("l402tui.tui").error("A mistake of this program.", exc_info=error)
        self._exit_renderables.append(Text("\n".join(lines), overflow="fold"))
        self._close_messages_no_wait()
