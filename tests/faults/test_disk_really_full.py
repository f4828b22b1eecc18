"""A real file system without room: nothing is paid unwritten, no preimage is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from .small_disk import SIZE

_NAMESPACE: Final = ("unshare", "--user", "--map-root-user", "--mount")
_MOUNT: Final = 'mount -t tmpfs -o size="$1",mode=700 tmpfs "$2" && shift 2 && exec "$@"'


def on_a_small_disk(folder: Path, *command: str) -> list[str]:
    """The command that mounts it for itself alone, and runs another one there."""
    return [*_NAMESPACE, "sh", "-c", _MOUNT, "sh", str(SIZE), str(folder), *command]


def test_at_every_write(tmp_path: Path, count: Callable[..., None]) -> None:
    if (
        shutil.which("unshare") is None
        or subprocess.run(
            on_a_small_disk(tmp_path, "true"), capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("this system mounts no file systems for an ordinary user")
    ran = subprocess.run(
        on_a_small_disk(tmp_path, sys.executable, "-m", "tests.faults.small_disk", str(tmp_path)),
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-4_000:]
    told = json.loads(ran.stdout)
    assert told["wrong"] == []
    assert told["cases"] >= 60
    count(disks=told["cases"])
