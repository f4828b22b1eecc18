"""The pictures in the repository are what the program looks like."""

from pathlib import Path

import pytest

from l402tui.tui import shots

FOLDER = Path(__file__).parents[2] / "screenshots"


@pytest.mark.parametrize("size", shots.SIZES, ids="{0[0]}x{0[1]}".format)
@pytest.mark.parametrize("name", shots.NAMES)
async def test_they_are_up_to_date(name: str, size: tuple[int, int]) -> None:
    kept = (FOLDER / f"{name}-{size[0]}x{size[1]}.svg").read_text("utf-8")
    taken = await shots.take(name, size)
    assert taken == kept, "run python -m l402tui.tui.shots and look at the pictures"
    assert "url(" not in kept.replace("url(#", ""), "a picture that fetches something"
