"""Do the limits in settings.toml become those that hold?"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from l402tui.flow.model import Limits
from l402tui.protocol.amount import Msat, sat
from l402tui.settings import LimitSettings, Settings, SettingsError, load
from l402tui.wiring import limits_of

ALL = """
[limits]
payment = "1 sat"
fee = "2 msat"
origin_hour = "3"
origin_day = "4 sat"
hour = "5 sat"
day = "6 sat"
total = "0.00000007 btc"
unsettled = "8 sat"
"""


def written(folder: Path, text: str) -> Settings:
    (folder / "settings.toml").write_text(text)
    return load({"L402TUI_HOME": str(folder)})


def test_without_a_word_there_are_two_limits(tmp_path: Path) -> None:
    assert limits_of(written(tmp_path, "")) == Limits(sat(1_000), sat(10))


def test_every_limit_is_read(tmp_path: Path) -> None:
    assert limits_of(written(tmp_path, ALL)) == Limits(
        payment=sat(1),
        fee=Msat(2),
        origin_hour=sat(3),
        origin_day=sat(4),
        hour=sat(5),
        day=sat(6),
        total=sat(7),
        unsettled=sat(8),
    )


@pytest.mark.parametrize("key", [field.name for field in fields(LimitSettings)])
def test_no_limit_is_no_typing_mistake(tmp_path: Path, key: str) -> None:
    """A limit that cannot be read is never one that does not hold."""
    with pytest.raises(SettingsError, match=rf"settings.toml: limits.{key}: write it as"):
        limits_of(written(tmp_path, f'[limits]\n{key} = "much"'))
    with pytest.raises(SettingsError, match=rf"limits.{key} must be text"):
        written(tmp_path, f"[limits]\n{key} = 5")
    with pytest.raises(SettingsError, match=rf"no setting 'limits.{key}s'"):
        written(tmp_path, f'[limits]\n{key}s = "5 sat"')


def test_a_limit_of_nothing_is_a_limit(tmp_path: Path) -> None:
    assert limits_of(written(tmp_path, '[limits]\ntotal = "0"')).total == 0
