"""What did the person mean by what they pasted or typed?

The content of a file where a file is named, else the thing itself; without the lines of comment
that the samples begin with.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

__all__ = ["content"]

_FILE_MOST: Final = 16 * 1024 * 1024
"""Bytes of a file that is named instead of pasted."""


def content(data: bytes) -> bytes:
    """The bytes that are meant."""
    line = data.strip()
    if line and len(line) < 1_000 and b"\n" not in line and b"\x00" not in line:
        try:
            path = Path(line.decode()).expanduser()
            about = path.stat()
            if stat.S_ISREG(about.st_mode) and about.st_size <= _FILE_MOST:
                data = path.read_bytes()
        except (OSError, ValueError, RuntimeError):
            pass  # it is no file: then it is the thing itself
    while data.startswith(b"#"):
        data = data.partition(b"\n")[2]
    return data
