"""The faces that are made of a flow's events: thorough lines, trees, approval, notebook, reprs."""

from __future__ import annotations

import asyncio
import copy
import io
import pickle
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from l402tui import notebook
from l402tui.cli.approving import _question
from l402tui.cli.ink import Pen
from l402tui.cli.lines import Lines, ThoroughLines
from l402tui.flow import events as e
from l402tui.flow.guide import guide
from l402tui.flow.json_lines import json_line
from l402tui.flow.record import record
from l402tui.flow.story import story
from l402tui.notebook.explore import Flow, FlowError
from l402tui.protocol.outline import outline
from l402tui.protocol.secret import Secret
from l402tui.settings import LimitSettings, Settings
from l402tui.wiring import open_session, request_of

from .canaries import Canaries
from .conftest import Search
from .world import Errand, Shop, shopping


@pytest.fixture
def shop(canaries: Canaries, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with shopping(canaries, monkeypatch) as opened:
        yield opened


@pytest.fixture
def errand(canaries: Canaries, tmp_path: Path) -> Errand:
    return Errand(canaries, tmp_path)


class _Yes:
    async def approve(self, quote: Any, findings: Any) -> e.Approved:
        from l402tui.protocol.text import say

        return e.Approved(quote.digest, say("a test"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        wallet="practice", network="regtest", limits=LimitSettings(), home=tmp_path / "home"
    )


async def bought(shop: Shop, errand: Errand, settings: Settings) -> tuple[e.Event, ...]:
    """The events of a POST that is paid, and of another one with the credential."""
    headers = (*errand.headers, ("Content-Type", "application/json"))
    request = request_of(
        f"{shop.url}{errand.sending}", "POST", tuple(headers), errand.body.encode()
    )
    seen: list[e.Event] = []
    guided: list[str] = []

    async def gate(command: Any) -> None:
        told = guide(command)
        guided.append(f"{told.what} {told.why} {command!r}")

    async with open_session(settings, "practice", url=request.url) as session:
        for _ in range(2):
            seen += [event async for event in session.runner(_Yes(), gate).run(request)]
    assert any(isinstance(event, e.PaidStored) for event in seen)
    assert seen[-1].ending.outcome.value == "reused"  # type: ignore[attr-defined]  # Finished
    seen.append(e.Failed(_shown("\n".join(guided))))
    return tuple(seen)


def _shown(text: str) -> Any:
    from l402tui.protocol.text import shown

    return shown(text, 100_000)


async def test_every_telling(
    shop: Shop, errand: Errand, settings: Settings, canaries: Canaries, search: Search
) -> None:
    seen = await bought(shop, errand, settings)
    out = io.StringIO()
    pen = Pen(out, plain=True)
    for lines in (Lines(pen), ThoroughLines(pen)):
        for event in seen:
            lines.show(event)
    for event in seen:
        if isinstance(event, e.ApprovalAsked):
            out.write("\n".join(_question(pen, "Pay?", event.quote, event.findings)))
    assert "Cookie: (secret)" in out.getvalue()
    assert "the preimage, kept secret" in out.getvalue()
    for node in story(seen):
        out.write("\n".join(outline(node)))
    for name in ("paid: token", "paid: signature"):
        del canaries.values[name]  # the trees show the bill, as it was before it was paid
    search("words", canaries, out.getvalue().encode())
    search("json lines", canaries, "\n".join(json_line(event) for event in seen).encode())


async def test_the_log_of_it(
    shop: Shop, errand: Errand, settings: Settings, canaries: Canaries, search: Search
) -> None:
    seen = await bought(shop, errand, settings)
    search("log file", canaries, "\n".join(record(event).text for event in seen).encode())


async def test_nothing_shows_a_secret_by_its_repr(
    shop: Shop, errand: Errand, settings: Settings, canaries: Canaries, search: Search
) -> None:
    seen = await bought(shop, errand, settings)
    objects = list(_objects(seen))
    assert {"Held", "Intent", "Request", "Response", "Url", "Macaroon", "Token"} <= {
        type(one).__name__ for one in objects
    }
    told = [f"{one!r} {one!s} {one}" for one in objects if type(one).__name__ != "Url"]
    told += [repr(one) for one in objects]
    search("notebook", canaries, "\n".join(told).encode())
    holders = [one for one in objects if isinstance(one, Secret)]
    assert holders
    for one in (*holders, *(x for x in objects if type(x).__name__ in ("Held", "Intent"))):
        with pytest.raises(TypeError, match="never pickled"):
            pickle.dumps(one)
        with pytest.raises(TypeError, match="never pickled"):
            copy.deepcopy(one)


def _objects(root: object, seen: set[int] | None = None) -> Iterator[object]:
    """Everything of ours that is reachable, but what is text or bytes itself."""
    seen = set() if seen is None else seen
    if id(root) in seen or isinstance(root, str | bytes | int | float | type(None)):
        return
    seen.add(id(root))
    if isinstance(root, tuple | list | frozenset):
        for one in root:
            yield from _objects(one, seen)
        return
    if not type(root).__module__.startswith("l402tui."):
        return
    if type(root).__name__ not in _ARE_TEXT:
        yield root
    if is_dataclass(root):
        for field in fields(root):
            yield from _objects(getattr(root, field.name), seen)


_ARE_TEXT = frozenset({"Shown", "AuthParam", "AuthChallenge", "Reading", "Caveat", "L402Challenge"})
"""Text of a bill as it came, with spans in it, and what is made of it for a screen."""


async def test_a_notebook_shows_and_raises_no_secret(
    shop: Shop,
    errand: Errand,
    settings: Settings,
    canaries: Canaries,
    search: Search,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = await bought(shop, errand, settings)
    flow = Flow(seen[0].request if hasattr(seen[0], "request") else None, seen, settings)  # type: ignore[arg-type]  # only shown
    bundle = flow._repr_mimebundle_()
    told = "\n".join(bundle.values())
    for name in ("paid: token", "paid: signature"):
        del canaries.values[name]
    search("notebook", canaries, told.encode())

    def broken(*_: object) -> None:
        raise RuntimeError(f"{errand.headers} {errand.target} {canaries.values!r}")

    monkeypatch.setattr("l402tui.flow.runner.step", broken)
    with pytest.raises(FlowError) as caught:
        await notebook.explore(
            f"{shop.url}{errand.target}", headers=dict(errand.headers), settings=settings
        )
    assert "No money was spent" in str(caught.value)
    assert caught.value.__context__ is None
    search("notebook", canaries, str(caught.value).encode())


_CELLS = (
    "from pathlib import Path; import os; from l402tui import notebook; "
    "from l402tui.settings import LimitSettings, Settings; "
    "read = lambda name: Path(os.environ['CANARIES'], name).read_text(); "
    "headers = dict(line.split(': ', 1) for line in read('headers.txt').splitlines()); "
    "settings = Settings(wallet='practice', network='regtest', limits=LimitSettings(), "
    "home=Path(os.environ['CANARIES'], 'home'))",
    "flow = await notebook.explore(read('url'), headers=headers, settings=settings)\nflow",
    "flow.request, flow.events, flow.response, flow.quote, flow.ending, flow",
    "paid = await flow.pay('practice', at_most='20 sat')\npaid",
    "(paid, paid.events)",
    "settings",
    "import l402tui.flow.runner as r\n"
    "def broken(*_): raise RuntimeError(f'{headers} {read(\"url\")}')\n"
    "r.step = broken",
    "await notebook.explore(read('url'), headers=headers, settings=settings)",
)


def test_a_kernel_keeps_no_secret_in_its_file(
    shop: Shop,
    errand: Errand,
    canaries: Canaries,
    search: Search,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "url").write_text(f"{shop.url}{errand.target}")
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "CANARIES"):
        monkeypatch.setenv(name, str(tmp_path if name == "CANARIES" else tmp_path / name))
    made = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]  # nbformat
    made.cells = [nbformat.v4.new_code_cell(cell) for cell in _CELLS]  # type: ignore[no-untyped-call]  # nbformat
    NotebookClient(made, timeout=60, allow_errors=True).execute()
    outputs = nbformat.writes(made)  # type: ignore[no-untyped-call]  # nbformat
    assert "Money was spent." in outputs
    assert "FlowError" in outputs
    assert "(secret)" in outputs
    names = [out.get("ename") for cell in made.cells for out in cell.outputs if "ename" in out]
    assert names == ["FlowError"], names
    for name in ("paid: token", "paid: signature"):
        del canaries.values[name]
    search("notebook", canaries, outputs.encode())


async def test_redeem_asks_without_showing(
    shop: Shop, settings: Settings, canaries: Canaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = await notebook.explore(f"{shop.url}/weather", settings=settings)
    given = canaries.hex("typed")
    monkeypatch.setattr("getpass.getpass", lambda _: given)
    with pytest.raises(ValueError, match="another hash") as caught:
        await flow.redeem()
    assert given not in str(caught.value)
    await asyncio.sleep(0)
