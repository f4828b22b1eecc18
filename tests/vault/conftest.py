"""A vault of its own for every test; where a module asks for ``kept``, plain and sealed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from l402tui.vault import SqliteVault

from .rings import Ring, ring_of_this_test

BOTH_WAYS = (
    "test_vault_credentials",
    "test_vault_history",
    "test_vault_intents",
    "test_vault_memory",
    "test_vault_round_trip",
)
"""What is remembered must not depend on whether it is sealed."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "vault" in metafunc.fixturenames and metafunc.module.__name__.endswith(BOTH_WAYS):
        metafunc.parametrize("kept", ["plain", "sealed"], indirect=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def ring() -> Iterator[Ring]:
    with ring_of_this_test() as made:
        yield made


@pytest.fixture
def kept(request: pytest.FixtureRequest) -> str:
    """How the vault of this test keeps its secrets."""
    how = str(getattr(request, "param", "plain"))
    if how == "sealed":
        request.getfixturevalue("ring")
    return how


@pytest.fixture
def vault(folder: Path, kept: str) -> Iterator[SqliteVault]:
    with SqliteVault.open(
        folder, patience=0.05, keyring="auto" if kept == "sealed" else "never"
    ) as opened:
        assert (opened._db.seal.key_id is not None) == (kept == "sealed")
        yield opened
