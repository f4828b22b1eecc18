"""Which profiles of verifiers does this person have?

Those that come along, and one TOML file each for their own in ``verifiers/`` beside the vault. A
file that cannot be read is named and stands in nobody's way; none may take the name of a profile
that comes along, so that a name always means the same.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from l402tui.protocol.text import Shown, say, shown
from l402tui.protocol.verifiers import PROFILES, Profile, ProfileError, read_profile, write_profile

__all__ = ["FOLDER", "Known", "keep", "known"]

FOLDER: Final = "verifiers"
_LONGEST: Final = 64 * 1024
_MOST: Final = 100
"""Files that are read."""


@dataclass(frozen=True, slots=True)
class Known:
    """All profiles, by name, and what could not be read."""

    profiles: Mapping[str, Profile]
    troubles: tuple[Shown, ...] = ()
    """A sentence a file."""


def known(home: Path) -> Known:
    """The profiles of the person whose things are kept in ``home``."""
    profiles, troubles = dict(PROFILES), []
    try:
        files = sorted(path for path in (home / FOLDER).glob("*.toml") if path.is_file())
    except OSError:
        files = []
    for path in files[:_MOST]:
        try:
            profile = read_profile(_text(path), profiles)
            if profile.name in profiles:
                raise ProfileError(
                    say(
                        "There is a profile {} already: give this one another name.",
                        shown(profile.name),
                    )
                )
        except ProfileError as error:
            troubles.append(say("{}: {}", shown(str(path)), error.why))
        else:
            profiles[profile.name] = profile
    if len(files) > _MOST:
        troubles.append(say("Only {} of {} profiles were read.", _MOST, len(files)))
    return Known(profiles, tuple(troubles))


def keep(home: Path, profile: Profile) -> Path:
    """Write a profile (0600) and return where. Raises OSError; FileExistsError where there is one
    of that name."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{profile.name}.toml"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(write_profile(profile))
    return path


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(_LONGEST + 1)
        return raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise ProfileError(say("It cannot be read: {}.", shown(why or "unknown"))) from None
