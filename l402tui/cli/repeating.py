"""How is a word of the command line repeated in a message?

Credentials are pasted without quotes, and a preimage is easily given where a file's name belongs.
What could be one is not repeated: messages end up in logs and on shared screens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from l402tui.protocol.masking import looks_secret
from l402tui.protocol.text import Shown, say, shown

__all__ = ["looks_secret", "repeated", "surplus", "without_secrets"]

_QUOTED: Final = {
    "inspect": "l402tui inspect 'Authorization: L402 ...'",
    "get": "l402tui get -H 'Name: value' URL",
}
_OPTION: Final = re.compile(r"(--?[A-Za-z][A-Za-z-]{0,20})(?:=.*)?", re.ASCII | re.DOTALL)


def repeated(word: str, limit: int = 60) -> Shown:
    """A word as it was given, or how long it is where it looks like a secret."""
    if looks_secret(word):
        return say("‹hidden: {} characters›", len(word))
    return shown(word, limit)


def without_secrets(message: str) -> str:
    """A message of argparse, which quotes what was given: safe to show, without secrets."""
    words = re.sub(r"\S+", lambda match: repeated(match[0], 1_000).text, message)
    return shown(words, 2_000).text


def surplus(words: Sequence[str], command: str) -> str:
    """What to say about words that no argument of ``command`` takes. None of them is repeated but
    the names of options."""
    options = [match[1] for word in words if (match := _OPTION.fullmatch(word)) is not None]
    said = [f"there is no option {option}" for option in options]
    more = len(words) - len(options)
    if more:
        which = "1 word" if more == 1 else f"{more} words"
        example = f": {_QUOTED[command]}" if command in _QUOTED else "."
        said.append(
            f"{which} too many (not shown, in case of a secret). What has spaces in it needs "
            f"quotes around it{example}"
        )
    return "; ".join(said)
