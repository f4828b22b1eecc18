"""What is said at the end of a whole run?

Some folders count what they have tried, and say so in one line. In a run of several processes the
one that prints has collected nothing, so it has not read their ``conftest.py``: it is read here.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

_HERE = Path(__file__).parent


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    plugins = terminalreporter.config.pluginmanager
    for path in sorted(_HERE.glob("*/conftest.py")):
        if plugins.has_plugin(str(path)):
            continue  # it speaks for itself
        module = importlib.import_module(f"{_HERE.name}.{path.parent.name}.conftest")
        summary = getattr(module, "pytest_terminal_summary", None)
        if summary is not None:
            summary(terminalreporter)
