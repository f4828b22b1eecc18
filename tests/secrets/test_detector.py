"""Would a leak be found? Every spelling of a planted secret is, and a clean text is not."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from .canaries import MEANT, SINKS, Canaries, hits

WAYS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: f"key {text}!",
    "upper case hex": lambda text: text.encode().hex().upper(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 inside": lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
    "base64 inside, shifted": lambda text: base64.b64encode(f"me:{text};".encode()).decode(),
    "url-safe": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "percent": lambda text: quote(text, safe=""),
    "percent, all of it": lambda text: "".join(f"%{ord(char):02X}" for char in text),
    "JSON": lambda text: json.dumps({"x": text}),
    "JSON, escaped": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "reversed": lambda text: text[::-1],
    "bytes of Python": lambda text: repr(text.encode()),
    "its beginning": lambda text: f"{text[:24]}…",
    "its end": lambda text: f"…{text[-24:]}",
    "broken over lines": lambda text: f"│ {text[:15]} │\n│ {text[15:]} │",
    "in a picture": lambda text: f"<tspan>{text[:10]}</tspan>\n<tspan>{text[10:]}</tspan>",
    "coloured": lambda text: f"{text[:9]}\x1b[1;31m{text[9:]}\x1b[0m",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_planted_leak_is_found(canaries: Canaries, way: str) -> None:
    secret, other = canaries.text("leaked"), canaries.text("kept")
    found = hits(canaries.values, f"words before {WAYS[way](secret)} and after".encode())
    assert [hit.canary for hit in found] == ["leaked"]
    assert other not in found[0].around


@pytest.mark.parametrize("way", ["raw", "base64", "repr"])
def test_bytes_behind_hex_are_found(canaries: Canaries, way: str) -> None:
    raw = bytes.fromhex(canaries.hex("preimage"))
    told = {"raw": raw, "base64": base64.b64encode(raw), "repr": repr(raw).encode()}[way]
    assert hits(canaries.values, b"so " + told + b" it is")


def test_a_clean_text_has_none(canaries: Canaries) -> None:
    canaries.text("one")
    canaries.hex("two")
    assert not hits(canaries.values, Path(__file__).read_bytes())


def test_what_is_meant_has_a_reason() -> None:
    assert set(MEANT) <= set(SINKS)
    assert all(len(reason) > 20 for sink in MEANT.values() for reason in sink.values())
    assert len(SINKS) == 12


def test_a_hit_fails_the_search_and_is_counted(
    canaries: Canaries, request: pytest.FixtureRequest
) -> None:
    secret = canaries.text("one")
    search = request.getfixturevalue("search")
    with pytest.raises(AssertionError, match="log file"):
        search("log file", canaries, secret.encode())
    [(key, counted)] = request.node.user_properties
    assert counted == ["log file", ["one"], 1]
    request.node.user_properties.remove((key, counted))  # it was no leak
