"""Who may look into this process? Nobody who is not root.

Preimages and credentials stand there. A core dump would write them to disk, and a debugger of the
same user could read them: both are switched off before anything secret is read. What Python itself
prints about an exception quotes its words as they are, so that goes through the mask, too.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Final

__all__ = ["take_shelter"]

_PR_SET_DUMPABLE: Final = 4
"""``prctl(2)``: with 0 there is no core dump, ``/proc/PID`` belongs to root, and only root may
attach to the process."""


def take_shelter() -> None:
    """No core dumps; on Linux no looking in either. What a system does not have is passed over."""
    sys.excepthook = _tell
    sys.unraisablehook = lambda raised: _tell(None, raised.exc_value, None)
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with suppress(ImportError, OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _tell(_: object, error: BaseException | None, __: object) -> None:
    from l402tui.protocol.crash import frames  # on a good day nobody needs it

    for line in frames(error) if error is not None else ():
        print(f"l402tui: {line}", file=sys.stderr)
