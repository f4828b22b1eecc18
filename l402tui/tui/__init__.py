"""How a person uses l402tui in the terminal.

:func:`run` is all that other rooms call. Textual is imported when it is called, not before.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from l402tui.protocol.url import Url
    from l402tui.settings import Settings
    from l402tui.wiring import Receive, Session

__all__ = ["run"]


def run(
    settings: Settings,
    url: str | None = None,
    *,
    demo: bool = False,
    switches: Sequence[str] = (),
    wallet: str | None = None,
    no_pay: bool = False,
    step: bool = True,
    inspect: bool = False,
) -> int:
    """Run the explorer until the person leaves it. Gives the exit code, never 0 after a crash.
    Where a flow has run, the last line on stderr says whether money was spent.

    ``demo``: on the practice server, with these mistakes switched on. ``wallet`` as in
    :func:`~l402tui.wiring.open_session`; ``no_pay`` leaves nothing that could pay. ``inspect``
    begins with the screen that takes apart what is pasted.
    """
    from l402tui.tui.app import ExplorerApp
    from l402tui.wiring import open_session, practice_session

    usual = wallet

    def opener(
        *, demo: bool, url: Url | None, receive: Receive, wallet: str | None = None
    ) -> AbstractAsyncContextManager[Session]:
        if demo:
            return practice_session(settings, switches=",".join(switches))
        chosen = "none" if no_pay else wallet or usual
        return open_session(settings, chosen, receive=receive, url=url)

    app = ExplorerApp(opener, url, demo=demo, step=step, inspect=inspect)
    app.run()
    if app.closing is not None:
        print(app.closing.text, file=sys.stderr)
    return app.return_code or 0
