"""Is a token narrowed in a notebook, and shown without giving it away?"""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from l402tui import notebook
from l402tui.protocol.attenuation import read_parent

SAMPLES = Path(__file__).parent.parent.parent / "sample_tokens"
CREDENTIAL = (SAMPLES / "credential.txt").read_text().partition("\n")[2]
TOKEN = (SAMPLES / "token.txt").read_text().partition("\n")[2].strip()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("L402TUI_HOME", str(tmp_path))


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen |= {tag, *(name for name, _ in attrs)}

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_child_and_what_becomes_of_each_caveat() -> None:
    made = notebook.attenuate(TOKEN, "agent=anna", expires_in=3600)
    child = read_parent(made.text.encode()).token.macaroon
    assert [each.cid for each in child.caveats[-1:]] == [b"agent=anna"]
    assert child.caveats[-2].cid.startswith(b"weather_valid_until=")
    assert made.passes is True
    assert "+  4  ignored           agent=anna" in repr(made)
    assert "GET / at aperture: would be taken." in repr(made)


def test_what_is_shown_gives_nothing_away_and_does_nothing() -> None:
    made = notebook.attenuate(CREDENTIAL, "x=<script>alert(1)</script>", verifier="lnd")
    bundle = made._repr_mimebundle_()
    page = Tags()
    page.feed(bundle["text/html"])
    assert "script" not in page.seen
    assert not {name for name in page.seen if name.startswith("on")}
    assert "x=<script>alert(1)</script>" in "".join(page.words)
    for text in bundle.values():
        assert made.text not in text
        assert TOKEN not in text
        assert "59180e8cf671" not in text
    assert made.passes is False


def test_the_request_in_mind() -> None:
    hub = notebook.attenuate(TOKEN, verifier="bolthub", method="post", path="/v1", uses=3)
    assert [each.cid for each in hub.child.token.macaroon.caveats[-3:]] == [
        b"path_prefix=/v1",
        b"method=POST",
        b"n_uses=3",
    ]
    late = notebook.attenuate(TOKEN, expires_in=60, at=4_000_000_000)
    assert late.passes is False


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"token": "nothing"}, "no macaroon"),
        ({"token": TOKEN}, "one caveat at least"),
        ({"token": TOKEN, "verifier": "nobody", "expires_in": 1}, "no verifier nobody"),
        ({"token": TOKEN, "method": "GET"}, "no caveat for methods"),
    ],
)
def test_why_not(given: dict[str, object], words: str) -> None:
    with pytest.raises(notebook.NarrowingError, match=words):
        notebook.attenuate(**given)  # type: ignore[arg-type]  # each has the type it needs
