"""Does a command load only what it needs?

Start time is made of imports. Each case runs in a process of its own and looks at ``sys.modules``.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.flow import makers as m

HEAVY = ("textual", "rich", "httpx", "asyncio", "sqlite3", "grpc", "starlette", "uvicorn", "qrcode")
_PROBE = """
import json, sys
sys.argv = ["l402tui", *json.loads(sys.argv[1])]
from l402tui.__main__ import main
try:
    code = main()
except SystemExit as end:
    code = end.code
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules}
                               | {name for name in sys.modules if name.startswith("l402tui")})]),
      file=sys.stderr)
"""


def loaded(*arguments: str) -> set[str]:
    """The modules that are there when the command has ended well."""
    words = [sys.executable, "-c", _PROBE, json.dumps(arguments)]
    done = subprocess.run(words, capture_output=True, check=True, text=True)
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0
    return set(modules)


@pytest.mark.parametrize(
    "arguments", [("--version",), ("--help",), ("inspect", "--help")], ids=" ".join
)
def test_words_about_itself_need_nothing(arguments: tuple[str, ...]) -> None:
    modules = loaded(*arguments)
    assert not modules & set(HEAVY)
    assert {name for name in modules if name.startswith("l402tui.")} == {
        "l402tui.__main__",
        "l402tui.cli",
        "l402tui.cli.arguments",
        "l402tui.cli.exits",
        "l402tui.cli.manual",
        "l402tui.cli.narrowing_arguments",
        "l402tui.cli.parser",
        "l402tui.cli.vault_arguments",
    }


def test_inspect_is_offline_and_light() -> None:
    modules = loaded("inspect", m.INVOICE.text)
    assert not modules & set(HEAVY)
    assert not modules & {"l402tui.flow", "l402tui.vault", "l402tui.web", "l402tui.wiring"}


def test_the_practice_server_needs_no_face() -> None:
    modules = loaded("practice", "--switch", "list")
    assert not modules & {"textual", "rich", "grpc", "sqlite3", "l402tui.tui"}


def test_the_demo_needs_neither_textual_nor_grpc() -> None:
    modules = loaded("demo", "--plain")
    assert not modules & {"textual", "grpc", "qrcode", "IPython", "l402tui.tui"}


def test_the_package_itself_loads_nothing() -> None:
    probe = (
        "import sys; before = set(sys.modules); import l402tui; print(set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "{'l402tui'}"
