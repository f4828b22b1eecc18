"""Nothing that comes from outside does anything in a notebook (H65): every output is well-formed
HTML of a few harmless elements, and plain text that a terminal may get, since ``jupyter console``
and ``nbconvert`` put it onto one."""

from __future__ import annotations

import importlib
import pkgutil
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import pytest

import l402tui
from l402tui.flow import events as e
from l402tui.flow.model import Ending, Money, Outcome
from l402tui.notebook import Flow, display
from l402tui.notebook.narrowing import Narrowed, attenuate
from l402tui.settings import Settings
from l402tui.tui.app import ExplorerApp
from tests.flow import makers
from tests.tui.explorer import exploring

from .conftest import COUNT
from .hostile import Supply
from .oracle import Part, judge, read
from .payloads import PAYLOADS, Effect, batches

_ELEMENTS: Final = {
    "div", "span", "b", "i", "br", "p", "code", "details", "summary", "table", "tbody", "tr", "td",
    "th", "svg", "rect", "path", "g",
}  # fmt: skip
_ATTRIBUTES: Final = {
    "style", "title", "open", "xmlns", "viewbox", "width", "height", "fill", "d", "x", "y",
    "shape-rendering", "role", "aria-label",
}  # fmt: skip
_VOID: Final = frozenset({"br"})
_FETCHES: Final = re.compile(
    r"url\(|@import|expression|javascript:|https?:(?!//www\.w3\.org/)", re.I
)
# In a quoted string of HTTP a backslash is no part of the value.
_TABLE: Final = tuple(one for one in PAYLOADS if b"\\" not in one.core)
_KINDS: Final = frozenset({"text/plain", "text/html"})
"""No Markdown, no LaTeX, no SVG and no script of their own: those obey more than HTML does."""


class _Strict(HTMLParser):
    """Reads a page, and complains about whatever is more than words and their colours."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.words: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _ELEMENTS:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name not in _ATTRIBUTES:
                self.wrong.append(f"<{tag} {name}>")
            if name == "title":
                self.words.append(value or "")
            elif _FETCHES.search(value or "") or "z0" in (value or ""):
                self.wrong.append(f"<{tag} {name}={value!r}>")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"<!--{data}")

    def handle_decl(self, decl: str) -> None:
        self.wrong.append(f"<!{decl}")

    def handle_pi(self, data: str) -> None:
        self.wrong.append(f"<?{data}")

    def unknown_decl(self, data: str) -> None:
        self.wrong.append(f"<![{data}")


def _read(page: str) -> str:
    """The words on a page that does nothing; fails for any other page."""
    parser = _Strict()
    parser.feed(page)
    parser.close()
    assert parser.wrong == []
    assert parser.open == []
    assert parser.rawdata == ""
    return "\n".join(parser.words)


def _foreign(text: str) -> None:
    """Nothing in it that a terminal obeys, and no payload as it was."""
    raw = text.encode("utf-8", "surrogatepass")
    part = Part("output", raw, list(read(raw)))
    assert judge([part], {"C0 0a"}, _TABLE, (10_000, 10_000)).foreign == []


def _look(bundle: Mapping[str, Any]) -> set[int]:
    """The payloads that can be read in an output that does nothing."""
    assert set(bundle) <= _KINDS
    words = _read(bundle["text/html"])
    _foreign(words)
    _foreign(bundle["text/plain"])
    for payload in PAYLOADS:
        # What is code elsewhere is there letter by letter, and nowhere as HTML.
        if payload.effect is Effect.ELSEWHERE and payload.before in words:
            assert payload.core.decode() in words, payload.name
    seen = re.findall(r"z(\d{3})_", words + bundle["text/plain"])
    return {int(number) for number in seen}


# --- everything that shows itself -----------------------------------------------------------------


def _flows() -> Iterator[Mapping[str, Any]]:
    for batch in batches(PAYLOADS, 25):
        supply = Supply(batch)
        told = [e.PaymentProgressed(what=supply.shown()) for _ in batch]
        flow = Flow(supply.request, [*supply.events(), *told, _end(supply)], Settings())
        yield flow._repr_mimebundle_()
        _foreign(repr(flow))


def _end(supply: Supply) -> e.Finished:
    ending = Ending(Outcome.REFUSED, Money.NONE, supply.shown(), supply.shown(), supply.shown())
    return e.Finished(ending)


def _narrowed() -> Iterator[Mapping[str, Any]]:
    for batch in batches(PAYLOADS, 25):
        token = makers.token(makers.HASH, [b"services=x:0", *(b"x=" + one.raw for one in batch)])
        child = attenuate(token, "more=1", url=str(Supply(batch).url))
        yield child._repr_mimebundle_()
        _foreign(repr(child))


_SHOWN: Final[dict[type, Callable[[], Iterator[Mapping[str, Any]]]]] = {
    Flow: _flows,
    Narrowed: _narrowed,
}


@pytest.mark.parametrize("kind", _SHOWN, ids=lambda kind: kind.__name__)
def test_an_output_holds_words_and_nothing_else(
    kind: type, record_property: Callable[[str, object], None]
) -> None:
    seen: set[int] = set()
    for bundle in _SHOWN[kind]():
        seen |= _look(bundle)
    record_property(COUNT, f"notebook {kind.__name__} x {len(seen)} payloads, 0 foreign bytes")
    assert len(seen) > 0.95 * len(PAYLOADS)


def test_every_class_that_shows_itself_is_looked_at() -> None:
    found = set()
    for module in pkgutil.walk_packages(l402tui.__path__, "l402tui."):
        if module.name.endswith("__main__"):
            continue
        for one in vars(importlib.import_module(module.name)).values():
            if isinstance(one, type) and one.__module__.startswith("l402tui."):
                names = [
                    name for name in vars(one) if re.fullmatch(r"_repr_\w+_|_ipython_\w+", name)
                ]
                found |= {one} if names else set()
    assert found == set(_SHOWN), "put the new class into tests/screen/test_notebook.py"


async def test_the_invoice_that_is_shown_while_a_cell_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        shell.display_pub = CapturingDisplayPublisher()  # type: ignore[no-untyped-call]  # IPython
        for batch in batches(PAYLOADS, 60):
            display.show_invoice(Supply(batch).intent)
        outputs = shell.display_pub.outputs
    finally:
        InteractiveShell.clear_instance()
    assert outputs
    for output in outputs:
        _read(output["data"]["text/html"])
        _foreign(output["data"]["text/plain"])


def test_the_reader_of_pages_is_strict() -> None:
    for bad in (
        "<script>1</script>", "<b onclick=x>y</b>", "<img src=x>", "<b><i></b></i>", "<b>", "</b>",
        "<!-- x -->", "<?xml?>", "<!DOCTYPE x>", "<b style='background:url(x)'>y</b>",
        "<a href='x'>y</a>", "<svg><use href='#x'/></svg>", "<b style='z000_'>x</b>",
    ):  # fmt: skip
        with pytest.raises(AssertionError):
            _read(bad)
    assert _read('<div style="color:red">a &lt;b&gt; <b title="&quot;c">d</b></div>')
    for payload in PAYLOADS:
        if payload.effect in (Effect.SEQUENCE, Effect.CONTROL, Effect.INVISIBLE):
            with pytest.raises(AssertionError):
                _foreign(payload.raw.decode())


# --- pictures of the explorer ---------------------------------------------------------------------


async def test_a_picture_of_the_explorer_is_a_picture(tmp_path: Path) -> None:
    """H66: the SVG holds no script, fetches nothing but Textual's own font, and is XML."""
    async with exploring(tmp_path) as explorer:
        for batch in batches(PAYLOADS, 130):
            explorer.flow.tell(Supply(batch).shown())
            supply = Supply(batch)
            log = explorer.flow.query_one("WireLog")
            log.show([e.PaymentProgressed(what=supply.shown()) for _ in batch])  # type: ignore[attr-defined]  # by name
            await explorer.pilot.pause()
            _is_a_picture(explorer.app)


def _is_a_picture(app: ExplorerApp) -> None:
    drawn = app.export_screenshot()
    tree = ET.fromstring(drawn)
    for element in tree.iter():
        name = element.tag.rpartition("}")[2]
        assert name in {"svg", "style", "defs", "clipPath", "rect", "text", "g", "circle", "line"}
        assert not any(key.rpartition("}")[2].startswith(("on", "href")) for key in element.attrib)
    _foreign("".join(tree.itertext()).replace("\xa0", " "))
