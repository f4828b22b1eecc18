"""Do the fuzzer's targets hold on their seeds and on some random changes of them?

A small part of what ``python -m tests.fuzz`` does, in every run and without atheris.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from l402tui.protocol.errors import DecodeError, InvoiceError
from l402tui.protocol.text import Shown, say
from l402tui.protocol.tree import Buffer, Node, Span
from tests.fuzz import __main__ as program
from tests.fuzz.checks import drawable, refused, walkable
from tests.fuzz.mutate import mutations
from tests.fuzz.targets import TARGETS, Target


@pytest.mark.parametrize("name", TARGETS)
def test_target_holds(name: str) -> None:
    target = TARGETS[name]
    seeds = target.seeds()
    assert seeds
    for data in mutations(seeds, 200, seed=4):
        target.read(data)


def test_mutations_are_the_same_for_the_same_number() -> None:
    seeds = [b"hello world", b"another"]
    assert list(mutations(seeds, 50, 1)) == list(mutations(seeds, 50, 1))
    assert list(mutations(seeds, 50, 1)) != list(mutations(seeds, 50, 2))
    assert len(set(mutations(seeds, 50, 1))) > 40


def test_a_refusal_must_be_ours_printable_and_point_into_the_input() -> None:
    refused(InvoiceError("why", 3), 3)
    for error in (InvoiceError("why", 4), InvoiceError("\x1b"), InvoiceError("")):
        with pytest.raises(AssertionError):
            refused(error, 3)
    with pytest.raises(AssertionError):
        refused(type("Other", (DecodeError,), {"__module__": "other"})("why"), 3)


def test_a_tree_must_be_printable_and_lie_in_its_buffers() -> None:
    buffer = Buffer(say("b"), b"abc")
    right = Node(say("label"), span=Span(buffer, 0, 3))
    drawable(right)
    for wrong in (
        Node(say("")),
        Node(Shown("a\x1b[0m")),
        Node(say("a"), meaning=Shown("\u202e")),
        Node(say("a"), span=Span(buffer, 0, 4)),
        Node(say("a"), span=Span(buffer, 2, 1)),
        Node(say("a"), children=(Node(say("b"), Shown("\n")),)),
    ):
        with pytest.raises(AssertionError):
            walkable(wrong)


def test_list_names_every_target(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(TARGETS)


def test_random_names_the_input_that_broke_a_promise(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def read(data: bytes) -> None:
        assert b"x" not in data

    monkeypatch.setitem(TARGETS, "shown", Target("", read, lambda: [b"abc", b"axc"]))
    with pytest.raises(AssertionError):
        program.main(["shown", "--random", "--runs", "0"])
    assert "FAILED on: b'axc'" in capsys.readouterr().out


def test_an_input_can_be_read_again(tmp_path: Path) -> None:
    kept = tmp_path / "crash"
    kept.write_bytes(b"anything")
    assert program.main(["dissect", "--input", str(kept)]) == 0


def test_without_atheris_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert program.main(["shown", "--runs", "1"]) == 2
    assert "--random" in capsys.readouterr().err


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason=program.NO_ATHERIS)
def test_atheris_runs_and_finds(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.fuzz", "shown", "--runs", "50", "--seed", "1"]
    ran = subprocess.run([*words, "--folder", str(tmp_path)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout
    assert "ok" in ran.stdout
