"""What the README says is true: its commands run, in order, and do what the text says."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.readme import README, TABLES, commands, made, table

BIN = Path(sys.executable).parent
PORT = "8402"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Reader:
    """A person who types the README's commands, with a port of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = str(free_port())
        self.environ = {**os.environ, "L402TUI_HOME": str(folder / "home"), "COLUMNS": "100"}
        (folder / "sample_tokens").symlink_to(README.parent / "sample_tokens")

    def line(self, command: str) -> str:
        return command.replace(".venv/bin/", f"{BIN}/").replace(PORT, self.port)

    def run(self, beginning: str) -> subprocess.CompletedProcess[str]:
        """Run the README's command that begins so. Words of the shell are the shell's business."""
        (command,) = [line for line in commands() if line.startswith(beginning)]
        return subprocess.run(
            ["bash", "-c", self.line(command)],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    reader = Reader(tmp_path_factory.mktemp("reader"))
    (command,) = [line for line in commands() if " practice --port" in line]
    server = subprocess.Popen(
        reader.line(command).split(),
        env=reader.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    )
    assert server.stdout is not None
    try:
        ready, _, _ = select.select([server.stdout], [], [], 30)
        assert ready, "the practice server says nothing"
        assert reader.port in server.stdout.readline()
        yield reader
    finally:
        server.terminate()
        server.wait(10)
        server.stdout.close()


GET = ".venv/bin/l402tui get"
WEATHER = f'{GET} "http://127.0.0.1:{PORT}/weather?city=Oslo" --wallet practice --yes'


def test_the_commands_do_what_the_readme_says(reader: Reader) -> None:
    (paying, again) = sorted(line for line in commands() if line.startswith(WEATHER))
    first = subprocess.run(
        ["bash", "-c", reader.line(paying)],
        cwd=reader.folder,
        env=reader.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["city"] == "Oslo"
    assert "Money was spent." in first.stderr

    second = reader.run(again)
    events = [json.loads(line) for line in second.stdout.splitlines()]
    assert [event["event"] for event in events][-1] == "finished"
    assert "payment_sent" not in [event["event"] for event in events]

    look = reader.run(f"{GET} http://127.0.0.1:{PORT}/forecast --no-pay")
    assert "No money was spent." in look.stderr

    file = reader.run(f"{GET} http://127.0.0.1:{PORT}/forecast --wallet")
    assert file.returncode == 0, file.stderr
    assert "Forecast for" in (reader.folder / "forecast.txt").read_text("utf-8")

    history = reader.run(".venv/bin/l402tui history")
    assert history.stdout.count("/weather") == 2
    replay = reader.run(".venv/bin/l402tui replay 1")
    assert replay.returncode == 0, replay.stderr
    assert "Oslo" in replay.stdout


@pytest.mark.parametrize("command", [line for line in commands() if " inspect " in line])
def test_inspect(reader: Reader, command: str) -> None:
    done = reader.run(command)
    assert done.returncode == 0, done.stderr
    assert "payment hash" in done.stdout


@pytest.mark.parametrize("what", ["payments", "vault"])
def test_how_it_stands(reader: Reader, what: str) -> None:
    done = reader.run(f".venv/bin/l402tui {what}")
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_what_was_bought_is_narrowed_and_tried(reader: Reader) -> None:
    bought = subprocess.run(
        ["bash", "-c", reader.line(WEATHER)],
        cwd=reader.folder,
        env=reader.environ,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert bought.returncode == 0
    made = reader.run(f".venv/bin/l402tui attenuate http://127.0.0.1:{PORT}")
    assert made.returncode == 0, made.stderr
    assert "The preimage goes along." in made.stderr
    used = subprocess.run(
        ["curl", "--silent", "--config", "anna.curl"], cwd=reader.folder, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert json.loads(used.stdout)["city"]
    hub = reader.run(".venv/bin/l402tui attenuate sample_tokens")
    assert hub.returncode == 0, hub.stderr
    listed = reader.run(".venv/bin/l402tui tokens")
    assert "for anna" in listed.stdout
    tried = reader.run(".venv/bin/l402tui rehearse 1")
    assert tried.returncode == 0, tried.stderr
    assert "They agree. Nothing was paid." in tried.stderr


def test_the_recipe(reader: Reader) -> None:
    done = reader.run(".venv/bin/l402tui wallet lnd recipe")
    assert done.returncode == 0, done.stderr
    assert "lncli bakemacaroon" in done.stdout


def test_every_command_is_either_a_setup_or_run_here() -> None:
    run_here = (
        " practice --port",
        " get ",
        " history",
        " replay ",
        " inspect ",
        " recipe",
        " payments",
        " vault",
        " attenuate ",
        " tokens",
        " rehearse ",
    )
    for line in commands():
        assert "venv .venv &&" in line or any(part in line for part in run_here), line


def test_links_lead_somewhere() -> None:
    text = README.read_text("utf-8")
    targets = re.findall(r"\]\(([^)#]+)\)", text)
    assert targets
    for target in targets:
        assert (README.parent / target).exists(), target


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_are_those_of_the_program(name: str) -> None:
    assert table(name).strip() == made(name).strip(), "run python -m tests.readme tables"


def test_settings_example_is_understood(tmp_path: Path) -> None:
    import tomllib
    from dataclasses import fields

    from l402tui.settings import LimitSettings, LndSettings, Settings, load

    (block,) = re.findall(r"^```toml\n(.*?)^```", README.read_text("utf-8"), re.M | re.S)
    (tmp_path / "settings.toml").write_text(block)
    settings = load({"L402TUI_HOME": str(tmp_path)})
    assert settings.wallet == "lnd"
    assert settings.limits.day == "5000 sat"
    assert settings.lnd.macaroonpath.endswith("l402tui.macaroon")
    told = tomllib.loads(block)  # "all keys", says the README
    assert set(told) == {key.name for key in fields(Settings)} - {"home"}
    assert set(told["limits"]) == {key.name for key in fields(LimitSettings)}
    assert set(told["lnd"]) == {key.name for key in fields(LndSettings)}
