"""Can a third party be asked, answered for and bound, without its key in an argument?"""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from l402tui.cli.exits import Exit
from l402tui.protocol.discharge import Status, examine, read_bundle
from l402tui.protocol.macaroon import Macaroon
from tests.cli.command import Commands

ROOT = b"the server's own key"
KEY = b"shared with the third party\n"
QUESTION = ("--question", "is it anna?")


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "token.txt"
    minted = Macaroon.mint(ROOT, b"an identifier", b"lsat", [b"services=weather:0"])
    path.write_text(base64.b64encode(minted.raw).decode())
    return path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "shared.key"
    path.write_bytes(KEY)
    return path


def test_asked_answered_and_bound(
    l402tui: Commands, token: Path, key: Path, tmp_path: Path
) -> None:
    where = ("--location", "https://anna.example/")
    asking = l402tui.run(
        "third-party", "add", str(token), *QUESTION, *where, "--key-file", str(key)
    )
    assert asking.code == Exit.OK, asking.err
    assert "at aperture a token with one opens nothing" in " ".join(asking.err.split())
    answer = l402tui.run(
        "third-party",
        "discharge",
        *QUESTION,
        "--key-file",
        "-",
        "--caveat",
        "until=noon",
        stdin=KEY,
    )
    assert answer.code == Exit.OK, answer.err
    files = [tmp_path / "asking.txt", tmp_path / "answer.txt"]
    for file, done in zip(files, (asking, answer), strict=True):
        file.write_bytes(done.out)
    bound = l402tui.run("third-party", "bind", *map(str, files))
    assert bound.code == Exit.OK, bound.err
    found = examine(read_bundle(bound.out.decode().strip()), ROOT)
    assert found.verified is True
    assert [each.status for each in found.answers] == [Status.BOUND]
    assert [each.cid for _, each in found.conditions] == [b"services=weather:0", b"until=noon"]
    seen = l402tui.run("inspect", "-", stdin=bound.out)
    assert b"is it anna?" in seen.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "{token}", "--question", "", "--location", "x", "--key-file", "{key}"), "empty"),
        (("add", "{token}", *QUESTION, "--location", "x", "--key-file", "{token}.no"), "No such"),
        (("add", "-", *QUESTION, "--location", "x", "--key-file", "-"), "Only one"),
        (("bind", "{token}", "{token}"), "no third-party caveat"),
    ],
)
def test_what_cannot_be_made(
    l402tui: Commands, token: Path, key: Path, words: tuple[str, ...], said: str
) -> None:
    filled = [word.format(token=token, key=key) for word in words]
    done = l402tui.run("third-party", *filled)
    assert done.code == Exit.USAGE
    assert said in done.err
    assert done.out == b""


def test_an_answer_to_another_question(
    l402tui: Commands, token: Path, key: Path, tmp_path: Path
) -> None:
    where = ("--location", "x", "--key-file", str(key))
    asking, answer = tmp_path / "asking.txt", tmp_path / "answer.txt"
    asking.write_bytes(l402tui.run("third-party", "add", str(token), *QUESTION, *where).out)
    other = ("--question", "is it ben?", "--key-file", str(key))
    answer.write_bytes(l402tui.run("third-party", "discharge", *other).out)
    done = l402tui.run("third-party", "bind", str(asking), str(answer))
    assert done.code == Exit.USAGE
    assert "answers “is it ben?”, which the token does not ask" in done.err
