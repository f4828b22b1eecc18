"""Says at the end what was shown, and how much of it was foreign."""

from __future__ import annotations

import pytest

COUNT = "screen"
"""The name of the property in which a test says what it has counted."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each thing that was looked at."""
    reports = (one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, ()))
    for report in reports:
        for name, told in getattr(report, "user_properties", ()):
            if name == COUNT and report.when == "call":
                terminalreporter.write_line(f"screen: {told}")
