"""A vault of its own for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from l402tui.vault import SqliteVault


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def vault(folder: Path) -> Iterator[SqliteVault]:
    with SqliteVault.open(folder, patience=0.05) as opened:
        yield opened
