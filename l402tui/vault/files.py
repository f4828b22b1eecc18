"""Who else can read what is remembered? Nobody.

The vault holds credentials that were paid for, so its folder is 0700 and its files are 0600 from
the moment they exist, whatever the umask is. A folder or file that others can read or write is
refused rather than mended: somebody may have read it already, and its owner should know.
"""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path
from typing import Final

from l402tui.flow.ports import VaultError
from l402tui.vault.faults import named

__all__ = ["DATABASE", "flush_folder", "prepare"]

DATABASE: Final = "vault.db"
_SIDE_FILES: Final = ("-wal", "-shm")
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def prepare(folder: Path) -> Path:
    """See that the folder and an (empty) database are there and private; the database's path.

    SQLite gives the -wal and -shm files the mode of the database itself. Raises VaultError, with
    the command that cures it, for what others can read or write, and for what cannot be made.
    """
    path = folder / DATABASE
    try:
        _make_folder(folder)
        _check_private(folder, folder.stat(), is_folder=True)
        _make_file(path)
        for name in (path, *(path.with_name(path.name + end) for end in _SIDE_FILES)):
            if name.is_symlink() or name.exists():
                _check_private(name, name.lstat(), is_folder=False)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise VaultError(
            f"The vault {named(path)} cannot be made or opened: {why}. Make its folder usable, or "
            "point L402TUI_HOME to another one."
        ) from error
    return path


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    # Parents too: the XDG base directory specification asks for 0700 where they are made.
    if not folder.parent.is_dir():
        _make_folder(folder.parent)
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:  # made meanwhile by another process; it is checked like any other
        return
    os.chmod(folder, 0o700)  # a umask can only have taken away


def _make_file(path: Path) -> None:
    # Never opened once it exists: closing any descriptor of a file drops all locks that this
    # process holds on it (POSIX), those of another connection's SQLite included.
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        handle = os.open(path, flags, 0o600)
    except FileExistsError:
        return
    try:
        if hasattr(os, "fchmod"):
            os.fchmod(handle, 0o600)
        os.fsync(handle)
    finally:
        os.close(handle)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make the new name last through a power cut."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _check_private(path: Path, facts: os.stat_result, *, is_folder: bool) -> None:
    where = named(path)
    right_kind = stat.S_ISDIR if is_folder else stat.S_ISREG
    if not right_kind(facts.st_mode):
        what = "a folder" if is_folder else "a plain file (links are not followed)"
        raise VaultError(f"{where} is not {what}. Move it away, or set L402TUI_HOME elsewhere.")
    if os.name != "posix":  # elsewhere the mode says nothing about who may read
        return
    if facts.st_mode & _OTHERS:
        mode = f"{stat.S_IMODE(facts.st_mode):o}"
        cure = f"chmod {'700' if is_folder else '600'} {shlex.quote(where)}"
        raise VaultError(
            f"Other users of this computer can read or change {where} (mode {mode}), but it is for "
            f"paid credentials. `{cure}` closes it."
        )
    if os.geteuid() not in (facts.st_uid, 0):
        raise VaultError(
            f"{where} belongs to another user. Use a folder of your own (L402TUI_HOME)."
        )
