"""Does the build say the right thing when something is missing? (Nothing is built here.)"""

import os
import sys
from pathlib import Path

import pytest

from . import build

NAMES = ("btcd", "lnd", "aperture")


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder chosen by the environment, with nothing in it."""
    monkeypatch.setenv("L402TUI_REGTEST_BIN", str(tmp_path / "bin"))
    return tmp_path / "bin"


def put(folder: Path, *names: str) -> None:
    """Make files of these names."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text("")


@pytest.mark.skipif(sys.platform == "win32", reason="other file names")
def test_all_three_or_none(chosen: Path) -> None:
    assert build.binaries() is None
    put(chosen, "btcd", "lnd")
    assert build.binaries() is None
    put(chosen, "aperture")
    assert build.binaries() == build.Binaries(*(chosen / name for name in NAMES))


@pytest.mark.usefixtures("chosen")
def test_check_says_how_to_get_them_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main(["--check"]) == 1
    assert capsys.readouterr().out == f"{build.HOW_TO_GET}\n"
    assert "python -m tests.regtest.build" in build.HOW_TO_GET


@pytest.mark.skipif(sys.platform == "win32", reason="other file names")
def test_what_is_built_is_not_built_again(
    chosen: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(chosen, *NAMES)
    monkeypatch.setenv("PATH", "")
    assert build.main([]) == 0
    assert "already built" in capsys.readouterr().out


def test_without_go_one_line_says_which_go_to_install(
    chosen: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert build.main([]) == 1
    assert capsys.readouterr().err == (
        "Go is not installed: install Go 1.25.10 or newer, then run this again\n"
    )
    assert not chosen.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands in for Go")
@pytest.mark.usefixtures("chosen")
def test_a_go_that_is_too_old_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "go").write_text("#!/bin/sh\necho go1.24.1\n")
    (tmp_path / "go").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    assert build.main([]) == 1
    assert capsys.readouterr().err == "Go 1.24.1 is too old: install Go 1.25.10 or newer\n"


def test_the_folder_follows_the_pins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("L402TUI_REGTEST_BIN", raising=False)
    before = build.folder()
    for module in build.MODULES:
        (tmp_path / module.name).mkdir()
        for pin in module.pins:
            (tmp_path / module.name / pin.name).write_bytes(pin.read_bytes())
    monkeypatch.setattr(build, "_GO", tmp_path)
    assert build.folder() == before
    with (tmp_path / "nodes" / "go.sum").open("a") as pins:
        pins.write("one more\n")
    assert build.folder() != before


def test_no_pin_asks_for_a_newer_go_than_the_message_says() -> None:
    assert {module.go_version for module in build.MODULES} == {(1, 25, 10), (1, 24, 9)}
