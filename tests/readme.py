"""Which commands does the README promise, and which of its tables are generated?

``python -m tests.readme test`` prints the one that passes the tests, so that CI runs exactly what a
reader would; :mod:`tests.test_readme` runs the others. ``python -m tests.readme tables`` writes the
tables of samples, verifiers and keys into the README, from what also makes the files, the
predictions and the bindings.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"
TABLES = ("samples", "verifiers", "keys")


def commands() -> list[str]:
    """Every line of every ``sh`` block, in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README.read_text("utf-8"), re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def setup(ending: str) -> str:
    """The set-up command that ends so."""
    (found,) = [line for line in commands() if "venv" in line and line.endswith(ending)]
    return found


def table(name: str) -> str:
    """A generated table as it stands in the README, between its two comments."""
    (found,) = re.findall(
        rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", README.read_text("utf-8"), re.S
    )
    return str(found)


def made(name: str) -> str:
    """The same as it should be."""
    if name == "keys":
        from l402tui.tui import keymap

        return keymap.markdown()
    if name == "verifiers":
        from l402tui.protocol.verifiers import PROFILES
        from l402tui.protocol.verifiers.table import markdown

        return markdown(PROFILES.values())
    from l402tui.practice import samples

    return samples.markdown("sample_tokens")


def write_tables() -> None:
    """Put the tables there."""
    text = README.read_text("utf-8")
    for name in TABLES:
        before, _, rest = text.partition(f"<!-- {name} -->\n")
        text = f"{before}<!-- {name} -->\n{made(name)}{rest[rest.index(f'<!-- /{name} -->') :]}"
    README.write_text(text, "utf-8")


if __name__ == "__main__":
    if sys.argv[1] == "tables":
        write_tables()
    else:
        print(setup({"test": "--dist loadgroup", "demo": "l402tui demo"}[sys.argv[1]]))
