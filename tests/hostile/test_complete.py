"""Is there a test for every case from H001 to H116?"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ALL = range(1, 117)
_NAME = re.compile(r"test_h([0-9]{3})_")


def cases() -> Iterator[tuple[Path, int]]:
    """The number of each test of this package that has one, with its file."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found = _NAME.match(node.name)
                if found:
                    yield path, int(found[1])


def test_every_case_has_a_test() -> None:
    there = Counter(number for _, number in cases())
    missing = [f"H{number:03}" for number in ALL if number not in there]
    assert not missing, f"without a test: {', '.join(missing)}"


def test_no_test_is_of_a_case_that_is_not_there() -> None:
    assert {number for _, number in cases()} <= set(ALL)


def test_a_file_holds_the_cases_that_it_is_named_after() -> None:
    for path, number in cases():
        named = re.match(r"test_h([0-9]{3})_(?:h([0-9]{3})_)?", path.name)
        assert named is not None, path.name
        first, last = int(named[1]), int(named[2] or named[1])
        assert first <= number <= last, f"H{number:03} is in {path.name}"
