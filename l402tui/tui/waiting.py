"""How long does it take still?

What is said beside the money while an answer does not come, or a long one comes in: how far it is,
and when it is given up. Nothing for what takes no time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from l402tui.flow import events as e
from l402tui.flow.endings import lasting
from l402tui.protocol.text import Shown, say
from l402tui.tui.watch import Watch

if TYPE_CHECKING:
    from l402tui.web.arriving import Arriving

__all__ = ["waiting"]

_SOON: Final = 1.0
"""Seconds that nobody needs to be told about."""


def waiting(watch: Watch) -> Shown | None:
    """The line; None where nobody waits for the server, or not long enough."""
    last = watch.events[-1] if watch.events else None
    if not isinstance(last, e.Requested | e.Retried):
        return None
    since = watch.session.clock.now() - last.at
    if since < _SOON:
        return None
    arriving: Arriving | None = getattr(watch.session.transport, "arriving", None)
    most = lasting(watch.session.settings.timeout_seconds)
    if arriving is None or arriving.here is None:
        return say("No answer yet: {}, of {} at most.", lasting(since), most)
    here, whole = _size(arriving.here), arriving.whole
    if whole is None:
        return say("Arriving: {} so far, {} of {} at most.", here, lasting(since), most)
    percent = 100 * arriving.here // max(1, whole)
    return say(
        "Arriving: {} of {} ({}%), {} of {} at most.",
        here, _size(whole), percent, lasting(since), most,
    )  # fmt: skip


def _size(count: int) -> Shown:
    """Bytes as a person reads them."""
    if count < 10_000:
        return say("{} bytes", count)
    if count < 10_000_000:
        return say("{} kB", count // 1_000)
    return Shown(f"{count / 1_000_000:.1f} MB")
