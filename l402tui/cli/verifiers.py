"""Which verifiers are known, and what does one of them make of each caveat?

The table is made of the profile itself: what is predicted is what is printed here.
"""

from __future__ import annotations

from collections.abc import Iterator

from l402tui.agents.profiles import known
from l402tui.cli.arguments import Options
from l402tui.cli.exits import Exit
from l402tui.cli.ink import Pen
from l402tui.cli.trouble import Trouble
from l402tui.protocol.text import shown
from l402tui.protocol.verifiers import Profile, write_profile
from l402tui.protocol.verifiers.table import matrix, rows
from l402tui.settings import home

__all__ = ["verifiers"]


def verifiers(options: Options) -> Exit:
    """Run ``verifiers``. Raises Trouble."""
    found = known(home())
    pen = Pen()
    for trouble in found.troubles:
        pen.words(trouble.text)
    if options.name is None:
        for line in _all(list(found.profiles.values())):
            print(line)
        return Exit.OK
    profile = found.profiles.get(options.name)
    if profile is None:
        there = ", ".join(found.profiles)
        raise Trouble(Exit.USAGE, f"There is no verifier {shown(options.name, 60)}: {there}.")
    if options.toml:
        print(write_profile(profile), end="")
        return Exit.OK
    for line in _one(profile):
        print(line)
    return Exit.OK


def _all(profiles: list[Profile]) -> Iterator[str]:
    width = max(len(profile.name) for profile in profiles)
    for profile in profiles:
        yield f"{profile.name:<{width}}  {profile.title} ({profile.proof.value})"
    yield ""
    table = matrix(profiles)
    columns = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        yield "  ".join(
            f"{cell:<{width}}" for cell, width in zip(row, columns, strict=True)
        ).rstrip()
    yield ""
    yield "More about one of them: l402tui verifiers NAME"


def _one(profile: Profile) -> Iterator[str]:
    yield f"{profile.name}: {profile.title}"
    yield f"known from {profile.source}; {profile.proof.value}"
    yield f"written as {profile.spacing.value}; clock: {profile.clock}"
    if profile.attenuates:
        yield profile.attenuates
    yield ""
    table = rows(profile)
    columns = [max(len(row[column]) for row in table) for column in range(2)]
    for word, effect, why in table:
        yield f"{word:<{columns[0]}}  {effect:<{columns[1]}}  {why}".rstrip()
    if profile.notes:
        yield ""
        yield from profile.notes
