"""Nothing that comes from outside does anything in a log, a warning or the last words of a crash
(H66)."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from l402tui.cli.log import RedactingFormatter
from l402tui.flow.record import record

from .commands import run
from .conftest import COUNT
from .hostile import EVENTS, Supply
from .oracle import Part, Verdict, judge, kinds_of, mark, parts, read
from .payloads import BENIGN, PAYLOADS, Payload, batches
from .shop import KINDS, serving
from .terminal import capture

_SIZE = (100, 40)


def _judged(raw: bytes) -> Verdict:
    return judge([Part("here", raw, list(read(raw)))], {"C0 0a"}, PAYLOADS, _SIZE)


def test_a_log_is_lines_of_words(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    """The file of ``--log``, written by the command itself."""
    monkeypatch.setenv("L402TUI_HOME", str(tmp_path / "home"))
    log = tmp_path / "flow.log"
    with serving() as shop:
        addresses = [
            f"{shop}/{kind}/{batch[0].number}/{len(batch)}"
            for batch in batches(PAYLOADS, 25)
            for kind in KINDS
        ]
        jobs = [("x", ["get", url, "--no-pay", "--log", str(log)]) for url in addresses]
        (tmp_path / "jobs.json").write_text(json.dumps(jobs))
        code, written = capture(
            ["-m", "tests.screen.commands", str(tmp_path / "jobs.json")], tmp_path / "home", _SIZE
        )
    assert code == 0, written[-2_000:]
    verdict = _judged(log.read_bytes())
    assert verdict.foreign == []
    told = log.read_bytes()
    assert told.count(b"Finished:") >= len(jobs)
    record_property(
        COUNT,
        f"log of {told.count(bytes([10]))} lines x {len(verdict.total)} payloads, 0 foreign bytes",
    )
    assert len(verdict.total) > 20  # a log tells of reasons and headlines, not of bodies


def test_every_event_and_every_record_is_one_safe_line() -> None:
    seen: set[int] = set()
    for payload in PAYLOADS:
        supply = Supply([payload])
        lines = [record(supply.event(kind)).text for kind in EVENTS]
        for name, message, given in (
            (payload.text, payload.text, ()),
            ("library", "%s", (payload.text,)),
            ("library", "%r", (payload.raw,)),
            ("library", payload.text, (1, 2)),
        ):
            made = logging.LogRecord(name, logging.WARNING, "", 1, message, given, None)
            lines.append(RedactingFormatter().format(made))
        assert not any("\n" in line for line in lines)
        verdict = _judged("\n".join(lines).encode("utf-8", "surrogatepass"))
        assert verdict.foreign == []
        seen |= verdict.total
    assert seen == {payload.number for payload in PAYLOADS}


def test_an_exception_in_a_log_is_frames_of_safe_lines() -> None:
    for payload in PAYLOADS:
        try:
            raise RuntimeError(payload.text)
        except RuntimeError:
            made = logging.LogRecord("x", logging.ERROR, "", 1, "it broke", (), sys.exc_info())
        told = RedactingFormatter().format(made).encode("utf-8", "surrogatepass")
        assert _judged(told).foreign == []


_CRASH = """
import sys
from tests.screen.oracle import mark
from tests.screen.payloads import BENIGN, PAYLOADS
from l402tui.settings import Settings
from l402tui.tui import run
from l402tui.tui.app import ExplorerApp

first, harmless = map(int, sys.argv[1:])
words = "\\n".join(one.text for one in (BENIGN if harmless else PAYLOADS)[first::40])

def broken(self):
    raise RuntimeError(words)

ExplorerApp.on_mount = broken
sys.exit(run(Settings(), demo=True))
"""
_WARNINGS = """
import asyncio, logging, os, warnings
from l402tui.__main__ import main
from tests.screen.oracle import mark
from tests.screen.payloads import BENIGN, PAYLOADS

main(["get", "http://127.0.0.1:9/", "--no-pay"])
for name, table in (("harmless", BENIGN[:40]), ("hostile", PAYLOADS)):
    for one in table:
        os.write(1, mark(f"{name};{one.number}").encode())
        logging.getLogger("library").warning("it said %s", one.text)
        asyncio.new_event_loop().call_exception_handler(
            {"message": one.text, "exception": RuntimeError(one.text)}
        )
os.write(1, mark("end").encode())
"""


def test_a_crash_of_the_explorer_tells_no_more_than_words(tmp_path: Path) -> None:
    def crashed(table: tuple[Payload, ...], first: int) -> bytes:
        harmless = str(int(table is BENIGN))
        code, written = capture(["-c", _CRASH, str(first), harmless], tmp_path / "home", _SIZE)
        assert code == 1, written[-2_000:]
        return written

    ours = kinds_of(piece for part in parts(crashed(BENIGN, 0)) for piece in part.pieces)
    seen: set[int] = set()
    for first in range(0, 40, 8):
        verdict = judge(parts(crashed(PAYLOADS, first)), ours, PAYLOADS, _SIZE)
        assert verdict.foreign == [], verdict.foreign[:9]
        seen |= verdict.total
    assert len(seen) > 40


def test_a_warning_of_a_library_is_made_safe(tmp_path: Path) -> None:
    code, written = capture(["-c", _WARNINGS], tmp_path / "home", _SIZE)
    assert code == 0, written[-2_000:]
    found = parts(written)
    ours = kinds_of(p for part in found if part.name.startswith("harmless") for p in part.pieces)
    verdict = judge([p for p in found if p.name.startswith("hostile")], ours, PAYLOADS, _SIZE)
    assert verdict.foreign == [], verdict.foreign[:9]
    assert verdict.total == {payload.number for payload in PAYLOADS}


def test_marks_and_commands_are_what_the_tests_take_them_for(
    capfd: pytest.CaptureFixture[str],
) -> None:
    run([("one", ["--version"])])
    told = capfd.readouterr().out
    assert told.startswith(mark("one"))
    assert told.endswith(mark("end"))
    assert "l402tui " in told
