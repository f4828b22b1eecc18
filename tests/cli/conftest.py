"""A practice server, and a command line with a home of its own, for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from l402tui.practice.run import PracticeServer
from tests.cli.command import Commands


@pytest.fixture
def server() -> Iterator[PracticeServer]:
    with PracticeServer.in_thread() as running:
        yield running


@pytest.fixture
def l402tui(tmp_path: Path) -> Iterator[Commands]:
    commands = Commands(tmp_path / "home")
    yield commands
    commands.end()
