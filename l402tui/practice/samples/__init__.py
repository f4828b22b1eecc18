"""What can a person take apart on the first day?

``python -m l402tui.practice.samples FOLDER`` writes one small file for each thing worth looking at:
a comment that says what it teaches, then the thing itself, as ``l402tui inspect`` reads it. They
are made from a fixed seed and a fixed time, so they are the same every time; nothing in them is
secret. :mod:`.challenges`, :mod:`.tokens` and :mod:`.messages` hold a group each.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from l402tui.practice.samples.challenges import challenges
from l402tui.practice.samples.messages import messages
from l402tui.practice.samples.tokens import credentials, invoices, tokens
from l402tui.practice.samples.workshop import MADE_AT, Sample, Workshop

__all__ = ["MADE_AT", "Sample", "markdown", "samples", "write"]


@cache
def samples() -> Mapping[str, Sample]:
    """File name to sample, in the order in which a learner meets them."""
    made: dict[str, Sample] = {}
    for group in (challenges, tokens, credentials, invoices, messages):
        made |= group(Workshop())
    return made


def write(folder: Path) -> None:
    """Write them, and remove what is none of them any more."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = samples()
    for path in folder.glob("*.*"):
        if path.name not in kept:
            path.unlink()
    for name, sample in kept.items():
        (folder / name).write_text(sample.file, "utf-8")


def markdown(folder: str) -> str:
    """The table of them for the README; ``folder`` is where the links lead."""
    lines = ["| Sample | What it teaches |", "|---|---|"]
    for name, sample in samples().items():
        lines.append(f"| [{name}]({folder}/{name}) | {sample.teaches} |")
    return "\n".join(lines) + "\n"
