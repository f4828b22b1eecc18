"""The samples in the repository are the ones that the program makes, and each can be read."""

from pathlib import Path

import pytest

from l402tui.practice.samples import samples
from l402tui.protocol.dissect import dissect
from l402tui.protocol.tree import Mark

FOLDER = Path(__file__).parents[2] / "sample_tokens"


def test_they_are_made_not_written() -> None:
    made = {name: f"# {teaches}\n{content}\n" for name, (teaches, content) in samples().items()}
    kept = {path.name: path.read_text("utf-8") for path in FOLDER.iterdir()}
    assert kept == made, "run python -m l402tui.practice.samples sample_tokens"


@pytest.mark.parametrize("name", sorted(samples()))
def test_each_teaches_what_it_says(name: str) -> None:
    marks = {node.mark for node in dissect(samples()[name][1]).walk()}
    assert (Mark.BAD in marks) == (name == "challenge-wrong-invoice.txt")
    assert (Mark.WARN in marks) == (name == "token-widened.txt")
