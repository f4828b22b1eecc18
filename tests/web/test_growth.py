"""Memory stays bounded whatever a server sends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("case", "most", "outcome"),
    [
        ("bomb", 24 * MIB, "6488064 False"),  # 200 MiB of zeros, packed once
        ("layers", 8 * MIB, "refused"),
        ("memory", 80 * MIB, f"{64 * MIB} False"),  # 100 MiB, of which 64 are kept, once
        ("file", 12 * MIB, f"{256 * MIB} True"),
    ],
)
def test_how_much_a_process_grows(case: str, most: int, outcome: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.web.growth", case, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    grown, _, became = done.stdout.strip().partition(" ")
    assert became == outcome
    assert int(grown) < most
