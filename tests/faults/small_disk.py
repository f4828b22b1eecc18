"""What happens on a disk that is really full?

Runs in a process of its own, on a file system in memory that is mounted for it alone. At the point
in question a file takes all the room that is left; from there on everything is the system's and
SQLite's own doing. Once the program has ended the file is removed.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Final

from .points import Fault, Kind
from .scenarios import SCENARIOS
from .table import discover
from .trial import Lane

__all__ = ["SIZE", "main"]

SIZE: Final = 100 * 1024 * 1024
"""Bytes: more than vault and download want to have free."""


async def main(folder: Path) -> dict[str, object]:
    """All cases with a full disk; how many, and what was wrong."""
    ballast, wrong = folder / "ballast", []

    def fill() -> None:
        handle = os.open(ballast, os.O_WRONLY | os.O_CREAT)
        try:
            os.posix_fallocate(handle, 0, shutil.disk_usage(folder).free)
        finally:
            os.close(handle)

    cases = [
        case
        for case in (await discover()).cases()
        if case.fault is Fault.FULL and case.point.kind in (Kind.WRITE, Kind.FILE)
    ]
    async with Lane.open(folder) as lane:
        lane.fill, lane.clear = fill, lambda: ballast.unlink(missing_ok=True)
        for case in cases:
            trial = await lane.trial(SCENARIOS[case.scenario], case.point.name, Fault.FULL)
            wrong += [f"{case.scenario}, {case.point.name}: {one}" for one in trial.wrong]
    return {"cases": len(cases), "wrong": wrong}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(Path(sys.argv[1])))))
