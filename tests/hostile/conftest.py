"""The world of each case, and the count of them all at the end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .world import World, opened

_CASE = re.compile(r"tests/hostile/.*::test_h([0-9]{3})_")


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Iterator[World]:
    with opened(tmp_path / "home", monkeypatch, capfdbinary) as made:
        yield made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    passed = [_CASE.search(report.nodeid) for report in terminalreporter.stats.get("passed", ())]
    cases = {match[1] for match in passed if match}
    if cases:
        variants = sum(1 for match in passed if match)
        terminalreporter.write_line(
            f"hostile: {len(cases)} of 116 cases, {variants} variants passed"
        )
