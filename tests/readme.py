"""Which commands does the README promise?

``python -m tests.readme test`` prints the one that passes the tests, so that CI runs exactly what a
reader would; :mod:`tests.test_readme` runs the others.
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


if __name__ == "__main__":
    print(setup({"test": "pytest -q", "demo": "l402tui demo"}[sys.argv[1]]))
