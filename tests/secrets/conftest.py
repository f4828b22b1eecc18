"""Each search is counted: which secrets were looked for in which sink."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .canaries import MEANT, SINKS, Canaries, hits

KEY = "canaries"
Search = Callable[[str, Canaries, bytes], None]


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture
def search(request: pytest.FixtureRequest) -> Search:
    """``search(sink, canaries, haystack)`` fails where one of them stands in it."""

    def look(sink: str, canaries: Canaries, haystack: bytes) -> None:
        assert sink in SINKS
        assert haystack, "an empty sink proves nothing"
        found = hits(canaries.values, haystack, sink)
        looked_for = sorted(set(canaries.values) - set(MEANT.get(sink, {})))
        request.node.user_properties.append((KEY, [sink, looked_for, len(found)]))
        assert not found, f"{sink}: {found}"

    return look


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table as one line."""
    names: set[str] = set()
    sinks: set[str] = set()
    pairs: set[tuple[str, str]] = set()
    found = 0
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") != "call":
                continue
            for key, value in getattr(report, "user_properties", ()):
                if key == KEY:
                    sink, looked_for, hit = value
                    sinks.add(sink)
                    names.update(looked_for)
                    pairs.update((name, sink) for name in looked_for)
                    found += hit
    if pairs:
        table = f"{len(names)} secrets x {len(sinks)} sinks ({len(pairs)} pairs)"
        terminalreporter.write_line(f"canaries: {table}, {found} hits")
