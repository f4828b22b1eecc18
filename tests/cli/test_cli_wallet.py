"""Does the recipe make what it says, when a person copies it into a shell?"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from argparse import Namespace
from pathlib import Path

import pytest

from l402tui.cli.exits import Exit
from l402tui.cli.wallet import wallet
from l402tui.wallets.lnd_rights import CALLS, LIST_PAYMENTS

LNCLI = """#!/bin/sh
for word in "$@"; do echo "$word"; done > asked
: > l402tui.macaroon
"""


def recipe(capsys: pytest.CaptureFixture[str]) -> str:
    assert wallet(Namespace()) is Exit.OK
    out, err = capsys.readouterr()
    assert err == ""
    return out


def commands(text: str) -> list[str]:
    """What stands indented, to be copied; a command may be several lines long."""
    return [found.strip() for found in re.findall(r"(?:^  .*\n)+", text, re.MULTILINE)]


@pytest.mark.skipif(shutil.which("sh") is None, reason="the recipe is for a shell")
def test_the_commands_do_what_they_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bake, close, use, end, bake_list, use_list = commands(recipe(capsys))
    stub = tmp_path / "lncli"
    stub.write_text(LNCLI)
    stub.chmod(0o755)
    macaroon = tmp_path / "l402tui.macaroon"

    def run(command: str) -> str:
        return subprocess.run(
            ["sh", "-ec", command],
            cwd=tmp_path,
            env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    run(bake)
    verb, *words = (tmp_path / "asked").read_text().splitlines()
    flags, permissions = dict(zip(words[:8:2], words[1:8:2], strict=True)), words[8:]
    assert verb == "bakemacaroon"
    assert flags == {
        "--root_key_id": "402",
        "--timeout": str(90 * 24 * 3600),
        "--ip_address": "127.0.0.1",
        "--save_to": "l402tui.macaroon",
    }
    assert permissions == [f"uri:{call}" for call in CALLS]
    assert macaroon.stat().st_mode & 0o777 == 0o600  # from its first moment
    macaroon.chmod(0o644)
    run(close)
    assert macaroon.stat().st_mode & 0o777 == 0o600
    assert run(f'{use}; echo "$LNCLI_MACAROONPATH"').strip() == str(macaroon)
    run(end)
    assert (tmp_path / "asked").read_text().split() == ["deletemacaroonid", "402"]

    run(bake_list)
    verb, *words = (tmp_path / "asked").read_text().splitlines()
    assert words[:4] == ["--root_key_id", "402", "--timeout", "3600"]
    assert words[7:] == ["l402tui-list.macaroon"] + [
        f"uri:{call}"
        for call in (*CALLS[1:], LIST_PAYMENTS)  # it cannot pay
    ]
    program = tmp_path / "l402tui"
    program.write_text('#!/bin/sh\necho "$LNCLI_MACAROONPATH $*"\n')
    program.chmod(0o755)
    assert run(use_list) == f"{tmp_path}/l402tui-list.macaroon payments reconcile\n"


def test_it_fits_a_terminal_and_says_what_it_cannot_do(capsys: pytest.CaptureFixture[str]) -> None:
    text = recipe(capsys)
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "cannot do is to limit how much is paid" in text
    assert "over REST the node sees" in text
