"""What is said when the session cannot be opened?

Mistakes in the settings, a vault that does not open and a missing part are normal days: a sentence.
Anything else is a mistake of this program and is not hidden.
"""

from __future__ import annotations

from l402tui.flow.ports import VaultError
from l402tui.protocol.text import Shown, say, shown
from l402tui.settings import SettingsError

__all__ = ["told_trouble"]


def told_trouble(error: Exception) -> Shown | None:
    """The sentence for this error; None where it is unexpected."""
    match error:
        case SettingsError():
            return say("{} Nothing was sent or paid.", shown(str(error), 400))
        case VaultError():
            return say("{} Nothing was sent or paid.", shown(str(error), 400))
        case ImportError(name=str(name)):
            return say("A part is missing: {}. Nothing was sent or paid.", shown(name))
        case OSError():
            reason = shown(error.strerror or "no reason given")
            return say("The session cannot be opened: {}. Nothing was sent or paid.", reason)
        case _:
            return None
