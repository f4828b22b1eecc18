"""The notebook that ships in the package runs in a real kernel, and its outputs tell no secret."""

import json
import re
from importlib.resources import files
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

SHIPPED = files("l402tui.notebook") / "first_steps.ipynb"


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> nbformat.NotebookNode:
    home = tmp_path_factory.mktemp("home")
    notebook: nbformat.NotebookNode = nbformat.reads(  # type: ignore[no-untyped-call]  # nbformat
        SHIPPED.read_text("utf-8"), as_version=4
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("L402TUI_HOME", str(home / "vault"))
        patch.setenv("IPYTHONDIR", str(home / "ipython"))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(home / "runtime"))
        client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(home)}})
        client.execute()
    return notebook


def outputs(notebook: nbformat.NotebookNode, containing: str) -> list[dict[str, str]]:
    """The mime bundles of the first cell whose source contains this."""
    cell = next(c for c in notebook.cells if c.cell_type == "code" and containing in c.source)
    return [dict(out["data"]) if "data" in out else {"stream": out["text"]} for out in cell.outputs]


def test_looking_shows_steps_tree_and_qr_code_and_pays_nothing(
    executed: nbformat.NotebookNode,
) -> None:
    bundle = outputs(executed, "explore(lab.url)")[0]
    assert "402" in bundle["text/plain"]
    assert "No money was spent." in bundle["text/plain"]
    assert "services=weather:0" in bundle["text/plain"]
    assert "<svg" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]


def test_paying_delivers_the_weather(executed: nbformat.NotebookNode) -> None:
    assert "Money was spent." in outputs(executed, 'flow.pay("practice"')[0]["text/plain"]
    weather = json.loads(outputs(executed, "print(paid.text)")[0]["stream"])
    assert weather["city"] == "Oslo"


def test_the_second_time_nothing_is_paid(executed: nbformat.NotebookNode) -> None:
    told = outputs(executed, "again.ending.money")[0]["text/plain"]
    assert "No money was spent now" in told
    assert told.endswith(" 0)")


def test_a_bill_that_buys_nothing_is_refused(executed: nbformat.NotebookNode) -> None:
    told = outputs(executed, "cheated")[0]["stream"]
    assert "C12" in told
    assert "No money was spent." in told


def test_no_output_holds_a_credential(executed: nbformat.NotebookNode) -> None:
    everything = json.dumps([cell.get("outputs", []) for cell in executed.cells])
    # A credential is a token, a colon and 64 hex digits.
    assert not re.search(r"[A-Za-z0-9+/=_-]{40,}:[0-9a-f]{64}", everything)


def test_the_shipped_file_holds_no_outputs() -> None:
    notebook = json.loads(SHIPPED.read_text("utf-8"))
    assert all(not cell.get("outputs") for cell in notebook["cells"])
    assert isinstance(SHIPPED, Path)
