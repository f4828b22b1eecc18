"""How does a token leave for whoever it is for?

Into a new file that only this user can read. Nothing that is there is written over, and what has to
be written down first is written down before a byte of the token leaves.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from l402tui.protocol.qr import Matrix, svg

__all__ = ["save_picture", "write_new"]


def write_new(path: Path, content: bytes, first: Callable[[], None]) -> None:
    """Write ``content`` into a new file (0600), after ``first`` was done. Raises OSError, and
    whatever ``first`` raises; then there is no file."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o600)
    try:
        with open(descriptor, "wb") as file:
            first()
            file.write(content)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def save_picture(matrix: Matrix) -> Path:
    """Write a QR code into a new folder that only this user can read, and return the file. Raises
    OSError."""
    path = Path(tempfile.mkdtemp(prefix="l402tui-code-")) / "credential.svg"
    write_new(path, svg(matrix).encode(), lambda: None)
    return path
