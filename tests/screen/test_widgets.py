"""Nothing that comes from outside does anything in the explorer, whatever shows it (H56 to H63).

Each size is one run of the real app on a pseudo-terminal: see :mod:`.stage` and :mod:`.scenes`.
"""

from __future__ import annotations

import base64
import importlib
import json
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import combining

import pyte
import pytest
from textual.widget import Widget
from wcwidth import wcwidth

import l402tui.tui

from .conftest import COUNT
from .oracle import Foreign, Part, judge, kinds_of, parts
from .other_scenes import WHOLE, approve
from .payloads import PAYLOADS
from .scenes import BARE, COVERED, LEAST, SCENES
from .stage import SCROLLING
from .terminal import capture

_SIZES = ((80, 24), (120, 40))
_NEARLY_ALL = 0.85


@dataclass
class _Run:
    harmless: list[Part]
    hostile: list[Part]
    report: dict[str, Any]
    size: tuple[int, int]

    @property
    def ours(self) -> set[str]:
        """The kinds of a harmless run, and what the person has asked to copy."""
        copied = (
            base64.b64encode(text.encode("utf-8", "replace")).decode()
            for text in self.report["copied"]
        )
        return kinds_of(piece for part in self.harmless for piece in part.pieces) | {
            f"OSC 52;c;{text}" for text in copied
        }


def _run(folder: Path, size: tuple[int, int]) -> _Run:
    told = folder / "report.json"
    code, written = capture(["-m", "tests.screen.stage", str(told)], folder / "home", size)
    assert code == 0, written[-4_000:].decode("utf-8", "replace")
    harmless: list[Part] = []
    hostile: list[Part] = []
    for part in parts(written):
        phase, _, part.name = part.name.partition(";")
        (hostile if phase == "hostile" else harmless).append(part)
    return _Run(harmless, hostile, json.loads(told.read_text()), size)


@pytest.mark.parametrize("size", _SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_no_foreign_byte_reaches_the_terminal(
    tmp_path: Path, size: tuple[int, int], record_property: Callable[[str, object], None]
) -> None:
    run = _run(tmp_path, size)
    verdict = judge(run.hostile, run.ours, PAYLOADS, size)
    record_property(
        COUNT,
        f"{len(COVERED)} widgets and screens x {len(verdict.total)} payloads at "
        f"{size[0]}x{size[1]}, {len(verdict.foreign)} foreign bytes",
    )
    assert verdict.foreign == [], _told(verdict.foreign)
    _all_was_shown(run, verdict.seen)
    _no_click_did_anything(run)
    _the_frame_stands(run)


def _told(foreign: Sequence[Foreign]) -> str:
    return "\n".join(map(str, foreign[:20]))


def _all_was_shown(run: _Run, seen: dict[str, set[int]]) -> None:
    """A run in which little was drawn would prove little."""
    for scene in SCENES:
        if scene not in BARE:
            least = LEAST.get(scene, _NEARLY_ALL) * len(PAYLOADS)
            assert len(seen[scene.__name__]) >= least, f"{scene.__name__} has not shown them"
    assert set().union(*seen.values()) == {payload.number for payload in PAYLOADS}
    mounted: dict[str, list[str]] = run.report["mounted"]
    for widget, scenes in COVERED.items():
        there = mounted.get(f"{widget.__module__}.{widget.__qualname__}", [])
        missing = {scene.__name__ for scene in scenes} - set(there)
        assert not missing, f"{widget.__qualname__} was not there in {missing}"
    assert run.report["left"] == []


def _no_click_did_anything(run: _Run) -> None:
    """No cell holds an action or a link, and clicks on markup for a click ran none (H59)."""
    assert run.report["clickable"] == []
    assert run.report["clicks"] > 20
    assert set(run.report["actions"]) <= SCROLLING
    assert run.report["tooltips"] == [], "a tooltip has to go into a scene"


def _the_frame_stands(run: _Run) -> None:
    """Amount and answers of the payment question are where they belong, whatever is in it (H62),
    on a terminal that counts cells by itself."""
    columns, rows = run.size
    screen = _Terminal(columns, rows)
    stream = pyte.ByteStream(screen)
    looked = 0
    for part in run.hostile:
        if part.name == f"{approve.__name__};{WHOLE}":
            looked += 1
            drawn = "\n".join(screen.display)
            for word in ("Pay 10 sat?", "Cancel", "10 sat (type y)", "Look first (Esc)"):
                assert word in drawn, drawn
            _box_is_straight(screen)
        if part.name.startswith(approve.__name__):
            stream.feed(part.raw)
    assert looked > 10
    # (It takes the shape of the mouse pointer, OSC 22, for a title.)
    assert screen.title in ("", ";default", ";text")
    assert not screen.icon_name


class _Terminal(pyte.Screen):
    """It stops drawing at a letter without a width of its own, so such letters are left out."""

    def draw(self, data: str) -> None:
        super().draw("".join(char for char in data if wcwidth(char) or combining(char)))


def _box_is_straight(screen: pyte.Screen) -> None:
    top = next(line for line in screen.display if "Pay 10 sat?" in line)
    row = screen.display.index(top)
    left = next(x for x in range(screen.columns) if screen.buffer[row][x].data in "╭┌┏╔█▔▁▛┎")
    edge = screen.buffer[row + 1][left].data
    while screen.buffer[row + 1][left].data == edge and row + 2 < screen.lines:
        row += 1
        cells = [screen.buffer[row][x].data for x in range(screen.columns)]
        assert cells.count(edge) == 2, screen.display[row]


# --- nothing is forgotten -------------------------------------------------------------------------


def _widgets() -> Iterator[type[Widget]]:
    """Every class of the explorer that is drawn."""
    for module in pkgutil.walk_packages(l402tui.tui.__path__, "l402tui.tui."):
        for one in vars(importlib.import_module(module.name)).values():
            if isinstance(one, type) and issubclass(one, Widget) and one.__module__ == module.name:
                yield one


def test_every_widget_of_the_explorer_is_in_a_scene() -> None:
    found = set(_widgets())
    assert len(found) > 20
    for widget in found:
        # What only others are made from is there when they are.
        covered = any(issubclass(one, widget) for one in COVERED)
        assert covered, f"put {widget.__qualname__} into tests/screen/scenes.py"
    assert set(COVERED) <= found


def test_every_scene_is_played() -> None:
    assert {scene for scenes in COVERED.values() for scene in scenes} <= set(SCENES)
    assert set(BARE) <= set(SCENES)
    assert len(PAYLOADS) >= 200
    assert len({payload.core for payload in PAYLOADS}) >= 200
