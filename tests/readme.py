"""Which commands does the README promise?

``python -m tests.readme test`` prints the one that passes the tests, so that CI runs exactly what a
reader would; :mod:`tests.test_readme` runs the others. ``python -m tests.readme keys`` writes the
table of keys into the README, from the one table that also makes the bindings.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def commands() -> list[str]:
    """Every line of every ``sh`` block, in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README.read_text("utf-8"), re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def setup(ending: str) -> str:
    """The set-up command that ends so."""
    (found,) = [line for line in commands() if "venv" in line and line.endswith(ending)]
    return found


_KEYS = re.compile(r"(?<=<!-- keys -->\n).*?(?=<!-- /keys -->)", re.S)


def key_table() -> str:
    """The table of keys as it stands in the README."""
    (table,) = _KEYS.findall(README.read_text("utf-8"))
    return str(table)


def write_key_table() -> None:
    """Put the keymap's table there."""
    from l402tui.tui.keymap import markdown

    text = README.read_text("utf-8")
    README.write_text(_KEYS.sub(lambda _: markdown().strip() + "\n", text), "utf-8")


if __name__ == "__main__":
    if sys.argv[1] == "keys":
        write_key_table()
    else:
        print(setup({"test": "pytest -q", "demo": "l402tui demo"}[sys.argv[1]]))
