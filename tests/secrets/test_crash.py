"""An exception at each moment of a flow, with secrets in its words and in the variables around it:
what does the command line say, and is what it says about money true? (H100)"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from l402tui.__main__ import main
from l402tui.cli import log
from l402tui.cli.exits import Exit
from l402tui.flow import runner
from l402tui.flow.flow import step
from tests.cli.command import paid

from .canaries import Canaries
from .conftest import Search
from .world import Errand, Shop, shopping

PHASES = (
    "Found",
    "Requested",
    "Challenged",
    "Decoded",
    "TurnTaken",
    "Checked",
    "ApprovalAsked",
    "Approved",
    "Reserved",
    "PaymentSent",
    "PaymentProgressed",
    "PaymentSettled",
    "PaidStored",
    "Retried",
    "Answered",
    "Finished",
)


@pytest.fixture
def quiet_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What --log changes in a process is changed back."""
    root, ours = logging.getLogger(), logging.getLogger("l402tui")
    handlers, level = root.handlers[:], ours.level
    monkeypatch.setattr(logging, "lastResort", logging.lastResort)
    monkeypatch.setattr(log, "_file", None)
    yield
    for handler in [one for one in root.handlers if one not in handlers]:
        root.removeHandler(handler)
        handler.close()
        assert isinstance(handler, logging.StreamHandler)
        handler.stream.close()
    ours.setLevel(level)
    logging.captureWarnings(False)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("L402TUI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def shop(canaries: Canaries, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with shopping(canaries, monkeypatch) as opened:
        yield opened


class Broken:
    """The step of the flow, until it comes to one event."""

    def __init__(self, phase: str, canaries: Canaries, errand: Errand) -> None:
        self.phase, self.canaries, self.errand = phase, canaries, errand
        self.reached = False

    def __call__(self, state: Any, event: Any) -> Any:
        if type(event).__name__ != self.phase:
            return step(state, event)
        self.reached = True
        secrets = dict(self.canaries.values)  # a variable, for whoever prints those
        preimage = getattr(event, "preimage", None)
        raw = preimage.reveal() if preimage is not None else bytes.fromhex("5a" * 32)
        told = ", ".join(f"{name} is {value.decode()!r}" for name, value in secrets.items())
        headers = self.errand.headers
        raise RuntimeError(f"{raw!r} {raw.hex()} {headers} {told} {self.errand.target}")


@pytest.mark.parametrize("debug", [False, True], ids=["", "debug"])
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.usefixtures("quiet_log", "home")
def test_the_command_at_each_moment(
    phase: str,
    debug: bool,
    canaries: Canaries,
    search: Search,
    shop: Shop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    errand = Errand(canaries, tmp_path)
    broken = Broken(phase, canaries, errand)
    monkeypatch.setattr(runner, "step", broken)
    if debug:
        monkeypatch.setenv("L402TUI_DEBUG", "1")
    written = tmp_path / "run.log"
    code = main(
        [
            *("get", f"{shop.url}{errand.target}", *errand.options[1:]),
            *("--wallet", "practice", "--yes", "--log", str(written)),
        ]
    )
    out, err = capfd.readouterr()
    assert broken.reached
    assert code == Exit.BROKEN
    assert "RuntimeError in " in err
    assert str(written) in err
    assert ("  in " in err) is debug
    if paid(shop.server):
        assert "Money was spent" in err or "Money may have been spent" in err
        assert "No money was spent" not in err
    elif "No money was spent" not in err:
        assert "Money may have been spent" in err
    search("crash of the command", canaries, (out + err).encode())
    kept = written.read_bytes()
    assert b"RuntimeError in " in kept
    search("log file", canaries, kept)


def test_a_record_of_a_library_is_masked(canaries: Canaries, search: Search) -> None:
    """Also one with headers and bytes, with values that do not fit, and with an exception."""
    value, preimage = canaries.text("cookie"), canaries.hex("preimage")
    say = log.RedactingFormatter().format
    told = []
    for words, values in (
        ("send_request_headers.started request=%r", ([(b"Cookie", value.encode())],)),
        ("got %s of %s", (value,)),
        ("\x1b]0;%s\x07 token=%s\nAuthorization: Bearer %s", (value, value, value)),
        ("%r", (bytes.fromhex(preimage),)),
        ("https://me:%s@host/?api_key=%s", (value, value)),
    ):
        try:
            raise ValueError(f"{preimage} and {value}")
        except ValueError as error:
            trace = (type(error), error, error.__traceback__)
            made = logging.LogRecord("httpcore", logging.WARNING, "x.py", 1, words, values, trace)
        told.append(say(made))
    text = "\n".join(told)
    assert "ValueError in test_a_record_of_a_library_is_masked" in text
    assert all(line.isprintable() for line in text.split("\n"))
    search("log file", canaries, text.encode())


@pytest.mark.usefixtures("quiet_log", "home")
def test_libraries_debug_records_stay_out(tmp_path: Path, shop: Shop) -> None:
    written = tmp_path / "run.log"
    assert main(["get", f"{shop.url}/free", "--log", str(written)]) == Exit.OK
    for name in ("httpcore.http11", "grpc", "uvicorn.error", "textual", "l402tuix"):
        logging.getLogger(name).debug("raw headers")
        logging.getLogger(name).warning("a warning of %s", name)
    text = written.read_text()
    assert "raw headers" not in text
    assert text.count("a warning of") == 5
